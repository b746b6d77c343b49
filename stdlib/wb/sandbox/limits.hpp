// Rate limits: a token bucket per group of methods (reference, section 4).
#pragma once

#include <map>
#include <string>

#include "stdlib/wb/sandbox/sandbox.hpp"

namespace pipewright::wb::sandbox {

struct Policy {
  std::chrono::duration<double> interval{0.2};  ///< one request is earned per interval
  double burst = 20;
};

/// The policy of a group for the kind of token; unknown groups get the marketplace's common one.
Policy policy_of(const std::string& group, TokenOptions::Kind kind);

/// What the X-Ratelimit-* headers say. `allowed` false: 429.
struct Verdict {
  bool allowed = true;
  long remaining = 0;
  long retry = 0;  ///< seconds
  long limit = 0;
  long reset = 0;  ///< seconds
};

class Buckets {
 public:
  Verdict take(const std::string& group, const Policy& policy, Time now);
  /// Takes what an erroneous request costs beyond the one already taken; a bucket does not go below empty.
  void charge(const std::string& group, double requests);
  [[nodiscard]] long remaining(const std::string& group) const;

 private:
  struct Bucket {
    double tokens = 0;
    Time at;
  };
  std::map<std::string, Bucket> buckets_;
};

}  // namespace pipewright::wb::sandbox
