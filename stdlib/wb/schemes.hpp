// The schemes whose units are assembly tasks, as data: what each is asked by. And what the looks of all of them share:
// pages of a list, statuses and buyers of many, the scan of open tasks.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "stdlib/wb/tasks.hpp"

namespace pipewright::wb {

/// A reading of a thousand tasks in a call: POST {`ids`: […]} → {orders: [{`id`: …, …}]}.
struct Reading {
  const char* group;  ///< the limiter's
  const char* path;
  const char* ids;
  const char* id;
};

struct Scheme {
  const char* name;    ///< `dbs`: of its nodes, `wb.dbs.new`
  const char* group;   ///< the limiter's, for its lists
  const char* orders;  ///< GET: those of a period, a thousand in a page; with `/new` behind it those that are new
  Reading statuses;
  Reading buyers;  ///< path null: it names none
};

namespace scheme {
/// api.md 7.2: /orders lists every task; no buyer is named.
inline constexpr Scheme fbs{
    "fbs", group::fbs, "/api/v3/orders", {group::fbs, "/api/v3/orders/status", "orders", "id"}, {"", nullptr, "", ""}};
/// api.md 8: the seller delivers. /orders lists finished tasks only; the buyer is there from `confirm` on.
inline constexpr Scheme dbs{"dbs",
                            group::dbs,
                            "/api/v3/dbs/orders",
                            {group::dbs, "/api/marketplace/v3/dbs/orders/status/info", "ordersIds", "orderId"},
                            {group::dbs, "/api/v3/dbs/orders/client", "orders", "orderID"}};
/// api.md 9: Wildberries' courier takes the goods at the seller's. Lists as DBS.
inline constexpr Scheme dbw{"dbw",
                            group::dbw,
                            "/api/v3/dbw/orders",
                            {group::dbw, "/api/v3/dbw/orders/status", "orders", "id"},
                            {group::dbw, "/api/marketplace/v3/dbw/orders/client", "orders", "orderId"}};
/// api.md 10: the buyer comes to the shop ("click and collect"). Lists as DBS.
inline constexpr Scheme pickup{
    "pickup",
    group::pickup,
    "/api/v3/click-collect/orders",
    {group::pickup_info, "/api/marketplace/v3/click-collect/orders/status/info", "ordersIds", "orderId"},
    {group::pickup, "/api/v3/click-collect/orders/client", "orders", "orderID"}};
}  // namespace scheme

/// A scheme is one of the constants above: coroutines keep a reference to it.
engine::Task<tl::expected<Statuses, Failure>> statuses_of(Account& account, const Scheme& scheme,
                                                          std::vector<std::string> ids, engine::Calls& calls);
/// What `/client` says, by task; those it does not name are absent.
using Buyers = std::map<std::string, Value>;
engine::Task<tl::expected<Buyers, Failure>> buyers_of(Account& account, const Scheme& scheme,
                                                      std::vector<std::string> ids, engine::Calls& calls);

/// The cursor stays where it was.
engine::Page failed(engine::Page page, const engine::Look& look, Failure failure);
engine::NewEvent event_of(const Scheme& scheme, const Known& known, const std::string& id, const std::string& identity);
/// Where a first look begins: `since`, else `otherwise`.
Instant begin_of(const engine::Look& look, Instant now, Instant otherwise);

/// Tasks that this source has not yet seen, out of an answer with all new ones: as many as there is room for.
struct Fresh {
  std::vector<Value> tasks;
  std::string rest;  ///< where to go on at the next look; empty: this was all
  std::optional<std::string> notice;
  std::optional<Failure> failure;
};
engine::Task<Fresh> read_fresh(Account& account, const Scheme& scheme, std::string rest, std::size_t room,
                               engine::Calls& calls);

inline constexpr int most_listed = 1000;
inline constexpr auto longest_period = std::chrono::hours(24 * 30);  // of one call of a list

/// A page of a scheme's list.
struct Listed {
  std::vector<Value> tasks;
  std::string next;  ///< of the following page; empty: this was the last one
};
/// `next` that repeats one of `visited`, an empty or a short page: the end.
engine::Task<tl::expected<Listed, Failure>> list_tasks(Account& account, const Scheme& scheme, Instant from, Instant to,
                                                       std::set<std::string> visited, std::string next,
                                                       engine::Calls& calls);
/// Tasks of a list that this source has not seen yet are remembered: the scan asks how they stand.
engine::Task<std::vector<engine::Seen>> note_unknown(std::vector<Value> tasks, engine::Calls& calls);

/// A thousand open tasks behind the cursor's `after`: those whose statuses (or buyer) changed are events. The cursor is
/// `{"phase":"scan","after":…,"last":…}` while there are more, then `{"last":…}`.
engine::Task<engine::Page> scan_page(Account& account, const Scheme& scheme, engine::Look look, Value cursor,
                                     engine::Calls& calls);
std::string scan_cursor(const std::string& after, std::int64_t last);

/// For SourceNode::still_wanted: cancelled meanwhile. A thousand in one call.
std::function<engine::Task<std::vector<std::optional<std::string>>>(engine::Connection&, std::vector<Value>,
                                                                    engine::Calls&)>
still_wanted(const Scheme& scheme);

}  // namespace pipewright::wb
