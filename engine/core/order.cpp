// Order per key: an event waits for an earlier one of its key only while both may still reach a common connection. One
// that was retried stands behind those that were there then, and does not overwrite what a later one wrote.
#include <algorithm>

#include "engine/core/reach.hpp"
#include "engine/core/state.hpp"

namespace pipewright::engine {

void Engine::find_reach(Event& event) {
  Reach reach;
  const auto add = [&](const Address& address) {
    reach.merge(reachable(event.pipeline->steps, address, *event.bound->runnable));
  };
  for (const Address& address : event.under_way) add(address);
  for (const Want& want : event.next) add(want.address);
  event.reach = std::move(reach);
}

const Event* Engine::blocker_of(const Event& event) const {
  if (event.data.key.empty()) return nullptr;
  const auto line = lines_.find({event.account, event.data.key});
  if (line == lines_.end()) return nullptr;
  for (const auto& [rank, earlier] : line->second.events) {
    if (earlier == &event) return nullptr;
    if (conflict(event.reach, earlier->reach)) return earlier;
  }
  return nullptr;
}

// A later event of the key that has written where this one may yet write.
std::optional<EventId> Engine::newer_write(const Event& event) const {
  for (const auto& [connection, write] : event.newest) {
    const bool reached =
        std::any_of(event.reach.begin(), event.reach.end(), [&](const auto& each) { return each.first == connection; });
    // A listener's event has its turn when it is heard; retried, it is as old as its change.
    const EventId newer = write.newer_than(event.reopened ? event.origin : event.id, event.identity);
    if (reached && newer != 0) return newer;
  }
  return std::nullopt;
}

// Asked each time before effects are queued, until it may.
bool Engine::may_run(Event& event) {
  if (event.released) return true;
  if (blocker_of(event) != nullptr) return false;
  event.released = true;
  return true;
}

// The event reaches less than before, or has ended: who stands behind it may have its turn.
void Engine::look_behind(const Event& event) {
  if (event.data.key.empty()) return;
  const auto line = lines_.find({event.account, event.data.key});
  if (line == lines_.end()) return;
  std::vector<EventId> behind;
  for (const auto& [rank, each] : line->second.events) {
    if (each != &event && !each->released) behind.push_back(each->id);
  }
  for (const EventId id : behind) {
    const auto found = events_.find(id);
    if (found != events_.end() && !found->second->ending && found->second->uncommitted == 0) queue_next(*found->second);
  }
}

}  // namespace pipewright::engine
