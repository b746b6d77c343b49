// What a test's run did, as it crossed the boundary: requests that the target took, lines of files, messages.
#pragma once

#include "cli/trial/happened.hpp"
#include "engine/core/ports.hpp"
#include "engine/node.hpp"

namespace pipewright::cli {

/// Wants Options::keep_requests. A write whose request the target took twice was made twice, whatever its connector
/// says of it; one whose answer was lost was made, though nobody heard so.
class TraceRecorder : public engine::Observer {
 public:
  TraceRecorder(Happened& happened, const engine::Registry& registry) : happened_(happened), registry_(registry) {}
  void ended(const engine::Ended& event) override;
  [[nodiscard]] bool every_event() const override { return true; }

 private:
  void note(const engine::EndedStep& step);

  Happened& happened_;
  const engine::Registry& registry_;
};

}  // namespace pipewright::cli
