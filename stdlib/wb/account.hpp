// A Wildberries account: its token, hosts, limits and what its answers mean. Facts: reference/wildberries/api.md,
// sections 2 to 5.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/node.hpp"

namespace pipewright::wb {

using engine::Answer;
using engine::CallResult;
using engine::Failure;
using engine::Request;
using engine::Value;

/// What the token says of itself (a JWT, read without asking anybody).
struct Token {
  enum class Kind { basic = 1, test = 2, personal = 3, service = 4 };
  bool readable = false;  ///< false: no JWT; then every category is taken to be allowed
  Kind kind = Kind::personal;
  std::string seller;  ///< `sid`: the account's stable key
  std::optional<Instant> expires;
  std::uint64_t categories = ~0ULL;

  [[nodiscard]] bool may(int bit) const { return !readable || ((categories >> bit) & 1U) != 0; }
  static constexpr int content = 1, analytics = 2, marketplace = 4, statistics = 5, read_only = 30;
};

Token read_token(const std::string& text);

/// Groups of the limiter (api.md section 4). The first word says which `…_url` and which key of [rate] they belong to.
namespace group {
inline constexpr const char* fbs = "marketplace.fbs";
inline constexpr const char* fbs_cancel = "marketplace.fbs_cancel";
inline constexpr const char* dbs = "marketplace.dbs";
inline constexpr const char* dbw = "marketplace.dbw";
inline constexpr const char* dbw_cancel = "marketplace.dbw_cancel";
inline constexpr const char* pickup = "marketplace.pickup";
inline constexpr const char* pickup_info = "marketplace.pickup_info";
inline constexpr const char* orders = "statistics.orders";
inline constexpr const char* sales = "statistics.sales";
inline constexpr const char* feed = "analytics.feed";
inline constexpr const char* cards = "content.cards";
inline constexpr const char* ping = ".ping";  ///< behind a host's name
}  // namespace group

/// What is known of one size, from its card.
struct Size {
  std::string barcode;
  std::string article;
};

class Account : public engine::Connection {
 public:
  explicit Account(engine::Settings settings);

  [[nodiscard]] std::map<std::string, engine::Rate> limits() const override;
  [[nodiscard]] engine::Feedback feedback(const Request& request, const Answer& answer) const override;
  [[nodiscard]] std::string summary() const override;
  [[nodiscard]] std::string account() const override;

  [[nodiscard]] const Token& token() const { return token_; }
  /// `path` begins with `/` and may have a query.
  [[nodiscard]] Request get(const std::string& group, const std::string& path) const;
  [[nodiscard]] Request send(const std::string& method, const std::string& group, const std::string& path,
                             const Value& body) const;

  // Caches for the life of the process. Nothing in them is needed to be right.
  std::map<std::string, Size> sizes;            ///< by chrt_id
  std::map<std::string, std::string> supplies;  ///< open supply by group of tasks
  std::string supplies_cursor = "0";            ///< how far /supplies has been walked: closed ones lie behind it
  struct Feed {
    Instant fetched;
    Instant start;
    std::vector<Value> rows;
  };
  std::optional<Feed> recent_feed;
  struct Unread;
  std::map<std::string, std::shared_ptr<Unread>> unread;  ///< long answers that a look has not come to the end of
  std::int64_t unread_count = 0;

 private:
  [[nodiscard]] std::string base_url(const std::string& host) const;
  Token token_;
};

/// What an answer that is no success, or no answer, means. Nothing: it is a success.
std::optional<Failure> failure_of(const CallResult& result);
/// The same for an answer that had to be JSON and was not.
Failure unreadable(const Error& error);

/// What trying again would not mend.
Failure permanent(std::string reason, std::string help = {});

/// The JSON of a good answer, or why there is none.
tl::expected<Value, Failure> json_of(const CallResult& result);

/// Wildberries' words in an error body of any of its shapes: "SupplyShippingRequired «Specify shipping point …»".
std::string words_of(const Answer& answer);
/// The `code` of a marketplace error, or empty.
std::string code_of(const Answer& answer);

/// v2's numbers (api.md 13) out of today's pair; nothing for a word that nobody knows.
std::optional<int> status_code(const std::string& supplier_status, const std::string& wb_status,
                               std::string_view scheme);
std::optional<int> user_status_code(const std::string& supplier_status, const std::string& wb_status);
/// Nothing more will happen to the task.
bool is_final(const std::string& supplier_status, const std::string& wb_status);
bool is_cancelled(const std::string& supplier_status, const std::string& wb_status);

engine::Nodes nodes();

}  // namespace pipewright::wb
