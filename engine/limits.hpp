// Token buckets: how often one group of an account may be called. Pure: the time is passed in.
#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "base/time.hpp"
#include "engine/node.hpp"

namespace pipewright::engine {

/// One bucket: `burst` tokens at most, one more per `interval`. Without an interval there is no limit, only pauses.
class Bucket {
 public:
  explicit Bucket(Rate rate = {}) : rate_(rate), tokens_(rate.burst) {}

  /// The moment from which one call may go; not after `now` means at once.
  [[nodiscard]] Instant ready_at(Instant now) const;
  /// A call goes: takes one token.
  void take(Instant now);
  /// An answer's own word: tokens left (never more than we count ourselves), a pause, what the call really cost.
  void apply(const Feedback& feedback, Instant now);
  /// Another rate after a reload; what was spent stays spent.
  void change(Rate rate, Instant now);
  /// As an earlier process left it, `ago`: what was gathered since is counted in.
  void restore(std::int64_t tokens, Duration ago, Duration pause, Instant now);
  /// Tokens there now, below zero after a penalty; and how long the server's pause lasts.
  [[nodiscard]] std::int64_t tokens(Instant now) const;
  [[nodiscard]] Duration pause_left(Instant now) const { return std::max(Duration(0), paused_until_ - now); }
  /// Whole tokens there now; for `status`.
  [[nodiscard]] int headroom(Instant now) const;
  [[nodiscard]] const Rate& rate() const { return rate_; }

 private:
  using Fine = std::chrono::sys_time<std::chrono::microseconds>;
  void refill(Instant now);

  Rate rate_;
  std::int64_t tokens_;                           ///< below zero after a penalty
  Fine filled_at_{std::chrono::microseconds(0)};  ///< when the last token was counted in
  bool begun_ = false;
  Instant paused_until_{Duration(0)};
};

/// `8/s burst 8`, `300/min burst 20`, `1/h`, `off`.
std::optional<Rate> parse_rate(const std::string& text);

}  // namespace pipewright::engine
