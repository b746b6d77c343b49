// Rate limits in words, and what is left of them.
#pragma once

#include <string>
#include <vector>

#include "engine/journal/journal.hpp"

namespace pipewright::cli {

/// As people speak of limits, quick ones by the second, slow ones by the hour: `8/s`, `100/min`, `1/h`.
std::string rate_text(const engine::Rate& rate);

/// What a running engine has left of one of its limits.
struct LimitLeft {
  std::string connection, group;
  int free = 0;      ///< calls that could go at once
  int burst = 0;     ///< of that many
  std::string rate;  ///< `300/min`
};

/// From what the engine keeps in the journal, and what was gathered since.
std::vector<LimitLeft> limits_left(const std::vector<engine::BucketState>& buckets, Instant now);

}  // namespace pipewright::cli
