// Text as people see it: code points, case, closeness of words. Unicode is utf8proc's business.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pipewright {

bool valid_utf8(std::string_view text);
/// The text with U+FFFD for every byte that is not part of UTF-8.
std::string repaired_utf8(std::string_view text);
/// The beginning of a text, `limit` bytes at most, cut between two characters.
std::string_view first_bytes(std::string_view text, std::size_t limit);
/// The text, or its beginning and `…` where it has more than `limit` bytes: `limit` bytes at most, cut between two
/// characters.
std::string shortened(std::string_view text, std::size_t limit);
/// The first `bytes` at most, cut between letters; what is no UTF-8 becomes U+FFFD.
std::string beginning(std::string_view text, std::size_t bytes);
std::size_t code_points(std::string_view text);
/// Columns on a terminal: a wide character takes two, a combining mark none.
std::size_t display_width(std::string_view text);

std::string uppercase(std::string_view text);
std::string lowercase(std::string_view text);
/// For comparing names of people and firms: case folded, NFC, trimmed, one space between words, every kind of quote the
/// same.
std::string folded_name(std::string_view text);
std::string trimmed(std::string_view text);

/// Damerau-Levenshtein distance in code points.
std::size_t spelling_distance(std::string_view a, std::string_view b);
/// The candidate that is really close to `word` (a third of its length at most, case set aside), if there is one.
std::optional<std::string> closest(std::string_view word, const std::vector<std::string>& candidates);

std::string join(const std::vector<std::string>& parts, std::string_view separator);
/// `isB2B` is `is_b2b`, `nmId` is `nm_id`, `incomeID` is `income_id`: an API's word as records spell it.
std::string snake_case(std::string_view word);
/// For a terminal and for logs, of text that came from outside: control characters (escape sequences, also the C1
/// ones), the marks that reverse text, and bytes that are no UTF-8 become `\x1b`, `\u{202e}`; a line end and a tab
/// stay.
std::string printable(std::string_view text);
/// For text and attributes of XML; control characters that XML does not have are left out.
std::string xml_escaped(std::string_view text);

}  // namespace pipewright
