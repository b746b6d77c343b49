// What a file declares, for the outline and for searching; and what can be folded.
#include <algorithm>

#include "base/overloaded.hpp"
#include "base/text.hpp"
#include "cli/lsp/requests.hpp"
#include "cli/lsp/standard.hpp"
#include "dsl/parser.hpp"

namespace pipewright::cli::lsp {
namespace {

namespace ast = dsl::ast;

enum SymbolKind {
  module = 2,
  method = 6,
  property = 7,
  enumeration = 10,
  function = 12,
  constant = 14,
  structure = 23,
  event = 24
};

struct Symbol {
  std::string name;
  SymbolKind kind = function;
  dsl::Span span;
  dsl::Span word;
  std::string detail;
  std::vector<Symbol> children;
};

// Without the space and the comments behind it.
dsl::Span trimmed_span(std::string_view text, dsl::Span span) {
  while (span.end > span.begin && std::string_view(" \t\r\n").find(text[span.end - 1]) != std::string_view::npos)
    --span.end;
  return span;
}

void steps(const ast::Steps& tree, std::vector<Symbol>& into) {
  for (const ast::Step& step : tree) {
    std::visit(overloaded{
                   [&](const ast::Action& action) {
                     into.push_back({action.path.text(), method, step.span, action.path.span,
                                     action.verb ? action.verb->text : std::string()});
                   },
                   [&](const ast::Let& let) { into.push_back({let.name.text, constant, step.span, let.name.span}); },
                   [&](const ast::When& when) {
                     for (const auto& branch : when.branches) steps(branch.steps, into);
                     if (when.otherwise) steps(*when.otherwise, into);
                   },
                   [&](const ast::Each& each) { steps(each.steps, into); },
                   [](const auto&) {},
               },
               step.node);
  }
}

std::vector<Symbol> symbols(const ast::File& file, const std::string& stem) {
  std::vector<Symbol> result;
  const auto declared = [&](const ast::Path& name, SymbolKind kind, dsl::Span span) {
    result.push_back({name.text(), kind, span, name.span});
  };
  for (const ast::Statement& statement : file.statements) {
    std::visit(
        overloaded{
            [](const ast::Import&) {},
            [](const ast::MappingDeclaration&) {},
            [&](const ast::Let& let) { result.push_back({let.name.text, constant, statement.span, let.name.span}); },
            [&](const ast::Table& table) { declared(table.name, structure, statement.span); },
            [&](const ast::Pipeline& pipeline) {
              Symbol symbol{pipeline.name ? pipeline.name->text : stem, function, statement.span,
                            pipeline.name ? pipeline.name->span : pipeline.head};
              for (const ast::SourceUse& use : pipeline.sources)
                symbol.detail += (symbol.detail.empty() ? "on " : ", ") + use.path.text();
              steps(pipeline.steps, symbol.children);
              result.push_back(std::move(symbol));
            },
            [&](const ast::Test& test) {
              result.push_back({test.name.empty() ? "test" : test.name, event, statement.span, test.name_span,
                                "test of " + test.of.text});
            },
            [&](const ast::EnumDeclaration& each) { declared(each.name, enumeration, statement.span); },
            [&](const ast::RecordDeclaration& each) { declared(each.name, structure, statement.span); },
            [&](const ast::SourceDeclaration& each) { declared(each.name, event, statement.span); },
            [&](const ast::ActionDeclaration& each) { declared(each.name, method, statement.span); },
        },
        statement.node);
  }
  return result;
}

Json json_of(const Symbol& symbol, const Text& text) {
  const dsl::Span span = trimmed_span(text.text(), symbol.span);
  Json result = {{"name", symbol.name},
                 {"kind", symbol.kind},
                 {"range", text.range({span.begin, std::max(span.end, symbol.word.end)})},
                 {"selectionRange", text.range(symbol.word)}};
  if (!symbol.detail.empty()) result["detail"] = symbol.detail;
  for (const Symbol& child : symbol.children) result["children"].push_back(json_of(child, text));
  return result;
}

std::string stem_of(const std::string& path) {
  const std::string file = path.substr(path.rfind('/') + 1);
  return file.substr(0, file.rfind('.'));
}

}  // namespace

Answer document_symbols(Context& context, const Json& params) {
  const auto place = asked(context, params);
  if (!place) return Json(nullptr);
  const dsl::Source source(place->path, place->text->text());
  Json result = Json::array();
  for (const Symbol& symbol : symbols(dsl::parse(source).file, stem_of(place->path)))
    result.push_back(json_of(symbol, *place->text));
  return result;
}

Answer workspace_symbols(Context& context, const Json& params) {
  const std::string query = lowercase(params.at("query").get<std::string>());
  Json result = Json::array();
  for (const std::string& path : context.workspace.files()) {
    const auto content = is_standard(path) ? std::nullopt : context.workspace.text_of(path);
    if (!content) continue;
    const Text text(*content);
    for (const Symbol& symbol : symbols(dsl::parse(dsl::Source(path, *content)).file, stem_of(path))) {
      if (lowercase(symbol.name).find(query) == std::string::npos) continue;
      result.push_back({{"name", symbol.name},
                        {"kind", symbol.kind},
                        {"containerName", stem_of(path)},
                        {"location", {{"uri", context.workspace.uri_of(path)}, {"range", text.range(symbol.word)}}}});
    }
  }
  return result;
}

Answer folding_ranges(Context& context, const Json& params) {
  const auto place = asked(context, params);
  if (!place) return Json(nullptr);
  Json result = Json::array();
  const dsl::Source source(place->path, place->text->text());
  for (const ast::Statement& statement : dsl::parse(source).file.statements) {
    const dsl::Span span = trimmed_span(source.text(), statement.span);
    const std::uint32_t first = place->text->position(span.begin).line;
    const std::uint32_t last = place->text->position(span.end).line;
    if (last > first) result.push_back({{"startLine", first}, {"endLine", last}});
  }
  return result;
}

}  // namespace pipewright::cli::lsp
