#include "engine/journal/memory.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/overloaded.hpp"
#include "engine/json.hpp"

namespace pipewright::engine {
namespace {

std::int64_t& count_of(Counters& counters, EndingKind kind) {
  switch (kind) {
    case EndingKind::written:
      return counters.written;
    case EndingKind::unchanged:
      return counters.unchanged;
    case EndingKind::skipped:
      return counters.skipped;
    case EndingKind::parked:
      break;
  }
  return counters.parked;
}

}  // namespace

Result<Opening> MemoryJournal::open() {
  claims_ = Claims();
  Opening opening;
  opening.epoch = ++epoch_;
  opening.last_id = next_ - 1;
  opening.cursors = cursors_;
  for (const auto& [name, ids] : unfinished_) {
    if (!ids.empty()) opening.pipelines_in_flight.push_back(name);
  }
  for (const auto& [subject, notice] : notices_) opening.notices.push_back(notice);
  for (const auto& [key, at] : positions_) opening.positions.push_back(at);
  for (const auto& [key, bucket] : buckets_) opening.buckets.push_back(bucket);
  return opening;
}

Result<std::vector<Committed>> MemoryJournal::commit(std::span<const Transaction> transactions) {
  std::vector<Committed> all;
  for (const Transaction& transaction : transactions) {
    auto cursors = cursors_;
    for (const CursorMove& move : transaction.cursors) {
      std::string& at = cursors[{move.pipeline, move.source}];
      if (at != move.from) return fail(fmt::format("the cursor of {} at {} was moved", move.pipeline, move.source));
      at = move.to;
    }
    cursors_ = std::move(cursors);
    all.push_back(apply(transaction));
  }
  return all;
}

EventId MemoryJournal::store(const StoredEvent& event) {
  if (!identities_.emplace(event.pipeline, event.account, event.identity).second) return 0;
  const EventId id = next_++;
  Held& held = events_[id];
  held.event = event;
  held.event.id = id;
  held.epoch = epoch_;
  unfinished_[event.pipeline].insert(id);
  if (!event.key.empty()) unfinished_by_key_[{event.account, event.key}].insert(held.event.rank());
  ++counters_[event.pipeline].received;
  return id;
}

Committed MemoryJournal::apply(const Transaction& transaction) {
  Committed committed;
  for (const StoredEvent& event : transaction.events) committed.ids.push_back(store(event));
  for (const auto& [index, ending] : transaction.ended_events) {
    StoredEnding known = ending;
    known.event = committed.ids[index];
    if (known.event != 0) end(known);
  }
  for (const Replan& each : transaction.replanned) {
    Held& held = events_.at(each.event);
    held.event.plan = each.plan;
    if (each.set_aside) move_aside(held);
  }
  store_outcomes(transaction);
  for (const StoredEnding& ending : transaction.endings) end(ending);
  store_states(transaction);
  for (const Reopen& each : transaction.reopened) reopen(each);
  for (const SkipParked& each : transaction.skipped) skip(each);
  for (const RequestAnswer& each : transaction.answers) {
    requests_.erase(each.request);
    answers_[each.request] = each;
  }
  if (transaction.release) release(*transaction.release);
  return committed;
}

void MemoryJournal::store_outcomes(const Transaction& transaction) {
  for (const Intent& intent : transaction.intents) events_[intent.event].intents[intent.address] = intent;
  for (const Intent& intent : transaction.withdrawn) events_[intent.event].intents.erase(intent.address);
  for (const StoredOutcome& outcome : transaction.outcomes) {
    const auto held = events_.find(outcome.event);
    if (held == events_.end()) continue;
    ListedOutcome listed{outcome, {}};
    for (const std::size_t index : outcome.exchanges) listed.exchanges.push_back(transaction.exchanges[index]);
    const bool unknown = outcome.outcome.failure && outcome.outcome.failure->delivery == Delivery::unknown;
    if (!unknown) held->second.intents.erase(outcome.address);
    std::string text = encode_outcome(outcome.outcome);
    held->second.outcomes.insert_or_assign(outcome.address, std::pair(std::move(listed), std::move(text)));
    const StoredEvent& event = held->second.event;
    if (outcome.outcome.wrote() && !event.key.empty()) {
      newest_[{event.account, event.key}][outcome.connection].note(event.origin_id(), event.identity);
    }
  }
}

void MemoryJournal::store_states(const Transaction& transaction) {
  for (const SeenRow& row : transaction.seen) {
    auto& rows = seen_[{row.pipeline, row.source}];
    if (row.seen.forget)
      rows.erase(row.seen.key);
    else
      rows[row.seen.key] = row.seen;
  }
  for (const PlanText& plan : transaction.plans) plans_.emplace(plan.hash, plan);
  for (const Notice& notice : transaction.notices) {
    if (notice.text.empty())
      notices_.erase(notice.subject);
    else
      notices_[notice.subject] = notice;
  }
  for (const SinkPosition& at : transaction.positions) positions_[{at.connection, at.node, at.target}] = at;
  for (const BucketState& bucket : transaction.buckets) buckets_[{bucket.account, bucket.group}] = bucket;
  for (const Bulk& bulk : transaction.bulks) {
    Counters& counters = counters_[bulk.pipeline];
    counters.received += bulk.received;
    counters.written += bulk.written;
    counters.unchanged += bulk.unchanged;
    counters.skipped += bulk.skipped;
  }
  for (const Waiting& each : transaction.waiting) {
    const auto held = events_.find(each.event);
    if (held == events_.end() || held->second.ending) continue;
    held->second.waiting = each.reason.empty() ? std::nullopt : std::optional(each);
  }
}

void MemoryJournal::end(const StoredEnding& ending) {
  const auto found = events_.find(ending.event);
  if (found == events_.end() || found->second.ending) return;
  Held& held = found->second;
  held.ending = ending;
  held.waiting.reset();
  unfinished_[held.event.pipeline].erase(ending.event);
  if (const auto keyed = unfinished_by_key_.find({held.event.account, held.event.key});
      keyed != unfinished_by_key_.end()) {
    keyed->second.erase(held.event.rank());
    if (keyed->second.empty()) unfinished_by_key_.erase(keyed);
  }
  ++count_of(counters_[held.event.pipeline], ending.kind);
}

void MemoryJournal::move_aside(Held& held) {
  const auto aside = [](const auto& each) { return is_set_aside(each.first); };
  const auto moved = static_cast<std::size_t>(std::count_if(held.outcomes.begin(), held.outcomes.end(), aside) +
                                              std::count_if(held.intents.begin(), held.intents.end(), aside));
  std::map<Address, std::pair<ListedOutcome, std::string>> outcomes;
  for (auto& [address, outcome] : held.outcomes) outcomes.emplace(set_aside(address, moved + 1), std::move(outcome));
  held.outcomes = std::move(outcomes);
  std::map<Address, Intent> intents;
  for (auto& [address, intent] : held.intents) {
    intent.address = set_aside(address, moved + 1);
    intents.emplace(intent.address, std::move(intent));
  }
  held.intents = std::move(intents);
}

void MemoryJournal::reopen(const Reopen& reopen) {
  const auto found = events_.find(reopen.event);
  if (found == events_.end() || !found->second.ending) return;
  Held& held = found->second;
  --count_of(counters_[held.event.pipeline], held.ending->kind);
  held.ending.reset();
  held.event.plan = reopen.plan;
  held.event.as_was = reopen.as_was;
  held.event.stale_allowed = reopen.stale_allowed;
  held.event.reopened_after = next_ - 1;
  held.doubt = true;
  for (const Address& address : reopen.forget) held.outcomes.erase(address);
  if (reopen.set_aside) move_aside(held);
  unfinished_[held.event.pipeline].insert(reopen.event);
  if (!held.event.key.empty()) unfinished_by_key_[{held.event.account, held.event.key}].insert(held.event.rank());
}

void MemoryJournal::skip(const SkipParked& skip) {
  const auto found = events_.find(skip.event);
  if (found == events_.end() || !found->second.ending || found->second.ending->kind != EndingKind::parked) return;
  StoredEnding& ending = *found->second.ending;
  --counters_[found->second.event.pipeline].parked;
  ++counters_[found->second.event.pipeline].skipped;
  ending.kind = EndingKind::skipped;
  ending.reason = skip.reason;
  ending.at = skip.at;
}

void MemoryJournal::release(const Release& release) {
  for (auto& [id, held] : events_) {
    const bool begun = std::find(release.begun.begin(), release.begun.end(), id) != release.begun.end();
    if (!held.ending && held.epoch == epoch_ && !begun) held.epoch = 0;
  }
}

Result<std::size_t> MemoryJournal::prune(Instant before, std::size_t limit, const std::vector<std::string>&) {
  std::size_t emptied = 0;
  for (auto at = events_.begin(); at != events_.end() && emptied < limit;) {
    const auto& ending = at->second.ending;
    if (ending && ending->kind != EndingKind::parked && ending->at < before) {
      at = events_.erase(at);
      ++emptied;
    } else {
      ++at;
    }
  }
  return emptied;
}

// ---- queries

OpenRow MemoryJournal::row_of(const Held& held) const {
  OpenRow row;
  row.event.stored = held.event;
  row.event.bytes = write_json(held.event.record).size();
  row.fresh = held.epoch == epoch_ && held.event.reopened_after == 0;
  return row;
}

Result<std::vector<OpenRow>> MemoryJournal::of_pipeline(const std::string& pipeline, EventId after, std::size_t limit) {
  std::vector<OpenRow> found;
  const auto ids = unfinished_.find(pipeline);
  if (ids == unfinished_.end()) return found;
  for (auto at = ids->second.upper_bound(after); at != ids->second.end() && found.size() < limit; ++at)
    found.push_back(row_of(events_.at(*at)));
  return found;
}

Result<std::vector<OpenRow>> MemoryJournal::of_key(const std::string& account, const std::string& key,
                                                   std::size_t limit) {
  std::vector<OpenRow> found;
  const auto ranks = unfinished_by_key_.find({account, key});
  if (ranks == unfinished_by_key_.end()) return found;
  for (const Rank& rank : ranks->second) {
    if (found.size() == limit) break;
    found.push_back(row_of(events_.at(std::get<2>(rank))));
  }
  return found;
}

Result<std::optional<OpenRow>> MemoryJournal::unfinished(EventId id) {
  const auto found = events_.find(id);
  if (found == events_.end() || found->second.ending) return std::optional<OpenRow>();
  return std::optional(row_of(found->second));
}

ClaimedEvent MemoryJournal::whole(const Held& held) const {
  ClaimedEvent event;
  event.stored = held.event;
  for (const auto& [address, kept] : held.outcomes) {
    Recorded recorded;
    recorded.input = kept.first.stored.input;
    Result<Outcome> read = decode_outcome(kept.second);
    recorded.readable = read.has_value();
    if (read) recorded.outcome = std::move(*read);
    event.outcomes.emplace(address, std::move(recorded));
  }
  for (const auto& [address, intent] : held.intents) event.intents.push_back(intent);
  if (const auto newest = newest_.find({held.event.account, held.event.key}); newest != newest_.end())
    event.newest = newest->second;
  if (held.waiting && held.waiting->failing) event.failing_since = held.waiting->since;
  if (held.ending) event.ended = held.ending->kind;
  event.delivery = unknown_if(held.doubt || (held.epoch != 0 && held.epoch != epoch_));
  return event;
}

Result<void> MemoryJournal::take_over(ClaimedEvent& event) {
  Held& held = events_.at(event.stored.id);
  const std::size_t bytes = event.bytes;
  event = whole(held);
  event.bytes = bytes;
  held.doubt = event.delivery == Delivery::unknown;
  held.epoch = epoch_;
  return {};
}

Result<Reply> MemoryJournal::query(const Query& query) {
  const auto wrapped = [](auto result) -> Result<Reply> {
    if (!result) return fail(result.error());
    return Reply(std::move(*result));
  };
  return std::visit(overloaded{
                        [&](const ClaimPipeline& each) { return wrapped(claims_.claim(*this, each)); },
                        [&](const ClaimKey& each) { return wrapped(claims_.claim(*this, each)); },
                        [&](const ClaimEvent& each) { return wrapped(claims_.claim(*this, each)); },
                        [&](const LoadStates& each) { return wrapped(states(each)); },
                        [&](const LoadOpenStates& each) { return wrapped(open_states(each)); },
                        [&](const LoadEvents& each) -> Result<Reply> {
                          std::vector<ClaimedEvent> found;
                          for (const EventId id : each.ids) {
                            if (const auto held = events_.find(id); held != events_.end())
                              found.push_back(whole(held->second));
                          }
                          return Reply(std::move(found));
                        },
                        [&](const LoadRequests&) -> Result<Reply> {
                          std::vector<EventRequest> waiting;
                          for (const auto& [id, request] : requests_) waiting.push_back(request);
                          return Reply(std::move(waiting));
                        },
                    },
                    query);
}

Result<std::int64_t> MemoryJournal::ask(const EventRequest& request) {
  EventRequest& kept = requests_[next_request_];
  kept = request;
  kept.id = next_request_;
  return next_request_++;
}

Result<std::optional<RequestAnswer>> MemoryJournal::answer(std::int64_t request) const {
  const auto found = answers_.find(request);
  return found == answers_.end() ? std::nullopt : std::optional(found->second);
}

// ---- reads

Result<std::map<std::string, Seen>> MemoryJournal::states(const LoadStates& query) const {
  std::map<std::string, Seen> found;
  const auto rows = seen_.find({query.pipeline, query.source});
  if (rows == seen_.end()) return found;
  for (const std::string& key : query.keys) {
    if (const auto row = rows->second.find(key); row != rows->second.end()) found.emplace(key, row->second);
  }
  return found;
}

Result<std::vector<Seen>> MemoryJournal::open_states(const LoadOpenStates& query) const {
  std::vector<Seen> found;
  const auto rows = seen_.find({query.pipeline, query.source});
  if (rows == seen_.end()) return found;
  for (auto at = rows->second.upper_bound(query.after); at != rows->second.end() && found.size() < query.limit; ++at) {
    if (at->second.open) found.push_back(at->second);
  }
  return found;
}

Result<std::optional<PlanText>> MemoryJournal::plan(const std::string& hash) const {
  const auto found = plans_.find(hash);
  return found == plans_.end() ? std::nullopt : std::optional(found->second);
}

Result<std::map<std::string, Pace>> MemoryJournal::paces() const {
  std::map<std::string, Pace> all;
  for (const auto& [id, held] : events_) {
    Pace& pace = all[held.event.pipeline];
    pace.last_received = held.event.received_at;
    if (!held.ending && !pace.oldest_open) pace.oldest_open = held.event.received_at;
    if (held.ending && held.ending->kind != EndingKind::parked) pace.last_done = held.ending->at;
  }
  return all;
}

Result<std::vector<Notice>> MemoryJournal::notices() const {
  std::vector<Notice> all;
  for (const auto& [subject, notice] : notices_) all.push_back(notice);
  return all;
}

Result<std::vector<BucketState>> MemoryJournal::buckets() const {
  std::vector<BucketState> all;
  for (const auto& [key, bucket] : buckets_) all.push_back(bucket);
  return all;
}

ListedEvent MemoryJournal::listing(const Held& held) {
  ListedEvent listed;
  listed.id = held.event.id;
  listed.pipeline = held.event.pipeline;
  listed.key = held.event.key;
  listed.identity = held.event.identity;
  listed.plan = held.event.plan;
  listed.commit = held.event.commit;
  listed.received_at = held.event.received_at;
  if (held.waiting) listed.waits_for = held.waiting->reason;
  if (held.ending) {
    listed.outcome = held.ending->kind;
    listed.reason = held.ending->reason;
    listed.place = held.ending->place;
    listed.ended_at = held.ending->at;
    listed.warnings = held.ending->warnings;
  }
  return listed;
}

Result<std::vector<ListedEvent>> MemoryJournal::events(const EventFilter& filter) const {
  std::vector<ListedEvent> found;
  for (auto at = events_.upper_bound(filter.after); at != events_.end() && found.size() < filter.limit; ++at) {
    const Held& held = at->second;
    const bool wanted = held.ending ? held.ending->kind == EndingKind::parked : held.waiting.has_value();
    if (filter.all || wanted) found.push_back(listing(held));
  }
  return found;
}

Result<std::optional<StoredEvent>> MemoryJournal::event(EventId id) const {
  const auto found = events_.find(id);
  return found == events_.end() ? std::nullopt : std::optional(found->second.event);
}

Result<std::optional<ListedEvent>> MemoryJournal::listed(EventId id) const {
  const auto found = events_.find(id);
  return found == events_.end() ? std::nullopt : std::optional(listing(found->second));
}

Result<std::vector<ListedOutcome>> MemoryJournal::story(EventId id) const {
  std::vector<ListedOutcome> all;
  const auto found = events_.find(id);
  if (found == events_.end()) return all;
  for (const auto& [address, kept] : found->second.outcomes) {
    all.push_back(kept.first);
    all.back().stored.address = address;
  }
  return all;
}

}  // namespace pipewright::engine
