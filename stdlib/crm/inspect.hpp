// What `validate --online` asks of retailCRM: the key's scopes and stores, and the dictionaries whose codes the program
// uses (api.md 4, 8 and 10).
#pragma once

#include "stdlib/crm/account.hpp"

namespace pipewright::crm {

Task<engine::Inspection> inspect(engine::Connection& connection, engine::Uses uses, Calls& calls);

}  // namespace pipewright::crm
