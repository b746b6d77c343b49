// Mistakes that people make where a text does not parse, by their kind. Each function looks at the place of an error
// and knows it, or leaves it to the next one. Private to the parser.
#pragma once

#include <string_view>
#include <vector>

#include "dsl/syntax_errors.hpp"
#include "dsl/syntax_tokens.hpp"

namespace pipewright::dsl {

/// Where a text does not parse: what was expected, and the token that stands there (empty at the end of the file).
struct Mistake {
  std::string_view text;
  std::string_view expected;
  Span token;
  SourceId id;

  [[nodiscard]] std::string word() const { return std::string(text.substr(token.begin, token.end - token.begin)); }
  [[nodiscard]] bool expects(std::string_view part) const { return expected.find(part) != std::string_view::npos; }
  [[nodiscard]] bool begins_line() const;
  /// A chain goes on or ends here, or a statement begins.
  [[nodiscard]] bool step_ends() const;
  [[nodiscard]] std::string_view before() const { return line_before(text, token.begin); }
  /// The end of what stands before, comments and white space left out.
  [[nodiscard]] std::uint32_t end_before() const;
  /// What stands behind the token on its line.
  [[nodiscard]] std::string_view behind() const;
  [[nodiscard]] Diagnostic told(const Code& code, Span span, std::string message, std::string help,
                                std::optional<Edit> edit = std::nullopt) const;
};

inline std::string lower(std::string_view word) {
  std::string out(word);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/// Whether it is one of these words.
inline bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

inline std::uint32_t offset(std::size_t at) { return static_cast<std::uint32_t>(at); }

// The name that begins at `at`, with its dots.
inline Span path_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() &&
         (word_char(text[end]) || (text[end] == '.' && end + 1 < text.size() && word_char(text[end + 1]))))
    ++end;
  return {offset(at), offset(end)};
}

inline std::string shown(const Mistake& mistake, Span span) {
  return std::string(mistake.text.substr(span.begin, span.end - span.begin));
}

/// A bracket, brace or quote that is open.
struct Open {
  char sign;  ///< `{ [ (`, `"` for a text, `h` for a hole in it
  std::size_t at;
};
/// What is open at `end`, the innermost last; an unindented word closes everything.
std::vector<Open> open_at(std::string_view text, std::size_t end);
/// The place behind the bracket that closes the one at `open`, on its line; nothing when it does not close there.
std::optional<std::size_t> closed_at(std::string_view text, std::size_t open);

std::optional<Diagnostic> number_mistake(const Mistake& mistake);   ///< numbers, durations and their units
std::optional<Diagnostic> missing_sign(const Mistake& mistake);     ///< a comma, a colon, a bracket
std::optional<Diagnostic> surplus_sign(const Mistake& mistake);     ///< one too many
Diagnostic half_name(const Mistake& mistake);                       ///< `crm.`: the token is the last `.`
std::optional<Diagnostic> foreign_step(const Mistake& mistake);     ///< steps as other languages write them
std::optional<Diagnostic> foreign_table(const Mistake& mistake);    ///< rows of tables
std::optional<Diagnostic> foreign_comment(const Mistake& mistake);  ///< comments of other languages
std::optional<Diagnostic> misspelt(const Mistake& mistake);         ///< words that are nearly right, quotes left out
std::optional<Diagnostic> foreign_value(const Mistake& mistake);    ///< what stands where a value or an operator does

}  // namespace pipewright::dsl
