#include "engine/core/core.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "engine/core/state.hpp"

namespace pipewright::engine {

// ---- the face

Core::Core(Ports& ports, Observer& observer, Options options)
    : engine_(std::make_unique<Engine>(ports, observer, options)) {}
Core::~Core() = default;
Result<void> Core::start(std::shared_ptr<const Runnable> runnable, Opening opening, Now now) {
  return engine_->start(std::move(runnable), std::move(opening), now);
}
void Core::tick(Now now) { engine_->tick(now); }
void Core::answered(Now now, CallId id, CallResult result) { engine_->answered(now, id, std::move(result)); }
void Core::committed(Now now, CommitId id, Result<Committed> committed) {
  engine_->committed(now, id, std::move(committed));
}
void Core::replied(Now now, QueryId id, Result<Reply> reply) { engine_->replied(now, id, std::move(reply)); }
std::optional<Instant> Core::wakes_at() const { return engine_->wakes_at(); }
void Core::stop(Now now) { engine_->stop(now); }
bool Core::stopped() const { return engine_->stopped(); }
const Error* Core::broken() const { return engine_->broken(); }
bool Core::drained() const { return engine_->drained(); }
std::vector<std::string> Core::undrained() const { return engine_->undrained(); }
Result<void> Core::swap(std::shared_ptr<const Runnable> runnable, Now now) {
  return engine_->swap(std::move(runnable), now);
}
void Core::retry(std::vector<EventId> ids, bool as_was, bool stale, Now now, Answers answered) {
  engine_->retry(std::move(ids), as_was, stale, now, std::move(answered));
}
void Core::skip(std::vector<EventId> ids, std::string why, Now now, Answers answered) {
  engine_->skip(std::move(ids), std::move(why), now, std::move(answered));
}
Result<void> Core::deliver(const std::string& pipeline, std::size_t source, std::vector<NewEvent> events,
                           std::function<void()> stored, Now now) {
  return engine_->deliver(pipeline, source, std::move(events), std::move(stored), now);
}
void Core::serve_requests(Now now) { engine_->serve_requests(now); }
std::vector<ConnectionStatus> Core::connections() const { return engine_->connections(); }
std::vector<std::string> Core::plans() const { return engine_->plans(); }
std::size_t Core::loaded() const { return engine_->loaded(); }

// ---- words

std::string source_key(const plan::Source& source) {
  std::string key = source.connection + " " + source.node;
  if (source.text) key += " " + *source.text;
  for (const std::string& field : source.of) key += (&field == &source.of.front() ? " of " : ",") + field;
  return key;
}

std::vector<std::string> source_keys(const plan::Pipeline& pipeline) {
  std::vector<std::string> keys;
  std::map<std::string, int> named;
  for (const plan::Source& source : pipeline.sources) {
    std::string name = source_key(source);
    if (const int nth = ++named[name]; nth > 1) name += fmt::format(" #{}", nth);
    keys.push_back(std::move(name));
  }
  return keys;
}

std::string place_text(const plan::Place* place) {
  if (place == nullptr || place->line == 0) return {};
  return fmt::format("{}:{}: {}", place->file, place->line, place->text);
}

std::string excerpt(const std::string& text, std::size_t limit) {
  if (text.size() <= limit) return text;
  return std::string(first_bytes(text, limit)) + fmt::format("… ({} bytes)", text.size());
}

// ---- inputs

Result<void> Engine::check(const Runnable& runnable) const {
  const auto known = [&](const std::string& connection) { return runnable.connections.contains(connection); };
  const std::function<Result<void>(const plan::Steps&)> steps = [&](const plan::Steps& all) -> Result<void> {
    for (const plan::Step& step : all) {
      std::vector<const plan::Steps*> inner;
      if (const auto* when = std::get_if<plan::When>(&step.node)) {
        for (const plan::When::Branch& branch : when->branches) inner.push_back(&branch.steps);
        inner.push_back(&when->otherwise);
      } else if (const auto* each = std::get_if<plan::Each>(&step.node)) {
        inner.push_back(&*each->steps);
      } else if (const auto* action = std::get_if<plan::Action>(&step.node)) {
        const ActionNode* node = runnable.registry->action(action->node);
        if (node == nullptr || !node->verbs.contains(action->verb)) {
          return fail(fmt::format("`{} {}` has no behaviour", action->node, plan::verb_text(action->verb)));
        }
        if (!known(action->connection)) return fail(fmt::format("there is no connection `{}`", action->connection));
      }
      for (const plan::Steps* each : inner) {
        if (Result<void> fine = steps(*each); !fine) return fine;
      }
    }
    return {};
  };
  for (const plan::Pipeline& pipeline : runnable.plan->pipelines) {
    for (const plan::Source& source : pipeline.sources) {
      if (runnable.registry->source(source.node) == nullptr)
        return fail(fmt::format("`{}` has no behaviour", source.node));
      if (!known(source.connection)) return fail(fmt::format("there is no connection `{}`", source.connection));
    }
    if (Result<void> fine = steps(pipeline.steps); !fine) return fine;
  }
  return {};
}

// To where the journal knows them: what was appended behind that belongs to a run that did not live to record it.
Result<void> Engine::resume_sinks() {
  if (options_.dry) return {};
  for (const SinkPosition& at : opening_.positions) {
    const ActionNode* sink = current_->runnable->registry->action(at.node);
    const auto found = current_->runnable->connections.find(at.connection);
    if (sink == nullptr || !sink->resume || found == current_->runnable->connections.end()) continue;
    if (Result<void> back = sink->resume(*found->second, at.target, at.position); !back) return back;
  }
  return {};
}

Result<void> Engine::start(std::shared_ptr<const Runnable> runnable, Opening opening, Now now) {
  now_ = now.steady;
  wall_ = now.wall;
  buckets_kept_ = waiting_noted_ = now_;
  if (Result<void> fine = check(*runnable); !fine) return fine;
  current_ = std::make_shared<const Bound>(std::move(runnable));
  bounds_[current_->plan().hash] = current_;
  opening_ = std::move(opening);
  if (Result<void> fine = resume_sinks(); !fine) return fine;
  for (const std::string& pipeline : opening_.pipelines_in_flight) scans_[pipeline];
  for (const plan::Pipeline& pipeline : current_->plan().pipelines) scans_[pipeline.name];
  pending_.plans.push_back({current_->plan().hash, current_->runnable->commit, current_->plan().files, wall_});
  for (const Notice& left : opening_.notices) pending_.notices.push_back({left.subject, {}, wall_});
  make_pollers();
  started_ = true;
  pump();
  return {};
}

// A wall clock that moves against the steady one was set by somebody: intervals do not care, people do.
void Engine::set_clock(Now now) {
  constexpr Duration noticeable = std::chrono::minutes(1);
  const Duration jump = (now.wall - now.steady) - (wall_ - now_);
  if (started_ && (jump > noticeable || jump < -noticeable)) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(jump > Duration(0) ? jump : -jump);
    const std::string text =
        fmt::format("the clock was set {} by {} s: it is {} now; intervals and retries go on as before",
                    jump > Duration(0) ? "forward" : "back", seconds.count(), utc_text(now.wall));
    observer_.warning(text);
    pending_.notices.push_back({"clock", text, now.wall});
  }
  now_ = std::max(now_, now.steady);
  wall_ = now.wall;
}

void Engine::tick(Now now) {
  set_clock(now);
  pump();
}

void Engine::committed(Now now, CommitId id, Result<Committed> committed) {
  set_clock(now);
  if (!commit_under_way_ || id != commit_) return;
  if (!committed) {
    broken_ = committed.error();
    return;
  }
  commit_under_way_ = false;
  const auto then = std::exchange(committing_, {});
  for (const auto& each : then) each(*committed);
  pump();
}

void Engine::ask(Query query, std::function<void(Reply)> then) {
  const QueryId id = next_query_++;
  queries_[id] = std::move(then);
  ports_.query(id, std::move(query));
}

void Engine::replied(Now now, QueryId id, Result<Reply> reply) {
  set_clock(now);
  const auto found = queries_.find(id);
  if (found == queries_.end()) return;
  if (!reply) {
    broken_ = reply.error();
    return;
  }
  const auto then = std::move(found->second);
  queries_.erase(found);
  then(std::move(*reply));
  pump();
}

// What waits for a limit was never sent: it comes back as that, and goes on at the next start.
void Engine::stop(Now now) {
  set_clock(now);
  stopping_ = true;
  for (auto& [key, limiter] : limiters_) refuse_waiting(limiter, "stopping");
  pump();
}

bool Engine::stopped() const {
  return stopping_ && released_ && calls_in_flight_ == 0 && !commit_under_way_ && pending_.empty() && after_.empty() &&
         queries_.empty();
}

// ---- the pump

void Engine::pump() {
  if (pumping_ || !started_ || broken_) return;
  pumping_ = true;
  for (bool progress = true; progress && !broken_;) {
    progress = false;
    wake_.reset();
    while (!finished_.empty()) {
      const std::uint64_t job = finished_.back();
      finished_.pop_back();
      process(job);
      progress = true;
    }
    progress |= walk_dirty();
    if (!stopping_) {
      overdue_checks();
      progress |= claim_events();
      progress |= start_polls();
      progress |= start_checks();
      progress |= start_batches();
      note_waiting();
    }
    progress |= send_waiting();
    progress |= !finished_.empty() || !dirty_events_.empty() || (!to_check_.empty() && !stopping_);
    keep_buckets();
    progress |= flush();
  }
  pumping_ = false;
}

// Whatever gathered while the last commit was under way goes as one.
bool Engine::flush() {
  if (commit_under_way_) return false;
  if (stopping_ && !released_ && calls_in_flight_ == 0 && pending_.empty() && after_.empty() && queries_.empty()) {
    // The last word: what has not begun is in no doubt at the next start.
    released_ = true;
    Release release;
    for (const auto& [id, event] : events_) {
      if (event->begun || event->delivery == Delivery::unknown || event->moved) release.begun.push_back(id);
    }
    if (!options_.dry) pending_.release = std::move(release);
    close_sinks();
  }
  if (pending_.empty() && after_.empty()) return false;
  committing_ = std::exchange(after_, {});
  if (pending_.empty()) {
    const auto then = std::exchange(committing_, {});
    for (const auto& each : then) each({});
    return true;
  }
  commit_under_way_ = true;
  ports_.commit(++commit_, std::exchange(pending_, {}));
  return false;
}

// What a sink has newly opened is journaled before it writes there.
bool Engine::keep_openings(const Job& job) {
  const ActionNode& node = *job.queue->node;
  if (options_.dry || !node.openings) return false;
  return keep(job.queue->connection, node, node.openings(*job.connection));
}

// A clean end: what is appended from now on is not ours.
void Engine::close_sinks() {
  if (options_.dry) return;
  std::set<std::pair<std::string, std::string>> sinks;
  for (const auto& [at, position] : sink_positions_) sinks.emplace(std::get<0>(at), std::get<1>(at));
  for (const auto& [connection, name] : sinks) {
    const ActionNode* node = current_->runnable->registry->action(name);
    const auto found = current_->runnable->connections.find(connection);
    if (node == nullptr || !node->closings || found == current_->runnable->connections.end()) continue;
    keep(connection, *node, node->closings(*found->second));
  }
}

// True when there was something to keep.
bool Engine::keep(const std::string& connection, const ActionNode& node, std::vector<SinkReach> reached) {
  for (SinkReach& each : reached) {
    if (each.settle) pending_.settle[each.target] = std::move(each.settle);
    sink_positions_[{connection, node.name, each.target}] = each.position;
    pending_.positions.push_back({connection, node.name, std::move(each.target), std::move(each.position)});
  }
  return !reached.empty();
}

void Engine::process(std::uint64_t id) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return;
  if (found->second->batch && keep_openings(*found->second)) {
    after_commit([this, id](const Committed&) { finished_.push_back(id); });
    return;
  }
  const std::unique_ptr<Job> job = std::move(found->second);
  jobs_.erase(found);
  if (job->batch)
    came_back(*job);
  else if (job->poll)
    polled(*job);
  else
    checked(*job);
}

// ---- what is left

bool Engine::all_given_up() const {
  return std::all_of(queues_.begin(), queues_.end(), [](const auto& queue) {
    return std::all_of(queue.second.waiting.begin(), queue.second.waiting.end(),
                       [](const auto& effect) { return effect.second.gave_up; });
  });
}

bool Engine::drained() const {
  if (!options_.once || !started_ || !jobs_.empty() || commit_under_way_ || !pending_.empty() || !after_.empty() ||
      !queries_.empty() || !dirty_events_.empty())
    return false;
  const bool polled = std::all_of(pollers_.begin(), pollers_.end(), [](const auto& poller) {
    return poller.second->done || poller.second->gave_up || poller.second->removed;
  });
  if (!polled) return false;
  if (events_.empty())
    return std::none_of(scans_.begin(), scans_.end(), [](const auto& scan) { return scan.second.more; });
  // What stands behind something that was given up waits with it.
  return all_given_up() && std::all_of(events_.begin(), events_.end(), [](const auto& event) {
           return !event.second->ending && event.second->uncommitted == 0;
         });
}

std::vector<std::string> Engine::undrained() const {
  std::vector<std::string> left;
  for (const auto& [key, poller] : pollers_) {
    if (poller->refused)
      left.push_back(fmt::format("{}: {} refused: {}", poller->pipeline, poller->source, poller->last_failure));
    else if (!poller->done)
      left.push_back(fmt::format("{}: {}: {}", poller->pipeline, poller->source,
                                 poller->last_failure.empty() ? "not polled" : poller->last_failure));
  }
  std::map<std::string, std::pair<std::size_t, std::string>> waiting;
  std::map<EventId, Waiting> reasons = waiting_reasons();
  for (const auto& [id, event] : events_) {
    auto& [count, reason] = waiting[event->data.pipeline];
    ++count;
    if (reason.empty()) reason = std::move(reasons[id].reason);
  }
  for (const auto& [pipeline, scan] : scans_) {
    if (scan.more) waiting[pipeline].first += scan.loaded == 0 ? 1 : 0;
  }
  for (const auto& [pipeline, each] : waiting) {
    if (each.first == 0) continue;
    const bool more = scans_.contains(pipeline) && scans_.at(pipeline).more;
    left.push_back(fmt::format("{}: {}{} event{} wait{}", pipeline, more ? "over " : "", each.first,
                               each.first == 1 ? "" : "s", each.second.empty() ? "" : ": " + each.second));
  }
  // A call that failed and was not needed any more leaves nothing undone.
  for (const auto& [key, limiter] : limiters_) {
    if (left.empty()) break;
    const auto known = std::find_if(current_->runnable->connections.begin(), current_->runnable->connections.end(),
                                    [&](const auto& one) { return key.first == one.second->account(); });
    if (limiter.failing_since && known != current_->runnable->connections.end())
      left.push_back(fmt::format("connection {}: {}", known->first, limiter.reason));
  }
  for (const auto& [key, state] : connections_) {
    if (state.down) left.push_back(fmt::format("connection {}: {}", state.name, state.reason));
  }
  return left;
}

std::vector<ConnectionStatus> Engine::connections() const {
  std::vector<ConnectionStatus> all;
  if (!current_) return all;
  for (const auto& [name, connection] : current_->runnable->connections) {
    ConnectionStatus status;
    status.name = name;
    for (const auto& [key, state] : connections_) {
      if (key.first != name || !state.down) continue;
      status.down = true;
      status.reason = state.reason;
    }
    for (const auto& [key, limiter] : limiters_) {
      if (key.first != connection->account() || limiter.bucket.rate().interval.count() <= 0) continue;
      status.headroom[limiter.group] = limiter.bucket.headroom(now_);
      status.rates[limiter.group] = limiter.bucket.rate();
    }
    all.push_back(std::move(status));
  }
  return all;
}

std::vector<std::string> Engine::plans() const {
  std::set<std::string> used;
  if (current_) used.insert(current_->plan().hash);
  for (const auto& [id, event] : events_) used.insert(event->bound->plan().hash);
  return {used.begin(), used.end()};
}

}  // namespace pipewright::engine
