// Events that waited long are checked at their source before their first write: one that was cancelled meanwhile is
// skipped. Many are asked at once, and a source that does not answer stops nobody.
#include <algorithm>

#include "engine/core/state.hpp"

namespace pipewright::engine {
namespace {

constexpr std::size_t most_at_once = 1000;
constexpr Duration patience = std::chrono::seconds(10);

}  // namespace

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
  if (options_.dry || event.wrote || now_ - event.checked_at <= options_.stale_after) return false;
  const plan::Source* source = origin_of(event);
  if (source == nullptr) return false;
  const SourceNode* node = event.bound->runnable->registry->source(source->node);
  const auto connection = connection_of(source->connection, *event.bound);
  if (node == nullptr || !node->still_wanted || connection == nullptr) return false;
  const auto state = connections_.find({source->connection, {}});
  if (state != connections_.end() && state->second.down) return false;
  return std::none_of(limiters_.begin(), limiters_.end(), [&](const auto& each) {
    return each.first.first == connection->account() && each.second.failing_since;
  });
}

bool Engine::start_checks() {
  if (to_check_.empty()) return false;
  std::map<std::pair<std::string, std::string>, std::pair<const plan::Source*, std::vector<Event*>>> by_source;
  for (const EventId id : std::exchange(to_check_, {})) {
    const auto found = events_.find(id);
    if (found == events_.end() || found->second->checking || found->second->ending) continue;
    const plan::Source* source = origin_of(*found->second);
    if (source == nullptr) continue;
    auto& [from, events] = by_source[{source->connection, source->node}];
    from = source;
    events.push_back(found->second.get());
  }
  for (auto& [key, each] : by_source) {
    auto& events = each.second;
    for (std::size_t from = 0; from < events.size(); from += most_at_once) {
      const std::size_t to = std::min(events.size(), from + most_at_once);
      start_check(*each.first, {events.begin() + static_cast<std::ptrdiff_t>(from),
                                events.begin() + static_cast<std::ptrdiff_t>(to)});
    }
  }
  return true;
}

void Engine::start_check(const plan::Source& source, const std::vector<Event*>& events) {
  const std::shared_ptr<const Bound> bound = events.front()->bound;
  const SourceNode* node = bound->runnable->registry->source(source.node);
  Job& job = new_job(bound, connection_of(source.connection, *bound), {});
  std::vector<Value> records;
  for (Event* event : events) {
    event->checking = true;
    job.events.push_back(event->id);
    job.shares[event->data.pipeline] = 0;
    records.push_back(event->data.record);
  }
  checks_[job.id] = now_ + patience;
  job.check.emplace(node->still_wanted(*job.connection, std::move(records), job));
  begin(job);
}

void Engine::let_go_on(const std::vector<EventId>& events) {
  for (const EventId id : events) {
    const auto found = events_.find(id);
    if (found == events_.end()) continue;
    found->second->checking = false;
    found->second->checked_at = now_;
  }
  for (auto& [key, queue] : queues_) queue.dirty = true;
}

// Nobody waits for a source that does not answer.
void Engine::overdue_checks() {
  for (auto at = checks_.begin(); at != checks_.end();) {
    if (at->second > now_) {
      wake(at->second);
      ++at;
      continue;
    }
    Job& job = *jobs_.at(at->first);
    job.abandoned = true;
    let_go_on(job.events);
    at = checks_.erase(at);
  }
}

void Engine::checked(Job& job) {
  std::vector<std::optional<std::string>> reasons = job.check->take();
  over(job, std::nullopt);
  checks_.erase(job.id);
  if (job.abandoned) return;
  reasons.resize(job.events.size());
  let_go_on(job.events);
  for (std::size_t i = 0; i < job.events.size(); ++i) {
    const auto found = events_.find(job.events[i]);
    if (!reasons[i] || found == events_.end()) continue;
    Event& event = *found->second;
    if (event.ending || event.wrote || event.uncommitted > 0 || !drop_queued(event)) continue;
    end(event,
        {EndingKind::skipped, *reasons[i], event.pipeline == nullptr ? nullptr : &event.pipeline->place, {}, false});
  }
}

}  // namespace pipewright::engine
