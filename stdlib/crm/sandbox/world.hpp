// What the sandbox remembers, and what every family of methods is given to work with.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "engine/http/server.hpp"
#include "stdlib/crm/sandbox/faults.hpp"
#include "stdlib/crm/sandbox/sandbox.hpp"

namespace pipewright::crm::sandbox {

using engine::http::Reply;
using engine::http::ServerRequest;

/// Who changes something, as history tells it (reference, section 6).
struct Actor {
  std::string source;  ///< user, api, code
  std::string key;     ///< of source api
  int user = 19;       ///< of source user
};

struct Key {
  std::string text;
  std::set<std::string> scopes;
  std::vector<std::string> sites;  ///< in sight
  double tokens = 0;
  Time at;
};

/// One entry of a history; `apiKey.current` is computed for whoever reads.
struct Entry {
  std::int64_t id = 0;
  Actor actor;
  Json shown;  ///< all but `apiKey` and `user`
};

struct Change {
  std::string field;
  Json before;
  Json after;
  Json extra = Json::object();  ///< item, payment, address
};

struct Route;

struct Call {
  World& world;
  const ServerRequest& request;
  Key& key;
  std::vector<std::string> at;  ///< the path's variables
  Json query = Json::object();  ///< PHP-style arrays resolved
  std::map<std::string, std::string> form;

  /// A scalar of the form or, without a form, of the query.
  [[nodiscard]] std::string parameter(const std::string& name) const;
  [[nodiscard]] Actor actor() const { return {.source = "api", .key = key.text}; }
  [[nodiscard]] bool sees(const std::string& site) const;
  /// The store a write goes to: the parameter, else the first one in sight; nothing when the key must not see it.
  [[nodiscard]] std::optional<std::string> site() const;
};

struct Route {
  std::string method;
  std::string path;  ///< segments in braces are variables
  std::string scope;
  Reply (*handler)(Call&) = nullptr;
};

struct World {
  explicit World(Options options);

  Options options;
  mutable std::mutex mutex;  ///< held while a request is worked on
  std::mt19937_64 random;
  std::map<std::string, Key> keys;
  std::string credential;
  Faults faults;
  Json log = Json::array();
  std::optional<engine::http::Server> server;
  std::uint16_t port = 0;
  std::vector<std::jthread> triggers;

  Json dictionaries;
  Json custom_fields = Json::array();
  std::map<std::int64_t, Json> orders, customers, corporate, offers, products;
  std::map<std::int64_t, Json> merged;  ///< customers that went into another one, which stands under `combinedTo`
  std::vector<Entry> order_history, customer_history, corporate_history;
  std::int64_t next_order = 0, next_customer = 4770, next_item = 10114, next_payment = 4326, next_entry = 7044,
               next_offer = 1867352, next_product = 828272, next_part = 3523;

  [[nodiscard]] Time now() const { return options.clock(); }
  /// `Y-m-d H:i:s` in the account's zone.
  [[nodiscard]] std::string local(Time time) const;
  [[nodiscard]] std::string local_now() const { return local(now()); }
  std::string issue(const KeyOptions& key);
  Reply answer(const ServerRequest& request);
};

// answers (section 2)
Reply success(int status, Json body);
Reply failure(int status, std::string_view message, const Json& errors = nullptr, const Json& more = Json::object());
/// What an empty PHP map is printed as.
Json php_map(const Json& map);
Json parsed_query(const std::vector<std::pair<std::string, std::string>>& pairs);
/// The JSON object or array of a form field; nothing (and `refused` set) when it is absent or no JSON.
std::optional<Json> json_field(Call& call, const std::string& name, Reply& refused);

/// One page; `refused` is set when limit or page is not allowed.
struct Page {
  std::size_t limit = 20, number = 1;
};
std::optional<Page> page_of(Call& call, Reply& refused, bool large = false);
Reply paged(Page page, const char* key, const std::vector<Json>& all);

// history (history.cpp)
void write_order_history(World& world, const Actor& actor, const Json& order, std::vector<Change> changes);
void write_order_created(World& world, const Actor& actor, const Json& order);
void write_order_deleted(World& world, const Actor& actor, const Json& order);
void write_customer_history(World& world, std::vector<Entry>& history, const Actor& actor, const Json& customer,
                            std::vector<Change> changes);
void write_customer_created(World& world, std::vector<Entry>& history, const Actor& actor, const Json& customer);

/// Sends what Options::trigger_url asks for.
void pull_trigger(World& world, const Json& order);

// showing (views.cpp)
enum class Payments { by_id, list };
Json shown_order(const World& world, const Json& order, Payments payments);
Json shown_customer(const World& world, const Json& customer);
Json shown_corporate(const World& world, const Json& customer);
Json shown_offer(const World& world, const Json& offer, bool with_product);

// finding
Json* find_by(std::map<std::int64_t, Json>& entities, Call& call, const std::string& default_by);
Json* by_external(std::map<std::int64_t, Json>& entities, const std::string& external_id, const std::string& site);
const Json* dictionary_entry(const World& world, const char* dictionary, const std::string& code);
/// Of a code that is written: with Options::open_dictionaries it is there from now on.
const Json* written_entry(World& world, const char* dictionary, const std::string& code);
std::string group_of(const World& world, const std::string& status);
bool has_custom_field(const World& world, const std::string& entity, const std::string& code);
/// The answer to a `site` that the key must not use.
Reply no_such_site();

// the families
std::vector<Route> order_routes();
std::vector<Route> order_write_routes();
std::vector<Route> payment_routes();
std::vector<Route> customer_routes();
std::vector<Route> corporate_routes();
std::vector<Route> reference_routes();
std::vector<Route> store_routes();
std::vector<Route> account_routes();
std::vector<Route> history_routes();

void seed_catalogue(World& world);
Json& make_offer(World& world, const Json& fields);

/// `/_sandbox/...`; the world is already locked.
Reply operate(World& world, const std::string& method, const std::string& path, const Json& body);
Json state_of(const World& world);

}  // namespace pipewright::crm::sandbox
