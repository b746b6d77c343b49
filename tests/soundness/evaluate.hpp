// A second evaluator, naive on purpose: it walks the generator's tree as grammar.md reads, and shares no code with the
// engine.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "calendar.hpp"
#include "tree.hpp"
#include "value.hpp"

namespace pipewright::soundness {

/// Why an event parks, or a table drops it.
enum class Reason {
  none,
  table_skips,
  division_by_zero,
  too_many_digits,
  out_of_range,
  part_of_a_day,
  broken_field,
  not_in_table,
  no_conversion,
  no_json_list,
  nothing_found,
  refused,
  unsound,  ///< a well-typed program cannot come here
};

/// What the world made of an action.
struct Came {
  enum class Kind { written, unchanged, found, nothing, skipped, failed };
  Kind kind = Kind::unchanged;
  Value record;
};
using World = std::function<Came(const std::string& address, const std::string& node, dsl::plan::Verb verb)>;

struct Event {
  Value record;
  std::string declared;  ///< the name of its record
  Value before;
  Moment now;
  Zone zone;
};

/// An action that was reached, with what it was to do.
struct Done {
  std::string connection;
  std::string node;
  dsl::plan::Verb verb = dsl::plan::Verb::upsert;
  Entries key;
  Entries written;
  Entries filling;
  std::optional<std::string> text;
  Value source_record;
};

struct Answer {
  enum class End { skipped, unchanged, written, parked };
  End end = End::unchanged;
  Reason reason = Reason::none;
  std::string detail;                   ///< for people
  bool through = false;                 ///< who listens gets the event
  std::map<std::string, Done> actions;  ///< by their addresses: `3`, `4.else.1`, `5[2].1`
};

/// `takes`: what the action nodes take, by their names.
Answer evaluate(const Program& program, const Pipeline& pipeline, const Event& event, const World& world,
                const std::map<std::string, const dsl::RecordType*>& takes);

/// The first broken field, however deep it stands, parks who writes or compares the value. Throws Stop.
void refuse_broken(const Value& value);

/// An expression has no value.
struct Stop {
  Reason reason;
  std::string detail;
};

/// What an expression sees.
struct Sight {
  const Program* program;
  const Event* event;
  std::map<std::string, Value> names;
};

/// Throws Stop.
Value value_of(const Node& node, Sight& sight);
Value call(const Node& node, const std::vector<Value>& arguments, const Event& event);

}  // namespace pipewright::soundness
