// Requests to any third system.
#pragma once

#include "engine/node.hpp"

namespace pipewright::http {

engine::Nodes nodes();

}  // namespace pipewright::http
