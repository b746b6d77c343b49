// Stations: equal work of all pipelines meets here, becomes batches, and comes back as outcomes.
#include <fmt/format.h>

#include <algorithm>

#include "engine/core/state.hpp"

namespace pipewright::engine {

void Engine::enqueue(Event& event, Want want) {
  const plan::Action& action = *want.action;
  const ActionNode* node = event.bound->runnable->registry->action(action.node);
  Item item;
  item.sequence = next_item_++;
  item.event = &event;
  item.delivery = want.operation.delivery;
  item.fingerprint = fingerprint(action, want.operation);
  item.ready_at = now_;
  item.want = std::move(want);
  if (node == nullptr || !node->verbs.contains(action.verb) || !connection_of(action.connection, *event.bound)) {
    record(item,
           Outcome::failed(
               {Failure::Kind::permanent, fmt::format("`{}` of `{}` is not there", action.node, action.connection)}),
           {});
    return;
  }
  const std::string key = action.connection + "\x1f" + action.node + "\x1f" + plan::verb_text(action.verb);
  Station& station = stations_[key];
  station.connection = action.connection;
  station.node = node;
  station.verb = action.verb;
  station.repeat = node->verbs.at(action.verb);
  if (node->identity) {
    const std::string identity = node->identity(item.want.operation);
    if (!identity.empty()) item.subject = action.connection + "\x1f" + action.node + "\x1f" + identity;
    if (action.verb != Verb::find) item.identity = item.subject;
  }
  if (station.repeat == Repeat::unasked && event.intents.contains(item.want.address) &&
      action.delivery != plan::Action::Delivery::at_least_once) {
    record(item,
           Outcome::failed({Failure::Kind::permanent,
                            "it may have been sent before a restart, and at_most_once does not send it again"}),
           {});
    return;
  }
  station.dirty = true;
  station.queue.emplace(item.sequence, std::move(item));
}

void Engine::requeue(Station& station, Item item) {
  station.dirty = true;
  const std::uint64_t sequence = item.sequence;
  station.queue.emplace(sequence, std::move(item));
}

void Engine::release(Item& item) {
  const auto found = busy_.find(item.identity);
  if (item.identity.empty() || found == busy_.end() || found->second != item.sequence) return;
  busy_.erase(found);
  const std::string node = item.want.action->connection + "\x1f" + item.want.action->node + "\x1f";
  for (auto at = stations_.lower_bound(node); at != stations_.end() && at->first.starts_with(node); ++at)
    at->second.dirty = true;
}

bool Engine::given_up(const Station& station) const {
  if (!options_.once) return false;
  const auto state = connections_.find(station.connection);
  if (state != connections_.end() && state->second.down_since && now_ >= *state->second.down_since + options_.give_up)
    return true;
  if (station.node->group.empty()) return false;
  const auto connection = current_->runnable->connections.find(station.connection);
  if (connection == current_->runnable->connections.end()) return false;
  const auto gate = gates_.find(connection->second->account() + "\x1f" + station.node->group);
  return gate != gates_.end() && gate->second.failing_since && now_ >= *gate->second.failing_since + options_.give_up;
}

void Engine::give_up(Station& station) {
  for (auto& [sequence, item] : station.queue) item.gave_up = true;
}

bool Engine::start_batches() {
  bool any = false;
  for (auto& [key, station] : stations_) {
    while (!station.queue.empty() && start_batch(station)) any = true;
  }
  return any;
}

bool Engine::start_batch(Station& station) {
  if (given_up(station)) {
    give_up(station);
    return false;
  }
  const auto connection = connection_of(station.connection, *station.queue.begin()->second.event->bound);
  ConnectionState& state = state_of(station.connection);
  if (options_.once && state.down_since) wake(*state.down_since + options_.give_up);
  const std::size_t parallel = station.node->pure_sink ? 1 : std::max<std::size_t>(1, station.node->parallel);
  if (station.running >= parallel || !may_start(state)) return false;
  if (!station.node->group.empty()) {
    Gate& first = gate(*connection, station.node->group);
    if (options_.once && first.failing_since) wake(*first.failing_since + options_.give_up);
    if (!first.waiting.empty()) return false;
    if (!open(first)) {
      if (first.failures == 0 || first.in_flight == 0) {
        wake(std::max(first.bucket.ready_at(now_), first.failures > 0 ? first.not_before : now_));
      }
      return false;
    }
  }
  if (!station.dirty && (!station.next_try || *station.next_try > now_)) {
    if (station.next_try) wake(*station.next_try);
    return false;
  }
  std::vector<Item> items = take(station, std::max<std::size_t>(1, station.node->capacity));
  if (items.empty()) {
    if (station.next_try) wake(*station.next_try);
    return false;
  }
  Job& job = new_job(items.front().event->bound, connection);
  job.station = &station;
  ++station.running;
  Batch batch;
  batch.reserve(items.size());
  for (const Item& item : items) {
    batch.push_back(item.want.operation);
    batch.back().delivery = item.delivery;
    if (!options_.dry) continue;
    if (const auto known = assumed_.find(item.subject); known != assumed_.end()) batch.back().assumed = known->second;
  }
  job.items = std::move(items);
  if (options_.dry && station.node->pure_sink && station.verb == Verb::append) {  // a dry run appends nothing
    job.batch.emplace([](Batch wanted) -> Task<Outcomes> {
      Outcomes outcomes;
      for (const Operation& each : wanted) {
        Outcome outcome;
        outcome.operation = "append";
        outcome.record = each.whole();
        if (outcome.record.empty() && each.source_record.record() != nullptr)
          outcome.record = *each.source_record.record();
        outcomes.push_back(std::move(outcome));
      }
      co_return outcomes;
    }(std::move(batch)));
  } else {
    job.batch.emplace(station.node->work(*connection, std::move(batch), job));
  }
  begin(job);
  return true;
}

// Whether the item may go now; what it waits for will make the station look again.
bool Engine::can_take(Station& station, Item& item) {
  if (item.gave_up) return false;
  if (options_.once && item.first_failure) {
    if (now_ >= *item.first_failure + options_.give_up) {
      item.gave_up = true;
      return false;
    }
    const Instant last = *item.first_failure + options_.give_up;
    if (!station.next_try || last < *station.next_try) station.next_try = last;
  }
  if (item.ready_at > now_) {
    if (!station.next_try || item.ready_at < *station.next_try) station.next_try = item.ready_at;
    return false;
  }
  if (!item.identity.empty()) {
    const auto holder = busy_.find(item.identity);
    if (holder != busy_.end() && holder->second != item.sequence) return false;
  }
  if (item.event->checking) return false;
  if (needs_check(*item.event)) {
    if (checks_ < 8) start_check(*item.event);
    return false;
  }
  if (station.repeat != Repeat::unasked || item.stated || options_.dry) return true;
  if (item.stating) return false;
  item.stating = true;
  pending_.intents.push_back({item.event->id, item.want.address});
  after_commit([&station, sequence = item.sequence](const Committed&) {
    if (const auto found = station.queue.find(sequence); found != station.queue.end()) found->second.stated = true;
    station.dirty = true;
  });
  return false;
}

// Oldest first, passing over records that are busy; equal work goes along with the first of its kind.
std::vector<Item> Engine::take(Station& station, std::size_t limit) {
  std::vector<Item> taken;
  std::unordered_map<std::string, std::size_t> leaders;
  std::unordered_set<std::string> passed;
  station.next_try.reset();
  const bool left = station.dirty;
  station.dirty = false;
  for (auto at = station.queue.begin(); at != station.queue.end();) {
    Item& item = at->second;
    const bool full = taken.size() >= limit;
    if (full && station.repeat != Repeat::keyed) {
      station.dirty = true;
      break;
    }
    const std::string& kind = station.repeat != Repeat::keyed || station.node->pure_sink
                                  ? item.identity
                                  : (item.identity.empty() ? item.fingerprint : item.identity);
    if (!kind.empty() && passed.contains(kind)) {
      ++at;
      continue;
    }
    const auto leader = kind.empty() ? leaders.end() : leaders.find(kind);
    if (leader != leaders.end()) {
      Item& first = taken[leader->second];
      if (station.repeat == Repeat::keyed && first.fingerprint == item.fingerprint && item.ready_at <= now_ &&
          !item.event->checking) {
        if (item.delivery == Delivery::unknown) first.delivery = Delivery::unknown;
        first.followers.push_back(std::move(item));
        at = station.queue.erase(at);
      } else {
        passed.insert(kind);
        ++at;
      }
      continue;
    }
    if (full || !can_take(station, item)) {
      if (full) station.dirty = true;
      if (!kind.empty()) passed.insert(kind);
      ++at;
      continue;
    }
    if (!kind.empty()) leaders.emplace(kind, taken.size());
    if (!item.identity.empty()) busy_[item.identity] = item.sequence;
    taken.push_back(std::move(item));
    at = station.queue.erase(at);
  }
  if (!taken.empty() && left) station.dirty = station.dirty || !station.queue.empty();
  return taken;
}

// The positions go with the outcomes; what could not be written after all has failed.
void Engine::take_report(const Station& station, Connection& connection, Outcomes& outcomes) {
  SinkReport report = station.node->positions(connection);
  keep(station.connection, *station.node, std::move(report.reached));
  for (auto& [index, failure] : report.failed) {
    if (index < outcomes.size()) outcomes[index] = Outcome::failed(std::move(failure));
  }
}

void Engine::came_back(Job& job) {
  Station& station = *job.station;
  --station.running;
  station.dirty = true;
  Outcomes outcomes = job.batch->take();
  outcomes.resize(job.items.size(),
                  Outcome::failed({Failure::Kind::permanent, "the connector gave no outcome for it"}));
  std::optional<Failure> credentials;
  for (const Outcome& each : outcomes) {
    if (each.kind == Outcome::Kind::failed && each.failure && each.failure->kind == Failure::Kind::credentials)
      credentials = each.failure;
  }
  over(job, credentials);
  // Before the outcomes: the positions must not be behind them.
  if (station.node->pure_sink && station.node->positions && !options_.dry)
    take_report(station, *job.connection, outcomes);
  std::vector<std::optional<std::size_t>> written(job.recordings.size());
  for (std::size_t i = 0; i < job.items.size(); ++i) {
    Item item = std::move(job.items[i]);
    const auto& failure = outcomes[i].failure;
    const bool again =
        outcomes[i].kind == Outcome::Kind::failed && failure && failure->kind != Failure::Kind::permanent;
    std::vector<std::size_t> exchanges;
    for (std::size_t r = 0; r < job.recordings.size(); ++r) {
      const Recording& each = job.recordings[r];
      if (!each.items.empty() && std::find(each.items.begin(), each.items.end(), i) == each.items.end()) continue;
      if (again) {
        if (item.exchanges.size() < 8) item.exchanges.push_back(each.exchange);
        continue;
      }
      if (!written[r]) {
        written[r] = pending_.exchanges.size();
        pending_.exchanges.push_back(each.exchange);
      }
      exchanges.push_back(*written[r]);
    }
    settle(station, std::move(item), outcomes[i], std::move(exchanges), false);
  }
}

void Engine::settle(Station& station, Item item, const Outcome& outcome, std::vector<std::size_t> exchanges,
                    bool follower) {
  Outcome final = outcome;
  const bool failed = outcome.kind == Outcome::Kind::failed && outcome.failure;
  if (failed && outcome.failure->kind != Failure::Kind::permanent && !follower) {
    const Failure& failure = *outcome.failure;
    const bool unasked = station.repeat == Repeat::unasked && failure.delivery == Delivery::unknown &&
                         item.want.action->delivery != plan::Action::Delivery::at_least_once;
    if (unasked && failure.kind == Failure::Kind::transient) {
      final.failure->kind = Failure::Kind::permanent;
      final.failure->reason += "; it may have been sent, and at_most_once does not send it again";
    } else if (retry_later(station, item, failure)) {
      requeue(station, std::move(item));
      return;
    } else {
      final.failure->reason +=
          fmt::format("; given up after {}", duration_text(item.event->bound->runnable->retry_for));
    }
  }
  for (Exchange& each : item.exchanges) {
    exchanges.insert(exchanges.begin(), pending_.exchanges.size());
    pending_.exchanges.push_back(std::move(each));
  }
  assume(item, final);
  release(item);
  std::vector<Item> followers = std::move(item.followers);
  record(item, final, exchanges);
  if (final.kind == Outcome::Kind::done) {  // what the first one wrote is there already for the others
    final.kind = Outcome::Kind::unchanged;
    final.operation = "none";
    final.changes.clear();
    final.record.clear();
    final.summary.clear();
  }
  for (Item& each : followers) settle(station, std::move(each), final, exchanges, true);
}

// An outage costs time, not attempts: only the time since the first failure counts.
bool Engine::retry_later(Station&, Item& item, const Failure& failure) {
  if (failure.delivery == Delivery::unknown) item.delivery = Delivery::unknown;
  if (failure.kind == Failure::Kind::credentials) {
    item.ready_at = now_;
    return true;
  }
  if (!item.first_failure) item.first_failure = now_;
  if (now_ - *item.first_failure >= item.event->bound->runnable->retry_for) return false;
  ++item.attempts;
  item.ready_at = now_ + delay_before(item.attempts, failure.not_before, jitter());
  return true;
}

void Engine::assume(const Item& item, const Outcome& outcome) {
  if (!options_.dry || item.identity.empty()) return;
  if (outcome.kind != Outcome::Kind::done && outcome.kind != Outcome::Kind::unchanged) return;
  assumed_[item.identity] = outcome.result;
}

// The source that the event's record came from: for a listener, that of the pipeline at the beginning of its chain.
const plan::Source* Engine::origin_of(const Event& event) const {
  if (event.pipeline == nullptr) return nullptr;
  for (const plan::Source& source : event.pipeline->sources) {
    if (event.source.starts_with(source_key(source))) return &source;
  }
  std::vector<const plan::Pipeline*> heard{event.pipeline};
  for (std::size_t i = 0; i < heard.size(); ++i) {
    for (const std::string& name : heard[i]->upstream) {
      if (const plan::Pipeline* pipeline = event.bound->plan().pipeline(name)) heard.push_back(pipeline);
    }
    if (i == 0) continue;
    for (const plan::Source& source : heard[i]->sources) {
      const auto connection = connection_of(source.connection, *event.bound);
      if (event.identity.starts_with(source.node + " ") && connection && connection->account() == event.account)
        return &source;
    }
  }
  return nullptr;
}

bool Engine::needs_check(const Event& event) const {
  if (options_.dry || event.wrote || now_ - event.looked_at <= options_.stale_after) return false;
  const plan::Source* source = origin_of(event);
  if (source == nullptr) return false;
  const SourceNode* node = event.bound->runnable->registry->source(source->node);
  const auto state = connections_.find(source->connection);
  const bool down = state != connections_.end() && state->second.down;
  return node != nullptr && node->still_wanted && !down && connection_of(source->connection, *event.bound) != nullptr;
}

void Engine::start_check(Event& event) {
  const plan::Source* source = origin_of(event);
  if (source == nullptr) return;
  const SourceNode* node = event.bound->runnable->registry->source(source->node);
  Job& job = new_job(event.bound, connection_of(source->connection, *event.bound));
  job.event = event.id;
  event.checking = true;
  ++checks_;
  job.check.emplace(node->still_wanted(*job.connection, event.data.record, job));
  begin(job);
}

}  // namespace pipewright::engine
