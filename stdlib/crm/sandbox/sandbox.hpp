// A local retailCRM: API v5 on this machine, for rehearsals, demos and tests.
// Written from the published reference alone; it shares no code with the connector it is meant to try.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/http/server.hpp"

namespace pipewright::crm::sandbox {

using Json = nlohmann::json;
using Time = std::chrono::system_clock::time_point;

/// What a key may do (reference, section 4).
struct KeyOptions {
  std::vector<std::string> scopes = {"order_read",          "order_write",      "customer_read",
                                     "customer_write",      "reference_read",   "store_read",
                                     "store_write",         "reference_write",  "custom_fields_read",
                                     "custom_fields_write", "integration_read", "integration_write"};
  std::vector<std::string> sites;  ///< codes; empty: all of the account's
};

struct Options {
  std::uint16_t port = 0;  ///< 0: any free one
  bool listen = true;      ///< false: no socket; `answer` is asked instead, and `url` names `port` alone
  KeyOptions key;
  std::uint64_t seed = 1;  ///< of gaps in the history and of keys
  std::function<Time()> clock = std::chrono::system_clock::now;
  std::string time_zone = "Europe/Moscow";  ///< of the account, an IANA name; every date of the API is in it
  std::vector<std::string> sites = {"wb", "shop"};
  std::int64_t first_order_id = 7146;

  bool limits = false;  ///< a bucket of `per_second` requests per key; beyond it 503
  double per_second = 10;
  bool html_when_limited = false;

  bool corporate = true;           ///< the corporate customers' feature; off: its methods do not exist
  bool catalogue = true;           ///< off: store/* answers 404, as on small tariffs
  bool open_dictionaries = false;  ///< a code that nobody declared (a status, a type) is one of the account's own
  bool refuse_unknown_custom_fields = true;  ///< false: dropped in silence
  bool upload_existing_is_201 =
      false;  ///< customers/upload of existing externalIds: 201 with empty lists instead of 460
  bool same_value_writes_history = false;
  bool phones_replace = false;  ///< on a customer's edit; false: new numbers are added
  bool seed_catalogue = true;   ///< a few offers with barcodes

  /// On every change of a status a form is posted here, fields with {id}, {externalId} and {status} filled in; no
  /// retry.
  std::string trigger_url;
  std::vector<std::pair<std::string, std::string>> trigger_fields = {
      {"id", "{id}"}, {"externalId", "{externalId}"}, {"status", "{status}"}};
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

  [[nodiscard]] std::string url() const;

  /// What the server says to a request: for those who are in this process.
  [[nodiscard]] engine::http::Reply answer(const engine::http::ServerRequest& request);

  /// The API key it accepts.
  [[nodiscard]] std::string credential() const;

  /// Another key: its changes are foreign to the first one (`apiKey.current` false).
  [[nodiscard]] std::string issue(const KeyOptions& options = {});

  /// An outage: stop() refuses connections, start() listens on the same port again, the state is kept.
  /// These two are for one thread.
  void stop();
  void start();

  /// As a person of the staff does (history: source `user`).
  void set_status(std::int64_t order, std::string_view status);
  void edit_order(std::int64_t order, const Json& fields);
  void delete_order(std::int64_t order);
  std::int64_t add_order(const Json& order, std::string_view site = "");
  std::int64_t add_customer(const Json& customer, std::string_view site = "");
  std::int64_t add_offer(const Json& offer);
  void remove_offer(std::int64_t offer);
  /// `customer` is no more: its keys answer 404 with `combinedTo`, its orders are the other one's.
  void merge_customers(std::int64_t customer, std::int64_t into);

  /// See faults.hpp for the fields.
  void add_fault(const Json& fault);
  void clear_faults();

  /// Everything the operator's HTTP surface does. Throws std::runtime_error with the answer when it is refused.
  Json operate(std::string_view method, std::string_view path, const Json& body = Json::object());

  /// {orders, customers, corporate, offers, history}, as GET would show them.
  [[nodiscard]] Json state() const;

  /// The requests so far, oldest first: n, method, path, query, body (the form, decoded), status, key, fault.
  [[nodiscard]] Json log() const;

 private:
  std::unique_ptr<World> world_;
};

}  // namespace pipewright::crm::sandbox
