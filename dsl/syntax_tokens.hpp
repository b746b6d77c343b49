// What stands at a place of a text that does not parse, and the signs and letters of other languages. Private to the
// parser.
#pragma once

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>
#include <string_view>

#include "dsl/codes.hpp"

namespace pipewright::dsl {

inline bool word_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

inline std::size_t utf8_length(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xE0) return 2;
  return first < 0xF0 ? 3 : 4;
}

// Behind the text that begins at `at`, its holes and the texts in them included. A text ends on its line.
inline std::size_t behind_text(std::string_view text, std::size_t at) {
  std::string open;  // `"` of texts, `h` of holes in them, `{` of records in those
  for (; at < text.size() && text[at] != '\n'; ++at) {
    const char c = text[at];
    const bool in_text = !open.empty() && open.back() == '"';
    if (c == '\\' && in_text) {
      ++at;
    } else if (c == '"' && in_text) {
      open.pop_back();
      if (open.empty()) return at + 1;
    } else if (c == '"') {
      open.push_back('"');
    } else if (c == '{') {
      open.push_back(in_text ? 'h' : '{');
    } else if (c == '}' && !in_text) {
      open.pop_back();
    }
  }
  return std::min(at, text.size());
}

// The word, text, sign or letter that stands at `at`.
inline Span token_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  if (at >= text.size()) return {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at)};
  if (word_char(text[at])) {
    while (end < text.size() && (word_char(text[end]) || static_cast<unsigned char>(text[end]) >= 0x80)) ++end;
  } else if (static_cast<unsigned char>(text[at]) >= 0x80) {
    end += utf8_length(static_cast<unsigned char>(text[at]));
  } else if (text[at] == '"') {
    end = behind_text(text, at);
  } else {
    for (const std::string_view sign : {"->", "=>", "==", "!=", "<=", ">=", "&&", "||", "??", "//"}) {
      if (text.substr(at).starts_with(sign)) end = at + sign.size();
    }
    if (end == at) ++end;
  }
  return {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(std::min(end, text.size()))};
}

inline Diagnostic at_token(const Code& code, SourceId id, Span span, std::string message,
                           std::optional<std::string> help = std::nullopt,
                           std::optional<std::string> replacement = std::nullopt) {
  Diagnostic diagnostic{
      .code = &code, .source = id, .span = span, .message = std::move(message), .help = std::move(help)};
  if (replacement) diagnostic.edit = Edit{span, *replacement};
  return diagnostic;
}

inline std::string_view line_before(std::string_view text, std::size_t at) {
  const std::size_t start = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
  return text.substr(start, at - start);
}

/// A sign, quote or word that another language or a text editor would put there.
std::optional<Diagnostic> foreign(std::string_view text, std::size_t at, SourceId id);
/// A letter that looks like one of ASCII's, or any other: `сlient` with a Cyrillic «с».
std::optional<Diagnostic> odd_letter(std::string_view text, std::size_t at, SourceId id);

}  // namespace pipewright::dsl
