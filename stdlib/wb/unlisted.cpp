// new and changed of wb.dbs, wb.dbw and wb.pickup (api.md 8, 9, 10): their lists show new tasks and finished ones. A
// task is stored whole the moment it is seen new: it cannot be read again until it ends.
#include <fmt/format.h>

#include <algorithm>

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

constexpr auto finished_overlap = hours(24);

Task<Page> look_new(Account& account, const Scheme& scheme, Look look, Calls& calls) {
  Page page;
  auto reading = read_fresh(account, scheme, read_cursor(look.cursor)["rest"].display(), look.room, calls);
  const Fresh fresh = co_await reading;
  if (fresh.failure) co_return failed(std::move(page), look, *fresh.failure);
  page.notice = fresh.notice;
  for (const Value& task : fresh.tasks) {
    const std::string id = id_of(task);
    Known known;
    known.raw = task;
    known.status = {"new", "waiting", std::nullopt};
    page.seen.push_back({id, "", false, false});
    page.events.push_back(event_of(scheme, known, id, id));
  }
  page.more = !fresh.rest.empty();
  page.cursor = page.more ? fmt::format("{{\"rest\":\"{}\"}}", fresh.rest) : "{}";
  co_return page;
}

// ---- changed: new ones are noted, finished ones that were never seen too, then the open ones are asked
// ------------------------------

Task<Page> new_page(Account& account, const Scheme& scheme, Look look, Value cursor, Calls& calls) {
  Page page;
  Request request = account.get(scheme.group, scheme.orders + std::string("/new"));
  const CallResult answer = co_await calls.send(std::move(request));
  const auto json = json_of(answer);
  if (!json) co_return failed(std::move(page), look, json.error());
  const auto listed = orders_of(*json);
  if (!listed) co_return failed(std::move(page), look, listed.error());
  auto noting = note_unknown(*listed, calls);
  page.seen = co_await noting;
  const auto last = moment(cursor, "last");
  const Instant now = calls.now();
  const Instant from = last ? *last - finished_overlap : begin_of(look, now, now - hours(24 * 7));
  page.more = true;
  page.cursor = fmt::format("{{\"phase\":\"finished\",\"from\":{},\"next\":\"0\",\"last\":{}}}",
                            from.time_since_epoch().count(), calls.now().time_since_epoch().count());
  co_return page;
}

Task<Page> finished_page(Account& account, const Scheme& scheme, Look look, Value cursor, Calls& calls) {
  Page page;
  const Instant from = moment(cursor, "from").value_or(calls.now() - hours(24 * 7));
  const Instant now = moment(cursor, "last").value_or(calls.now());
  const Instant to = std::min<Instant>(from + longest_period, now + minutes(1));
  const std::string next = cursor["next"].is_null() ? "0" : cursor["next"].id_text();
  auto asking = list_tasks(account, scheme, from, to, std::set<std::string>(), next, calls);
  const auto listed = co_await asking;
  if (!listed) co_return failed(std::move(page), look, listed.error());
  auto noting = note_unknown(listed->tasks, calls);
  page.seen = co_await noting;
  page.more = true;
  const std::int64_t last = now.time_since_epoch().count();
  if (!listed->next.empty())
    page.cursor = fmt::format("{{\"phase\":\"finished\",\"from\":{},\"next\":\"{}\",\"last\":{}}}",
                              from.time_since_epoch().count(), listed->next, last);
  else if (to < now)
    page.cursor = fmt::format("{{\"phase\":\"finished\",\"from\":{},\"next\":\"0\",\"last\":{}}}",
                              to.time_since_epoch().count(), last);
  else
    page.cursor = scan_cursor("", last);
  co_return page;
}

Task<Page> look_changed(Account& account, const Scheme& scheme, Look look, Calls& calls) {
  const Value cursor = read_cursor(look.cursor);
  const std::string phase = cursor["phase"].display();
  if (phase == "scan") {
    auto scanning = scan_page(account, scheme, look, cursor, calls);
    co_return co_await scanning;
  }
  if (phase == "finished") {
    auto finishing = finished_page(account, scheme, look, cursor, calls);
    co_return co_await finishing;
  }
  auto noting = new_page(account, scheme, look, cursor, calls);
  co_return co_await noting;
}

engine::SourceNode new_source(const Scheme& scheme) {
  engine::SourceNode node;
  node.name = fmt::format("wb.{}.new", scheme.name);
  node.every = std::chrono::seconds(30);
  node.look = [&scheme](Connection& connection, Look look, Calls& calls) {
    return look_new(static_cast<Account&>(connection), scheme, std::move(look), calls);
  };
  node.still_wanted = still_wanted(scheme);
  return node;
}

engine::SourceNode changed_source(const Scheme& scheme) {
  engine::SourceNode node;
  node.name = fmt::format("wb.{}.changed", scheme.name);
  node.every = std::chrono::seconds(60);
  node.look = engine::clamped(
      [&scheme](Connection& connection, Look look, Calls& calls) {
        return look_changed(static_cast<Account&>(connection), scheme, std::move(look), calls);
      },
      {"last", "from"});
  return node;
}

}  // namespace

std::vector<engine::SourceNode> unlisted_sources() {
  std::vector<engine::SourceNode> nodes;
  for (const Scheme* scheme : {&scheme::dbs, &scheme::dbw, &scheme::pickup}) {
    nodes.push_back(new_source(*scheme));
    nodes.push_back(changed_source(*scheme));
  }
  return nodes;
}

}  // namespace pipewright::wb
