#include "engine/journal/memory.hpp"

#include <algorithm>

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

Result<std::vector<Committed>> MemoryJournal::commit(std::span<const Transaction> transactions) {
  std::vector<Committed> all;
  for (const Transaction& transaction : transactions) all.push_back(apply(transaction));
  return all;
}

Committed MemoryJournal::apply(const Transaction& transaction) {
  Committed committed;
  for (const StoredEvent& event : transaction.events) {
    if (!identities_.emplace(event.pipeline, event.account, event.identity).second) {
      committed.ids.push_back(0);
      continue;
    }
    const EventId id = next_++;
    committed.ids.push_back(id);
    Held& held = events_[id];
    held.event = event;
    held.event.id = id;
    unfinished_[event.pipeline].insert(id);
    if (!event.key.empty()) unfinished_by_key_[{event.account, event.key}].insert(id);
    ++counters_[event.pipeline].received;
  }
  for (const auto& [index, ending] : transaction.ended_events) {
    StoredEnding known = ending;
    known.event = committed.ids[index];
    if (known.event != 0) end(known);
  }
  for (const CursorMove& move : transaction.cursors) cursors_[{move.pipeline, move.source}] = move.cursor;
  for (const SeenRow& row : transaction.seen) {
    auto& rows = seen_[{row.pipeline, row.source}];
    if (row.seen.forget)
      rows.erase(row.seen.key);
    else
      rows[row.seen.key] = row.seen;
  }
  for (const StoredOutcome& outcome : transaction.outcomes) {
    ListedOutcome listed{outcome, {}};
    for (const std::size_t index : outcome.exchanges) listed.exchanges.push_back(transaction.exchanges[index]);
    if (const auto held = events_.find(outcome.event); held != events_.end()) {
      held->second.outcomes.insert_or_assign(outcome.address, std::move(listed));
    }
  }
  for (const Intent& intent : transaction.intents) events_[intent.event].intents.push_back(intent.address);
  for (const StoredEnding& ending : transaction.endings) end(ending);
  for (const PlanText& plan : transaction.plans) plans_.emplace(plan.hash, plan);
  for (const Notice& notice : transaction.notices) {
    if (notice.text.empty())
      notices_.erase(notice.subject);
    else
      notices_[notice.subject] = notice;
  }
  for (const SinkPosition& at : transaction.positions) positions_[{at.connection, at.node, at.target}] = at;
  for (const Bulk& bulk : transaction.bulks) {
    Counters& counters = counters_[bulk.pipeline];
    counters.received += bulk.received;
    counters.written += bulk.written;
    counters.unchanged += bulk.unchanged;
    counters.skipped += bulk.skipped;
  }
  for (const Reopen& each : transaction.reopened) reopen(each);
  return committed;
}

void MemoryJournal::end(const StoredEnding& ending) {
  const auto found = events_.find(ending.event);
  if (found == events_.end() || found->second.ending) return;
  Held& held = found->second;
  held.ending = ending;
  unfinished_[held.event.pipeline].erase(ending.event);
  if (const auto keyed = unfinished_by_key_.find({held.event.account, held.event.key});
      keyed != unfinished_by_key_.end()) {
    keyed->second.erase(ending.event);
    if (keyed->second.empty()) unfinished_by_key_.erase(keyed);
  }
  ++count_of(counters_[held.event.pipeline], ending.kind);
}

void MemoryJournal::reopen(const Reopen& reopen) {
  const auto found = events_.find(reopen.event);
  if (found == events_.end() || !found->second.ending) return;
  Held& held = found->second;
  --count_of(counters_[held.event.pipeline], held.ending->kind);
  held.ending.reset();
  held.event.plan = reopen.plan;
  held.event.verify = reopen.verify;
  held.event.doubtful = true;
  held.intents.clear();
  for (const Address& address : reopen.forget) held.outcomes.erase(address);
  unfinished_[held.event.pipeline].insert(reopen.event);
  if (!held.event.key.empty()) unfinished_by_key_[{held.event.account, held.event.key}].insert(reopen.event);
}

Result<std::size_t> MemoryJournal::prune(Instant before, std::size_t limit) {
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

std::vector<StoredEvent> MemoryJournal::ready(const std::string& pipeline, EventId after, std::size_t limit) const {
  std::vector<StoredEvent> found;
  const auto ids = unfinished_.find(pipeline);
  if (ids == unfinished_.end()) return found;
  for (auto at = ids->second.upper_bound(after); at != ids->second.end() && found.size() < limit; ++at) {
    const StoredEvent& event = events_.at(*at).event;
    if (!event.key.empty() && *unfinished_by_key_.at({event.account, event.key}).begin() != *at) continue;
    found.push_back(event);
  }
  return found;
}

std::optional<StoredEvent> MemoryJournal::first_of(const std::string& account, const std::string& key) const {
  const auto found = unfinished_by_key_.find({account, key});
  if (key.empty() || found == unfinished_by_key_.end()) return std::nullopt;
  return events_.at(*found->second.begin()).event;
}

std::map<Address, Recorded> MemoryJournal::outcomes(EventId event) const {
  std::map<Address, Recorded> all;
  const auto found = events_.find(event);
  if (found == events_.end()) return all;
  for (const auto& [address, listed] : found->second.outcomes) {
    all.emplace(address, Recorded{decode_outcome(encode_outcome(listed.stored.outcome)), listed.stored.input,
                                  found->second.event.verify});
  }
  return all;
}

std::vector<Address> MemoryJournal::intents(EventId event) const {
  const auto found = events_.find(event);
  return found == events_.end() ? std::vector<Address>() : found->second.intents;
}

std::vector<std::string> MemoryJournal::pipelines_in_flight() const {
  std::vector<std::string> names;
  for (const auto& [name, ids] : unfinished_) {
    if (!ids.empty()) names.push_back(name);
  }
  return names;
}

std::string MemoryJournal::cursor(const std::string& pipeline, const std::string& source) const {
  const auto found = cursors_.find({pipeline, source});
  return found == cursors_.end() ? std::string() : found->second;
}

std::map<std::string, Seen> MemoryJournal::seen(const std::string& pipeline, const std::string& source,
                                                const std::vector<std::string>& keys) const {
  std::map<std::string, Seen> found;
  const auto rows = seen_.find({pipeline, source});
  if (rows == seen_.end()) return found;
  for (const std::string& key : keys) {
    if (const auto row = rows->second.find(key); row != rows->second.end()) found.emplace(key, row->second);
  }
  return found;
}

std::vector<Seen> MemoryJournal::open_seen(const std::string& pipeline, const std::string& source,
                                           const std::string& after, std::size_t limit) const {
  std::vector<Seen> found;
  const auto rows = seen_.find({pipeline, source});
  if (rows == seen_.end()) return found;
  for (auto at = rows->second.upper_bound(after); at != rows->second.end() && found.size() < limit; ++at) {
    if (at->second.open) found.push_back(at->second);
  }
  return found;
}

std::optional<PlanText> MemoryJournal::plan(const std::string& hash) const {
  const auto found = plans_.find(hash);
  return found == plans_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<SinkPosition> MemoryJournal::positions() const {
  std::vector<SinkPosition> all;
  for (const auto& [key, at] : positions_) all.push_back(at);
  return all;
}

std::map<std::string, Pace> MemoryJournal::paces() const {
  std::map<std::string, Pace> all;
  for (const auto& [id, held] : events_) {
    Pace& pace = all[held.event.pipeline];
    pace.last_received = held.event.received_at;
    if (!held.ending && !pace.oldest_open) pace.oldest_open = held.event.received_at;
    if (held.ending && held.ending->kind != EndingKind::parked) pace.last_done = held.ending->at;
  }
  return all;
}

std::vector<Notice> MemoryJournal::notices() const {
  std::vector<Notice> all;
  for (const auto& [subject, notice] : notices_) all.push_back(notice);
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
  if (held.ending) {
    listed.outcome = held.ending->kind;
    listed.reason = held.ending->reason;
    listed.place = held.ending->place;
    listed.ended_at = held.ending->at;
    listed.warnings = held.ending->warnings;
  }
  return listed;
}

std::vector<ListedEvent> MemoryJournal::events(const EventFilter& filter) const {
  std::vector<ListedEvent> found;
  for (auto at = events_.upper_bound(filter.after); at != events_.end() && found.size() < filter.limit; ++at) {
    const bool parked = at->second.ending && at->second.ending->kind == EndingKind::parked;
    if (filter.all || parked) found.push_back(listing(at->second));
  }
  return found;
}

std::optional<StoredEvent> MemoryJournal::event(EventId id) const {
  const auto found = events_.find(id);
  return found == events_.end() ? std::nullopt : std::optional(found->second.event);
}

std::optional<ListedEvent> MemoryJournal::listed(EventId id) const {
  const auto found = events_.find(id);
  return found == events_.end() ? std::nullopt : std::optional(listing(found->second));
}

std::vector<ListedOutcome> MemoryJournal::story(EventId id) const {
  std::vector<ListedOutcome> all;
  const auto found = events_.find(id);
  if (found == events_.end()) return all;
  for (const auto& [address, listed] : found->second.outcomes) all.push_back(listed);
  return all;
}

bool MemoryJournal::written_after(const std::string& account, const std::string& key, EventId id) const {
  if (key.empty()) return false;
  return std::any_of(events_.upper_bound(id), events_.end(), [&](const auto& each) {
    const Held& held = each.second;
    return held.event.key == key && held.event.account == account && held.ending &&
           held.ending->kind == EndingKind::written;
  });
}

}  // namespace pipewright::engine
