// A failing program made as small as it still fails.
#pragma once

#include <functional>

#include "tree.hpp"

namespace pipewright::soundness {

/// `fails` says whether a program still fails in the same way.
Program smallest(Program program, const std::function<bool(const Program&)>& fails);

}  // namespace pipewright::soundness
