// wb.fbs.new and wb.fbs.changed (api.md 7.2, 16).
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/clamp.hpp"
#include "stdlib/wb/schemes.hpp"

namespace pipewright::wb {
namespace {

using engine::Calls;
using engine::Connection;
using engine::List;
using engine::Look;
using engine::NewEvent;
using engine::Page;
using engine::Record;
using engine::Seen;
using engine::Task;
using std::chrono::hours;
using std::chrono::minutes;

constexpr auto overlap = minutes(10);     // creation times are whole seconds, and rows may show up a little late
constexpr auto wide_overlap = hours(24);  // once an hour: what showed up very late

void sort_by_creation(std::vector<Value>& tasks) {
  std::stable_sort(tasks.begin(), tasks.end(),
                   [](const Value& a, const Value& b) { return created_at(a, Instant{}) < created_at(b, Instant{}); });
}

/// Where in /orders a look is: windows of thirty days, each a row of pages.
struct Sweep {
  Instant from;   ///< the window's beginning
  Instant until;  ///< the moment at which the sweep began
  std::string next = "0";
  bool over = false;
  std::vector<Value> tasks;  ///< not seen before
  std::optional<Failure> failure;
};

// From where it stands until now, or until there are `room` tasks.
Task<Sweep> go_on(Account& account, Sweep sweep, std::size_t room, std::set<std::string> taken, Calls& calls) {
  std::set<std::string> visited;
  sweep.over = sweep.from >= sweep.until;
  while (!sweep.over && sweep.tasks.size() < room) {
    const Instant to = std::min<Instant>(sweep.from + longest_period, sweep.until + minutes(1));
    visited.insert(sweep.next);
    auto asking = list_tasks(account, scheme::fbs, sweep.from, to, visited, sweep.next, calls);
    const auto listed = co_await asking;
    if (!listed) {
      sweep.failure = listed.error();
      co_return sweep;
    }
    std::vector<std::string> ids;
    for (const Value& task : listed->tasks) ids.push_back(id_of(task));
    const std::map<std::string, Seen> seen = co_await calls.recall(ids);
    for (const Value& task : listed->tasks) {
      const std::string id = id_of(task);
      if (!id.empty() && !seen.contains(id) && taken.insert(id).second) sweep.tasks.push_back(task);
    }
    sweep.next = listed->next.empty() ? "0" : listed->next;
    if (!listed->next.empty()) continue;
    visited.clear();
    sweep.from = to;
    sweep.over = sweep.from >= sweep.until;
  }
  co_return sweep;
}

// ---- wb.fbs.new
// ----------------------------------------------------------------------------------------------------------------------

std::int64_t milliseconds_of(Instant instant) { return instant.time_since_epoch().count(); }

// A long list is handed over by the page: first what /orders/new holds, then the sweep; the cursor says how far.
Task<Page> look_new(Connection& connection, Look look, Calls& calls) {
  auto& account = static_cast<Account&>(connection);
  const Value cursor = read_cursor(look.cursor);
  const Instant now = calls.now();
  const std::size_t room = std::max<std::size_t>(1, look.room);
  Page page;

  // The sweep begins at the pipeline's first look: what was confirmed before it is not new.
  const Instant first = moment(cursor, "first").value_or(begin_of(look, now, now));
  const Instant last = moment(cursor, "last").value_or(first);
  Instant wide = moment(cursor, "wide").value_or(now);
  std::string position = fmt::format("\"first\":{},\"last\":{}", milliseconds_of(first), milliseconds_of(last));

  Sweep sweep;
  Fresh fresh;
  if (const auto from = moment(cursor, "from")) {
    sweep.from = *from;
    sweep.until = moment(cursor, "until").value_or(now);
    sweep.next = cursor["next"].is_null() ? "0" : cursor["next"].id_text();
  } else {
    auto reading = read_fresh(account, scheme::fbs, cursor["rest"].display(), room, calls);
    fresh = co_await reading;
    if (fresh.failure) co_return failed(std::move(page), look, *fresh.failure);
    page.notice = fresh.notice;
    const bool widely = now - wide >= hours(1);
    if (widely && fresh.rest.empty()) wide = now;
    sweep.from = std::max<Instant>(std::chrono::floor<std::chrono::seconds>(first),
                                   last - (widely ? Duration(wide_overlap) : Duration(overlap)));
    sweep.until = now;
  }
  std::set<std::string> taken;
  for (const Value& task : fresh.tasks) taken.insert(id_of(task));
  if (fresh.rest.empty()) {
    auto sweeping = go_on(account, std::move(sweep), room, taken, calls);
    sweep = co_await sweeping;
    if (sweep.failure) co_return failed(Page(), look, *sweep.failure);
  }

  std::vector<std::string> unasked;
  for (const Value& task : sweep.tasks) unasked.push_back(id_of(task));
  Statuses statuses;
  if (!unasked.empty()) {
    auto asking = statuses_of(account, scheme::fbs, unasked, calls);
    auto asked = co_await asking;
    if (!asked) co_return failed(Page(), look, asked.error());
    statuses = std::move(*asked);
  }
  std::vector<Value> unseen = std::move(fresh.tasks);
  unseen.insert(unseen.end(), sweep.tasks.begin(), sweep.tasks.end());
  sort_by_creation(unseen);
  for (const Value& task : unseen) {
    const std::string id = id_of(task);
    Known known;
    known.raw = task;
    known.status = {"new", "waiting", true};
    if (const auto found = statuses.find(id); found != statuses.end()) known.status = found->second;
    page.seen.push_back({id, "", false, false});
    // Found by the sweep and cancelled by now: there is no order to make any more.
    if (is_cancelled(known.status.supplier, known.status.wb)) continue;
    page.events.push_back(event_of(scheme::fbs, known, id, id));
  }
  page.more = true;
  if (!fresh.rest.empty()) {
    position += fmt::format(",\"rest\":\"{}\"", fresh.rest);
  } else if (!sweep.over) {
    position += fmt::format(",\"from\":{},\"next\":\"{}\",\"until\":{}", milliseconds_of(sweep.from), sweep.next,
                            milliseconds_of(sweep.until));
  } else {
    position = fmt::format("\"first\":{},\"last\":{}", milliseconds_of(first), milliseconds_of(sweep.until));
    page.more = false;
  }
  page.cursor = fmt::format("{{{},\"wide\":{}}}", position, milliseconds_of(wide));
  co_return page;
}

// ---- wb.fbs.changed
// --------------------------------------------------------------------------------------------------------------------
// One look is a row of pages: first the tasks created since the last look are noted (`list`), then the statuses of all
// open ones are asked, a thousand at a time (`scan`).

Task<Page> list_page(Account& account, Look look, Value cursor, Calls& calls) {
  const Instant now = calls.now();
  Page page;
  const auto last = moment(cursor, "last");
  const Instant from =
      moment(cursor, "from").value_or(last ? *last - overlap : begin_of(look, now, now - hours(24 * 7)));
  const Instant to = std::min<Instant>(from + longest_period, now + minutes(1));
  const std::string next = cursor["next"].is_null() ? "0" : cursor["next"].id_text();
  auto asking = list_tasks(account, scheme::fbs, from, to, std::set<std::string>(), next, calls);
  const auto listed = co_await asking;
  if (!listed) co_return failed(std::move(page), look, listed.error());
  auto noting = note_unknown(listed->tasks, calls);
  page.seen = co_await noting;
  const std::int64_t started = moment(cursor, "started").value_or(now).time_since_epoch().count();
  page.more = true;
  if (!listed->next.empty()) {
    page.cursor = fmt::format("{{\"phase\":\"list\",\"from\":{},\"next\":\"{}\",\"started\":{},\"last\":{}}}",
                              from.time_since_epoch().count(), listed->next, started,
                              last.value_or(from).time_since_epoch().count());
  } else if (to < now) {
    page.cursor = fmt::format("{{\"phase\":\"list\",\"from\":{},\"started\":{},\"last\":{}}}",
                              to.time_since_epoch().count(), started, last.value_or(from).time_since_epoch().count());
  } else {
    page.cursor = scan_cursor("", started);
  }
  co_return page;
}

Task<Page> look_changed(Connection& connection, Look look, Calls& calls) {
  auto& account = static_cast<Account&>(connection);
  const Value cursor = read_cursor(look.cursor);
  if (cursor["phase"].display() == "scan") {
    auto scanning = scan_page(account, scheme::fbs, look, cursor, calls);
    co_return co_await scanning;
  }
  auto listing = list_page(account, look, cursor, calls);
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
  node.look = engine::clamped(look_changed, {"last", "from", "started"});
  return node;
}

}  // namespace pipewright::wb
