#include "engine/functions_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <unordered_set>

#include "base/phone.hpp"
#include "base/text.hpp"
#include "base/text_order.hpp"
#include "dsl/functions.hpp"
#include "dsl/patterns.hpp"
#include "engine/eval.hpp"
#include "engine/json.hpp"

namespace pipewright::engine {
namespace functions {

tl::unexpected<std::string> no(std::string reason) { return tl::unexpected<std::string>(std::move(reason)); }

namespace {

std::string path(const Argument& argument) {
  return argument.path.empty() ? std::string("a value") : fmt::format("`{}`", argument.path);
}

}  // namespace

tl::unexpected<std::string> unfit(const Argument& argument, std::string_view wanted) {
  if (argument.value.is_null()) return no(fmt::format("{} is absent", path(argument)));
  if (const Broken* broken = argument.value.broken()) {
    return no(
        fmt::format("`{}` is {}, not {}", broken->path, broken->found, wanted.empty() ? broken->expected : wanted));
  }
  return no(fmt::format("{} is {}, not {}", path(argument), json_start(argument.value, 80), wanted));
}

tl::unexpected<std::string> exceeded(const CallContext& around) {
  return no(fmt::format("the call {}", around.budget->reason()));
}

std::optional<std::string> as_text(const Argument& argument) {
  const Value& value = argument.value;
  if (value.text() != nullptr) return *value.text();
  if (value.is_null() || value.is_clear() || value.list() != nullptr || value.record() != nullptr ||
      value.broken() != nullptr) {
    return std::nullopt;
  }
  return argument.type != nullptr ? printed(value, *argument.type) : value.display();
}

std::optional<std::int64_t> as_index(const Argument& argument) {
  const Decimal* number = argument.value.number();
  if (number == nullptr || !number->is_integer()) return std::nullopt;
  constexpr std::int64_t farthest = std::int64_t{1} << 62;  // farther than any list or text goes
  return number->integer().value_or(number->is_negative() ? -farthest : farthest);
}

}  // namespace functions

namespace {

using namespace functions;

// ---- conversions
// -----------------------------------------------------------------------------------------------------------------

Made to_text(Arguments args, const CallContext& around) {
  if (auto text = as_text(args[0])) {
    if (!around.budget->make(text->size())) return exceeded(around);
    return Value(std::move(*text));
  }
  return unfit(args[0], "a text");
}

std::optional<Decimal> as_number(const Value& value) {
  if (value.number() != nullptr) return *value.number();
  if (value.text() == nullptr) return std::nullopt;
  return Decimal::parse(trimmed(*value.text()));
}

Made to_int(Arguments args, const CallContext&) {
  const auto number = as_number(args[0].value);
  if (!number || !number->is_integer()) return unfit(args[0], "a whole number");
  const auto whole = number->rounded(0);
  if (!whole) return unfit(args[0], "a whole number");
  return Value(*whole);
}

Made to_decimal(Arguments args, const CallContext&) {
  if (const auto number = as_number(args[0].value)) return Value(*number);
  return unfit(args[0], "a number");
}

Made to_bool(Arguments args, const CallContext&) {
  const Value& value = args[0].value;
  if (value.boolean() != nullptr) return value;
  if (value.text() != nullptr && *value.text() == "true") return Value(true);
  if (value.text() != nullptr && *value.text() == "false") return Value(false);
  return unfit(args[0], "true or false");
}

Made to_date(Arguments args, const CallContext& around) {
  const Value& value = args[0].value;
  if (value.date() != nullptr) return value;
  if (value.time() != nullptr) return Value(date_in(*value.time(), *around.time_zone));
  if (value.text() != nullptr) {
    if (const auto date = parse_date(*value.text())) return Value(*date);
    if (const auto time = parse_time(*value.text(), *around.time_zone)) return Value(date_in(*time, *around.time_zone));
  }
  return unfit(args[0], "a date");
}

Made to_time(Arguments args, const CallContext& around) {
  const Value& value = args[0].value;
  if (value.time() != nullptr) return value;
  if (value.date() != nullptr) return Value(start_of(*value.date(), *around.time_zone));
  if (value.text() != nullptr) {
    if (const auto time = parse_time(*value.text(), *around.time_zone)) return Value(*time);
    if (const auto date = parse_date(*value.text())) return Value(start_of(*date, *around.time_zone));
  }
  return unfit(args[0], "a time");
}

// ---- numbers
// ---------------------------------------------------------------------------------------------------------------------

Made rounded_by(Arguments args, Decimal::Rounding rounding) {
  const Decimal* number = args[0].value.number();
  if (number == nullptr) return unfit(args[0], "a number");
  std::int64_t digits = 0;
  if (args.size() > 1) {
    const auto given = as_index(args[1]);
    if (!given || *given < 0 || *given > Decimal::division_scale)
      return unfit(args[1], "a count of digits from 0 to 18");
    digits = *given;
  }
  const auto made = number->rounded(static_cast<int>(digits), rounding);
  if (!made) return no(fmt::format("{} has too many digits", path(args[0])));
  return Value(*made);
}

Made round(Arguments args, const CallContext&) { return rounded_by(args, Decimal::Rounding::half_up); }
Made floor(Arguments args, const CallContext&) { return rounded_by(args, Decimal::Rounding::floor); }
Made ceil(Arguments args, const CallContext&) { return rounded_by(args, Decimal::Rounding::ceiling); }

Made abs(Arguments args, const CallContext&) {
  const Decimal* number = args[0].value.number();
  if (number == nullptr) return unfit(args[0], "a number");
  return Value(number->is_negative() ? number->negated() : *number);
}

std::optional<std::strong_ordering> order_of(const Value& a, const Value& b) {
  if (a.number() && b.number()) return *a.number() <=> *b.number();
  if (a.text() && b.text()) return compare_texts(*a.text(), *b.text()) <=> 0;
  if (a.date() && b.date()) return *a.date() <=> *b.date();
  if (a.time() && b.time()) return a.time()->time_since_epoch().count() <=> b.time()->time_since_epoch().count();
  if (a.duration() && b.duration()) return a.duration()->count() <=> b.duration()->count();
  if ((a.number() && b.text()) || (a.text() && b.number())) return a.id_text().compare(b.id_text()) <=> 0;
  if (a.boolean() && b.boolean()) return *a.boolean() <=> *b.boolean();
  return std::nullopt;
}

Made extreme(Arguments args, bool greatest) {
  List values;
  if (args.size() == 1 && args[0].value.list() != nullptr) {
    values = *args[0].value.list();
  } else {
    for (const Argument& each : args) {
      if (each.value.is_null()) return unfit(each, "a value");
      values.push_back(each.value);
    }
  }
  std::erase_if(values, [](const Value& each) { return each.is_null(); });
  for (const Value& each : values) {
    if (each.broken() != nullptr) return unfit({each, nullptr, args[0].path}, "");
  }
  if (values.empty()) return Value();
  Value best = values.front();
  for (const Value& each : values) {
    const auto order = order_of(each, best);
    if (!order) return unfit({each, nullptr, args[0].path}, "comparable with the others");
    if (greatest ? *order > 0 : *order < 0) best = each;
  }
  return best;
}

Made min(Arguments args, const CallContext&) { return extreme(args, false); }
Made max(Arguments args, const CallContext&) { return extreme(args, true); }

// ---- lists
// -----------------------------------------------------------------------------------------------------------------------

Made end_of(Arguments args, bool front) {
  if (args[0].value.is_null()) return Value();
  const List* list = args[0].value.list();
  if (list == nullptr) return unfit(args[0], "a list");
  if (list->empty()) return Value();
  const Value& found = front ? list->front() : list->back();
  if (found.broken() != nullptr) return unfit({found, nullptr, args[0].path}, found.broken()->expected);
  return found;
}

Made first(Arguments args, const CallContext&) { return end_of(args, true); }
Made last(Arguments args, const CallContext&) { return end_of(args, false); }

Made size(Arguments args, const CallContext&) {
  const List* list = args[0].value.list();
  if (list == nullptr) return unfit(args[0], "a list");
  return Value(static_cast<std::int64_t>(list->size()));
}

Made sum(Arguments args, const CallContext&) {
  const List* list = args[0].value.list();
  if (list == nullptr) return unfit(args[0], "a list");
  Decimal total;
  for (const Value& each : *list) {
    if (each.is_null()) continue;
    if (each.number() == nullptr) return unfit({each, nullptr, args[0].path}, "a number");
    const auto next = add(total, *each.number());
    if (!next) return no(fmt::format("the sum of {} has too many digits", path(args[0])));
    total = *next;
  }
  return Value(total);
}

// The bytes of a copy of a list: its texts are copied, what is nested is shared.
std::size_t bytes_of(const List& list) {
  std::size_t bytes = list.size() * sizeof(Value);
  for (const Value& each : list) bytes += each.text() != nullptr ? each.text()->size() : 0;
  return bytes;
}

Made sort(Arguments args, const CallContext& around) {
  const List* list = args[0].value.list();
  if (list == nullptr) return unfit(args[0], "a list");
  if (!around.budget->make(bytes_of(*list))) return exceeded(around);
  List sorted = *list;
  std::erase_if(sorted, [](const Value& each) { return each.is_null(); });
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (!order_of(sorted[0], sorted[i])) return unfit({sorted[i], nullptr, args[0].path}, "comparable with the others");
  }
  std::stable_sort(sorted.begin(), sorted.end(), [](const Value& a, const Value& b) {
    const auto order = order_of(a, b);
    return order && *order < 0;
  });
  return Value(std::move(sorted));
}

Made unique(Arguments args, const CallContext& around) {
  const List* list = args[0].value.list();
  if (list == nullptr) return unfit(args[0], "a list");
  std::unordered_set<std::string> known;
  List kept;
  for (const Value& each : *list) {
    if (const Broken* found = broken_in(each)) return no(found->reason());
    // Once for the element and once for the word that it is known by.
    if (!around.budget->make(2 * weight_of(each, around.budget->room()))) return exceeded(around);
    std::string word = each.number() != nullptr || each.text() != nullptr ? "=" + each.id_text() : encode(each);
    if (known.insert(std::move(word)).second) kept.push_back(each);
  }
  return Value(std::move(kept));
}

// ---- others
// ----------------------------------------------------------------------------------------------------------------------

constexpr std::size_t longest_pattern = 1000;

// Where the digits behind the point begin. A sign that stands more than once, or has `#` behind it, parts thousands
// (`#,##0`).
std::size_t decimal_point(std::string_view pattern) {
  const std::size_t last = pattern.find_last_of(".,");
  if (last == std::string_view::npos || pattern.find(pattern[last]) != last) return std::string_view::npos;
  return pattern.find('#', last) == std::string_view::npos ? last : std::string_view::npos;
}

// `0.00`, `# ##0,00`, `00000`: digits behind the last point or comma, a separator of thousands, zeros in front.
Made format_number(const Decimal& number, const std::string& pattern, const Argument& where,
                   const CallContext& around) {
  const std::size_t point = decimal_point(pattern);
  const std::size_t decimals = point == std::string::npos ? 0 : pattern.size() - point - 1;
  const auto rounded = number.rounded(static_cast<int>(std::min<std::size_t>(decimals, 18)));
  if (!rounded) return no(fmt::format("{} has too many digits", path(where)));
  std::string digits = rounded->is_negative() ? rounded->negated().text() : rounded->text();
  std::string fraction;
  if (const std::size_t dot = digits.find('.'); dot != std::string::npos) {
    fraction = digits.substr(dot + 1);
    digits.resize(dot);
  }
  fraction.resize(std::max(fraction.size(), std::min<std::size_t>(decimals, 18)), '0');  // a long number has none
  const std::string_view whole =
      std::string_view(pattern).substr(0, point == std::string::npos ? pattern.size() : point);
  const auto zeros = static_cast<std::size_t>(std::count(whole.begin(), whole.end(), '0'));
  const std::size_t parted = std::min(whole.find_first_not_of("0#"), whole.size());
  const std::string separator(whole.substr(parted, whole.find_first_of("0#", parted) - parted));
  const std::size_t count = std::max(digits.size(), zeros);
  const std::size_t groups = (count - 1) / 3;
  if (!around.budget->make(count + groups * separator.size() + fraction.size() + 2)) return exceeded(around);
  std::string made = rounded->is_negative() ? "-" : "";
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t left = count - i;
    if (i > 0 && left % 3 == 0) made += separator;
    made.push_back(left > digits.size() ? '0' : digits[digits.size() - left]);
  }
  if (point != std::string::npos && !fraction.empty()) made += pattern[point] + fraction;
  return Value(std::move(made));
}

Made format(Arguments args, const CallContext& around) {
  const auto pattern = as_text(args[1]);
  if (!pattern || pattern->size() > longest_pattern)
    return unfit(args[1], fmt::format("a pattern of {} bytes at most", longest_pattern));
  const Value& value = args[0].value;
  if (const auto fault =
          value.number() != nullptr ? dsl::fault_of_number_pattern(*pattern) : dsl::fault_of_time_pattern(*pattern))
    return no(fault->what);
  if (value.number() != nullptr) return format_number(*value.number(), *pattern, args[0], around);
  if (value.time() != nullptr) return Value(zoned_text(*value.time(), *around.time_zone, *pattern));
  if (value.date() != nullptr)
    return Value(zoned_text(start_of(*value.date(), *around.time_zone), *around.time_zone, *pattern));
  return unfit(args[0], "a time, a date or a number");
}

Made now(Arguments, const CallContext& around) { return Value(around.now); }

Made phone(Arguments args, const CallContext&) {
  const auto text = as_text(args[0]);
  if (!text) return Value();
  const auto region = args.size() > 1 ? as_text(args[1]) : std::optional<std::string>("RU");
  if (!region || !is_phone_region(*region)) return unfit(args[1], "a country, such as \"RU\"");
  if (auto number = phone_number(*text, *region)) return Value(std::move(*number));
  return Value();
}

struct Entry {
  std::string_view name;
  Function call;
};

constexpr std::array all = {
    Entry{"text", to_text},
    Entry{"int", to_int},
    Entry{"decimal", to_decimal},
    Entry{"bool", to_bool},
    Entry{"date", to_date},
    Entry{"time", to_time},
    Entry{"uppercase", upper},
    Entry{"lowercase", lower},
    Entry{"trim", trim},
    Entry{"replace", replace},
    Entry{"split", split},
    Entry{"join", join_list},
    Entry{"contains", contains},
    Entry{"starts_with", starts_with},
    Entry{"ends_with", ends_with},
    Entry{"slice", slice},
    Entry{"length", length},
    Entry{"round", round},
    Entry{"floor", floor},
    Entry{"ceil", ceil},
    Entry{"abs", abs},
    Entry{"min", min},
    Entry{"max", max},
    Entry{"format", format},
    Entry{"now", now},
    Entry{"phone", phone},
    Entry{"first", first},
    Entry{"last", last},
    Entry{"size", size},
    Entry{"sum", sum},
    Entry{"sort", sort},
    Entry{"unique", unique},
};

// A call is looked up for every event: four slots for each function, so that a name is nearly always in its first.
constexpr std::size_t slots = std::bit_ceil(4 * all.size());

constexpr std::size_t slot_of(std::string_view name) {
  std::size_t sum = name.size();
  for (const char c : name) sum = sum * 31 + static_cast<unsigned char>(c);
  return sum % slots;
}

constexpr auto places = [] {
  std::array<const Entry*, slots> made{};
  for (const Entry& entry : all) {
    std::size_t at = slot_of(entry.name);
    while (made[at] != nullptr) at = (at + 1) % slots;
    made[at] = &entry;
  }
  return made;
}();

// How many arguments each takes is said once, where the checker reads it.
const std::array<const dsl::FunctionSpec*, all.size()>& specs() {
  static const auto made = [] {
    std::array<const dsl::FunctionSpec*, all.size()> found{};
    for (std::size_t i = 0; i < all.size(); ++i) found[i] = dsl::function_named(all[i].name);
    return found;
  }();
  return made;
}

const Entry* entry_of(std::string_view name) {
  std::size_t at = slot_of(name);
  while (places[at] != nullptr && places[at]->name != name) at = (at + 1) % slots;
  return places[at];
}

}  // namespace

tl::expected<Value, std::string> call_function(std::string_view name, std::span<const Argument> arguments,
                                               const CallContext& around) {
  const Entry* entry = entry_of(name);
  if (entry == nullptr) return no(fmt::format("there is no function `{}`", name));
  const dsl::FunctionSpec& spec = *specs()[static_cast<std::size_t>(entry - all.data())];
  if (arguments.size() < spec.least || arguments.size() > spec.most) {
    return no(fmt::format("`{}` does not take {} values", name, arguments.size()));
  }
  return entry->call(arguments, around);
}

}  // namespace pipewright::engine
