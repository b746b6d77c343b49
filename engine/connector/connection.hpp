// A configured account: its settings, its limits, its caches.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/connector/call.hpp"

namespace pipewright::engine {

/// A token bucket: one token per `interval`, `burst` at most.
struct Rate {
  std::chrono::microseconds interval{0};  ///< zero: no limit
  int burst = 1;
};

/// What an answer says about its bucket.
struct Feedback {
  std::optional<int> remaining;  ///< tokens left, by the server's word
  Duration pause{0};             ///< nothing more of this group before that
  int cost = 1;                  ///< tokens that the call took (Wildberries: ten for a 4XX)
  /// No answer of this API, and what it is: Answer::instead_of_json. Judged like a 5xx: the group backs off, and what
  /// came is reported once, in the log and in `status`.
  std::string unreadable{};
};

/// One key of a connection in pipewright.toml, as the connector declares it.
struct SettingKey {
  enum class Kind { text, secret, url, boolean, duration, integer, rate, table };
  std::string name;  ///< `token`; of a sub-table: `shipping.type`
  Kind kind = Kind::text;
  bool required = false;  ///< for `run`
  std::string doc;
  std::vector<std::string> values;  ///< the words it may have, of a url what may follow the host; empty: any
  bool technical = false;           ///< how the account is reached, not what is written there

  /// Whether its value decides what is written: then another one makes another plan of the same program.
  [[nodiscard]] bool has_meaning() const {
    return !technical && kind != Kind::secret && kind != Kind::duration && kind != Kind::rate;
  }
};

/// The values of one connection, read and checked against its keys. A secret that could not be resolved is absent.
struct Settings {
  std::string name;  ///< `wb_moscow`
  std::string type;  ///< `wildberries`
  std::map<std::string, Value> values;
  std::map<std::string, Secret> secrets;
  std::map<std::string, Rate>
      rates;  ///< `rate = "8/s burst 8"` under "", `[rate] marketplace = …` under "marketplace"; interval 0: off
  std::string time_zone;     ///< `[run] time_zone`
  std::string directory;     ///< where relative paths begin: the configuration's folder
  Instant opened;            ///< when the program started: "171 days left" counts from here
  std::size_t accounts = 1;  ///< of this type in the configuration: they share what is counted by address

  [[nodiscard]] std::string text(const std::string& key, const std::string& otherwise = {}) const {
    const auto found = values.find(key);
    return found == values.end() ? otherwise : found->second.id_text();
  }
  [[nodiscard]] bool flag(const std::string& key) const {
    const auto found = values.find(key);
    return found != values.end() && found->second.boolean() != nullptr && *found->second.boolean();
  }
};

/// A configured account. Connectors derive from it and keep their caches (reference data, indexes) in it.
class Connection {
 public:
  explicit Connection(Settings settings) : settings_(std::move(settings)) {}
  virtual ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] const std::string& name() const { return settings_.name; }

  /// The buckets by group; a group that is not named has no limit.
  [[nodiscard]] virtual std::map<std::string, Rate> limits() const { return {}; }
  /// The bucket of one group. Overridden by who makes groups up as it goes (one for each origin); nothing: no limit.
  [[nodiscard]] virtual std::optional<Rate> limit_of(const std::string& group) const {
    const auto all = limits();
    const auto found = all.find(group);
    return found == all.end() ? std::nullopt : std::optional(found->second);
  }
  [[nodiscard]] virtual Feedback feedback(const Request&, const Answer&) const { return {}; }
  /// One line for the start of `run`: "personal token, Marketplace Statistics, 171 days left". Without any call.
  [[nodiscard]] virtual std::string summary() const { return {}; }
  /// The account that event keys belong to; two connections to one account say the same.
  [[nodiscard]] virtual std::string account() const { return settings_.name; }
  /// The zone of the account's wall clocks (fields marked `in_account_zone`), as far as it is known by now.
  [[nodiscard]] virtual std::string account_zone() const { return settings_.time_zone; }

 private:
  Settings settings_;
};

}  // namespace pipewright::engine
