// How one event walks its pipeline: pure steps are recomputed, effects are taken from what was recorded. A resumed
// event is the same walk.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dsl/plan.hpp"
#include "engine/eval.hpp"
#include "engine/node.hpp"

namespace pipewright::engine {

/// A place in the plan as one event passes it: `3`, `4.else.1`, `5[2].1`. Stable for one plan.
using Address = std::string;

/// What is known of an effect that was already made.
struct Recorded {
  Outcome outcome;
  std::string input;     ///< fingerprint of the operation that it answers
  bool readable = true;  ///< false: the journal's record cannot be read; the effect was possibly done
};

/// One event, as its pipeline sees it.
struct EventData {
  Value record;
  Value before;
  Instant received_at;
  std::string time_zone = "UTC";
  std::string pipeline;
  std::string key;             ///< the source record's id
  Reached* reached = nullptr;  ///< what the walk passes is noted there
  BudgetLimits limits;         ///< an event that exceeds them parks; nothing of it is sent that is not under way
};

/// An effect that the event now wants.
struct Want {
  Address address;
  const dsl::plan::Action* action = nullptr;  ///< in the plan, which outlives it
  const dsl::plan::Place* place = nullptr;
  Operation operation;
};

enum class EndingKind { skipped, unchanged, written, parked };  ///< from the least to the worst

struct Ending {
  EndingKind kind = EndingKind::unchanged;
  std::string reason;                       ///< of what was skipped or parked
  const dsl::plan::Place* place = nullptr;  ///< the step that skipped or parked it
  std::vector<std::string> warnings;
  bool reached_end = false;  ///< the chain came to its end: listeners (`on NAME`) get the event
};

/// Either effects that may go on side by side, or (when there are none) the ending. Neither: all that is wanted is
/// under way.
struct Progress {
  std::vector<Want> wants;
  std::optional<Ending> ending;
};

/// Whether somebody will read why a `where` dropped an event: the words cost more than the filter.
enum class Reasons { full, none };

/// Walks from the first step with what is recorded. Effects that are under way already are named again in `wants`: who
/// calls knows which they are.
Progress advance(const dsl::plan::Pipeline& pipeline, const dsl::plan::Plan& plan, const CompiledTables& tables,
                 const EventData& event, const std::map<Address, Recorded>& recorded, Reasons reasons = Reasons::full);

/// The operation as a text that is equal only for equal work: how equal effects are found.
std::string fingerprint(const dsl::plan::Action& action, const Operation& operation);

/// The step that stands at an address of its pipeline; null where there is none.
const dsl::plan::Step* step_at(const dsl::plan::Steps& steps, std::string_view address);

std::string ending_text(EndingKind kind);

}  // namespace pipewright::engine
