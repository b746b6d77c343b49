// The program under test: check, format, fix, and the interpreter of `run` with no connector behind it.
#pragma once

#include <string>

#include "dsl/check.hpp"
#include "engine/interpret.hpp"
#include "evaluate.hpp"
#include "records.hpp"

namespace pipewright::soundness {

struct Given {
  engine::Value record;
  engine::Value before;
  Instant now;
  Zone zone;
  std::uint64_t seed = 0;  ///< of what the world answers
};

/// What the interpreter made of one event.
struct Ran {
  Answer answer;
  std::string reason;  ///< in the program's words
};

using Files = std::vector<std::pair<std::string, std::string>>;

dsl::ProgramInput input_of(const Files& files, const Zone& zone);
Ran run(const dsl::plan::Plan& plan, const engine::CompiledTables& tables, const std::string& pipeline,
        const Given& given, const dsl::Catalog& catalog, engine::Reached* reached = nullptr);

}  // namespace pipewright::soundness
