// Effect queues: equal work of all pipelines meets here, becomes batches, and comes back as outcomes.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/core/state.hpp"
#include "engine/json.hpp"

namespace pipewright::engine {

void EffectQueue::add(QueuedEffect effect) {
  dirty = true;
  ++by_pipeline[effect.event->data.pipeline];
  const std::uint64_t sequence = effect.sequence;
  waiting.emplace(sequence, std::move(effect));
}

QueuedEffect EffectQueue::remove(std::map<std::uint64_t, QueuedEffect>::iterator at) {
  QueuedEffect effect = std::move(at->second);
  waiting.erase(at);
  const auto count = by_pipeline.find(effect.event->data.pipeline);
  if (count != by_pipeline.end() && --count->second == 0) by_pipeline.erase(count);
  return effect;
}

// ---- in

// An unasked effect whose delivery is unknown is never sent again by itself.
bool Engine::may_be_sent_before(Event& event, const QueuedEffect& effect) {
  const auto found = std::find_if(event.intents.begin(), event.intents.end(), [&](const Intent& intent) {
    const bool here = intent.address == effect.want.address;
    if (intent.input.empty()) return here || event.moved;  // of an older journal: it may have been any
    return intent.input == effect.fingerprint && (here || is_set_aside(intent.address));
  });
  if (found == event.intents.end()) {
    return std::any_of(event.outcomes.begin(), event.outcomes.end(), [&](const auto& each) {
      const bool here = each.first == effect.want.address || is_set_aside(each.first);
      return !each.second.readable && here && each.second.input == effect.fingerprint;
    });
  }
  // Each intent stands for one effect; under another plan it moves to where its work is now.
  if (found->address != effect.want.address) {
    pending_.withdrawn.push_back(*found);
    pending_.intents.push_back({event.id, effect.want.address, effect.fingerprint});
  }
  event.intents.erase(found);
  return true;
}

void Engine::enqueue(Event& event, Want want) {
  const plan::Action& action = *want.action;
  const ActionNode* node = event.bound->runnable->registry->action(action.node);
  QueuedEffect effect;
  effect.sequence = next_effect_++;
  effect.event = &event;
  effect.delivery = want.operation.delivery;
  effect.fingerprint = fingerprint(action, want.operation);
  effect.ready_at = now_;
  effect.want = std::move(want);
  const auto connection = connection_of(action.connection, *event.bound);
  if (node == nullptr || !node->verbs.contains(action.verb) || !connection) {
    Failure failure{Failure::Kind::permanent, fmt::format("`{}` of `{}` is not there", action.node, action.connection)};
    failure.delivery = effect.delivery;
    record(effect, Outcome::failed(std::move(failure)), {});
    return;
  }
  const std::string realm = node->realm ? node->realm(*connection, effect.want.operation) : std::string();
  EffectQueue& queue = queues_[{action.connection, action.node, action.verb, realm}];
  queue.connection = action.connection;
  queue.realm = realm;
  queue.node = node;
  queue.verb = action.verb;
  queue.repeat = node->verbs.at(action.verb);
  if (node->identity) {
    const std::string identity = node->identity(effect.want.operation);
    if (!identity.empty()) effect.subject = fmt::format("{} {} {}", action.connection, action.node, identity);
    if (action.verb != Verb::find) effect.identity = effect.subject;
  }
  const bool at_most_once = action.delivery != plan::Action::Delivery::at_least_once;
  if (queue.repeat == Repeat::unasked) {
    effect.delivery = unknown_if(may_be_sent_before(event, effect));  // its intent would be in the journal
    if (at_most_once && effect.delivery == Delivery::unknown) {
      Failure failure{
          Failure::Kind::permanent, "it may have been sent before, and at_most_once does not send it again",
          "look at the target; `events skip` ends the event, at_least_once in the program and a retry send it "
          "again"};
      failure.delivery = Delivery::unknown;
      pending_.intents.push_back({event.id, effect.want.address, effect.fingerprint});  // a retry has to know it too
      record(effect, Outcome::failed(std::move(failure)), {});
      return;
    }
  }
  effect.first_failure = std::exchange(event.failing_since, std::nullopt);
  queue.add(std::move(effect));
}

void Engine::requeue(EffectQueue& queue, QueuedEffect effect) { queue.add(std::move(effect)); }

void Engine::release(const QueuedEffect& effect) {
  const auto found = busy_.find(effect.identity);
  if (effect.identity.empty() || found == busy_.end() || found->second != effect.sequence) return;
  busy_.erase(found);
  const plan::Action& action = *effect.want.action;
  for (auto& [key, queue] : queues_) {
    if (queue.connection == action.connection && std::get<1>(key) == action.node) queue.dirty = true;
  }
}

// Takes everything of the event out of the queues, also where it goes along with equal work; false, and nothing was
// taken, when something of it runs already.
bool Engine::drop_queued(Event& event) {
  using At = std::map<std::uint64_t, QueuedEffect>::iterator;
  const auto mine = [&](const QueuedEffect& effect) { return effect.event == &event; };
  std::vector<std::pair<EffectQueue*, At>> leading, along;
  std::size_t found = 0;
  for (auto& [key, queue] : queues_) {
    for (auto at = queue.waiting.begin(); at != queue.waiting.end(); ++at) {
      const auto followers = std::count_if(at->second.followers.begin(), at->second.followers.end(), mine);
      if (followers > 0) along.emplace_back(&queue, at);
      if (mine(at->second)) leading.emplace_back(&queue, at);
      found += static_cast<std::size_t>(followers) + (mine(at->second) ? 1 : 0);
    }
  }
  if (found != event.under_way.size()) return false;
  for (const auto& [queue, at] : along) std::erase_if(at->second.followers, mine);
  for (const auto& [queue, at] : leading) {
    QueuedEffect effect = queue->remove(at);
    release(effect);
    for (QueuedEffect& follower : effect.followers) requeue(*queue, std::move(follower));
  }
  event.under_way.clear();
  return true;
}

// ---- whose turn it is

std::string Engine::group_of(const EffectQueue& queue) const {
  return queue.realm.empty() ? queue.node->group : fmt::format("{} {}", queue.node->group, queue.realm);
}

const Limiter* Engine::limiter_of(const EffectQueue& queue) const {
  if (queue.node->group.empty()) return nullptr;
  const auto connection = current_->runnable->connections.find(queue.connection);
  if (connection == current_->runnable->connections.end()) return nullptr;
  const auto found = limiters_.find({connection->second->account(), group_of(queue)});
  return found == limiters_.end() ? nullptr : &found->second;
}

Limiter* Engine::limiter_of(const EffectQueue& queue) {
  return const_cast<Limiter*>(std::as_const(*this).limiter_of(queue));
}

bool Engine::given_up(const EffectQueue& queue) const {
  if (!options_.once) return false;
  const auto state = connections_.find({queue.connection, queue.realm});
  if (state != connections_.end() && state->second.down_since && now_ >= *state->second.down_since + options_.give_up)
    return true;
  const Limiter* limiter = limiter_of(queue);
  return limiter != nullptr && limiter->failing_since && now_ >= *limiter->failing_since + options_.give_up;
}

double Engine::priority_of(const EffectQueue& queue) const {
  const Limiter* limiter = limiter_of(queue);
  if (limiter == nullptr) return 0;
  double least = std::numeric_limits<double>::max();
  for (const auto& [pipeline, count] : queue.by_pipeline) least = std::min(least, limiter->priority(pipeline));
  return least;
}

// The pipeline that has had the fewest calls first, then the oldest effect: a lonely order does not wait behind the
// backlog of another pipeline.
bool Engine::start_batches() {
  bool any = false;
  for (bool progress = true; progress;) {
    progress = false;
    std::vector<std::tuple<double, std::uint64_t, EffectQueue*>> order;
    for (auto& [key, queue] : queues_) {
      if (!queue.waiting.empty()) order.emplace_back(priority_of(queue), queue.waiting.begin()->first, &queue);
    }
    std::sort(order.begin(), order.end());
    for (const auto& [priority, oldest, queue] : order) {
      if (!start_batch(*queue)) continue;
      any = progress = true;
      break;
    }
  }
  return any;
}

// Whether a call of this queue could go now, or is worth to wait for the limiter before the others that wait.
bool Engine::may_call(EffectQueue& queue, const Connection& connection) {
  if (queue.node->group.empty()) return true;
  Limiter& first = limiter(connection, group_of(queue));
  if (options_.once && first.failing_since) wake(*first.failing_since + options_.give_up);
  if (!first.waiting.empty()) {
    // Of equal right is who waits longer: a source that is polled more often than the limit allows always waits.
    const double mine = priority_of(queue);
    const Instant since = queue.waiting.begin()->second.ready_at;
    return first.failures == 0 && std::all_of(first.waiting.begin(), first.waiting.end(), [&](CallId id) {
             const PendingCall& call = calls_.at(id);
             const double theirs = priority_of(first, call.job->shares);
             return mine < theirs || (mine == theirs && since < call.asked_at);
           });
  }
  if (open(first)) return true;
  if (first.failures == 0 || first.in_flight == 0)
    wake(std::max(first.bucket.ready_at(now_), first.failures > 0 ? first.not_before : now_));
  return false;
}

bool Engine::start_batch(EffectQueue& queue) {
  if (given_up(queue)) {
    for (auto& [sequence, effect] : queue.waiting) effect.gave_up = true;
    return false;
  }
  const auto connection = connection_of(queue.connection, *queue.waiting.begin()->second.event->bound);
  ConnectionState& state = state_of(queue.connection, queue.realm);
  if (options_.once && state.down_since) wake(*state.down_since + options_.give_up);
  const std::size_t parallel = queue.node->pure_sink ? 1 : std::max<std::size_t>(1, queue.node->parallel);
  if (queue.running >= parallel || !may_start(state) || !may_call(queue, *connection)) return false;
  if (!queue.dirty && (!queue.next_try || *queue.next_try > now_)) {
    if (queue.next_try) wake(*queue.next_try);
    return false;
  }
  std::vector<QueuedEffect> effects = take(queue, std::max<std::size_t>(1, queue.node->capacity));
  if (effects.empty()) {
    if (queue.next_try) wake(*queue.next_try);
    return false;
  }
  Job& job = new_job(effects.front().event->bound, connection, queue.realm);
  job.queue = &queue;
  ++queue.running;
  const double part = 1.0 / static_cast<double>(effects.size());
  Batch batch;
  batch.reserve(effects.size());
  for (const QueuedEffect& effect : effects) {
    job.shares[effect.event->data.pipeline] += part;
    batch.push_back(effect.want.operation);
    batch.back().delivery = effect.delivery;
    if (!options_.dry) continue;
    if (const auto known = assumed_.find(effect.subject); known != assumed_.end()) batch.back().assumed = known->second;
  }
  job.effects = std::move(effects);
  if (options_.dry && queue.node->pure_sink && queue.verb == Verb::append)
    job.batch.emplace(appended_nothing(std::move(batch)));
  else
    job.batch.emplace(queue.node->work(*connection, std::move(batch), job));
  if (queue.repeat == Repeat::unasked && !options_.dry)
    state_intents(job);
  else
    begin(job);
  return true;
}

// A dry run appends nothing.
Task<Outcomes> Engine::appended_nothing(Batch wanted) {
  Outcomes outcomes;
  for (const Operation& each : wanted) {
    Outcome outcome = Outcome::done("append");
    outcome.record = each.whole();
    if (each.source_record && each.source_record->record() != nullptr) outcome.record = *each.source_record->record();
    outcomes.push_back(std::move(outcome));
  }
  co_return outcomes;
}

// What cannot be asked afterwards is in the journal before it is sent: what was taken, and nothing else.
void Engine::state_intents(Job& job) {
  for (QueuedEffect& effect : job.effects) {
    effect.intended = true;
    pending_.intents.push_back({effect.event->id, effect.want.address, effect.fingerprint});
  }
  after_commit([this, id = job.id](const Committed&) {
    Job& same = *jobs_.at(id);
    if (stopping_)
      take_back(same);
    else
      begin(same);
  });
}

// The process ends before anything left: the intents go, and the effects are as if they had never been taken.
void Engine::take_back(Job& job) {
  EffectQueue& queue = *job.queue;
  --queue.running;
  if (job.probe) job.state->probing = false;
  for (QueuedEffect& effect : job.effects) {
    withdraw(effect);
    release(effect);
    requeue(queue, std::move(effect));
  }
  jobs_.erase(job.id);
}

void Engine::withdraw(QueuedEffect& effect) {
  if (!std::exchange(effect.intended, false)) return;
  pending_.withdrawn.push_back({effect.event->id, effect.want.address, effect.fingerprint});
}

// Whether the effect may go now; what it waits for will make the queue be looked at again.
bool Engine::can_take(EffectQueue& queue, QueuedEffect& effect) {
  if (effect.gave_up) return false;
  if (options_.once && effect.failing_here) {
    const Instant last = *effect.failing_here + options_.give_up;
    if (now_ >= last) {
      effect.gave_up = true;
      return false;
    }
    if (!queue.next_try || last < *queue.next_try) queue.next_try = last;
  }
  if (effect.ready_at > now_) {
    if (!queue.next_try || effect.ready_at < *queue.next_try) queue.next_try = effect.ready_at;
    return false;
  }
  if (!effect.identity.empty()) {
    const auto holder = busy_.find(effect.identity);
    if (holder != busy_.end() && holder->second != effect.sequence) {
      const auto other = queue.waiting.find(holder->second);
      effect.gave_up = other != queue.waiting.end() && other->second.gave_up;  // it waits for one that was given up
      return false;
    }
  }
  if (effect.event->checking) return false;
  if (!needs_check(*effect.event)) return true;
  to_check_.insert(effect.event->id);
  return false;
}

// Oldest first with a share for each pipeline, passing over records that are busy; equal work goes along with the first
// of its kind.
std::vector<QueuedEffect> Engine::take(EffectQueue& queue, std::size_t limit) {
  std::vector<QueuedEffect> taken;
  std::unordered_map<std::string, std::size_t> leaders;
  std::unordered_set<std::string> passed;
  std::map<std::string, std::size_t> by_pipeline;
  const std::size_t pipelines = std::max<std::size_t>(1, queue.by_pipeline.size());
  const std::size_t share = std::max<std::size_t>(1, limit / pipelines);
  std::vector<std::uint64_t> spare;  // beyond their pipeline's share
  queue.next_try.reset();
  const bool left = queue.dirty;
  queue.dirty = false;
  const auto kind_of = [&](const QueuedEffect& effect) -> const std::string& {
    const bool merges = queue.repeat == Repeat::keyed && !queue.node->pure_sink;
    return merges && effect.identity.empty() ? effect.fingerprint : effect.identity;
  };
  const auto accept = [&](std::map<std::uint64_t, QueuedEffect>::iterator at) {
    const std::string& kind = kind_of(at->second);
    if (!kind.empty()) leaders.emplace(kind, taken.size());
    if (!at->second.identity.empty()) busy_[at->second.identity] = at->second.sequence;
    ++by_pipeline[at->second.event->data.pipeline];
    taken.push_back(queue.remove(at));
  };
  for (auto at = queue.waiting.begin(); at != queue.waiting.end();) {
    const auto here = at++;
    QueuedEffect& effect = here->second;
    const std::string& kind = kind_of(effect);
    if (!kind.empty() && passed.contains(kind)) continue;
    if (const auto leader = kind.empty() ? leaders.end() : leaders.find(kind); leader != leaders.end()) {
      QueuedEffect& first = taken[leader->second];
      if (queue.repeat == Repeat::keyed && first.fingerprint == effect.fingerprint && effect.ready_at <= now_ &&
          !effect.event->checking && !effect.gave_up) {
        if (effect.delivery == Delivery::unknown) first.delivery = Delivery::unknown;
        first.followers.push_back(queue.remove(here));
      } else {
        passed.insert(kind);
      }
      continue;
    }
    const bool full = taken.size() >= limit;
    const auto mine = by_pipeline.find(effect.event->data.pipeline);
    const bool over = mine != by_pipeline.end() && mine->second >= share && pipelines > 1;
    if (full || !can_take(queue, effect)) {
      if (full) queue.dirty = true;
      if (!kind.empty()) passed.insert(kind);
      if (full && queue.repeat != Repeat::keyed) break;
      continue;
    }
    if (over) {
      if (spare.size() < limit) spare.push_back(effect.sequence);
      if (!kind.empty()) passed.insert(kind);
      queue.dirty = true;
      continue;
    }
    accept(here);
  }
  for (const std::uint64_t sequence : spare) {
    if (taken.size() >= limit) break;
    const auto at = queue.waiting.find(sequence);
    if (at != queue.waiting.end() && can_take(queue, at->second)) accept(at);
  }
  if (!taken.empty() && left) queue.dirty = queue.dirty || !queue.waiting.empty();
  return taken;
}

}  // namespace pipewright::engine
