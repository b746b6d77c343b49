// Records as sources and actions give them: null where a declaration allows it, odd values, broken fields now and then.
#pragma once

#include <cstdint>
#include <string>

#include "dsl/catalog.hpp"
#include "engine/value.hpp"
#include "evaluate.hpp"
#include "random.hpp"
#include "tree.hpp"

namespace pipewright::soundness {

/// An event of the pipeline's first, second … source.
engine::Value source_record(const Pipeline& pipeline, Random& random);

/// What the world makes of an action; the same for the same seed and address.
struct Outcome {
  Came::Kind kind = Came::Kind::unchanged;
  engine::Value record;
};
Outcome outcome_of(std::uint64_t seed, const std::string& address, const dsl::ActionSpec& spec, dsl::plan::Verb verb);

}  // namespace pipewright::soundness
