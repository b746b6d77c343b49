// What the core asks: claims, states, events to decide about, requests of people.
#include <algorithm>

#include "base/overloaded.hpp"
#include "engine/journal/sqlite_parts.hpp"

namespace pipewright::engine {
namespace {

using sqlite::Database;
using sqlite::Run;

constexpr const char* columns_tail = ", e.epoch, length(e.record), e.doubt";

std::string select(const std::string& rest) {
  return std::string("SELECT ") + sqlite::event_columns + columns_tail + " FROM event e WHERE " + rest;
}

class Rows : public OpenRows {
 public:
  Rows(Database& db, const std::string& path, Epoch epoch) : db_(db), path_(path), epoch_(epoch) {}

  Result<std::vector<OpenRow>> of_pipeline(const std::string& pipeline, EventId after, std::size_t limit) override {
    static const std::string sql = select("e.pipeline = ? AND e.ended IS NULL AND e.id > ? ORDER BY e.id LIMIT ?");
    std::vector<OpenRow> found;
    auto rows = db_.run(sql.c_str());
    rows.with(pipeline, after, limit);
    while (rows.step()) found.push_back(row_of(rows));
    return checked(std::move(found));
  }

  Result<std::vector<OpenRow>> of_key(const std::string& account, const std::string& key, std::size_t limit) override {
    static const std::string sql = select(
        "e.account = ? AND e.key = ? AND e.ended IS NULL ORDER BY max(e.id, e.reopened_after), e.reopened_after > 0, "
        "e.id LIMIT ?");
    std::vector<OpenRow> found;
    auto rows = db_.run(sql.c_str());
    rows.with(account, key, limit);
    while (rows.step()) found.push_back(row_of(rows));
    return checked(std::move(found));
  }

  Result<std::optional<OpenRow>> unfinished(EventId id) override {
    static const std::string sql = select("e.id = ? AND e.ended IS NULL");
    auto rows = db_.run(sql.c_str());
    rows.with(id);
    std::optional<OpenRow> found;
    if (rows.step()) found = row_of(rows);
    return checked(std::move(found));
  }

  // The rest of an event: what was recorded of it, and whether it is in doubt.
  void fill(ClaimedEvent& event) {
    auto outcomes = db_.run("SELECT address, input, outcome FROM outcome WHERE event = ?");
    outcomes.with(event.stored.id);
    while (outcomes.step()) {
      Recorded recorded;
      recorded.input = outcomes.text(1);
      Result<Outcome> read = decode_outcome(outcomes.text(2));
      recorded.readable = read.has_value();
      if (read) recorded.outcome = std::move(*read);
      event.outcomes.emplace(outcomes.text(0), std::move(recorded));
    }
    auto intents = db_.run("SELECT address, input FROM intent WHERE event = ?");
    intents.with(event.stored.id);
    while (intents.step()) event.intents.push_back({event.stored.id, intents.text(0), intents.text(1)});
    auto newest = db_.run(
        "SELECT connection, event, identity, other_event, other_identity FROM newest_write WHERE account = ? AND key = "
        "?");
    newest.with(event.stored.account, event.stored.key);
    while (newest.step())
      event.newest[newest.text(0)] = {newest.number(1), newest.text(2), newest.number(3), newest.text(4)};
    auto waiting = db_.run("SELECT since FROM waiting WHERE event = ? AND failing = 1");
    waiting.with(event.stored.id);
    if (waiting.step()) event.failing_since = waiting.time(0);
  }

  Result<void> take_over(ClaimedEvent& event) override {
    fill(event);
    db_.run("UPDATE event SET doubt = ?, epoch = ? WHERE id = ?")
        .with(event.delivery == Delivery::unknown, epoch_, event.stored.id)
        .done();
    return checked();
  }

  Result<std::optional<PlanText>> plan_text(const std::string& hash) override {
    return checked(sqlite::plan_in(db_, hash));
  }

  OpenRow row_of(const Run& row) const {
    OpenRow open;
    open.event.stored = sqlite::event_in(row, open.event.unreadable);
    const Epoch epoch = row.number(15);
    open.event.bytes = static_cast<std::size_t>(row.number(16));
    open.event.delivery = unknown_if(row.number(17) != 0 || (epoch != 0 && epoch != epoch_));
    open.fresh = epoch == epoch_ && open.event.stored.reopened_after == 0;
    return open;
  }

 private:
  Result<void> checked() {
    if (db_.error().empty()) return {};
    const int code = db_.code();
    return fail(sqlite::failure(path_, code, db_.take_error()));
  }
  template <class T>
  Result<T> checked(T value) {
    if (Result<void> fine = checked(); !fine) return fail(fine.error());
    return value;
  }

  Database& db_;
  const std::string& path_;
  Epoch epoch_;
};

std::optional<EndingKind> ended_as(const std::string& text) {
  for (const EndingKind kind : {EndingKind::skipped, EndingKind::unchanged, EndingKind::written, EndingKind::parked}) {
    if (text == ending_text(kind)) return kind;
  }
  return std::nullopt;
}

std::vector<ClaimedEvent> load_events(Database& db, Rows& rows, const LoadEvents& query) {
  static const std::string sql =
      std::string("SELECT ") + sqlite::event_columns + columns_tail + ", e.ended FROM event e WHERE e.id = ?";
  std::vector<ClaimedEvent> found;
  for (const EventId id : query.ids) {
    auto row = db.run(sql.c_str());
    row.with(id);
    if (!row.step()) continue;
    ClaimedEvent event = rows.row_of(row).event;
    event.ended = ended_as(row.text(18));
    rows.fill(event);
    found.push_back(std::move(event));
  }
  return found;
}

std::vector<EventRequest> load_requests(Database& db) {
  std::vector<EventRequest> all;
  auto rows =
      db.run("SELECT id, kind, event, as_was, stale, why FROM request WHERE accepted IS NULL ORDER BY id LIMIT 1000");
  while (rows.step()) {
    EventRequest request;
    request.id = rows.number(0);
    request.kind = rows.text(1) == "skip" ? EventRequest::Kind::skip : EventRequest::Kind::retry;
    request.event = rows.number(2);
    request.as_was = rows.number(3) != 0;
    request.stale = rows.number(4) != 0;
    request.why = rows.text(5);
    all.push_back(std::move(request));
  }
  return all;
}

}  // namespace

Result<Reply> SqliteJournal::query(const Query& query) {
  Parts& parts = *parts_;
  Database& db = parts.writer;
  db.take_error();
  Rows rows(db, parts.path, parts.epoch);
  // A claim is durable before anything that it hands out begins.
  const auto claimed = [&](const auto& each) -> Result<Reply> {
    db.execute("BEGIN IMMEDIATE");
    Result<Claimed> made = parts.claims.claim(rows, each);
    if (made) db.execute("COMMIT");
    if (made && db.error().empty()) return Reply(std::move(*made));
    const int code = db.code();
    const std::string reason = db.take_error();
    db.execute("ROLLBACK");
    db.take_error();
    return fail(made ? sqlite::failure(parts.path, code, reason) : made.error());
  };
  const auto read = [&](auto&& reads) -> Result<Reply> {
    auto result = parts.read(db, reads);
    if (!result) return fail(result.error());
    return Reply(std::move(*result));
  };
  return std::visit(
      overloaded{
          [&](const ClaimPipeline& each) { return claimed(each); },
          [&](const ClaimKey& each) { return claimed(each); },
          [&](const ClaimEvent& each) { return claimed(each); },
          [&](const LoadStates& each) { return read([&](Database& from) { return sqlite::states_in(from, each); }); },
          [&](const LoadOpenStates& each) {
            return read([&](Database& from) { return sqlite::open_states_in(from, each); });
          },
          [&](const LoadEvents& each) { return read([&](Database& from) { return load_events(from, rows, each); }); },
          [&](const LoadRequests&) { return read([](Database& from) { return load_requests(from); }); },
      },
      query);
}

}  // namespace pipewright::engine
