// How `events retry` reaches a `run` that holds the journal, and how `status` sees its limits: small files beside it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/core/core.hpp"

namespace pipewright::cli {

/// As people speak of limits, quick ones by the second, slow ones by the hour: `8/s`, `100/min`, `1/h`.
std::string rate_text(const engine::Rate& rate);

struct RetryRequest {
  std::vector<engine::EventId> ids;  ///< all that are parked are named too
  bool as_was = false;
  bool stale = false;
};

/// The room that a running engine has at one of its limits.
struct LimitRoom {
  std::string connection, group;
  int free = 0;      ///< calls that could go at once
  int burst = 0;     ///< of that many
  std::string rate;  ///< `300/min`
};

class Inbox {
 public:
  explicit Inbox(const std::string& state_path);

  /// The running side: answers what lies there.
  void serve(engine::Core& core, Instant now);
  /// The running side: says what room its limits have, every few seconds.
  void publish(const engine::Core& core, Instant now);
  /// The running side, at its end: what was published holds no more.
  void close();
  /// The asking side: what was published lately; nothing where no `run` is under way.
  [[nodiscard]] std::vector<LimitRoom> limits(Instant now) const;
  /// The asking side: waits for the answer, `patience` at most.
  std::optional<std::vector<engine::RetryAnswer>> ask(const RetryRequest& request, Duration patience);

 private:
  std::string folder_;
  Instant published_;
};

}  // namespace pipewright::cli
