// How `events retry` reaches a `run` that holds the journal: small files beside it, each answered by another one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/core/core.hpp"

namespace pipewright::cli {

struct RetryRequest {
  std::vector<engine::EventId> ids;  ///< all that are parked are named too
  bool as_was = false;
  bool stale = false;
};

class Inbox {
 public:
  explicit Inbox(const std::string& state_path);

  /// The running side: answers what lies there.
  void serve(engine::Core& core, Instant now);
  /// The asking side: waits for the answer, `patience` at most.
  std::optional<std::vector<engine::RetryAnswer>> ask(const RetryRequest& request, Duration patience);

 private:
  std::string folder_;
};

}  // namespace pipewright::cli
