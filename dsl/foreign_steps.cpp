// Steps and heads of pipelines as other languages write them.
#include <fmt/format.h>

#include <span>

#include "base/text.hpp"
#include "dsl/plan.hpp"
#include "dsl/syntax_mistakes.hpp"

namespace pipewright::dsl {
namespace {

// The first token behind the last `->` before the mistake: the step that it is in.
std::optional<Span> step_of(const Mistake& mistake) {
  const std::size_t arrow =
      mistake.token.begin == 0 ? std::string_view::npos : mistake.text.rfind("->", mistake.token.begin - 1);
  if (arrow == std::string_view::npos) return std::nullopt;
  const std::size_t begin = mistake.text.find_first_not_of(" \t\r\n", arrow + 2);
  if (begin == std::string_view::npos || begin > mistake.token.begin) return std::nullopt;
  return token_at(mistake.text, begin);
}

// `- crm.order`, `|> crm.order`, `> crm.order`, `then crm.order`: what begins a step elsewhere.
std::optional<Diagnostic> other_arrow(const Mistake& mistake) {
  static constexpr std::string_view arrows[] = {"-->", "- >", "|>", ">>", "~>", "⇒", "➔",
                                                "➜",   "⟶",   "⟹",  "↦",  ">",  "|", "-"};
  if (!mistake.begins_line() || mistake.token.empty()) return std::nullopt;
  const std::string_view rest = mistake.text.substr(mistake.token.begin);
  if (rest.starts_with("->")) return std::nullopt;
  for (const std::string_view arrow : arrows) {
    if (!rest.starts_with(arrow) || rest.starts_with("--") != arrow.starts_with("--")) continue;
    if (arrow.size() == 1 && !rest.substr(1).starts_with(' ')) continue;
    const Span span{mistake.token.begin, offset(mistake.token.begin + arrow.size())};
    return mistake.told(codes::foreign_word, span, fmt::format("`{}` is no arrow of the language", arrow), "write `->`",
                        Edit{span, "->"});
  }
  const std::string word = mistake.word();
  if (mistake.step_ends() && one_of(lower(word), {"then", "to", "into"}))
    return mistake.told(codes::foreign_word, mistake.token, fmt::format("`{}` begins no step", word), "write `->`",
                        Edit{mistake.token, "->"});
  if (mistake.step_ends() && one_of(lower(word), {"end", "endif", "done", "fi", "endwhen"}))
    return mistake.told(codes::foreign_word, mistake.token, fmt::format("`{}` ends nothing here", word),
                        "leave it out: braces and line ends do", Edit{mistake.token, ""});
  return std::nullopt;
}

// `WHERE`, `BY`, `Else`
std::optional<Diagnostic> large_letters(const Mistake& mistake) {
  const std::string word = mistake.word();
  const std::string small = lower(word);
  if (small == word) return std::nullopt;
  const bool known =
      one_of(small, {"by",    "only",         "initially",     "as",    "else", "every", "since", "of",     "once",
                     "twice", "at_most_once", "at_least_once", "where", "let",  "when",  "each",  "then",   "in",
                     "for",   "if",           "and",           "or",    "not",  "on",    "given", "expect", "nothing",
                     "skip",  "fail"});
  if (!known) return std::nullopt;
  return mistake.told(codes::foreign_word, mistake.token, fmt::format("`{}` is written in small letters", word),
                      fmt::format("write `{}`", small), Edit{mistake.token, small});
}

// `var x = 1`, `x = 1`, `for sku in …`, `filter …`, `print "…"`
std::optional<Diagnostic> other_step(const Mistake& mistake) {
  const auto first = step_of(mistake);
  if (!first) return std::nullopt;
  const std::string step = shown(mistake, *first);
  const std::string word = mistake.word();
  if (step.empty() || !word_char(step[0]) || mistake.text[first->end] == '.') return std::nullopt;
  const bool here = first->begin == mistake.token.begin;
  const auto replaced = [&](std::string_view mended) {
    return mistake.told(codes::foreign_word, *first, fmt::format("`{}` is written `{}` here", step, mended),
                        fmt::format("write `{}`", mended), Edit{*first, std::string(mended)});
  };
  if (here && step == "for") return replaced("each");
  if (here && step == "else") {
    const std::size_t arrow = mistake.text.rfind("->", first->begin);
    return mistake.told(codes::syntax, *first, "`else` goes on with the `when` before it, without `->`",
                        "leave the `->` out", Edit{{offset(arrow), first->begin}, ""});
  }
  if (here || !mistake.step_ends()) return std::nullopt;
  if (word == "=" && trimmed(mistake.text.substr(first->end, mistake.token.begin - first->end)).empty()) {
    const Span at{first->begin, first->begin};
    return mistake.told(codes::foreign_word, *first, fmt::format("`let` is missing before `{}`", step),
                        fmt::format("write `let {} = …`", step), Edit{at, "let "});
  }
  if (one_of(step, {"var", "const", "val", "def", "set"}) && mistake.behind().find('=') != std::string_view::npos)
    return replaced("let");
  if (one_of(step, {"var", "const", "val", "def", "set"}) && word == "=") return replaced("let");
  if (one_of(step, {"foreach", "forEach", "for_each", "loop"})) return replaced("each");
  if (step == "filter") return replaced("where");
  if (one_of(step, {"switch", "case", "match"})) return replaced("when");
  if (one_of(step, {"print", "echo", "puts"}) && word[0] == '"') return replaced("log.info");
  if (step == "log" && word[0] == '"') return replaced("log.info");
  if (step == "unless") {
    const std::string_view line = mistake.text.substr(first->end, mistake.text.find('\n', first->end) - first->end);
    const bool simple = line.find(" and ") == std::string_view::npos && line.find(" or ") == std::string_view::npos;
    return mistake.told(codes::foreign_word, *first, "`unless` is written `where not` here", "write `where not (…)`",
                        simple ? std::optional(Edit{*first, "where not"}) : std::nullopt);
  }
  if (plan::verb_named(step)) {
    const Span node =
        path_at(mistake.text, std::min(mistake.text.find_first_not_of(" \t", first->end), mistake.text.size()));
    const std::string path = shown(mistake, node);
    if (path.find('.') != std::string::npos) {
      const std::string mended = path + " " + step;
      return mistake.told(codes::syntax, *first, fmt::format("the verb `{}` stands behind its node", step),
                          fmt::format("write `{}`", mended), Edit{{first->begin, node.end}, mended});
    }
  }
  return std::nullopt;
}

// `crm.order.upsert({ … })`, `crm.order({ … })`: a node is called by nobody. `by "id"`, `by [a, b]`.
std::optional<Diagnostic> node_call(const Mistake& mistake) {
  const std::string word = mistake.word();
  const std::string before = trimmed(mistake.before());
  if (mistake.expects("a field's name") && before.ends_with(" by") && !mistake.token.empty()) {
    if (word[0] == '"' && word.size() > 2) {
      const std::string name = word.substr(1, word.size() - 2);
      return mistake.told(codes::syntax, mistake.token, "`by` takes names of fields, without quotes",
                          fmt::format("write `by {}`", name), Edit{mistake.token, name});
    }
    if (word == "[" || word == "(") {
      if (const auto end = closed_at(mistake.text, mistake.token.begin)) {
        const Span span{mistake.token.begin, offset(*end)};
        const std::string names = shown(mistake, {span.begin + 1, span.end - 1});
        return mistake.told(codes::syntax, span, "`by` takes names of fields, without brackets",
                            fmt::format("write `by {}`", names), Edit{span, names});
      }
    }
  }
  if (!mistake.step_ends() || (word != "(" && word != "[")) return std::nullopt;
  const auto first = step_of(mistake);
  if (!first) return std::nullopt;
  const Span path = path_at(mistake.text, first->begin);
  // `crm.order ( external_id: order.id )`
  const auto closed = closed_at(mistake.text, mistake.token.begin);
  if (closed && path.end != mistake.token.begin) {
    const std::string fields = trimmed(shown(mistake, {mistake.token.end, offset(*closed - 1)}));
    const Span span{mistake.token.begin, offset(*closed)};
    if (fields.find(':') != std::string::npos && !fields.starts_with('{'))
      return mistake.told(codes::syntax, mistake.token, "the fields of a node stand in braces",
                          "write `{ name: value }`", Edit{span, "{ " + fields + " }"});
  }
  if (word == "[") return std::nullopt;
  if (path.end != mistake.token.begin) return std::nullopt;
  const auto end = closed_at(mistake.text, mistake.token.begin);
  std::string node = shown(mistake, path);
  const std::size_t dot = node.rfind('.');
  const bool verb = dot != std::string::npos && plan::verb_named(node.substr(dot + 1)).has_value();
  std::optional<Edit> edit;
  if (verb) node[dot] = ' ';
  if (end) {
    const std::string inner = trimmed(shown(mistake, {mistake.token.end, offset(*end - 1)}));
    edit = Edit{{path.begin, offset(*end)}, node + (inner.empty() ? "" : " " + inner)};
  }
  return mistake.told(codes::syntax, mistake.token, "a node takes a record in braces and no parentheses",
                      fmt::format("write `{} {{ … }}`", node), edit);
}

// `on wb.fbs.new()`, `on wb.fbs.new(every: 30s)`
std::optional<Diagnostic> source_call(const Mistake& mistake) {
  const std::string before = trimmed(mistake.before());
  if (!mistake.step_ends() || mistake.word() != "(" || before.rfind("on ") == std::string::npos ||
      before.find("->") != std::string::npos)
    return std::nullopt;
  const auto end = closed_at(mistake.text, mistake.token.begin);
  std::optional<Edit> edit;
  if (end) {
    std::string inner = trimmed(shown(mistake, {mistake.token.end, offset(*end - 1)}));
    std::replace_if(inner.begin(), inner.end(), [](char c) { return c == ':' || c == '='; }, ' ');
    const bool option = inner.starts_with("every ") || inner.starts_with("since ");
    if (inner.empty() || option) edit = Edit{{mistake.token.begin, offset(*end)}, (inner.empty() ? "" : " ") + inner};
  }
  return mistake.told(codes::syntax, mistake.token, "a source takes no parentheses",
                      "write `every 30s` behind it, or nothing", edit);
}

// `pipeline "fbs orders"`
std::optional<Diagnostic> quoted_name_mistake(const Mistake& mistake) {
  std::string name = mistake.word();
  if (mistake.expected != "a name" || name.size() < 3 || name[0] != '"') return std::nullopt;
  name = lower(name.substr(1, name.size() - 2));
  std::replace_if(name.begin(), name.end(), [](char c) { return c == ' ' || c == '-'; }, '_');
  const bool good =
      std::all_of(name.begin(), name.end(), word_char) && std::isdigit(static_cast<unsigned char>(name[0])) == 0;
  return mistake.told(codes::syntax, mistake.token, "a name stands without quotes",
                      good ? fmt::format("write `{}`", name) : std::string("names are Latin letters, digits and `_`"),
                      good ? std::optional(Edit{mistake.token, name}) : std::nullopt);
}

// `by order.id`
std::optional<Diagnostic> by_value(const Mistake& mistake) {
  const std::string before(mistake.before());
  if (!mistake.step_ends() || mistake.word() != ".") return std::nullopt;
  const std::size_t word = before.find_last_of(' ');
  if (word == std::string::npos || word < 3 || before.substr(word - 3, 3) != " by") return std::nullopt;
  const Span span{offset(mistake.token.begin - (before.size() - word - 1)),
                  path_at(mistake.text, mistake.token.begin).end};
  return mistake.told(codes::syntax, span, "`by` takes names of the node's fields, no values",
                      "write `by NAME`, and the value in the braces: `{ NAME: … }`");
}

// `when x then {`, `when x -> step`, `when x { step }`
std::optional<Diagnostic> branch(const Mistake& mistake) {
  if (!mistake.expects("a chain that begins with `->`")) return std::nullopt;
  const std::string word = mistake.word();
  if (one_of(word, {"then", "do", "begin"})) {
    std::uint32_t end = mistake.token.end;
    while (end < mistake.text.size() && mistake.text[end] == ' ') ++end;
    return mistake.told(codes::foreign_word, mistake.token,
                        fmt::format("`{}` has no place here: steps stand in braces", word),
                        "write `{ -> … }` behind the condition", Edit{{mistake.token.begin, end}, ""});
  }
  if (word == "->" && mistake.expects("`{`")) {
    std::string rest = shown(mistake, {mistake.token.begin, offset(mistake.token.end + mistake.behind().size())});
    rest = trimmed(rest);
    const bool simple = rest.find_first_of("{}#") == std::string::npos;
    const Span span{mistake.token.begin, offset(mistake.token.begin + rest.size())};
    return mistake.told(codes::syntax, mistake.token, "`{` is missing: the steps of a branch stand in braces",
                        "write `{ -> … }`", simple ? std::optional(Edit{span, "{ " + rest + " }"}) : std::nullopt);
  }
  if (word_char(word.empty() ? ' ' : word[0]) && !mistake.expects("`{`")) {
    const Span at{mistake.token.begin, mistake.token.begin};
    return mistake.told(codes::syntax, mistake.token, fmt::format("`->` is missing before `{}`", word),
                        fmt::format("write `-> {}`", word), Edit{at, "-> "});
  }
  return std::nullopt;
}

// `on wb fbs new`, `on wb/fbs/new`, `on wb..fbs.new`
std::optional<Diagnostic> path_signs(const Mistake& mistake) {
  const std::string before(mistake.before());
  const std::string line = trimmed(before);
  const std::size_t on = line.rfind("on ");
  if (!mistake.step_ends() || on == std::string::npos || (on != 0 && line[on - 1] != ' ')) return std::nullopt;
  const std::size_t from = before.find_first_not_of(' ', before.rfind("on ") + 3);
  if (from == std::string::npos) return std::nullopt;
  const std::size_t begin = mistake.token.begin - before.size() + from;
  std::size_t end = begin;
  std::string mended;
  while (end < mistake.text.size() && (word_char(mistake.text[end]) ||
                                       std::string_view(" ./\\:-").find(mistake.text[end]) != std::string_view::npos)) {
    if (mistake.text.substr(end).starts_with("->")) break;
    if (word_char(mistake.text[end]))
      mended.push_back(mistake.text[end]);
    else if (!mended.empty() && mended.back() != '.')
      mended.push_back('.');
    ++end;
  }
  while (end > begin && !word_char(mistake.text[end - 1])) --end;
  while (mended.ends_with('.')) mended.pop_back();
  if (end <= mistake.token.begin || std::count(mended.begin(), mended.end(), '.') != 2) return std::nullopt;
  const Span span{offset(begin), offset(end)};
  return mistake.told(codes::syntax, span, "the words of a node are joined by single dots",
                      fmt::format("write `{}`", mended), Edit{span, mended});
}

}  // namespace

std::optional<Diagnostic> foreign_step(const Mistake& mistake) {
  if (mistake.step_ends() || mistake.expected.starts_with("a step:")) {
    if (auto diagnostic = other_arrow(mistake)) return diagnostic;
    if (auto diagnostic = other_step(mistake)) return diagnostic;
  }
  if (auto diagnostic = large_letters(mistake)) return diagnostic;
  if (auto diagnostic = by_value(mistake)) return diagnostic;
  if (auto diagnostic = node_call(mistake)) return diagnostic;
  if (auto diagnostic = source_call(mistake)) return diagnostic;
  if (auto diagnostic = quoted_name_mistake(mistake)) return diagnostic;
  if (auto diagnostic = path_signs(mistake)) return diagnostic;
  return branch(mistake);
}

}  // namespace pipewright::dsl
