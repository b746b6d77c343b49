// Values as the journal keeps them: JSON with a word for everything that JSON has none for.
#include <fmt/format.h>

#include <algorithm>

#include "base/overloaded.hpp"
#include "base/text.hpp"
#include "engine/json.hpp"

namespace pipewright::engine {
namespace {

// A record whose first field begins with `$` stands in a level of its own; an outcome adds a few levels around all.
constexpr std::size_t deepest_read = 2 * (deepest_storable + 20);

std::string date_words(const Date& date) {
  std::string text = date_text(date);
  if (parse_date(text) == date) return text;
  return fmt::format("{} {} {}", date.year, date.month, date.day);  // a day that no calendar has
}

std::optional<Date> date_from(const std::string& text) {
  if (const auto date = parse_date(text)) return date;
  const std::size_t first = text.find(' ');
  const std::size_t second = first == std::string::npos ? first : text.find(' ', first + 1);
  if (second == std::string::npos) return std::nullopt;
  const auto number = [](const std::string& part) -> std::optional<std::int64_t> {
    const auto decimal = Decimal::parse(part);
    return decimal ? decimal->integer() : std::nullopt;
  };
  const auto year = number(text.substr(0, first));
  const auto month = number(text.substr(first + 1, second - first - 1));
  const auto day = number(text.substr(second + 1));
  if (!year || !month || !day) return std::nullopt;
  return Date{static_cast<int>(*year), static_cast<unsigned>(*month), static_cast<unsigned>(*day)};
}

// What plain JSON has no word for is an object with one key that begins with `$`.
void append_encoded(std::string& out, const Value& value) {
  const auto tagged = [&out](std::string_view tag, std::string_view text) {
    out += "{\"$";
    out += tag;
    out += "\":";
    append_json_text(out, text);
    out.push_back('}');
  };
  std::visit(overloaded{
                 [&](Instant held) { tagged("time", fmt::format("{}", held.time_since_epoch().count())); },
                 [&](const Date& held) { tagged("date", date_words(held)); },
                 [&](Duration held) { tagged("duration", fmt::format("{}", held.count())); },
                 [&](Clear) { tagged("clear", ""); },
                 [&](const Placeholder& held) { tagged("placeholder", held.label); },
                 [&](const std::shared_ptr<const Broken>& held) {
                   out += "{\"$broken\":[";
                   append_json_text(out, held->path);
                   out.push_back(',');
                   append_json_text(out, held->expected);
                   out.push_back(',');
                   append_json_text(out, held->found);
                   out += "]}";
                 },
                 [&](const std::shared_ptr<const List>& list) {
                   out.push_back('[');
                   for (std::size_t i = 0; i < list->size(); ++i) {
                     if (i > 0) out.push_back(',');
                     append_encoded(out, (*list)[i]);
                   }
                   out.push_back(']');
                 },
                 [&](const std::shared_ptr<const Record>& record) {
                   const bool ambiguous = !record->empty() && record->front().first.starts_with('$');
                   if (ambiguous) out += "{\"$record\":";
                   out.push_back('{');
                   bool first = true;
                   for (const auto& [name, field] : *record) {
                     if (!first) out.push_back(',');
                     first = false;
                     append_json_text(out, name);
                     out.push_back(':');
                     append_encoded(out, field);
                   }
                   out.push_back('}');
                   if (ambiguous) out.push_back('}');
                 },
                 [&](const auto&) { append_json(out, value); },
             },
             value.data());
}

Result<Value> decoded(const Value& value);

Result<Value> decoded_fields(const Record& record) {
  Record fields;
  fields.reserve(record.size());
  for (const auto& [name, field] : record) {
    Result<Value> held = decoded(field);
    if (!held) return held;
    fields.emplace_back(name, std::move(*held));
  }
  return Value(std::move(fields));
}

Result<Value> tagged_value(const std::string& tag, const Value& held) {
  if (tag == "$record" && held.record() != nullptr) return decoded_fields(*held.record());
  if (const List* parts = held.list(); parts != nullptr && tag == "$broken" && parts->size() == 3 &&
                                       (*parts)[0].text() && (*parts)[1].text() && (*parts)[2].text())
    return Value(Broken{*(*parts)[0].text(), *(*parts)[1].text(), *(*parts)[2].text()});
  if (const std::string* text = held.text()) {
    if (tag == "$clear") return Value(Clear{});
    if (tag == "$placeholder") return Value(Placeholder{*text});
    if (tag == "$date") {
      if (const auto date = date_from(*text)) return Value(*date);
    }
    const auto number = Decimal::parse(*text);
    const auto count = number ? number->integer() : std::nullopt;
    if (tag == "$time" && count) return Value(Instant(Duration(*count)));
    if (tag == "$duration" && count) return Value(Duration(*count));
  }
  return fail(fmt::format("`{}` of a kept value cannot be read", shortened(tag, 60)));
}

Result<Value> decoded(const Value& value) {
  if (const List* list = value.list()) {
    List elements;
    elements.reserve(list->size());
    for (const Value& element : *list) {
      Result<Value> held = decoded(element);
      if (!held) return held;
      elements.push_back(std::move(*held));
    }
    return Value(std::move(elements));
  }
  const Record* record = value.record();
  if (record == nullptr) return value;
  if (record->size() == 1 && record->front().first.starts_with('$'))
    return tagged_value(record->front().first, record->front().second);
  return decoded_fields(*record);
}

// ---- what can be kept
// ----------------------------------------------------------------------------------------------------------------

bool fits(const Decimal& number) {
  static const Decimal::Coefficient end = [] {
    Decimal::Coefficient power = 1;
    for (int i = 0; i < Decimal::max_digits; ++i) power *= 10;
    return power;
  }();
  return number.scale() >= 0 && number.scale() <= Decimal::max_digits && number.coefficient() < end &&
         number.coefficient() > -end;
}

bool unique_names(const Record& record) {
  if (record.size() > 32) {
    std::vector<std::string_view> names;
    names.reserve(record.size());
    for (const auto& [name, field] : record) names.push_back(name);
    std::sort(names.begin(), names.end());
    return std::adjacent_find(names.begin(), names.end()) == names.end();
  }
  for (auto field = record.begin(); field != record.end(); ++field) {
    for (auto before = record.begin(); before != field; ++before) {
      if (before->first == field->first) return false;
    }
  }
  return true;
}

bool is_storable(const Value& value, std::size_t depth) {
  return std::visit(
      overloaded{
          [&](const std::string& held) { return valid_utf8(held); },
          [&](const Decimal& held) { return fits(held); },
          [&](const Placeholder& held) { return valid_utf8(held.label); },
          [&](const std::shared_ptr<const Broken>& held) {
            return valid_utf8(held->path) && valid_utf8(held->expected) && valid_utf8(held->found);
          },
          [&](const std::shared_ptr<const List>& list) {
            return depth < deepest_storable &&
                   std::all_of(list->begin(), list->end(), [&](const Value& e) { return is_storable(e, depth + 1); });
          },
          [&](const std::shared_ptr<const Record>& record) {
            return depth < deepest_storable && unique_names(*record) &&
                   std::all_of(
                       record->begin(), record->end(),
                       [&](const auto& field) {
                         return valid_utf8(field.first) && is_storable(field.second, depth + 1);
                       });
          },
          [](const auto&) { return true; },
      },
      value.data());
}

Result<Value> repaired(const Value& value, std::size_t depth) {
  if (const std::string* text = value.text()) return Value(repaired_utf8(*text));
  if (const Decimal* number = value.number()) {
    if (!fits(*number)) return fail(fmt::format("a number needs more than {} digits", Decimal::max_digits));
    return value;
  }
  if (const Placeholder* held = value.placeholder()) return Value(Placeholder{repaired_utf8(held->label)});
  if (const Broken* held = value.broken())
    return Value(Broken{repaired_utf8(held->path), repaired_utf8(held->expected), repaired_utf8(held->found)});
  if (value.list() == nullptr && value.record() == nullptr) return value;
  if (depth >= deepest_storable)
    return fail(fmt::format("a value is nested more than {} levels deep", deepest_storable));
  if (const List* list = value.list()) {
    List elements;
    elements.reserve(list->size());
    for (const Value& element : *list) {
      Result<Value> held = repaired(element, depth + 1);
      if (!held) return held;
      elements.push_back(std::move(*held));
    }
    return Value(std::move(elements));
  }
  RecordBuilder fields(value.record()->size());
  for (const auto& [name, field] : *value.record()) {
    Result<Value> held = repaired(field, depth + 1);
    if (!held) return held;
    fields.set(repaired_utf8(name), std::move(*held));
  }
  return Value(fields.take());
}

}  // namespace

std::string encode(const Value& value) {
  std::string out;
  append_encoded(out, value);
  return out;
}

Result<Value> decode(std::string_view text) {
  constexpr std::size_t any = std::numeric_limits<std::size_t>::max();
  const Result<Value> parsed = parse_json(text, {any, any, deepest_read});
  if (!parsed) return parsed;
  return decoded(*parsed);
}

Result<Value> storable(const Value& value) {
  if (is_storable(value, 0)) return value;
  return repaired(value, 0);
}

}  // namespace pipewright::engine
