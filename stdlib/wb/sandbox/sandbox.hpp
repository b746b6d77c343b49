// A local Wildberries: one server that answers as every Wildberries host does, for rehearsals, demos and tests.
// Written from the published reference alone; it shares no code with the connector it is meant to try.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/http/server.hpp"

namespace pipewright::wb::sandbox {

using Json = nlohmann::json;
using Time = std::chrono::system_clock::time_point;

/// API "Authorization": what a token may do is written in its claims.
struct TokenOptions {
  enum class Kind { basic = 1, test = 2, personal = 3, service = 4 };
  Kind kind = Kind::personal;
  /// Bits of the claim `s`: 1 content, 2 analytics, 3 prices, 4 marketplace, 5 statistics, 10 supplies, 13 finance.
  std::vector<int> categories = {1, 2, 3, 4, 5, 10, 13};
  bool read_only = false;
  std::chrono::seconds valid_for = std::chrono::days{180};  ///< negative: already expired
};

enum class Limits { off, on };
enum class Phones { assigned, empty };
enum class Scheme { fbs, dbs, dbw, pickup };

struct Options {
  std::uint16_t port = 0;  ///< 0: any free one
  bool listen = true;      ///< false: no socket; `answer` is asked instead, and `url` names `port` alone
  TokenOptions token;
  std::uint64_t seed = 1;  ///< of every random-looking value
  std::function<Time()> clock = std::chrono::system_clock::now;

  Limits limits = Limits::off;
  double limit_scale = 1;  ///< intervals are multiplied by it; 0.01: a minute is 600 ms
  bool penalty = true;     ///< a 4XX answer costs ten requests (with limits on)

  std::int64_t first_task_id = 4132098000;
  std::size_t statistics_page = 80000;  ///< rows per answer of supplier/orders and supplier/sales
  bool tasks_in_statistics = true;      ///< tasks also appear there, as "Склад продавца" rows
  bool dead_blocks_delivery = false;    ///< deliver answers 409 while a task of the supply is not in `confirm`
  int new_supply_refuses = 0;           ///< additions to a supply that are refused after it was made
  bool refusal_names_tasks = false;     ///< FailedToAddSupplyOrder says in `data` which tasks it means
  bool marks_one_by_one = false;        ///< MetaValidationFail names the first task alone: the next is found later
  int shipping_forgotten = 0;           ///< shipping-method answers that say success and keep nothing
  bool shipping_required = false;       ///< deliver answers 409 SupplyShippingRequired without parameters
  bool zero_next_at_end = false;        ///< the last page's `next` is 0 instead of the last id
  bool code_required = false;           ///< DBS receive and reject refuse a wrong or missing code
  bool open_tasks = false;              ///< a task that nobody made is there when it is asked for, as a new one
  Phones phones = Phones::assigned;     ///< empty: `""`, proxy numbers not assigned yet
};

struct World;

/// Starts listening when constructed (unless told not to); throws std::runtime_error when the port is taken. Every
/// method may be called from any thread.
class Sandbox {
 public:
  explicit Sandbox(Options options = {});
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;
  ~Sandbox();

  /// The one address for every `*_url` of the connector's configuration.
  [[nodiscard]] std::string url() const;

  /// What the server says to a request: for those who are in this process.
  [[nodiscard]] engine::http::Reply answer(const engine::http::ServerRequest& request);

  /// The token it accepts.
  [[nodiscard]] std::string credential() const;

  /// Another token of the same seller, accepted for what its claims say.
  [[nodiscard]] std::string issue(const TokenOptions& options);

  /// An outage: stop() refuses connections, start() listens on the same port again, the state is kept.
  /// These two are for one thread.
  void stop();
  void start();

  /// New tasks of one checkout each; `fields` overrides any JSON field of the task. Returns their ids.
  std::vector<std::int64_t> add_tasks(Scheme scheme, int count = 1, const Json& fields = Json::object());

  /// A row of supplier/orders and the order feed, with its card. Returns its srid.
  std::string add_fbo_order(const Json& fields = Json::object());

  /// Sets statuses as Wildberries or the buyer would; "" leaves one as it is.
  void set_status(std::int64_t task, std::string_view supplier_status, std::string_view wb_status);

  /// `change`: cancel, buyout or return.
  void set_fbo_status(std::string_view srid, std::string_view change);

  /// See faults.hpp for the fields.
  void add_fault(const Json& fault);
  void clear_faults();

  /// Everything the operator's HTTP surface does: `operate("POST", "/_sandbox/fbs/orders", {{"count", 3}})`.
  /// Throws std::runtime_error with the answer when it is refused.
  Json operate(std::string_view method, std::string_view path, const Json& body = Json::object());

  /// Tasks with their statuses, supplies, stocks, statistics rows.
  [[nodiscard]] Json state() const;

  /// The requests so far, oldest first: n, method, path, query, body, status, fault.
  [[nodiscard]] Json log() const;

 private:
  std::unique_ptr<World> world_;
};

}  // namespace pipewright::wb::sandbox
