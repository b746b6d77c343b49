// JSON lines: a file as a source that can be read again, and as a sink that can be cut back.
#pragma once

#include "engine/node.hpp"

namespace pipewright::file {

engine::Nodes nodes();

}  // namespace pipewright::file
