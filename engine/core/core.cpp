#include "engine/core/core.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/core/state.hpp"

namespace pipewright::engine {

// ---- the face
// ----------------------------------------------------------------------------------------------------------------------

Core::Core(Ports& ports, Observer& observer, Options options)
    : engine_(std::make_unique<Engine>(ports, observer, options)) {}
Core::~Core() = default;
Result<void> Core::start(std::shared_ptr<const Runnable> runnable, Instant now) {
  return engine_->start(std::move(runnable), now);
}
void Core::tick(Instant now) { engine_->tick(now); }
void Core::answered(Instant now, CallId id, CallResult result) { engine_->answered(now, id, std::move(result)); }
void Core::committed(Instant now, CommitId id, const Committed& committed) { engine_->committed(now, id, committed); }
std::optional<Instant> Core::wakes_at() const { return engine_->wakes_at(); }
void Core::stop(Instant now) { engine_->stop(now); }
bool Core::stopped() const { return engine_->stopped(); }
bool Core::drained() const { return engine_->drained(); }
std::vector<std::string> Core::undrained() const { return engine_->undrained(); }
Result<void> Core::swap(std::shared_ptr<const Runnable> runnable, Instant now) {
  return engine_->swap(std::move(runnable), now);
}
std::vector<RetryAnswer> Core::retry(const std::vector<EventId>& ids, bool as_was, bool stale, Instant now) {
  return engine_->retry(ids, as_was, stale, now);
}
Result<void> Core::deliver(const std::string& pipeline, std::size_t source, std::vector<NewEvent> events,
                           std::function<void()> stored, Instant now) {
  return engine_->deliver(pipeline, source, std::move(events), std::move(stored), now);
}
std::vector<ConnectionStatus> Core::connections() const { return engine_->connections(); }
std::size_t Core::loaded() const { return engine_->loaded(); }

// ---- words
// -------------------------------------------------------------------------------------------------------------------------

std::string source_key(const plan::Source& source) {
  std::string key = source.connection + " " + source.node;
  if (source.text) key += " " + *source.text;
  for (const std::string& field : source.of) key += (&field == &source.of.front() ? " of " : ",") + field;
  return key;
}

std::string place_text(const plan::Place* place) {
  if (place == nullptr || place->line == 0) return {};
  return fmt::format("{}:{}: {}", place->file, place->line, place->text);
}

std::string shortened(const std::string& text, std::size_t limit) {
  if (text.size() <= limit) return text;
  std::size_t end = limit;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + fmt::format("… ({} bytes)", text.size());
}

// ---- inputs
// ------------------------------------------------------------------------------------------------------------------------

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

Result<void> Engine::resume_sinks(const std::string& connection, const std::string& node) {
  if (options_.dry) return {};
  for (const SinkPosition& at : ports_.journal().positions()) {
    if ((!connection.empty() && at.connection != connection) || (!node.empty() && at.node != node)) continue;
    const ActionNode* sink = current_->runnable->registry->action(at.node);
    const auto found = current_->runnable->connections.find(at.connection);
    if (sink == nullptr || !sink->resume || found == current_->runnable->connections.end()) continue;
    if (Result<void> back = sink->resume(*found->second, at.target, at.position); !back) return back;
  }
  return {};
}

Result<void> Engine::start(std::shared_ptr<const Runnable> runnable, Instant now) {
  now_ = now;
  if (Result<void> fine = check(*runnable); !fine) return fine;
  current_ = std::make_shared<const Bound>(std::move(runnable));
  bounds_[current_->plan().hash] = current_;
  if (Result<void> fine = resume_sinks({}, {}); !fine) return fine;
  earlier_life_ = ports_.journal().last_id();
  for (const std::string& pipeline : ports_.journal().pipelines_in_flight()) scans_[pipeline];
  for (const plan::Pipeline& pipeline : current_->plan().pipelines) scans_[pipeline.name];
  pending_.plans.push_back({current_->plan().hash, current_->runnable->commit, current_->plan().files, now});
  for (const Notice& left : ports_.journal().notices()) pending_.notices.push_back({left.subject, {}, now});
  make_pollers();
  started_ = true;
  pump();
  return {};
}

void Engine::tick(Instant now) {
  now_ = std::max(now_, now);
  pump();
}

void Engine::committed(Instant now, CommitId id, const Committed& committed) {
  now_ = std::max(now_, now);
  if (!commit_under_way_ || id != commit_) return;
  commit_under_way_ = false;
  const auto then = std::exchange(committing_, {});
  for (const auto& each : then) each(committed);
  pump();
}

void Engine::stop(Instant now) {
  now_ = std::max(now_, now);
  stopping_ = true;
  pump();
}

bool Engine::stopped() const {
  return stopping_ && calls_in_flight_ == 0 && !commit_under_way_ && pending_.empty() && after_.empty();
}

// ---- the pump
// ----------------------------------------------------------------------------------------------------------------------

void Engine::pump() {
  if (pumping_ || !started_) return;
  pumping_ = true;
  for (bool progress = true; progress;) {
    progress = false;
    wake_.reset();
    while (!finished_.empty()) {
      const std::uint64_t job = finished_.back();
      finished_.pop_back();
      process(job);
      progress = true;
    }
    if (!stopping_) {
      progress |= load_events();
      progress |= start_looks();
      progress |= start_batches();
    }
    progress |= send_waiting();
    progress |= !finished_.empty();
    progress |= flush();
  }
  if (!sinks_closed_ && (stopped() || drained())) close_sinks();
  pumping_ = false;
}

// Whatever gathered while the last commit was under way goes as one.
bool Engine::flush() {
  if (commit_under_way_ || (pending_.empty() && after_.empty())) return false;
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
bool Engine::tell_openings(const Job& job) {
  const ActionNode& node = *job.station->node;
  if (options_.dry || !node.openings) return false;
  return keep(job.station->connection, node, node.openings(*job.connection));
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
  sinks_closed_ = true;
  flush();
}

// True when there was something to keep.
bool Engine::keep(const std::string& connection, const ActionNode& node, std::vector<SinkReach> reached) {
  sinks_closed_ = sinks_closed_ && reached.empty();
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
  if (found->second->batch && tell_openings(*found->second)) {
    after_commit([this, id](const Committed&) { finished_.push_back(id); });
    return;
  }
  const std::unique_ptr<Job> job = std::move(found->second);
  jobs_.erase(found);
  if (job->batch)
    came_back(*job);
  else if (job->look)
    looked(*job);
  else
    checked(*job);
}

// ---- what is left
// ------------------------------------------------------------------------------------------------------------------

bool Engine::all_given_up() const {
  return std::all_of(stations_.begin(), stations_.end(), [](const auto& station) {
    return std::all_of(station.second.queue.begin(), station.second.queue.end(),
                       [](const auto& item) { return item.second.gave_up; });
  });
}

bool Engine::drained() const {
  if (!options_.once || !started_ || !jobs_.empty() || commit_under_way_ || !pending_.empty() || !after_.empty())
    return false;
  const bool looked = std::all_of(pollers_.begin(), pollers_.end(), [](const auto& poller) {
    return poller.second->done || poller.second->gave_up || poller.second->removed;
  });
  return looked && (events_.empty() || all_given_up());
}

std::vector<std::string> Engine::undrained() const {
  std::vector<std::string> left;
  for (const auto& [key, poller] : pollers_) {
    if (poller->refused)
      left.push_back(fmt::format("{}: {} refused: {}", poller->pipeline, poller->source, poller->last_failure));
    else if (!poller->done)
      left.push_back(fmt::format("{}: {}: {}", poller->pipeline, poller->source,
                                 poller->last_failure.empty() ? "not looked at" : poller->last_failure));
  }
  for (const auto& [pipeline, counters] : ports_.journal().counters()) {
    if (counters.in_flight() > 0) left.push_back(fmt::format("{}: {} events wait", pipeline, counters.in_flight()));
  }
  for (const auto& each : gates_) {
    const std::string& key = each.first;
    const Gate& gate = each.second;
    const auto known = std::find_if(current_->runnable->connections.begin(), current_->runnable->connections.end(),
                                    [&](const auto& one) { return key.starts_with(one.second->account() + "\x1f"); });
    if (gate.failing_since && known != current_->runnable->connections.end())
      left.push_back(fmt::format("connection {}: {}", known->first, gate.reason));
  }
  for (const auto& [name, state] : connections_) {
    if (state.down) left.push_back(fmt::format("connection {}: {}", name, state.reason));
  }
  return left;
}

std::vector<ConnectionStatus> Engine::connections() const {
  std::vector<ConnectionStatus> all;
  if (!current_) return all;
  for (const auto& [name, connection] : current_->runnable->connections) {
    ConnectionStatus status;
    status.name = name;
    if (const auto state = connections_.find(name); state != connections_.end()) {
      status.down = state->second.down;
      status.reason = state->second.reason;
    }
    for (const auto& [key, gate] : gates_) {
      const bool ours = key.starts_with(connection->account() + "\x1f");
      if (!ours || gate.bucket.rate().interval.count() <= 0) continue;
      status.headroom[gate.group] = gate.bucket.headroom(now_);
      status.rates[gate.group] = gate.bucket.rate();
    }
    all.push_back(std::move(status));
  }
  return all;
}

}  // namespace pipewright::engine
