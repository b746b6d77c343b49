// How the core reaches the world (Ports) and whom it reports to (Observer). Both are called only from inside the core's
// own inputs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/core/clock.hpp"
#include "engine/core/runnable.hpp"
#include "engine/interpret.hpp"
#include "engine/journal/journal.hpp"
#include "engine/node.hpp"

namespace pipewright::engine {

using CallId = std::uint64_t;
using CommitId = std::uint64_t;
using QueryId = std::uint64_t;

class Ports {
 public:
  virtual ~Ports() = default;
  /// Send it now; answer once with Core::answered, never from inside.
  virtual void send(CallId id, const std::string& connection, const Request& request) = 0;
  /// Make it durable; answer with Core::committed, never from inside. One is under way at a time.
  virtual void commit(CommitId id, Transaction transaction) = 0;
  /// Ask the journal; answer with Core::replied, never from inside. Commits and queries are done, and answered, in the
  /// order in which they were given.
  virtual void query(QueryId id, Query query) = 0;
  /// 0…1, for back-off.
  virtual double jitter() = 0;
  /// A plan that only the journal remembers, made runnable again; null when it cannot be.
  virtual std::shared_ptr<const Runnable> revive(const PlanText&) { return nullptr; }
  /// A remark of a node.
  virtual void log(LogLevel, const std::string&) {}
};

/// One effect of an event that ended.
struct EndedStep {
  Address address;
  std::string connection, node;
  Verb verb = Verb::find;
  Record key;
  Outcome outcome;
  std::vector<Exchange> exchanges;          ///< whole bodies when Options::keep_requests, else shortened
  std::optional<Operation> operation;       ///< what the program asked for, with Options::keep_requests
  const dsl::plan::Place* place = nullptr;  ///< of the step; valid during the call
};

struct Ended {
  EventId id = 0;  ///< 0: of a rereadable source, not journaled
  std::string pipeline, key, identity;
  EndingKind kind = EndingKind::unchanged;
  std::string reason;
  const dsl::plan::Place* place = nullptr;  ///< valid during the call
  std::vector<std::string> warnings;
  std::vector<EndedStep> steps;
  Value record;
  Duration took{0};  ///< since its receipt
};

class Observer {
 public:
  virtual ~Observer() = default;
  /// Durable already.
  virtual void ended(const Ended&) {}
  /// False: events of rereadable sources are reported only when they park.
  [[nodiscard]] virtual bool every_event() const { return false; }
  virtual void connection_down(const std::string& /*connection*/, const Failure&) {}
  virtual void connection_up(const std::string& /*connection*/) {}
  /// A source that this pipeline has never read takes records that exist already: `count`, or more when `over`.
  virtual void begins(const std::string& /*pipeline*/, const std::string& /*source*/, std::size_t /*count*/,
                      bool /*over*/) {}
  /// A poll failed; reported once until a poll succeeds.
  virtual void source_failing(const std::string& /*pipeline*/, const std::string& /*source*/, const Failure&) {}
  /// A source's notice began, changed, or is over (empty).
  virtual void notice(const std::string& /*pipeline*/, const std::string& /*source*/, const std::string& /*text*/) {}
  /// A warning of the engine itself: the clock jumped, a response asks for an absurd pause.
  virtual void warning(const std::string& /*text*/) {}
};

}  // namespace pipewright::engine
