// Code actions: the mends that diagnostics bring, and `# allow` for a warning that is meant.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/lsp/requests.hpp"

namespace pipewright::cli::lsp {
namespace {

Json edit_json(const std::string& uri, const Text& text, const std::vector<dsl::Edit>& edits) {
  Json list = Json::array();
  for (const dsl::Edit& each : edits) list.push_back({{"range", text.range(each.span)}, {"newText", each.text}});
  return {{"changes", {{uri, list}}}};
}

bool wanted(const Json& only, const std::string& kind) {
  if (!only.is_array()) return kind != "source.fixAll";
  return std::any_of(only.begin(), only.end(), [&](const Json& each) {
    const auto asked_for = each.get<std::string>();
    return kind == asked_for || kind.starts_with(asked_for + ".");
  });
}

}  // namespace

Answer code_actions(Context& context, const Json& params) {
  const auto place = asked(context, params);
  const auto analysis = analysis_of(context, params);
  if (!analysis || analysis->config_broken) return Json(nullptr);
  const auto uri = params.at("textDocument").at("uri").get<std::string>();
  const dsl::Span range = place->text->span(params.at("range"));
  const Json only = params.value("context", Json::object()).value("only", Json(nullptr));
  Json result = Json::array();
  std::vector<dsl::Edit> all;
  for (const dsl::Diagnostic& each : analysis->checked.diagnostics) {
    if (each.source != 0) continue;
    const bool apart = each.edit && std::none_of(all.begin(), all.end(), [&](const dsl::Edit& other) {
                         return each.edit->span.begin < other.span.end && other.span.begin < each.edit->span.end;
                       });
    if (apart) all.push_back(*each.edit);
    if (each.span.begin > range.end || each.span.end < range.begin || !wanted(only, "quickfix")) continue;
    const Json diagnostic = diagnostic_json(each, *analysis, context.workspace);
    if (each.edit) {
      result.push_back({{"title", fmt::format("Write {}", each.edit->text)},
                        {"kind", "quickfix"},
                        {"isPreferred", true},
                        {"diagnostics", {diagnostic}},
                        {"edit", edit_json(uri, *place->text, {*each.edit})}});
    }
    if (each.code->severity != dsl::Severity::warning) continue;
    for (const dsl::ast::Statement& statement : analysis->checked.files.front().statements) {
      if (each.span.begin < statement.span.begin || each.span.begin >= statement.span.end) continue;
      const dsl::Edit allow{{statement.span.begin, statement.span.begin},
                            fmt::format("# allow {}: it is meant so\n", each.code->text())};
      result.push_back({{"title", fmt::format("Allow {} here", each.code->text())},
                        {"kind", "quickfix"},
                        {"diagnostics", {diagnostic}},
                        {"edit", edit_json(uri, *place->text, {allow})}});
    }
  }
  if (!all.empty() && wanted(only, "source.fixAll")) {
    result.push_back({{"title", "Apply every mend of this file"},
                      {"kind", "source.fixAll"},
                      {"edit", edit_json(uri, *place->text, all)}});
  }
  return result;
}

}  // namespace pipewright::cli::lsp
