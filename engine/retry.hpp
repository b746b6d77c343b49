// How long to wait before trying again.
#pragma once

#include <algorithm>

#include "base/time.hpp"

namespace pipewright::engine {

struct Backoff {
  Duration first{500};
  Duration ceiling{60'000};
};

/// How long to wait before attempt `n` + 1, after `n` failed ones (from 1). Doubles from `first` to `ceiling`; `jitter`
/// (0…1) takes up to a quarter off or adds it. The server's own word is a floor: our ceiling never lowers it.
inline Duration delay_before(int n, Duration server_word, double jitter, const Backoff& backoff = {}) {
  Duration delay = backoff.first;
  for (int i = 1; i < n && delay < backoff.ceiling; ++i) delay *= 2;
  delay = std::min(delay, backoff.ceiling);
  const double spread = 0.75 + 0.5 * std::clamp(jitter, 0.0, 1.0);
  delay = std::min(backoff.ceiling, Duration(static_cast<Duration::rep>(static_cast<double>(delay.count()) * spread)));
  return std::max(delay, server_word);
}

}  // namespace pipewright::engine
