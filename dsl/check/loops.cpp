// Feedback: a pipeline's write may wake a pipeline whose write wakes the first one again, through two systems.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/overloaded.hpp"
#include "base/text.hpp"
#include "dsl/check/checker.hpp"

namespace pipewright::dsl {
namespace {

struct Wake {
  std::string connection;
  std::string source;  ///< a source that sees the write
  std::string node;    ///< the action that writes
  std::string field;   ///< what it writes, where only that is seen
  plan::Place place;
};

void wakes_of(const plan::Steps& steps, const Catalog& catalog, std::vector<Wake>& into) {
  for (const plan::Step& step : steps) {
    const plan::Place& place = step.place;
    std::visit(
        overloaded{
            [&](const plan::Action& action) {
              const ActionSpec* spec = catalog.action(action.node);
              if (spec == nullptr || action.verb == plan::Verb::find || action.verb == plan::Verb::create ||
                  action.verb == plan::Verb::ensure)
                return;
              const auto writes = [&](const plan::Field& field) { return field.name == spec->feeds_field; };
              if (!spec->feeds_field.empty() && std::none_of(action.written.begin(), action.written.end(), writes))
                return;
              for (const std::string& source : spec->feeds)
                into.push_back({action.connection, source, action.node, spec->feeds_field, place});
            },
            [&](const plan::When& when) {
              for (const auto& branch : when.branches) wakes_of(branch.steps, catalog, into);
              wakes_of(when.otherwise, catalog, into);
            },
            [&](const plan::Each& each) { wakes_of(*each.steps, catalog, into); },
            [](const auto&) {},
        },
        step.node);
  }
}

}  // namespace

void Checker::loops() {
  // The sources that begin a pipeline, also through the pipelines that it listens to.
  const auto& all = out.plan.pipelines;
  std::map<std::string, std::vector<Wake>> wakes;
  for (const plan::Pipeline& each : all) wakes_of(each.steps, catalog, wakes[each.name]);
  const auto hears = [&](const plan::Pipeline& listener, const Wake& wake) -> const plan::Source* {
    std::vector<const plan::Pipeline*> open = {&listener};
    std::set<std::string> seen;
    while (!open.empty()) {
      const plan::Pipeline* next = open.back();
      open.pop_back();
      if (!seen.insert(next->name).second) continue;
      for (const plan::Source& source : next->sources) {
        if (source.node == wake.source && source.connection == wake.connection) return &source;
      }
      for (const std::string& upstream : next->upstream) {
        if (const plan::Pipeline* giver = out.plan.pipeline(upstream)) open.push_back(giver);
      }
    }
    return nullptr;
  };
  std::set<std::pair<std::string, std::string>> told;
  for (const plan::Pipeline& first : all) {
    for (const Wake& out_wake : wakes[first.name]) {
      for (const plan::Pipeline& second : all) {
        if (first.name == second.name || hears(second, out_wake) == nullptr) continue;
        for (const Wake& back : wakes[second.name]) {
          const plan::Source* source = hears(first, back);
          if (source == nullptr || back.connection == out_wake.connection) continue;
          if (told.contains({second.name, first.name}) || !told.insert({first.name, second.name}).second) continue;
          const PipelineInfo& info = pipelines[first.name];
          const PipelineInfo& other = pipelines[second.name];
          if (allowed(codes::feedback_loop, other.file, other.span)) continue;
          file = info.file;
          Span where = info.span;
          for (const ast::SourceUse& use : info.tree->sources) where = use.path.span.begin > 0 ? use.path.span : where;
          Diagnostic& diagnostic = report(codes::feedback_loop, where,
                                          fmt::format("`{}` and `{}` feed each other: {} → {} → {}", first.name,
                                                      second.name, source->node, out_wake.node, back.node));
          const std::string name = std::filesystem::path(back.place.file).filename().string();
          diagnostic.note = fmt::format("starts again when `{}` ({}:{}) writes{}", second.name, name, back.place.line,
                                        back.field.empty() ? "" : " `" + back.field + "`");
          diagnostic.remarks.push_back(
              "what stops it: each side ignores its own writes; two accounts in between would not");
          diagnostic.help = "when it is meant so, say why above one of the pipelines: `# allow P0412: …`";
        }
      }
    }
  }
}

}  // namespace pipewright::dsl
