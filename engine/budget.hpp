// What one event may cost while its pipeline is evaluated: it is noticed before memory or time is gone, and parks that
// event alone.
#pragma once

#include <cstddef>
#include <string>

#include "engine/value.hpp"

namespace pipewright::engine {

/// For one walk of one event through its pipeline.
struct BudgetLimits {
  std::size_t bytes = 64UL << 20U;   ///< of the values that its expressions make
  std::size_t elements = 1'000'000;  ///< of lists (and parts of long texts) that are gone through
  std::size_t effects = 10'000;      ///< actions that are reached
};

/// Counts against the limits. What is refused once stays refused: the event is over.
class Budget {
 public:
  explicit Budget(const BudgetLimits& limits = {}) : limits_(limits), left_(limits) {}

  /// Before a value of so many bytes is made. False: it must not be made.
  [[nodiscard]] bool make(std::size_t bytes) { return take(left_.bytes, bytes, Spent::bytes); }
  /// Before so many elements are gone through.
  [[nodiscard]] bool walk(std::size_t elements) { return take(left_.elements, elements, Spent::elements); }
  /// Before an action.
  [[nodiscard]] bool effect() { return take(left_.effects, 1, Spent::effects); }

  /// Bytes that may still be made.
  [[nodiscard]] std::size_t room() const { return spent_ == Spent::nothing ? left_.bytes : 0; }
  [[nodiscard]] bool exceeded() const { return spent_ != Spent::nothing; }
  /// What was exceeded and what to do, behind the name of a place: "makes more than 64 MB of values for one event; …".
  [[nodiscard]] std::string reason() const;

 private:
  enum class Spent { nothing, bytes, elements, effects };
  bool take(std::size_t& left, std::size_t count, Spent what);

  BudgetLimits limits_;
  BudgetLimits left_;
  Spent spent_ = Spent::nothing;
};

/// The bytes that a value takes when every list and record in it is counted as often as it stands there: what it
/// takes once it is written. Counting ends soon after `most`.
std::size_t weight_of(const Value& value, std::size_t most);

}  // namespace pipewright::engine
