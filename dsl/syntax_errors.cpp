#include "dsl/syntax_errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <span>
#include <vector>

#include "base/text.hpp"
#include "dsl/codes.hpp"
#include "dsl/plan.hpp"
#include "dsl/syntax_mistakes.hpp"

namespace pipewright::dsl {
namespace {

std::optional<Diagnostic> sign_mistake(const SyntaxError& error, std::string_view text, Span token, SourceId id) {
  const std::string_view sign = text.substr(token.begin, token.end - token.begin);
  const std::string_view expected = error.expected;
  if (sign == "=" && expected.find("->") != std::string_view::npos) {
    return at_token(codes::foreign_word, id, token, "`=` compares nothing", "write `==` to compare", "==");
  }
  if (sign == "=" && expected.find("field") != std::string_view::npos) {
    return at_token(codes::foreign_word, id, token, "a field and its value are separated by `:`", "write `:`", ":");
  }
  if (sign == "==" && expected == "`=`")
    return at_token(codes::foreign_word, id, token, "`let` takes one `=`", "write `=`", "=");
  if (sign == ":" && expected == "`=`")
    return at_token(codes::foreign_word, id, token, "`let` takes `=`", "write `=`", "=");
  const char before = token.begin > 0 ? text[token.begin - 1] : ' ';
  if (sign == ">" && before == '<') {
    return at_token(codes::foreign_word, id, {token.begin - 1, token.end}, "`<>` is written `!=` here", "write `!=`",
                    "!=");
  }
  if (sign.starts_with('=') && before == '=') {
    return at_token(codes::foreign_word, id, {token.begin - 2, token.end}, "`===` is written `==` here", "write `==`",
                    "==");
  }
  if (sign == "?" && token.end < text.size() && text[token.end] == '.') {
    return at_token(codes::foreign_word, id, token, "a path through null is null by itself", "leave the `?` out", "");
  }
  if (sign == "?" && token.end < text.size() && text[token.end] == ':')
    return at_token(codes::foreign_word, id, {token.begin, token.end + 1}, "`?:` is written `??` here", "write `??`",
                    "??");
  const std::string_view rest = text.substr(token.end, std::min(text.find('\n', token.end), text.size()) - token.end);
  if (sign == "?" && rest.find(':') == std::string_view::npos)
    return at_token(codes::foreign_word, id, token, "what stands in for null is written `??`", "write `??`", "??");
  if (sign == "^" || sign == "~" || sign == "@")
    return at_token(codes::foreign_word, id, token, fmt::format("`{}` is no sign of the language", sign),
                    "leave it out");
  if (sign == "?") {
    return at_token(codes::foreign_word, id, token, "`? :` is written `if … then … else …` here",
                    "write `if CONDITION then … else …`");
  }
  if (expected.starts_with("an escape")) {
    const auto end = static_cast<std::uint32_t>(std::min<std::size_t>(
        token.begin + 1 +
            utf8_length(static_cast<unsigned char>(text[std::min<std::size_t>(token.begin + 1, text.size() - 1)])),
        text.size()));
    return at_token(codes::bad_literal, id, {token.begin, end}, "this is no escape of a text",
                    "there are \\n \\t \\\" \\\\ \\{ \\}; a backslash itself is written `\\\\`");
  }
  static constexpr std::string_view comparisons[] = {"<", ">", "<=", ">=", "==", "!="};
  if (std::find(std::begin(comparisons), std::end(comparisons), sign) != std::end(comparisons)) {
    return at_token(codes::chained_comparison, id, token, "comparisons do not chain", "join two of them with `and`");
  }
  if (sign == "!") return at_token(codes::foreign_word, id, token, "`!` is written `not` here", "write `not`", "not ");
  return std::nullopt;
}

// `"text”`: the closing quote is there, but is another one; those that close a quote in the text are part of it.
std::optional<Diagnostic> other_quote(std::string_view text, std::size_t offset, SourceId id) {
  const auto open = open_at(text, offset);
  if (open.empty() || open.back().sign != '"') return std::nullopt;
  const std::string_view written = text.substr(open.back().at + 1, offset - open.back().at - 1);
  struct Closing {
    std::string_view quote;
    std::string_view partner;
  };
  for (const auto& [quote, partner] : {Closing{"”", "“"}, Closing{"“", "„"}, Closing{"»", "«"}}) {
    const std::size_t found = written.find(quote);
    if (found == std::string_view::npos || written.substr(0, found).find(partner) != std::string_view::npos) continue;
    if (quote == "“" && written.find("”", found) != std::string_view::npos) continue;  // it opens
    const auto begin = static_cast<std::uint32_t>(open.back().at + 1 + found);
    return at_token(codes::foreign_word, id, {begin, static_cast<std::uint32_t>(begin + quote.size())},
                    "a typographic quote ends no text", "write a plain \"", "\"");
  }
  return std::nullopt;
}

std::optional<Diagnostic> unfinished(const SyntaxError& error, std::string_view text, SourceId id) {
  if (std::string_view(error.expected).find("end of the text") == std::string_view::npos) return std::nullopt;
  if (auto diagnostic = other_quote(text, error.offset, id)) return diagnostic;
  if (error.offset < text.size() && text[error.offset] == '}') {
    const Span brace{error.offset, error.offset + 1};
    const auto open = open_at(text, error.offset);
    if (open.size() > 1 && open[open.size() - 2].sign == 'h') {  // a text in a hole of another
      Diagnostic diagnostic = at_token(codes::unfinished_text, id, brace, "`\"` is missing before `}`",
                                       "close the text in the hole with `\"`");
      diagnostic.edit = Edit{{brace.begin, brace.begin}, "\""};
      return diagnostic;
    }
    return at_token(codes::unfinished_text, id, brace, "`}` in a text closes no hole", "write `\\}`", "\\}");
  }
  const std::string_view before = line_before(text, error.offset);
  std::size_t open = before.size();
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] == '"' && (i == 0 || before[i - 1] != '\\')) open = i;
  }
  const auto begin = static_cast<std::uint32_t>(error.offset - before.size() + open);
  return at_token(codes::unfinished_text, id, {begin, error.offset}, "this text does not end on its line",
                  "close it with `\"`; a line end is written `\\n`");
}

// `(`, `[` and `.` touch the word before them.
std::optional<Diagnostic> loose_sign(std::string_view text, Span token, SourceId id) {
  const char sign = text[token.begin];
  if (sign != '(' && sign != '[' && sign != '.') return std::nullopt;
  std::size_t word = token.begin;
  while (word > 0 && (text[word - 1] == ' ' || text[word - 1] == '\t')) --word;
  if (word == token.begin || word == 0 || !word_char(text[word - 1])) return std::nullopt;
  Diagnostic diagnostic =
      at_token(codes::syntax, id, token, fmt::format("`{}` touches the word before it", sign), "leave out the space");
  diagnostic.edit = Edit{{static_cast<std::uint32_t>(word), token.begin}, ""};
  return diagnostic;
}

bool is_step_part(std::string_view word) {
  static constexpr std::string_view words[] = {"by",    "only",         "initially",     "as",
                                               "else",  "at_most_once", "at_least_once", "every",
                                               "since", "of",           "once",          "twice"};
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

// `"order" order.id`: what belongs into the text as a hole.
std::optional<Diagnostic> value_after_text(const SyntaxError& error, std::string_view text, Span token, SourceId id) {
  const char found = text[token.begin];
  const std::string_view before = line_before(text, token.begin);
  const std::size_t last = before.find_last_not_of(" \t");
  if (last == std::string_view::npos || before[last] != '"' || (!word_char(found) && found != '"')) return std::nullopt;
  if (trimmed(before).size() > 1 && std::string_view(error.expected).find("the row's value") != std::string_view::npos)
    return std::nullopt;  // a key of a table: a comma is missing
  if (found == '"' && before.ends_with("\"\"")) {
    return at_token(codes::unfinished_text, id, {token.begin - 2, token.begin + 1}, "a text ends on its line",
                    "write one text, with `\\n` where its lines end");
  }
  std::size_t end = token.end;
  while (end < text.size() && (word_char(text[end]) || text[end] == '.')) ++end;
  const std::size_t next = text.find_first_not_of(" \t", end);
  if (next != std::string_view::npos && text[next] == ':') return std::nullopt;  // the next field: a comma is missing
  if (is_step_part(text.substr(token.begin, token.end - token.begin))) return std::nullopt;
  const Span span{token.begin, static_cast<std::uint32_t>(end)};
  const std::string value(text.substr(span.begin, span.end - span.begin));
  Diagnostic diagnostic = at_token(codes::syntax, id, span, "no value follows a text",
                                   found == '"' ? std::string("write one text")
                                                : fmt::format("put it into the text, as a hole: \"… {{{}}}\"", value));
  const char next_sign = next == std::string_view::npos ? '\n' : text[next];
  if (found != '"' && std::string_view("\r\n#},-]").find(next_sign) != std::string_view::npos) {
    const auto quote = static_cast<std::uint32_t>(token.begin - before.size() + last);
    diagnostic.edit = Edit{{quote, span.end}, fmt::format(" {{{}}}\"", value)};
  }
  return diagnostic;
}

constexpr std::string_view step_words[] = {"where", "let", "when", "each"};

bool one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string lower(std::string_view word) {
  std::string out(word);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// A step of one word that is none.
Diagnostic lone_word(const std::string& step, Span at, SourceId id) {
  if (one_of(lower(step), step_words)) {
    return at_token(codes::foreign_word, id, at, fmt::format("`{}` is written in small letters", step),
                    fmt::format("write `{}`", lower(step)), lower(step));
  }
  Diagnostic diagnostic = at_token(codes::unknown_node, id, at, fmt::format("`{}` is no step and no node", step),
                                   "a step is `where`, `let`, `when`, `each` or a node such as `crm.order`");
  if (const auto near = closest(step, {"where", "let", "when", "each"})) {
    diagnostic.help = fmt::format("did you mean `{}`?", *near);
    diagnostic.edit = Edit{at, *near};
  }
  return diagnostic;
}

// `log.info order.id`: `token` is the sign behind the value's first word.
Diagnostic value_after_node(std::string_view text, Span token, SourceId id) {
  std::size_t from = token.begin;
  while (from > 0 && word_char(text[from - 1])) --from;
  const Span value{static_cast<std::uint32_t>(from), token.begin};
  std::size_t end = std::min(text.find_first_of(" \t\r\n}([", token.begin), text.size());
  while (end < text.size() && (text[end] == '(' || text[end] == '[' || text[end] == '.')) {
    const auto closed = text[end] == '.' ? std::nullopt : closed_at(text, end);
    end = std::min(text.find_first_of(" \t\r\n}([", closed.value_or(end + 1)), text.size());
  }
  const std::string mended = fmt::format("\"{{{}}}\"", text.substr(from, end - from));
  Diagnostic diagnostic = at_token(codes::syntax, id, value,
                                   fmt::format("`{}` is no verb: after a node stands a verb or a text in quotes",
                                               text.substr(value.begin, value.end - value.begin)),
                                   fmt::format("write a text with a hole: {}", mended));
  const std::size_t next = text.find_first_not_of(" \t", end);
  if (next == std::string_view::npos || text[next] == '\n' || text[next] == '\r' || text[next] == '-')
    diagnostic.edit = Edit{{static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(end)}, mended};
  return diagnostic;
}

// The statements whose word is being typed: `ta`, `pipel`.
std::vector<std::string> statements_begun(const std::string& word) {
  std::vector<std::string> found;
  for (const char* each : {"import", "let", "table", "pipeline", "on", "test"}) {
    if (!word.empty() && std::string_view(each).starts_with(word)) found.emplace_back(each);
  }
  return found;
}

std::optional<Diagnostic> statement_mistake(std::string_view text, Span token, SourceId id);

std::optional<Diagnostic> missing_arrow(const std::string& word, std::string_view text, Span token, SourceId id) {
  const bool begins_line = trimmed(line_before(text, token.begin)).empty();
  const std::size_t behind = text.find_first_not_of(" \t", token.end);
  const bool field = behind != std::string_view::npos && text[behind] == ':';
  const std::size_t next_line = text.find_first_not_of(" \t\r\n", token.end);
  const std::string_view then = next_line == std::string_view::npos ? std::string_view() : text.substr(next_line);
  const bool head = line_before(text, token.begin).size() < 2 && (then.starts_with("on ") || then.starts_with('{'));
  if (line_before(text, token.begin).empty() && !statements_begun(word).empty() &&
      trimmed(text.substr(token.end)).empty())
    return statement_mistake(text, token, id);
  if (word_char(word.empty() ? ' ' : word[0]) && begins_line && !field && !head) {
    return at_token(codes::syntax, id, token, fmt::format("`->` is missing before `{}`", word),
                    fmt::format("write `-> {}`", word), "-> " + word);
  }
  return std::nullopt;
}

// What people write where a step ends or should begin.
std::optional<Diagnostic> step_mistake(const SyntaxError& error, std::string_view text, Span token, SourceId id) {
  const std::string_view expected = error.expected;
  const std::string word(text.substr(token.begin, token.end - token.begin));
  if (expected.starts_with("a step:") && word == "if") {
    return at_token(codes::foreign_word, id, token, "`if` chooses between values; steps are chosen with `when`",
                    "write `when`", "when");
  }
  if (expected.starts_with("`{` and a chain") && word == "if" &&
      trimmed(line_before(text, token.begin)).ends_with("else")) {
    return at_token(codes::foreign_word, id, token, "`else if` is written `else when` here", "write `else when`",
                    "when");
  }
  if (!expected.ends_with("the next step")) return std::nullopt;
  const std::size_t arrow = token.begin == 0 ? std::string_view::npos : text.rfind("->", token.begin - 1);
  if (arrow == std::string_view::npos) return std::nullopt;
  const std::size_t begin = text.find_first_not_of(" \t\r\n", arrow + 2);
  if (begin == std::string_view::npos || begin >= token.begin) return std::nullopt;
  const Span first = token_at(text, begin);
  const std::string step(text.substr(first.begin, first.end - first.begin));
  if (step == "where" && word == "{") {
    return at_token(codes::syntax, id, token,
                    "`where` takes no braces: the steps after it are those that its records go through",
                    "write the next steps behind it with `->`, or `when … { -> … }`");
  }
  const bool single = first.end < text.size() && text[first.end] != '.';
  if (single && !one_of(step, step_words) && word_char(step[0])) return lone_word(step, first, id);
  const bool begins_line = trimmed(line_before(text, token.begin)).empty();
  if (begins_line && (plan::verb_named(word) || (!word.empty() && word[0] == '"'))) {
    return at_token(codes::syntax, id, token,
                    word[0] == '"' ? "a text stands on the line of its node"
                                   : fmt::format("the verb `{}` stands on the line of its node", word),
                    "join the two lines");
  }
  if (word == "{") {
    const std::string line = trimmed(line_before(text, token.begin));
    const bool late = line.find(" as ") != std::string::npos || line.find(" initially ") != std::string::npos;
    if (late && single == false)
      return at_token(codes::syntax, id, token, "the braces stand too late in this step, or twice",
                      "the order is: NODE VERB \"text\" by KEY, only { … } initially { … } as NAME else POLICY");
  }
  if (is_step_part(word)) {
    return at_token(codes::syntax, id, token, fmt::format("`{}` stands too late in this step, or twice", word),
                    "the order is: NODE VERB \"text\" by KEY, only { … } initially { … } as NAME else POLICY");
  }
  const std::string_view between = text.substr(first.end, token.begin - first.end);
  if (!single && (word == "." || word == "[" || word == "(") &&
      between.find_first_of("{}\n\"") == std::string_view::npos && text[token.begin - 1] != ' ') {
    if (word == "." && (token.end == text.size() || !word_char(text[token.end])))
      return half_name({text, error.expected, token, id});
    return value_after_node(text, token, id);
  }
  return missing_arrow(word, text, token, id);
}

// What people begin a line with.
std::optional<Diagnostic> statement_mistake(std::string_view text, Span token, SourceId id) {
  const std::string word(text.substr(token.begin, token.end - token.begin));
  const bool indented = token.begin > 0 && text[token.begin - 1] != '\n';
  const bool path = token.end < text.size() && text[token.end] == '.';
  if (indented && (one_of(word, step_words) || path)) {
    return at_token(codes::syntax, id, token, fmt::format("`->` is missing before `{}`", word),
                    fmt::format("write `-> {}`", word), "-> " + word);
  }
  static constexpr std::string_view words[] = {"import", "let", "table", "pipeline", "on", "test"};
  if (one_of(lower(word), words)) {
    return at_token(codes::foreign_word, id, token, fmt::format("`{}` is written in small letters", word),
                    fmt::format("write `{}`", lower(word)), lower(word));
  }
  if (lower(word) == "from")
    return at_token(codes::foreign_word, id, token, fmt::format("`{}` begins no pipeline", word), "write `on`", "on");
  Diagnostic diagnostic = at_token(codes::syntax, id, token, fmt::format("`{}` begins no statement", word));
  auto near = closest(word, {"import", "let", "table", "pipeline", "on", "test"});
  if (const auto begun = statements_begun(word); !near && word.size() > 1 && begun.size() == 1) near = begun.front();
  if (near) {
    diagnostic.help = fmt::format("did you mean `{}`?", *near);
    diagnostic.edit = Edit{token, *near};
  } else {
    diagnostic.help = "statements begin with `import`, `let`, `table`, `pipeline`, `on` or `test`";
  }
  return diagnostic;
}

// `pipeline on wb.fbs.new`, `pipeline fbs-orders`, `pipeline a` and the source without `on`.
std::optional<Diagnostic> head_mistake(const SyntaxError& error, std::string_view text, Span token, SourceId id) {
  if (std::string_view(error.expected) != "`on` and a source" || token.empty()) return std::nullopt;
  const std::string word(text.substr(token.begin, token.end - token.begin));
  const std::string before = trimmed(line_before(text, token.begin));
  const std::size_t next = text.find_first_not_of(" \t\r\n", token.begin);
  if (next != std::string_view::npos && line_before(text, next).empty() && text.substr(next).starts_with("on ")) {
    const Span on{static_cast<std::uint32_t>(next), static_cast<std::uint32_t>(next + 2)};
    Diagnostic diagnostic =
        at_token(codes::syntax, id, on, "`on` at the beginning of a line begins another pipeline", "indent it");
    diagnostic.edit = Edit{{on.begin, on.begin}, "  "};
    return diagnostic;
  }
  if (before == "pipeline on")
    return at_token(codes::syntax, id, token, "this pipeline has no name",
                    "write `pipeline NAME on …`, or leave out `pipeline`");
  if (word == "{")
    return at_token(codes::foreign_word, id, token, "a pipeline has no braces: its steps follow one another with `->`",
                    "leave them out", "");
  if (word == "-")
    return at_token(codes::syntax, id, token, "names are Latin letters, digits and `_`", "write `_`", "_");
  if (word_char(word[0]))
    return at_token(codes::syntax, id, token, fmt::format("`on` is missing before `{}`", word),
                    fmt::format("write `on {}`", word), "on " + word);
  return std::nullopt;
}

bool is_reserved(std::string_view word) {
  static constexpr std::string_view words[] = {"and", "or",    "not",  "in",    "if",   "then", "else",
                                               "for", "where", "true", "false", "null", "clear"};
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

std::string found_text(std::string_view text, Span token) {
  if (token.empty()) return "the file ends";
  const std::string_view found = text.substr(token.begin, token.end - token.begin);
  if (found == "\n" || found == "\r") return "the line ends";
  return fmt::format("found `{}`", found);
}

// An error behind skipped white space points to the end of what stands before it, when that is on an earlier line.
Span place_of(std::string_view text, Span token) {
  std::size_t at = token.begin;
  while (at > 0 && std::string_view(" \t\r\n").find(text[at - 1]) != std::string_view::npos) --at;
  const bool earlier_line = text.substr(at, token.begin - at).find('\n') != std::string_view::npos;
  if (!token.empty() && !earlier_line && text[token.begin] != '\n' && text[token.begin] != '\r') return token;
  std::size_t begin = at;
  while (begin > 0 && (static_cast<unsigned char>(text[begin - 1]) & 0xC0) == 0x80) --begin;
  if (begin > 0) --begin;
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at)};
}

}  // namespace

Diagnostic explained(const SyntaxError& raised, const Source& source, SourceId id) {
  const std::string_view text = source.text();
  if (auto diagnostic = unfinished(raised, text, id)) return std::move(*diagnostic);
  SyntaxError error = raised;
  while (error.offset < text.size() && (text[error.offset] == ' ' || text[error.offset] == '\t')) ++error.offset;
  const Span token = token_at(text, error.offset);
  if (error.too_deep) {
    return at_token(codes::too_deep, id, token, "nested deeper than 64",
                    std::string("give the inner part a name with `let`"));
  }
  const std::string_view word = text.substr(token.begin, token.end - token.begin);
  const std::string_view expected = error.expected;
  const Mistake mistake{text, expected, token, id};
  if (error.offset < text.size()) {
    if (auto diagnostic = foreign_comment(mistake)) return std::move(*diagnostic);
    if (auto diagnostic = foreign_table(mistake)) return std::move(*diagnostic);
    if (auto diagnostic = foreign_value(mistake)) return std::move(*diagnostic);
    if (auto diagnostic = number_mistake(mistake)) return std::move(*diagnostic);
    if (auto diagnostic = foreign_step(mistake)) return std::move(*diagnostic);
    if (auto diagnostic = misspelt(mistake)) return std::move(*diagnostic);
    if (auto diagnostic = foreign(text, error.offset, id)) return std::move(*diagnostic);
    if (auto diagnostic = odd_letter(text, error.offset, id)) return std::move(*diagnostic);
    if (auto diagnostic = sign_mistake(error, text, token, id)) return std::move(*diagnostic);
    if (auto diagnostic = value_after_text(error, text, token, id)) return std::move(*diagnostic);
    if (auto diagnostic = step_mistake(error, text, token, id)) return std::move(*diagnostic);
    if (auto diagnostic = loose_sign(text, token, id)) return std::move(*diagnostic);
    if (auto diagnostic = head_mistake(error, text, token, id)) return std::move(*diagnostic);
    if (is_reserved(word) && expected.find("name") != std::string_view::npos &&
        expected.find("value") == std::string_view::npos) {
      return at_token(codes::reserved_word, id, token, fmt::format("`{}` is a word of the language and no name", word),
                      std::string("take another name"));
    }
    if (auto diagnostic = surplus_sign(mistake)) return std::move(*diagnostic);
    if (auto diagnostic = missing_sign(mistake)) return std::move(*diagnostic);
    const bool begins_line = trimmed(line_before(text, error.offset)).empty();
    if (expected.find("a statement") != std::string_view::npos && !begins_line) {
      return at_token(codes::syntax, id, token,
                      fmt::format("expected `->` and a step, or the next line, {}", found_text(text, token)));
    }
    if (expected.find("a statement") != std::string_view::npos && word_char(text[error.offset])) {
      return std::move(*statement_mistake(text, token, id));
    }
    if (expected.find("a statement") != std::string_view::npos && text.substr(error.offset).starts_with("--")) {
      return at_token(codes::foreign_word, id, {token.begin, token.begin + 2}, "`--` does not begin a comment",
                      "comments begin with `#`", "#");
    }
  }
  if (error.offset >= text.size()) {
    if (auto diagnostic = missing_sign(mistake)) return std::move(*diagnostic);
  }
  return at_token(codes::syntax, id, place_of(text, token),
                  fmt::format("expected {}, {}", error.expected, found_text(text, token)));
}

std::optional<Diagnostic> encoding_mistake(const Source& source, SourceId id) {
  if (valid_utf8(source.text())) {
    const std::size_t zero = source.text().find('\0');
    if (zero == std::string::npos) return std::nullopt;
    const auto at = static_cast<std::uint32_t>(zero);
    return at_token(codes::bad_character, id, {at, at + 1}, "a zero byte",
                    std::string("is this a text file? UTF-16 has to be saved as UTF-8"));
  }
  std::size_t at = 0;
  const std::string_view text = source.text();
  while (at < text.size()) {
    const std::size_t length = utf8_length(static_cast<unsigned char>(text[at]));
    if (!valid_utf8(text.substr(at, length))) break;
    at += length;
  }
  const auto begin = static_cast<std::uint32_t>(at);
  return at_token(codes::bad_character, id, {begin, begin + 1}, "this byte is not UTF-8",
                  std::string("save the file as UTF-8"));
}

}  // namespace pipewright::dsl
