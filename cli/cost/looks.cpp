#include "cli/cost/looks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/cost/cost.hpp"
#include "cli/trial/stage.hpp"
#include "engine/bind.hpp"
#include "engine/journal/memory.hpp"

namespace pipewright::cli {
namespace {

using wb::sandbox::Scheme;
using Json = nlohmann::json;

constexpr int watched = cost_batch + 1;

/// Makes things happen that a source tells of.
class Occasions {
 public:
  Occasions(TrialWorld& world, const dsl::plan::Source& source)
      : node_(source.node),
        wb_(world.wildberries(source.connection)),
        crm_(world.retailcrm(source.connection)),
        scheme_(scheme_of(source.node)) {}

  [[nodiscard]] bool possible() const { return wb_ != nullptr || crm_ != nullptr; }

  /// What can change later is there. Returns how much of it the source asks for in every look.
  int prepare() {
    if (node_.ends_with(".new")) return 0;
    if (wb_ != nullptr && scheme_) tasks_ = wb_->add_tasks(*scheme_, watched);
    for (int i = 0; i < watched; ++i) {
      const std::string name = fmt::format("watched-{}", i);
      if (crm_ != nullptr) orders_.push_back(crm_->add_order({{"externalId", name}}));
      if (wb_ != nullptr && !scheme_) units_.push_back(wb_->add_fbo_order());
    }
    return scheme_ ? watched : 0;
  }

  void happen(int count) {
    if (wb_ != nullptr && scheme_ && node_.ends_with(".new")) {
      wb_->add_tasks(*scheme_, count);
      return;
    }
    for (int i = 0; i < count; ++i, ++next_) happen_once(static_cast<std::size_t>(next_));
  }

 private:
  void happen_once(std::size_t at) {
    const bool is_new = node_.ends_with(".new");
    if (crm_ != nullptr && is_new)
      crm_->add_order({{"externalId", fmt::format("new-{}", at)}});
    else if (crm_ != nullptr && node_.ends_with(".status_changed"))
      crm_->set_status(orders_.at(at), "assembling");
    else if (crm_ != nullptr)
      crm_->edit_order(orders_.at(at), {{"status", "assembling"}, {"customerComment", "…"}, {"managerComment", "…"}});
    else if (scheme_)
      wb_->set_status(tasks_.at(at), "confirm", "");
    else if (is_new)
      wb_->add_fbo_order();
    else
      wb_->set_fbo_status(units_.at(at), "cancel");
  }

  std::string node_;
  wb::sandbox::Sandbox* wb_;
  crm::sandbox::Sandbox* crm_;
  std::optional<Scheme> scheme_;
  std::vector<std::int64_t> tasks_, orders_;
  std::vector<std::string> units_;
  int next_ = 0;
};

// The source before an empty chain.
std::shared_ptr<const dsl::plan::Plan> plan_of(const Project& project, const dsl::plan::Source& source) {
  auto made = std::make_shared<dsl::plan::Plan>(project.checked.plan);
  dsl::plan::Pipeline only;
  only.name = "look";
  only.sources = {source};
  only.record = source.record;
  only.noun = source.noun;
  only.place = source.place;
  made->pipelines = {std::move(only)};
  return made;
}

class Watching {
 public:
  Watching(const Project& project, const dsl::plan::Source& source)
      : project_(project), source_(source), config_(project.config), world_(config_, trial_noon, {}) {
    const engine::SourceNode* node = project.registry->source(source.node);
    every_ = source.every ? *source.every : node->every;
  }

  Result<LookCost> measure() {
    LookCost cost;
    cost.every = every_;
    Occasions occasions(world_, source_);
    if (!occasions.possible()) return cost;
    auto connections = engine::open_connections(*project_.registry, config_, begins_);
    if (!connections) return fail(connections.error());
    connections_ = std::move(*connections);
    cost.watched = occasions.prepare();
    CallTally first;
    if (const Result<void> looked = look(first); !looked) return fail(looked.error());
    cost.looks = static_cast<int>(std::clamp<std::int64_t>(std::chrono::hours(1) / every_, 1, 20));
    for (int i = 0; i < cost.looks; ++i) {
      if (const Result<void> looked = look(cost.idle); !looked) return fail(looked.error());
    }
    occasions.happen(1);
    if (const Result<void> looked = look(cost.alone); !looked) return fail(looked.error());
    occasions.happen(cost_batch);
    const int before = told_;
    if (const Result<void> looked = look(cost.together); !looked) return fail(looked.error());
    cost.things = told_ - before;
    cost.measured = true;
    return cost;
  }

 private:
  struct Counter : engine::Observer {
    int count = 0;
    void ended(const engine::Ended&) override { ++count; }
    [[nodiscard]] bool every_event() const override { return true; }
  };

  Result<void> look(CallTally& tally) {
    begins_ += every_;
    auto runnable = engine::bind(plan_of(project_, source_), project_.registry, config_, connections_, {});
    if (!runnable) return fail(runnable.error());
    Counter counter;
    engine::Options options;
    options.once = true;
    const Result<void> ended = world_.run(
        *runnable, journal_, counter, options, begins_, std::chrono::hours(24),
        [&](const std::string& connection, const engine::Request& request) { tally.add(connection, request); });
    if (!ended) return ended;
    told_ += counter.count;
    return {};
  }

  const Project& project_;
  const dsl::plan::Source& source_;
  engine::Config config_;
  TrialWorld world_;
  engine::Connections connections_;
  engine::MemoryJournal journal_;
  Duration every_{0};
  Instant begins_ = trial_noon;
  int told_ = 0;
};

}  // namespace

Result<LookCost> look_cost(const Project& project, const dsl::plan::Source& source) {
  if (project.registry->source(source.node) == nullptr) return LookCost{};
  return Watching(project, source).measure();
}

}  // namespace pipewright::cli
