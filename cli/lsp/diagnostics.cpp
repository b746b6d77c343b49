// Diagnostics as the protocol has them. An open document gets what `validate` says of that file; a file that is not
// open what is said of it when the open ones that import it are checked.
#include <fmt/format.h>

#include <algorithm>

#include "cli/lsp/requests.hpp"
#include "cli/lsp/standard.hpp"
#include "dsl/codes.hpp"

namespace pipewright::cli::lsp {
namespace {

std::string whole_message(const dsl::Diagnostic& diagnostic) {
  std::string message = diagnostic.message;
  if (!diagnostic.note.empty()) message += "\n" + diagnostic.note;
  for (const std::string& remark : diagnostic.remarks) message += "\n" + remark;
  if (diagnostic.help) message += "\nhelp: " + *diagnostic.help;
  return message;
}

Json json_of(const engine::ConfigProblem& problem) {
  const std::size_t line = std::max<std::size_t>(problem.line, 1) - 1;
  const std::size_t column = std::max<std::size_t>(problem.column, 1) - 1;
  return {{"range",
           {{"start", {{"line", line}, {"character", column}}},
            {"end", {{"line", line}, {"character", column + problem.width}}}}},
          {"severity", problem.warning ? 2 : 1},
          {"source", "pipewright"},
          {"message", problem.message + (problem.help.empty() ? "" : "\nhelp: " + problem.help)}};
}

void add(Json& list, Json diagnostic) {
  if (std::find(list.begin(), list.end(), diagnostic) == list.end()) list.push_back(std::move(diagnostic));
}

}  // namespace

Json diagnostic_json(const dsl::Diagnostic& diagnostic, const Analysis& analysis, const Workspace& workspace) {
  Json result = {{"range", analysis.texts[diagnostic.source]->range(diagnostic.span)},
                 {"severity", diagnostic.code->severity == dsl::Severity::error ? 1 : 2},
                 {"code", diagnostic.code->text()},
                 {"source", "pipewright"},
                 {"message", whole_message(diagnostic)}};
  const bool faded = diagnostic.code == &dsl::codes::unused_table || diagnostic.code == &dsl::codes::unreachable_step;
  if (faded) result["tags"] = Json::array({1});  // unnecessary
  for (const dsl::Label& label : diagnostic.labels) {
    result["relatedInformation"].push_back({{"location",
                                             {{"uri", workspace.uri_of(analysis.paths[label.source])},
                                              {"range", analysis.texts[label.source]->range(label.span)}}},
                                            {"message", label.text}});
  }
  return result;
}

std::map<std::string, Json> diagnostics(Context& context) {
  Workspace& workspace = context.workspace;
  std::map<std::string, Json> result;
  const auto entry = [&](const std::string& uri) -> Json& {
    Json& made = result[uri];
    if (made.is_null()) made = {{"uri", uri}, {"diagnostics", Json::array()}};
    return made["diagnostics"];
  };
  for (const auto& [path, document] : workspace.documents()) {
    if (!path.ends_with(".pipe") && path.starts_with('/')) continue;  // pipewright.toml is told of with its programs
    Json& own = entry(document.uri);
    result[document.uri]["version"] = document.version;
    if (is_standard(path)) continue;
    const auto analysis = workspace.analysis(path);
    for (const engine::ConfigProblem& problem : analysis->project->problems) {
      if (!problem.secret_missing) add(entry(workspace.uri_of(analysis->project->config.path)), json_of(problem));
    }
    if (analysis->config_broken) continue;
    for (const dsl::Diagnostic& each : analysis->checked.diagnostics) {
      const std::string& place = analysis->paths[each.source];
      if (each.source == 0)
        own.push_back(diagnostic_json(each, *analysis, workspace));
      else if (!workspace.documents().contains(place))
        add(entry(uri_of_path(place)), diagnostic_json(each, *analysis, workspace));
    }
  }
  return result;
}

}  // namespace pipewright::cli::lsp
