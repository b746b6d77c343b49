// One case of a `test` block: run by the real core, interpreter and connectors in virtual time, then held against what
// it expects.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/project.hpp"
#include "cli/trial/happened.hpp"
#include "cli/trial/records.hpp"
#include "dsl/plan_test.hpp"
#include "engine/eval.hpp"

namespace pipewright::cli {

/// What differs from the expectation.
struct TrialFailure {
  dsl::plan::Place place;
  std::string message;
  std::string expected;              ///< JSON of the fields that differ, or words
  std::string got;                   ///< the same
  std::vector<std::string> details;  ///< a line each, for people
};

struct TrialCase {
  std::string name;
  const dsl::plan::Test* test = nullptr;
  const dsl::plan::TestCases* cases = nullptr;  ///< of a `for each`
  engine::Value value;                          ///< what its name is bound to
  dsl::plan::Place place;
  std::string broken;  ///< why the case cannot be run; empty: it can
};

struct TrialResult {
  std::vector<TrialFailure> failures;
  std::vector<std::string> notes;  ///< how the events ended where that was not asked for
  Duration took{0};                ///< by the real clock
  Happened happened;               ///< what was given and what became of it
};

/// The cases of all tests of the project's own files, in their order.
std::vector<TrialCase> trial_cases(const Project& project);

TrialResult try_case(const TrialCase& each, const Project& project, const Examples& examples, engine::Reached* reached);

}  // namespace pipewright::cli
