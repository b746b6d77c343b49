// What an API sent → the record that its declaration promises: names in snake_case, money in major units, times as
// instants, an API's own "nothing" as null. Nothing that comes is trusted to have its type: what has not is Broken, and
// only who uses it parks.
#pragma once

#include <string>

#include "dsl/types.hpp"
#include "engine/value.hpp"

namespace pipewright::engine {

/// `derived` are fields that the connector computed; they win over the raw ones. The record also carries `connection`,
/// `raw` and, for default mappings of several sources, `@record` (the record's declared name). `account_zone` is the
/// zone of fields marked `in_account_zone`. A record of type json is handed through as it is.
Value normalise(const Value& raw, const Record& derived, const dsl::Type& type, const std::string& connection,
                const std::string& account_zone = "UTC");

/// One value as `type` wants it; `path` names it in messages. Null stands for the API's own nothing: "", [] of a map,
/// 0001-01-01.
Value converted(const Value& raw, const dsl::FieldType& field, const std::string& path,
                const std::string& account_zone);

}  // namespace pipewright::engine
