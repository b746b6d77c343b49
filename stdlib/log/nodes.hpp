// Lines in the log of the run.
#pragma once

#include "engine/node.hpp"

namespace pipewright::log {

engine::Nodes nodes();

}  // namespace pipewright::log
