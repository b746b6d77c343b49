// The reading half: what commands and screens ask.
#include <algorithm>

#include "engine/journal/sqlite_parts.hpp"

namespace pipewright::engine {
namespace sqlite {

Value decoded(const std::string& text, std::string& unreadable) {
  if (text.empty()) return {};
  Result<Value> value = decode(text);
  if (value) return std::move(*value);
  if (unreadable.empty()) unreadable = value.error().message;
  return {};
}

StoredEvent event_in(const Run& row, std::string& unreadable) {
  StoredEvent event;
  event.id = row.number(0);
  event.pipeline = row.text(1);
  event.source = row.text(2);
  event.account = row.text(3);
  event.key = row.text(4);
  event.identity = row.text(5);
  event.record = decoded(row.text(6), unreadable);
  event.before = decoded(row.text(7), unreadable);
  event.received_at = row.time(8);
  event.plan = row.text(9);
  event.commit = row.text(10);
  event.reopened_after = row.number(11);
  event.as_was = row.number(12) != 0;
  event.stale_allowed = row.number(13) != 0;
  event.origin = row.number(14);
  return event;
}

std::optional<PlanText> plan_in(Database& db, const std::string& hash) {
  auto rows = db.run("SELECT git_commit, files, at FROM plan WHERE hash = ?");
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

std::map<std::string, Seen> states_in(Database& db, const LoadStates& query) {
  std::map<std::string, Seen> found;
  for (const std::string& key : query.keys) {
    auto rows = db.run("SELECT state, open FROM seen WHERE pipeline = ? AND source = ? AND key = ?");
    rows.with(query.pipeline, query.source, key);
    if (rows.step()) found.emplace(key, Seen{key, rows.text(0), rows.number(1) != 0});
  }
  return found;
}

std::vector<Seen> open_states_in(Database& db, const LoadOpenStates& query) {
  std::vector<Seen> found;
  auto rows = db.run(
      "SELECT key, state FROM seen WHERE pipeline = ? AND source = ? AND key > ? AND open = 1 ORDER BY key LIMIT ?");
  rows.with(query.pipeline, query.source, query.after, query.limit);
  while (rows.step()) found.push_back({rows.text(0), rows.text(1), true});
  return found;
}

Cursors cursors_in(Database& db) {
  Cursors all;
  auto rows = db.run("SELECT pipeline, source, cursor FROM cursor");
  while (rows.step()) all[{rows.text(0), rows.text(1)}] = rows.text(2);
  return all;
}

std::vector<Notice> notices_in(Database& db) {
  std::vector<Notice> all;
  auto rows = db.run("SELECT subject, text, at FROM notice ORDER BY subject");
  while (rows.step()) all.push_back({rows.text(0), rows.text(1), rows.time(2)});
  return all;
}

std::vector<BucketState> buckets_in(Database& db) {
  std::vector<BucketState> all;
  auto rows = db.run(
      "SELECT connection, account, grp, tokens, burst, interval, at, paused_until FROM bucket ORDER BY account, grp");
  while (rows.step()) {
    all.push_back({rows.text(0), rows.text(1), rows.text(2), rows.number(3), static_cast<int>(rows.number(4)),
                   rows.number(5), rows.time(6), rows.time(7)});
  }
  return all;
}

}  // namespace sqlite

namespace {

using sqlite::Database;
using sqlite::Run;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    lines.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return lines;
}

constexpr const char* listed_from =
    "SELECT e.id, e.pipeline, e.key, e.identity, e.ended, e.reason, e.place, e.plan, e.git_commit, e.received_at, "
    "e.ended_at, e.warnings, coalesce(w.reason, '') FROM event e LEFT JOIN waiting w ON w.event = e.id ";

ListedEvent listed_in(const Run& row) {
  ListedEvent event;
  event.id = row.number(0);
  event.pipeline = row.text(1);
  event.key = row.text(2);
  event.identity = row.text(3);
  if (!row.null(4)) {
    const std::string ended = row.text(4);
    for (const EndingKind kind :
         {EndingKind::skipped, EndingKind::unchanged, EndingKind::written, EndingKind::parked}) {
      if (ended == ending_text(kind)) event.outcome = kind;
    }
  }
  event.reason = row.text(5);
  event.place = row.text(6);
  event.plan = row.text(7);
  event.commit = row.text(8);
  event.received_at = row.time(9);
  if (!row.null(10)) event.ended_at = row.time(10);
  event.warnings = lines_of(row.text(11));
  event.waits_for = row.text(12);
  return event;
}

std::map<std::string, Counters> counters_in(Database& db) {
  std::map<std::string, Counters> all;
  auto rows = db.run("SELECT pipeline, received, written, unchanged, skipped, parked FROM counters");
  while (rows.step()) {
    all[rows.text(0)] = Counters{rows.number(1), rows.number(2), rows.number(3), rows.number(4), rows.number(5)};
  }
  return all;
}

std::map<std::string, Pace> paces_in(Database& db) {
  std::map<std::string, Pace> all;
  for (const auto& each : counters_in(db)) {
    const std::string& pipeline = each.first;
    const auto moment = [&](const char* query) -> std::optional<Instant> {
      auto rows = db.run(query);
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

std::vector<ListedOutcome> story_in(Database& db, EventId id) {
  std::vector<ListedOutcome> all;
  {
    auto rows = db.run(
        "SELECT address, connection, node, verb, input, outcome, at FROM outcome WHERE event = ? ORDER BY at, address");
    rows.with(id);
    while (rows.step()) {
      StoredOutcome stored{id, rows.text(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4), {}, rows.time(6),
                           {}};
      Result<Outcome> outcome = decode_outcome(rows.text(5));
      if (outcome)
        stored.outcome = std::move(*outcome);
      else
        stored.outcome = Outcome::failed({Failure::Kind::permanent, outcome.error().message});
      all.push_back({std::move(stored), {}});
    }
  }
  for (ListedOutcome& each : all) {
    auto rows = db.run(
        "SELECT x.method, x.url, x.request_body, x.status, x.answer_body, x.at, x.took FROM outcome_exchange o JOIN "
        "exchange x ON x.id = o.exchange WHERE o.event = ? AND o.address = ? ORDER BY x.id");
    rows.with(id, each.stored.address);
    while (rows.step()) {
      each.exchanges.push_back({rows.text(0), rows.text(1), rows.text(2), static_cast<int>(rows.number(3)),
                                rows.text(4), rows.time(5), Duration(rows.number(6))});
    }
  }
  return all;
}

}  // namespace

Result<std::map<std::string, Counters>> SqliteJournal::counters() const {
  return parts_->read(parts_->reader, counters_in);
}

Result<std::map<std::string, Pace>> SqliteJournal::paces() const { return parts_->read(parts_->reader, paces_in); }

Result<std::vector<Notice>> SqliteJournal::notices() const { return parts_->read(parts_->reader, sqlite::notices_in); }

Result<std::vector<BucketState>> SqliteJournal::buckets() const {
  return parts_->read(parts_->reader, sqlite::buckets_in);
}

Result<std::vector<ListedEvent>> SqliteJournal::events(const EventFilter& filter) const {
  static const std::string sql =
      std::string(listed_from) +
      "WHERE e.id > ? AND (? OR e.ended = 'parked' OR (e.ended IS NULL AND w.event IS NOT NULL)) ORDER BY e.id LIMIT ?";
  return parts_->read(parts_->reader, [&](Database& db) {
    std::vector<ListedEvent> found;
    auto rows = db.run(sql.c_str());
    rows.with(filter.after, filter.all, filter.limit);
    while (rows.step()) found.push_back(listed_in(rows));
    return found;
  });
}

Result<std::optional<ListedEvent>> SqliteJournal::listed(EventId id) const {
  static const std::string sql = std::string(listed_from) + "WHERE e.id = ?";
  return parts_->read(parts_->reader, [&](Database& db) {
    auto rows = db.run(sql.c_str());
    rows.with(id);
    return rows.step() ? std::optional(listed_in(rows)) : std::nullopt;
  });
}

Result<std::optional<StoredEvent>> SqliteJournal::event(EventId id) const {
  static const std::string sql = std::string("SELECT ") + sqlite::event_columns + " FROM event e WHERE e.id = ?";
  return parts_->read(parts_->reader, [&](Database& db) {
    auto rows = db.run(sql.c_str());
    rows.with(id);
    std::string unreadable;
    return rows.step() ? std::optional(sqlite::event_in(rows, unreadable)) : std::nullopt;
  });
}

Result<std::vector<ListedOutcome>> SqliteJournal::story(EventId id) const {
  return parts_->read(parts_->reader, [&](Database& db) { return story_in(db, id); });
}

Result<std::optional<PlanText>> SqliteJournal::plan(const std::string& hash) const {
  return parts_->read(parts_->reader, [&](Database& db) { return sqlite::plan_in(db, hash); });
}

Result<Cursors> SqliteJournal::cursors() const { return parts_->read(parts_->reader, sqlite::cursors_in); }

Result<std::map<std::string, Seen>> SqliteJournal::states(const LoadStates& query) const {
  return parts_->read(parts_->reader, [&](Database& db) { return sqlite::states_in(db, query); });
}

Result<std::vector<Seen>> SqliteJournal::open_states(const LoadOpenStates& query) const {
  return parts_->read(parts_->reader, [&](Database& db) { return sqlite::open_states_in(db, query); });
}

Result<std::optional<RequestAnswer>> SqliteJournal::answer(std::int64_t request) const {
  return parts_->read(parts_->reader, [&](Database& db) {
    auto rows = db.run("SELECT event, accepted, reason FROM request WHERE id = ? AND accepted IS NOT NULL");
    rows.with(request);
    return rows.step() ? std::optional(RequestAnswer{request, rows.number(0), rows.number(1) != 0, rows.text(2)})
                       : std::nullopt;
  });
}

}  // namespace pipewright::engine
