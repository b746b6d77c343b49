// Events of a source that can be read again, into sinks that keep their own position: not journaled one by one.
#include <algorithm>

#include "engine/core/state.hpp"

namespace pipewright::engine {
/// One event on its way through the page.
struct Passing {
  NewEvent* from = nullptr;
  std::size_t index = 0;
  EventData data;
  std::map<Address, Recorded> recorded;
  std::vector<Want> wants;
  std::optional<Ending> ending;
};

namespace {

bool only_sinks(const plan::Steps& steps, const Registry& registry) {
  return std::all_of(steps.begin(), steps.end(), [&](const plan::Step& step) {
    if (const auto* when = std::get_if<plan::When>(&step.node)) {
      return only_sinks(when->otherwise, registry) &&
             std::all_of(when->branches.begin(), when->branches.end(),
                         [&](const auto& branch) { return only_sinks(branch.steps, registry); });
    }
    if (const auto* each = std::get_if<plan::Each>(&step.node)) return only_sinks(*each->steps, registry);
    if (const auto* action = std::get_if<plan::Action>(&step.node)) {
      const ActionNode* node = registry.action(action->node);
      return node != nullptr && node->pure_sink;
    }
    return true;
  });
}

/// Equal places of the plan share a batch; events keep their order.
using Round = std::vector<std::pair<const plan::Action*, std::vector<std::pair<Passing*, Want*>>>>;

Round round_of(std::vector<Passing>& passing) {
  Round round;
  for (Passing& each : passing) {
    for (Want& want : each.wants) {
      const auto same = [&](const auto& group) {
        return group.first->node == want.action->node && group.first->connection == want.action->connection &&
               group.first->verb == want.action->verb;
      };
      auto found = std::find_if(round.begin(), round.end(), same);
      if (found == round.end()) found = round.insert(round.end(), {want.action, {}});
      found->second.emplace_back(&each, &want);
    }
  }
  return round;
}

// Runs one group's work in batches, in the order of the events; a sink that cannot go on now says so.
std::optional<Failure> run_group(const ActionNode& node, Job& job, std::vector<std::pair<Passing*, Want*>>& wants) {
  std::optional<Failure> failed;
  const std::size_t capacity = std::max<std::size_t>(1, node.capacity);
  for (std::size_t from = 0; from < wants.size() && !failed; from += capacity) {
    const std::size_t to = std::min(wants.size(), from + capacity);
    Batch batch;
    batch.reserve(to - from);
    for (std::size_t i = from; i < to; ++i) batch.push_back(std::move(wants[i].second->operation));
    Task<Outcomes> work = node.work(*job.connection, std::move(batch), job);
    work.start();
    Outcomes outcomes = work.finished() ? work.take() : Outcomes();
    outcomes.resize(to - from, Outcome::failed({Failure::Kind::permanent, "the sink gave no outcome"}));
    for (std::size_t i = from; i < to; ++i) {
      Outcome& outcome = outcomes[i - from];
      const bool later =
          outcome.kind == Outcome::Kind::failed && outcome.failure && outcome.failure->kind != Failure::Kind::permanent;
      if (later) failed = outcome.failure;
      wants[i].first->recorded.emplace(wants[i].second->address, Recorded{std::move(outcome), {}, true});
    }
  }
  return failed;
}

void gather_sinks(const plan::Steps& steps, std::set<std::pair<std::string, std::string>>& sinks) {
  for (const plan::Step& step : steps) {
    if (const auto* action = std::get_if<plan::Action>(&step.node)) sinks.emplace(action->connection, action->node);
    if (const auto* each = std::get_if<plan::Each>(&step.node)) gather_sinks(*each->steps, sinks);
    if (const auto* when = std::get_if<plan::When>(&step.node)) {
      for (const auto& branch : when->branches) gather_sinks(branch.steps, sinks);
      gather_sinks(when->otherwise, sinks);
    }
  }
}

Ended told_of(const std::string& pipeline, const Passing& event) {
  Ended told;
  told.pipeline = pipeline;
  told.key = event.data.key;
  told.kind = event.ending->kind;
  told.reason = event.ending->reason;
  told.place = event.ending->place;
  told.warnings = event.ending->warnings;
  told.record = event.data.record;
  return told;
}

}  // namespace

bool Engine::bulk_possible(const Bound& bound, const plan::Pipeline& pipeline) const {
  if (options_.dry || pipeline.sources.empty() || !pipeline.upstream.empty()) return false;
  for (const plan::Pipeline& other : bound.plan().pipelines) {
    if (std::find(other.upstream.begin(), other.upstream.end(), pipeline.name) != other.upstream.end()) return false;
  }
  const Registry& registry = *bound.runnable->registry;
  const bool again = std::all_of(pipeline.sources.begin(), pipeline.sources.end(), [&](const plan::Source& source) {
    const SourceNode* node = registry.source(source.node);
    return node != nullptr && node->rereadable;
  });
  return again && only_sinks(pipeline.steps, registry);
}

// To where the pages before left them: these are durable, or on their way.
Result<void> Engine::rewind_sinks(const plan::Pipeline& pipeline, const Bound& bound) {
  std::set<std::pair<std::string, std::string>> sinks;
  gather_sinks(pipeline.steps, sinks);
  for (const auto& [at, position] : sink_positions_) {
    const auto& [connection, name, target] = at;
    const ActionNode& node = *bound.runnable->registry->action(name);
    if (!node.resume || !sinks.contains({connection, name})) continue;
    if (Result<void> back = node.resume(*connection_of(connection, bound), target, position); !back) return back;
  }
  return sink_positions_.empty() ? resume_sinks() : Result<void>();
}

/// A page on its way, and what has come of it so far.
struct BulkRun {
  Poller& poller;
  Page& page;
  const Bound& bound;
  const plan::Pipeline& pipeline;
  std::set<std::pair<std::string, std::string>> sinks;  ///< connection and node
  std::vector<Passing> open;
  Bulk bulk;
  Transaction made;  ///< of what parks
  std::vector<Ended> told;
  std::map<std::pair<std::string, std::string>, std::vector<SinkReach>> reached;  ///< by connection and node
};

// Walks as far as what is recorded allows; true when the event has ended, and is counted.
bool Engine::bulk_step(BulkRun& run, Passing& event) {
  const bool tell = observer_.every_event();
  Progress progress = advance(run.pipeline, run.bound.plan(), run.bound.tables, event.data, event.recorded,
                              tell ? Reasons::full : Reasons::none);
  event.ending = std::move(progress.ending);
  event.wants = std::move(progress.wants);
  if (!event.ending) return false;
  const Ending& ending = *event.ending;
  if (ending.kind == EndingKind::written) ++run.bulk.written;
  if (ending.kind == EndingKind::unchanged) ++run.bulk.unchanged;
  if (ending.kind == EndingKind::skipped) ++run.bulk.skipped;
  if (ending.kind == EndingKind::parked) {
    --run.bulk.received;  // the journal counts what it stores
    StoredEnding stored{
        0, run.poller.pipeline, ending.kind, ending.reason, place_text(ending.place), ending.warnings, wall_};
    run.made.ended_events.emplace_back(run.made.events.size(), std::move(stored));
    StoredEvent record =
        this->stored(run.bound, run.pipeline, *run.poller.from, run.poller.source, run.page.events[event.index]);
    record.record = event.data.record;
    run.made.events.push_back(std::move(record));
  }
  if (tell || ending.kind == EndingKind::parked) run.told.push_back(told_of(run.poller.pipeline, event));
  return true;
}

// Pure steps first: most events end here or want one sink.
void Engine::begin_bulk(BulkRun& run) {
  const auto connection = connection_of(run.poller.from->connection, run.bound);
  const auto& normalise = run.bound.runnable->normalise;
  run.open.reserve(run.page.events.size());
  for (std::size_t i = 0; i < run.page.events.size(); ++i) {
    const NewEvent& came = run.page.events[i];
    Passing& event = run.open.emplace_back();
    event.index = i;
    event.data.record = normalise ? normalise(*run.poller.from, *connection, came) : came.raw;
    event.data.before = came.before.value_or(Value());
    event.data.received_at = wall_;
    event.data.time_zone = run.bound.runnable->time_zone;
    event.data.pipeline = run.poller.pipeline;
    event.data.key = came.key;
    event.data.reached = options_.reached;
    if (bulk_step(run, event)) run.open.pop_back();
  }
}

// Round by round until every event has ended, or a sink cannot go on now.
std::optional<Failure> Engine::feed_sinks(BulkRun& run) {
  while (!run.open.empty()) {
    for (auto& [action, wants] : round_of(run.open)) {
      const ActionNode& node = *run.bound.runnable->registry->action(action->node);
      Job job(*this, 0);
      job.connection = connection_of(action->connection, run.bound);
      if (auto failed = run_group(node, job, wants)) return failed;
    }
    std::vector<Passing> still;
    for (Passing& event : run.open) {
      if (!bulk_step(run, event)) still.push_back(std::move(event));
    }
    run.open = std::move(still);
  }
  return std::nullopt;
}

// The page is read again when the journal knows where its sinks begin.
void Engine::read_again_after_commit(Poller& poller) {
  ++poller.storing;
  poller.more = false;
  poller.next_at = now_;
  after_commit([this, key = PollerKey(poller.pipeline, poller.source)](const Committed&) {
    Poller& held = *pollers_.at(key);
    --held.storing;
    if (held.storing > 0 || held.polling) return;
    if (held.removed)
      pollers_.erase(key);
    else
      rebind(held);
  });
}

// A page whose lines cannot all be written is read again as a whole: the sinks go back to where it began.
std::optional<Failure> Engine::write_sinks(BulkRun& run) {
  for (const auto& [connection, name] : run.sinks) {
    const ActionNode& node = *run.bound.runnable->registry->action(name);
    if (!node.positions) continue;
    SinkReport report = node.positions(*connection_of(connection, run.bound));
    if (!report.failed.empty()) return report.failed.front().second;
    run.reached[{connection, name}] = std::move(report.reached);
  }
  return std::nullopt;
}

void Engine::keep_bulk(BulkRun& run) {
  for (StoredEvent& each : run.made.events) pending_.events.push_back(std::move(each));
  const std::size_t offset = pending_.events.size() - run.made.events.size();
  for (auto& [index, ending] : run.made.ended_events)
    pending_.ended_events.emplace_back(offset + index, std::move(ending));
  if (run.bulk.received != 0) pending_.bulks.push_back(std::move(run.bulk));
  for (const auto& [connection, name] : run.sinks) {
    const ActionNode& node = *run.bound.runnable->registry->action(name);
    const auto reached = run.reached.find({connection, name});
    if (reached != run.reached.end()) keep(connection, node, std::move(reached->second));
  }
  if (run.told.empty()) return;
  after_commit([this, told = std::move(run.told), offset](const Committed& committed) mutable {
    std::size_t place = offset;  // the parked ones are stored, in this order
    for (Ended& each : told) {
      if (each.kind == EndingKind::parked && place < committed.ids.size()) each.id = committed.ids[place++];
      observer_.ended(each);
    }
  });
}

void Engine::run_bulk(Poller& poller, Page page) {
  const Bound& bound = *poller.bound;
  BulkRun run{poller, page, bound, *bound.plan().pipeline(poller.pipeline), {}, {}, {}, {}, {}, {}};
  run.bulk.pipeline = poller.pipeline;
  run.bulk.received = static_cast<std::int64_t>(page.events.size());
  gather_sinks(run.pipeline.steps, run.sinks);
  begin_bulk(run);
  std::optional<Failure> failed = feed_sinks(run);

  bool opened = false;
  for (const auto& [connection, name] : run.sinks) {
    const ActionNode& node = *bound.runnable->registry->action(name);
    if (node.openings && keep(connection, node, node.openings(*connection_of(connection, bound)))) opened = true;
  }
  if (!opened && !failed) failed = write_sinks(run);
  if (!opened && !failed) {
    keep_bulk(run);
    page.events.clear();
    return store_page(poller, std::move(page));
  }
  // Back to what is known to be good; the page is read again.
  if (const Result<void> back = rewind_sinks(run.pipeline, bound); !back)
    ports_.log(LogLevel::warning, back.error().message);
  if (!failed) return read_again_after_commit(poller);
  poll_failed(poller, *failed);
  if (failed->kind == Failure::Kind::credentials) poller.next_at = now_ + delay_before(1, Duration(0), jitter());
  rebind(poller);
}

}  // namespace pipewright::engine
