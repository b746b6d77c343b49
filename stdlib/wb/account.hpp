// A Wildberries account: its token, hosts, limits and what its responses mean. Facts: reference/wildberries/api.md,
// sections 2 to 5.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/node.hpp"

namespace pipewright::wb {

// The engine's words, as every file here uses them.
using engine::Answer;
using engine::Batch;
using engine::CallResult;
using engine::Calls;
using engine::Connection;
using engine::Failure;
using engine::List;
using engine::Look;
using engine::NewEvent;
using engine::Operation;
using engine::Outcome;
using engine::Outcomes;
using engine::Page;
using engine::Record;
using engine::Request;
using engine::Seen;
using engine::SharedState;
using engine::Task;
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
inline constexpr const char* tried_out = "marketplace.sandbox";  ///< of every call to Wildberries' own sandbox
inline constexpr const char* ping = ".ping";                     ///< behind a host's name
}  // namespace group

/// What is known of one size, from its card.
struct Size {
  std::vector<std::string> barcodes;
  std::string article;
  Instant read{};  ///< when its card was read
};

struct RowPage;

class Account : public engine::Connection {
 public:
  explicit Account(engine::Settings settings);

  [[nodiscard]] std::map<std::string, engine::Rate> limits() const override;
  [[nodiscard]] engine::Feedback feedback(const Request& request, const Answer& answer) const override;
  [[nodiscard]] std::string summary() const override;
  [[nodiscard]] std::string account() const override;

  [[nodiscard]] const Token& token() const { return token_; }
  /// The limits of a basic token hold (api.md 4).
  [[nodiscard]] bool rationed() const;
  /// Wildberries' own sandbox is meant: by the setting, or because the token is good for nothing else.
  [[nodiscard]] bool tries_out() const;
  /// `path` begins with `/` and may have a query.
  [[nodiscard]] Request get(const std::string& group, const std::string& path) const;
  [[nodiscard]] Request send(const std::string& method, const std::string& group, const std::string& path,
                             const Value& body) const;

  // Caches for the life of the process. Nothing in them is needed to be right.
  std::map<std::string, Size> sizes;            ///< by size_key (fbo.hpp)
  std::map<std::string, std::string> supplies;  ///< open supply by group of tasks
  std::set<std::string> fresh_supplies;         ///< made by us, and nothing was put in yet
  std::set<std::string> refused_before;         ///< tasks and supplies that were refused once, for a reason not known
  bool supplies_loaded = false;                 ///< the two below, from what is kept for the account
  std::vector<std::string> left_open;           ///< open ones that lie behind the position
  std::string supplies_cursor = "0";            ///< how far /supplies has been walked
  struct SharedPage {
    Instant at;
    std::shared_ptr<const std::string> body;
  };
  std::map<std::string, SharedPage> pages;  ///< by request, for a minute: what several pipelines ask alike
  struct Asked {
    Instant start{};
    Instant at{};
    int under_way = 0;
  };
  std::map<std::string, Asked> asked;                           ///< by group: where the last reading of rows began
  std::map<std::string, std::shared_ptr<RowPage>> unread_rows;  ///< as `unread`, of FBO rows
  struct Unread;
  std::map<std::string, std::shared_ptr<Unread>> unread;  ///< long responses that a poll has not come to the end of
  std::int64_t unread_count = 0;

 private:
  [[nodiscard]] std::string base_url(const std::string& host) const;
  Token token_;
};

/// What a response that is no success, or no response, means. Nothing: it is a success.
std::optional<Failure> failure_of(const CallResult& result);
/// The same of a write whose success has no body (204). After anything else that calls itself success the
/// delivery is unknown.
std::optional<Failure> failure_without_answer(const CallResult& result);
/// The same for a response that had to be JSON and was not.
Failure unreadable(const Error& error);
/// … and for one that lacks what it is read for: `expected` is the name of the field. Worth another try.
Failure another_shape(const Value& body, const std::string& expected);

/// What another try would not fix.
Failure permanent(std::string reason, std::string help = {});

/// The JSON of a good response, or why there is none.
tl::expected<Value, Failure> json_of(const CallResult& result);

/// Wildberries' words in an error body of any of its shapes: "SupplyShippingRequired «Specify shipping point …»".
std::string words_of(const Answer& answer);
/// The `code` of a marketplace error, or empty.
std::string code_of(const Answer& answer);

/// v2's numbers (api.md 13) out of today's pair; nothing for a word that nobody knows.
std::optional<int> status_code(const std::string& supplier_status, const std::string& wb_status,
                               std::string_view scheme);
std::optional<int> user_status_code(const std::string& supplier_status, const std::string& wb_status);
/// Nothing more will happen to the task. What the seller has done last does not say it: after `receive` it may be sold.
bool is_final(const std::string& wb_status);
bool is_cancelled(const std::string& supplier_status, const std::string& wb_status);

engine::Nodes nodes();

}  // namespace pipewright::wb
