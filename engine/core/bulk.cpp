// Events of a source that can be read again, into sinks that keep their own position: not journaled one by one.
#include <algorithm>

#include "engine/core/state.hpp"

namespace pipewright::engine {
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

/// One event on its way through the page.
struct Passing {
  NewEvent* from = nullptr;
  std::size_t index = 0;
  EventData data;
  std::map<Address, Recorded> recorded;
  std::vector<Want> wants;
  std::optional<Ending> ending;
};

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
      wants[i].first->recorded.emplace(wants[i].second->address, Recorded{std::move(outcome), {}, false});
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
  return sink_positions_.empty() ? resume_sinks({}, {}) : Result<void>();
}

void Engine::run_bulk(Poller& poller, Page page) {
  const Bound& bound = *poller.bound;
  const plan::Pipeline& pipeline = *bound.plan().pipeline(poller.pipeline);
  std::vector<Passing> open;
  open.reserve(page.events.size());
  Bulk bulk;
  bulk.pipeline = poller.pipeline;
  bulk.received = static_cast<std::int64_t>(page.events.size());
  Transaction made;
  const bool tell = observer_.every_event();
  const Reasons reasons = tell ? Reasons::full : Reasons::none;
  std::vector<Ended> told;

  const auto connection = connection_of(poller.from->connection, bound);
  const auto& normalise = bound.runnable->normalise;
  const auto tally = [&](Passing& event) {
    const Ending& ending = *event.ending;
    if (ending.kind == EndingKind::written) ++bulk.written;
    if (ending.kind == EndingKind::unchanged) ++bulk.unchanged;
    if (ending.kind == EndingKind::skipped) ++bulk.skipped;
    if (ending.kind == EndingKind::parked) {
      --bulk.received;  // the journal counts what it stores
      StoredEnding stored{0,   poller.pipeline, ending.kind, ending.reason, place_text(ending.place), ending.warnings,
                          now_};
      made.ended_events.emplace_back(made.events.size(), std::move(stored));
      StoredEvent record = this->stored(bound, pipeline, *poller.from, poller.source, page.events[event.index]);
      record.record = event.data.record;
      made.events.push_back(std::move(record));
    }
    if (tell || ending.kind == EndingKind::parked) told.push_back(told_of(poller.pipeline, event));
  };

  // Pure steps first: most events end here or want one sink.
  for (std::size_t i = 0; i < page.events.size(); ++i) {
    Passing& event = open.emplace_back();
    event.index = i;
    event.data.record = normalise ? normalise(*poller.from, *connection, page.events[i]) : page.events[i].raw;
    event.data.before = page.events[i].before.value_or(Value());
    event.data.received_at = now_;
    event.data.time_zone = bound.runnable->time_zone;
    event.data.pipeline = poller.pipeline;
    event.data.key = page.events[i].key;
    event.data.reached = options_.reached;
    Progress progress = advance(pipeline, bound.plan(), bound.tables, event.data, event.recorded, reasons);
    event.ending = std::move(progress.ending);
    event.wants = std::move(progress.wants);
    if (!event.ending) continue;
    tally(event);
    open.pop_back();
  }

  std::optional<Failure> failed;
  while (!open.empty() && !failed) {
    for (auto& [action, wants] : round_of(open)) {
      const ActionNode& node = *bound.runnable->registry->action(action->node);
      Job job(*this, 0);
      job.connection = connection_of(action->connection, bound);
      failed = run_group(node, job, wants);
      if (failed) break;
    }
    if (failed) break;
    std::vector<Passing> still;
    for (Passing& event : open) {
      Progress progress = advance(pipeline, bound.plan(), bound.tables, event.data, event.recorded, reasons);
      event.ending = std::move(progress.ending);
      event.wants = std::move(progress.wants);
      if (!event.ending) {
        still.push_back(std::move(event));
        continue;
      }
      tally(event);
    }
    open = std::move(still);
  }

  std::set<std::pair<std::string, std::string>> sinks;
  gather_sinks(pipeline.steps, sinks);
  bool opened = false;
  for (const auto& [connection, name] : sinks) {
    const ActionNode& node = *bound.runnable->registry->action(name);
    if (node.openings && keep(connection, node, node.openings(*connection_of(connection, bound)))) opened = true;
  }
  if (opened && !failed) {  // the page is read again when the journal knows where its sinks begin
    if (const Result<void> back = rewind_sinks(pipeline, bound); !back) ports_.log(back.error().message);
    ++poller.storing;
    poller.more = false;
    poller.next_at = now_;
    after_commit([this, key = poller.pipeline + "\x1f" + poller.source](const Committed&) {
      Poller& held = *pollers_.at(key);
      --held.storing;
      if (held.storing > 0 || held.looking) return;
      if (held.removed)
        pollers_.erase(key);
      else
        rebind(held);
    });
    return;
  }

  if (failed) {  // back to what is known to be good; the page is read again
    if (const Result<void> back = rewind_sinks(pipeline, bound); !back) ports_.log(back.error().message);
    look_failed(poller, *failed);
    if (failed->kind == Failure::Kind::credentials) poller.next_at = now_ + delay_before(1, Duration(0), jitter());
    rebind(poller);
    return;
  }
  for (StoredEvent& each : made.events) pending_.events.push_back(std::move(each));
  const std::size_t offset = pending_.events.size() - made.events.size();
  for (auto& [index, ending] : made.ended_events) pending_.ended_events.emplace_back(offset + index, std::move(ending));
  if (bulk.received != 0) pending_.bulks.push_back(std::move(bulk));
  for (const auto& [connection, name] : sinks) {
    const ActionNode& node = *bound.runnable->registry->action(name);
    if (node.positions) keep(connection, node, node.positions(*connection_of(connection, bound)));
  }
  if (!told.empty()) {
    after_commit([this, told = std::move(told), offset](const Committed& committed) mutable {
      std::size_t place = offset;  // the parked ones are stored, in this order
      for (Ended& each : told) {
        if (each.kind == EndingKind::parked && place < committed.ids.size()) each.id = committed.ids[place++];
        observer_.ended(each);
      }
    });
  }
  page.events.clear();
  store_page(poller, std::move(page));
}

}  // namespace pipewright::engine
