// Which steps, table keys, branches and fallbacks no test reached.
#pragma once

#include <string>
#include <vector>

#include "cli/project.hpp"
#include "engine/eval.hpp"

namespace pipewright::cli {

struct Unreached {
  dsl::plan::Place place;
  std::string what;  ///< `no test reaches this row`
};

struct Coverage {
  std::size_t reached = 0;
  std::size_t total = 0;
  std::vector<Unreached> unreached;  ///< by file and place
};

/// Of what stands in the project's own files.
Coverage coverage_of(const Project& project, const engine::Reached& reached);

}  // namespace pipewright::cli
