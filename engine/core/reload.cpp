// Another plan while running, parked events that begin again, events that come by themselves.
#include <fmt/format.h>

#include <algorithm>

#include "engine/core/state.hpp"

namespace pipewright::engine {

Result<void> Engine::swap(std::shared_ptr<const Runnable> runnable, Instant now) {
  now_ = std::max(now_, now);
  if (Result<void> fine = check(*runnable); !fine) return fine;
  current_ = std::make_shared<const Bound>(std::move(runnable));
  bounds_[current_->plan().hash] = current_;
  pending_.plans.push_back({current_->plan().hash, current_->runnable->commit, current_->plan().files, now_});
  for (const plan::Pipeline& pipeline : current_->plan().pipelines) scans_[pipeline.name];
  for (auto& [key, station] : stations_) {
    if (const ActionNode* node = current_->runnable->registry->action(station.node->name)) station.node = node;
    station.dirty = true;
  }
  for (const auto& [name, connection] : current_->runnable->connections) {
    for (const auto& [group, rate] : connection->limits()) {
      const auto found = gates_.find(connection->account() + "\x1f" + group);
      if (found != gates_.end()) found->second.bucket.change(rate, now_);
    }
  }
  make_pollers();
  std::set<std::string> used{current_->plan().hash};
  for (const auto& [id, event] : events_) used.insert(event->bound->plan().hash);
  std::erase_if(bounds_, [&](const auto& each) { return !used.contains(each.first); });
  pump();
  return {};
}

std::vector<RetryAnswer> Engine::retry(const std::vector<EventId>& ids, bool as_was, bool stale, Instant now) {
  now_ = std::max(now_, now);
  std::vector<RetryAnswer> answers;
  const JournalReader& journal = ports_.journal();
  for (const EventId id : ids) {
    const auto refuse = [&](std::string reason) { answers.push_back({id, false, std::move(reason)}); };
    const auto listed = journal.listed(id);
    const auto event = journal.event(id);
    if (!listed || !event) {
      refuse(fmt::format("there is no event {}", id));
      continue;
    }
    if (!listed->outcome || *listed->outcome != EndingKind::parked || events_.contains(id)) {
      refuse(listed->outcome && !events_.contains(id)
                 ? fmt::format("event {} is {}, not parked", id, ending_text(*listed->outcome))
                 : fmt::format("event {} is in flight", id));
      continue;
    }
    if (!stale && journal.written_after(event->account, event->key, id)) {
      refuse(fmt::format("a later event of {} has written since; --stale writes the old one all the same", event->key));
      continue;
    }
    if (!as_was && current_->plan().pipeline(event->pipeline) == nullptr) {
      refuse(
          fmt::format("there is no pipeline `{}` any more; --as-was uses the program it began with", event->pipeline));
      continue;
    }
    Reopen reopen;
    reopen.event = id;
    reopen.plan = as_was ? event->plan : current_->plan().hash;
    reopen.verify = !as_was;
    for (const auto& [address, recorded] : journal.outcomes(id)) {
      const auto kind = recorded.outcome.kind;
      if (kind == Outcome::Kind::failed || kind == Outcome::Kind::nothing || kind == Outcome::Kind::skipped)
        reopen.forget.push_back(address);
    }
    pending_.reopened.push_back(std::move(reopen));
    after_commit([this, id, account = event->account, key = event->key](const Committed&) {
      if (!key.empty()) {
        load_key(account, key);
      } else if (auto again = ports_.journal().event(id)) {
        load(std::move(*again));
      }
    });
    answers.push_back({id, true, {}});
  }
  pump();
  return answers;
}

Result<void> Engine::deliver(const std::string& pipeline, std::size_t source, std::vector<NewEvent> events,
                             std::function<void()> done, Instant now) {
  now_ = std::max(now_, now);
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
