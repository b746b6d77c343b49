// What `validate --online` asks of Wildberries: one ping of each host that the program uses (api.md 3).
#pragma once

#include "engine/task.hpp"
#include "stdlib/wb/account.hpp"

namespace pipewright::wb {

engine::Task<engine::Inspection> inspect(engine::Connection& connection, engine::Uses uses, engine::Calls& calls);

}  // namespace pipewright::wb
