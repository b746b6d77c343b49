// A retailCRM account: its address, key, limit and what its responses mean. Facts: reference/retailcrm/api.md, sections
// 1 to 4.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "dsl/types.hpp"
#include "engine/node.hpp"
#include "engine/task.hpp"

namespace pipewright::crm {

using engine::Answer;
using engine::CallResult;
using engine::Calls;
using engine::Failure;
using engine::List;
using engine::Record;
using engine::Request;
using engine::Task;
using engine::Value;
using Pairs = std::vector<std::pair<std::string, std::string>>;

/// The limiter's only group: 10 requests a second from one address, GET and POST alike (api.md 3).
inline constexpr const char* group = "crm";

/// A walk through store/offers that other batches wait for.
struct CatalogueWalk : engine::Signal {
  std::optional<Failure> failure;
};

/// Offers of one store by barcode (api.md 9). A cache: what the CRM contradicts is dropped and asked again. Batches
/// hold it across their calls, so it is never taken away.
struct Catalogue {
  struct Offer {
    Value id;
    std::string xml_id;
    bool ambiguous = false;  ///< a second offer has the barcode too
    bool again = false;      ///< it was dropped once, and the CRM named it again
  };
  std::map<std::string, Offer> offers;
  std::set<std::string> dropped;           ///< ids of offers that the CRM did not accept
  std::map<std::string, Instant> missing;  ///< barcodes that no offer has, and when that was asked
  std::optional<Instant> indexed;          ///< when store/offers was walked as a whole
  std::optional<Instant> closed;           ///< when the account said that it has no such method
  Decimal last_id;                         ///< where the last walk ended
  int asked = 0;                           ///< look-ups of single barcodes so far
  std::weak_ptr<CatalogueWalk> walking;    ///< held by the batch that walks
};

/// The records as declared in stdlib/crm/records.pipe: what results look like.
struct Declared {
  dsl::Type client;
  dsl::Type order;
  dsl::Type item;
};

class Account : public engine::Connection {
 public:
  explicit Account(engine::Settings settings);

  [[nodiscard]] std::map<std::string, engine::Rate> limits() const override;
  [[nodiscard]] engine::Feedback feedback(const Request& request, const Answer& answer) const override;
  [[nodiscard]] std::string summary() const override;
  [[nodiscard]] std::string account() const override;
  [[nodiscard]] std::string account_zone() const override;

  [[nodiscard]] std::string site() const { return settings().text("site"); }
  [[nodiscard]] bool park_unmatched() const { return settings().text("unmatched_items") == "park"; }
  [[nodiscard]] std::string technical_client() const { return settings().text("client", "wildberries"); }
  [[nodiscard]] const Declared& declared() const { return declared_; }

  /// `path` behind /api/v5/: `orders`. Names of parameters as the API writes them: `filter[externalIds][]`.
  [[nodiscard]] Request get(const std::string& path, const Pairs& query) const;
  /// GET /api/credentials: what the key may do. It stands beside the versions of the API.
  [[nodiscard]] Request credentials() const;
  /// A write, as a form; objects are JSON texts already. `predicted` is its response in a dry run, `items` the batch
  /// indexes it is for.
  [[nodiscard]] Request post(const std::string& path, const Pairs& form, std::vector<std::size_t> items,
                             Record predicted, int status = 200) const;

  // Caches for the life of the process.
  std::string zone;                                ///< of the account's wall clocks; empty: not asked yet
  std::map<std::string, Value> technical_clients;  ///< the technical client's id by site
  std::set<std::string> dropped_clients;           ///< ids of technical clients that the CRM did not accept
  std::map<std::string, Catalogue> catalogues;     ///< by site
  std::map<std::string, std::string> reworded;     ///< texts of addresses that the CRM keeps in other words, and these

 private:
  [[nodiscard]] Request request(const std::string& method, const std::string& path) const;
  std::string base_;
  std::string host_;
  Declared declared_;
};

/// What a response that is no success, or no response, means; nothing: it is a success. `write`: whether it may have
/// changed something.
std::optional<Failure> failure_of(const CallResult& result, bool write);
/// The JSON of a good response, or why there is none.
tl::expected<Value, Failure> json_of(const CallResult& result, bool write);
/// The CRM's words in full: errorMsg and errors, which are a map, a list or a text (api.md 2).
std::string words_of(const Answer& answer);
bool already_exists(const CallResult& result);
/// The id of the customer that this one was merged into, from a 404 (api.md 2); null: it was not.
Value combined_to(const CallResult& result);
/// The list (or map) `member` of a good response. A response without it is unreadable: "nothing found" would make what
/// is there again.
tl::expected<std::vector<Value>, Failure> list_in(const Value& body, const std::string& member);
Failure permanent(std::string reason, std::string help = {});

/// GET /settings, once: learns the zone of the account's wall clocks (api.md 1). Where the key may not read it, `[run]
/// time_zone` stands in.
Task<std::optional<Failure>> learn_zone(Account& account, Calls& calls);

}  // namespace pipewright::crm
