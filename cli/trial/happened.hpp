// What a test's run did: every operation that was made, and how each event ended.
#pragma once

#include <string>
#include <vector>

#include "dsl/plan.hpp"
#include "engine/interpret.hpp"
#include "engine/journal/stored.hpp"
#include "engine/node.hpp"

namespace pipewright::cli {

/// An action that was really made, or found nothing to do (`none`).
struct Made {
  std::string connection, node;
  std::string operation;  ///< `create`, `update`, `set`, `append`, `send`, `none`
  bool silent = false;    ///< `log`: no write
  std::string text;       ///< the URL, the path, the message
  engine::Record asked;   ///< what was to be written, the keys included
  engine::Value result;
  std::vector<engine::Exchange> requests;  ///< that the target took

  /// As the test's braces name it; what was not asked for is looked up in the result. Null: there is no such field.
  [[nodiscard]] engine::Value field(const std::string& name) const;
};

struct EndedAs {
  engine::EndingKind kind = engine::EndingKind::unchanged;
  std::string pipeline, key, reason;
  dsl::plan::Place place;
  std::vector<std::string> warnings;
};

/// A `given` that makes calls fail: where it stands, and whether it ever did.
struct FaultGiven {
  dsl::plan::Place place;
  std::string what;  ///< `crm.order answers 503`
  bool struck = false;
};

/// What a test gave: an event of a source, or what was there beforehand.
struct GivenThing {
  std::string connection, node;
  engine::Value record;  ///< whole, in the language's terms
  engine::Value raw;     ///< of an event: what the system sends for it
};

struct Happened {
  std::vector<GivenThing> events;    ///< in their order
  std::vector<GivenThing> existing;  ///< in their order
  std::vector<Made> made;
  std::vector<EndedAs> ended;
  std::vector<FaultGiven> faults;
};

}  // namespace pipewright::cli
