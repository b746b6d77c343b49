// wb.fbs.new and wb.fbs.changed (api.md 7.2, 16).
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/clamp.hpp"
#include "engine/json.hpp"
#include "stdlib/wb/schemes.hpp"

namespace pipewright::wb {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr auto overlap = hours(2);        // creation times are whole seconds, and rows show up up to an hour late
constexpr auto wide_overlap = hours(24);  // of `new` once an hour, of `changed` always: what showed up very late

/// Where in /orders a poll is: windows of thirty days, each a row of pages.
struct FullScan {
  Instant from;   ///< the window's beginning
  Instant until;  ///< the moment at which the scan began
  std::string next = "0";
  bool over = false;
  std::vector<Value> tasks;  ///< not seen before
  std::optional<Failure> failure;
};

// From where it stands until now, or until there are `room` tasks.
Task<FullScan> go_on(Account& account, FullScan scan, std::size_t room, std::set<std::string> taken, Calls& calls) {
  std::set<std::string> visited;
  scan.over = scan.from >= scan.until;
  while (!scan.over && scan.tasks.size() < room) {
    const Instant to = std::min<Instant>(scan.from + longest_period, scan.until + minutes(1));
    visited.insert(scan.next);
    auto asking = list_tasks(account, scheme::fbs, scan.from, to, visited, scan.next, calls);
    const auto listed = co_await asking;
    if (!listed) {
      scan.failure = listed.error();
      co_return scan;
    }
    std::vector<std::string> ids;
    for (const Value& task : listed->tasks) ids.push_back(id_of(task));
    const std::map<std::string, Seen> seen = co_await calls.recall(ids);
    for (const Value& task : listed->tasks) {
      const std::string id = id_of(task);
      if (!id.empty() && !seen.contains(id) && taken.insert(id).second) scan.tasks.push_back(task);
    }
    scan.next = listed->next.empty() ? "0" : listed->next;
    if (!listed->next.empty()) continue;
    visited.clear();
    scan.from = to;
    scan.over = scan.from >= scan.until;
  }
  co_return scan;
}

// ---- wb.fbs.new
// ----------------------------------------------------------------------------------------------------------------------

std::int64_t milliseconds_of(Instant instant) { return instant.time_since_epoch().count(); }

/// Where `new` is. The full scan begins at the pipeline's first poll: what was confirmed before it is not new.
struct Place {
  Instant first;                 ///< of the first poll, or what `since` says
  Instant last;                  ///< up to where it was scanned
  Instant wide;                  ///< when it was last scanned far back
  std::string rest;              ///< of a long response of /orders/new: where to go on
  std::optional<Instant> from;   ///< of a scan that was not over: where it stands …
  std::optional<Instant> until;  ///< … and how far it goes
  std::string next = "0";
};

Place place_of(const Look& look, Instant now) {
  const Value cursor = read_cursor(look.cursor);
  Place place;
  place.first = moment(cursor, "first").value_or(begin_of(look, now, now));
  if (moment(cursor, "first") && place.first >= now) place.first = now - overlap;  // of a clock that was ahead
  place.last = moment(cursor, "last").value_or(place.first);
  place.wide = moment(cursor, "wide").value_or(now);
  place.rest = cursor["rest"].display();
  place.from = moment(cursor, "from");
  place.until = moment(cursor, "until");
  if (!cursor["next"].is_null()) place.next = cursor["next"].id_text();
  return place;
}

std::string text_of(const Place& place) {
  Record fields;
  const auto add = [&](const char* name, Instant at) { fields.emplace_back(name, Value(milliseconds_of(at))); };
  add("first", place.first);
  add("last", place.last);
  add("wide", place.wide);
  if (!place.rest.empty()) fields.emplace_back("rest", Value(place.rest));
  if (place.from && place.until) {
    add("from", *place.from);
    add("until", *place.until);
    fields.emplace_back("next", Value(place.next));
  }
  return engine::write_json(Value(std::move(fields)));
}

FullScan begin_full_scan(Place& place, Instant now) {
  FullScan scan;
  if (place.from) {
    scan.from = *place.from;
    scan.until = place.until.value_or(now);
    scan.next = place.next;
    return scan;
  }
  const bool widely = now - place.wide >= hours(1);
  if (widely) place.wide = now;
  scan.from = std::max<Instant>(std::chrono::floor<std::chrono::seconds>(place.first),
                                place.last - (widely ? Duration(wide_overlap) : Duration(overlap)));
  scan.until = now;
  return scan;
}

// What the full scan has found, with how it stands: of each an event, unless it was cancelled meanwhile.
Task<std::optional<Failure>> add_scanned(Account& account, std::vector<Value> tasks, Page& page, Calls& calls) {
  if (tasks.empty()) co_return std::nullopt;
  std::vector<std::string> ids;
  for (const Value& task : tasks) ids.push_back(id_of(task));
  auto asking = statuses_of(account, scheme::fbs, ids, calls);
  const auto statuses = co_await asking;
  if (!statuses) co_return statuses.error();
  for (const Value& task : tasks) {
    const std::string id = id_of(task);
    Known known;
    known.raw = task;
    known.status = {"new", "waiting", true};
    if (const auto found = statuses->find(id); found != statuses->end()) known.status = found->second;
    page.seen.push_back({id, "", false, false});
    // There is no order to make any more.
    if (is_cancelled(known.status.supplier, known.status.wb)) continue;
    page.events.push_back(event_of(scheme::fbs, known, id, id));
  }
  co_return std::nullopt;
}

void sort_events(std::vector<NewEvent>& events) {
  std::stable_sort(events.begin(), events.end(), [](const NewEvent& a, const NewEvent& b) {
    return created_at(a.raw, Instant{}) < created_at(b.raw, Instant{});
  });
}

// A long list is handed over by the page: first what /orders/new holds, then the full scan; the cursor says how far.
// What the first one brought goes out also while the second fails.
Task<Page> look_new(Connection& connection, Look look, Calls& calls) {
  auto& account = static_cast<Account&>(connection);
  const Instant now = calls.now();
  const std::size_t room = std::max<std::size_t>(1, look.room);
  Place place = place_of(look, now);
  const Place began = place;
  Page page;
  std::set<std::string> taken;
  if (!place.from) {
    auto reading = read_fresh(account, scheme::fbs, place.rest, room, calls);
    const Fresh fresh = co_await reading;
    if (fresh.failure) co_return failed(std::move(page), look, *fresh.failure);
    page.notice = fresh.notice;
    place.rest = fresh.rest;
    for (const Value& task : fresh.tasks) {
      const std::string id = id_of(task);
      taken.insert(id);
      page.seen.push_back({id, "", false, false});
      if (is_before_since(look, task, place.first)) continue;
      Known known;
      known.raw = task;
      known.status = {"new", "waiting", true};
      page.events.push_back(event_of(scheme::fbs, known, id, id));
    }
  }
  if (!place.rest.empty()) {
    page.more = true;
    sort_events(page.events);
    page.cursor = text_of(place);
    co_return page;
  }
  auto scanning = go_on(account, begin_full_scan(place, now), room, taken, calls);
  FullScan scan = co_await scanning;
  std::optional<Failure> failure = scan.failure;
  if (!failure) {
    auto adding = add_scanned(account, std::move(scan.tasks), page, calls);
    failure = co_await adding;
  }
  sort_events(page.events);
  if (failure) {  // scanned again from where it began
    place = began;
    place.rest.clear();
    page.failure = std::move(failure);
  } else if (scan.over) {
    place.last = scan.until;
    place.from.reset();
    place.until.reset();
  } else {
    place.from = scan.from;
    place.until = scan.until;
    place.next = scan.next;
    page.more = true;
  }
  page.cursor = text_of(place);
  co_return page;
}

// ---- wb.fbs.changed
// --------------------------------------------------------------------------------------------------------------------

Task<Page> look_changed(Connection& connection, Look look, Calls& calls) {
  auto& account = static_cast<Account&>(connection);
  Position position = position_of(look, calls.now());
  if (position.phase == "scan") {
    auto scanning = scan_page(account, scheme::fbs, look, position, calls);
    co_return co_await scanning;
  }
  if (position.phase.empty()) {
    position.phase = "list";
    position.from = std::max<Instant>(position.first, position.last - wide_overlap);
  }
  auto listing = list_page(account, scheme::fbs, position, calls);
  co_return co_await listing;
}

}  // namespace

engine::SourceNode fbs_new() {
  engine::SourceNode node;
  node.name = "wb.fbs.new";
  node.every = std::chrono::seconds(30);
  node.look = engine::clamped(look_new, {"first", "last", "wide", "from", "until"});
  node.still_wanted = still_wanted(scheme::fbs);
  return node;
}

engine::SourceNode fbs_changed() {
  engine::SourceNode node;
  node.name = "wb.fbs.changed";
  node.every = std::chrono::seconds(60);
  node.look = engine::clamped(look_changed, moments_of_position);
  return node;
}

}  // namespace pipewright::wb
