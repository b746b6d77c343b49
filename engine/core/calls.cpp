// Limiters and calls: whose turn it is, the back-off of a group that fails, what is written down of requests,
// connections that are down.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <utility>

#include "engine/core/state.hpp"
#include "engine/json.hpp"
#include "engine/scrub.hpp"

namespace pipewright::engine {
namespace {

constexpr auto outage_reported_after = std::chrono::seconds(3);
constexpr Duration noticeable_pause = std::chrono::minutes(1);
constexpr Duration longest_pause = std::chrono::minutes(15);  // then it is asked again, whatever it said

}  // namespace

Instant Job::now() const { return engine.wall(); }
bool Job::dry() const { return engine.options().dry; }
void Job::log(LogLevel level, std::string text) {
  engine.ports().log(level, engine.scrubbed(fmt::format("{}: {}", connection->name(), text)));
}

void Job::start(Request request, std::function<void(CallResult)> done) {
  engine.call(*this, std::move(request), std::move(done));
}

void Job::went_on() { engine.job_went_on(id); }

void Job::look_up(std::vector<std::string> keys, std::function<void(std::map<std::string, Seen>)> done) {
  if (poller == nullptr) return done({});
  engine.ask(LoadStates{poller->pipeline, poller->source, std::move(keys)},
             [done = std::move(done), &owner = engine, id = id](Reply reply) {
               done(std::move(std::get<std::map<std::string, Seen>>(reply)));
               owner.job_went_on(id);
             });
}

void Job::look_up_open(std::string after, std::size_t limit, std::function<void(std::vector<Seen>)> done) {
  if (poller == nullptr) return done({});
  engine.ask(LoadOpenStates{poller->pipeline, poller->source, std::move(after), limit},
             [done = std::move(done), &owner = engine, id = id](Reply reply) {
               done(std::move(std::get<std::vector<Seen>>(reply)));
               owner.job_went_on(id);
             });
}

namespace {

// The states of an account stand beside those of pipelines, under no pipeline's name.
std::string shared_source(const std::string& account, const std::string& kind) { return account + " " + kind; }

}  // namespace

void Job::look_up_shared(std::string kind, std::vector<std::string> keys,
                         std::function<void(std::map<std::string, Seen>)> done) {
  engine.ask(LoadStates{{}, shared_source(connection->account(), kind), std::move(keys)},
             [done = std::move(done), &owner = engine, id = id](Reply reply) {
               done(std::move(std::get<std::map<std::string, Seen>>(reply)));
               owner.job_went_on(id);
             });
}

void Job::look_up_shared_open(std::string kind, std::string after, std::size_t limit,
                              std::function<void(std::vector<Seen>)> done) {
  engine.ask(LoadOpenStates{{}, shared_source(connection->account(), kind), std::move(after), limit},
             [done = std::move(done), &owner = engine, id = id](Reply reply) {
               done(std::move(std::get<std::vector<Seen>>(reply)));
               owner.job_went_on(id);
             });
}

void Job::store(std::vector<SharedState> states, std::function<void(bool)> done) {
  engine.keep_shared(connection->account(), std::move(states), [done = std::move(done), &owner = engine, id = id] {
    done(true);
    owner.job_went_on(id);
  });
}

void Engine::keep_shared(const std::string& account, std::vector<SharedState> states, std::function<void()> stored) {
  for (SharedState& each : states)
    pending_.seen.push_back({{}, shared_source(account, each.kind), std::move(each.seen)});
  if (stored) after_commit([stored = std::move(stored)](const Committed&) { stored(); });
}

// ---- whose turn it is

void Limiter::charge(const std::map<std::string, double>& shares) {
  double least = std::numeric_limits<double>::max();
  for (const auto& [pipeline, share] : shares) least = std::min(least, priority(pipeline));
  if (!shares.empty()) turn = std::max(turn, least);
  for (const auto& [pipeline, share] : shares) served[pipeline] = std::max(served[pipeline], turn) + share;
}

double Engine::priority_of(const Limiter& limiter, const std::map<std::string, double>& shares) const {
  double least = std::numeric_limits<double>::max();
  for (const auto& [pipeline, share] : shares) least = std::min(least, limiter.priority(pipeline));
  return shares.empty() ? limiter.turn : least;
}

Limiter& Engine::limiter(const Connection& connection, const std::string& group) {
  const auto [found, fresh] = limiters_.try_emplace({connection.account(), group});
  Limiter& limiter = found->second;
  if (!fresh) return limiter;
  limiter.connection = connection.name();
  limiter.account = connection.account();
  limiter.group = group;
  if (const auto rate = connection.limit_of(group)) limiter.bucket = Bucket(*rate);
  for (const BucketState& kept : opening_.buckets) {
    if (kept.account == limiter.account && kept.group == group && !options_.dry)
      limiter.bucket.restore(kept.tokens, std::max(Duration(0), wall_ - kept.at),
                             std::max(Duration(0), std::min(longest_pause, kept.paused_until - wall_)), now_);
  }
  return limiter;
}

// With whatever is committed next; by itself only every few seconds, and at the end.
void Engine::keep_buckets() {
  constexpr Duration every = std::chrono::seconds(5);
  const bool last = calls_in_flight_ == 0 && (stopping_ || options_.once);
  if (options_.dry || commit_under_way_ || (pending_.empty() && !last && now_ - buckets_kept_ < every)) return;
  for (auto& [key, limiter] : limiters_) {
    if (!std::exchange(limiter.dirty, false)) continue;
    const Rate& rate = limiter.bucket.rate();
    pending_.buckets.push_back({limiter.connection, limiter.account, limiter.group, limiter.bucket.tokens(now_),
                                rate.burst,
                                std::chrono::duration_cast<std::chrono::microseconds>(rate.interval).count(), wall_,
                                wall_ + limiter.bucket.pause_left(now_)});
  }
  buckets_kept_ = now_;
}

ConnectionState& Engine::state_of(const std::string& connection, const std::string& realm) {
  ConnectionState& state = connections_[{connection, realm}];
  if (state.name.empty()) state.name = realm.empty() ? connection : fmt::format("{} ({})", connection, realm);
  return state;
}

std::shared_ptr<Connection> Engine::connection_of(const std::string& name, const Bound& bound) const {
  for (const Bound* each : std::initializer_list<const Bound*>{current_.get(), &bound}) {
    const auto found = each->runnable->connections.find(name);
    if (found != each->runnable->connections.end()) return found->second;
  }
  return nullptr;
}

// A group that fails is asked one call at a time.
bool Engine::open(const Limiter& limiter) const {
  if (limiter.failures > 0 && (limiter.in_flight > 0 || now_ < limiter.not_before)) return false;
  return limiter.bucket.ready_at(now_) <= now_;
}

// ---- requests

void Engine::call(Job& job, Request request, std::function<void(CallResult)> done) {
  if (job.queue != nullptr) request.node = job.queue->node->name;
  if (job.poller != nullptr) request.node = job.poller->node->name;
  if (options_.dry && request.write) {
    Answer answer;
    answer.status = request.predicted_status;
    answer.predicted = request.predicted.value_or(Value(Record{}));
    Recording recording;
    recording.exchange = {
        request.method, scrubbed(request.url), request.body, answer.status, write_json(*answer.predicted),
        wall_,          Duration(0),           true};
    recording.items = request.items;
    job.recordings.push_back(std::move(recording));
    done(std::move(answer));
    return;
  }
  if (stopping_) return done(tl::unexpected<Lost>(Lost{Delivery::not_sent, "stopping"}));
  const bool ended = !job.effects.empty() && std::all_of(job.effects.begin(), job.effects.end(),
                                                         [](const QueuedEffect& each) { return each.event->skip; });
  if (ended) return done(tl::unexpected<Lost>(Lost{Delivery::not_sent, "ended by hand"}));
  // Several pipelines poll one account: one request answers all that ask the same, whatever source they read.
  if (job.poller != nullptr && !request.write) {
    for (auto& [id, other] : calls_) {
      const Request& same = other.request;
      if (other.job == nullptr || other.job->poller == nullptr || other.job->connection != job.connection ||
          same.method != request.method || same.url != request.url || same.body != request.body ||
          same.group != request.group || same.write)
        continue;
      for (const auto& [pipeline, share] : job.shares) other.job->shares.try_emplace(pipeline, 0);
      other.sharers.emplace_back(job.id, std::move(done));
      return;
    }
  }
  const CallId id = next_call_++;
  PendingCall& pending = calls_[id];
  pending.job = &job;
  pending.limiter = &limiter(*job.connection, request.group);
  pending.request = std::move(request);
  pending.done = std::move(done);
  pending.asked_at = now_;
  pending.limiter->waiting.push_back(id);
  send_from(*pending.limiter);
}

bool Engine::send_from(Limiter& limiter) {
  bool any = false;
  while (!limiter.waiting.empty() && !stopping_) {
    if (options_.once && limiter.failing_since) {
      const Instant last = *limiter.failing_since + options_.give_up;
      if (now_ >= last && limiter.in_flight == 0) {
        refuse_waiting(limiter, limiter.reason);
        return true;
      }
      wake(last);
    }
    if (!open(limiter)) {
      if (limiter.failures == 0 || limiter.in_flight == 0)
        wake(std::max(limiter.bucket.ready_at(now_), limiter.failures > 0 ? limiter.not_before : now_));
      break;
    }
    // The pipeline that has had the fewest calls is next, of one pipeline the call that waits longest.
    const auto next = std::min_element(limiter.waiting.begin(), limiter.waiting.end(), [&](CallId a, CallId b) {
      return priority_of(limiter, calls_.at(a).job->shares) < priority_of(limiter, calls_.at(b).job->shares);
    });
    const CallId id = *next;
    limiter.waiting.erase(next);
    PendingCall& call = calls_.at(id);
    limiter.bucket.take(now_);
    limiter.charge(call.job->shares);
    limiter.dirty = true;
    ++limiter.in_flight;
    ++calls_in_flight_;
    call.sent = true;
    call.sent_at = now_;
    call.sent_at_wall = wall_;
    ports_.send(id, call.job->connection->name(), call.request);
    any = true;
  }
  return any;
}

// Who waits hears that nothing was sent.
void Engine::refuse_waiting(Limiter& limiter, const std::string& reason) {
  const std::deque<CallId> waiting = std::exchange(limiter.waiting, {});
  for (const CallId id : waiting) {
    PendingCall call = std::move(calls_.at(id));
    calls_.erase(id);
    hand_over(call, tl::unexpected<Lost>(Lost{Delivery::not_sent, reason}));
  }
}

bool Engine::send_waiting() {
  bool any = false;
  for (auto& [key, limiter] : limiters_) any |= send_from(limiter);
  return any;
}

// ---- responses

void Engine::judge(Limiter& limiter, const PendingCall& call, const CallResult& result, const std::string& unreadable) {
  // A response that was too long came, and a request that cannot be sent says nothing of the server.
  const bool silent =
      !result && (result.error().cause == Lost::Cause::network || result.error().cause == Lost::Cause::certificate);
  const bool transient = silent || !unreadable.empty() || (result && (result->status == 429 || result->status >= 500));
  const std::string& connection = call.job->connection->name();
  if (!transient) {
    if (std::exchange(limiter.reported, false)) {
      observer_.connection_up(connection);
      pending_.notices.push_back({"connection " + connection, {}, wall_});
    }
    limiter.failures = 0;
    limiter.failing_since.reset();
    return;
  }
  limiter.reason = !unreadable.empty() ? "answers " + unreadable
                   : result            ? fmt::format("answers {}", result->status)
                                       : result.error().message;
  // An outage of some seconds is worth a word; a full limit is none.
  const bool limit = result && result->status == 429;
  if (limiter.failing_since && !limiter.reported && !limit && now_ - *limiter.failing_since >= outage_reported_after) {
    limiter.reported = true;
    Failure failure;
    failure.reason = fmt::format("{}, for {} s now", limiter.reason, (now_ - *limiter.failing_since).count() / 1000);
    observer_.connection_down(connection, failure);
    pending_.notices.push_back({"connection " + connection, limiter.reason, wall_});
  }
  if (call.sent_at < limiter.last_failure)
    return;  // sent side by side with one that failed: one outage, one step of the back-off
  ++limiter.failures;
  limiter.last_failure = now_;
  if (!limiter.failing_since) limiter.failing_since = now_;
  limiter.not_before = now_ + delay_before(limiter.failures, Duration(0), jitter());
}

// Whether an outage of it is under way, which is reported as one.
bool Engine::failing(const Connection& connection) const {
  return std::any_of(limiters_.begin(), limiters_.end(), [&](const auto& each) {
    return each.first.first == connection.account() && each.second.failing_since;
  });
}

// A server that wants no call for minutes: somebody will ask why nothing happens.
void Engine::note_pause(Limiter& limiter, const std::string& connection, Duration pause) {
  if (std::exchange(limiter.reported, true)) return;
  Failure failure;
  failure.reason =
      fmt::format("the server asks for a pause of {}", duration_text(std::chrono::floor<std::chrono::seconds>(pause)));
  if (pause > longest_pause)
    failure.reason += fmt::format("; it is asked again after {}", duration_text(longest_pause));
  observer_.connection_down(connection, failure);
  pending_.notices.push_back({"connection " + connection, failure.reason, wall_});
}

Exchange Engine::exchange_of(const PendingCall& call, const CallResult& result) const {
  const auto text = [&](const std::string& body) { return options_.keep_requests ? body : excerpt(body); };
  Exchange exchange;
  exchange.method = call.request.method;
  exchange.url = scrubbed(call.request.url);
  exchange.request_body = text(scrubbed(call.request.body));
  exchange.status = result ? result->status : 0;
  exchange.answer_body = result ? text(result->body) : result.error().message;
  exchange.at = call.sent_at_wall;
  exchange.took = now_ - call.sent_at;
  exchange.write = call.request.write;
  return exchange;
}

std::string Engine::scrubbed(std::string text) const { return current_->runnable->scrubber->clean(std::move(text)); }

// To the job that asked, and to those that asked the same.
void Engine::hand_over(PendingCall& call, CallResult result) {
  const auto give = [&](Job& job, const std::function<void(CallResult)>& done, CallResult given) {
    if (call.sent) job.recordings.push_back({exchange_of(call, given), call.request.items});
    done(std::move(given));
    if (job.finished()) finished_.push_back(job.id);
  };
  for (auto& [id, done] : call.sharers) {
    if (const auto job = jobs_.find(id); job != jobs_.end()) give(*job->second, done, result);
  }
  give(*call.job, call.done, std::move(result));
}

void Engine::answered(Now now, CallId id, CallResult result) {
  set_clock(now);
  const auto found = calls_.find(id);
  if (broken_ || found == calls_.end() || !found->second.sent) return;
  std::string unreadable;
  PendingCall call = std::move(found->second);
  calls_.erase(found);
  --calls_in_flight_;
  --call.limiter->in_flight;
  // At the door: whatever a server echoes, no connector sees a secret in it, so that nothing made of it holds one.
  scrub(*current_->runnable->scrubber, result);
  if (result) {
    Feedback feedback = call.job->connection->feedback(call.request, *result);
    if (feedback.pause >= noticeable_pause) note_pause(*call.limiter, call.job->connection->name(), feedback.pause);
    feedback.pause = std::min(feedback.pause, longest_pause);
    call.limiter->bucket.apply(feedback, now_);
    call.limiter->dirty = true;
    if (result->status != 429 && result->status < 500) unreadable = std::move(feedback.unreadable);
  }
  judge(*call.limiter, call, result, unreadable);
  hand_over(call, std::move(result));
  pump();
}

// ---- jobs

Job& Engine::new_job(std::shared_ptr<const Bound> bound, std::shared_ptr<Connection> connection,
                     const std::string& realm) {
  const std::uint64_t id = next_job_++;
  auto job = std::make_unique<Job>(*this, id);
  job->bound = std::move(bound);
  job->state = &state_of(connection->name(), realm);
  job->connection = std::move(connection);
  job->probe = job->state->down;
  if (job->probe) job->state->probing = true;
  return *(jobs_[id] = std::move(job));
}

void Engine::begin(Job& job) {
  job.begun = true;
  if (job.batch) job.batch->start();
  if (job.poll) job.poll->start();
  if (job.check) job.check->start();
  if (job.finished()) finished_.push_back(job.id);
}

// After something other than a response: it may have come to its end.
void Engine::job_went_on(std::uint64_t id) {
  const auto found = jobs_.find(id);
  if (found != jobs_.end() && found->second->finished()) finished_.push_back(id);
}

bool Engine::may_start(ConnectionState& state) {
  if (!state.down) return true;
  if (state.probing) return false;
  if (now_ >= state.probe_at) return true;
  wake(state.probe_at);
  return false;
}

// What a job says of its connection: the key is bad, or it answers again.
void Engine::over(Job& job, const std::optional<Failure>& failure) {
  ConnectionState& state = *job.state;
  if (job.probe) state.probing = false;
  if (failure && failure->kind == Failure::Kind::credentials) {
    if (!state.down) {
      state.down = true;
      state.down_since = now_;
      state.failures = 0;
      state.reason = failure->reason;
      observer_.connection_down(state.name, *failure);
      pending_.notices.push_back({"connection " + state.name, failure->reason, wall_});
    }
    if (job.probe || state.failures == 0) {
      ++state.failures;
      state.probe_at = now_ + delay_before(state.failures, failure->not_before, jitter());
    }
    return;
  }
  if (!state.down || !job.probe) return;
  const bool answers = std::any_of(job.recordings.begin(), job.recordings.end(), [](const Recording& each) {
    return each.exchange.status > 0 && each.exchange.status != 429 && each.exchange.status < 500;
  });
  if (!answers) {
    ++state.failures;
    state.probe_at = now_ + delay_before(state.failures, Duration(0), jitter());
    return;
  }
  state.down = false;
  state.down_since.reset();
  state.reason.clear();
  observer_.connection_up(state.name);
  pending_.notices.push_back({"connection " + state.name, {}, wall_});
  for (auto& [key, queue] : queues_) queue.dirty = true;
}

}  // namespace pipewright::engine
