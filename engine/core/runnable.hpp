// A plan that is bound to the world: its nodes' behaviour and its accounts. Immutable; an event keeps the one that it
// began with.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/scrub.hpp"
#include "dsl/plan.hpp"
#include "engine/node.hpp"

namespace pipewright::engine {

struct Runnable {
  std::shared_ptr<const dsl::plan::Plan> plan;
  std::shared_ptr<const Registry> registry;
  std::map<std::string, std::shared_ptr<Connection>> connections;  ///< by name; all that the plan names
  /// What came as the declared record: snake_case, exact units, `connection`, `raw`. Absent: `raw` with the derived
  /// fields, as it is.
  std::function<Value(const dsl::plan::Source&, const Connection&, const NewEvent&)> normalise;
  std::string time_zone = "UTC";  ///< `[run] time_zone`
  Duration retry_for{std::chrono::hours(24)};
  std::string commit;  ///< of the integrator's git repository; may be empty
  /// Of every secret of the configuration: responses pass it before a connector sees them, and so does all that is
  /// recorded or printed. Never null.
  std::shared_ptr<const Scrubber> scrubber = std::make_shared<const Scrubber>();
};

}  // namespace pipewright::engine
