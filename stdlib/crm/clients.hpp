// crm.client, and the technical client that orders hang on when nobody is known (api.md 7).
#pragma once

#include "stdlib/crm/work.hpp"

namespace pipewright::crm {

/// The id of the technical client of a store (external id `wildberries`, first name «Покупатель Wildberries»): looked
/// up, else created; asked once. `items`: the batch indexes that need it.
Task<tl::expected<Value, Failure>> technical_client(Account& account, std::string site, std::vector<std::size_t> items,
                                                    Calls& calls);

engine::ActionNode client_node();

}  // namespace pipewright::crm
