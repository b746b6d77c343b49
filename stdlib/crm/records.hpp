// The CRM's objects as the declared records `crm.client` and `crm.order` (api.md 5.3, 7).
#pragma once

#include "stdlib/crm/account.hpp"

namespace pipewright::crm {

/// The fields that the API has in another shape: `phones`.
Record derived_of_client(const Value& raw);
/// `client`, `customer`, `items`, `track_number`.
Record derived_of_order(const Account& account, const Value& raw);

/// What a step's name is bound to. `raw` holds the CRM's object, so that the record can be compared again
/// (Operation::assumed).
Value client_record(const Account& account, const Value& raw);
Value order_record(const Account& account, const Value& raw);

/// Every external id of a line: the list `externalIds` of any code, and the older `externalId`.
std::vector<std::string> external_ids_of(const Value& item);
/// The numbers in `phones`.
std::vector<std::string> phones_of(const Value& client);
/// A list, or the values of a map keyed by id; `[]` and `{}` alike are nothing.
std::vector<Value> elements_of(const Value& list_or_map);
/// "Футболка × 2 по 990, 2000000000017 × 1 по 0".
std::string items_text(const std::vector<Value>& items);

}  // namespace pipewright::crm
