// wb.fbs.new and wb.fbs.changed (api.md 7.2, 16).
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/json.hpp"
#include "engine/normalise.hpp"
#include "stdlib/wb/tasks.hpp"

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

constexpr int page_size = 1000;
constexpr auto longest_period = hours(24 * 30);  // of one call of /orders
constexpr auto overlap = minutes(10);            // creation times are whole seconds, and rows may show up a little late
constexpr auto wide_overlap = hours(24);         // once an hour: what showed up very late
constexpr auto forget_after = hours(24 * 60);

Page failed(Page page, const Look& look, Failure failure) {
  page.cursor = look.cursor;
  page.failure = std::move(failure);
  return page;
}

std::string orders_path(Instant from, Instant to, const std::string& next) {
  return fmt::format("/api/v3/orders?limit={}&next={}&dateFrom={}&dateTo={}", page_size, next, unix_seconds(from),
                     unix_seconds(to));
}

NewEvent event_of(const Known& known, const std::string& id, const std::string& identity) {
  NewEvent event;
  event.identity = identity;
  event.key = id;
  event.raw = known.raw;
  event.derived = derived_fields(known, true);
  return event;
}

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
    Request request = account.get(group::fbs, orders_path(sweep.from, to, sweep.next));
    const CallResult answer = co_await calls.send(std::move(request));
    const auto json = json_of(answer);
    const auto tasks = json ? orders_of(*json) : tl::unexpected<Failure>(json.error());
    if (!tasks) {
      sweep.failure = tasks.error();
      co_return sweep;
    }
    std::vector<std::string> ids;
    for (const Value& task : *tasks) ids.push_back(id_of(task));
    const std::map<std::string, Seen> seen = co_await calls.recall(ids);
    for (const Value& task : *tasks) {
      const std::string id = id_of(task);
      if (!id.empty() && !seen.contains(id) && taken.insert(id).second) sweep.tasks.push_back(task);
    }
    const std::string following = (*json)["next"].id_text();
    // `next` that repeats, an empty or a short page: the end.
    const bool more =
        tasks->size() >= page_size && !following.empty() && following != "0" && !visited.contains(following);
    sweep.next = more ? following : "0";
    if (more) continue;
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
  Instant first = now;
  if (look.source != nullptr && look.source->since) first = now - *look.source->since;
  if (look.source != nullptr && look.source->since_time) first = *look.source->since_time;
  first = moment(cursor, "first").value_or(first);
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
    auto reading = read_fresh(account, group::fbs, "/api/v3/orders/new", cursor["rest"].display(), room, calls);
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
    auto asking = fbs_statuses(account, unasked, calls);
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
    page.events.push_back(event_of(known, id, id));
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

Task<std::optional<std::string>> still_wanted(Connection& connection, Value record, Calls& calls) {
  auto& account = static_cast<Account&>(connection);
  const std::string id = record["id"].id_text();
  std::vector<std::string> ids(1, id);
  auto asking = fbs_statuses(account, ids, calls);
  const auto statuses = co_await asking;
  if (!statuses) co_return std::nullopt;
  const auto found = statuses->find(id);
  if (found == statuses->end() || !is_cancelled(found->second.supplier, found->second.wb)) co_return std::nullopt;
  co_return fmt::format("cancelled at Wildberries while the event waited ({}, {})", found->second.supplier,
                        found->second.wb);
}

// ---- wb.fbs.changed
// --------------------------------------------------------------------------------------------------------------------
// One look is a row of pages: first the tasks created since the last look are noted (`list`), then the statuses of all
// open ones are asked, a thousand at a time (`scan`).

Task<Page> list_page(Account& account, Look look, Value cursor, Calls& calls) {
  const Instant now = calls.now();
  Page page;
  Instant begin = now - hours(24 * 7);
  if (look.source != nullptr && look.source->since) begin = now - *look.source->since;
  if (look.source != nullptr && look.source->since_time) begin = *look.source->since_time;
  const auto last = moment(cursor, "last");
  const Instant from = moment(cursor, "from").value_or(last ? *last - overlap : begin);
  const Instant to = std::min<Instant>(from + longest_period, now + minutes(1));
  const std::string next = cursor["next"].is_null() ? "0" : cursor["next"].id_text();
  Request request = account.get(group::fbs, orders_path(from, to, next));
  const CallResult answer = co_await calls.send(std::move(request));
  const auto json = json_of(answer);
  if (!json) co_return failed(std::move(page), look, json.error());
  const auto listed = orders_of(*json);
  if (!listed) co_return failed(std::move(page), look, listed.error());
  const std::vector<Value>& tasks = *listed;
  std::vector<std::string> ids;
  for (const Value& task : tasks) ids.push_back(id_of(task));
  const std::map<std::string, Seen> seen = co_await calls.recall(ids);
  for (const Value& task : tasks) {
    const std::string id = id_of(task);
    if (id.empty() || seen.contains(id)) continue;
    Known known;
    known.raw = task;
    page.seen.push_back({id, text_of(known), true, false});
  }
  const std::string following = (*json)["next"].id_text();
  const bool more_here = tasks.size() >= page_size && following != next && !following.empty() && following != "0";
  const std::int64_t started = moment(cursor, "started").value_or(now).time_since_epoch().count();
  page.more = true;
  if (more_here) {
    page.cursor = fmt::format("{{\"phase\":\"list\",\"from\":{},\"next\":\"{}\",\"started\":{},\"last\":{}}}",
                              from.time_since_epoch().count(), following, started,
                              last.value_or(from).time_since_epoch().count());
  } else if (to < now) {
    page.cursor = fmt::format("{{\"phase\":\"list\",\"from\":{},\"started\":{},\"last\":{}}}",
                              to.time_since_epoch().count(), started, last.value_or(from).time_since_epoch().count());
  } else {
    page.cursor = fmt::format("{{\"phase\":\"scan\",\"after\":\"\",\"last\":{}}}", started);
  }
  co_return page;
}

Task<Page> scan_page(Account& account, Look look, Value cursor, Calls& calls) {
  Page page;
  const std::string after = cursor["after"].display();
  const std::vector<Seen> open = co_await calls.recall_open(after, page_size);
  std::vector<std::string> ids;
  for (const Seen& each : open) ids.push_back(each.key);
  Statuses statuses;
  if (!ids.empty()) {
    auto asking = fbs_statuses(account, ids, calls);
    auto asked = co_await asking;
    if (!asked) co_return failed(std::move(page), look, asked.error());
    statuses = std::move(*asked);
  }
  for (const Seen& each : open) {
    const auto found = statuses.find(each.key);
    Known known = known_of(each.state);
    const bool old = calls.now() - created_at(known.raw, calls.now()) > forget_after;
    if (found == statuses.end()) {
      if (old) page.seen.push_back({each.key, each.state, false, false});
      continue;
    }
    const Status& status = found->second;
    const bool fresh = !known.seen_status;
    const bool initial = status.supplier == "new" && status.wb == "waiting";
    const bool changed = fresh ? !initial : !(known.status == status);
    const bool open_still = !is_final(status.supplier, status.wb) && !old;
    if (!changed && !fresh && open_still) continue;
    Known now_known = known;
    now_known.status = status;
    now_known.seen_status = true;
    if (changed) {
      ++now_known.changes;
      NewEvent event = event_of(now_known, each.key, fmt::format("{}#{}", each.key, now_known.changes));
      if (!fresh && look.source != nullptr)
        event.before = engine::normalise(known.raw, derived_fields(known, true), look.source->record, account.name());
      page.events.push_back(std::move(event));
    }
    page.seen.push_back({each.key, text_of(now_known), open_still, false});
  }
  const std::int64_t last = moment(cursor, "last").value_or(calls.now()).time_since_epoch().count();
  page.more = open.size() >= page_size;
  page.cursor = page.more ? fmt::format("{{\"phase\":\"scan\",\"after\":\"{}\",\"last\":{}}}", open.back().key, last)
                          : fmt::format("{{\"last\":{}}}", last);
  co_return page;
}

Task<Page> look_changed(Connection& connection, Look look, Calls& calls) {
  auto& account = static_cast<Account&>(connection);
  const Value cursor = read_cursor(look.cursor);
  if (cursor["phase"].display() == "scan") {
    auto scanning = scan_page(account, look, cursor, calls);
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
  node.look = look_new;
  node.still_wanted = still_wanted;
  return node;
}

engine::SourceNode fbs_changed() {
  engine::SourceNode node;
  node.name = "wb.fbs.changed";
  node.every = std::chrono::seconds(60);
  node.look = look_changed;
  return node;
}

}  // namespace pipewright::wb
