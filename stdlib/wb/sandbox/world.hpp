// What the sandbox remembers, and what every family of methods is given to work with.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "engine/http/server.hpp"
#include "stdlib/wb/sandbox/faults.hpp"
#include "stdlib/wb/sandbox/limits.hpp"
#include "stdlib/wb/sandbox/sandbox.hpp"
#include "stdlib/wb/sandbox/token.hpp"

namespace pipewright::wb::sandbox {

using engine::http::Reply;
using engine::http::ServerRequest;

/// One unit of one order (reference, section 7.2).
struct Task {
  std::int64_t id = 0;
  Scheme scheme = Scheme::fbs;
  Json fields;  ///< every field it can be shown with
  std::string supplier_status = "new";
  std::string wb_status = "waiting";
  std::string supply;                 ///< FBS: "" when in none
  bool reship = false;                ///< FBS: listed by supplies/orders/reshipment
  Json meta = Json::object();         ///< key → value: text, or a list for sgtin
  std::string decision;               ///< on its marking: `pending`, `sgtinNotFound`, …; "": by what is attached
  bool unmovable = false;             ///< FBS: no supply takes it, for a reason that is not told
  Json client;                        ///< fields that replace the invented contacts
  std::string code;                   ///< the buyer's confirmation code, "" when there is none
  std::string final_price = "ready";  ///< ready, computing, absent
  Time created;

  [[nodiscard]] bool is_final() const;
};

struct Supply {
  std::string id;
  std::int64_t number = 0;
  std::string name;
  bool done = false;
  Time created;
  std::optional<Time> closed;
  bool scanned = false;
  std::int64_t warehouse = 0;
  Json cargo_type = 0;
  Json cross_border;  // null until the first task
  Json office;
  Json b2b;
  std::string shipping_date, shipping_type, waybill;
  std::int64_t shipping_point = 0;
  std::vector<std::string> boxes;
  int refuses = 0;  ///< additions that are still refused
};

/// A unit as statistics and the order feed show it (section 11).
struct Row {
  Json order;  ///< the supplier/orders row
  std::vector<Json> sales;
  Json feed;
  Time updated;
};

struct Route;

/// A request on its way to a handler. `at` holds the path's variables in order.
struct Call {
  World& world;
  const ServerRequest& request;
  const Route& route;
  std::vector<std::string> at;
  Json body;

  [[nodiscard]] std::optional<std::string> query(std::string_view name) const;
  [[nodiscard]] std::optional<std::int64_t> number(std::string_view name) const;
};

/// How a family of methods words its refusals (section 5).
enum class Dialect { single, batch, statistics, analytics, content, common };

struct Route {
  std::string method;
  std::string path;  ///< segments in braces are variables
  int category = 4;  ///< the bit the token needs; 0: any
  std::string group;
  Dialect dialect = Dialect::single;
  Reply (*handler)(Call&) = nullptr;
  bool reads = false;  ///< allowed with a read-only token though it is no GET
  bool takes_body = false;
};

struct World {
  explicit World(Options options);

  Options options;
  mutable std::mutex mutex;  ///< held while a request is worked on
  std::mt19937_64 random;
  std::string sid;
  std::map<std::string, Claims> tokens;
  std::string credential;
  Faults faults;
  Buckets buckets;
  Json log = Json::array();
  std::optional<engine::http::Server> server;
  std::uint16_t port = 0;

  std::map<std::int64_t, Task> tasks;
  std::map<std::int64_t, Supply> supplies;  ///< by number
  std::vector<Row> rows;
  std::map<std::int64_t, Json> cards;
  std::vector<Json> warehouses, offices;
  std::map<std::int64_t, std::map<std::uint64_t, std::int64_t>> stocks;  ///< warehouse → chrtId → amount
  int shipping_forgotten = 0;                                            ///< of Options, what is left
  std::int64_t next_task = 0, next_supply = 92937123, next_box = 1, next_sale = 9993700024;

  [[nodiscard]] Time now() const { return options.clock(); }
  Task* task(std::int64_t id, Scheme scheme);
  Supply* supply(const std::string& id);
  std::uint64_t dice(std::uint64_t sides) { return random() % sides; }
  std::string hex(std::size_t digits);
  std::string uuid();
  std::string issue(const TokenOptions& token);

  Reply answer(const ServerRequest& request);
};

// answers
Reply json_reply(int status, const Json& body);
Reply no_content();
/// Section 5, "marketplace single".
Reply refusal(int status, std::string_view code, std::string_view message, const Json& data = nullptr);
/// The gateway's problem+json.
Reply problem(World& world, int status, std::string_view title, std::string_view detail);
/// Whatever the route's family says to a request it cannot read.
Reply bad_request(Call& call, const std::string& what);

// times
std::string utc_text(Time time);                       ///< 2026-10-05T07:56:29Z
std::string moscow_text(Time time);                    ///< 2026-10-05T10:56:29, as statistics writes it
std::optional<Time> time_from(std::string_view text);  ///< RFC 3339; without an offset it is Moscow's

// making things (seed.cpp)
Task& make_task(World& world, Scheme scheme, const Json& fields, const std::string& checkout);
Row& make_row(World& world, const Json& fields);
void make_warehouses(World& world);
void change_row(World& world, Row& row, std::string_view change);
void close_supply(World& world, Supply& supply);

// shared by the families
std::optional<std::vector<std::int64_t>> ids_in(const Json& body, const char* key, std::size_t least, std::size_t most);
Json without(Json fields, std::initializer_list<const char*> names);
/// Finished tasks of a scheme by `limit`, `next`, `dateFrom`, `dateTo`.
Reply finished_tasks(Call& call, Scheme scheme, std::initializer_list<const char*> hidden);
Reply new_tasks(Call& call, Scheme scheme, std::initializer_list<const char*> hidden);
Json meta_details(const Task& task);
/// The first thing that forbids delivery, or "".
std::string missing_mark(const Task& task);

// the families
std::vector<Route> fbs_routes();
std::vector<Route> supply_routes();
std::vector<Route> meta_routes();
std::vector<Route> dbs_routes();
std::vector<Route> dbw_routes();
std::vector<Route> pickup_routes();
std::vector<Route> batch_meta_routes();
std::vector<Route> statistics_routes();
std::vector<Route> catalogue_routes();

/// `/_sandbox/...`; the world is already locked.
Reply operate(World& world, const std::string& method, const std::string& path, const Json& body);
Json state_of(const World& world);

}  // namespace pipewright::wb::sandbox
