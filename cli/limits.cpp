#include "cli/limits.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pipewright::cli {

std::string rate_text(const engine::Rate& rate) {
  const double interval = std::chrono::duration<double, std::milli>(rate.interval).count();
  if (interval < 150) return fmt::format("{:.0f}/s", 1000 / interval);
  if (interval <= 60000) return fmt::format("{:.0f}/min", 60000 / interval);
  return fmt::format("{:.0f}/h", 3600000 / interval);
}

std::vector<LimitLeft> limits_left(const std::vector<engine::BucketState>& buckets, Instant now) {
  std::vector<LimitLeft> all;
  for (const engine::BucketState& each : buckets) {
    if (each.interval <= 0) continue;
    const std::chrono::microseconds interval(each.interval);
    const std::int64_t gathered = std::max<std::int64_t>(0, (now - each.at) / interval);
    const std::int64_t tokens =
        now < each.paused_until ? 0 : std::clamp<std::int64_t>(each.tokens + gathered, 0, each.burst);
    engine::Rate rate;
    rate.interval = std::chrono::duration_cast<decltype(rate.interval)>(interval);
    all.push_back({each.connection, each.group, static_cast<int>(tokens), each.burst, rate_text(rate)});
  }
  return all;
}

}  // namespace pipewright::cli
