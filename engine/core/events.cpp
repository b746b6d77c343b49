// Events in memory: from the journal into the window, along their chains, to their endings.
#include <fmt/format.h>

#include <algorithm>

#include "engine/core/state.hpp"

namespace pipewright::engine {

std::shared_ptr<const Bound> Engine::bound_for(const std::string& hash) {
  if (const auto found = bounds_.find(hash); found != bounds_.end()) return found->second;
  const auto text = ports_.journal().plan(hash);
  if (!text) return nullptr;
  auto runnable = ports_.revive(*text);
  if (!runnable) return nullptr;
  auto bound = std::make_shared<const Bound>(std::move(runnable));
  bounds_[hash] = bound;
  return bound;
}

bool Engine::load_events() {
  bool any = false;
  const std::size_t share = std::max<std::size_t>(1, options_.window / std::max<std::size_t>(1, scans_.size()));
  for (auto& [pipeline, scan] : scans_) {
    // Half a share at a time: a query for each ending would be dear.
    while (scan.more && events_.size() < options_.window && scan.loaded * 2 <= share) {
      const std::size_t limit = share - scan.loaded;
      std::vector<StoredEvent> found = ports_.journal().ready(pipeline, scan.position, limit);
      scan.more = found.size() == limit;
      for (StoredEvent& each : found) {
        scan.position = each.id;
        any |= load(std::move(each));
      }
      if (found.empty()) break;
    }
  }
  return any;
}

bool Engine::load(StoredEvent stored) {
  if (events_.contains(stored.id)) return false;
  if (!stored.key.empty() && !active_keys_.emplace(std::pair(stored.account, stored.key), stored.id).second)
    return false;
  auto held = std::make_unique<Event>();
  Event& event = *held;
  event.id = stored.id;
  event.bound = bound_for(stored.plan);
  bool verify = stored.verify;
  if (!event.bound) {  // its plan cannot be made any more: the present one, as far as it wants the same
    event.bound = current_;
    verify = true;
  }
  event.pipeline = event.bound->plan().pipeline(stored.pipeline);
  event.source = std::move(stored.source);
  event.account = std::move(stored.account);
  event.identity = std::move(stored.identity);
  event.data = {std::move(stored.record),         std::move(stored.before),   stored.received_at,
                event.bound->runnable->time_zone, std::move(stored.pipeline), std::move(stored.key)};
  event.looked_at = stored.received_at;
  event.doubtful = stored.doubtful || stored.id <= earlier_life_;
  if (event.doubtful) {
    event.outcomes = ports_.journal().outcomes(event.id);
    for (Address& address : ports_.journal().intents(event.id)) event.intents.insert(std::move(address));
    for (auto& [address, recorded] : event.outcomes) {
      recorded.verify = verify;
      if (recorded.outcome.kind == Outcome::Kind::done && recorded.outcome.operation != "none") event.wrote = true;
    }
  }
  event.data.reached = options_.reached;
  ++scans_[event.data.pipeline].loaded;
  events_[event.id] = std::move(held);
  go_on(event);
  return true;
}

void Engine::load_key(const std::string& account, const std::string& key) {
  if (key.empty()) return;
  if (auto next = ports_.journal().first_of(account, key)) load(std::move(*next));
}

void Engine::go_on(Event& event) {
  if (event.ending) return;
  if (event.pipeline == nullptr) {
    end(event, {EndingKind::parked,
                fmt::format("there is no pipeline `{}` any more", event.data.pipeline),
                nullptr,
                {},
                false});
    return;
  }
  Progress progress = advance(*event.pipeline, event.bound->plan(), event.bound->tables, event.data, event.outcomes);
  if (progress.ending) {
    if (event.under_way.empty()) end(event, std::move(*progress.ending));
    return;
  }
  event.next = std::move(progress.wants);
  if (event.uncommitted == 0) queue_next(event);
}

// Only when everything before is durable.
void Engine::queue_next(Event& event) {
  std::vector<Want> wants = std::exchange(event.next, {});
  const EventId id = event.id;
  const bool doubtful = std::exchange(event.doubtful, false);
  for (Want& want : wants) {
    const auto found = events_.find(id);
    if (found == events_.end()) return;
    Event& same = *found->second;
    if (!same.under_way.insert(want.address).second) continue;
    want.operation.delivery = unknown_if(doubtful);
    enqueue(same, std::move(want));
  }
}

void Engine::record(Item& item, Outcome outcome, std::vector<std::size_t> exchanges) {
  Event& event = *item.event;
  const EventId id = event.id;
  event.under_way.erase(item.want.address);
  if (outcome.kind == Outcome::Kind::done && outcome.operation != "none") event.wrote = true;
  const plan::Action& action = *item.want.action;
  EndedStep step{item.want.address,       action.connection, action.node, action.verb,
                 item.want.operation.key, outcome,           {},          item.want.place};
  if (options_.keep_requests) {
    for (const std::size_t index : exchanges) step.exchanges.push_back(pending_.exchanges[index]);
  }
  event.steps.push_back(std::move(step));
  pending_.outcomes.push_back({id, item.want.address, action.connection, action.node, plan::verb_text(action.verb),
                               item.fingerprint, outcome, now_, std::move(exchanges)});
  event.outcomes.insert_or_assign(item.want.address, Recorded{std::move(outcome), item.fingerprint, false});
  ++event.uncommitted;
  after_commit([this, id](const Committed&) {
    const auto found = events_.find(id);
    if (found == events_.end()) return;
    Event& same = *found->second;
    if (--same.uncommitted == 0 && !same.ending) queue_next(same);
  });
  go_on(event);
}

void Engine::spawn_listeners(const Event& event) {
  for (const plan::Pipeline& pipeline : current_->plan().pipelines) {
    if (std::find(pipeline.upstream.begin(), pipeline.upstream.end(), event.data.pipeline) == pipeline.upstream.end())
      continue;
    StoredEvent heard;
    heard.pipeline = pipeline.name;
    heard.source = "on " + event.data.pipeline;
    heard.account = event.account;
    heard.identity = event.identity;
    heard.key = event.data.key;
    heard.record = event.data.record;
    heard.before = event.data.before;
    heard.received_at = event.data.received_at;
    heard.plan = current_->plan().hash;
    heard.commit = current_->runnable->commit;
    pending_.events.push_back(std::move(heard));
    after_commit([this, name = pipeline.name](const Committed&) { scans_[name].more = true; });
  }
}

void Engine::end(Event& event, Ending ending) {
  event.ending = std::move(ending);
  const EventId id = event.id;
  pending_.endings.push_back({id, event.data.pipeline, event.ending->kind, event.ending->reason,
                              place_text(event.ending->place), event.ending->warnings, now_});
  if (event.ending->reached_end && event.ending->kind != EndingKind::parked) spawn_listeners(event);
  after_commit([this, id](const Committed&) { ended(id); });
}

void Engine::ended(EventId id) {
  const auto found = events_.find(id);
  if (found == events_.end()) return;
  const std::unique_ptr<Event> event = std::move(found->second);
  events_.erase(found);
  if (!event->data.key.empty()) active_keys_.erase({event->account, event->data.key});
  Scan& scan = scans_[event->data.pipeline];
  if (scan.loaded > 0) --scan.loaded;
  Ended told;
  told.id = id;
  told.pipeline = event->data.pipeline;
  told.key = event->data.key;
  told.identity = event->identity;
  told.kind = event->ending->kind;
  told.reason = event->ending->reason;
  told.place = event->ending->place;
  told.warnings = event->ending->warnings;
  told.steps = std::move(event->steps);
  told.record = event->data.record;
  told.took = now_ - event->data.received_at;
  observer_.ended(told);
  load_key(event->account, event->data.key);
}

// A waiting event was looked at again.
void Engine::checked(Job& job) {
  const std::optional<std::string> reason = job.check->take();
  over(job, std::nullopt);
  --checks_;
  for (auto& [key, station] : stations_) station.dirty = true;
  const auto found = events_.find(job.event);
  if (found == events_.end()) return;
  Event& event = *found->second;
  event.checking = false;
  event.looked_at = now_;
  if (!reason || event.wrote || event.uncommitted > 0) return;
  std::vector<std::pair<Station*, std::uint64_t>> queued;
  for (auto& [key, station] : stations_) {
    for (auto& [sequence, item] : station.queue) {
      if (item.event == &event) queued.emplace_back(&station, sequence);
    }
  }
  if (queued.size() != event.under_way.size()) return;  // one of its effects is under way already
  for (const auto& [station, sequence] : queued) {
    Item item = std::move(station->queue.at(sequence));
    station->queue.erase(sequence);
    release(item);
    for (Item& follower : item.followers) requeue(*station, std::move(follower));
  }
  event.under_way.clear();
  end(event, {EndingKind::skipped, *reason, event.pipeline == nullptr ? nullptr : &event.pipeline->place, {}, false});
}

}  // namespace pipewright::engine
