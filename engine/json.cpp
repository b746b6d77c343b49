#include "engine/json.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "base/overloaded.hpp"

namespace pipewright::engine {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr int deepest = 200;

std::string_view number_text(std::string_view token) {
  while (!token.empty() &&
         (token.back() == ' ' || token.back() == '\n' || token.back() == '\t' || token.back() == '\r')) {
    token.remove_suffix(1);
  }
  return token;
}

// JSON's grammar of numbers: simdjson does not validate the raw token.
bool is_json_number(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const auto run = [&] {
    const std::size_t from = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - from;
  };
  const bool zero = at < text.size() && text[at] == '0';
  const std::size_t integer = run();
  if (integer == 0 || (zero && integer > 1)) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (run() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (run() == 0) return false;
  }
  return at == text.size();
}

struct Malformed {
  simdjson::error_code code;
};

void check(simdjson::error_code code) {
  if (code != simdjson::SUCCESS) throw Malformed{code};
}

// Neighbouring documents look alike (the lines of a file): as many fields as the last one had are made room for.
thread_local std::size_t fields_before = 8;

template <class Json>
Value read(Json&& json, int depth) {
  if (depth > deepest) throw Malformed{simdjson::DEPTH_ERROR};
  ondemand::json_type type;
  check(json.type().get(type));
  switch (type) {
    case ondemand::json_type::object: {
      ondemand::object object;
      check(json.get_object().get(object));
      Record record;
      record.reserve(depth == 0 ? fields_before : 2);
      for (auto field : object) {
        std::string_view name;
        check(field.unescaped_key().get(name));
        std::string key(name);
        ondemand::value inner;
        check(field.value().get(inner));
        Value value = read(inner, depth + 1);
        if (!record.empty() && find_field(record, key) != nullptr) {
          set_field(record, key, std::move(value));
        } else {
          record.emplace_back(std::move(key), std::move(value));
        }
      }
      if (depth == 0) fields_before = std::clamp<std::size_t>(record.size(), 2, 64);
      return Value(std::move(record));
    }
    case ondemand::json_type::array: {
      ondemand::array array;
      check(json.get_array().get(array));
      List list;
      for (auto element : array) {
        ondemand::value inner;
        check(element.get(inner));
        list.push_back(read(inner, depth + 1));
      }
      return Value(std::move(list));
    }
    case ondemand::json_type::string: {
      std::string_view text;
      check(json.get_string().get(text));
      return Value(std::string(text));
    }
    case ondemand::json_type::boolean: {
      bool truth = false;
      check(json.get_bool().get(truth));
      return Value(truth);
    }
    case ondemand::json_type::number: {
      std::string_view token;
      if constexpr (std::is_same_v<std::remove_cvref_t<Json>, ondemand::document>) {
        check(json.raw_json_token().get(token));
        double ignored = 0;  // moves behind the number
        const auto code = json.get_double().get(ignored);
        if (code != simdjson::SUCCESS && code != simdjson::NUMBER_ERROR) throw Malformed{code};
      } else {
        token = json.raw_json_token();  // the iteration steps over what was only looked at
      }
      token = number_text(token);
      if (!is_json_number(token)) throw Malformed{simdjson::NUMBER_ERROR};
      if (const auto decimal = Decimal::parse(token)) return Value(*decimal);
      return Value(std::string(token));
    }
    case ondemand::json_type::null: {
      bool null = false;
      check(json.is_null().get(null));
      if (!null) throw Malformed{simdjson::N_ATOM_ERROR};
      return {};
    }
  }
  return {};
}

void append_quoted(std::string& out, std::string_view text) {
  out.push_back('"');
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, from, i - from);
    from = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    }
  }
  out.append(text, from, text.size() - from);
  out.push_back('"');
}

// What plain JSON has no word for is an object with one key that begins with `$`.
void append_encoded(std::string& out, const Value& value) {
  const auto tagged = [&out](std::string_view tag, std::string_view text) {
    out += "{\"$";
    out += tag;
    out += "\":";
    append_quoted(out, text);
    out.push_back('}');
  };
  std::visit(overloaded{
                 [&](Instant held) { tagged("time", fmt::format("{}", held.time_since_epoch().count())); },
                 [&](const Date& held) { tagged("date", date_text(held)); },
                 [&](Duration held) { tagged("duration", fmt::format("{}", held.count())); },
                 [&](Clear) { tagged("clear", ""); },
                 [&](const Placeholder& held) { tagged("placeholder", held.label); },
                 [&](const Broken& held) {
                   out += "{\"$broken\":[";
                   append_quoted(out, held.path);
                   out.push_back(',');
                   append_quoted(out, held.expected);
                   out.push_back(',');
                   append_quoted(out, held.found);
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
                   const bool ambiguous = record->size() == 1 && record->front().first.starts_with('$');
                   if (ambiguous) out += "{\"$record\":";
                   out.push_back('{');
                   bool first = true;
                   for (const auto& [name, field] : *record) {
                     if (!first) out.push_back(',');
                     first = false;
                     append_quoted(out, name);
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

Value decoded(const Value& value);

Value decoded_fields(const Record& record) {
  Record fields;
  fields.reserve(record.size());
  for (const auto& [name, field] : record) fields.emplace_back(name, decoded(field));
  return Value(std::move(fields));
}

Value decoded(const Value& value) {
  if (const List* list = value.list()) {
    List elements;
    elements.reserve(list->size());
    for (const Value& element : *list) elements.push_back(decoded(element));
    return Value(std::move(elements));
  }
  const Record* record = value.record();
  if (record == nullptr) return value;
  if (record->size() != 1 || !record->front().first.starts_with('$')) return decoded_fields(*record);
  const auto& [tag, held] = record->front();
  if (tag == "$record" && held.record() != nullptr) return decoded_fields(*held.record());
  if (tag == "$clear") return Value(Clear{});
  if (tag == "$broken" && held.list() != nullptr && held.list()->size() == 3) {
    const List& parts = *held.list();
    return Value(Broken{parts[0].display(), parts[1].display(), parts[2].display()});
  }
  const std::string text = held.display();
  if (tag == "$placeholder") return Value(Placeholder{text});
  if (tag == "$date") return Value(parse_date(text).value_or(Date{}));
  const auto count = Decimal::parse(text).value_or(Decimal(0)).integer().value_or(0);
  if (tag == "$time") return Value(Instant(Duration(count)));
  if (tag == "$duration") return Value(Duration(count));
  return decoded_fields(*record);
}

}  // namespace

Result<Value> parse_json(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  thread_local ondemand::parser parser;
  thread_local std::string padded;
  padded.assign(text);
  padded.append(simdjson::SIMDJSON_PADDING, '\0');
  const simdjson::padded_string_view view(padded.data(), text.size(), padded.size());
  ondemand::document document;
  const auto offset = [&] {
    const char* at = nullptr;
    if (document.current_location().get(at) != simdjson::SUCCESS || at < padded.data()) return text.size();
    return static_cast<std::size_t>(at - padded.data());
  };
  if (const auto code = parser.iterate(view).get(document); code != simdjson::SUCCESS) {
    return fail(fmt::format("not JSON: {}", simdjson::error_message(code)));
  }
  try {
    Value value = read(document, 0);
    const char* behind = nullptr;
    if (document.current_location().get(behind) == simdjson::SUCCESS) {
      return fail(fmt::format("not JSON: something follows the document at byte {}", offset()));
    }
    return value;
  } catch (const Malformed& malformed) {
    return fail(fmt::format("not JSON at byte {}: {}", offset(), simdjson::error_message(malformed.code)));
  } catch (const simdjson::simdjson_error& error) {
    return fail(fmt::format("not JSON at byte {}: {}", offset(), error.what()));
  }
}

Result<std::vector<std::string_view>> element_texts(std::string& text, std::string_view name) {
  text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  ondemand::parser parser;  // its index is as large as the text: not kept
  try {
    ondemand::document document;
    check(parser.iterate(text.data(), text.size(), text.capacity()).get(document));
    ondemand::array array;
    check(document.find_field_unordered(name).get_array().get(array));
    std::vector<std::string_view> texts;
    for (auto element : array) {
      ondemand::value value;
      check(element.get(value));
      std::string_view inner;
      check(simdjson::to_json_string(value).get(inner));
      texts.push_back(inner);
    }
    return texts;
  } catch (const Malformed& malformed) {
    return fail(fmt::format("no list `{}`: {}", name, simdjson::error_message(malformed.code)));
  } catch (const simdjson::simdjson_error& error) {
    return fail(fmt::format("no list `{}`: {}", name, error.what()));
  }
}

void append_json_text(std::string& out, std::string_view text) { append_quoted(out, text); }

void append_json(std::string& out, const Value& value) {
  std::visit(overloaded{
                 [&](Null) { out += "null"; },
                 [&](bool held) { out += held ? "true" : "false"; },
                 [&](const Decimal& held) { out += held.text(); },
                 [&](const std::string& held) { append_quoted(out, held); },
                 [&](const std::shared_ptr<const List>& list) {
                   out.push_back('[');
                   for (std::size_t i = 0; i < list->size(); ++i) {
                     if (i > 0) out.push_back(',');
                     append_json(out, (*list)[i]);
                   }
                   out.push_back(']');
                 },
                 [&](const std::shared_ptr<const Record>& record) {
                   out.push_back('{');
                   bool first = true;
                   for (const auto& [name, field] : *record) {
                     if (!first) out.push_back(',');
                     first = false;
                     append_quoted(out, name);
                     out.push_back(':');
                     append_json(out, field);
                   }
                   out.push_back('}');
                 },
                 [&](Clear) { out += "null"; },
                 [&](const auto&) { append_quoted(out, value.display()); },
             },
             value.data());
}

std::string write_json(const Value& value) {
  std::string out;
  append_json(out, value);
  return out;
}

std::string encode(const Value& value) {
  std::string out;
  append_encoded(out, value);
  return out;
}

Result<Value> decode(std::string_view text) {
  Result<Value> parsed = parse_json(text);
  if (!parsed) return parsed;
  return decoded(*parsed);
}

}  // namespace pipewright::engine
