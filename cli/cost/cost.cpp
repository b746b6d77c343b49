#include "cli/cost/cost.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "cli/cost/looks.hpp"
#include "cli/trial/stage.hpp"
#include "cli/trial/trial.hpp"
#include "engine/bind.hpp"

namespace pipewright::cli {
namespace {

namespace plan = dsl::plan;

constexpr double hour = 3'600'000;  // milliseconds
constexpr int few = 100;            // copies by which the dearest of several events is found: a whole batch of lookups

/// What steps of a pipeline ask for one event of a test.
struct Walk {
  const TrialCase* of = nullptr;
  CallTally first, alone, together;
  int copies = 0;  ///< in `together`
  std::string broken;
};

// An event, one more when the accounts are known, and many at once.
Walk walk(const TrialCase& each, const Project& project, const Examples& examples, int copies) {
  Walk made;
  made.of = &each;
  made.copies = copies;
  Stage stage(project, examples, *each.test, each.cases, each.value);
  std::optional<Stage::Obstacle> wrong = stage.open();
  int copy = 0;
  const auto play = [&](int count, CallTally& tally) {
    for (int i = 0; i < count && !wrong; ++i) wrong = stage.give(copy++);
    if (wrong) return;
    wrong = stage.play(true, nullptr, [&](const std::string& connection, const engine::Request& request) {
      tally.add(connection, request);
    });
  };
  play(1, made.first);
  play(1, made.alone);
  play(copies, made.together);
  if (wrong) made.broken = wrong->message;
  return made;
}

/// One plain event and no fault: what comes every day.
bool is_plain(const TrialCase& each) {
  if (!each.broken.empty()) return false;
  int events = 0;
  std::vector<const plan::TestItems*> parts{&each.test->items};
  if (each.cases != nullptr) parts.push_back(&each.cases->items);
  for (const plan::TestItems* items : parts) {
    for (const plan::Given& given : items->givens) {
      if (given.kind == plan::Given::Kind::fault) return false;
      if (given.kind == plan::Given::Kind::event) ++events;
    }
  }
  return events == 1;
}

// What was asked, in a word that is the same for the same.
std::string way(const CallTally& tally) {
  std::string made;
  for (const auto& [kind, count] : tally.all())
    made += fmt::format("{} {} {} {} {}\n", kind.connection, kind.node, kind.group, kind.call, count);
  return made;
}

class Measure {
 public:
  Measure(const Project& project, const Examples& examples, const std::vector<TrialCase>& cases,
          const engine::Connections& connections)
      : project_(project), examples_(examples), cases_(cases), connections_(connections) {}

  PipelineCost cost(const plan::Pipeline& pipeline) {
    PipelineCost made;
    made.pipeline = pipeline.name;
    made.noun = pipeline.noun;
    made.place = pipeline.place;
    for (const plan::Source& source : pipeline.sources) add_looks(source, made);
    steps(pipeline, made);
    bind(made);
    return made;
  }

 private:
  static CostLine& line(PipelineCost& into, const CallKind& kind, bool look) {
    for (CostLine& each : into.lines) {
      if (each.kind == kind && each.look == look) return each;
    }
    into.lines.push_back({kind, look});
    return into.lines.back();
  }

  void add_looks(const plan::Source& source, PipelineCost& into) {
    const std::string named =
        fmt::format("{} {} {}", source.connection, source.node, source.every.value_or(Duration(0)).count());
    auto known = looks_.find(named);
    if (known == looks_.end()) known = looks_.emplace(named, look_cost(project_, source)).first;
    const Result<LookCost>& cost = known->second;
    if (!cost || !cost->measured) {
      if (!cost) into.remark = cost.error().message;
      return;
    }
    CostLook look;
    look.source = source.connection + source.node.substr(source.node.find('.'));
    look.every = cost->every;
    look.watched = cost->watched;
    for (const auto& [kind, count] : cost->idle.all())
      look.calls.emplace_back(kind, static_cast<double>(count) / cost->looks);
    into.looks.push_back(look);
    const auto idle = [&](const CallKind& kind) { return static_cast<double>(cost->idle.of(kind)) / cost->looks; };
    for (const auto& [kind, count] : cost->alone.all())
      line(into, kind, true).alone = std::max(0.0, count - idle(kind));
    for (const auto& [kind, count] : cost->together.all())
      line(into, kind, true).together = std::max(0.0, count - idle(kind)) / std::max(cost->things, 1);
  }

  // The event that asks most of the limits, of those that the tests send; else the declared example of the source.
  void steps(const plan::Pipeline& pipeline, PipelineCost& into) {
    std::optional<Walk> dearest;
    std::optional<double> least;
    std::set<std::string> ways;
    for (const TrialCase& each : cases_) {
      if (each.test->pipeline != pipeline.name || !is_plain(each)) continue;
      // Rows of a table mostly ask the same: one of them is enough.
      if (const Walk once = walk(each, project_, examples_, 0);
          !once.broken.empty() || !ways.insert(way(once.alone)).second)
        continue;
      Walk walked = walk(each, project_, examples_, few);
      if (!walked.broken.empty() || walked.together.all().empty()) continue;
      PipelineCost alone;
      add_steps(walked, alone);
      bind(alone);
      const std::optional<double> through = throughput(alone);
      const bool dearer = !dearest || (through && (!least || *through < *least));
      if (!dearer) continue;
      dearest = std::move(walked);
      least = through;
    }
    plan::Test example;
    TrialCase sent;
    if (!dearest) {
      example.pipeline = pipeline.name;
      example.place = pipeline.place;
      plan::Given given;
      given.place = pipeline.place;
      example.items.givens.push_back(given);
      sent.test = &example;
      Walk walked = walk(sent, project_, examples_, few);
      if (!walked.broken.empty()) into.remark = walked.broken;
      if (walked.broken.empty() && !walked.together.all().empty()) dearest = std::move(walked);
    }
    if (!dearest) {
      if (into.remark.empty() && calls(pipeline.steps))
        into.remark =
            "no event of a test, nor the source's example, gets as far as a call: write a test whose event does";
      return;
    }
    if (dearest->of != &sent) {
      into.test = dearest->of->name;
      into.test_place = dearest->of->place;
    }
    add_steps(walk(*dearest->of, project_, examples_, cost_batch), into);
  }

  // Whether a step asks an account at all.
  bool calls(const plan::Steps& steps) const {
    return std::any_of(steps.begin(), steps.end(), [&](const plan::Step& step) {
      if (const auto* action = std::get_if<plan::Action>(&step.node)) {
        const engine::ActionNode* node = project_.registry->action(action->node);
        return node != nullptr && !node->pure_sink;
      }
      if (const auto* when = std::get_if<plan::When>(&step.node)) {
        return calls(when->otherwise) || std::any_of(when->branches.begin(), when->branches.end(),
                                                     [&](const auto& branch) { return calls(branch.steps); });
      }
      const auto* each = std::get_if<plan::Each>(&step.node);
      return each != nullptr && calls(*each->steps);
    });
  }

  static void add_steps(const Walk& walked, PipelineCost& into) {
    for (const auto& [kind, count] : walked.first.all())
      line(into, kind, false).once = std::max(0, count - walked.alone.of(kind));
    for (const auto& [kind, count] : walked.alone.all()) line(into, kind, false).alone = count;
    for (const auto& [kind, count] : walked.together.all())
      line(into, kind, false).together = static_cast<double>(count) / walked.copies;
  }

  CostLimit& limit(PipelineCost& into, const CallKind& kind) const {
    for (CostLimit& each : into.limits) {
      if (each.connection == kind.connection && each.group == kind.group) return each;
    }
    CostLimit made{kind.connection, kind.group, {}};
    if (const auto connection = connections_.find(kind.connection); connection != connections_.end()) {
      if (const auto rate = connection->second->limit_of(kind.group)) made.rate = *rate;
    }
    into.limits.push_back(made);
    return into.limits.back();
  }

  void bind(PipelineCost& into) const {
    for (const CostLine& each : into.lines) {
      CostLimit& drawn = limit(into, each.kind);
      drawn.alone += each.alone;
      drawn.together += each.together;
    }
    for (const CostLook& look : into.looks) {
      for (const auto& [kind, calls] : look.calls)
        limit(into, kind).looks += calls * hour / static_cast<double>(look.every.count());
    }
    for (std::size_t i = 0; i < into.limits.size(); ++i) {
      CostLimit& each = into.limits[i];
      const auto rate = each.an_hour();
      if (!rate || each.together <= 0) continue;
      // Looks that want nearly all there is wait for their turn like everything else.
      const double left = each.looks < *rate / 2 ? *rate - each.looks : *rate / 2;
      each.throughput = left / each.together;
      if (!into.binding || *each.throughput < *into.limits[*into.binding].throughput) into.binding = i;
    }
  }

  static std::optional<double> throughput(const PipelineCost& cost) {
    return cost.binding ? cost.limits[*cost.binding].throughput : std::nullopt;
  }

  const Project& project_;
  const Examples& examples_;
  const std::vector<TrialCase>& cases_;
  const engine::Connections& connections_;
  std::map<std::string, Result<LookCost>> looks_;  ///< several pipelines may have one source
};

}  // namespace

std::vector<PipelineCost> costs(const Project& project) {
  const Examples examples(project.catalog);
  const std::vector<TrialCase> cases = trial_cases(project);
  // The limits are those of the real accounts, as far as the configuration and the token tell.
  auto connections = engine::open_connections(*project.registry, project.config, trial_noon);
  if (!connections) connections = engine::Connections{};
  Measure measure(project, examples, cases, *connections);
  std::vector<PipelineCost> all;
  for (const plan::Pipeline& pipeline : project.checked.plan.pipelines) {
    if (std::find(project.files.begin(), project.files.end(), pipeline.place.file) != project.files.end())
      all.push_back(measure.cost(pipeline));
  }
  return all;
}

}  // namespace pipewright::cli
