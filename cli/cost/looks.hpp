// What the looks of a source cost, by the real source against a sandbox where things happen.
#pragma once

#include "cli/cost/tally.hpp"
#include "cli/project.hpp"

namespace pipewright::cli {

struct LookCost {
  bool measured = false;  ///< false: it asks no account that there is a sandbox of
  int looks = 0;          ///< that were made while nothing happened
  CallTally idle;         ///< of all of these together; a source of changes had as many things to watch
  CallTally alone;        ///< of a look that finds one thing
  CallTally together;     ///< of looks that find `things`
  int things = 0;
  int watched = 0;  ///< what the source looks after in each look, beside what is new
  Duration every{0};
};

Result<LookCost> look_cost(const Project& project, const dsl::plan::Source& source);

}  // namespace pipewright::cli
