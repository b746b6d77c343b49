// Words that are nearly right, and what stands where a word or a value is missing.
#include <fmt/format.h>

#include "base/text.hpp"
#include "dsl/syntax_mistakes.hpp"

namespace pipewright::dsl {
namespace {

// The words that the expectation names in backticks.
std::vector<std::string> expected_words(std::string_view expected) {
  std::vector<std::string> words;
  for (std::size_t at = expected.find('`'); at != std::string_view::npos; at = expected.find('`', at + 1)) {
    const std::size_t end = expected.find('`', at + 1);
    if (end == std::string_view::npos) break;
    const std::string word(expected.substr(at + 1, end - at - 1));
    if (std::all_of(word.begin(), word.end(), [](char c) { return word_char(c) || c == ' '; })) words.push_back(word);
    at = end;
  }
  return words;
}

std::optional<Diagnostic> nearly(const Mistake& mistake) {
  const std::string word = mistake.word();
  if (word.size() < 3 || !word_char(word[0])) return std::nullopt;
  std::vector<std::string> words = expected_words(mistake.expected);
  if (mistake.step_ends()) {
    if (mistake.begins_line()) return std::nullopt;
    const bool step = mistake.before().find("->") != std::string_view::npos;
    words = step ? std::vector<std::string>{"by", "only", "initially", "else", "at_most_once", "at_least_once"}
                 : std::vector<std::string>{"every", "since"};
    // `bye external_id {`: what is as short as `by` is asked for more.
    if (step && word.size() == 3 && word.starts_with("by")) words = {word.substr(0, 2)};
    const bool short_by = words.size() == 1;
    if (!short_by && !closest(word, words)) return std::nullopt;
    const std::string near = short_by ? "by" : *closest(word, words);
    return mistake.told(codes::syntax, mistake.token, fmt::format("`{}` has no meaning here", word),
                        fmt::format("did you mean `{}`?", near), Edit{mistake.token, near});
  }
  const auto near = closest(word, words);
  if (!near || *near == word) return std::nullopt;
  return mistake.told(codes::syntax, mistake.token, fmt::format("`{}` has no meaning here", word),
                      fmt::format("did you mean `{}`?", *near), Edit{mistake.token, *near});
}

// `import statuses.pipe`, `log.info hello world`: a text without its quotes.
std::optional<Diagnostic> without_quotes(const Mistake& mistake) {
  const std::string word = mistake.word();
  if (word.empty() || !word_char(word[0])) return std::nullopt;
  const std::string before = trimmed(mistake.before());
  if (mistake.expected == "a text in double quotes" && before == "import") {
    const std::string path = trimmed(std::string(word) + std::string(mistake.behind()));
    if (path.find_first_of(" \"#") != std::string::npos) return std::nullopt;
    const Span span{mistake.token.begin, offset(mistake.token.begin + path.size())};
    return mistake.told(codes::syntax, span, "a file's path stands in quotes", fmt::format("write \"{}\"", path),
                        Edit{span, "\"" + path + "\""});
  }
  const std::size_t node = before.find("log.");
  if (!mistake.step_ends() || mistake.begins_line() || node == std::string::npos || !before.starts_with("->"))
    return std::nullopt;
  const std::size_t space = before.find(' ', node);
  if (space == std::string::npos || before.find_first_of("\"{", space) != std::string::npos) return std::nullopt;
  const std::size_t line = mistake.token.begin - mistake.before().size();
  const auto from =
      offset(mistake.text.find_first_not_of(' ', mistake.text.find(' ', mistake.text.find("log.", line))));
  const std::string behind = trimmed(mistake.behind().substr(0, mistake.behind().find('#')));
  const std::string text =
      std::string(mistake.text.substr(from, mistake.token.end - from)) +
      (behind.empty() ? "" : std::string(mistake.behind().substr(0, mistake.behind().find(behind))) + behind);
  const Span span{from, offset(from + text.size())};
  const bool plain = text.find_first_of("\"{}\\") == std::string::npos;
  return mistake.told(codes::syntax, span, "a text stands in quotes", "write \"…\"",
                      plain ? std::optional(Edit{span, "\"" + text + "\""}) : std::nullopt);
}

// `.5`, `5.`
std::optional<Diagnostic> bare_point(const Mistake& mistake) {
  const std::string_view text = mistake.text;
  const auto digit = [&](std::size_t at) {
    return at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0;
  };
  if (mistake.word() == "." && digit(mistake.token.end) && !mistake.step_ends()) {
    const Span at{mistake.token.begin, mistake.token.begin};
    return mistake.told(codes::bad_literal, mistake.token, "a number begins with a digit", "write `0.…`",
                        Edit{at, "0"});
  }
  const std::uint32_t end = mistake.end_before();
  if (mistake.expected == "a field's name" && end > 1 && text[end - 1] == '.' && digit(end - 2)) {
    const Span point{end - 1, end};
    return mistake.told(codes::bad_literal, point, "no digit follows the point", "leave it out", Edit{point, ""});
  }
  return std::nullopt;
}

}  // namespace

std::optional<Diagnostic> misspelt(const Mistake& mistake) {
  if (auto diagnostic = bare_point(mistake)) return diagnostic;
  if (mistake.token.empty()) return std::nullopt;
  if (auto diagnostic = nearly(mistake)) return diagnostic;
  return without_quotes(mistake);
}

}  // namespace pipewright::dsl
