// The account: probes, settings, references, custom fields (reference, sections 4, 8 and 10).
#include <algorithm>
#include <array>

#include "stdlib/crm/sandbox/world.hpp"

namespace pipewright::crm::sandbox {
namespace {

Reply credentials(Call& call) {
  const bool all = call.key.sites.size() == call.world.options.sites.size();
  Json body{{"scopes", call.key.scopes},
            {"credentials", {"/api/v5/orders", "/api/v5/orders/{externalId}/edit", "/api/v5/customers"}},
            {"siteAccess", all ? "access_full" : "access_selective"}};
  if (!all) body["sitesAvailable"] = call.key.sites;
  return success(200, std::move(body));
}

Reply versions(Call&) { return success(200, {{"versions", {"3.0", "4.0", "5.0"}}}); }

Reply system_info(Call& call) {
  const std::string url = "http://127.0.0.1:" + std::to_string(call.world.port);
  return success(200, {{"systemVersion", "8.1.51"}, {"publicUrl", url}, {"technicalUrl", url}});
}

Reply settings(Call& call) {
  const std::string changed = "2020-12-02 14:54:16";
  Json times = Json::array();
  for (const char* day : {"Sunday", "Monday"}) {
    times.push_back({{"day_type", day},
                     {"start_time", "08:00"},
                     {"end_time", "20:30"},
                     {"lunch_start_time", "12:30"},
                     {"lunch_end_time", "13:00"}});
  }
  return success(200, {{"settings",
                        {{"default_currency", {{"value", "RUB"}, {"updated_at", changed}}},
                         {"system_language", {{"value", "RU"}, {"updated_at", changed}}},
                         {"timezone", {{"value", call.world.options.time_zone}, {"updated_at", changed}}},
                         {"work_times", times}}}});
}

struct Reference {
  const char* path;
  const char* key;
};

constexpr std::array<Reference, 20> references{{{"statuses", "statuses"},
                                                {"status-groups", "statusGroups"},
                                                {"sites", "sites"},
                                                {"order-types", "orderTypes"},
                                                {"order-methods", "orderMethods"},
                                                {"payment-types", "paymentTypes"},
                                                {"payment-statuses", "paymentStatuses"},
                                                {"delivery-types", "deliveryTypes"},
                                                {"product-statuses", "productStatuses"},
                                                {"units", "units"},
                                                {"stores", "stores"},
                                                {"price-types", "priceTypes"},
                                                {"legal-entities", "legalEntities"},
                                                {"couriers", "couriers"},
                                                {"currencies", "currencies"},
                                                {"cost-groups", "costGroups"},
                                                {"cost-items", "costItems"},
                                                {"mg-channels", "mgChannels"},
                                                {"countries", "countriesIso"},
                                                {"delivery-services", "deliveryServices"}}};

const Reference* reference_at(const std::string& path) {
  const auto found = std::ranges::find_if(references, [&](const Reference& one) { return path == one.path; });
  return found == references.end() ? nullptr : &*found;
}

Reply reference(Call& call) {
  const Reference* wanted = reference_at(call.at[0]);
  if (wanted == nullptr || !call.world.dictionaries.contains(wanted->key)) return failure(404, "API method not found");
  Json entries = call.world.dictionaries[wanted->key];
  if (std::string_view(wanted->key) == "sites") {
    for (const std::string& code : call.world.options.sites) {
      if (!call.sees(code)) entries.erase(code);
    }
  }
  if (entries.is_object()) entries = php_map(entries);
  return success(200, {{wanted->key, std::move(entries)}});
}

/// `statuses` → `status`, `price-types` → `priceType`.
std::string singular(const std::string& key) {
  if (key == "statuses" || key.ends_with("Statuses")) return key.substr(0, key.size() - 2);
  return key.substr(0, key.size() - 1);
}

Reply reference_edit(Call& call) {
  const Reference* wanted = reference_at(call.at[0]);
  if (wanted == nullptr || !call.world.dictionaries.contains(wanted->key)) return failure(404, "API method not found");
  Reply refused;
  const auto given = json_field(call, singular(wanted->key), refused);
  if (!given) return refused;
  Json& entries = call.world.dictionaries[wanted->key];
  Json entry = *given;
  entry["code"] = call.at[1];
  if (entries.is_object()) {
    entries[call.at[1]].update(Json{{"active", true}, {"ordering", 990}});
    entries[call.at[1]].update(entry);
  } else {
    std::erase_if(entries.get_ref<Json::array_t&>(),
                  [&](const Json& one) { return one.value("code", "") == call.at[1]; });
    entries.push_back(std::move(entry));
  }
  return success(200, Json::object());
}

Reply custom_fields(Call& call) {
  Reply refused;
  const auto page = page_of(call, refused, true);
  if (!page) return refused;
  const Json filter = call.query.value("filter", Json::object());
  std::vector<Json> shown;
  for (const auto& [name, value] : filter.items()) {
    if (name != "code" && name != "entity" && name != "type" && name != "name") {
      return failure(400, "Errors in the input parameters",
                     {{"children[" + name + "]", "This form should not contain extra fields."}});
    }
  }
  for (const Json& field : call.world.custom_fields) {
    const bool passes = std::ranges::all_of(
        filter.items(), [&](const auto& item) { return field.value(item.key(), Json()) == item.value(); });
    if (passes) shown.push_back(field);
  }
  return paged(*page, "customFields", shown);
}

Reply custom_field(Call& call) {
  for (const Json& field : call.world.custom_fields) {
    if (field["entity"] == call.at[0] && field["code"] == call.at[1]) return success(200, {{"customField", field}});
  }
  return failure(404, "Not found");
}

Reply custom_field_create(Call& call) {
  Reply refused;
  const auto given = json_field(call, "customField", refused);
  if (!given) return refused;
  Json field{{"required", false},         {"inFilter", true},      {"inList", true},
             {"inGroupActions", false},   {"type", "string"},      {"ordering", 50},
             {"displayArea", "customer"}, {"viewMode", "editable"}};
  field.update(*given);
  field["entity"] = call.at[0];
  if (field.value("code", "").empty())
    return failure(400, "Errors in the entity format", {{"code", "This value should not be blank."}});
  if (has_custom_field(call.world, call.at[0], field["code"])) {
    return failure(400, "Errors in the entity format", {{"code", "This value is already used."}});
  }
  call.world.custom_fields.push_back(field);
  return success(201, {{"code", field["code"]}});
}

}  // namespace

std::vector<Route> account_routes() {
  return {{"GET", "/api/credentials", "", &credentials},
          {"GET", "/api/api-versions", "", &versions},
          {"GET", "/api/system-info", "", &system_info},
          {"GET", "/api/v5/settings", "reference_read", &settings},
          {"GET", "/api/v5/custom-fields", "custom_fields_read", &custom_fields},
          {"GET", "/api/v5/custom-fields/{entity}/{code}", "custom_fields_read", &custom_field},
          {"POST", "/api/v5/custom-fields/{entity}/create", "custom_fields_write", &custom_field_create}};
}

std::vector<Route> reference_routes() {
  return {{"GET", "/api/v5/reference/{name}", "reference_read", &reference},
          {"POST", "/api/v5/reference/{name}/{code}/edit", "reference_write", &reference_edit}};
}

}  // namespace pipewright::crm::sandbox
