#include "engine/normalise.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "engine/json.hpp"

namespace pipewright::engine {
namespace {

using Kind = dsl::Type::Kind;

Value broken(const Value& raw, const dsl::Type& type, const std::string& path) {
  return Value(Broken{path, dsl::type_text(type.plain()), raw.is_null() ? "missing" : json_start(raw, 60)});
}

bool is_nothing(const Value& raw, const dsl::Type& type) {
  if (raw.is_null()) return true;
  if (const std::string* text = raw.text()) {
    // Where an empty text is a text, the declaration does not say that it may be null.
    return text->empty() || text->starts_with("0001-01-01");
  }
  const bool map = type.is(Kind::map) || type.is(Kind::record);
  return map && raw.list() != nullptr && raw.list()->empty();
}

Value money(const Value& raw, const dsl::FieldType& field, const std::string& path) {
  std::optional<Decimal> number;
  if (raw.number() != nullptr)
    number = *raw.number();
  else if (raw.text() != nullptr)
    number = Decimal::parse(*raw.text());
  if (!number) return broken(raw, field.type, path);
  if (field.in_kopecks) {
    const auto roubles = multiply(*number, Decimal(1, 2));
    if (!roubles) return broken(raw, field.type, path);
    number = roubles;
  }
  if (number->scale() < 2) number = number->rounded(2).value_or(*number);
  return Value(*number);
}

Value record_fields(const Value& raw, const dsl::RecordType& type, const std::string& path,
                    const std::string& account_zone, const Record* derived);

Value value_of(const Value& raw, const dsl::Type& type, const dsl::FieldType& field, const std::string& path,
               const std::string& account_zone) {
  if (is_nothing(raw, type) && !(type.is(Kind::json))) {
    if (type.is(Kind::map)) return Value(Record{});
    if (type.is(Kind::list) && !type.nullable) return Value(List{});
    return type.nullable ? Value() : broken(raw, type, path);
  }
  const std::string zone = field.zone == "account" ? account_zone : field.zone.empty() ? "UTC" : field.zone;
  switch (type.kind) {
    case Kind::text:
    case Kind::enumeration:
      if (raw.text() != nullptr) return raw;
      if (raw.number() != nullptr) return Value(raw.number()->text());
      return broken(raw, type, path);
    case Kind::id:
      return raw.text() != nullptr || raw.number() != nullptr || raw.placeholder() != nullptr ? raw
                                                                                              : broken(raw, type, path);
    case Kind::integer:
      if (raw.number() != nullptr && raw.number()->is_integer()) return raw;
      if (raw.text() != nullptr) {
        if (const auto number = Decimal::parse(*raw.text()); number && number->is_integer()) return Value(*number);
      }
      return broken(raw, type, path);
    case Kind::decimal:
      if (raw.number() != nullptr) return raw;
      if (raw.text() != nullptr) {
        if (const auto number = Decimal::parse(*raw.text())) return Value(*number);
      }
      return broken(raw, type, path);
    case Kind::money:
    case Kind::kopecks:
      return money(raw, field, path);
    case Kind::boolean:
      if (raw.boolean() != nullptr) return raw;
      if (raw.number() != nullptr && (*raw.number() == Decimal(0) || *raw.number() == Decimal(1)))
        return Value(!raw.number()->is_zero());
      return broken(raw, type, path);
    case Kind::time:
      if (raw.time() != nullptr) return raw;
      if (raw.text() != nullptr) {
        if (const auto time = parse_time(*raw.text(), zone)) return Value(*time);
        if (const auto day = parse_date(*raw.text())) return Value(start_of(*day, zone));
      }
      return broken(raw, type, path);
    case Kind::date:
      if (raw.date() != nullptr) return raw;
      if (raw.text() != nullptr) {
        if (const auto day = parse_date(raw.text()->substr(0, 10))) return Value(*day);
      }
      return broken(raw, type, path);
    case Kind::list: {
      if (raw.list() == nullptr) return broken(raw, type, path);
      List elements;
      dsl::FieldType element = field;
      element.type = *type.element;
      for (std::size_t i = 0; i < raw.list()->size(); ++i) {
        elements.push_back(
            value_of((*raw.list())[i], element.type, element, fmt::format("{}[{}]", path, i), account_zone));
      }
      return Value(std::move(elements));
    }
    case Kind::map:
      return raw.record() != nullptr ? raw : broken(raw, type, path);
    case Kind::record:
      return raw.record() != nullptr ? record_fields(raw, *type.record, path + ".", account_zone, nullptr)
                                     : broken(raw, type, path);
    case Kind::json:
    case Kind::unknown:
    case Kind::null:
    case Kind::duration:
      return raw;
  }
  return raw;
}

// The API's field for a declared one: its own word, else the one whose snake_case it is.
const std::pair<std::string, Value>* api_field(const Record& raw, const dsl::FieldType& field) {
  for (const auto& entry : raw) {
    if (field.api_name.empty() ? entry.first == field.name : entry.first == field.api_name) return &entry;
  }
  if (!field.api_name.empty()) return nullptr;
  for (const auto& entry : raw) {
    if (snake_case(entry.first) == field.name) return &entry;
  }
  return nullptr;
}

Value record_fields(const Value& raw, const dsl::RecordType& type, const std::string& path,
                    const std::string& account_zone, const Record* derived) {
  Record fields;
  fields.reserve(type.fields.size() + 3);
  const Record empty;
  const Record& source = raw.record() == nullptr ? empty : *raw.record();
  for (const dsl::FieldType& field : type.fields) {
    if (derived != nullptr) {
      if (const Value* ready = find_field(*derived, field.name)) {
        fields.emplace_back(field.name, *ready);
        continue;
      }
    }
    const auto* entry = api_field(source, field);
    const std::string name = path + (entry != nullptr ? entry->first : field.name);
    fields.emplace_back(field.name, converted(entry != nullptr ? entry->second : Value(), field, name, account_zone));
  }
  return Value(std::move(fields));
}

}  // namespace

Value converted(const Value& raw, const dsl::FieldType& field, const std::string& path,
                const std::string& account_zone) {
  return value_of(raw, field.type, field, path, account_zone);
}

Value normalise(const Value& raw, const Record& derived, const dsl::Type& type, const std::string& connection,
                const std::string& account_zone) {
  if (!type.is(Kind::record)) return raw;
  const Value made = record_fields(raw, *type.record, "", account_zone, &derived);
  Record fields = *made.record();
  if (find_field(fields, "connection") == nullptr) fields.emplace_back("connection", Value(connection));
  if (find_field(fields, "raw") == nullptr) fields.emplace_back("raw", raw);
  fields.emplace_back("@record", Value(type.record->name));
  return Value(std::move(fields));
}

}  // namespace pipewright::engine
