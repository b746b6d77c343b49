// Events in memory: from the journal into the window, along their chains, to their final status.
#include <fmt/format.h>

#include <algorithm>

#include "engine/core/reach.hpp"
#include "engine/core/state.hpp"

namespace pipewright::engine {

// ---- into memory

bool Engine::claim_events() {
  bool any = false;
  const std::size_t share = std::max<std::size_t>(1, options_.window / std::max<std::size_t>(1, scans_.size()));
  for (auto& [pipeline, scan] : scans_) {
    // Half a share at a time: a query for each event that ends would be expensive.
    if (!scan.more || scan.asking || scan.loaded * 2 > share) continue;
    const bool full = events_.size() >= options_.window || loaded_bytes_ >= options_.window_bytes;
    if (full && scan.loaded > 0) continue;  // a pipeline that has none in memory always gets some
    scan.asking = true;
    constexpr std::size_t some = 16;
    ClaimPipeline query{pipeline, full ? some : share - std::min(share, scan.loaded),
                        options_.window_bytes - std::min(options_.window_bytes, loaded_bytes_)};
    query.events = std::max<std::size_t>(1, query.events);
    ask(std::move(query), [this, name = pipeline](Reply reply) {
      Scan& asked = scans_[name];
      auto& found = std::get<Claimed>(reply);
      asked.asking = false;
      asked.more = found.more;
      claimed(std::move(found));
    });
    any = true;
  }
  return any;
}

void Engine::claimed(Claimed claimed) {
  for (PlanText& text : claimed.plans) plan_texts_.emplace(text.hash, std::move(text));
  for (const auto& key : claimed.deeper) lines_[key].deeper = true;
  if (stopping_) return;
  for (ClaimedEvent& each : claimed.events) load(std::move(each));
}

void Engine::claim_key(const std::string& account, const std::string& key) {
  ask(ClaimKey{account, key}, [this](Reply reply) { claimed(std::move(std::get<Claimed>(reply))); });
}

std::shared_ptr<const Bound> Engine::bound_for(const std::string& hash) {
  if (const auto found = bounds_.find(hash); found != bounds_.end()) return found->second;
  const auto text = plan_texts_.find(hash);
  if (text == plan_texts_.end()) return nullptr;
  auto runnable = ports_.revive(text->second);
  if (!runnable) return nullptr;
  auto bound = std::make_shared<const Bound>(std::move(runnable));
  if (bound->plan().hash != hash) return nullptr;  // made by another program: it would not mean the same
  bounds_[hash] = bound;
  return bound;
}

// Another plan: what was recorded counts by what it did, no longer by its place.
void Engine::replan(Event& event, std::shared_ptr<const Bound> bound) {
  if (event.bound == bound) return;
  event.bound = std::move(bound);
  event.pipeline = event.bound->plan().pipeline(event.data.pipeline);
  event.data.time_zone = event.bound->runnable->time_zone;
  Replan replanned{event.id, event.bound->plan().hash, !event.outcomes.empty() || !event.intents.empty()};
  if (replanned.set_aside) {
    const auto moved =
        static_cast<std::size_t>(std::count_if(event.outcomes.begin(), event.outcomes.end(),
                                               [](const auto& each) { return is_set_aside(each.first); }) +
                                 std::count_if(event.intents.begin(), event.intents.end(),
                                               [](const Intent& each) { return is_set_aside(each.address); }));
    for (Intent& each : event.intents) each.address = set_aside(each.address, moved + 1);
    std::map<Address, Recorded> outcomes;
    for (auto& [address, recorded] : event.outcomes)
      outcomes.emplace(set_aside(address, moved + 1), std::move(recorded));
    event.outcomes = std::move(outcomes);
    event.moved = true;
  }
  pending_.replanned.push_back(std::move(replanned));
}

// An event that has done nothing takes the current plan; one that has finishes with the one it began with.
void Engine::choose_plan(Event& event, const StoredEvent& stored) {
  event.bound = stored.plan == current_->plan().hash ? current_ : nullptr;
  if (!event.bound && (event.begun || event.as_was)) event.bound = bound_for(stored.plan);
  event.moved = std::any_of(event.outcomes.begin(), event.outcomes.end(),
                            [](const auto& each) { return is_set_aside(each.first); }) ||
                std::any_of(event.intents.begin(), event.intents.end(),
                            [](const Intent& each) { return is_set_aside(each.address); });
  if (event.bound) {
    event.pipeline = event.bound->plan().pipeline(stored.pipeline);
    event.data.time_zone = event.bound->runnable->time_zone;
  } else {
    replan(event, current_);
  }
  event.gone = !event.as_was && current_->plan().pipeline(stored.pipeline) == nullptr;
}

void Engine::load(ClaimedEvent claimed) {
  StoredEvent& stored = claimed.stored;
  if (events_.contains(stored.id)) return;
  auto held = std::make_unique<Event>();
  Event& event = *held;
  event.id = stored.id;
  event.outcomes = std::move(claimed.outcomes);
  event.reopened = stored.reopened_after > 0;
  event.as_was = stored.as_was;
  event.stale_allowed = stored.stale_allowed;
  event.data.pipeline = stored.pipeline;
  event.intents = std::move(claimed.intents);
  event.begun = !event.outcomes.empty() || !event.intents.empty() || claimed.delivery == Delivery::unknown;
  choose_plan(event, stored);
  event.source = std::move(stored.source);
  event.account = std::move(stored.account);
  event.identity = std::move(stored.identity);
  event.data.record = std::move(stored.record);
  event.data.before = std::move(stored.before);
  event.data.received_at = stored.received_at;
  event.data.key = std::move(stored.key);
  event.data.reached = options_.reached;
  event.newest = std::move(claimed.newest);
  event.delivery = claimed.delivery;
  event.bytes = claimed.bytes;
  event.checked_at = now_ - std::max(Duration(0), wall_ - event.data.received_at);
  if (claimed.failing_since) {
    event.failing_since = now_ - std::max(Duration(0), wall_ - *claimed.failing_since);
    event.waits_for = "?";  // the journal says something: it is said anew, or taken back
  }
  event.wrote = std::any_of(event.outcomes.begin(), event.outcomes.end(),
                            [](const auto& each) { return !each.second.readable || each.second.outcome.wrote(); });
  if (event.pipeline != nullptr) event.reach = reachable(event.pipeline->steps, {}, *event.bound->runnable);
  ++scans_[event.data.pipeline].loaded;
  loaded_bytes_ += event.bytes;
  event.rank = stored.rank();
  event.origin = stored.origin_id();
  if (!event.data.key.empty()) lines_[{event.account, event.data.key}].events[event.rank] = &event;
  events_[event.id] = std::move(held);
  if (!claimed.unreadable.empty()) {
    end(event, {EndingKind::parked,
                fmt::format("the journal's record of this event cannot be read: {}", claimed.unreadable),
                nullptr,
                {},
                false});
    return;
  }
  go_on(event);
}

// ---- along the chain

bool Engine::walk_dirty() {
  if (dirty_events_.empty()) return false;
  for (const EventId id : std::exchange(dirty_events_, {})) {
    const auto found = events_.find(id);
    if (found == events_.end() || !found->second->dirty) continue;
    found->second->dirty = false;
    go_on(*found->second);
  }
  return true;
}

void Engine::go_on(Event& event) {
  if (event.ending) return;
  if (event.skip) {
    if (event.under_way.empty()) end(event, {EndingKind::skipped, *event.skip, nullptr, {}, false});
    return;
  }
  if (event.gone || event.pipeline == nullptr) {
    if (!event.under_way.empty()) return;
    const bool nothing_done = !event.wrote && event.delivery == Delivery::not_sent && event.intents.empty();
    const std::string reason = fmt::format("the pipeline `{}` is gone", event.data.pipeline);
    end(event, nothing_done
                   ? Ending{EndingKind::skipped, reason, nullptr, {}, false}
                   : Ending{EndingKind::parked,
                            reason + ", and something of this event is written or may be; `events retry --as-was` "
                                     "finishes it, `events skip` ends it",
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
  queue_next(event);
}

// Only when everything before is durable, and nothing earlier of the key is in the way.
void Engine::queue_next(Event& event) {
  if (event.ending || event.uncommitted > 0 || event.pipeline == nullptr || event.gone || event.skip) return;
  const EventId id = event.id;
  std::vector<Want> fresh;
  for (Want& want : event.next) {
    if (!event.under_way.contains(want.address)) fresh.push_back(std::move(want));
  }
  event.next = std::move(fresh);
  const std::size_t reached = event.reach.size();
  find_reach(event);
  const bool less = event.reach.size() < reached;
  if (!event.next.empty() && may_run(event)) {
    if (const auto newer = event.stale_allowed ? std::nullopt : newer_write(event); newer && event.under_way.empty()) {
      end(event,
          {EndingKind::parked,
           fmt::format("a newer event of {} has been written since (event {}); `events retry --stale {}` writes this "
                       "old one all the same",
                       event.data.key, *newer, id),
           nullptr,
           {},
           false});
      return;
    }
    // After a restart the first effects may have happened; under another plan any of them.
    const Delivery delivery = event.delivery;
    if (!event.moved) event.delivery = Delivery::not_sent;
    for (Want& want : std::exchange(event.next, {})) {
      event.under_way.insert(want.address);
      const auto known = event.outcomes.find(want.address);
      const bool unreadable = known != event.outcomes.end() && !known->second.readable;
      want.operation.delivery = unreadable ? Delivery::unknown : delivery;
      enqueue(event, std::move(want));
    }
  }
  if (less) look_behind(event);
}

void Engine::record(QueuedEffect& effect, Outcome outcome, std::vector<std::size_t> exchanges) {
  Event& event = *effect.event;
  const EventId id = event.id;
  event.under_way.erase(effect.want.address);
  event.begun = true;
  const plan::Action& action = *effect.want.action;
  if (outcome.wrote()) {
    event.wrote = true;
    if (!event.data.key.empty()) {
      for (const auto& [rank, each] : lines_[{event.account, event.data.key}].events) {
        each->newest[action.connection].note(event.origin, event.identity);
      }
    }
  }
  EndedStep step{effect.want.address,       action.connection, action.node, action.verb,
                 effect.want.operation.key, outcome,           {},          {},
                 effect.want.place};
  if (options_.keep_requests) {
    step.operation = effect.want.operation;
    for (const std::size_t index : exchanges) step.exchanges.push_back(pending_.exchanges[index]);
  }
  event.steps.push_back(std::move(step));
  pending_.outcomes.push_back({id, effect.want.address, action.connection, action.node, plan::verb_text(action.verb),
                               effect.fingerprint, outcome, wall_, std::move(exchanges)});
  event.outcomes.insert_or_assign(effect.want.address, Recorded{std::move(outcome), effect.fingerprint, true});
  ++event.uncommitted;
  after_commit([this, id](const Committed&) {
    const auto found = events_.find(id);
    if (found == events_.end()) return;
    Event& same = *found->second;
    if (--same.uncommitted == 0 && !same.ending) queue_next(same);
  });
  if (!event.dirty) dirty_events_.push_back(id);
  event.dirty = true;
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
    heard.origin = event.origin;
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
  event.next.clear();
  const EventId id = event.id;
  pending_.endings.push_back({id, event.data.pipeline, event.ending->kind, event.ending->reason,
                              place_text(event.ending->place), event.ending->warnings, wall_});
  if (event.ending->reached_end && event.ending->kind != EndingKind::parked) spawn_listeners(event);
  after_commit([this, id](const Committed&) { ended(id); });
}

void Engine::ended(EventId id) {
  const auto found = events_.find(id);
  if (found == events_.end()) return;
  const std::unique_ptr<Event> event = std::move(found->second);
  events_.erase(found);
  loaded_bytes_ -= event->bytes;
  if (!event->data.key.empty()) {
    const auto line = lines_.find({event->account, event->data.key});
    if (line != lines_.end()) {
      line->second.events.erase(event->rank);
      look_behind(*event);
      if (line->second.events.size() * 2 < key_depth && std::exchange(line->second.deeper, false))
        claim_key(event->account, event->data.key);
      if (line->second.events.empty() && !line->second.deeper) lines_.erase(line);
    }
  }
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
  told.took = wall_ - event->data.received_at;
  observer_.ended(told);
}

// ---- what it waits for

std::string Engine::waits_for(const EffectQueue& queue, const QueuedEffect& effect) const {
  const auto state = connections_.find({queue.connection, queue.realm});
  if (state != connections_.end() && state->second.down)
    return fmt::format("connection `{}`: {}", queue.connection, state->second.reason);
  if (effect.first_failure) return fmt::format("connection `{}`: {}", queue.connection, effect.last_failure);
  const Limiter* limiter = limiter_of(queue);
  if (limiter != nullptr && limiter->failing_since)
    return fmt::format("connection `{}`: {}", queue.connection, limiter->reason);
  const auto holder = busy_.find(effect.identity);
  if (!effect.identity.empty() && holder != busy_.end() && holder->second != effect.sequence)
    return fmt::format("another write to the same record of {}", queue.node->name);
  return {};
}

// By event: what is in its way, as far as that is more than its turn.
std::map<EventId, Waiting> Engine::waiting_reasons() const {
  std::map<EventId, Waiting> reasons;
  for (const auto& [key, queue] : queues_) {
    for (const auto& [sequence, effect] : queue.waiting) {
      std::string reason = waits_for(queue, effect);
      if (reason.empty()) continue;
      const Instant since = effect.first_failure ? wall_ - (now_ - *effect.first_failure) : wall_;
      reasons.try_emplace(effect.event->id,
                          Waiting{effect.event->id, std::move(reason), since, effect.first_failure.has_value()});
    }
  }
  for (const auto& [id, event] : events_) {
    if (event->ending || event->next.empty() || event->released) continue;
    const Event* blocker = blocker_of(*event);
    if (blocker != nullptr)
      reasons[id] = {id, fmt::format("behind event {} of {}", blocker->id, blocker->data.pipeline), wall_, false};
  }
  return reasons;
}

// Every few seconds, for `events` and `status`: what changed since the last time.
void Engine::note_waiting() {
  constexpr Duration every = std::chrono::seconds(2);
  constexpr std::size_t most = 500;
  if (options_.dry || events_.empty() || now_ - waiting_noted_ < every) return;
  waiting_noted_ = now_;
  std::map<EventId, Waiting> reasons = waiting_reasons();
  std::size_t noted = 0;
  for (const auto& [id, event] : events_) {
    if (noted >= most) break;
    Waiting& waiting = reasons[id];
    if (event->ending || waiting.reason == event->waits_for) continue;
    waiting.event = id;
    event->waits_for = waiting.reason;
    pending_.waiting.push_back(std::move(waiting));
    ++noted;
  }
}

}  // namespace pipewright::engine
