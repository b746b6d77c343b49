// Whether one generated program is sound: what the checker, the formatter, the fixes and the interpreter make of it
// against the naive evaluator.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dsl/catalog.hpp"
#include "evaluate.hpp"
#include "tree.hpp"

namespace pipewright::soundness {

/// A reason for which an event of a well-typed program may park.
struct Allowed {
  Reason reason;
  const char* place;               ///< in grammar.md
  std::vector<std::string> words;  ///< one of them stands in the reason that the program gives
};
const std::vector<Allowed>& allowed();

/// What is wrong. `kind` stays the same while a program is made smaller.
struct Fault {
  std::string kind;
  std::string text;
};

struct Tally {
  std::size_t programs = 0;
  std::size_t events = 0;
  std::size_t actions = 0;
  std::map<Answer::End, std::size_t> ends;
  std::map<Reason, std::size_t> reasons;
  std::size_t fixed = 0;    ///< programs that `--fix` changed
  std::size_t mutated = 0;  ///< changed programs that `validate` passes
};

/// Of a program that may be wrong: nothing when `validate` refuses it, or when its events park for allowed reasons
/// alone.
std::optional<Fault> judge_mutated(const Program& program, std::uint64_t seed, const dsl::Catalog& catalog,
                                   Tally& tally);

/// Nothing when all is well. The seed gives the layout and the records.
std::optional<Fault> judge(const Program& program, std::uint64_t seed, const dsl::Catalog& catalog, Tally& tally);

}  // namespace pipewright::soundness
