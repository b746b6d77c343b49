// Another program while running, and events that come by themselves.
#include <fmt/format.h>

#include <algorithm>

#include "engine/core/state.hpp"

namespace pipewright::engine {

Result<void> Engine::swap(std::shared_ptr<const Runnable> runnable, Now now) {
  set_clock(now);
  if (Result<void> fine = check(*runnable); !fine) return fine;
  current_ = std::make_shared<const Bound>(std::move(runnable));
  bounds_[current_->plan().hash] = current_;
  pending_.plans.push_back({current_->plan().hash, current_->runnable->commit, current_->plan().files, wall_});
  for (const plan::Pipeline& pipeline : current_->plan().pipelines) scans_[pipeline.name];
  for (auto& [key, queue] : queues_) {
    if (const ActionNode* node = current_->runnable->registry->action(queue.node->name)) queue.node = node;
    queue.dirty = true;
  }
  for (const auto& [name, connection] : current_->runnable->connections) {
    for (auto& [key, limiter] : limiters_) {
      if (key.first != connection->account()) continue;
      if (const auto rate = connection->limit_of(key.second)) limiter.bucket.change(*rate, now_);
    }
  }
  make_pollers();
  // Whoever has done nothing yet takes the new program; the others finish with theirs, unless their pipeline is gone.
  std::vector<EventId> all;
  for (const auto& [id, event] : events_) all.push_back(id);
  for (const EventId id : all) {
    const auto found = events_.find(id);
    if (found == events_.end() || found->second->ending || found->second->as_was) continue;
    Event& event = *found->second;
    event.gone = current_->plan().pipeline(event.data.pipeline) == nullptr;
    const bool fresh = !event.begun && event.uncommitted == 0 && event.delivery == Delivery::not_sent;
    if (fresh && event.bound != current_ && drop_queued(event)) {
      replan(event, current_);
      event.released = false;
      event.next.clear();
    } else if (event.gone) {
      drop_queued(event);
    } else {
      continue;
    }
    go_on(event);
  }
  std::set<std::string> used{current_->plan().hash};
  for (const auto& [id, event] : events_) used.insert(event->bound->plan().hash);
  std::erase_if(bounds_, [&](const auto& each) { return !used.contains(each.first); });
  pump();
  return {};
}

Result<void> Engine::deliver(const std::string& pipeline, std::size_t source, std::vector<NewEvent> events,
                             std::function<void()> done, Now now) {
  set_clock(now);
  const plan::Pipeline* found = current_->plan().pipeline(pipeline);
  if (stopping_) return fail("stopping");
  if (found == nullptr || source >= found->sources.size())
    return fail(fmt::format("there is no such source in pipeline `{}`", pipeline));
  const plan::Source& from = found->sources[source];
  for (NewEvent& each : events) pending_.events.push_back(stored(*current_, *found, from, source_key(from), each));
  after_commit([this, pipeline, done = std::move(done)](const Committed&) {
    scans_[pipeline].more = true;
    done();
  });
  pump();
  return {};
}

}  // namespace pipewright::engine
