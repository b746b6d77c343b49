// Calls, counted by kind.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/node.hpp"

namespace pipewright::cli {

struct CallKind {
  std::string connection, node, group;
  std::string call;  ///< `POST /api/v3/orders/{id}`: the method and the path without what names one thing
  friend bool operator==(const CallKind&, const CallKind&) = default;
};

/// In the order in which each kind was first seen.
class CallTally {
 public:
  void add(const std::string& connection, const engine::Request& request);
  [[nodiscard]] int of(const CallKind& kind) const;
  [[nodiscard]] const std::vector<std::pair<CallKind, int>>& all() const { return counts_; }

 private:
  std::vector<std::pair<CallKind, int>> counts_;
};

}  // namespace pipewright::cli
