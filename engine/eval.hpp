// Expressions over records: pure, no clock, no I/O. Everything that `where`, `let`, tables and mappings say is computed
// here.
#pragma once

#include <set>
#include <string>
#include <tl/expected.hpp>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "base/time.hpp"
#include "dsl/plan.hpp"
#include "engine/budget.hpp"
#include "engine/value.hpp"

namespace pipewright::engine {

/// Why an expression has no value: a table said `else skip`, or what it needs is not there or not of its type.
struct Halt {
  enum class Kind { skip, fail };
  Kind kind = Kind::fail;
  std::string reason;                       ///< names the path and the text found: "`price` is \"abc\", not money"
  const dsl::plan::Place* place = nullptr;  ///< in the plan, which outlives it
};
using Evaluated = tl::expected<Value, Halt>;

/// The tables of a plan, ready for look-ups: made once per plan.
class CompiledTables {
 public:
  CompiledTables() = default;
  explicit CompiledTables(const dsl::plan::Plan& plan);
  /// The row that holds `key` (numbers by value, everything else by its text), or null.
  [[nodiscard]] const dsl::plan::Table::Row* row(std::size_t table, const Value& key) const;

 private:
  std::vector<std::unordered_map<std::string, const dsl::plan::Table::Row*>> tables_;
};

/// Which arms of a program were taken, for the coverage of tests: a place and the number of the arm (a table's row: its
/// key's number; its `else`: 0; `where`: 0 dropped, 1 passed; `when`: the branch, `else` or none behind the last; `if`:
/// 0 else, 1 then; an action: 0 its `else`, 1 what it wants was there).
struct Reached {
  static constexpr int step = 1000;      ///< of a step: it ran
  static constexpr int there = 1001;     ///< `??`, by its right side: the left one was there
  static constexpr int absent = 1002;    ///< … it was not
  static constexpr int kept = 1003;      ///< `where` of a list, by its condition: an element came through
  static constexpr int left_out = 1004;  ///< … one did not
  static constexpr int some = 1005;      ///< `each`: an element
  static constexpr int none = 1006;      ///< … an empty list
  std::set<std::tuple<std::string, std::size_t, std::size_t, int>> arms;
  void take(const dsl::plan::Place& place, int arm) { arms.emplace(place.file, place.line, place.column, arm); }
  [[nodiscard]] bool took(const dsl::plan::Place& place, int arm) const {
    return arms.contains({place.file, place.line, place.column, arm});
  }
};

/// What an expression sees.
struct Scope {
  const dsl::plan::Plan* plan = nullptr;   ///< for its tables
  const CompiledTables* tables = nullptr;  ///< of the plan; without them a look-up walks the rows
  std::vector<Value> slots;                ///< slot 0 the record, slot 1 `before`
  Instant now;                             ///< the event's time of receipt
  std::string time_zone = "UTC";           ///< `[run] time_zone`
  Reached* reached = nullptr;              ///< filled in when there is one
  Budget budget;                           ///< what may still be made
};

/// Money keeps its digits here; it is rounded half up to kopecks where it is written (see interpret).
Evaluated evaluate(const dsl::plan::Expr& expr, Scope& scope);

/// A constant of the plan as a value.
Value value_of(const dsl::plan::Constant& constant);
/// Whether `==` holds: numbers by value, an id and a number by the id's text, everything else by kind and content.
bool equal(const Value& a, const Value& b);
/// The text of a hole behind `out`; false, with little written, when the budget does not allow it.
bool append_printed(std::string& out, const Value& value, const dsl::Type& type, Budget& budget);
/// As a hole of a text prints it: money with two decimals, everything else as Value::display.
std::string printed(const Value& value, const dsl::Type& type);

}  // namespace pipewright::engine
