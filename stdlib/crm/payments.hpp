// Payments of an order that is there: they have calls of their own (api.md 5.7).
#pragma once

#include "stdlib/crm/work.hpp"

namespace pipewright::crm {

/// Makes the wanted payments (under the API's names) what they are to be: one is known again by its external id, one
/// without by its type, when the order has one of it. What is missing is made when it has an external id, for
/// otherwise it could be made twice. What was changed is added to `changes`; nothing: all went well.
Task<std::optional<Failure>> write_payments(Work& work, Item& item, Value wanted, std::vector<engine::Change>& changes,
                                            Calls& calls);

}  // namespace pipewright::crm
