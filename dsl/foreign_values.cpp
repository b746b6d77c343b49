// Rows of tables, comments, operators and values as other languages write them.
#include <fmt/format.h>

#include "base/text.hpp"
#include "dsl/syntax_mistakes.hpp"

namespace pipewright::dsl {

std::optional<Diagnostic> foreign_table(const Mistake& mistake) {
  const std::string word = mistake.word();
  const std::string line = trimmed(mistake.before());
  if (mistake.expected == "`{`" && line.starts_with("table ") && (word == "=" || word == ":")) {
    return mistake.told(codes::foreign_word, mistake.token,
                        fmt::format("no `{}` stands between a table and its rows", word), "leave it out",
                        Edit{{mistake.end_before(), mistake.token.end}, ""});
  }
  if (mistake.expects("the row's value")) {
    if (word == ":" || word == "=" || word == "=>" || word == "==") {
      return mistake.told(codes::foreign_word, mistake.token, "a key and its value are separated by `->`", "write `->`",
                          Edit{{mistake.end_before(), mistake.token.end}, " ->"});
    }
    if (word == "|" || word == "||" || word == "or") {
      return mistake.told(codes::foreign_word, mistake.token, "the keys of a row are separated by commas", "write `,`",
                          Edit{{mistake.end_before(), mistake.token.end}, ","});
    }
  }
  if (mistake.expects("a key of the table") && word == "*") {
    const std::size_t arrow = mistake.text.find("->", mistake.token.end);
    const bool row = arrow != std::string_view::npos &&
                     trimmed(mistake.text.substr(mistake.token.end, arrow - mistake.token.end)).empty();
    return mistake.told(codes::foreign_word, mistake.token, "every other key is written `else`", "write `else VALUE`",
                        row ? std::optional(Edit{{mistake.token.begin, offset(arrow + 2)}, "else"}) : std::nullopt);
  }
  if (word == "->" && mistake.expects("an expression") && line.ends_with("else")) {
    return mistake.told(codes::foreign_word, mistake.token, "no `->` stands behind the `else` of a table",
                        "leave it out", Edit{{mistake.end_before(), mistake.token.end}, ""});
  }
  return std::nullopt;
}

std::optional<Diagnostic> foreign_comment(const Mistake& mistake) {
  const std::string_view rest = mistake.text.substr(mistake.token.begin);
  for (const auto& [open, close] : {std::pair<std::string_view, std::string_view>{"/*", "*/"}, {"<!--", "-->"}}) {
    if (!rest.starts_with(open)) continue;
    const std::size_t end = rest.find(close);
    const std::string message = fmt::format("`{}` does not begin a comment", open);
    if (end == std::string_view::npos)
      return mistake.told(codes::foreign_word, {mistake.token.begin, offset(mistake.token.begin + open.size())},
                          message, "comments begin with `#`, each line its own");
    std::string mended;
    const std::string inner(rest.substr(open.size(), end - open.size()));
    for (std::size_t at = 0; at <= inner.size();) {
      const std::size_t line_end = std::min(inner.find('\n', at), inner.size());
      std::string line = trimmed(inner.substr(at, line_end - at));
      while (line.starts_with('*')) line = trimmed(line.substr(1));
      if (!line.empty()) mended += (mended.empty() ? "# " : "\n# ") + line;
      at = line_end + 1;
    }
    const std::string_view behind = rest.substr(end + close.size());
    if (!trimmed(behind.substr(0, behind.find('\n'))).empty()) mended += "\n";
    const Span span{mistake.token.begin, offset(mistake.token.begin + end + close.size())};
    const auto line = std::min(mistake.text.find('\n', span.begin), static_cast<std::size_t>(span.end));
    return mistake.told(codes::foreign_word, {span.begin, offset(line)}, message,
                        "comments begin with `#`, each line its own", Edit{span, mended});
  }
  if (rest.starts_with("--") && mistake.step_ends() && !rest.starts_with("-->")) {
    const Span span{mistake.token.begin, mistake.token.begin + 2};
    return mistake.told(codes::foreign_word, span, "`--` does not begin a comment", "comments begin with `#`",
                        Edit{span, "#"});
  }
  return std::nullopt;
}

namespace {

// `= 0` where a comparison goes on, `!==`, `=<`, `≥`
std::optional<Diagnostic> other_comparison(const Mistake& mistake) {
  const std::string word = mistake.word();
  const std::string_view text = mistake.text;
  const std::uint32_t begin = mistake.token.begin;
  const auto written = [&](Span span, const char* mended) {
    return mistake.told(codes::foreign_word, span,
                        fmt::format("`{}` is written `{}` here", shown(mistake, span), mended),
                        fmt::format("write `{}`", mended), Edit{span, mended});
  };
  if (word == "=" && begin > 1 && text.substr(begin - 2, 2) == "!=") return written({begin - 2, begin + 1}, "!=");
  if (word == "=" && begin + 1 < text.size() && text[begin + 1] == '<') return written({begin, begin + 2}, "<=");
  const auto open = open_at(text, begin);
  const bool compares = mistake.expected.starts_with("`then`") || mistake.expected.starts_with("`)`") ||
                        mistake.expects("`}` after the field") || mistake.expects("`,` or `]`") ||
                        mistake.expected.starts_with("`]`") || mistake.expects("end of the hole") ||
                        (mistake.expects("and a chain") && !mistake.begins_line());
  const std::string line = trimmed(mistake.before());
  const bool item = line.starts_with("given ") || line.starts_with("expect ");
  if (word == "=" && item && !open.empty() && open.back().sign == '{' && line.find('{') == std::string::npos) {
    return mistake.told(codes::foreign_word, mistake.token, "no `=` stands between a node and its record",
                        "leave it out", Edit{{mistake.end_before(), mistake.token.end}, ""});
  }
  if (word == "=" && compares)
    return mistake.told(codes::foreign_word, mistake.token, "`=` compares nothing", "write `==` to compare",
                        Edit{mistake.token, "=="});
  if (word == "=>" && !mistake.begins_line()) {
    const std::string behind = trimmed(mistake.behind());
    if (!behind.empty() && std::isdigit(static_cast<unsigned char>(behind[0])) != 0)
      return written(mistake.token, ">=");
  }
  if (word == "not" && mistake.step_ends() && !mistake.begins_line()) {
    return mistake.told(codes::foreign_word, mistake.token, "`not` compares nothing", "write `!=`",
                        Edit{mistake.token, "!="});
  }
  // `where a, b`
  const std::string step = line.starts_with("->") ? trimmed(line.substr(2)) : "";
  if (word == "," && mistake.step_ends()) {
    if (trimmed(mistake.behind()).empty())
      return mistake.told(codes::syntax, mistake.token, "`,` ends nothing here", "leave it out",
                          Edit{mistake.token, ""});
    const bool digits = !mistake.behind().empty() && std::isdigit(static_cast<unsigned char>(mistake.behind()[0])) != 0;
    if (!digits && (step.starts_with("where ") || step.starts_with("when ")))
      return mistake.told(codes::syntax, mistake.token, "conditions are joined with `and`", "write `and`",
                          Edit{mistake.token, " and"});
  }
  if (word == "->" && mistake.expects("a source such as") && trimmed(mistake.text.substr(0, begin)).ends_with(','))
    return mistake.told(codes::syntax, {mistake.end_before() - 1, mistake.end_before()}, "`,` ends nothing here",
                        "leave it out", Edit{{mistake.end_before() - 1, mistake.end_before()}, ""});
  // `order.comment contains "x"`, `order.price between 1 and 5`
  if (mistake.step_ends() && !mistake.begins_line() &&
      one_of(lower(word),
             {"contains", "like", "startswith", "starts_with", "endswith", "ends_with", "between", "matches"})) {
    std::size_t from = line.size();
    while (from > 0 && (word_char(line[from - 1]) || line[from - 1] == '.')) --from;
    const std::string value = line.substr(from);
    const Span next = token_at(text, std::min(text.find_first_not_of(' ', mistake.token.end), text.size()));
    const std::string argument = shown(mistake, next);
    const std::string name = lower(word) == "startswith" ? "starts_with"
                             : lower(word) == "endswith" ? "ends_with"
                                                         : lower(word);
    const Span span{offset(begin - (mistake.before().size() - mistake.before().rfind(value))), next.end};
    if (name == "between")
      return mistake.told(codes::foreign_word, mistake.token, "`between` is written with two comparisons",
                          fmt::format("write `{0} >= {1} and {0} <= …`", value, argument));
    if (name == "like" || name == "matches")
      return mistake.told(codes::foreign_word, mistake.token, fmt::format("`{}` is no comparison", word),
                          fmt::format("write `contains({}, \"…\")`, `starts_with` or `ends_with`", value));
    const std::string mended = fmt::format("{}({}, {})", name, value, argument);
    return mistake.told(codes::foreign_word, mistake.token, fmt::format("`{}` is a function", name),
                        fmt::format("write `{}`", mended),
                        argument.starts_with('"') && !value.empty() ? std::optional(Edit{span, mended}) : std::nullopt);
  }
  if (word == "&") return written(mistake.token, "and");
  if (word == "|" && !mistake.begins_line()) return written(mistake.token, "or");
  return std::nullopt;
}

// `in (0, 1)`
std::optional<Diagnostic> list_in_parentheses(const Mistake& mistake) {
  if (mistake.expected != "`)`" || mistake.word() != ",") return std::nullopt;
  const auto open = open_at(mistake.text, mistake.token.begin);
  if (open.empty() || open.back().sign != '(' || !trimmed(mistake.text.substr(0, open.back().at)).ends_with(" in"))
    return std::nullopt;
  const auto end = closed_at(mistake.text, open.back().at);
  const Span span{offset(open.back().at), offset(end.value_or(open.back().at + 1))};
  return mistake.told(
      codes::foreign_word, span, "a list stands in brackets", "write `[…]`",
      end ? std::optional(Edit{span, "[" + shown(mistake, {span.begin + 1, span.end - 1}) + "]"}) : std::nullopt);
}

// `"WB-" + order.id`, `"order" order.id`, `"order", order.id` behind a node.
std::optional<Diagnostic> text_parts(const Mistake& mistake) {
  const std::string word = mistake.word();
  const std::string_view before = mistake.before();
  const std::size_t last = before.find_last_not_of(" \t");
  if (last == std::string_view::npos || before[last] != '"' || !mistake.step_ends()) return std::nullopt;
  if (word == "," && trimmed(before).starts_with("import ")) {
    return mistake.told(codes::syntax, mistake.token, "an import names one file",
                        "write `import` once more, on the next line", Edit{mistake.token, "\nimport"});
  }
  const std::size_t open_quote = before.rfind('"', last == 0 ? 0 : last - 1);
  const std::string in_front = open_quote == std::string_view::npos ? "" : trimmed(before.substr(0, open_quote));
  if (word == "," && in_front.ends_with(" in")) {
    const std::size_t line = std::min(mistake.text.find_first_of("\r\n#", mistake.token.begin), mistake.text.size());
    const std::string rest = trimmed(mistake.text.substr(mistake.token.begin, line - mistake.token.begin));
    const Span span{offset(mistake.token.begin - before.size() + open_quote),
                    offset(mistake.token.begin + rest.size())};
    return mistake.told(codes::syntax, span, "a list stands in brackets", "write `[…]`",
                        rest.find("->") == std::string::npos
                            ? std::optional(Edit{span, "[" + shown(mistake, span) + "]"})
                            : std::nullopt);
  }
  if (!in_front.ends_with(".info") && !in_front.ends_with(".warn") && !in_front.ends_with(".append") &&
      !in_front.ends_with(".request") && !in_front.ends_with(" send") && !in_front.ends_with(".message"))
    return std::nullopt;
  const auto quote = offset(mistake.token.begin - before.size() + last);
  const bool plus = word == "+";
  if (!plus && word != "," && word != "&") return std::nullopt;
  std::string mended;
  std::size_t at = mistake.token.begin;
  const std::string_view line = mistake.text.substr(0, std::min(mistake.text.find('\n', at), mistake.text.size()));
  bool whole = true;
  while (whole && at < line.size() && (line[at] == '+' || line[at] == ',' || line[at] == '&')) {
    at = std::min(line.find_first_not_of(" \t", at + 1), line.size());
    const Span part = at < line.size() && line[at] == '"' ? token_at(line, at) : path_at(line, at);
    if (part.empty()) whole = false;
    const std::string piece = shown(mistake, part);
    if (!plus) mended += " ";
    mended += piece.starts_with('"') ? piece.substr(1, piece.size() - 2) : "{" + piece + "}";
    at = std::min(line.find_first_not_of(" \t\r", part.end), line.size());
  }
  whole = whole && (at == line.size() || line[at] == '#' || line[at] == '-');
  while (at > 0 && std::string_view(" \t\r").find(line[at - 1]) != std::string_view::npos) --at;
  return mistake.told(plus ? codes::no_text_sum : codes::syntax, mistake.token,
                      plus ? "`+` does not join texts" : "a node takes one text",
                      "put the values into the text, as holes: \"… {order.id}\"",
                      whole ? std::optional(Edit{{quote, offset(at)}, mended + "\""}) : std::nullopt);
}

// `env:TOKEN`, `${TOKEN}`: secrets of the surroundings.
std::optional<Diagnostic> variable(const Mistake& mistake) {
  const std::string word = mistake.word();
  const std::string help = "keep it in pipewright.toml, in the connection's section: `token = \"env:NAME\"`";
  const std::string_view before = mistake.before();
  if (word == ":" && (before.ends_with("env") || before.ends_with("ENV")))
    return mistake.told(codes::credential, {mistake.token.begin - 3, path_at(mistake.text, mistake.token.end).end},
                        "secrets are not named in a `.pipe` file", help);
  const std::string_view rest = mistake.text.substr(mistake.token.begin);
  if (rest.starts_with("${") && rest.size() > 2 && std::isupper(static_cast<unsigned char>(rest[2])) != 0)
    return mistake.told(
        codes::credential,
        {mistake.token.begin, offset(mistake.token.begin + std::min(rest.find('}'), rest.size() - 1) + 1)},
        "secrets are not named in a `.pipe` file", help);
  return std::nullopt;
}

// `order.article.upper()`: functions stand before their value.
std::optional<Diagnostic> method(const Mistake& mistake) {
  if (mistake.word() != "(" || mistake.token.begin == 0 || !word_char(mistake.text[mistake.token.begin - 1]))
    return std::nullopt;
  std::size_t begin = mistake.token.begin;
  while (begin > 0 && (word_char(mistake.text[begin - 1]) || mistake.text[begin - 1] == '.')) --begin;
  const std::string path = shown(mistake, {offset(begin), mistake.token.begin});
  const std::size_t dot = path.rfind('.');
  const auto end = closed_at(mistake.text, mistake.token.begin);
  if (dot == std::string::npos || dot == 0 || !end || mistake.step_ends()) return std::nullopt;
  const std::string inner = trimmed(shown(mistake, {mistake.token.end, offset(*end - 1)}));
  const std::string mended =
      fmt::format("{}({}{}{})", path.substr(dot + 1), path.substr(0, dot), inner.empty() ? "" : ", ", inner);
  const Span span{offset(begin), offset(*end)};
  return mistake.told(codes::foreign_word, span, "a function stands before its value",
                      fmt::format("write `{}`", mended), Edit{span, mended});
}

// `let a 1`, `{{order.id}}`, `const a = 1`
std::optional<Diagnostic> other_value(const Mistake& mistake) {
  const std::string word = mistake.word();
  if (mistake.token.empty()) return std::nullopt;
  if (mistake.expected == "`=`" && (word_char(word[0]) || word[0] == '"')) {
    const Span at{mistake.token.begin, mistake.token.begin};
    return mistake.told(codes::syntax, mistake.token, fmt::format("`=` is missing before `{}`", word),
                        "write `let NAME = …`", Edit{at, "= "});
  }
  // `let x: int = 1`
  if (word == ":" && mistake.expected == "`=`") {
    const std::string_view behind = mistake.behind();
    const std::size_t sign = behind.find('=');
    if (sign != std::string_view::npos && behind.substr(0, sign).find_first_of("{\"#") == std::string_view::npos &&
        !trimmed(behind.substr(0, sign)).empty()) {
      const Span span{mistake.token.begin, offset(mistake.token.end + sign)};
      return mistake.told(codes::foreign_word, span, "a value has no type written beside it", "leave it out",
                          Edit{span, " "});
    }
  }
  if (word == "=" && mistake.expects("an expression") && mistake.before().ends_with(':'))
    return mistake.told(codes::foreign_word, {mistake.token.begin - 1, mistake.token.end},
                        "a field and its value are separated by `:`", "write `:`",
                        Edit{{mistake.token.begin - 1, mistake.token.end}, ":"});
  if (mistake.expected.starts_with("one `{`")) {
    const std::size_t end = mistake.text.find("}}", mistake.token.end);
    const std::size_t line = mistake.text.find_first_of("\"\n", mistake.token.end);
    const Span span{mistake.token.begin - 1, offset(std::min(end, mistake.text.size() - 2) + 2)};
    return mistake.told(
        codes::foreign_word, mistake.token, "a hole has one brace on each side",
        "write `{…}`; a brace of the text is written `\\{`",
        end < line ? std::optional(Edit{span, "{" + trimmed(shown(mistake, {mistake.token.end, offset(end)})) + "}"})
                   : std::nullopt);
  }
  if (mistake.expects("a statement") &&
      (one_of(word, {"const", "var", "val", "def", "set"}) && mistake.behind().find('=') != std::string_view::npos))
    return mistake.told(codes::foreign_word, mistake.token, fmt::format("`{}` is written `let` here", word),
                        "write `let`", Edit{mistake.token, "let"});
  if (mistake.expects("a statement") && one_of(word, {"include", "require", "use"}) &&
      mistake.behind().find('"') != std::string_view::npos)
    return mistake.told(codes::foreign_word, mistake.token, fmt::format("`{}` is written `import` here", word),
                        "write `import`", Edit{mistake.token, "import"});
  if (mistake.expected == "`of`" && trimmed(mistake.before()).starts_with("test "))
    return at_token(codes::syntax, mistake.id, mistake.token, "a test names its pipeline",
                    "write `test \"…\" of NAME { … }`");
  return std::nullopt;
}

}  // namespace

std::optional<Diagnostic> foreign_value(const Mistake& mistake) {
  if (auto diagnostic = variable(mistake)) return diagnostic;
  if (auto diagnostic = method(mistake)) return diagnostic;
  if (auto diagnostic = text_parts(mistake)) return diagnostic;
  if (auto diagnostic = other_comparison(mistake)) return diagnostic;
  if (auto diagnostic = list_in_parentheses(mistake)) return diagnostic;
  return other_value(mistake);
}

}  // namespace pipewright::dsl
