// Holds what happened against what a test expects.
#pragma once

#include "cli/trial/trial.hpp"

namespace pipewright::cli {

class Judge {
 public:
  Judge(const Happened& happened, engine::Scope& scope) : happened_(happened), scope_(scope) {}

  void hear(const std::vector<dsl::plan::Expectation>& expectations);
  /// Adds what differs, in the order of the expectations.
  void decide(TrialResult& into);

 private:
  struct Heard {
    const dsl::plan::Expectation* expected = nullptr;
    engine::Record fields;
    std::optional<std::int64_t> times;
    std::string text;
    std::string broken;  ///< why an expression of it has no value
  };
  void write(const Heard& heard, TrialResult& into) const;
  /// Whether each expected write without a count has a write of its own; the first that has none fails.
  void each_its_own(TrialResult& into) const;
  void unclaimed(TrialResult& into) const;
  void idle_faults(TrialResult& into) const;
  void no_other(const Heard& heard, TrialResult& into) const;
  void ending(const Heard& heard, TrialResult& into) const;
  [[nodiscard]] static bool named(const Heard& heard, const Made& made);
  [[nodiscard]] static bool matches(const Heard& heard, const Made& made);
  [[nodiscard]] static bool claims(const Heard& heard, const EndedAs& ended);
  [[nodiscard]] std::vector<std::string> story() const;

  const Happened& happened_;
  engine::Scope& scope_;
  std::vector<Heard> heard_;
};

}  // namespace pipewright::cli
