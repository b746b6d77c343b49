// The schemes whose units are assembly tasks, as data: what each is asked by. And what the polls of all of them share:
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
/// Where a first poll begins: `since`, else `otherwise`.
Instant begin_of(const engine::Look& look, Instant now, Instant otherwise);

/// Whether `since` of a `new` source leaves the task out; without `since` all that is new counts.
bool is_before_since(const engine::Look& look, const Value& task, Instant first);

/// Tasks that this source has not yet seen, out of a response with all new ones: as many as there is room for.
struct Fresh {
  std::vector<Value> tasks;
  std::string rest;  ///< where to go on at the next poll; empty: this was all
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
/// Where a `changed` source is. One poll is a row of pages: tasks that it does not know yet are noted, list by list,
/// then the statuses of all open ones are asked. A list that fails does not keep the statuses back: `why` is reported
/// at the end, and the lists are read again.
struct Position {
  std::string phase;            ///< `list`, `scan`; empty: a poll begins
  Instant first;                ///< what was created before is left out
  Instant last;                 ///< when the lists were last read to their end
  Instant started;              ///< when this poll began
  std::optional<Instant> wide;  ///< when they were last read far back
  Instant from;                 ///< in phase `list`: the window's beginning …
  std::string next = "0";       ///< … and its page
  std::string after;            ///< in phase `scan`: the last task asked for
  std::string why;              ///< a list failed in this poll
};
Position position_of(const engine::Look& look, Instant now);
std::string text_of(const Position& position);
/// Of Position, for engine::clamped.
inline const std::vector<std::string> moments_of_position = {"last", "started", "wide", "from"};

/// A page of the scheme's list; the position moves on to the next one, or to the scan.
engine::Task<engine::Page> list_page(Account& account, const Scheme& scheme, Position position, engine::Calls& calls);

/// Tasks that this source has not seen yet, and that were created since `first`, are remembered: the scan asks how they
/// stand.
engine::Task<std::vector<engine::Seen>> note_unknown(std::vector<Value> tasks, Instant first, engine::Calls& calls);

/// A thousand open tasks: those whose statuses (or buyer) changed are events.
engine::Task<engine::Page> scan_page(Account& account, const Scheme& scheme, engine::Look look, Position position,
                                     engine::Calls& calls);

// ---- tasks that cannot be read again until they end (DBS, DBW, pickup): kept for the account, whoever has seen them

/// Their kind of shared states.
std::string shared_kind(const Scheme& scheme);
engine::SharedState shared_state(const Scheme& scheme, const Value& task);
/// Tasks that are new now, all of them.
engine::Task<tl::expected<std::vector<Value>, Failure>> read_new(Account& account, const Scheme& scheme,
                                                                 engine::Calls& calls);
/// Those that the account does not know yet.
engine::Task<std::vector<engine::SharedState>> unknown_to_account(const Scheme& scheme, std::vector<Value> tasks,
                                                                  engine::Calls& calls);

/// For SourceNode::still_wanted: cancelled meanwhile. A thousand in one call.
std::function<engine::Task<std::vector<std::optional<std::string>>>(engine::Connection&, std::vector<Value>,
                                                                    engine::Calls&)>
still_wanted(const Scheme& scheme);

}  // namespace pipewright::wb
