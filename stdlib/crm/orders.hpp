// crm.order and crm.order.status (api.md 5).
#pragma once

#include "engine/node.hpp"

namespace pipewright::crm {

engine::ActionNode order_node();
engine::ActionNode order_status_node();

}  // namespace pipewright::crm
