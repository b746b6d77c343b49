// Semantic tokens: the text's words and signs, coloured by what the checker says that they name.
#include <algorithm>
#include <array>
#include <set>

#include "cli/lsp/requests.hpp"
#include "dsl/tokens.hpp"

namespace pipewright::cli::lsp {
namespace {

enum class Colour {
  keyword,
  comment,
  string,
  number,
  operation,
  variable,
  property,
  function,
  node,
  word,
  table,
  verb
};
constexpr std::array colour_names = {"keyword",  "comment",  "string", "number",     "operator", "variable",
                                     "property", "function", "class",  "enumMember", "struct",   "method"};
constexpr std::uint32_t declaration = 1;
constexpr std::uint32_t standard = 2;

Colour colour_of(dsl::Mention::Kind kind) {
  using Kind = dsl::Mention::Kind;
  switch (kind) {
    case Kind::source:
    case Kind::action:
      return Colour::node;
    case Kind::verb:
      return Colour::verb;
    case Kind::field:
    case Kind::key:
    case Kind::option:
      return Colour::property;
    case Kind::word:
      return Colour::word;
    case Kind::table:
      return Colour::table;
    case Kind::pipeline:
    case Kind::function:
      return Colour::function;
    case Kind::value:
    case Kind::record:
    case Kind::result:
      return Colour::variable;
  }
  return Colour::variable;
}

bool is_keyword(std::string_view word) {
  static const std::set<std::string_view> words = {
      "and",   "or",    "not",     "in",      "if",     "then",   "else",    "for",          "where",
      "true",  "false", "null",    "clear",   "import", "let",    "table",   "pipeline",     "on",
      "test",  "of",    "every",   "since",   "when",   "each",   "by",      "only",         "initially",
      "as",    "given", "expect",  "loses",   "its",    "answer", "answers", "refuses",      "times",
      "once",  "twice", "nothing", "skipped", "parked", "at",     "with",    "at_most_once", "at_least_once",
      "skip",  "fail",  "keep",    "enum",    "open",   "record", "source",  "action",       "mapping",
      "gives", "from",  "example"};
  return words.contains(word);
}

}  // namespace

Json semantic_legend() { return {{"tokenTypes", colour_names}, {"tokenModifiers", {"declaration", "defaultLibrary"}}}; }

Answer semantic_tokens(Context& context, const Json& params) {
  const auto place = asked(context, params);
  const auto analysis = analysis_of(context, params);
  if (!analysis) return Json(nullptr);
  const std::string& text = place->text->text();
  std::map<std::uint32_t, const dsl::Mention*> mentions;
  for (const dsl::Mention& each : analysis->index.mentions) {
    if (each.source == 0) mentions[each.span.begin] = &each;
  }
  std::vector<std::uint32_t> data;
  Position last;
  const auto put = [&](dsl::Span span, Colour colour, std::uint32_t modifiers = 0) {
    const Position at = place->text->position(span.begin);
    const std::uint32_t length = units(std::string_view(text).substr(span.begin, span.end - span.begin));
    data.insert(data.end(), {at.line - last.line, at.line == last.line ? at.character - last.character : at.character,
                             length, static_cast<std::uint32_t>(colour), modifiers});
    last = at;
  };
  const std::vector<dsl::Token> all = dsl::tokens(text);
  const auto sign = [&](std::size_t i) {
    return i < all.size() ? std::string_view(text).substr(all[i].span.begin, all[i].span.end - all[i].span.begin)
                          : std::string_view();
  };
  std::uint32_t done = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const dsl::Token& token = all[i];
    if (token.span.begin < done) continue;
    using Kind = dsl::Token::Kind;
    const auto mention = mentions.find(token.span.begin);
    if (mention != mentions.end() && (token.kind == Kind::word || token.kind == Kind::text)) {
      const dsl::Mention& what = *mention->second;
      put(what.span, colour_of(what.kind), (what.declares ? declaration : 0) | (what.declared ? 0 : standard));
      done = what.span.end;
      continue;
    }
    const std::string_view word = sign(i);
    switch (token.kind) {
      case Kind::comment:
        put(token.span, Colour::comment);
        break;
      case Kind::text:
        put(token.span, Colour::string);
        break;
      case Kind::number:
        put(token.span, Colour::number);
        break;
      case Kind::sign:
        if (std::string_view("{}[](),.:").find(word[0]) == std::string_view::npos) put(token.span, Colour::operation);
        break;
      case Kind::word: {
        const bool field =
            sign(i + 1) == ":" || (i > 0 && sign(i - 1) == "." && all[i - 1].span.end == token.span.begin);
        const bool call = sign(i + 1) == "(" && all[i + 1].span.begin == token.span.end;
        put(token.span, field              ? Colour::property
                        : is_keyword(word) ? Colour::keyword
                        : call             ? Colour::function
                                           : Colour::variable);
        break;
      }
    }
  }
  return Json{{"data", data}};
}

}  // namespace pipewright::cli::lsp
