// Sources: who is polled when, and how a page becomes events. All pipelines that read one source are polled at the same
// moment: what they ask alike is one request (calls.cpp).
#include <fmt/format.h>

#include <algorithm>

#include "engine/core/state.hpp"
#include "engine/json.hpp"

namespace pipewright::engine {

void Engine::make_pollers() {
  for (auto& [key, poller] : pollers_) poller->removed = true;
  for (const plan::Pipeline& pipeline : current_->plan().pipelines) {
    const std::vector<std::string> names = source_keys(pipeline);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const SourceNode* node = current_->runnable->registry->source(pipeline.sources[i].node);
      if (node == nullptr || !node->look) continue;  // what comes by itself
      std::unique_ptr<Poller>& poller = pollers_[{pipeline.name, names[i]}];
      if (!poller) {
        poller = std::make_unique<Poller>();
        poller->pipeline = pipeline.name;
        poller->source = names[i];
        poller->next_at = now_;
        const auto known = opening_.cursors.find({pipeline.name, names[i]});
        poller->fresh = known == opening_.cursors.end();
        if (!poller->fresh) poller->cursor = known->second;
      }
      poller->removed = false;
      poller->next_bound = current_;
      if (!poller->polling && !poller->storing) rebind(*poller);
    }
  }
  std::erase_if(pollers_, [](const auto& each) {
    return each.second->removed && !each.second->polling && !each.second->storing;
  });
}

// The poller goes on under the plan that is the current one now.
void Engine::rebind(Poller& poller) {
  if (!poller.next_bound) return;
  poller.bound = std::exchange(poller.next_bound, nullptr);
  poller.from = nullptr;
  const plan::Pipeline* pipeline = poller.bound->plan().pipeline(poller.pipeline);
  if (pipeline == nullptr) return;
  const std::vector<std::string> names = source_keys(*pipeline);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] != poller.source) continue;
    poller.from = &pipeline->sources[i];
    poller.node = poller.bound->runnable->registry->source(pipeline->sources[i].node);
    poller.bulk = bulk_possible(*poller.bound, *pipeline);
  }
}

// Whether it could be polled now, but for the time.
bool Engine::due(Poller& poller) {
  if (!options_.poll) poller.done = true;
  if (poller.polling || poller.done || poller.gave_up || poller.removed || poller.from == nullptr) return false;
  // What is not journaled one by one is read on while the disk is busy with the pages before.
  constexpr int ahead = 32;  // pages: of their events only the parked ones are held
  const bool read_on = poller.bulk && poller.more && poller.storing < ahead && pending_.events.size() < options_.page;
  if (poller.storing > 0 && (!read_on || poller.next_bound)) return false;
  const ConnectionState& state = state_of(poller.from->connection, {});
  const std::optional<Instant> since = poller.failing_since ? poller.failing_since : state.down_since;
  if (!options_.once || !since) return true;
  if (now_ < *since + options_.give_up) {
    wake(*since + options_.give_up);
    return true;
  }
  poller.gave_up = true;
  if (poller.last_failure.empty()) poller.last_failure = state.reason;
  return false;
}

namespace {

/// Pollers that are polled at one moment: what reads one source. Who reads on page by page, or fails, does not hurry
/// the others; what is not journaled one by one goes at its own speed.
using Together = std::tuple<std::string, std::string, bool, bool, std::string>;

Together together(const Poller& poller) {
  return {poller.from->connection, poller.source, poller.more, poller.failing_since.has_value(),
          poller.bulk ? poller.pipeline : std::string()};
}

}  // namespace

bool Engine::start_polls() {
  std::map<Together, std::vector<Poller*>> shared;
  for (auto& [key, held] : pollers_) {
    if (due(*held)) shared[together(*held)].push_back(held.get());
  }
  bool any = false;
  for (auto& [key, pollers] : shared) {
    Instant next = pollers.front()->next_at;
    for (const Poller* each : pollers) next = std::min(next, each->next_at);
    if (next > now_) {
      wake(next);
      continue;
    }
    for (Poller* each : pollers) any |= start_poll(*each);
  }
  return any;
}

bool Engine::start_poll(Poller& poller) {
  ConnectionState& state = state_of(poller.from->connection, {});
  if (!may_start(state)) return false;
  const auto connection = connection_of(poller.from->connection, *poller.bound);
  Job& job = new_job(poller.bound, connection, {});
  job.poller = &poller;
  job.shares[poller.pipeline] = 1;
  poller.polling = true;
  poller.started_at = now_;
  const Look look{poller.from, poller.cursor, options_.once, options_.page};
  job.poll.emplace(poller.node->look(*connection, look, job));
  begin(job);
  return true;
}

void Engine::poll_failed(Poller& poller, const Failure& failure) {
  if (stopping_) return;  // it was not asked any more
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
      if (!poller.failing_since) poller.failing_since = poller.failed_before.value_or(now_);
      poller.failed_before = poller.failing_since;
      poller.next_at = now_ + delay_before(poller.failures, failure.not_before, jitter());
      break;
  }
  if (first) {
    observer_.source_failing(poller.pipeline, poller.source, failure);
    pending_.notices.push_back({poller.pipeline + ": " + poller.source + " fails", failure.reason, wall_});
  }
}

void Engine::note_notice(Poller& poller, const std::string& text) {
  if (text == poller.notice) return;
  poller.notice = text;
  observer_.notice(poller.pipeline, poller.source, text);
  pending_.notices.push_back({poller.pipeline + ": " + poller.source, text, wall_});
}

// What exists already comes with the first poll: a person may have meant `since now`.
void Engine::note_begin(Poller& poller, const Page& page) {
  if (!poller.fresh || page.failure) return;
  poller.fresh = false;
  const std::size_t count = page.total.value_or(page.events.size());
  if (count > 0) observer_.begins(poller.pipeline, poller.source, count, page.more && !page.total);
}

void Engine::polled(Job& job) {
  Poller& poller = *job.poller;
  Page page = job.poll->take();
  poller.polling = false;
  over(job, page.failure);
  if (!page.failure || !stopping_) note_notice(poller, page.notice.value_or(""));
  // Of a row of pages some may be good: what failed has recovered when the whole row is.
  const bool recovered = !page.failure && !page.more;
  if (recovered && !poller.last_failure.empty()) {
    pending_.notices.push_back({poller.pipeline + ": " + poller.source + " fails", {}, wall_});
    poller.last_failure.clear();
  }
  if (!page.failure) {
    poller.failing_since.reset();
    poller.refused = false;
  }
  if (recovered) {
    poller.failures = 0;
    poller.failed_before.reset();
  }
  note_begin(poller, page);
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
  event.received_at = wall_;
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
  // What cannot be kept is not guessed: the fields that need it park the event.
  const auto keep = [](Value& value, const char* what) {
    Result<Value> kept = storable(value);
    value = kept ? std::move(*kept) : Value(Broken{what, "a record that can be kept", kept.error().message});
  };
  keep(event.record, "record");
  keep(event.before, "before");
  return event;
}

void Engine::store_page(Poller& poller, Page page) {
  const plan::Pipeline* pipeline = poller.bound->plan().pipeline(poller.pipeline);
  const std::size_t first = pending_.events.size();
  const std::size_t count = page.events.size();
  for (NewEvent& each : page.events)
    pending_.events.push_back(stored(*poller.bound, *pipeline, *poller.from, poller.source, each));
  for (Seen& each : page.seen) pending_.seen.push_back({poller.pipeline, poller.source, std::move(each)});
  const bool moved = !page.cursor.empty() && page.cursor != poller.cursor;
  if (moved) {
    pending_.cursors.push_back({poller.pipeline, poller.source, poller.cursor, page.cursor});
    poller.cursor = page.cursor;
    opening_.cursors[{poller.pipeline, poller.source}] = page.cursor;
  }
  if (!page.shared.empty())
    keep_shared(connection_of(poller.from->connection, *poller.bound)->account(), std::move(page.shared), nullptr);
  ++poller.storing;
  poller.more = page.more && !page.failure;
  if (page.failure) poll_failed(poller, *page.failure);
  const bool fine = !page.failure;
  const bool more = page.more;
  // A source that never gives the same record twice loses one that the journal knows already: that is said.
  const bool counts = poller.node->rereadable && !poller.bulk;
  const PollerKey key{poller.pipeline, poller.source};
  after_commit([this, key, first, count, counts, fine, more](const Committed& committed) {
    const auto from = committed.ids.begin() + static_cast<std::ptrdiff_t>(std::min(first, committed.ids.size()));
    const auto to = committed.ids.begin() + static_cast<std::ptrdiff_t>(std::min(first + count, committed.ids.size()));
    const auto known = std::count(from, to, EventId(0));
    if (counts && known > 0)
      observer_.warning(fmt::format("{}: {} of {} records of {} were taken before and are left out", key.first, known,
                                    count, key.second));
    page_stored(key, count > 0, fine, more);
  });
}

void Engine::page_stored(const PollerKey& key, bool arrived, bool fine, bool more) {
  Poller& poller = *pollers_.at(key);
  --poller.storing;
  if (arrived) scans_[poller.pipeline].more = true;
  if (fine && poller.storing == 0 && poller.from != nullptr) {
    const Duration every = poller.from->every.value_or(poller.node->every);
    poller.next_at = more ? now_ : std::max(poller.started_at + every, now_);
    if (options_.once && !more) poller.done = true;
  }
  if (poller.storing > 0 || poller.polling) return;
  if (poller.removed)
    pollers_.erase(key);
  else
    rebind(poller);
}

}  // namespace pipewright::engine
