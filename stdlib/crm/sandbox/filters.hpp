// Filters of lists. What the reference names but the sandbox does not do is refused, never ignored.
#pragma once

#include <map>

#include "stdlib/crm/sandbox/world.hpp"

namespace pipewright::crm::sandbox {

struct Filter {
  enum class Shape { scalar, list } shape = Shape::scalar;
  bool (*passes)(const World& world, const Json& entity, const Json& value) = nullptr;
};

using Filters = std::map<std::string, Filter>;

/// The entities that pass; `refused` is set when the filter cannot be read.
std::vector<const Json*> filtered(Call& call, const std::map<std::int64_t, Json>& entities, const Filters& filters,
                                  Reply& refused);

bool is_among(const Json& list, const Json& value);
/// Some text of it, at any depth, has more than the 255 characters that a filter takes (reference, section 3).
bool is_too_long(const Json& value);
/// Case-insensitive, Cyrillic included.
bool has_substring(const std::string& text, const std::string& part);

template <const char* key>
bool equals(const World&, const Json& entity, const Json& value) {
  return entity.contains(key) && (entity[key] == value || entity[key].dump() == value);
}

template <const char* key>
bool among(const World&, const Json& entity, const Json& value) {
  return entity.contains(key) && is_among(value, entity[key]);
}

/// `key` holds a date or a date with time; the value is a day.
template <const char* key>
bool from_day(const World&, const Json& entity, const Json& value) {
  return entity.value(key, "").substr(0, 10) >= value.get<std::string>().substr(0, 10);
}

template <const char* key>
bool to_day(const World&, const Json& entity, const Json& value) {
  const std::string day = entity.value(key, "").substr(0, 10);
  return !day.empty() && day <= value.get<std::string>().substr(0, 10);
}

namespace keys {
inline constexpr char id[] = "id", external_id[] = "externalId", number[] = "number", site[] = "site",
                      email[] = "email", status[] = "status", created_at[] = "createdAt",
                      status_updated_at[] = "statusUpdatedAt", order_type[] = "orderType",
                      order_method[] = "orderMethod", xml_id[] = "xmlId", nick_name[] = "nickName", active[] = "active",
                      manager_id[] = "managerId", full_paid_at[] = "fullPaidAt", article[] = "article";
}  // namespace keys

}  // namespace pipewright::crm::sandbox
