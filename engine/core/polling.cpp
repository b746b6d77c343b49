// Sources: who looks when, and how a page becomes events.
#include <fmt/format.h>

#include <algorithm>

#include "engine/core/state.hpp"

namespace pipewright::engine {

void Engine::make_pollers() {
  for (auto& [key, poller] : pollers_) poller->removed = true;
  for (const plan::Pipeline& pipeline : current_->plan().pipelines) {
    std::map<std::string, int> named;
    for (const plan::Source& source : pipeline.sources) {
      const SourceNode* node = current_->runnable->registry->source(source.node);
      if (node == nullptr || !node->look) continue;  // what comes by itself
      std::string name = source_key(source);
      if (const int nth = ++named[name]; nth > 1) name += fmt::format(" #{}", nth);
      std::unique_ptr<Poller>& poller = pollers_[pipeline.name + "\x1f" + name];
      if (!poller) {
        poller = std::make_unique<Poller>();
        poller->pipeline = pipeline.name;
        poller->source = name;
        poller->next_at = now_;
        poller->cursor = ports_.journal().cursor(pipeline.name, name);
      }
      poller->removed = false;
      poller->next_bound = current_;
      if (!poller->looking && !poller->storing) rebind(*poller);
    }
  }
  std::erase_if(pollers_, [](const auto& each) {
    return each.second->removed && !each.second->looking && !each.second->storing;
  });
}

// The poller goes on under the plan that is the current one now.
void Engine::rebind(Poller& poller) {
  if (!poller.next_bound) return;
  poller.bound = std::exchange(poller.next_bound, nullptr);
  poller.from = nullptr;
  const plan::Pipeline* pipeline = poller.bound->plan().pipeline(poller.pipeline);
  if (pipeline == nullptr) return;
  std::map<std::string, int> named;
  for (const plan::Source& source : pipeline->sources) {
    std::string name = source_key(source);
    if (const int nth = ++named[name]; nth > 1) name += fmt::format(" #{}", nth);
    if (name != poller.source) continue;
    poller.from = &source;
    poller.node = poller.bound->runnable->registry->source(source.node);
    poller.bulk = bulk_possible(*poller.bound, *pipeline);
  }
}

bool Engine::start_looks() {
  bool any = false;
  for (auto& [key, held] : pollers_) {
    Poller& poller = *held;
    if (!options_.poll) poller.done = true;
    if (poller.looking || poller.done || poller.gave_up || poller.removed || poller.from == nullptr) continue;
    // What is not journaled one by one is read on while the disk is busy with the pages before.
    constexpr int ahead = 32;  // pages: of their events only the parked ones are held
    const bool read_on = poller.bulk && poller.more && poller.storing < ahead && pending_.events.size() < options_.page;
    if (poller.storing > 0 && (!read_on || poller.next_bound)) continue;
    ConnectionState& state = state_of(poller.from->connection);
    const std::optional<Instant> since = poller.failing_since ? poller.failing_since : state.down_since;
    if (options_.once && since) {
      if (now_ >= *since + options_.give_up) {
        poller.gave_up = true;
        if (poller.last_failure.empty()) poller.last_failure = state.reason;
        any = true;
        continue;
      }
      wake(*since + options_.give_up);
    }
    if (poller.next_at > now_) {
      wake(poller.next_at);
      continue;
    }
    if (!may_start(state)) continue;
    const auto connection = connection_of(poller.from->connection, *poller.bound);
    Job& job = new_job(poller.bound, connection);
    job.poller = &poller;
    poller.looking = true;
    poller.started_at = now_;
    const Look look{poller.from, poller.cursor, options_.once, options_.page};
    job.look.emplace(poller.node->look(*connection, look, job));
    begin(job);
    any = true;
  }
  return any;
}

void Engine::look_failed(Poller& poller, const Failure& failure) {
  const bool first = poller.last_failure.empty();
  poller.last_failure = failure.reason;
  const Duration every = poller.from != nullptr && poller.from->every ? *poller.from->every : poller.node->every;
  switch (failure.kind) {
    case Failure::Kind::credentials:
      poller.next_at = now_;  // the connection's own back-off says when
      return;
    case Failure::Kind::permanent:
      poller.refused = true;
      poller.next_at = std::max(poller.started_at + every, now_ + Duration(500));
      if (options_.once) poller.done = true;
      break;
    case Failure::Kind::transient:
      ++poller.failures;
      if (!poller.failing_since) poller.failing_since = now_;
      poller.next_at = now_ + delay_before(poller.failures, failure.not_before, jitter());
      break;
  }
  if (first) {
    observer_.source_failing(poller.pipeline, poller.source, failure);
    pending_.notices.push_back({poller.pipeline + ": " + poller.source + " fails", failure.reason, now_});
  }
}

void Engine::note_notice(Poller& poller, const std::string& text) {
  if (text == poller.notice) return;
  poller.notice = text;
  observer_.notice(poller.pipeline, poller.source, text);
  pending_.notices.push_back({poller.pipeline + ": " + poller.source, text, now_});
}

void Engine::looked(Job& job) {
  Poller& poller = *job.poller;
  Page page = job.look->take();
  poller.looking = false;
  over(job, page.failure);
  note_notice(poller, page.notice.value_or(""));
  if (!page.failure && !poller.last_failure.empty()) {
    pending_.notices.push_back({poller.pipeline + ": " + poller.source + " fails", {}, now_});
    poller.last_failure.clear();
  }
  if (!page.failure) {
    poller.failures = 0;
    poller.failing_since.reset();
    poller.refused = false;
  }
  if (poller.bulk) {
    run_bulk(poller, std::move(page));
  } else {
    store_page(poller, std::move(page));
  }
}

StoredEvent Engine::stored(const Bound& bound, const plan::Pipeline& pipeline, const plan::Source& source,
                           const std::string& source_key, NewEvent& from) const {
  const auto connection = connection_of(source.connection, bound);
  StoredEvent event;
  event.pipeline = pipeline.name;
  event.source = source_key;
  event.account = connection->account();
  event.identity = source.node + " " + from.identity;
  event.key = from.key;
  event.before = from.before.value_or(Value());
  event.received_at = now_;
  event.plan = bound.plan().hash;
  event.commit = bound.runnable->commit;
  if (bound.runnable->normalise) {
    event.record = bound.runnable->normalise(source, *connection, from);
  } else if (from.derived.empty()) {
    event.record = std::move(from.raw);
  } else {
    Record record = from.raw.record() != nullptr ? *from.raw.record() : Record{};
    for (const auto& [name, value] : from.derived) set_field(record, name, value);
    event.record = Value(std::move(record));
  }
  return event;
}

void Engine::store_page(Poller& poller, Page page) {
  const plan::Pipeline* pipeline = poller.bound->plan().pipeline(poller.pipeline);
  for (NewEvent& each : page.events)
    pending_.events.push_back(stored(*poller.bound, *pipeline, *poller.from, poller.source, each));
  for (Seen& each : page.seen) pending_.seen.push_back({poller.pipeline, poller.source, std::move(each)});
  const bool moved = !page.cursor.empty() && page.cursor != poller.cursor;
  if (moved) {
    pending_.cursors.push_back({poller.pipeline, poller.source, page.cursor});
    poller.cursor = page.cursor;
  }
  const bool arrived = !page.events.empty();
  ++poller.storing;
  poller.more = page.more && !page.failure;
  if (page.failure) look_failed(poller, *page.failure);
  const bool fine = !page.failure;
  const bool more = page.more;
  const std::string key = poller.pipeline + "\x1f" + poller.source;
  after_commit([this, key, arrived, fine, more](const Committed&) {
    Poller& held = *pollers_.at(key);
    --held.storing;
    if (arrived) scans_[held.pipeline].more = true;
    if (fine && held.storing == 0) {
      const Duration every = held.from->every.value_or(held.node->every);
      held.next_at = more ? now_ : std::max(held.started_at + every, now_);
      if (options_.once && !more) held.done = true;
    }
    if (held.storing > 0 || held.looking) return;
    if (held.removed)
      pollers_.erase(key);
    else
      rebind(held);
  });
}

}  // namespace pipewright::engine
