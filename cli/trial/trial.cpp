#include "cli/trial/trial.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/trial/judge.hpp"
#include "cli/trial/stage.hpp"
#include "engine/json.hpp"

namespace pipewright::cli {
namespace {

namespace plan = dsl::plan;
using engine::Evaluated;
using engine::Record;
using engine::Value;

TrialResult tried(const TrialCase& each, const Project& project, const Examples& examples, engine::Reached* reached) {
  Stage stage(project, examples, *each.test, each.cases, each.value);
  std::optional<Stage::Obstacle> wrong = stage.open();
  if (!wrong) wrong = stage.give();
  if (!wrong) wrong = stage.play(false, reached);
  if (wrong) return {{{wrong->place, wrong->message, {}, {}, {}}}, {}, {}, {}};
  TrialResult result;
  Judge judge(stage.happened(), stage.scope());
  for (const plan::TestItems* items : stage.parts()) judge.hear(items->expectations);
  judge.decide(result);
  const auto parts = stage.parts();
  if (std::all_of(parts.begin(), parts.end(), [](const auto* items) { return items->expectations.empty(); }))
    result.failures.push_back({each.test->place,
                               "the test expects nothing, and passes whatever happens: write an `expect`, or `expect "
                               "nothing` when no write is right",
                               {},
                               {},
                               {}});
  result.happened = stage.happened();
  return result;
}

std::string case_name(const plan::Test& test, const Value& value, std::size_t number) {
  std::string shown;
  if (const Record* record = value.record()) {
    for (const auto& [name, field] : *record) {
      if (!shown.empty()) shown += ", ";
      shown += fmt::format("{}: {}", name, engine::write_json(field));
    }
  } else {
    shown = engine::write_json(value);
  }
  return fmt::format("{} [{}: {}]", test.name, number, shortened(shown, 80));
}

}  // namespace

std::vector<TrialCase> trial_cases(const Project& project) {
  std::vector<TrialCase> all;
  for (const plan::Test& test : project.checked.tests) {
    if (std::find(project.files.begin(), project.files.end(), test.place.file) == project.files.end()) continue;
    if (test.cases.empty()) {
      all.push_back({test.name, &test, nullptr, {}, test.place, {}});
      continue;
    }
    std::size_t number = 0;
    for (const plan::TestCases& cases : test.cases) {
      engine::Scope scope;
      scope.plan = &project.checked.plan;
      scope.now = trial_noon;
      scope.time_zone = project.config.time_zone;
      const Evaluated list = engine::evaluate(cases.list, scope);
      if (!list || list->list() == nullptr) {
        const std::string why = list ? "`for each` wants a list" : list.error().reason;
        all.push_back({test.name, &test, nullptr, {}, cases.list.place, why});
        continue;
      }
      if (list->list()->empty())
        all.push_back({test.name, &test, nullptr, {}, cases.list.place, "`for each` has no cases: nothing is tested"});
      for (const Value& value : *list->list()) {
        ++number;
        all.push_back({case_name(test, value, number), &test, &cases, value, test.place, {}});
      }
    }
  }
  return all;
}

TrialResult try_case(const TrialCase& each, const Project& project, const Examples& examples,
                     engine::Reached* reached) {
  if (!each.broken.empty()) return {{{each.place, each.broken, {}, {}, {}}}, {}, {}, {}};
  const auto begins = std::chrono::steady_clock::now();
  TrialResult result = tried(each, project, examples, reached);
  result.took = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begins);
  return result;
}

}  // namespace pipewright::cli
