// Ticks of the clock.
#pragma once

#include "engine/node.hpp"

namespace pipewright::time {

engine::Nodes nodes();

}  // namespace pipewright::time
