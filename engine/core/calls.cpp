// Gates and calls: the limiter, the back-off of a group that fails, what is written down of requests, connections that
// are down.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "engine/core/state.hpp"
#include "engine/json.hpp"

namespace pipewright::engine {
namespace {

constexpr auto outage_told_after = std::chrono::seconds(3);

}  // namespace

Instant Job::now() const { return engine.now(); }
bool Job::dry() const { return engine.options().dry; }
void Job::note(std::string text) { engine.ports().log(fmt::format("{}: {}", connection->name(), text)); }

void Job::start(Request request, std::function<void(CallResult)> done) {
  engine.call(*this, std::move(request), std::move(done));
}

void Job::look_up(std::vector<std::string> keys, std::function<void(std::map<std::string, Seen>)> done) {
  if (poller == nullptr) return done({});
  done(engine.ports().journal().seen(poller->pipeline, poller->source, keys));
}

void Job::look_up_open(std::string after, std::size_t limit, std::function<void(std::vector<Seen>)> done) {
  if (poller == nullptr) return done({});
  done(engine.ports().journal().open_seen(poller->pipeline, poller->source, after, limit));
}

Gate& Engine::gate(const Connection& connection, const std::string& group) {
  const std::string key = connection.account() + "\x1f" + group;
  const auto found = gates_.find(key);
  if (found != gates_.end()) return found->second;
  Gate& made = gates_[key];
  made.group = group;
  if (const auto rate = connection.limit_of(group)) made.bucket = Bucket(*rate);
  return made;
}

ConnectionState& Engine::state_of(const std::string& connection) {
  ConnectionState& state = connections_[connection];
  if (state.name.empty()) state.name = connection;
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
bool Engine::open(const Gate& gate) const {
  if (gate.failures > 0 && (gate.in_flight > 0 || now_ < gate.not_before)) return false;
  return gate.bucket.ready_at(now_) <= now_;
}

void Engine::call(Job& job, Request request, std::function<void(CallResult)> done) {
  if (job.station != nullptr) request.node = job.station->node->name;
  if (job.poller != nullptr) request.node = job.poller->node->name;
  if (options_.dry && request.write) {
    Answer answer;
    answer.status = request.predicted_status;
    answer.predicted = request.predicted.value_or(Value(Record{}));
    Recording recording;
    recording.exchange = {request.method, request.url, request.body, answer.status, write_json(*answer.predicted),
                          now_,           Duration(0), true};
    recording.items = request.items;
    job.recordings.push_back(std::move(recording));
    done(std::move(answer));
    return;
  }
  const CallId id = next_call_++;
  PendingCall& pending = calls_[id];
  pending.job = &job;
  pending.gate = &gate(*job.connection, request.group);
  pending.request = std::move(request);
  pending.done = std::move(done);
  pending.gate->waiting.push_back(id);
  send_from(*pending.gate);
}

bool Engine::send_from(Gate& gate) {
  bool any = false;
  while (!gate.waiting.empty() && !stopping_) {
    if (options_.once && gate.failing_since) {
      const Instant last = *gate.failing_since + options_.give_up;
      if (now_ >= last && gate.in_flight == 0) {
        refuse_waiting(gate);
        return true;
      }
      wake(last);
    }
    if (!open(gate)) {
      if (gate.failures == 0 || gate.in_flight == 0)
        wake(std::max(gate.bucket.ready_at(now_), gate.failures > 0 ? gate.not_before : now_));
      break;
    }
    const CallId id = gate.waiting.front();
    gate.waiting.pop_front();
    PendingCall& call = calls_.at(id);
    gate.bucket.take(now_);
    ++gate.in_flight;
    ++calls_in_flight_;
    call.sent = true;
    call.sent_at = now_;
    ports_.send(id, call.job->connection->name(), call.request);
    any = true;
  }
  return any;
}

// In `once`, when what keeps failing has been asked for long enough: who waits for it is told so.
void Engine::refuse_waiting(Gate& gate) {
  const std::deque<CallId> waiting = std::exchange(gate.waiting, {});
  for (const CallId id : waiting) {
    PendingCall call = std::move(calls_.at(id));
    calls_.erase(id);
    Job& job = *call.job;
    call.done(tl::unexpected<Lost>(Lost{Delivery::not_sent, gate.reason}));
    if (job.finished()) finished_.push_back(job.id);
  }
}

bool Engine::send_waiting() {
  bool any = false;
  for (auto& [key, gate] : gates_) any |= send_from(gate);
  return any;
}

void Engine::judge(Gate& gate, const PendingCall& call, const CallResult& result) {
  const bool transient = !result || result->status == 429 || result->status >= 500;
  const std::string& connection = call.job->connection->name();
  if (!transient) {
    if (std::exchange(gate.told, false)) {
      observer_.connection_up(connection);
      pending_.notices.push_back({"connection " + connection, {}, now_});
    }
    gate.failures = 0;
    gate.failing_since.reset();
    return;
  }
  gate.reason = result ? fmt::format("answers {}", result->status) : result.error().message;
  // An outage of some seconds is worth a word; a full limit is none.
  const bool limit = result && result->status == 429;
  if (gate.failing_since && !gate.told && !limit && now_ - *gate.failing_since >= outage_told_after) {
    gate.told = true;
    Failure failure;
    failure.reason = fmt::format("{}, for {} s now", gate.reason, (now_ - *gate.failing_since).count() / 1000);
    observer_.connection_down(connection, failure);
    pending_.notices.push_back({"connection " + connection, gate.reason, now_});
  }
  if (call.sent_at < gate.last_failure)
    return;  // sent side by side with one that failed: one outage, one step of the back-off
  ++gate.failures;
  gate.last_failure = now_;
  if (!gate.failing_since) gate.failing_since = now_;
  gate.not_before = now_ + delay_before(gate.failures, Duration(0), jitter());
}

Exchange Engine::exchange_of(const PendingCall& call, const CallResult& result) const {
  const auto text = [&](const std::string& body) { return options_.keep_requests ? body : shortened(body); };
  Exchange exchange;
  exchange.method = call.request.method;
  exchange.url = call.request.url;
  exchange.request_body = text(call.request.body);
  exchange.status = result ? result->status : 0;
  exchange.answer_body = result ? text(result->body) : result.error().message;
  exchange.at = call.sent_at;
  exchange.took = now_ - call.sent_at;
  exchange.write = call.request.write;
  return exchange;
}

void Engine::answered(Instant now, CallId id, CallResult result) {
  now_ = std::max(now_, now);
  const auto found = calls_.find(id);
  if (found == calls_.end() || !found->second.sent) return;
  PendingCall call = std::move(found->second);
  calls_.erase(found);
  --calls_in_flight_;
  --call.gate->in_flight;
  if (result) call.gate->bucket.apply(call.job->connection->feedback(call.request, *result), now_);
  judge(*call.gate, call, result);
  call.job->recordings.push_back({exchange_of(call, result), call.request.items});
  Job& job = *call.job;
  call.done(std::move(result));
  if (job.finished()) finished_.push_back(job.id);
  pump();
}

Job& Engine::new_job(std::shared_ptr<const Bound> bound, std::shared_ptr<Connection> connection) {
  const std::uint64_t id = next_job_++;
  auto job = std::make_unique<Job>(*this, id);
  job->bound = std::move(bound);
  job->state = &state_of(connection->name());
  job->connection = std::move(connection);
  job->probe = job->state->down;
  if (job->probe) job->state->probing = true;
  return *(jobs_[id] = std::move(job));
}

void Engine::begin(Job& job) {
  if (job.batch) job.batch->start();
  if (job.look) job.look->start();
  if (job.check) job.check->start();
  if (job.finished()) finished_.push_back(job.id);
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
      pending_.notices.push_back({"connection " + state.name, failure->reason, now_});
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
  pending_.notices.push_back({"connection " + state.name, {}, now_});
  for (auto& [key, station] : stations_) station.dirty = true;
}

}  // namespace pipewright::engine
