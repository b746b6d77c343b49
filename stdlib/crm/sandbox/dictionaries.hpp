// The references of a fresh account (retailCRM reference, section 8), embedded.
#pragma once

#include <nlohmann/json.hpp>

namespace pipewright::crm::sandbox {

/// By the key their answers use: `statuses`, `statusGroups`, `paymentTypes`, ...
nlohmann::json fresh_dictionaries();

}  // namespace pipewright::crm::sandbox
