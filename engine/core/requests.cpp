// What people ask: events that begin again, or end. Parked and waiting ones alike; beside a running engine the
// questions and their answers are rows of the journal.
#include <fmt/format.h>

#include <algorithm>

#include "engine/core/state.hpp"

namespace pipewright::engine {
namespace {

// What is to be made again: never what was possibly done and cannot be read, or asked.
std::vector<Address> to_forget(const std::map<Address, Recorded>& outcomes) {
  std::vector<Address> forget;
  for (const auto& [address, recorded] : outcomes) {
    if (!recorded.readable) continue;
    const auto kind = recorded.outcome.kind;
    if (kind == Outcome::Kind::failed || kind == Outcome::Kind::nothing || kind == Outcome::Kind::skipped)
      forget.push_back(address);
  }
  return forget;
}

}  // namespace

void Engine::retry(std::vector<EventId> ids, bool as_was, bool stale, Now now, Core::Answers answered) {
  set_clock(now);
  LoadEvents query{ids};
  ask(std::move(query), [this, ids = std::move(ids), as_was, stale, answered = std::move(answered)](Reply reply) {
    const auto& known = std::get<std::vector<ClaimedEvent>>(reply);
    std::vector<RetryAnswer> answers;
    for (const EventId id : ids) {
      RetryAnswer& answer = answers.emplace_back(RetryAnswer{id, false, {}});
      const auto event =
          std::find_if(known.begin(), known.end(), [&](const ClaimedEvent& each) { return each.stored.id == id; });
      const auto held = events_.find(id);
      if (event == known.end())
        answer.reason = fmt::format("there is no event {}", id);
      else if (held != events_.end() && !held->second->ending)
        retry_waiting(*held->second, as_was, answer);
      else if (!event->ended && held == events_.end())
        answer = {id, true, "it has not begun yet"};
      else if (!event->ended || *event->ended != EndingKind::parked || held != events_.end())
        answer.reason = fmt::format("event {} is {}, not parked", id,
                                    event->ended ? ending_text(*event->ended) : std::string("about to end"));
      else
        decide_retry(*event, as_was, stale, answer);
    }
    after_commit([answered, answers = std::move(answers)](const Committed&) { answered(answers); });
  });
  pump();
}

void Engine::decide_retry(const ClaimedEvent& known, bool as_was, bool stale, RetryAnswer& answer) {
  const StoredEvent& event = known.stored;
  const plan::Pipeline* pipeline = current_->plan().pipeline(event.pipeline);
  if (!as_was && pipeline == nullptr) {
    answer.reason =
        fmt::format("there is no pipeline `{}` any more; --as-was uses the program it began with", event.pipeline);
    return;
  }
  const Reach reach = pipeline != nullptr ? reachable(pipeline->steps, {}, *current_->runnable) : Reach();
  const auto newer = std::find_if(known.newest.begin(), known.newest.end(), [&](const auto& each) {
    const bool reached = pipeline == nullptr || std::any_of(reach.begin(), reach.end(),
                                                            [&](const auto& one) { return one.first == each.first; });
    return reached && each.second.newer_than(event.origin_id(), event.identity) != 0;
  });
  if (!stale && newer != known.newest.end()) {
    answer.reason = fmt::format("a newer event of {} has been written (event {}); --stale overrides", event.key,
                                newer->second.newer_than(event.origin_id(), event.identity));
    return;
  }
  Reopen reopen;
  reopen.event = event.id;
  reopen.plan = as_was ? event.plan : current_->plan().hash;
  reopen.as_was = as_was;
  reopen.stale_allowed = stale;
  reopen.forget = to_forget(known.outcomes);
  reopen.set_aside = reopen.plan != event.plan;
  pending_.reopened.push_back(std::move(reopen));
  after_commit([this, id = event.id](const Committed&) {
    ask(ClaimEvent{id}, [this](Reply reply) { claimed(std::move(std::get<Claimed>(reply))); });
  });
  answer.accepted = true;
}

// It tries at once, with the current program when it has done nothing yet.
void Engine::retry_waiting(Event& event, bool as_was, RetryAnswer& answer) {
  answer.accepted = true;
  const bool fresh = !event.begun && event.uncommitted == 0 && event.delivery == Delivery::not_sent;
  if (!as_was && fresh && event.bound != current_ && drop_queued(event)) {
    replan(event, current_);
    event.released = false;
    event.next.clear();
    go_on(event);
    return;
  }
  for (auto& [key, queue] : queues_) {
    for (auto& [sequence, effect] : queue.waiting) {
      if (effect.event != &event) continue;
      effect.ready_at = now_;
      effect.attempts = 0;
      effect.gave_up = false;
      queue.dirty = true;
      if (Limiter* limiter = limiter_of(queue)) limiter->not_before = std::min(limiter->not_before, now_);
    }
  }
  if (const Event* blocker = event.released ? nullptr : blocker_of(event))
    answer.reason = fmt::format("it waits behind event {} of {}", blocker->id, blocker->data.pipeline);
}

void Engine::skip(std::vector<EventId> ids, std::string why, Now now, Core::Answers answered) {
  set_clock(now);
  LoadEvents query{ids};
  ask(std::move(query),
      [this, ids = std::move(ids), why = std::move(why), answered = std::move(answered)](Reply reply) {
        const std::string reason = why.empty() ? "skipped by hand" : "skipped by hand: " + why;
        const auto& known = std::get<std::vector<ClaimedEvent>>(reply);
        std::vector<RetryAnswer> answers;
        for (const EventId id : ids) {
          RetryAnswer& answer = answers.emplace_back(RetryAnswer{id, false, {}});
          const auto event =
              std::find_if(known.begin(), known.end(), [&](const ClaimedEvent& each) { return each.stored.id == id; });
          const auto held = events_.find(id);
          if (event == known.end()) {
            answer.reason = fmt::format("there is no event {}", id);
          } else if (held != events_.end()) {
            skip_waiting(*held->second, reason, answer);
          } else if (!event->ended) {
            answer.accepted = true;
            ask(ClaimEvent{id}, [this, id, reason](Reply claim) {
              claimed(std::move(std::get<Claimed>(claim)));
              RetryAnswer late;
              if (const auto loaded = events_.find(id); loaded != events_.end())
                skip_waiting(*loaded->second, reason, late);
            });
          } else if (*event->ended == EndingKind::parked) {
            answer.accepted = true;
            pending_.skipped.push_back({id, reason, wall_});
          } else {
            answer.reason = fmt::format("event {} is {} already", id, ending_text(*event->ended));
          }
        }
        after_commit([answered, answers = std::move(answers)](const Committed&) { answered(answers); });
      });
  pump();
}

// What of it waits for a limiter was not sent: it comes back as that.
void Engine::recall_calls(const Event& event) {
  std::vector<CallId> waiting;
  for (const auto& [id, call] : calls_) {
    const auto& effects = call.job->effects;
    const bool alone = !effects.empty() && std::all_of(effects.begin(), effects.end(),
                                                       [&](const QueuedEffect& each) { return each.event == &event; });
    if (alone && !call.sent) waiting.push_back(id);
  }
  for (const CallId id : waiting) {
    PendingCall call = std::move(calls_.at(id));
    calls_.erase(id);
    std::erase(call.limiter->waiting, id);
    hand_over(call, tl::unexpected<Lost>(Lost{Delivery::not_sent, "ended by hand"}));
  }
}

// At once when nothing of it is under way, else when what is has come back; either way nothing more is started.
void Engine::skip_waiting(Event& event, const std::string& reason, RetryAnswer& answer) {
  if (event.ending) {
    answer.reason = fmt::format("event {} is about to end as {}", event.id, ending_text(event.ending->kind));
    return;
  }
  answer.accepted = true;
  event.skip = reason;
  if (!drop_queued(event)) {
    recall_calls(event);
    answer.reason = "what is under way is awaited";
  }
  if (event.uncommitted == 0) go_on(event);
}

void Engine::serve_requests(Now now) {
  set_clock(now);
  if (requests_open_ > 0 || stopping_ || !started_ || broken_) return;
  ++requests_open_;
  ask(LoadRequests{}, [this](Reply reply) {
    --requests_open_;
    for (const EventRequest& each : std::get<std::vector<EventRequest>>(reply)) {
      // The answer is in the journal before it is looked there again: each is served once.
      ++requests_open_;
      const auto answered = [this, id = each.id](const std::vector<RetryAnswer>& answers) {
        for (const RetryAnswer& answer : answers)
          pending_.answers.push_back({id, answer.id, answer.accepted, answer.reason});
        after_commit([this](const Committed&) { --requests_open_; });
      };
      const Now at(wall_, now_);
      if (each.kind == EventRequest::Kind::skip)
        skip({each.event}, each.why, at, answered);
      else
        retry({each.event}, each.as_was, each.stale, at, answered);
    }
  });
  pump();
}

}  // namespace pipewright::engine
