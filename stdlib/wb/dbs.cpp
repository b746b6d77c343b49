// wb.dbs.new and wb.dbs.changed (api.md 8). A task is stored whole the moment it is seen new: it cannot be read again
// until it ends.
#include <fmt/format.h>

#include <algorithm>

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
constexpr auto longest_period = hours(24 * 30);
constexpr auto forget_after = hours(24 * 60);
constexpr auto finished_overlap = hours(24);

Page failed(Page page, const Look& look, Failure failure) {
  page.cursor = look.cursor;
  page.failure = std::move(failure);
  return page;
}

NewEvent event_of(const Known& known, const std::string& id, const std::string& identity) {
  NewEvent event;
  event.identity = identity;
  event.key = id;
  event.raw = known.raw;
  event.derived = derived_fields(known, false);
  return event;
}

Task<Page> look_new(Connection& connection, Look look, Calls& calls) {
  auto& account = static_cast<Account&>(connection);
  Page page;
  auto reading = read_fresh(account, group::dbs, "/api/v3/dbs/orders/new", read_cursor(look.cursor)["rest"].display(),
                            look.room, calls);
  const Fresh fresh = co_await reading;
  if (fresh.failure) co_return failed(std::move(page), look, *fresh.failure);
  page.notice = fresh.notice;
  for (const Value& task : fresh.tasks) {
    const std::string id = id_of(task);
    Known known;
    known.raw = task;
    known.status = {"new", "waiting", std::nullopt};
    page.seen.push_back({id, "", false, false});
    page.events.push_back(event_of(known, id, id));
  }
  page.more = !fresh.rest.empty();
  page.cursor = page.more ? fmt::format("{{\"rest\":\"{}\"}}", fresh.rest) : "{}";
  co_return page;
}

Task<std::optional<std::string>> still_wanted(Connection& connection, Value record, Calls& calls) {
  auto& account = static_cast<Account&>(connection);
  const std::string id = record["id"].id_text();
  std::vector<std::string> ids(1, id);
  auto asking = dbs_statuses(account, ids, calls);
  const auto statuses = co_await asking;
  if (!statuses) co_return std::nullopt;
  const auto found = statuses->find(id);
  if (found == statuses->end() || !is_cancelled(found->second.supplier, found->second.wb)) co_return std::nullopt;
  co_return fmt::format("cancelled at Wildberries while the event waited ({}, {})", found->second.supplier,
                        found->second.wb);
}

// ---- wb.dbs.changed: new ones are noted, finished ones that were never seen too, then the open ones are asked
// ------------------------------

void note_unknown(const std::vector<Value>& tasks, const std::map<std::string, Seen>& seen, Page& page) {
  for (const Value& task : tasks) {
    const std::string id = id_of(task);
    if (id.empty() || seen.contains(id)) continue;
    Known known;
    known.raw = task;
    page.seen.push_back({id, text_of(known), true, false});
  }
}

Task<Page> new_page(Account& account, Look look, Value cursor, Calls& calls) {
  Page page;
  Request request = account.get(group::dbs, "/api/v3/dbs/orders/new");
  const CallResult answer = co_await calls.send(std::move(request));
  const auto json = json_of(answer);
  if (!json) co_return failed(std::move(page), look, json.error());
  const auto listed = orders_of(*json);
  if (!listed) co_return failed(std::move(page), look, listed.error());
  const std::vector<Value>& tasks = *listed;
  std::vector<std::string> ids;
  for (const Value& task : tasks) ids.push_back(id_of(task));
  const std::map<std::string, Seen> seen = co_await calls.recall(ids);
  note_unknown(tasks, seen, page);
  const auto last = moment(cursor, "last");
  Instant begin = calls.now() - hours(24 * 7);
  if (look.source != nullptr && look.source->since) begin = calls.now() - *look.source->since;
  if (look.source != nullptr && look.source->since_time) begin = *look.source->since_time;
  const Instant from = last ? *last - finished_overlap : begin;
  page.more = true;
  page.cursor = fmt::format("{{\"phase\":\"finished\",\"from\":{},\"next\":\"0\",\"last\":{}}}",
                            from.time_since_epoch().count(), calls.now().time_since_epoch().count());
  co_return page;
}

Task<Page> finished_page(Account& account, Look look, Value cursor, Calls& calls) {
  Page page;
  const Instant from = moment(cursor, "from").value_or(calls.now() - hours(24 * 7));
  const Instant now = moment(cursor, "last").value_or(calls.now());
  const Instant to = std::min<Instant>(from + longest_period, now + minutes(1));
  const std::string next = cursor["next"].is_null() ? "0" : cursor["next"].id_text();
  Request request = account.get(group::dbs, fmt::format("/api/v3/dbs/orders?limit={}&next={}&dateFrom={}&dateTo={}",
                                                        page_size, next, unix_seconds(from), unix_seconds(to)));
  const CallResult answer = co_await calls.send(std::move(request));
  const auto json = json_of(answer);
  if (!json) co_return failed(std::move(page), look, json.error());
  const auto listed = orders_of(*json);
  if (!listed) co_return failed(std::move(page), look, listed.error());
  const std::vector<Value>& tasks = *listed;
  std::vector<std::string> ids;
  for (const Value& task : tasks) ids.push_back(id_of(task));
  const std::map<std::string, Seen> seen = co_await calls.recall(ids);
  note_unknown(tasks, seen, page);
  const std::string following = (*json)["next"].id_text();
  const bool more_here = tasks.size() >= page_size && following != next && !following.empty() && following != "0";
  page.more = true;
  const std::int64_t last = now.time_since_epoch().count();
  if (more_here)
    page.cursor = fmt::format("{{\"phase\":\"finished\",\"from\":{},\"next\":\"{}\",\"last\":{}}}",
                              from.time_since_epoch().count(), following, last);
  else if (to < now)
    page.cursor = fmt::format("{{\"phase\":\"finished\",\"from\":{},\"next\":\"0\",\"last\":{}}}",
                              to.time_since_epoch().count(), last);
  else
    page.cursor = fmt::format("{{\"phase\":\"scan\",\"after\":\"\",\"last\":{}}}", last);
  co_return page;
}

using Contacts = std::map<std::string, Value>;

Task<tl::expected<Contacts, Failure>> contacts(Account& account, std::vector<std::string> ids, Calls& calls) {
  Contacts found;
  constexpr std::size_t most = 1000;
  for (std::size_t from = 0; from < ids.size(); from += most) {
    const std::vector<std::string> part(ids.begin() + static_cast<std::ptrdiff_t>(from),
                                        ids.begin() + static_cast<std::ptrdiff_t>(std::min(ids.size(), from + most)));
    Record body;
    body.emplace_back("orders", id_list(part));
    Request request = account.send("POST", group::dbs, "/api/v3/dbs/orders/client", Value(std::move(body)));
    const CallResult answer = co_await calls.send(std::move(request));
    const auto json = json_of(answer);
    if (!json) co_return tl::unexpected<Failure>(json.error());
    const auto entries = orders_of(*json);
    if (!entries) co_return tl::unexpected<Failure>(entries.error());
    for (const Value& entry : *entries) found[entry["orderID"].id_text()] = entry;
  }
  co_return found;
}

// The buyer is there from `confirm` on; a phone may come later than the name.
bool ask_for_buyer(const Known& known, const Status& status) {
  if (status.supplier == "new" || is_final(status.supplier, status.wb)) return false;
  const Value buyer = buyer_record(known.buyer, known.raw["orderUid"]);
  return buyer.is_null() || buyer["phone"].is_null();
}

Task<Page> scan_page(Account& account, Look look, Value cursor, Calls& calls) {
  Page page;
  const std::vector<Seen> open = co_await calls.recall_open(cursor["after"].display(), page_size);
  std::vector<std::string> ids;
  for (const Seen& each : open) ids.push_back(each.key);
  Statuses statuses;
  Contacts buyers;
  if (!ids.empty()) {
    auto asking = dbs_statuses(account, ids, calls);
    auto asked = co_await asking;
    if (!asked) co_return failed(std::move(page), look, asked.error());
    statuses = std::move(*asked);
    std::vector<std::string> without_buyer;
    for (const Seen& each : open) {
      const auto found = statuses.find(each.key);
      if (found != statuses.end() && ask_for_buyer(known_of(each.state), found->second))
        without_buyer.push_back(each.key);
    }
    if (!without_buyer.empty()) {
      auto reading = contacts(account, without_buyer, calls);
      auto read = co_await reading;
      if (!read) co_return failed(std::move(page), look, read.error());
      buyers = std::move(*read);
    }
  }
  for (const Seen& each : open) {
    const auto found = statuses.find(each.key);
    Known known = known_of(each.state);
    const bool old = calls.now() - created_at(known.raw, calls.now()) > forget_after;
    if (found == statuses.end()) {
      if (old) page.seen.push_back({each.key, each.state, false, false});
      continue;
    }
    Known now_known = known;
    now_known.status = found->second;
    now_known.seen_status = true;
    if (const auto buyer = buyers.find(each.key); buyer != buyers.end()) now_known.buyer = buyer->second;
    const Status& status = now_known.status;
    const bool fresh = !known.seen_status;
    const bool initial = status.supplier == "new" && status.wb == "waiting";
    const bool buyer_changed =
        !(buyer_record(known.buyer, known.raw["orderUid"]) == buyer_record(now_known.buyer, known.raw["orderUid"]));
    const bool changed = (fresh ? !initial : !(known.status == status)) || buyer_changed;
    const bool open_still = !is_final(status.supplier, status.wb) && !old;
    if (!changed && !fresh && open_still) continue;
    if (changed) {
      ++now_known.changes;
      NewEvent event = event_of(now_known, each.key, fmt::format("{}#{}", each.key, now_known.changes));
      if (!fresh && look.source != nullptr)
        event.before = engine::normalise(known.raw, derived_fields(known, false), look.source->record, account.name());
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
  const std::string phase = cursor["phase"].display();
  if (phase == "scan") {
    auto scanning = scan_page(account, look, cursor, calls);
    co_return co_await scanning;
  }
  if (phase == "finished") {
    auto finishing = finished_page(account, look, cursor, calls);
    co_return co_await finishing;
  }
  auto noting = new_page(account, look, cursor, calls);
  co_return co_await noting;
}

}  // namespace

engine::SourceNode dbs_new() {
  engine::SourceNode node;
  node.name = "wb.dbs.new";
  node.every = std::chrono::seconds(30);
  node.look = look_new;
  node.still_wanted = still_wanted;
  return node;
}

engine::SourceNode dbs_changed() {
  engine::SourceNode node;
  node.name = "wb.dbs.changed";
  node.every = std::chrono::seconds(60);
  node.look = look_changed;
  return node;
}

}  // namespace pipewright::wb
