// JSON text ↔ Value, exact: numbers keep all their digits, whatever their size. The only place that knows simdjson.
#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "engine/value.hpp"

namespace pipewright::engine {

/// How much a text may hold that comes from outside.
struct JsonLimits {
  std::size_t values = 2'000'000;    ///< objects, arrays and everything in them; one takes 48 bytes and its text
  std::size_t bytes = 256UL << 20U;  ///< of the text
  std::size_t depth = 200;           ///< objects and arrays in one another
};

/// Objects become records, arrays lists, numbers decimals (one that a decimal cannot hold stays its text). A byte order
/// mark is skipped; bytes that are no UTF-8 and halves of surrogate pairs become U+FFFD. More than the limits and
/// trailing content are errors, the latter with the offset in bytes. Of equal names the last one wins.
Result<Value> parse_json(std::string_view text, const JsonLimits& limits = {});

/// The elements of the list under `name` of an object, each as its own text, none of them parsed: for a list too long
/// to stand in memory as a tree. They are parts of `text`, which may be given spare room at its end, and loses a byte
/// order mark. An error when there is no such list, or when the text breaks off before its end; what follows the list
/// is not looked at.
Result<std::vector<std::string_view>> element_texts(std::string& text, std::string_view name);

/// Compact, always UTF-8 (other bytes become U+FFFD). Times are RFC 3339 in UTC, dates YYYY-MM-DD, durations as the
/// language writes them, a placeholder is its label.
std::string write_json(const Value& value);
/// The same text behind `out`; writing stops soon after `out` has more than `limit` bytes, and false is returned.
bool append_json(std::string& out, const Value& value, std::size_t limit = std::numeric_limits<std::size_t>::max() / 2);
void append_json_text(std::string& out, std::string_view text);  ///< a quoted, escaped string
/// The beginning of the JSON text, `limit` bytes at most, with `…` where it goes on. However large the value is, no
/// more is written than is shown.
std::string json_start(const Value& value, std::size_t limit);

// ---- for the journal (encode.cpp)

/// Everything that write_json forgets (times, decimals' scale, placeholders, broken fields) comes back. Bytes that are
/// no UTF-8 become U+FFFD.
std::string encode(const Value& value);
/// What encode made, to some levels beyond `deepest_storable`. An error for every other text: nothing is guessed.
Result<Value> decode(std::string_view text);

/// How deep lists and records of a value may stand in one another to be kept.
constexpr std::size_t deepest_storable = 300;
/// The value as `decode(encode(value))` gives it back: bytes that are no UTF-8 become U+FFFD, of equal names the last
/// one wins. An error for what cannot be kept: nesting beyond `deepest_storable`, numbers of more than 38 digits.
/// What was storable before is returned as it is.
Result<Value> storable(const Value& value);

}  // namespace pipewright::engine
