// pipewright graph: the pipelines as a drawing.
#include "dsl/graph.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "cli/project.hpp"
#include "cli/terminal.hpp"

namespace pipewright::cli {

int graph(const Options& options) {
  Project project;
  if (const auto stopped = load(options, project)) return *stopped;
  if (const auto stopped = ready(options, project, false)) return *stopped;
  const dsl::plan::Plan& plan = project.checked.plan;
  if (!options.pipeline.empty() && plan.pipeline(options.pipeline) == nullptr) {
    std::vector<std::string> names;
    for (const auto& each : plan.pipelines) names.push_back(each.name);
    const auto near = closest(options.pipeline, names);
    tell_error(fmt::format("there is no pipeline `{}`", options.pipeline),
               near ? "did you mean `" + *near + "`?" : "there are: " + join(names, ", "));
    return Status::usage;
  }
  const dsl::Graph drawn = dsl::graph_of(plan, options.pipeline);
  const std::string out = options.format == Format::svg       ? dsl::as_svg(drawn)
                          : options.format == Format::mermaid ? dsl::as_mermaid(drawn)
                                                              : dsl::as_dot(drawn);
  fmt::print("{}", out);
  return Status::fine;
}

}  // namespace pipewright::cli
