// What is said of the word under the cursor, and of the function whose arguments are being written.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/lsp/describe.hpp"
#include "cli/lsp/requests.hpp"
#include "dsl/functions.hpp"
#include "dsl/tokens.hpp"

namespace pipewright::cli::lsp {
namespace {

using Kind = dsl::Mention::Kind;

std::string pipe_code(const std::string& text) { return "```pipe\n" + text + "\n```"; }

const dsl::FieldType* field_of(const dsl::Catalog& catalog, const std::string& record, const std::string& name) {
  const auto found = catalog.records.find(record);
  return found == catalog.records.end() ? nullptr : found->second->field(name);
}

// The lines of a declaration in the program, when they are few.
std::string declaration_text(const Analysis& analysis, const dsl::Mention& mention) {
  if (!mention.declared || mention.declared->standard) return {};
  for (const dsl::ast::Statement& statement : analysis.checked.files[mention.declared->source].statements) {
    if (mention.declared->span.begin < statement.span.begin || mention.declared->span.end > statement.span.end)
      continue;
    std::string text = trimmed(analysis.checked.sources[mention.declared->source]->text(statement.span));
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    constexpr std::size_t most = 12;
    if (lines > most) {
      std::size_t end = 0;
      for (std::size_t i = 0; i < most; ++i) end = text.find('\n', end) + 1;
      text = text.substr(0, end) + "  # …";
    }
    return pipe_code(text) + (statement.doc.empty() ? "" : "\n\n" + statement.doc);
  }
  return {};
}

std::string standard_table_text(const dsl::Catalog& catalog, const std::string& name) {
  for (const dsl::StandardTable& table : catalog.tables) {
    if (table.name != name) continue;
    std::string text = "table " + name + " {";
    for (const auto& row : table.table.rows)
      text += "\n  " + std::string(catalog.sources[table.source]->text(row.span));
    return pipe_code(text + "\n}");
  }
  return {};
}

std::string value_text(const dsl::Mention& mention, const dsl::Catalog& catalog) {
  std::string text = pipe_code(mention.name + ": " + type_text(mention.type));
  if (!mention.owner.empty()) text += "\n\nwhat `" + mention.owner + "` gave";
  if (const std::string values = values_text(mention.type); !values.empty()) text += "\n\n" + values;
  if (mention.type.is(dsl::Type::Kind::record)) {
    const auto record = catalog.records.find(mention.type.record->name);
    if (record != catalog.records.end() && !record->second->doc.empty()) text += "\n\n" + record->second->doc;
  }
  return text;
}

std::string text_of(const Analysis& analysis, const dsl::Mention& mention) {
  const dsl::Catalog& catalog = analysis.project->catalog;
  switch (mention.kind) {
    case Kind::source:
      return description(*catalog.source(mention.name));
    case Kind::action: {
      std::string text = description(*catalog.action(mention.name));
      for (const dsl::ActionUse& use : analysis.index.actions) {
        if (use.source == mention.source && use.path.begin == mention.span.begin) {
          const std::string mapping = description(use);
          if (!mapping.empty()) text += "\n\n" + mapping;
        }
      }
      return text;
    }
    case Kind::verb:
      return pipe_code(mention.owner + " " + mention.name) + "\n\n" + verb_description(mention.name);
    case Kind::key:
    case Kind::field: {
      const dsl::FieldType* declared = field_of(catalog, mention.owner, mention.name);
      const dsl::FieldType shown = declared != nullptr
                                       ? *declared
                                       : dsl::FieldType{.name = mention.name, .type = mention.type, .doc = mention.doc};
      return description(shown) + (mention.owner.empty() ? "" : "\n\n*of* `" + mention.owner + "`");
    }
    case Kind::option:
      return description(dsl::FieldType{.name = mention.name, .type = mention.type, .doc = mention.doc});
    case Kind::word: {
      const dsl::EnumType& words = *mention.type.enumeration;
      return pipe_code("\"" + mention.name + "\": " + words.name) + (words.doc.empty() ? "" : "\n\n" + words.doc) +
             "\n\n" + values_text(mention.type);
    }
    case Kind::table: {
      const std::string own = declaration_text(analysis, mention);
      return own.empty() ? standard_table_text(catalog, mention.name) : own;
    }
    case Kind::pipeline:
      return declaration_text(analysis, mention);
    case Kind::function: {
      const dsl::FunctionSpec* spec = dsl::function_named(mention.name);
      return pipe_code(std::string(spec->signature)) + "\n\n" + std::string(spec->doc);
    }
    case Kind::value:
    case Kind::record:
    case Kind::result:
      return value_text(mention, catalog);
  }
  return {};
}

}  // namespace

Answer hover(Context& context, const Json& params) {
  const auto place = asked(context, params);
  const auto analysis = analysis_of(context, params);
  if (!place || !analysis) return Json(nullptr);
  if (const dsl::Mention* mention = analysis->index.at(0, place->offset)) {
    const std::string text = text_of(*analysis, *mention);
    if (text.empty()) return Json(nullptr);
    return Json{{"contents", {{"kind", "markdown"}, {"value", text}}}, {"range", place->text->range(mention->span)}};
  }
  return Json(nullptr);
}

Answer signature_help(Context& context, const Json& params) {
  const auto place = asked(context, params);
  if (!place || dsl::inside_of(place->text->text(), place->offset) == dsl::Inside::comment) return Json(nullptr);
  const std::string& text = place->text->text();
  const dsl::Span statement = dsl::statement_around(text, place->offset);
  const std::string before = text.substr(statement.begin, place->offset - statement.begin);
  // What is open, the innermost last; with a call's name, and how many commas it has seen.
  struct Level {
    char sign;
    std::string function;
    std::size_t commas = 0;
  };
  std::vector<Level> levels;
  std::string word;
  std::size_t word_end = 0;
  for (const dsl::Token& token : dsl::tokens(before)) {
    const std::string sign = before.substr(token.span.begin, token.span.end - token.span.begin);
    if (token.kind == dsl::Token::Kind::sign) {
      const bool call = sign == "(" && word_end == token.span.begin;
      if (sign == "(" || sign == "[" || sign == "{") levels.push_back({sign[0], call ? word : std::string()});
      if ((sign == ")" || sign == "]" || sign == "}") && !levels.empty()) levels.pop_back();
      if (sign == "," && !levels.empty()) ++levels.back().commas;
    }
    word = token.kind == dsl::Token::Kind::word ? sign : std::string();
    word_end = token.span.end;
  }
  while (!levels.empty() && levels.back().function.empty()) levels.pop_back();
  if (levels.empty()) return Json(nullptr);
  const dsl::FunctionSpec* spec = dsl::function_named(levels.back().function);
  if (spec == nullptr) return Json(nullptr);
  const std::string signature(spec->signature);
  Json parameters = Json::array();
  std::size_t at = signature.find('(') + 1;
  while (at < signature.size() && signature[at] != ')') {
    const std::size_t end = signature.find_first_of(",)", at);
    parameters.push_back({{"label", {at, end}}});
    at = end + (signature[end] == ',' ? 2 : 0);
  }
  const std::size_t last = parameters.empty() ? 0 : parameters.size() - 1;
  const std::size_t active = std::min(levels.back().commas, last);
  return Json{{"signatures",
               {{{"label", signature},
                 {"documentation", {{"kind", "markdown"}, {"value", std::string(spec->doc)}}},
                 {"parameters", parameters}}}},
              {"activeSignature", 0},
              {"activeParameter", active}};
}

}  // namespace pipewright::cli::lsp
