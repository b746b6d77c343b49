// JSON text ↔ Value, exact: numbers keep all their digits, whatever their size. The only place that knows simdjson.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "engine/value.hpp"

namespace pipewright::engine {

/// Objects become records, arrays lists, numbers decimals (one that a decimal cannot hold stays its text). A byte order
/// mark is skipped; nesting over 200 and trailing content are errors, which name the offset in bytes. Of equal names
/// the last one wins.
Result<Value> parse_json(std::string_view text);

/// The elements of the list under `name` of an object, each as its own text, none of them parsed: for a list too long
/// to stand in memory as a tree. They are parts of `text`, which may be given spare room at its end. An error when
/// there is no such list, or when the text breaks off before its end; what follows the list is not looked at.
Result<std::vector<std::string_view>> element_texts(std::string& text, std::string_view name);

/// Compact. Times are RFC 3339 in UTC, dates YYYY-MM-DD, durations as the language writes them, a placeholder is its
/// label.
std::string write_json(const Value& value);
void append_json(std::string& out, const Value& value);
void append_json_text(std::string& out, std::string_view text);  ///< a quoted, escaped string

/// Everything that write_json forgets (times, decimals' scale, placeholders, broken fields) comes back: for the
/// journal.
std::string encode(const Value& value);
Result<Value> decode(std::string_view text);

}  // namespace pipewright::engine
