// wb.fbo.new and wb.fbo.changed (api.md 11). A poll reads page after page, a thousand rows at a time: what came goes
// out at once, and no page stands in memory as a tree.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/json.hpp"
#include "engine/normalise.hpp"
#include "stdlib/wb/fbo.hpp"
#include "stdlib/wb/schemes.hpp"

namespace pipewright::wb {
namespace {

using std::chrono::hours;

constexpr auto reach_back = hours(2);         // rows show up late, and clocks differ
constexpr auto quiet_reach_back = hours(24);  // without any row the position follows the clock at this distance

/// Where a source is, and where in its poll.
struct Place {
  std::optional<Instant> newest;  ///< up to where everything was read, by the rows' own word
  Instant first;                  ///< what `since` leaves out lies before it
  bool reading = false;           ///< the rest holds while a poll is under way
  Part part = Part::feed;
  Instant began;                ///< by our clock
  Instant own;                  ///< rows that changed before are somebody else's: he asked for them
  Instant start;                ///< as it was asked for
  std::optional<Instant> seen;  ///< the newest row so far
  std::string rest;             ///< of the page that is not read to its end
  std::string snapshot;         ///< of the feed
  int offset = 0;
  std::string orders;  ///< dateFrom of the page, Moscow's wall clock; empty: read to the end
  std::string sales;
  std::string why;  ///< a part failed in this poll: it is read again from where it began
};

Place place_of(const Look& look) {
  const Value cursor = read_cursor(look.cursor);
  Place place;
  place.newest = moment(cursor, "newest");
  place.first = moment(cursor, "first").value_or(Instant{});
  const Value& at = cursor["at"];
  if (at.record() == nullptr) return place;
  place.reading = true;
  const std::string part = at["part"].display();
  place.part = part == "orders" ? Part::orders : part == "sales" ? Part::sales : Part::feed;
  place.began = moment(at, "began").value_or(Instant{});
  place.own = moment(at, "own").value_or(Instant{});
  place.start = moment(at, "start").value_or(place.own);
  place.seen = moment(at, "seen");
  place.rest = at["rest"].display();
  place.snapshot = at["snapshot"].display();
  if (const Decimal* offset = at["offset"].number()) place.offset = static_cast<int>(offset->integer().value_or(0));
  place.orders = at["orders"].display();
  place.sales = at["sales"].display();
  place.why = at["why"].display();
  return place;
}

Value milliseconds_of(Instant instant) { return Value(std::int64_t{instant.time_since_epoch().count()}); }

std::string text_of(const Place& place) {
  Record fields;
  if (place.newest) fields.emplace_back("newest", milliseconds_of(*place.newest));
  fields.emplace_back("first", milliseconds_of(place.first));
  if (place.reading) {
    Record at;
    const auto text = [&](const char* name, const std::string& value) {
      if (!value.empty()) at.emplace_back(name, Value(value));
    };
    text("part", place.part == Part::feed ? "feed" : place.part == Part::orders ? "orders" : "sales");
    at.emplace_back("began", milliseconds_of(place.began));
    at.emplace_back("own", milliseconds_of(place.own));
    at.emplace_back("start", milliseconds_of(place.start));
    if (place.seen) at.emplace_back("seen", milliseconds_of(*place.seen));
    at.emplace_back("offset", Value(place.offset));
    text("rest", place.rest);
    text("snapshot", place.snapshot);
    text("orders", place.orders);
    text("sales", place.sales);
    text("why", place.why);
    fields.emplace_back("at", Value(std::move(at)));
  }
  return engine::write_json(Value(std::move(fields)));
}

std::string wall_clock(Instant instant) { return zoned_text(instant, moscow_zone, "%Y-%m-%dT%H:%M:%S"); }

std::string day_text(Instant instant) { return zoned_text(instant, moscow_zone, "%Y-%m-%d %H:%M"); }

Failure no_rights() {
  Failure failure;
  failure.kind = Failure::Kind::permanent;
  failure.reason = "Wildberries: the token has neither Analytics nor Statistics, and FBO orders stand only there";
  failure.help = "make a token with the category Analytics (order feed) or Statistics";
  return failure;
}

// A poll begins: from where, by which API.
void begin(Account& account, const Look& look, Place& place, bool with_sales, Duration first_reach, Page& page,
           Instant now) {
  const bool fresh = !place.newest;
  if (fresh && (place.first == Instant{} || place.first > now)) place.first = begin_of(look, now, now - first_reach);
  Instant from = fresh ? place.first : *place.newest - reach_back;
  if (!fresh && *place.newest > now + reach_back) {
    page.notice =
        fmt::format("the clock was ahead: what changed since {} Moscow time is read again", day_text(now - reach_back));
    from = now - reach_back;
    place.newest = now;
  }
  place.reading = true;
  place.part = account.token().may(Token::analytics) ? Part::feed : Part::orders;
  if (const Instant earliest = now - feed_reach(account); place.part == Part::feed && from < earliest) {
    page.notice = fmt::format("the order feed goes back 31 days: what changed from {} to {} Moscow time is not read",
                              day_text(from), day_text(earliest));
    from = earliest;
  }
  from = std::chrono::floor<std::chrono::seconds>(from);
  place.began = now;
  place.own = from;
  place.start = shared_start(account, place.part, from, now);
  place.seen.reset();
  place.offset = 0;
  place.snapshot.clear();
  place.rest.clear();
  place.why.clear();
  place.orders = place.part == Part::feed ? std::string() : wall_clock(place.start);
  place.sales = place.part == Part::feed || !with_sales ? std::string() : wall_clock(place.start);
}

// The page that the place stands in: the one that is not read to its end, else the next one that is asked for.
Task<tl::expected<std::shared_ptr<RowPage>, Failure>> page_at(Account& account, Place& place, Calls& calls) {
  if (const auto known = account.unread_rows.find(place.rest); known != account.unread_rows.end())
    co_return known->second;
  PageRequest wanted;
  wanted.part = place.part;
  wanted.start = place.start;
  wanted.from = place.part == Part::sales ? place.sales : place.orders;
  wanted.snapshot = place.snapshot;
  wanted.offset = place.offset;
  auto reading = read_page(account, std::move(wanted), calls);
  auto page = co_await reading;
  if (!page) co_return page;
  if (account.unread_rows.size() >= 8) account.unread_rows.clear();  // of polls that nobody went on with
  place.rest = fmt::format("{}-{}", calls.now().time_since_epoch().count(), ++account.unread_count);
  account.unread_rows[place.rest] = *page;
  co_return page;
}

/// Some rows of a page, in their order.
struct Chunk {
  std::vector<Row> rows;
  std::string last_change;  ///< of the last row, whatever it is
  std::optional<Instant> newest;
  std::optional<std::string> notice;
};

Chunk chunk_of(const RowPage& page, const Place& place, std::size_t room) {
  Chunk chunk;
  const std::size_t end = std::min(page.rows.size(), page.at + std::max<std::size_t>(1, room));
  for (std::size_t i = page.at; i < end; ++i) {
    Result<Value> raw = engine::parse_json(page.rows[i]);
    if (!raw) {  // it costs itself alone
      chunk.notice = fmt::format("a row of FBO orders is malformed and is left out: {}", raw.error().message);
      continue;
    }
    const Value& changed = (*raw)["lastChangeDate"];
    if (changed.text() != nullptr) chunk.last_change = *changed.text();
    auto row = row_of(place.part, std::move(*raw), chunk.notice);
    if (!row) continue;
    if (row->updated) chunk.newest = std::max(chunk.newest.value_or(*row->updated), *row->updated);
    if (row->updated && *row->updated < place.own) continue;
    chunk.rows.push_back(std::move(*row));
  }
  return chunk;
}

// The statistics repeat the last row: a page that comes no further is the last one. What it brought goes out before the
// request that confirms the end, so orders and sales take turns.
void next_page(Place& place, const RowPage& page, const std::string& last_change) {
  place.rest.clear();
  if (place.part == Part::feed) {
    place.snapshot = page.snapshot;
    place.offset += feed_limit;
    const bool last = page.rows.size() < static_cast<std::size_t>(feed_limit) || page.snapshot.empty();
    place.reading = !last;
    return;
  }
  std::string& from = place.part == Part::orders ? place.orders : place.sales;
  from = last_change > from ? last_change : std::string();
  const bool other = place.part == Part::orders ? !place.sales.empty() : !place.orders.empty();
  if (other) place.part = place.part == Part::orders ? Part::sales : Part::orders;
  place.reading = !place.orders.empty() || !place.sales.empty();
}

// All is read, or as much as can be.
void finish(Place& place, Page& page) {
  if (place.why.empty()) {
    const Instant quiet = place.began - quiet_reach_back;
    place.newest = std::max({place.newest.value_or(quiet), place.seen.value_or(quiet), quiet});
  } else {
    page.failure.emplace().reason = place.why;
    // The first poll keeps its place too.
    if (!place.newest) place.newest = place.own + reach_back;
  }
}

// A part that fails does not keep the others back.
bool without_failed_part(Place& place, const Failure& failure) {
  if (failure.kind == Failure::Kind::credentials || place.part == Part::feed) return false;
  const bool other = place.part == Part::orders ? !place.sales.empty() : !place.orders.empty();
  (place.part == Part::orders ? place.orders : place.sales).clear();
  place.why = failure.reason;
  place.rest.clear();
  if (other) place.part = place.part == Part::orders ? Part::sales : Part::orders;
  place.reading = other;
  return true;
}

using States = std::map<std::string, Seen>;
/// What a chunk means to one of the sources.
struct Meaning {
  /// Whether the row will be an event, given what is remembered of its unit.
  bool (*tells)(const Row& row, const Seen* seen);
  /// Its events, and what the source remembers.
  void (*add)(const Account& account, const Look& look, const Place& place, const Chunk& chunk, const States& states,
              Page& page);
};

Task<Page> poll(Account& account, Look look, bool with_sales, Duration first_reach, Meaning meaning, Calls& calls) {
  Page page;
  if (!account.token().may(Token::analytics) && !account.token().may(Token::statistics))
    co_return failed(std::move(page), look, no_rights());
  Place place = place_of(look);
  const bool stuck = place.reading && place.part == Part::feed && !account.unread_rows.contains(place.rest) &&
                     is_out_of_reach(account, place.start, calls.now());
  if (!place.reading || stuck) begin(account, look, place, with_sales, first_reach, page, calls.now());
  auto reading = page_at(account, place, calls);
  const auto read = co_await reading;
  if (!read) {
    const bool other = without_failed_part(place, read.error());
    if (!other) {
      page.failure = read.error();
      // A snapshot is not kept for ever: the next poll begins anew.
      if (read.error().kind == Failure::Kind::permanent) place.reading = false;
    } else if (!place.reading) {
      finish(place, page);
    }
    page.more = other && place.reading;
    page.cursor = text_of(place);
    co_return page;
  }
  RowPage& rows = **read;
  Chunk chunk = chunk_of(rows, place, look.room);
  std::vector<std::string> keys;
  for (const Row& row : chunk.rows) keys.push_back(row.srid);
  const States states = co_await calls.recall(keys);
  std::vector<Value> sized;
  for (const Row& row : chunk.rows) {
    const auto seen = states.find(row.srid);
    if (meaning.tells(row, seen == states.end() ? nullptr : &seen->second)) sized.push_back(row.raw);
  }
  auto enriching = read_cards(account, std::move(sized), page, calls);
  const auto enriched = co_await enriching;
  if (!enriched) {
    page.failure = enriched.error();
    page.cursor = text_of(place);
    co_return page;
  }
  for (const auto& notice : {*enriched, chunk.notice}) {
    if (notice) page.notice = notice;
  }
  meaning.add(account, look, place, chunk, states, page);
  if (chunk.newest) place.seen = std::max(place.seen.value_or(*chunk.newest), *chunk.newest);
  rows.at = std::min(rows.rows.size(), rows.at + std::max<std::size_t>(1, look.room));
  if (rows.ended()) {
    const std::shared_ptr<RowPage> done = *read;
    account.unread_rows.erase(place.rest);
    next_page(place, *done, chunk.last_change);
  }
  if (!place.reading) finish(place, page);
  page.more = place.reading;
  page.cursor = text_of(place);
  co_return page;
}

NewEvent event_of(const Account& account, const Row& row, std::string identity) {
  NewEvent event;
  event.identity = std::move(identity);
  event.key = row.srid;
  event.raw = row.raw;
  event.derived = derived_fields(row, account);
  return event;
}

bool is_new(const Row& row, const Seen* seen) { return seen == nullptr && row.status != "cancel"; }

bool is_changed(const Row& row, const Seen* seen) {
  return seen == nullptr ? row.status != "created" : follows(row, known_row(seen->state));
}

void new_ones(const Account& account, const Look& look, const Place& place, const Chunk& chunk, const States& states,
              Page& page) {
  const bool limited = look.source != nullptr && (look.source->since || look.source->since_time);
  std::set<std::string> here;
  for (const Row& row : chunk.rows) {
    if (states.contains(row.srid) || !here.insert(row.srid).second) continue;
    page.seen.push_back({row.srid, row.status, false, false});
    if (row.status == "cancel") continue;  // when first seen: not new
    if (limited && row.created && *row.created < std::chrono::floor<std::chrono::seconds>(place.first)) continue;
    page.events.push_back(event_of(account, row, row.srid));
  }
}

void changed_ones(const Account& account, const Look& look, const Place&, const Chunk& chunk, const States& states,
                  Page& page) {
  std::map<std::string, KnownRow> known;
  for (const auto& [key, seen] : states) known.emplace(key, known_row(seen.state));
  std::set<std::string> touched;
  for (const Row& row : chunk.rows) {
    const auto before = known.find(row.srid);
    const bool first = before == known.end();
    if (!first && !follows(row, before->second)) continue;
    KnownRow now{row.status, row.updated, first ? 0 : before->second.changes, row.raw};
    if (!first || row.status != "created") {
      ++now.changes;
      NewEvent event = event_of(account, row, fmt::format("{}#{}", row.srid, now.changes));
      if (!first && look.source != nullptr)
        event.before = engine::normalise(before->second.raw, derived_fields(before->second.raw, account),
                                         look.source->record, account.name());
      page.events.push_back(std::move(event));
    }
    known.insert_or_assign(row.srid, std::move(now));
    touched.insert(row.srid);
  }
  for (const std::string& srid : touched) page.seen.push_back({srid, text_of(known.at(srid)), false, false});
}

// ---- still wanted?

using Reasons = std::vector<std::optional<std::string>>;

// What is said of these units since the earliest of them changed. A few pages, and none when the limit is used up: then
// nothing is known.
Task<std::map<std::string, std::string>> statuses_since(Account& account, Instant since, Calls& calls) {
  constexpr int most_pages = 3;
  std::map<std::string, std::string> statuses;
  PageRequest wanted;
  wanted.part = account.token().may(Token::analytics) ? Part::feed : Part::orders;
  wanted.start = std::chrono::floor<std::chrono::seconds>(std::max<Instant>(since, calls.now() - feed_reach(account)));
  wanted.from = wall_clock(wanted.start);
  for (int pages = 0; pages < most_pages; ++pages) {
    auto reading = read_page(account, wanted, calls);
    const auto page = co_await reading;
    if (!page) break;
    std::string last = wanted.from;
    for (const std::string_view text : (*page)->rows) {
      const Result<Value> raw = engine::parse_json(text);
      if (!raw) continue;
      std::optional<std::string> notice;
      last = (*raw)["lastChangeDate"].display();
      if (const auto row = row_of(wanted.part, *raw, notice)) statuses[row->srid] = row->status;
    }
    const bool more = wanted.part == Part::feed ? (*page)->rows.size() >= static_cast<std::size_t>(feed_limit)
                                                : last > wanted.from && (*page)->rows.size() > 1;
    if (!more) break;
    wanted.snapshot = (*page)->snapshot;
    wanted.offset += feed_limit;
    wanted.from = last;
  }
  co_return statuses;
}

Task<Reasons> why_unwanted(Account& account, std::vector<Value> records, Calls& calls) {
  Reasons reasons(records.size());
  std::optional<Instant> since;
  for (const Value& record : records) {
    const Instant* updated = record["updated_at"].time();
    if (updated != nullptr) since = std::min(since.value_or(*updated), *updated);
  }
  if (!since) co_return reasons;
  auto asking = statuses_since(account, *since - std::chrono::minutes(1), calls);
  const std::map<std::string, std::string> statuses = co_await asking;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto found = statuses.find(records[i]["srid"].id_text());
    if (found != statuses.end() && found->second == "cancel" && records[i]["status"].display() != "cancel")
      reasons[i] = "cancelled at Wildberries while the event waited";
  }
  co_return reasons;
}

}  // namespace

engine::SourceNode fbo_new() {
  engine::SourceNode node;
  node.name = "wb.fbo.new";
  node.every = std::chrono::minutes(30);
  node.look = [](Connection& connection, Look look, Calls& calls) {
    return poll(static_cast<Account&>(connection), std::move(look), false, hours(24), {is_new, new_ones}, calls);
  };
  node.still_wanted = [](Connection& connection, std::vector<Value> records, Calls& calls) {
    return why_unwanted(static_cast<Account&>(connection), std::move(records), calls);
  };
  return node;
}

engine::SourceNode fbo_changed() {
  engine::SourceNode node;
  node.name = "wb.fbo.changed";
  node.every = std::chrono::minutes(30);
  node.look = [](Connection& connection, Look look, Calls& calls) {
    return poll(static_cast<Account&>(connection), std::move(look), true, hours(24 * 7), {is_changed, changed_ones},
                calls);
  };
  return node;
}

}  // namespace pipewright::wb
