// What retailCRM has: the type of connection, its actions and sources.
#pragma once

#include "engine/node.hpp"

namespace pipewright::crm {

engine::Nodes nodes();

}  // namespace pipewright::crm
