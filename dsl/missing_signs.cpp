// Commas, colons, brackets and braces: one is missing, or there is one too many.
#include <fmt/format.h>

#include "base/text.hpp"
#include "dsl/syntax_mistakes.hpp"

namespace pipewright::dsl {

bool Mistake::begins_line() const { return trimmed(before()).empty(); }

bool Mistake::step_ends() const {
  return expected.ends_with("the next step") || expects("a statement") || expects("and a step");
}

std::string_view Mistake::behind() const {
  return text.substr(token.end, std::min(text.find('\n', token.end), text.size()) - token.end);
}

namespace {

// Where the code of a line ends, its comment left out; 0 where there is none. A text ends on its line.
std::size_t end_of_code(std::string_view line) {
  std::size_t end = 0;
  std::vector<char> open;  // `"` of texts, `h` of holes in them
  for (std::size_t at = 0; at < line.size(); ++at) {
    const bool in_text = !open.empty() && open.back() == '"';
    const char c = line[at];
    if (c == '#' && !in_text) break;
    if (in_text || std::string_view(" \t\r").find(c) == std::string_view::npos) end = at + 1;
    if (c == '"') {
      if (in_text)
        open.pop_back();
      else
        open.push_back('"');
    } else if (c == '\\' && in_text) {
      ++at;
    } else if (c == '{' && in_text) {
      open.push_back('h');
    } else if (c == '}' && !open.empty() && open.back() == 'h') {
      open.pop_back();
    }
  }
  return std::min(end, line.size());
}

}  // namespace

std::uint32_t Mistake::end_before() const {
  for (std::size_t end = token.begin;;) {
    const std::size_t line = end == 0 ? 0 : text.rfind('\n', end - 1) + 1;
    if (const std::size_t code = end_of_code(text.substr(line, end - line)); code > 0)
      return static_cast<std::uint32_t>(line + code);
    if (line == 0) return 0;
    end = line - 1;
  }
}

Diagnostic Mistake::told(const Code& code, Span span, std::string message, std::string help,
                         std::optional<Edit> edit) const {
  Diagnostic diagnostic = at_token(code, id, span, std::move(message), std::move(help));
  diagnostic.edit = std::move(edit);
  return diagnostic;
}

namespace {

// What is open behind the character at `at`; returns where the next one is.
std::size_t step(std::string_view text, std::size_t at, std::vector<Open>& open) {
  const char c = text[at];
  const char inner = open.empty() ? ' ' : open.back().sign;
  if (inner == '"') {
    if (c == '\\') return at + 2;
    if (c == '"' || c == '\n') open.pop_back();
    if (c == '{') open.push_back({'h', at});
  } else if (c == '#') {
    return std::min(text.find('\n', at), text.size());
  } else if (c == '"' || c == '{' || c == '[' || c == '(') {
    open.push_back({c, at});
  } else if (c == '}' || c == ']' || c == ')') {
    const char opening = c == '}' ? '{' : c == ']' ? '[' : '(';
    if (inner == opening || (inner == 'h' && c == '}')) open.pop_back();
  }
  return at + 1;
}

}  // namespace

std::vector<Open> open_at(std::string_view text, std::size_t end) {
  std::vector<Open> open;
  end = std::min(end, text.size());
  std::size_t begin = end;
  do {
    begin = begin == 0 ? 0 : text.rfind('\n', begin - 1) + 1;
    if (begin == 0 || (begin < end && std::isalpha(static_cast<unsigned char>(text[begin])) != 0)) break;
    --begin;
  } while (begin > 0);
  for (std::size_t at = begin; at < end;) at = step(text, at, open);
  return open;
}

std::optional<std::size_t> closed_at(std::string_view text, std::size_t open) {
  std::vector<Open> inner = {{text[open], open}};
  for (std::size_t at = open + 1; at < text.size() && text[at] != '\n';) {
    at = step(text, at, inner);
    if (inner.empty()) return at;
  }
  return std::nullopt;
}

namespace {

bool value_begins(const Mistake& mistake) {
  if (mistake.token.empty()) return false;
  const char c = mistake.text[mistake.token.begin];
  return word_char(c) || c == '"';
}

// A comma that was left out stands behind what came before.
Diagnostic comma(const Mistake& mistake, std::string help) {
  const std::uint32_t end = mistake.end_before();
  return mistake.told(codes::missing_separator, mistake.token,
                      fmt::format("`,` is missing before `{}`", mistake.word()), std::move(help),
                      Edit{{end, end}, ","});
}

std::optional<Diagnostic> missing_comma(const Mistake& mistake) {
  if (!value_begins(mistake)) return std::nullopt;
  const std::string word = mistake.word();
  if (mistake.expects("`,` or `}`")) {
    Diagnostic diagnostic = comma(mistake, "put a comma between the fields");
    diagnostic.message = fmt::format("`,` or a line end is missing before `{}`", word);
    return diagnostic;
  }
  if (mistake.expected == "`,` or `]`") return comma(mistake, "put a comma between the values");
  const auto open = open_at(mistake.text, mistake.token.begin);
  const bool in_call =
      !open.empty() && open.back().sign == '(' && open.back().at > 0 && word_char(mistake.text[open.back().at - 1]);
  if (mistake.expected == "`)`" && in_call) return comma(mistake, "put a comma between the arguments");
  if (mistake.expects("the row's value") && (word[0] == '"' || std::isdigit(static_cast<unsigned char>(word[0])) != 0))
    return comma(mistake, "put a comma between the keys of a row");
  if (!mistake.step_ends() || !open.empty()) return std::nullopt;
  const std::string line = trimmed(mistake.before());
  if ((line.starts_with("on ") || line.find(" on ") != std::string::npos) && mistake.behind().starts_with('.') &&
      line.find("->") == std::string::npos && line.find('.') != std::string::npos)
    return comma(mistake, "put a comma between the sources");
  const std::size_t by = line.rfind(" by ");
  if (by != std::string::npos && line.find_first_of("{\"", by) == std::string::npos &&
      trimmed(line.substr(by + 4))
              .find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_, ") ==
          std::string::npos &&
      trimmed(mistake.behind()).starts_with('{'))
    return comma(mistake, "put a comma between the keys");
  return std::nullopt;
}

// `table NAME {`
bool is_table(std::string_view text, std::size_t brace) {
  const std::string_view before = text.substr(0, brace).substr(text.rfind('\n', brace) + 1);
  return before.starts_with("table ") && before.find_first_of("{\"#") == std::string_view::npos;
}

// `{ number: "1" initially { … }`, a record that was not closed before the next item of a test: the braces go on where
// something else begins.
std::optional<Diagnostic> missing_brace(const Mistake& mistake) {
  const std::string word = mistake.word();
  const auto open = open_at(mistake.text, mistake.token.begin);
  if (open.empty() || open.back().sign != '{') return std::nullopt;
  if (word == "else" && is_table(mistake.text, open.back().at)) return comma(mistake, "put a comma between the rows");
  if (!mistake.expects("a field, as") && !mistake.expects("`,` or `}` after the field")) return std::nullopt;
  const std::string behind = trimmed(mistake.behind());
  const bool item = one_of(word, {"given", "expect"}) && mistake.begins_line() && open.size() > 1;
  const bool part = one_of(word, {"initially", "else", "at_most_once", "at_least_once", "as"});
  if (!item && !part) return std::nullopt;
  if (behind.starts_with(':') || behind.starts_with(',') || behind.starts_with('}') ||
      (behind.empty() && !word.starts_with("at_")))
    return std::nullopt;
  const std::uint32_t end = mistake.end_before();
  const auto at = static_cast<std::uint32_t>(open.back().at);
  Diagnostic diagnostic = mistake.told(codes::syntax, mistake.token, fmt::format("`}}` is missing before `{}`", word),
                                       "close it with `}`", Edit{{end, end}, " }"});
  diagnostic.labels.push_back({mistake.id, {at, at + 1}, "opened here"});
  return diagnostic;
}

// A word of the language is missing before what stands there: `by`, `else`, `pipeline`, an operator.
std::optional<Diagnostic> missing_word(const Mistake& mistake) {
  const std::string word = mistake.word();
  if (mistake.token.empty() || word == "\n" || word == "\r") return std::nullopt;
  const auto missing = [&](std::string_view what, bool mechanical = true) {
    const Span at{mistake.token.begin, mistake.token.begin};
    return mistake.told(codes::syntax, mistake.token,
                        fmt::format("`{}` is missing before `{}`", what, word.starts_with('"') ? "\"" : word),
                        fmt::format("write `{} {}`", what, word.starts_with('"') ? "\"…\"" : word),
                        mechanical ? std::optional(Edit{at, std::string(what) + " "}) : std::nullopt);
  };
  const std::string before = trimmed(mistake.before());
  const std::string behind = trimmed(mistake.behind());
  const bool column_one = mistake.begins_line() && mistake.before().size() < 2;
  if (column_one && mistake.step_ends() && (word_char(word[0]) || word[0] == '"')) {
    const std::size_t next = mistake.text.find_first_not_of(" \t\r\n", mistake.token.end);
    const std::string_view rest = next == std::string_view::npos ? std::string_view() : mistake.text.substr(next);
    if (word[0] == '"' && rest.starts_with("of ")) return missing("test");
    if (word_char(word[0]) && rest.starts_with("on ")) return missing("pipeline");
    if (word_char(word[0]) && rest.starts_with('{')) return missing("table");
  }
  if (mistake.step_ends() && !mistake.begins_line()) {
    const std::size_t last = before.find_last_of(' ');
    const std::string previous = last == std::string::npos ? before : before.substr(last + 1);
    const bool verb = one_of(previous, {"create", "find", "update", "upsert", "ensure", "set"});
    if (verb && word_char(word[0]) && (behind.empty() || behind.starts_with('{') || behind.starts_with(',')))
      return missing("by");
    if (one_of(word, {"skip", "fail"})) return missing("else");
  }
  // `where order.price 100`
  const std::string_view line = mistake.before();
  const bool condition = line.find("where ") != std::string_view::npos || line.find("when ") != std::string_view::npos;
  const bool value = word_char(word[0]) || word[0] == '"';
  if ((mistake.step_ends() || mistake.expects("`{` and a chain")) && condition && value && !mistake.begins_line() &&
      !before.ends_with("when") && !before.ends_with("where"))
    return at_token(codes::syntax, mistake.id, mistake.token,
                    fmt::format("a comparison, `and` or `or` is missing before `{}`", word));
  if (mistake.expects("`given`, `expect`") && value) return missing("given", false);
  return std::nullopt;
}

// An editor indents what is written behind a forgotten brace: `pipeline NAME` and `on SOURCE` as entries of a record.
std::optional<Diagnostic> pipeline_in_braces(const Mistake& mistake) {
  const std::string word = mistake.word();
  if (!mistake.begins_line() || (word != "pipeline" && word != "on")) return std::nullopt;
  const std::string head = word == "on" ? trimmed(line_before(mistake.text, mistake.end_before()))
                                        : trimmed(word + std::string(mistake.behind()));
  const std::size_t source =
      word == "on" ? mistake.token.begin
                   : mistake.text.find_first_not_of(" \t\r\n", mistake.token.end + mistake.behind().size());
  if (!head.starts_with("pipeline ") || !std::all_of(head.begin() + 9, head.end(), word_char) ||
      source == std::string_view::npos || !mistake.text.substr(source).starts_with("on "))
    return std::nullopt;
  const auto open = open_at(mistake.text, mistake.token.begin);
  if (open.empty() || open.back().sign != '{') return std::nullopt;
  const std::uint32_t end = mistake.end_before();
  Diagnostic diagnostic = mistake.told(codes::syntax, mistake.token, "`}` is missing before `pipeline`",
                                       "close the braces with `}`", Edit{{end, end}, " }"});
  diagnostic.labels.push_back({mistake.id, {offset(open.back().at), offset(open.back().at + 1)}, "opened here"});
  return diagnostic;
}

std::optional<Diagnostic> missing_colon(const Mistake& mistake) {
  if (!mistake.expects("a field, as") || mistake.token.empty() || !word_char(mistake.text[mistake.token.begin]))
    return std::nullopt;
  if (auto diagnostic = pipeline_in_braces(mistake)) return diagnostic;
  const std::string word = mistake.word();
  const std::string_view behind = mistake.behind();
  const std::size_t next = behind.find_first_not_of(" \t");
  if (next == std::string_view::npos || behind[next] == '\r') return std::nullopt;
  const auto sign_at = static_cast<std::uint32_t>(mistake.token.end + next);
  if (behind[next] == '=') {
    const Span sign = token_at(mistake.text, sign_at);
    return mistake.told(codes::foreign_word, sign, "a field and its value are separated by `:`", "write `:`",
                        Edit{{mistake.token.end, sign.end}, ":"});
  }
  if (behind[next] == '-' && next == 0) {
    std::size_t end = 1;
    while (end < behind.size() && (word_char(behind[end]) || behind[end] == '-')) ++end;
    if (trimmed(behind.substr(end)).starts_with(':')) {
      const Span span{mistake.token.begin, static_cast<std::uint32_t>(mistake.token.end + end)};
      std::string mended(mistake.text.substr(span.begin, span.end - span.begin));
      const std::string quoted = "\"" + mended + "\"";
      std::replace(mended.begin(), mended.end(), '-', '_');
      return mistake.told(
          codes::syntax, span, "names are Latin letters, digits and `_`",
          fmt::format("write `{}`; a field that really has a dash stands in quotes: {}", mended, quoted),
          Edit{span, mended});
    }
  }
  // Two plain words may be two fields without values, and the comma is missing.
  std::size_t end = next;
  while (end < behind.size() && word_char(behind[end])) ++end;
  const bool plain = end > next && std::isdigit(static_cast<unsigned char>(behind[next])) == 0 &&
                     (end == behind.size() || std::string_view(" \t,}#\r").find(behind[end]) != std::string_view::npos);
  const bool begins = word_char(behind[next]) || std::string_view("\"[{").find(behind[next]) != std::string_view::npos;
  return mistake.told(
      codes::missing_separator, mistake.token, fmt::format("`:` is missing after `{}`", word),
      fmt::format("write `{}: …`", word),
      begins && !plain ? std::optional(Edit{{mistake.token.end, mistake.token.end}, ":"}) : std::nullopt);
}

// The bracket that is open, and what should close it.
std::optional<Diagnostic> missing_closing(const Mistake& mistake) {
  const auto open = open_at(mistake.text, mistake.token.begin);
  if (open.empty() || open.back().sign == '"') return std::nullopt;
  const char sign = open.back().sign == '(' ? ')' : open.back().sign == '[' ? ']' : '}';
  const std::string word = mistake.word();
  const bool ends = mistake.token.empty() || word == "\n" || word == "\r";
  // A line end in brackets separates: what is missing there is no value.
  const std::uint32_t end = mistake.end_before();
  const bool value_before =
      end > 0 && (word_char(mistake.text[end - 1]) ||
                  std::string_view("\"}])").find(mistake.text[end - 1]) != std::string_view::npos);
  const bool list_goes_on = sign == ']' && mistake.expects("an expression") && value_before;
  const bool other = (open.back().sign == 'h' && word.starts_with('"')) || word == "}" || word == ")" || word == "]" ||
                     word == "->" || word == "{";
  const bool wanted = list_goes_on || mistake.expected.starts_with(fmt::format("`{}`", sign)) ||
                      mistake.expects(fmt::format("or `{}`", sign)) ||
                      (sign == '}' && ends && !mistake.expects("a name") && !mistake.expects("`->` and"));
  // At the end of a line more may come, but not where nothing comes any more.
  const std::size_t next = mistake.text.find_first_not_of(" \t\r\n", mistake.token.begin);
  const bool last = next == std::string_view::npos || (next > 0 && mistake.text[next - 1] == '\n');
  if (!wanted || (!other && !(ends && last)) || (word[0] == sign && !ends)) return std::nullopt;
  std::size_t begin = end;
  while (begin > 0 && (static_cast<unsigned char>(mistake.text[begin - 1]) & 0xC0) == 0x80) --begin;
  if (begin > 0) --begin;
  const std::string added = std::string(sign == '}' && open.back().sign != 'h' ? " " : "") + sign;
  Diagnostic diagnostic = mistake.told(
      codes::syntax, ends ? Span{static_cast<std::uint32_t>(begin), end} : mistake.token,
      ends ? fmt::format("`{}` is missing at the end", sign)
           : fmt::format("`{}` is missing before `{}`", sign, word.starts_with('"') ? "\"" : word),
      open.back().sign == 'h' ? std::string("close the hole with `}`; a brace of the text is written `\\{`")
                              : fmt::format("close it with `{}`", sign),
      Edit{{end, end}, added});
  const auto at = static_cast<std::uint32_t>(open.back().at);
  diagnostic.labels.push_back({mistake.id, {at, at + 1}, "opened here"});
  return diagnostic;
}

// `crm.order upsert by external_id` and the fields on lines below, without `{`.
std::optional<Diagnostic> missing_opening(const Mistake& mistake) {
  const std::uint32_t before = mistake.end_before();
  const std::size_t line = before == 0 ? std::string_view::npos : mistake.text.rfind('\n', before - 1);
  const std::string_view head = mistake.text.substr(line == std::string_view::npos ? 0 : line + 1);
  if (mistake.expected == "`{`" && !mistake.token.empty() &&
      (head.starts_with("table ") || head.starts_with("test "))) {
    const std::uint32_t end = mistake.end_before();
    return mistake.told(codes::syntax, mistake.token, fmt::format("`{{` is missing before `{}`", mistake.word()),
                        "what a table or a test holds stands in braces", Edit{{end, end}, " {"});
  }
  if (!mistake.step_ends() || mistake.token.empty() || !word_char(mistake.text[mistake.token.begin]))
    return std::nullopt;
  const std::string_view behind = mistake.behind();
  if (!trimmed(behind).starts_with(':') || behind.starts_with("::")) return std::nullopt;
  const Span at{mistake.token.begin, mistake.token.begin};
  return mistake.told(codes::syntax, mistake.token,
                      fmt::format("`{{` is missing before the field `{}`", mistake.word()),
                      "fields stand in braces: `{ name: value }`", Edit{at, "{ "});
}

// A colon that ends a name where a value, or a brace before the name, was to come.
std::optional<Diagnostic> value_before_colon(const Mistake& mistake) {
  const std::string word = mistake.word();
  // The next field's name was taken for the value.
  if (word == ":" && mistake.expects("`,` or `}` after the field")) {
    std::size_t name = mistake.token.begin;
    while (name > 0 && (word_char(mistake.text[name - 1]) || mistake.text[name - 1] == ' ')) --name;
    Mistake earlier = mistake;
    earlier.token = {static_cast<std::uint32_t>(name), static_cast<std::uint32_t>(name)};
    const std::uint32_t end = earlier.end_before();
    std::size_t begin = end;
    while (begin > 0 && std::string_view(" \t\n").find(mistake.text[begin - 1]) == std::string_view::npos) --begin;
    const std::string last(mistake.text.substr(begin, end - begin));
    const bool value_before = !last.empty() && (word_char(last.back()) ||
                                                std::string_view("\"}])").find(last.back()) != std::string_view::npos);
    if (!last.empty() && !value_before)
      return at_token(codes::syntax, mistake.id, {static_cast<std::uint32_t>(begin), end},
                      fmt::format("a value is missing after `{}`", last));
  }
  if (mistake.expected == "`,` or `]`" && word == ":") {
    std::uint32_t name = mistake.token.begin;
    while (name > 0 && word_char(mistake.text[name - 1])) --name;
    return mistake.told(codes::syntax, {name, mistake.token.begin}, "`{` is missing before a field",
                        "fields stand in braces: `{ name: value }`", Edit{{name, name}, "{ "});
  }
  return std::nullopt;
}

// Names, durations, steps, policies.
std::optional<Diagnostic> missing_part(const Mistake& mistake) {
  const std::string word = mistake.word();
  const std::string before = trimmed(mistake.before());
  if (word == "." && mistake.expects("an expression"))
    return at_token(codes::syntax, mistake.id, mistake.token, "a name is missing before `.`");
  if (mistake.expected == "a field's name" && before.ends_with(" by"))
    return at_token(codes::syntax, mistake.id, mistake.token, "`by` is followed by no field");
  if (mistake.expected == "a field's name" && mistake.end_before() > 0 && mistake.text[mistake.end_before() - 1] == '.')
    return at_token(codes::syntax, mistake.id, {mistake.end_before() - 1, mistake.end_before()},
                    "a field's name is missing after `.`");
  if (mistake.expects("a duration") && !(mistake.token.empty()) && !word_char(word[0]) && word[0] != '"')
    return at_token(codes::syntax, mistake.id, mistake.token,
                    fmt::format("a duration is missing after `{}`", before.substr(before.find_last_of(' ') + 1)),
                    "write `30s`, `5m`, `2h` or `7d`");
  const std::string head = trimmed(line_before(mistake.text, mistake.end_before()));
  if (one_of(head, {"pipeline", "table"}) && (mistake.token.empty() || word == "\n" || word == "\r"))
    return at_token(codes::syntax, mistake.id, {mistake.end_before() - offset(head.size()), mistake.end_before()},
                    fmt::format("a name is missing after `{}`", head));
  if (mistake.expects("`on` and a source") && (mistake.token.empty() || word == "->"))
    return at_token(codes::syntax, mistake.id, {mistake.end_before() - 1, mistake.end_before()},
                    "this pipeline has no source", "write `on SOURCE` behind its name, for example `on wb.fbs.new`");
  if (mistake.expects("a statement") && word == "->")
    return at_token(codes::syntax, mistake.id, mistake.token, "a step without a source",
                    "a pipeline begins with `on` and a source, for example `on wb.fbs.new`");
  if (word == "." && mistake.step_ends() && mistake.token.begin > 0 &&
      (mistake.text[mistake.token.begin - 1] == '.' || mistake.behind().starts_with('.')))
    return at_token(codes::syntax, mistake.id, mistake.token, "a word is missing between the dots");
  if (mistake.expects("`skip`, `fail` or `null`"))
    return at_token(codes::syntax, mistake.id, {mistake.end_before() - 4, mistake.end_before()}, "`else` does what?",
                    "write `else skip`, `else fail` or `else null`");
  if (mistake.expects("`{` and a chain") && (word == "\n" || word == "\r")) {
    const std::uint32_t end = mistake.end_before();
    return mistake.told(codes::syntax, {end - 1, end}, "`{` is missing at the end of the line",
                        "steps of a branch stand in braces: `{ -> … }`", Edit{{end, end}, " {"});
  }
  const std::uint32_t arrow = mistake.end_before();
  if (mistake.expected.starts_with("a step:") && arrow > 1 && mistake.text.substr(arrow - 2, 2) == "->")
    return at_token(codes::syntax, mistake.id, {arrow - 2, arrow}, "a step is missing after `->`");
  return std::nullopt;
}

// A value where there is none: `where` alone, `external_id: ,`.
std::optional<Diagnostic> missing_value(const Mistake& mistake) {
  if (auto diagnostic = value_before_colon(mistake)) return diagnostic;
  if (auto diagnostic = missing_part(mistake)) return diagnostic;
  const std::string word = mistake.word();
  if (!mistake.expects("an expression") && !mistake.expects("a value") && !mistake.expects("a condition"))
    return std::nullopt;
  if (one_of(word, {"+", "*", "/", "%", "??", "==", "!=", "<=", ">=", "and", "or"}) && mistake.expects("after"))
    return at_token(codes::syntax, mistake.id, mistake.token, fmt::format("a value is missing before `{}`", word));
  const bool nothing = mistake.token.empty() || word == "\n" || word == "\r" || word == "->" || word == "," ||
                       word == "}" || word == ")" || word == "]";
  if (!nothing) return std::nullopt;
  const std::uint32_t end = mistake.end_before();
  std::size_t begin = end;
  while (begin > 0 && word_char(mistake.text[begin - 1])) --begin;
  if (begin == end) {
    while (begin > 0 && std::string_view(" \t\n").find(mistake.text[begin - 1]) == std::string_view::npos &&
           !word_char(mistake.text[begin - 1]))
      --begin;
  }
  if (begin > 0 && mistake.text[begin] == ':') {
    while (begin > 0 && word_char(mistake.text[begin - 1])) --begin;
  }
  const std::string last(mistake.text.substr(begin, end - begin));
  if (last.empty() || last == "\"") return std::nullopt;
  const char* what = last == "where" || last == "when" || last == "if" || last == "and" || last == "or" || last == "not"
                         ? "a condition"
                         : "a value";
  return at_token(codes::syntax, mistake.id, {static_cast<std::uint32_t>(begin), end},
                  fmt::format("{} is missing after `{}`", what, last));
}

}  // namespace

std::optional<Diagnostic> missing_sign(const Mistake& mistake) {
  if (auto diagnostic = missing_brace(mistake)) return diagnostic;
  if (auto diagnostic = missing_comma(mistake)) return diagnostic;
  if (auto diagnostic = missing_colon(mistake)) return diagnostic;
  if (auto diagnostic = missing_opening(mistake)) return diagnostic;
  if (auto diagnostic = missing_closing(mistake)) return diagnostic;
  if (auto diagnostic = missing_value(mistake)) return diagnostic;
  return missing_word(mistake);
}

Diagnostic half_name(const Mistake& mistake) {
  std::size_t from = mistake.token.begin;
  while (from > 0 && (word_char(mistake.text[from - 1]) || mistake.text[from - 1] == '.')) --from;
  const std::string path(mistake.text.substr(from, mistake.token.begin - from));
  if (path.empty())
    return mistake.told(codes::syntax, mistake.token, "one `.` too many", "leave it out", Edit{mistake.token, ""});
  Diagnostic diagnostic =
      mistake.told(codes::syntax, {offset(from), mistake.token.end}, fmt::format("`{}.` is half a name", path),
                   "go on behind the `.`, or leave it out");
  // `wb.fbs.new.` has one too many; `wb.` is being typed.
  if (std::count(path.begin(), path.end(), '.') > 1) diagnostic.edit = Edit{mistake.token, ""};
  return diagnostic;
}

std::optional<Diagnostic> surplus_sign(const Mistake& mistake) {
  const std::string word = mistake.word();
  const std::string before = trimmed(mistake.text.substr(0, mistake.token.begin));
  if (word == "," && !before.empty() && (before.back() == ',' || before.back() == '{' || before.back() == '[')) {
    return mistake.told(codes::syntax, mistake.token, "one `,` too many", "leave it out", Edit{mistake.token, ""});
  }
  if ((word == "}" || word == ")" || word == "]") && mistake.step_ends())
    return mistake.told(codes::syntax, mistake.token, fmt::format("`{}` closes nothing", word), "leave it out",
                        Edit{mistake.token, ""});
  if (word == "." && mistake.step_ends() && trimmed(mistake.behind()).find_first_not_of("{") == std::string::npos)
    return half_name(mistake);
  // `on wb.fbs.new:`, `on: wb.fbs.new`, `when x: {`
  if (word == ":" && !before.empty() && !mistake.expects("`=`") && !mistake.expects("the row's value") &&
      !mistake.expects("`,`")) {
    const std::size_t first =
        before.find_last_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
    const std::string last = before.substr(first == std::string::npos ? 0 : first + 1);
    const Span span{mistake.end_before(), mistake.token.end};
    return mistake.told(
        codes::foreign_word, mistake.token,
        fmt::format("no `:` stands behind `{}`", last.empty() ? before.substr(before.size() - 1) : last),
        "leave it out", Edit{span, ""});
  }
  return std::nullopt;
}

}  // namespace pipewright::dsl
