// The reading half of the SQLite journal.
#include <algorithm>

#include "engine/journal/sqlite_parts.hpp"
#include "engine/json.hpp"

namespace pipewright::engine {
namespace {

using sqlite::Run;

Value decoded(const std::string& text) {
  if (text.empty()) return {};
  Result<Value> value = decode(text);
  return value ? std::move(*value) : Value();
}

// id, pipeline, source, account, key, identity, record, before, received_at, plan, git_commit, verify, doubtful
StoredEvent event_in(const Run& row) {
  StoredEvent event;
  event.id = row.number(0);
  event.pipeline = row.text(1);
  event.source = row.text(2);
  event.account = row.text(3);
  event.key = row.text(4);
  event.identity = row.text(5);
  event.record = decoded(row.text(6));
  event.before = decoded(row.text(7));
  event.received_at = row.time(8);
  event.plan = row.text(9);
  event.commit = row.text(10);
  event.verify = row.number(11) != 0;
  event.doubtful = row.number(12) != 0;
  return event;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    lines.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return lines;
}

// id, pipeline, key, identity, ended, reason, place, plan, git_commit, received_at, ended_at, warnings
ListedEvent listed_in(const Run& row) {
  ListedEvent event;
  event.id = row.number(0);
  event.pipeline = row.text(1);
  event.key = row.text(2);
  event.identity = row.text(3);
  const std::string ended = row.text(4);
  for (const EndingKind kind : {EndingKind::skipped, EndingKind::unchanged, EndingKind::written, EndingKind::parked}) {
    if (ended == ending_text(kind)) event.outcome = kind;
  }
  event.reason = row.text(5);
  event.place = row.text(6);
  event.plan = row.text(7);
  event.commit = row.text(8);
  event.received_at = row.time(9);
  if (!row.null(10)) event.ended_at = row.time(10);
  event.warnings = lines_of(row.text(11));
  return event;
}

}  // namespace

std::vector<StoredEvent> SqliteJournal::ready(const std::string& pipeline, EventId after, std::size_t limit) const {
  std::vector<StoredEvent> found;
  auto rows = parts_->reader.run(
      "SELECT id, pipeline, source, account, key, identity, record, before, received_at, plan, git_commit, verify, "
      "doubtful FROM event e "
      "WHERE pipeline = ? AND ended IS NULL AND id > ? AND (key = '' OR NOT EXISTS (SELECT 1 FROM event o WHERE "
      "o.ended IS NULL AND "
      "o.account = e.account AND o.key = e.key AND o.id < e.id)) ORDER BY id LIMIT ?");
  rows.with(pipeline, after, limit);
  while (rows.step()) found.push_back(event_in(rows));
  return found;
}

std::optional<StoredEvent> SqliteJournal::first_of(const std::string& account, const std::string& key) const {
  if (key.empty()) return std::nullopt;
  auto rows = parts_->reader.run(
      "SELECT id, pipeline, source, account, key, identity, record, before, received_at, plan, git_commit, verify, "
      "doubtful FROM event "
      "WHERE account = ? AND key = ? AND ended IS NULL ORDER BY id LIMIT 1");
  rows.with(account, key);
  return rows.step() ? std::optional(event_in(rows)) : std::nullopt;
}

std::map<Address, Recorded> SqliteJournal::outcomes(EventId event) const {
  std::map<Address, Recorded> all;
  auto rows = parts_->reader.run(
      "SELECT o.address, o.input, o.outcome, e.verify FROM outcome o JOIN event e ON e.id = o.event WHERE o.event = ?");
  rows.with(event);
  while (rows.step())
    all.emplace(rows.text(0), Recorded{decode_outcome(rows.text(2)), rows.text(1), rows.number(3) != 0});
  return all;
}

std::vector<Address> SqliteJournal::intents(EventId event) const {
  std::vector<Address> all;
  auto rows = parts_->reader.run("SELECT address FROM intent WHERE event = ?");
  rows.with(event);
  while (rows.step()) all.push_back(rows.text(0));
  return all;
}

std::vector<std::string> SqliteJournal::pipelines_in_flight() const {
  std::vector<std::string> names;
  auto rows = parts_->reader.run("SELECT DISTINCT pipeline FROM event WHERE ended IS NULL ORDER BY pipeline");
  while (rows.step()) names.push_back(rows.text(0));
  return names;
}

EventId SqliteJournal::last_id() const {
  auto rows = parts_->reader.run("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'event'");
  return rows.step() ? rows.number(0) : 0;
}

std::string SqliteJournal::cursor(const std::string& pipeline, const std::string& source) const {
  auto rows = parts_->reader.run("SELECT cursor FROM cursor WHERE pipeline = ? AND source = ?");
  rows.with(pipeline, source);
  return rows.step() ? rows.text(0) : std::string();
}

std::map<std::string, Seen> SqliteJournal::seen(const std::string& pipeline, const std::string& source,
                                                const std::vector<std::string>& keys) const {
  std::map<std::string, Seen> found;
  for (const std::string& key : keys) {
    auto rows = parts_->reader.run("SELECT state, open FROM seen WHERE pipeline = ? AND source = ? AND key = ?");
    rows.with(pipeline, source, key);
    if (rows.step()) found.emplace(key, Seen{key, rows.text(0), rows.number(1) != 0});
  }
  return found;
}

std::vector<Seen> SqliteJournal::open_seen(const std::string& pipeline, const std::string& source,
                                           const std::string& after, std::size_t limit) const {
  std::vector<Seen> found;
  auto rows = parts_->reader.run(
      "SELECT key, state FROM seen WHERE pipeline = ? AND source = ? AND key > ? AND open = 1 ORDER BY key LIMIT ?");
  rows.with(pipeline, source, after, limit);
  while (rows.step()) found.push_back({rows.text(0), rows.text(1), true});
  return found;
}

std::optional<PlanText> SqliteJournal::plan(const std::string& hash) const {
  auto rows = parts_->reader.run("SELECT git_commit, files, at FROM plan WHERE hash = ?");
  rows.with(hash);
  if (!rows.step()) return std::nullopt;
  PlanText plan{hash, rows.text(0), {}, rows.time(2)};
  const Result<Value> files = parse_json(rows.text(1));
  if (!files || files->list() == nullptr) return plan;
  for (const Value& each : *files->list()) {
    if (each.list() != nullptr && each.list()->size() == 2) {
      plan.files.emplace_back((*each.list())[0].display(), (*each.list())[1].display());
    }
  }
  return plan;
}

std::vector<SinkPosition> SqliteJournal::positions() const {
  std::vector<SinkPosition> all;
  auto rows =
      parts_->reader.run("SELECT connection, node, target, position FROM sink ORDER BY connection, node, target");
  while (rows.step()) all.push_back({rows.text(0), rows.text(1), rows.text(2), rows.text(3)});
  return all;
}

std::map<std::string, Counters> SqliteJournal::counters() const {
  std::map<std::string, Counters> all;
  auto rows = parts_->reader.run("SELECT pipeline, received, written, unchanged, skipped, parked FROM counters");
  while (rows.step()) {
    all[rows.text(0)] = Counters{rows.number(1), rows.number(2), rows.number(3), rows.number(4), rows.number(5)};
  }
  return all;
}

std::map<std::string, Pace> SqliteJournal::paces() const {
  std::map<std::string, Pace> all;
  for (const auto& each : counters()) {
    const std::string& pipeline = each.first;
    const auto moment = [&](const char* query) -> std::optional<Instant> {
      auto rows = parts_->reader.run(query);
      rows.with(pipeline);
      return rows.step() ? std::optional(rows.time(0)) : std::nullopt;
    };
    all[pipeline] = {
        moment("SELECT received_at FROM event WHERE pipeline = ? ORDER BY id DESC LIMIT 1"),
        moment("SELECT ended_at FROM event WHERE pipeline = ? AND ended IN ('written', 'unchanged', 'skipped') "
               "ORDER BY id DESC LIMIT 1"),
        moment("SELECT received_at FROM event WHERE pipeline = ? AND ended IS NULL ORDER BY id LIMIT 1"),
    };
  }
  return all;
}

std::vector<Notice> SqliteJournal::notices() const {
  std::vector<Notice> all;
  auto rows = parts_->reader.run("SELECT subject, text, at FROM notice ORDER BY subject");
  while (rows.step()) all.push_back({rows.text(0), rows.text(1), rows.time(2)});
  return all;
}

std::vector<ListedEvent> SqliteJournal::events(const EventFilter& filter) const {
  std::vector<ListedEvent> found;
  auto rows = parts_->reader.run(
      "SELECT id, pipeline, key, identity, ended, reason, place, plan, git_commit, received_at, ended_at, warnings "
      "FROM event "
      "WHERE id > ? AND (? OR ended = 'parked') ORDER BY id LIMIT ?");
  rows.with(filter.after, filter.all, filter.limit);
  while (rows.step()) found.push_back(listed_in(rows));
  return found;
}

std::optional<ListedEvent> SqliteJournal::listed(EventId id) const {
  auto rows = parts_->reader.run(
      "SELECT id, pipeline, key, identity, ended, reason, place, plan, git_commit, received_at, ended_at, warnings "
      "FROM event WHERE id = ?");
  rows.with(id);
  return rows.step() ? std::optional(listed_in(rows)) : std::nullopt;
}

std::optional<StoredEvent> SqliteJournal::event(EventId id) const {
  auto rows = parts_->reader.run(
      "SELECT id, pipeline, source, account, key, identity, record, before, received_at, plan, git_commit, verify, "
      "doubtful FROM event "
      "WHERE id = ?");
  rows.with(id);
  return rows.step() ? std::optional(event_in(rows)) : std::nullopt;
}

std::vector<ListedOutcome> SqliteJournal::story(EventId id) const {
  std::vector<ListedOutcome> all;
  {
    auto rows = parts_->reader.run(
        "SELECT address, connection, node, verb, input, outcome, at FROM outcome WHERE event = ? ORDER BY at, address");
    rows.with(id);
    while (rows.step()) {
      StoredOutcome stored{id,
                           rows.text(0),
                           rows.text(1),
                           rows.text(2),
                           rows.text(3),
                           rows.text(4),
                           decode_outcome(rows.text(5)),
                           rows.time(6)};
      all.push_back({std::move(stored), {}});
    }
  }
  for (ListedOutcome& each : all) {
    auto rows = parts_->reader.run(
        "SELECT x.method, x.url, x.request_body, x.status, x.answer_body, x.at, x.took FROM outcome_exchange o JOIN "
        "exchange x "
        "ON x.id = o.exchange WHERE o.event = ? AND o.address = ? ORDER BY x.id");
    rows.with(id, each.stored.address);
    while (rows.step()) {
      each.exchanges.push_back({rows.text(0), rows.text(1), rows.text(2), static_cast<int>(rows.number(3)),
                                rows.text(4), rows.time(5), Duration(rows.number(6))});
    }
  }
  return all;
}

bool SqliteJournal::written_after(const std::string& account, const std::string& key, EventId id) const {
  if (key.empty()) return false;
  auto rows =
      parts_->reader.run("SELECT 1 FROM event WHERE account = ? AND key = ? AND ended = 'written' AND id > ? LIMIT 1");
  rows.with(account, key, id);
  return rows.step();
}

}  // namespace pipewright::engine
