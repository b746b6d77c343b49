// --offline: every account is an empty sandbox inside this process, so that lookups find nothing and nothing leaves the
// machine.
#pragma once

#include <memory>

#include "engine/config.hpp"

namespace pipewright::cli {

class Offline {
 public:
  /// Points the configured accounts to the sandboxes for as long as this lives.
  explicit Offline(engine::Config& config);
  ~Offline();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pipewright::cli
