// Programs that are nearly well-typed: what `validate` passes of them has to be sound too.
#pragma once

#include "random.hpp"
#include "tree.hpp"

namespace pipewright::soundness {

/// One expression in place of another, a condition left out, an operator or function changed.
Program mutated(Program program, Random& random);

}  // namespace pipewright::soundness
