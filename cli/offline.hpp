// --offline: every account is an empty sandbox inside this process, so that lookups find nothing and nothing leaves the
// machine. --sandbox: the same with a few new orders to look at.
#pragma once

#include <memory>

#include "engine/config.hpp"

namespace pipewright::cli {

class Offline {
 public:
  enum class Orders { none, some };
  /// Points the configured accounts to the sandboxes for as long as this lives.
  Offline(engine::Config& config, Orders orders);
  ~Offline();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pipewright::cli
