// The writing half: opening, one writer, transactions, pruning.
#include "engine/journal/sqlite.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstring>

#include "base/text.hpp"
#include "engine/journal/schema.hpp"
#include "engine/journal/sqlite_parts.hpp"
#include "engine/json.hpp"

namespace pipewright::engine {
namespace {

using sqlite::Database;

std::string pid_in(int file) {
  char text[32] = {};
  const ssize_t size = pread(file, text, sizeof text - 1, 0);
  return size > 0 ? trimmed(std::string_view(text, static_cast<std::size_t>(size))) : std::string("unknown");
}

// The lock goes with the process, however it ends; the pid in the file is only for the message.
Result<int> locked(const std::string& path) {
  const std::string name = path + ".lock";
  const int file = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return fail(fmt::format("cannot open {}: {}", name, std::strerror(errno)));
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    const std::string pid = pid_in(file);
    ::close(file);
    return fail(fmt::format("{} is in use by process {}", path, pid),
                "stop it first; `pipewright status` and `events` can read meanwhile");
  }
  const std::string pid = fmt::format("{}\n", getpid());
  if (ftruncate(file, 0) != 0 || pwrite(file, pid.data(), pid.size(), 0) < 0) {
    ::close(file);
    return fail(fmt::format("cannot write {}: {}", name, std::strerror(errno)));
  }
  return file;
}

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

EventId store_event(Database& db, const StoredEvent& event) {
  db.run("INSERT OR IGNORE INTO identity (pipeline, account, identity) VALUES (?, ?, ?)")
      .with(event.pipeline, event.account, event.identity)
      .done();
  if (db.changes() == 0) return 0;
  db.run(
        "INSERT INTO event (pipeline, source, account, key, identity, record, before, received_at, plan, git_commit, "
        "verify, doubtful) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .with(event.pipeline, event.source, event.account, event.key, event.identity, encode(event.record),
            encode(event.before), event.received_at, event.plan, event.commit, event.verify, event.doubtful)
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
  if (db.changes() > 0) count_ending(db, ending.pipeline, ending.kind, 1);
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
  for (const StoredOutcome& each : transaction.outcomes) {
    db.run(
          "INSERT OR REPLACE INTO outcome (event, address, connection, node, verb, input, outcome, at) VALUES (?, ?, "
          "?, ?, ?, ?, ?, ?)")
        .with(each.event, each.address, each.connection, each.node, each.verb, each.input, encode_outcome(each.outcome),
              each.at)
        .done();
    for (const std::size_t index : each.exchanges) {
      db.run("INSERT OR IGNORE INTO outcome_exchange (event, address, exchange) VALUES (?, ?, ?)")
          .with(each.event, each.address, ids[index])
          .done();
    }
  }
  for (const Intent& intent : transaction.intents) {
    db.run("INSERT OR IGNORE INTO intent (event, address) VALUES (?, ?)").with(intent.event, intent.address).done();
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

void reopen(Database& db, const Reopen& each) {
  std::string pipeline;
  EndingKind kind = EndingKind::parked;
  {
    auto row = db.run("SELECT pipeline, ended FROM event WHERE id = ? AND ended IS NOT NULL");
    row.with(each.event);
    if (!row.step()) return;
    pipeline = row.text(0);
    for (const EndingKind candidate : {EndingKind::skipped, EndingKind::unchanged, EndingKind::written}) {
      if (row.text(1) == ending_text(candidate)) kind = candidate;
    }
  }
  db.run(
        "UPDATE event SET ended = NULL, ended_at = NULL, reason = '', place = '', warnings = '', plan = ?, verify = ?, "
        "doubtful = 1 "
        "WHERE id = ?")
      .with(each.plan, each.verify, each.event)
      .done();
  count_ending(db, pipeline, kind, -1);
  db.run("DELETE FROM intent WHERE event = ?").with(each.event).done();
  for (const Address& address : each.forget) {
    db.run("DELETE FROM outcome WHERE event = ? AND address = ?").with(each.event, address).done();
    db.run("DELETE FROM outcome_exchange WHERE event = ? AND address = ?").with(each.event, address).done();
  }
}

void store_state(Database& db, const Transaction& transaction) {
  for (const CursorMove& move : transaction.cursors) {
    db.run("INSERT OR REPLACE INTO cursor (pipeline, source, cursor) VALUES (?, ?, ?)")
        .with(move.pipeline, move.source, move.cursor)
        .done();
  }
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
}

Committed store(Database& db, const Transaction& transaction) {
  Committed committed;
  for (const StoredEvent& event : transaction.events) committed.ids.push_back(store_event(db, event));
  for (const auto& [index, ending] : transaction.ended_events) {
    StoredEnding known = ending;
    known.event = committed.ids[index];
    if (known.event != 0) store_ending(db, known);
  }
  store_outcomes(db, transaction);
  for (const StoredEnding& ending : transaction.endings) store_ending(db, ending);
  store_state(db, transaction);
  for (const Reopen& each : transaction.reopened) reopen(db, each);
  return committed;
}

Result<void> prepare(Database& db, const std::string& path) {
  // auto_vacuum has to be there before the first table.
  db.execute("PRAGMA auto_vacuum = INCREMENTAL");
  db.execute("PRAGMA journal_mode = WAL");
  db.execute("PRAGMA synchronous = FULL");
  int version = 0;
  {
    auto row = db.run("PRAGMA user_version");
    if (row.step()) version = static_cast<int>(row.number(0));
  }
  if (version > journal_version) {
    return fail(fmt::format("{} was written by a newer pipewright (journal version {})", path, version),
                "update pipewright");
  }
  db.execute("BEGIN IMMEDIATE");
  db.execute(journal_schema());
  db.execute(fmt::format("PRAGMA user_version = {}", journal_version).c_str());
  db.execute("COMMIT");
  if (!db.error().empty()) return fail(fmt::format("{}: {}", path, db.error()), "is it a journal of pipewright?");
  return {};
}

}  // namespace

SqliteJournal::SqliteJournal(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

SqliteJournal::~SqliteJournal() {
  if (parts_->lock >= 0) ::close(parts_->lock);
}

Result<std::unique_ptr<SqliteJournal>> SqliteJournal::open(const std::string& path, Mode mode) {
  std::unique_ptr<SqliteJournal> journal(new SqliteJournal(std::make_unique<Parts>()));
  Parts& parts = *journal->parts_;
  parts.path = path;
  if (mode == Mode::write) {
    Result<int> lock = locked(path);
    if (!lock) return fail(lock.error());
    parts.lock = *lock;
    parts.writer.open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX);
    if (!parts.writer.error().empty()) return fail(fmt::format("{}: {}", path, parts.writer.error()));
    if (Result<void> ready = prepare(parts.writer, path); !ready) return fail(ready.error());
  }
  if (mode == Mode::read && ::access(path.c_str(), F_OK) != 0) {
    return fail(fmt::format("there is no journal {} yet", path), "`pipewright run` begins one; --state names another");
  }
  parts.reader.open(path, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX);
  if (!parts.reader.error().empty()) return fail(fmt::format("{}: {}", path, parts.reader.error()));
  if (!parts.reader.execute("SELECT count(*) FROM counters")) {
    return fail(fmt::format("{}: {}", path, parts.reader.take_error()), "is it a journal of pipewright?");
  }
  return journal;
}

Result<std::vector<Committed>> SqliteJournal::commit(std::span<const Transaction> transactions) {
  Database& db = parts_->writer;
  std::vector<Committed> all;
  db.take_error();
  db.execute("BEGIN IMMEDIATE");
  for (const Transaction& each : transactions) {
    if (!db.error().empty()) break;
    all.push_back(store(db, each));
  }
  if (db.error().empty()) db.execute("COMMIT");
  if (db.error().empty()) return all;
  const std::string reason = db.take_error();
  db.execute("ROLLBACK");
  db.take_error();
  return fail(fmt::format("{}: {}", parts_->path, reason), "is the disk full?");
}

Result<std::size_t> SqliteJournal::prune(Instant before, std::size_t limit) {
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
  db.run("DELETE FROM plan WHERE at < ? AND hash NOT IN (SELECT plan FROM event)").with(before).done();
  if (db.error().empty()) db.execute("COMMIT");
  if (!db.error().empty()) {
    const std::string reason = db.take_error();
    db.execute("ROLLBACK");
    db.take_error();
    return fail(fmt::format("{}: {}", parts_->path, reason));
  }
  db.execute("PRAGMA incremental_vacuum(2000)");
  db.take_error();
  return old.size();
}

Result<void> SqliteJournal::rename_pipeline(const std::string& from, const std::string& to) {
  Database& db = parts_->writer;
  db.take_error();
  db.execute("BEGIN IMMEDIATE");
  db.run("UPDATE event SET pipeline = ? WHERE pipeline = ?").with(to, from).done();
  db.run("UPDATE OR REPLACE identity SET pipeline = ? WHERE pipeline = ?").with(to, from).done();
  db.run("UPDATE OR REPLACE cursor SET pipeline = ? WHERE pipeline = ?").with(to, from).done();
  db.run("UPDATE OR REPLACE seen SET pipeline = ? WHERE pipeline = ?").with(to, from).done();
  db.run(
        "INSERT INTO counters SELECT ?, received, written, unchanged, skipped, parked FROM counters WHERE pipeline = ? "
        "ON CONFLICT (pipeline) DO UPDATE SET received = received + excluded.received, written = written + "
        "excluded.written, "
        "unchanged = unchanged + excluded.unchanged, skipped = skipped + excluded.skipped, parked = parked + "
        "excluded.parked")
      .with(to, from)
      .done();
  db.run("DELETE FROM counters WHERE pipeline = ?").with(from).done();
  if (db.error().empty() && db.execute("COMMIT")) return {};
  const std::string reason = db.take_error();
  db.execute("ROLLBACK");
  return fail(fmt::format("{}: {}", parts_->path, reason));
}

}  // namespace pipewright::engine
