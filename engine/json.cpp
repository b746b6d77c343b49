#include "engine/json.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/overloaded.hpp"
#include "base/text.hpp"

namespace pipewright::engine {
namespace {

namespace ondemand = simdjson::ondemand;

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
struct TooMany {};

void check(simdjson::error_code code) {
  if (code != simdjson::SUCCESS) throw Malformed{code};
}

// Neighbouring documents look alike (the lines of a file): as many fields as the last one had are made room for.
thread_local std::size_t fields_before = 8;

class Reader {
 public:
  explicit Reader(const JsonLimits& limits) : limits_(limits) {}

  template <class Json>
  Value read(Json&& json, std::size_t depth) {
    if (depth > limits_.depth) throw Malformed{simdjson::DEPTH_ERROR};
    if (++values_ > limits_.values) throw TooMany{};
    ondemand::json_type type;
    check(json.type().get(type));
    switch (type) {
      case ondemand::json_type::object:
        return object(json, depth);
      case ondemand::json_type::array:
        return array(json, depth);
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
      case ondemand::json_type::number:
        return number(json);
      case ondemand::json_type::null: {
        bool null = false;
        check(json.is_null().get(null));
        if (!null) throw Malformed{simdjson::N_ATOM_ERROR};
        return {};
      }
    }
    return {};
  }

 private:
  template <class Json>
  Value object(Json&& json, std::size_t depth) {
    ondemand::object object;
    check(json.get_object().get(object));
    RecordBuilder fields(depth == 0 ? fields_before : 2);
    for (auto field : object) {
      std::string_view name;
      check(field.unescaped_key().get(name));
      ondemand::value inner;
      check(field.value().get(inner));
      fields.set(std::string(name), read(inner, depth + 1));
    }
    Record record = fields.take();
    if (depth == 0) fields_before = std::clamp<std::size_t>(record.size(), 2, 64);
    return Value(std::move(record));
  }

  template <class Json>
  Value array(Json&& json, std::size_t depth) {
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

  template <class Json>
  static Value number(Json&& json) {
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

  const JsonLimits& limits_;
  std::size_t values_ = 0;
};

// ---- repairs
// -------------------------------------------------------------------------------------------------------------------------

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// The code unit of an escape `\uXXXX` at this place; nothing where there is none.
std::optional<unsigned> escaped_unit(std::string_view text, std::size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return std::nullopt;
  unsigned unit = 0;
  const char* end = text.data() + at + 6;
  const auto read = std::from_chars(text.data() + at + 2, end, unit, 16);
  return read.ptr == end ? std::optional(unit) : std::nullopt;
}

bool may_escape_surrogates(std::string_view text) {
  return text.find("\\ud") != std::string_view::npos || text.find("\\uD") != std::string_view::npos;
}

// Halves of surrogate pairs that stand alone become the escape of U+FFFD, in place.
void replace_lone_surrogates(std::string& text, std::size_t size) {
  const std::string_view seen(text.data(), size);
  const auto high = [](std::optional<unsigned> unit) { return unit && *unit >= 0xD800 && *unit < 0xDC00; };
  const auto low = [](std::optional<unsigned> unit) { return unit && *unit >= 0xDC00 && *unit < 0xE000; };
  for (std::size_t at = 0; (at = seen.find('\\', at)) != std::string_view::npos;) {
    const std::optional<unsigned> unit = escaped_unit(seen, at);
    if (high(unit) && low(escaped_unit(seen, at + 6))) {
      at += 12;
      continue;
    }
    if (high(unit) || low(unit)) text.replace(at, 6, "\\uFFFD");
    at += unit ? 6 : 2;
  }
}

// ---- writing
// -------------------------------------------------------------------------------------------------------------------------

constexpr auto is_escaped = [] {
  std::array<bool, 256> escaped{};
  for (std::size_t c = 0; c < 0x20; ++c) escaped[c] = true;
  escaped['"'] = escaped['\\'] = true;
  return escaped;
}();

void append_escaped(std::string& out, std::string_view text) {
  out.push_back('"');
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (!is_escaped[c]) continue;
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

// JSON is UTF-8, whatever stands in a text.
void append_quoted(std::string& out, std::string_view text) {
  if (simdjson::validate_utf8(text))
    append_escaped(out, text);
  else
    append_escaped(out, repaired_utf8(text));
}

// Writes until the text has more than `limit` bytes; false when it stopped there.
class Writer {
 public:
  Writer(std::string& out, std::size_t limit) : out_(out), limit_(limit) {}

  bool write(const Value& value) {
    return std::visit(overloaded{
                          [&](Null) { return plain("null"); },
                          [&](Clear) { return plain("null"); },
                          [&](bool held) { return plain(held ? "true" : "false"); },
                          [&](const Decimal& held) { return plain(held.text()); },
                          [&](const std::string& held) { return quoted(held); },
                          [&](const std::shared_ptr<const List>& list) { return elements(*list); },
                          [&](const std::shared_ptr<const Record>& record) { return fields(*record); },
                          [&](const auto&) { return quoted(value.display()); },
                      },
                      value.data());
  }

 private:
  bool plain(std::string_view text) {
    out_ += text;
    return out_.size() <= limit_;
  }
  bool quoted(std::string_view text) {
    const std::size_t left = out_.size() < limit_ ? limit_ - out_.size() : 0;
    append_quoted(out_, text.size() > left ? first_bytes(text, left + 4) : text);
    return out_.size() <= limit_;
  }
  bool elements(const List& list) {
    out_.push_back('[');
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out_.push_back(',');
      if (!write(list[i])) return false;
    }
    return plain("]");
  }
  bool fields(const Record& record) {
    out_.push_back('{');
    bool first = true;
    for (const auto& [name, field] : record) {
      if (!first) out_.push_back(',');
      first = false;
      if (!quoted(name)) return false;
      out_.push_back(':');
      if (!write(field)) return false;
    }
    return plain("}");
  }

  std::string& out_;
  const std::size_t limit_;
};

}  // namespace

Result<Value> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  if (text.size() > limits.bytes) {
    return fail(fmt::format("the JSON text has {} bytes, more than the {} that are read", text.size(), limits.bytes),
                "ask for less at a time");
  }
  thread_local ondemand::parser parser;
  thread_local std::string padded;
  padded.assign(text);
  if (may_escape_surrogates(padded)) replace_lone_surrogates(padded, padded.size());
  std::size_t size = padded.size();
  ondemand::document document;
  const auto opened = [&] {
    size = padded.size();
    padded.append(simdjson::SIMDJSON_PADDING, '\0');
    return parser.iterate(simdjson::padded_string_view(padded.data(), size, padded.size())).get(document);
  };
  auto code = opened();
  if (code == simdjson::UTF8_ERROR) {
    padded = repaired_utf8(std::string_view(padded).substr(0, size));
    code = opened();
  }
  if (code != simdjson::SUCCESS) return fail(fmt::format("not JSON: {}", simdjson::error_message(code)));
  const auto offset = [&] {
    const char* at = nullptr;
    if (document.current_location().get(at) != simdjson::SUCCESS || at < padded.data()) return size;
    return static_cast<std::size_t>(at - padded.data());
  };
  try {
    Value value = Reader(limits).read(document, 0);
    const char* behind = nullptr;
    if (document.current_location().get(behind) == simdjson::SUCCESS) {
      return fail(fmt::format("not JSON: something follows the document at byte {}", offset()));
    }
    return value;
  } catch (const TooMany&) {
    return fail(fmt::format("the JSON text has more than {} values", limits.values), "ask for less at a time");
  } catch (const Malformed& malformed) {
    return fail(fmt::format("not JSON at byte {}: {}", offset(), simdjson::error_message(malformed.code)));
  } catch (const simdjson::simdjson_error& error) {
    return fail(fmt::format("not JSON at byte {}: {}", offset(), error.what()));
  }
}

Result<std::vector<std::string_view>> element_texts(std::string& text, std::string_view name) {
  if (text.starts_with(byte_order_mark)) text.erase(0, byte_order_mark.size());
  ondemand::parser parser;  // its index is as large as the text: not kept
  try {
    ondemand::document document;
    const auto opened = [&] {
      text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
      return parser.iterate(text.data(), text.size(), text.capacity()).get(document);
    };
    auto code = opened();
    if (code == simdjson::UTF8_ERROR) {
      text = repaired_utf8(text);
      code = opened();
    }
    check(code);
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

bool append_json(std::string& out, const Value& value, std::size_t limit) { return Writer(out, limit).write(value); }

std::string write_json(const Value& value) {
  std::string out;
  append_json(out, value);
  return out;
}

std::string json_start(const Value& value, std::size_t limit) {
  std::string out;
  append_json(out, value, limit);
  return shortened(out, limit);
}

}  // namespace pipewright::engine
