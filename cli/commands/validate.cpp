// pipewright validate: parse and check, without any secret and without the network.
#include <fmt/format.h>

#include "base/text.hpp"
#include "cli/project.hpp"
#include "cli/terminal.hpp"
#include "dsl/render.hpp"

namespace pipewright::cli {
namespace {

std::string counted(std::size_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

}  // namespace

int validate(const Options& options) {
  Project project;
  if (const auto stopped = load(options, project)) return *stopped;
  const dsl::Checked& checked = project.checked;
  std::size_t pipelines = 0;
  for (const dsl::ast::File& file : checked.files) {
    for (const dsl::ast::Statement& statement : file.statements)
      pipelines += std::holds_alternative<dsl::ast::Pipeline>(statement.node) ? 1 : 0;
  }
  if (options.format == Format::json) {
    fmt::print("{}\n", dsl::render_json(checked.diagnostics, checked.sources, checked.sources.size(), pipelines));
  } else if (checked.diagnostics.empty()) {
    std::vector<std::string> names;
    for (const auto& source : checked.sources) names.push_back(source->name());
    const std::string shown = names.size() <= 4 ? join(names, ", ") : counted(names.size(), "file", "files");
    std::string what = counted(pipelines, "pipeline", "pipelines");
    if (checked.own_tables > 0) what += ", " + counted(checked.own_tables, "table", "tables");
    fmt::print("{}: {}, no problems\n", shown, what);
  } else {
    fmt::print("{}", dsl::render_text(checked.diagnostics, checked.sources, colors(options.color, 1)));
    fmt::print("{}\n", dsl::count_text(checked.diagnostics, checked.sources.size()));
  }
  const bool wrong = dsl::has_errors(checked.diagnostics) || (options.deny_warnings && !checked.diagnostics.empty());
  return wrong ? Status::wrong : Status::fine;
}

}  // namespace pipewright::cli
