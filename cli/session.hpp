// A checked project bound to its accounts: what run, dry-run, events retry and the demo share.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cli/project.hpp"
#include "engine/core/core.hpp"
#include "engine/run/loop.hpp"

namespace pipewright::cli {

class Session {
 public:
  /// Opens the accounts and binds the plan. `project` outlives the session.
  static Result<std::unique_ptr<Session>> open(const Project& project);

  [[nodiscard]] const std::shared_ptr<const engine::Runnable>& runnable() const { return runnable_; }
  [[nodiscard]] const engine::Connections& connections() const { return connections_; }
  /// What the loop asks for: plans that only the journal knows, certificate authorities; `log` takes the nodes'
  /// remarks. They answer by this session, and once another one has succeeded it, by that one.
  [[nodiscard]] engine::Loop::Hooks hooks(std::function<void(engine::LogLevel, const std::string&)> log) const;

  /// Another program or configuration over the same accounts: those whose settings did not change keep their limits
  /// and caches.
  Result<std::unique_ptr<Session>> changed(const Project& project) const;
  /// The hooks that `former` gave out answer by this session from now on; the former project is not needed any more.
  /// Connections that are no longer configured stay reachable for the events that still use them.
  void succeed(const Session& former);

 private:
  struct Current {
    const Project* project;
    engine::Connections connections;
  };
  explicit Session(const Project& project) : project_(&project) {}
  Result<void> bind();
  const Project* project_;
  engine::Connections connections_;
  std::shared_ptr<Current> current_ = std::make_shared<Current>();
  std::shared_ptr<const engine::Runnable> runnable_;
};

/// A node's remark, on standard error.
void print_log(engine::LogLevel level, const std::string& text);

/// Whether a running process need not take anything from another configuration: the same connections with the same
/// settings and secrets, the same `[run]` and `[state]`.
bool same_configuration(const engine::Config& a, const engine::Config& b);

/// Rounds of the loop until the core is drained, told to stop, or `enough`. An error is the end of the process.
Result<void> drain(engine::Core& core, engine::Loop& loop, const std::function<bool()>& enough);

}  // namespace pipewright::cli
