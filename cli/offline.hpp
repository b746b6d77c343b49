// --offline: every account is an empty sandbox inside this process, so that lookups find nothing and nothing leaves the
// machine. --sandbox: the same with a few new orders to look at. No socket is opened: the addresses stay those of the
// configuration, and calls are answered here whatever they are.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "engine/config.hpp"
#include "engine/node.hpp"

namespace pipewright::cli {

class Offline {
 public:
  enum class Orders { none, some };
  /// Stand-ins for the configured accounts; their credentials replace the real ones. An error for a connection that has
  /// no stand-in.
  static Result<std::unique_ptr<Offline>> open(engine::Config& config, Orders orders);
  ~Offline();

  /// What stands in for the response to any call, made at `now`.
  engine::CallResult answer(const std::string& connection, const engine::Request& request, Instant now);
  /// Calls of `http.request` that were not made: "GET https://…".
  [[nodiscard]] const std::set<std::string>& not_asked() const;
  /// When the run begins: with orders always the same moment, so that two runs print the same.
  [[nodiscard]] Instant begins() const;

 private:
  struct State;
  explicit Offline(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace pipewright::cli
