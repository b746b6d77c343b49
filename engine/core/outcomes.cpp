// What comes back from a batch: outcomes, retries, what equal work shares.
#include <fmt/format.h>

#include <algorithm>

#include "engine/core/state.hpp"
#include "engine/json.hpp"

namespace pipewright::engine {

// The positions go with the outcomes; what could not be written after all has failed.
void Engine::take_report(const EffectQueue& queue, Connection& connection, Outcomes& outcomes) {
  SinkReport report = queue.node->positions(connection);
  keep(queue.connection, *queue.node, std::move(report.reached));
  for (auto& [index, failure] : report.failed) {
    if (index < outcomes.size()) outcomes[index] = Outcome::failed(std::move(failure));
  }
}

// What a target answers is kept as the journal gives it back: the next step sees the same before and after a restart.
void Engine::keep_result(Outcome& outcome) {
  Result<Value> result = storable(outcome.result);
  outcome.result =
      result ? std::move(*result) : Value(Broken{"result", "a response that can be kept", result.error().message});
  Result<Value> record = storable(Value(outcome.record));
  outcome.record = record && record->record() != nullptr ? *record->record() : Record{};
}

// Effects that fail again and again while the connection as such answers: an answer of another shape, one method that
// is away. Worth a word like an outage, once, until none of them is left.
void Engine::note_failing(EffectQueue& queue, const Connection& connection, bool failed) {
  constexpr auto reported_after = std::chrono::seconds(3);
  if (stopping_ || (!failed && !queue.reported)) return;
  const QueuedEffect* oldest = nullptr;
  for (const auto& [sequence, effect] : queue.waiting) {
    if (effect.failing_here && (oldest == nullptr || *effect.failing_here < *oldest->failing_here)) oldest = &effect;
  }
  const std::string subject = fmt::format("{} of connection {}", queue.node->name, connection.name());
  if (oldest == nullptr) {
    if (!std::exchange(queue.reported, false)) return;
    observer_.connection_up(subject);
    pending_.notices.push_back({subject, {}, wall_});
    return;
  }
  if (queue.reported || failing(connection) || now_ - *oldest->failing_here < reported_after) return;
  queue.reported = true;
  Failure failure;
  failure.reason = oldest->last_failure;
  observer_.connection_down(subject, failure);
  pending_.notices.push_back({subject, failure.reason, wall_});
}

void Engine::came_back(Job& job) {
  EffectQueue& queue = *job.queue;
  --queue.running;
  queue.dirty = true;
  Outcomes outcomes = job.batch->take();
  Failure none{Failure::Kind::permanent, "the connector gave no outcome for it"};
  outcomes.resize(job.effects.size(), Outcome::failed(none));
  std::optional<Failure> credentials;
  for (Outcome& each : outcomes) {
    if (each.kind == Outcome::Kind::failed && !each.failure) each = Outcome::failed(none);
    if (each.kind == Outcome::Kind::failed && each.failure && each.failure->kind == Failure::Kind::credentials)
      credentials = each.failure;
  }
  over(job, credentials);
  // Before the outcomes: the positions must not be behind them.
  if (queue.node->pure_sink && queue.node->positions && !options_.dry) take_report(queue, *job.connection, outcomes);
  bool failed = false;
  std::vector<std::optional<std::size_t>> written(job.recordings.size());
  for (std::size_t i = 0; i < job.effects.size(); ++i) {
    QueuedEffect effect = std::move(job.effects[i]);
    const auto& failure = outcomes[i].failure;
    const bool again =
        outcomes[i].kind == Outcome::Kind::failed && failure && failure->kind != Failure::Kind::permanent;
    failed |= again && failure->kind == Failure::Kind::transient;
    std::vector<std::size_t> exchanges;
    for (std::size_t r = 0; r < job.recordings.size(); ++r) {
      const Recording& each = job.recordings[r];
      if (!each.items.empty() && std::find(each.items.begin(), each.items.end(), i) == each.items.end()) continue;
      if (again) {
        if (effect.exchanges.size() < 8) effect.exchanges.push_back(each.exchange);
        continue;
      }
      if (!written[r]) {
        written[r] = pending_.exchanges.size();
        pending_.exchanges.push_back(each.exchange);
      }
      exchanges.push_back(*written[r]);
    }
    settle(queue, std::move(effect), outcomes[i], std::move(exchanges), false);
  }
  if (!queue.node->pure_sink) note_failing(queue, *job.connection, failed);
}

void Engine::settle(EffectQueue& queue, QueuedEffect effect, const Outcome& outcome, std::vector<std::size_t> exchanges,
                    bool follower) {
  Outcome final = outcome;
  const bool failed = outcome.kind == Outcome::Kind::failed && outcome.failure;
  bool gave_up = false;
  if (failed && outcome.failure->delivery == Delivery::not_sent) withdraw(effect);
  if (failed && outcome.failure->kind != Failure::Kind::permanent && !follower) {
    const Failure& failure = *outcome.failure;
    const bool at_most_once = queue.repeat == Repeat::unasked && failure.delivery == Delivery::unknown &&
                              effect.want.action->delivery != plan::Action::Delivery::at_least_once;
    if (at_most_once && failure.kind == Failure::Kind::transient) {
      final.failure->kind = Failure::Kind::permanent;
      final.failure->reason += "; it may have been sent, and at_most_once does not send it again";
    } else if (retry_later(effect, failure)) {
      if (effect.event->skip || effect.event->gone) {  // a person, or the program, ended it meanwhile
        effect.event->under_way.erase(effect.want.address);
        for (QueuedEffect& each : effect.followers) requeue(queue, std::move(each));
        release(effect);
        return go_on(*effect.event);
      }
      requeue(queue, std::move(effect));
      return;
    } else {
      gave_up = true;
      final.failure->reason +=
          fmt::format("; given up after {}", duration_text(effect.event->bound->runnable->retry_for));
    }
  }
  for (Exchange& each : effect.exchanges) {
    exchanges.insert(exchanges.begin(), pending_.exchanges.size());
    pending_.exchanges.push_back(std::move(each));
  }
  keep_result(final);
  assume(effect, final);
  release(effect);
  std::vector<QueuedEffect> followers = std::move(effect.followers);
  record(effect, final, exchanges);
  if (gave_up) {  // its patience is over, theirs need not be: one of them leads the others now
    for (QueuedEffect& each : followers) requeue(queue, std::move(each));
    return;
  }
  if (final.kind == Outcome::Kind::done) {  // what the first one wrote is there already for the others
    final.kind = Outcome::Kind::unchanged;
    final.operation = "none";
    final.changes.clear();
    final.record.clear();
    final.summary.clear();
  }
  for (QueuedEffect& each : followers) settle(queue, std::move(each), final, exchanges, true);
}

// An outage costs time, not attempts: only the time since the first failure counts.
bool Engine::retry_later(QueuedEffect& effect, const Failure& failure) {
  if (failure.delivery == Delivery::unknown) {
    effect.delivery = Delivery::unknown;
    effect.event->begun = true;
  }
  effect.last_failure = failure.reason;
  if (stopping_) {  // it was not tried
    effect.ready_at = now_;
    return true;
  }
  if (failure.kind == Failure::Kind::credentials) {
    effect.ready_at = now_;
    return true;
  }
  if (!effect.failing_here) effect.failing_here = now_;
  if (!effect.first_failure) effect.first_failure = now_;
  for (QueuedEffect& each : effect.followers) {
    if (!each.first_failure) each.first_failure = now_;
  }
  if (now_ - *effect.first_failure >= effect.event->bound->runnable->retry_for) return false;
  ++effect.attempts;
  effect.ready_at = now_ + delay_before(effect.attempts, failure.not_before, jitter());
  return true;
}

void Engine::assume(const QueuedEffect& effect, const Outcome& outcome) {
  if (!options_.dry || effect.identity.empty()) return;
  if (outcome.kind != Outcome::Kind::done && outcome.kind != Outcome::Kind::unchanged) return;
  assumed_[effect.identity] = outcome.result;
}

}  // namespace pipewright::engine
