// The writing half: transactions, requests of people, pruning.
#include "engine/journal/sqlite.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "engine/journal/sqlite_parts.hpp"
#include "engine/json.hpp"

namespace pipewright::engine {
namespace {

using sqlite::Database;

std::string files_text(const PlanText& plan) {
  List files;
  for (const auto& [name, text] : plan.files) files.emplace_back(List{name, text});
  return write_json(Value(std::move(files)));
}

void count(Database& db, const std::string& pipeline, const Bulk& by, std::int64_t parked) {
  db.run(
        "INSERT INTO counters (pipeline, received, written, unchanged, skipped, parked) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (pipeline) DO UPDATE SET received = received + excluded.received, written = written + "
        "excluded.written, "
        "unchanged = unchanged + excluded.unchanged, skipped = skipped + excluded.skipped, parked = parked + "
        "excluded.parked")
      .with(pipeline, by.received, by.written, by.unchanged, by.skipped, parked)
      .done();
}

void count_ending(Database& db, const std::string& pipeline, EndingKind kind, std::int64_t by) {
  Bulk bulk;
  if (kind == EndingKind::written) bulk.written = by;
  if (kind == EndingKind::unchanged) bulk.unchanged = by;
  if (kind == EndingKind::skipped) bulk.skipped = by;
  count(db, pipeline, bulk, kind == EndingKind::parked ? by : 0);
}

EventId store_event(Database& db, const StoredEvent& event, Epoch epoch) {
  db.run("INSERT OR IGNORE INTO identity (pipeline, account, identity) VALUES (?, ?, ?)")
      .with(event.pipeline, event.account, event.identity)
      .done();
  if (db.changes() == 0) return 0;
  db.run(
        "INSERT INTO event (pipeline, source, account, key, identity, record, before, received_at, plan, git_commit, "
        "epoch, origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .with(event.pipeline, event.source, event.account, event.key, event.identity, encode(event.record),
            encode(event.before), event.received_at, event.plan, event.commit, epoch, event.origin)
      .done();
  const EventId id = db.last_id();
  Bulk one;
  one.received = 1;
  count(db, event.pipeline, one, 0);
  return id;
}

void store_ending(Database& db, const StoredEnding& ending) {
  db.run("UPDATE event SET ended = ?, ended_at = ?, reason = ?, place = ?, warnings = ? WHERE id = ? AND ended IS NULL")
      .with(ending_text(ending.kind), ending.at, ending.reason, ending.place, join(ending.warnings, "\n"), ending.event)
      .done();
  if (db.changes() == 0) return;
  count_ending(db, ending.pipeline, ending.kind, 1);
  db.run("DELETE FROM waiting WHERE event = ?").with(ending.event).done();
}

// What was written last of the event's key.
void note_write(Database& db, const StoredOutcome& each) {
  std::string account, key, identity;
  EventId origin = 0;
  {
    auto row =
        db.run("SELECT account, key, identity, CASE origin WHEN 0 THEN id ELSE origin END FROM event WHERE id = ?");
    row.with(each.event);
    if (!row.step() || row.text(1).empty()) return;
    account = row.text(0);
    key = row.text(1);
    identity = row.text(2);
    origin = row.number(3);
  }
  NewestWrite newest;
  {
    auto row = db.run(
        "SELECT event, identity, other_event, other_identity FROM newest_write WHERE account = ? AND key = ? AND "
        "connection = ?");
    row.with(account, key, each.connection);
    if (row.step()) newest = {row.number(0), row.text(1), row.number(2), row.text(3)};
  }
  newest.note(origin, identity);
  db.run(
        "INSERT OR REPLACE INTO newest_write (account, key, connection, event, identity, other_event, other_identity) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)")
      .with(account, key, each.connection, newest.event, newest.identity, newest.other_event, newest.other_identity)
      .done();
}

void store_outcome(Database& db, const StoredOutcome& each) {
  db.run(
        "INSERT OR REPLACE INTO outcome (event, address, connection, node, verb, input, outcome, at) VALUES (?, ?, "
        "?, ?, ?, ?, ?, ?)")
      .with(each.event, each.address, each.connection, each.node, each.verb, each.input, encode_outcome(each.outcome),
            each.at)
      .done();
  const bool unknown = each.outcome.failure && each.outcome.failure->delivery == Delivery::unknown;
  if (!unknown) db.run("DELETE FROM intent WHERE event = ? AND address = ?").with(each.event, each.address).done();
  if (each.outcome.wrote()) note_write(db, each);
}

void store_outcomes(Database& db, const Transaction& transaction) {
  std::vector<std::int64_t> ids;
  for (const Exchange& each : transaction.exchanges) {
    db.run(
          "INSERT INTO exchange (method, url, request_body, status, answer_body, at, took) VALUES (?, ?, ?, ?, ?, ?, "
          "?)")
        .with(each.method, each.url, each.request_body, each.status, each.answer_body, each.at,
              static_cast<std::int64_t>(each.took.count()))
        .done();
    ids.push_back(db.last_id());
  }
  for (const Intent& each : transaction.intents) {
    db.run("INSERT OR REPLACE INTO intent (event, address, input) VALUES (?, ?, ?)")
        .with(each.event, each.address, each.input)
        .done();
  }
  for (const Intent& each : transaction.withdrawn)
    db.run("DELETE FROM intent WHERE event = ? AND address = ?").with(each.event, each.address).done();
  for (const StoredOutcome& each : transaction.outcomes) {
    store_outcome(db, each);
    for (const std::size_t index : each.exchanges) {
      db.run("INSERT OR IGNORE INTO outcome_exchange (event, address, exchange) VALUES (?, ?, ?)")
          .with(each.event, each.address, ids[index])
          .done();
    }
  }
}

void store_seen(Database& db, const SeenRow& row) {
  if (row.seen.forget) {
    db.run("DELETE FROM seen WHERE pipeline = ? AND source = ? AND key = ?")
        .with(row.pipeline, row.source, row.seen.key)
        .done();
    return;
  }
  db.run(
        "INSERT INTO seen (pipeline, source, key, state, open) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (pipeline, source, key) DO UPDATE SET state = excluded.state, open = excluded.open")
      .with(row.pipeline, row.source, row.seen.key, row.seen.state, row.seen.open)
      .done();
}

// What was recorded under another plan no longer stands at its address.
void move_aside(Database& db, EventId event) {
  std::set<Address> addresses;
  {
    auto rows =
        db.run("SELECT address FROM outcome WHERE event = ?1 UNION SELECT address FROM intent WHERE event = ?1");
    rows.with(event);
    while (rows.step()) addresses.insert(rows.text(0));
  }
  const auto moved = static_cast<std::size_t>(std::count_if(addresses.begin(), addresses.end(), is_set_aside));
  for (const Address& address : addresses) {
    if (is_set_aside(address)) continue;
    const Address aside = set_aside(address, moved + 1);
    db.run("UPDATE outcome SET address = ? WHERE event = ? AND address = ?").with(aside, event, address).done();
    db.run("UPDATE outcome_exchange SET address = ? WHERE event = ? AND address = ?")
        .with(aside, event, address)
        .done();
    db.run("UPDATE intent SET address = ? WHERE event = ? AND address = ?").with(aside, event, address).done();
  }
}

std::optional<EndingKind> ending_of(const std::string& text) {
  for (const EndingKind kind : {EndingKind::skipped, EndingKind::unchanged, EndingKind::written, EndingKind::parked}) {
    if (text == ending_text(kind)) return kind;
  }
  return std::nullopt;
}

void reopen(Database& db, const Reopen& each) {
  std::string pipeline;
  EndingKind kind = EndingKind::parked;
  {
    auto row = db.run("SELECT pipeline, ended FROM event WHERE id = ? AND ended IS NOT NULL");
    row.with(each.event);
    if (!row.step()) return;
    pipeline = row.text(0);
    kind = ending_of(row.text(1)).value_or(EndingKind::parked);
  }
  db.run(
        "UPDATE event SET ended = NULL, ended_at = NULL, reason = '', place = '', warnings = '', plan = ?, as_was = ?, "
        "stale_allowed = ?, doubt = 1, reopened_after = (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name "
        "= "
        "'event') WHERE id = ?")
      .with(each.plan, each.as_was, each.stale_allowed, each.event)
      .done();
  count_ending(db, pipeline, kind, -1);
  for (const Address& address : each.forget) {
    db.run("DELETE FROM outcome WHERE event = ? AND address = ?").with(each.event, address).done();
    db.run("DELETE FROM outcome_exchange WHERE event = ? AND address = ?").with(each.event, address).done();
  }
  if (each.set_aside) move_aside(db, each.event);
}

void skip_parked(Database& db, const SkipParked& each) {
  std::string pipeline;
  {
    auto row = db.run("SELECT pipeline FROM event WHERE id = ? AND ended = 'parked'");
    row.with(each.event);
    if (!row.step()) return;
    pipeline = row.text(0);
  }
  db.run("UPDATE event SET ended = 'skipped', reason = ?, ended_at = ? WHERE id = ?")
      .with(each.reason, each.at, each.event)
      .done();
  count_ending(db, pipeline, EndingKind::parked, -1);
  count_ending(db, pipeline, EndingKind::skipped, 1);
}

// False: somebody else has moved it.
bool move_cursor(Database& db, const CursorMove& move) {
  db.run("INSERT OR IGNORE INTO cursor (pipeline, source, cursor) VALUES (?, ?, '')")
      .with(move.pipeline, move.source)
      .done();
  db.run("UPDATE cursor SET cursor = ? WHERE pipeline = ? AND source = ? AND cursor = ?")
      .with(move.to, move.pipeline, move.source, move.from)
      .done();
  return db.changes() == 1;
}

void store_waiting(Database& db, const Waiting& each) {
  if (each.reason.empty())
    db.run("DELETE FROM waiting WHERE event = ?").with(each.event).done();
  else
    db.run("INSERT OR REPLACE INTO waiting (event, reason, since, failing) VALUES (?, ?, ?, ?)")
        .with(each.event, each.reason, each.since, each.failing)
        .done();
}

void store_bucket(Database& db, const BucketState& each) {
  db.run(
        "INSERT OR REPLACE INTO bucket (connection, account, grp, tokens, burst, interval, at, paused_until) VALUES "
        "(?, "
        "?, ?, ?, ?, ?, ?, ?)")
      .with(each.connection, each.account, each.group, each.tokens, each.burst, each.interval, each.at,
            each.paused_until)
      .done();
}

// Events that this owner has not begun are in no doubt at the next start.
void release(Database& db, const Release& each, Epoch epoch) {
  db.run("UPDATE event SET epoch = 0 WHERE ended IS NULL AND epoch = ?").with(epoch).done();
  for (const EventId id : each.begun) db.run("UPDATE event SET epoch = ? WHERE id = ?").with(epoch, id).done();
}

void store_state(Database& db, const Transaction& transaction) {
  for (const SeenRow& row : transaction.seen) store_seen(db, row);
  for (const PlanText& plan : transaction.plans) {
    db.run("INSERT OR IGNORE INTO plan (hash, git_commit, files, at) VALUES (?, ?, ?, ?)")
        .with(plan.hash, plan.commit, files_text(plan), plan.at)
        .done();
  }
  for (const Notice& notice : transaction.notices) {
    if (notice.text.empty())
      db.run("DELETE FROM notice WHERE subject = ?").with(notice.subject).done();
    else
      db.run("INSERT OR REPLACE INTO notice (subject, text, at) VALUES (?, ?, ?)")
          .with(notice.subject, notice.text, notice.at)
          .done();
  }
  for (const SinkPosition& at : transaction.positions) {
    db.run("INSERT OR REPLACE INTO sink (connection, node, target, position) VALUES (?, ?, ?, ?)")
        .with(at.connection, at.node, at.target, at.position)
        .done();
  }
  for (const Bulk& bulk : transaction.bulks) count(db, bulk.pipeline, bulk, 0);
  for (const Waiting& each : transaction.waiting) store_waiting(db, each);
  for (const BucketState& each : transaction.buckets) store_bucket(db, each);
  for (const RequestAnswer& each : transaction.answers) {
    db.run("UPDATE request SET accepted = ?, reason = ? WHERE id = ?")
        .with(each.accepted, each.reason, each.request)
        .done();
  }
}

Committed store(Database& db, const Transaction& transaction, Epoch epoch) {
  Committed committed;
  for (const StoredEvent& event : transaction.events) committed.ids.push_back(store_event(db, event, epoch));
  for (const auto& [index, ending] : transaction.ended_events) {
    StoredEnding known = ending;
    known.event = committed.ids[index];
    if (known.event != 0) store_ending(db, known);
  }
  for (const Replan& each : transaction.replanned) {
    db.run("UPDATE event SET plan = ? WHERE id = ?").with(each.plan, each.event).done();
    if (each.set_aside) move_aside(db, each.event);
  }
  store_outcomes(db, transaction);
  for (const StoredEnding& ending : transaction.endings) store_ending(db, ending);
  store_state(db, transaction);
  for (const Reopen& each : transaction.reopened) reopen(db, each);
  for (const SkipParked& each : transaction.skipped) skip_parked(db, each);
  if (transaction.release) release(db, *transaction.release, epoch);
  return committed;
}

// Whether the journal is still this owner's; else why not.
std::optional<Error> fenced(Database& db, Epoch epoch, const std::string& path) {
  auto row = db.run("SELECT epoch, pid FROM owner");
  if (row.step() && row.number(0) == epoch) return std::nullopt;
  if (!db.error().empty()) return std::nullopt;
  return Error{fmt::format("{} was taken over by process {}", path, row.number(1)),
               "this process has stopped writing; only one may run on a state database"};
}

}  // namespace

Result<std::vector<Committed>> SqliteJournal::commit(std::span<const Transaction> transactions) {
  Database& db = parts_->writer;
  if (parts_->on_disk && !parts_->lock.still_there(parts_->path))
    return fail(fmt::format("{} was removed or replaced while it was in use", parts_->path),
                "put it back, or start again: what was stored since then is in the removed file");
  std::vector<Committed> all;
  std::optional<Error> refused;
  db.take_error();
  db.execute("BEGIN IMMEDIATE");
  if (db.error().empty()) refused = fenced(db, parts_->epoch, parts_->path);
  for (const Transaction& each : transactions) {
    if (!db.error().empty() || refused) break;
    for (const CursorMove& move : each.cursors) {
      if (!move_cursor(db, move) && db.error().empty() && !refused)
        refused =
            Error{fmt::format("the cursor of {} at {} was moved by another process", move.pipeline, move.source), {}};
    }
    if (!refused) all.push_back(store(db, each, parts_->epoch));
  }
  if (db.error().empty() && !refused) db.execute("COMMIT");
  if (db.error().empty() && !refused) return all;
  const int code = db.code();
  const std::string reason = db.take_error();
  db.execute("ROLLBACK");
  db.take_error();
  return fail(refused ? *refused : sqlite::failure(parts_->path, code, reason));
}

Result<std::size_t> SqliteJournal::prune(Instant before, std::size_t limit, const std::vector<std::string>& keep) {
  Database& db = parts_->writer;
  db.take_error();
  db.execute("BEGIN IMMEDIATE");
  std::vector<EventId> old;
  {
    auto rows = db.run(
        "SELECT id FROM event WHERE ended IS NOT NULL AND ended <> 'parked' AND ended_at < ? ORDER BY ended_at LIMIT "
        "?");
    rows.with(before, limit);
    while (rows.step()) old.push_back(rows.number(0));
  }
  for (const EventId id : old) {
    db.run("DELETE FROM outcome WHERE event = ?").with(id).done();
    db.run("DELETE FROM outcome_exchange WHERE event = ?").with(id).done();
    db.run("DELETE FROM intent WHERE event = ?").with(id).done();
    db.run("DELETE FROM event WHERE id = ?").with(id).done();
  }
  db.run(
        "DELETE FROM exchange WHERE id IN (SELECT id FROM exchange WHERE at < ? AND id NOT IN (SELECT exchange FROM "
        "outcome_exchange) "
        "LIMIT ?)")
      .with(before, limit)
      .done();
  std::vector<std::string> unused;
  {
    auto rows = db.run("SELECT hash FROM plan WHERE at < ? AND hash NOT IN (SELECT plan FROM event)");
    rows.with(before);
    while (rows.step()) unused.push_back(rows.text(0));
  }
  for (const std::string& hash : unused) {
    if (std::find(keep.begin(), keep.end(), hash) == keep.end())
      db.run("DELETE FROM plan WHERE hash = ?").with(hash).done();
  }
  db.run("DELETE FROM request WHERE accepted IS NOT NULL AND id < (SELECT max(id) - 1000 FROM request)").done();
  if (db.error().empty()) db.execute("COMMIT");
  if (!db.error().empty()) {
    const int code = db.code();
    const std::string reason = db.take_error();
    db.execute("ROLLBACK");
    db.take_error();
    return fail(sqlite::failure(parts_->path, code, reason));
  }
  db.execute("PRAGMA incremental_vacuum(2000)");
  db.take_error();
  return old.size();
}

Result<std::int64_t> SqliteJournal::ask(const EventRequest& request) {
  return parts_->read(parts_->writer, [&](Database& db) {
    db.run("INSERT INTO request (kind, event, as_was, stale, why) VALUES (?, ?, ?, ?, ?)")
        .with(request.kind == EventRequest::Kind::retry ? "retry" : "skip", request.event, request.as_was,
              request.stale, request.why)
        .done();
    return db.last_id();
  });
}

}  // namespace pipewright::engine
