// The functions of grammar.md, 7, one after the other.
#include <algorithm>
#include <array>

#include "evaluate.hpp"

namespace pipewright::soundness {
namespace {

using Kind = dsl::Type::Kind;
using Letters = std::vector<std::string>;
using Arguments = std::vector<Value>;

[[noreturn]] void unsound(const std::string& what) { throw Stop{Reason::unsound, what}; }
[[noreturn]] void no_conversion(const Value& value) { throw Stop{Reason::no_conversion, shown(value)}; }

const Number& number(const Value& value) {
  const auto* held = value.as<Number>();
  if (held == nullptr) unsound("a number is " + shown(value));
  return *held;
}

Letters letters_of(const std::string& text) {
  Letters made;
  for (const char c : text) {
    if (!made.empty() && (static_cast<unsigned char>(c) & 0xC0U) == 0x80U)
      made.back().push_back(c);
    else
      made.emplace_back(1, c);
  }
  return made;
}

std::string together(const Letters& letters) {
  std::string made;
  for (const std::string& each : letters) made += each;
  return made;
}

// Letters of the texts that are generated: Latin and Russian.
const std::pair<Letters, Letters>& alphabets() {
  static const std::pair<Letters, Letters> both = {
      letters_of("abcdefghijklmnopqrstuvwxyzабвгдеёжзийклмнопрстуфхцчшщъыьэюя"),
      letters_of("ABCDEFGHIJKLMNOPQRSTUVWXYZАБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ")};
  return both;
}

std::string changed(const std::string& text, const Letters& from, const Letters& to) {
  Letters letters = letters_of(text);
  for (std::string& each : letters) {
    const auto found = std::find(from.begin(), from.end(), each);
    if (found != from.end()) each = to[static_cast<std::size_t>(found - from.begin())];
  }
  return together(letters);
}

std::string trimmed(std::string text) {
  const std::string white = " \t\n";
  text.erase(0, std::min(text.find_first_not_of(white), text.size()));
  text.erase(text.find_last_not_of(white) + 1);
  return text;
}

std::string replaced(const std::string& text, const std::string& what, const std::string& with) {
  if (what.empty()) return text;
  std::string made;
  for (std::size_t at = 0; at < text.size();) {
    const bool here = text.compare(at, what.size(), what) == 0;
    made += here ? with : std::string(1, text[at]);
    at += here ? what.size() : 1;
  }
  return made;
}

Value split(const std::string& text, const std::string& separator) {
  Values made;
  if (separator.empty()) {
    for (const std::string& each : letters_of(text)) made.push_back({each});
    return list_of(std::move(made));
  }
  std::size_t at = 0;
  for (std::size_t hit = text.find(separator); hit != std::string::npos; hit = text.find(separator, at)) {
    made.push_back({text.substr(at, hit - at)});
    at = hit + separator.size();
  }
  made.push_back({text.substr(at)});
  return list_of(std::move(made));
}

template <class Things>
Things sliced(const Things& things, const Arguments& arguments) {
  const Integer size = things.size();
  const auto place = [&](std::size_t which, const Integer& otherwise) {
    if (arguments.size() <= which) return static_cast<std::size_t>(otherwise);
    Integer at = shortest(number(arguments[which])).units;
    if (at < 0) at += size;
    return static_cast<std::size_t>(std::clamp<Integer>(at, 0, size));
  };
  const std::size_t from = place(1, 0);
  const std::size_t to = place(2, size);
  Things made;
  for (std::size_t i = from; i < to; ++i) made.push_back(things[i]);
  return made;
}

// A text is taken where an id is: by its text.
std::string text_of_argument(const Value& value) {
  if (value.as<std::string>() == nullptr && value.as<Number>() == nullptr) unsound("a text is " + shown(value));
  return printed(value, false);
}

Value to_text(const Value& value, bool money) {
  if (value.is_null() || value.list() != nullptr || value.record() != nullptr) no_conversion(value);
  return {printed(value, money)};
}

std::optional<Number> number_in(const Value& value) {
  if (const auto* number = value.as<Number>()) return *number;
  if (const auto* text = value.as<std::string>()) {
    const auto number = number_of(trimmed(*text));
    return number ? fitting(*number) : std::nullopt;
  }
  return std::nullopt;
}

Value to_date(const Value& value, const Zone& zone) {
  if (value.as<Day>() != nullptr) return value;
  if (const auto* moment = value.as<Moment>()) return {day_in(*moment, zone)};
  if (const auto* text = value.as<std::string>()) {
    if (const auto day = read_day(*text)) return {*day};
    if (const auto moment = read_moment(*text, zone)) return {day_in(*moment, zone)};
  }
  no_conversion(value);
}

Value to_time(const Value& value, const Zone& zone) {
  if (value.as<Moment>() != nullptr) return value;
  if (const auto* day = value.as<Day>()) return {start_of(*day, zone)};
  if (const auto* text = value.as<std::string>()) {
    if (const auto moment = read_moment(*text, zone)) return {*moment};
    if (const auto day = read_day(*text)) return {start_of(*day, zone)};
  }
  no_conversion(value);
}

Value converted(const std::string& name, const Node& node, const Value& value, const Zone& zone) {
  if (name == "text") return to_text(value, node.parts[0].type.is(Kind::money));
  if (name == "date") return to_date(value, zone);
  if (name == "time") return to_time(value, zone);
  if (name == "bool") {
    if (value.as<bool>() != nullptr) return value;
    const auto* text = value.as<std::string>();
    if (text == nullptr || (*text != "true" && *text != "false")) no_conversion(value);
    return {*text == "true"};
  }
  const auto number = number_in(value);
  if (!number || (name == "int" && !is_whole(*number))) no_conversion(value);
  return {name == "int" ? shortest(*number) : *number};
}

// Whether `a` stands before `b` in ascending order.
bool before(const Value& a, const Value& b) {
  if (a.as<Number>() != nullptr && b.as<Number>() != nullptr) return order_of(*a.as<Number>(), *b.as<Number>()) < 0;
  if (a.as<Moment>() != nullptr && b.as<Moment>() != nullptr)
    return a.as<Moment>()->milliseconds < b.as<Moment>()->milliseconds;
  if (a.as<Day>() != nullptr && b.as<Day>() != nullptr) return a.as<Day>()->number < b.as<Day>()->number;
  if (a.as<Span>() != nullptr && b.as<Span>() != nullptr)
    return a.as<Span>()->milliseconds < b.as<Span>()->milliseconds;
  if (a.as<bool>() != nullptr && b.as<bool>() != nullptr) return *a.as<bool>() < *b.as<bool>();
  if (a.as<std::string>() != nullptr && b.as<std::string>() != nullptr)
    return text_order(*a.as<std::string>(), *b.as<std::string>()) < 0;
  unsound(shown(a) + " and " + shown(b) + " have no order");
}

Values there(const Values& values) {
  Values made;
  for (const Value& each : values) {
    if (!each.is_null()) made.push_back(each);
  }
  return made;
}

Value extreme(const Values& values, bool greatest) {
  Value best;
  for (const Value& each : there(values)) {
    refuse_broken(each);
    if (best.is_null() || (greatest ? before(best, each) : before(each, best))) best = each;
  }
  return best;
}

Value sorted(const Values& values) {
  Values made = there(values);
  std::stable_sort(made.begin(), made.end(), before);
  return list_of(std::move(made));
}

Value unique(const Values& values) {
  Values made;
  for (const Value& each : values) {
    refuse_broken(each);
    if (std::none_of(made.begin(), made.end(), [&](const Value& known) { return equal(known, each); }))
      made.push_back(each);
  }
  return list_of(std::move(made));
}

Value total(const Values& values) {
  Number made;
  for (const Value& each : there(values)) {
    const auto next = fitting(sum(made, number(each)));
    if (!next) throw Stop{Reason::too_many_digits, "a sum"};
    made = *next;
  }
  return {made};
}

std::string joined(const Values& values, const std::string& separator, bool money) {
  std::string made;
  const Values list = there(values);
  for (std::size_t i = 0; i < list.size(); ++i) made += (i > 0 ? separator : "") + printed(list[i], money);
  return made;
}

// `# ##0,00`: the digits behind the last sign, the sign between thousands, how many digits stand there at least.
std::string number_by(const Number& number, const std::string& pattern) {
  const std::size_t last = pattern.find_last_of(".,");
  const bool parts = last != std::string::npos && (pattern.find('#', last) != std::string::npos ||
                                                   std::count(pattern.begin(), pattern.end(), pattern[last]) > 1);
  const std::size_t point = parts ? std::string::npos : last;
  const std::size_t decimals = point == std::string::npos ? 0 : pattern.size() - point - 1;
  const Number made = rounded(number, static_cast<int>(decimals));
  if (!fitting(made)) throw Stop{Reason::too_many_digits, ""};
  std::string digits = text_of(made);
  const bool negative = digits.starts_with('-');
  if (negative) digits.erase(0, 1);
  std::string whole = digits.substr(0, digits.find('.'));
  const std::string fraction = decimals == 0 ? "" : digits.substr(digits.find('.') + 1);
  const std::string before = pattern.substr(0, point);
  const auto least = static_cast<std::size_t>(std::count(before.begin(), before.end(), '0'));
  if (whole.size() < least) whole.insert(0, least - whole.size(), '0');
  const std::size_t sign = before.find_first_not_of("0#");
  if (sign != std::string::npos) {
    for (std::size_t at = whole.size(); at > 3; at -= 3) whole.insert(at - 3, 1, before[sign]);
  }
  return (negative ? "-" : "") + whole + (decimals == 0 ? "" : pattern[point] + fraction);
}

Value formatted_by(const Value& value, const std::string& pattern, const Zone& zone) {
  if (const auto* number = value.as<Number>()) return {number_by(*number, pattern)};
  if (const auto* moment = value.as<Moment>()) return {formatted(*moment, zone, pattern)};
  if (const auto* day = value.as<Day>()) return {formatted(start_of(*day, zone), zone, pattern)};
  unsound("format of " + shown(value));
}

// What the telephone network makes of it is known of the numbers that are generated.
Value phone(const std::string& text) {
  static const std::vector<std::pair<std::string, std::string>> known = {
      {"8 987 123-45-67", "+79871234567"}, {"+7 (912) 345-67-89", "+79123456789"}, {"9161234567", "+79161234567"}};
  for (const auto& [written, number] : known) {
    if (written == text) return {number};
  }
  return {};
}

Value rounded_by(const std::string& name, const Arguments& arguments) {
  const Number& given = number(arguments[0]);
  const Towards towards = name == "floor" ? Towards::below : name == "ceil" ? Towards::above : Towards::nearest;
  int digits = 0;
  if (arguments.size() > 1) {
    const Integer wanted = shortest(number(arguments[1])).units;
    if (wanted < 0 || wanted > 18) no_conversion(arguments[1]);
    digits = static_cast<int>(wanted);
  }
  const auto made = fitting(rounded(given, digits, towards));
  if (!made) throw Stop{Reason::too_many_digits, ""};
  return {*made};
}

Value of_text(const std::string& name, const Arguments& arguments) {
  const std::string text = text_of_argument(arguments[0]);
  const std::string second = arguments.size() > 1 ? text_of_argument(arguments[1]) : "";
  if (name == "uppercase") return {changed(text, alphabets().first, alphabets().second)};
  if (name == "lowercase") return {changed(text, alphabets().second, alphabets().first)};
  if (name == "trim") return {trimmed(text)};
  if (name == "replace") return {replaced(text, second, text_of_argument(arguments[2]))};
  if (name == "split") return split(text, second);
  if (name == "contains") return {text.find(second) != std::string::npos};
  if (name == "starts_with") return {text.starts_with(second)};
  if (name == "ends_with") return {text.ends_with(second)};
  if (name == "phone") return phone(text);
  if (name == "length") return {Number{letters_of(text).size(), 0}};
  unsound("there is no function " + name);
}

Value of_list(const std::string& name, const Node& node, const Arguments& arguments) {
  if (arguments[0].list() == nullptr) {
    if (!node.parts[0].type.is(Kind::json)) unsound("a list is " + shown(arguments[0]));
    // The first of nothing is nothing.
    if (arguments[0].is_null() && name != "size") return {};
    throw Stop{Reason::no_json_list, shown(arguments[0])};
  }
  const Values& list = *arguments[0].list();
  if (name == "first" || name == "last") {
    if (list.empty()) return {};
    const Value& found = name == "first" ? list.front() : list.back();
    if (found.as<Broken>() != nullptr) throw Stop{Reason::broken_field, ""};
    return found;
  }
  if (name == "size") return {Number{list.size(), 0}};
  if (name == "sum") return total(list);
  if (name == "sort") return sorted(list);
  if (name == "unique") return unique(list);
  if (name == "join")
    return {joined(list, text_of_argument(arguments[1]), node.parts[0].type.element->is(Kind::money))};
  return extreme(list, name == "max");
}

}  // namespace

Value call(const Node& node, const std::vector<Value>& arguments, const Event& event) {
  const std::string& name = node.word;
  if (name == "now") return {event.now};
  const bool of_json = node.parts[0].type.is(Kind::json);
  for (const Value& each : arguments) {
    if (each.is_null() && !of_json) unsound("an argument of " + name + " is null");
  }
  static const std::array conversions = {"text", "int", "decimal", "bool", "date", "time"};
  if (std::find(conversions.begin(), conversions.end(), name) != conversions.end())
    return converted(name, node, arguments[0], event.zone);
  if (name == "round" || name == "floor" || name == "ceil") return rounded_by(name, arguments);
  if (name == "abs") {
    const Number& given = number(arguments[0]);
    return {given.units < 0 ? negated(given) : given};
  }
  if (name == "format") return formatted_by(arguments[0], text_of_argument(arguments[1]), event.zone);
  if ((name == "min" || name == "max") && arguments[0].list() == nullptr) return extreme(arguments, name == "max");
  static const std::array lists = {"first", "last", "size", "sum", "sort", "unique", "join", "min", "max"};
  if (std::find(lists.begin(), lists.end(), name) != lists.end()) return of_list(name, node, arguments);
  if (name == "slice") {
    if (const Values* list = arguments[0].list()) return list_of(sliced(*list, arguments));
    return {together(sliced(letters_of(text_of_argument(arguments[0])), arguments))};
  }
  return of_text(name, arguments);
}

}  // namespace pipewright::soundness
