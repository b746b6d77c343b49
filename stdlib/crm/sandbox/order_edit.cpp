// Making and editing an order (reference, sections 5.3 to 5.6).
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "stdlib/crm/sandbox/edit.hpp"

namespace pipewright::crm::sandbox {
namespace {

constexpr std::array<Field, 28> fields{{
    {"externalId", "external_id"},
    {"number", "number"},
    {"status", "status", Kind::text, Wrap::code, "statuses"},
    {"statusComment", "status_comment"},
    {"statusUpdatedAt", "status_updated_at", Kind::date_time},
    {"createdAt", "created_at", Kind::date_time},
    {"orderType", "order_type", Kind::text, Wrap::code, "orderTypes"},
    {"orderMethod", "order_method", Kind::text, Wrap::code, "orderMethods"},
    {"privilegeType", "privilege_type"},
    {"countryIso", "country"},
    {"lastName", "last_name"},
    {"firstName", "first_name"},
    {"patronymic", "patronymic"},
    {"phone", "phone"},
    {"additionalPhone", "additional_phone"},
    {"email", "email", Kind::email},
    {"call", "call", Kind::boolean},
    {"expired", "expired", Kind::boolean},
    {"managerId", "manager", Kind::integer, Wrap::id},
    {"customerComment", "customer_comment"},
    {"managerComment", "manager_comment"},
    {"discountManualAmount", "discount_manual_amount", Kind::number},
    {"discountManualPercent", "discount_manual_percent", Kind::number},
    {"shipmentStore", "shipment_store", Kind::text, Wrap::code, "stores"},
    {"shipmentDate", "shipment_date", Kind::date},
    {"shipped", "shipped", Kind::boolean},
    {"weight", "weight", Kind::number},
    {"contragent", "contragent", Kind::object},
}};

constexpr std::array<Field, 7> quiet_fields{{{"length", "length", Kind::integer},
                                             {"width", "width", Kind::integer},
                                             {"height", "height", Kind::integer},
                                             {"mark", "mark", Kind::integer},
                                             {"markDatetime", "mark_datetime", Kind::date_time},
                                             {"source", "source", Kind::object},
                                             {"applyRound", "apply_round", Kind::boolean}}};

constexpr std::array<Field, 5> delivery_fields{{{"code", "delivery_type", Kind::text, Wrap::code, "deliveryTypes"},
                                                {"cost", "delivery_cost", Kind::number},
                                                {"netCost", "delivery_net_cost", Kind::number},
                                                {"date", "delivery_date", Kind::date},
                                                {"time", "delivery_time", Kind::object}}};

void apply_delivery(Edit& edit, Json& order, const Json& patch) {
  if (!patch.contains("delivery") || patch["delivery"].is_null()) return;
  const Json& given = patch["delivery"];
  if (!given.is_object()) return edit.error("delivery", "This value is not valid.");
  Json& delivery = order["delivery"];
  for (const Field& field : delivery_fields) apply(edit, delivery, given, field, "delivery.");
  for (const char* key : {"service", "data", "vatRate"}) {
    if (given.contains(key)) delivery[key] = given[key];
  }
  if (given.contains("address") && given["address"].is_object()) {
    apply_address(edit, delivery["address"], given["address"], "delivery_address.", Json::object());
  }
}

/// An entry is a known payment when its id or externalId says so, else a new one; the others stay.
void apply_payments(Edit& edit, Json& order, const Json& patch) {
  if (!patch.contains("payments") || !patch["payments"].is_array()) return;
  for (std::size_t i = 0; i < patch["payments"].size(); ++i) {
    const Json& given = patch["payments"][i];
    const std::string path = fmt::format("payments[{}].", i);
    Json* known = nullptr;
    for (Json& payment : order["payments"]) {
      const bool same = (given.contains("id") && payment["id"] == given["id"]) ||
                        (given.contains("externalId") && payment.value("externalId", Json()) == given["externalId"]);
      if (same) known = &payment;
    }
    Json payment = known != nullptr ? *known : Json::object();
    apply_payment(edit, order, payment, given, path);
    if (known != nullptr) {
      *known = payment;
    } else {
      order["payments"].push_back(payment);
    }
  }
}

const Json* wanted_owner(Edit& edit, std::map<std::int64_t, Json>& owners, const Json& wanted, const std::string& site,
                         const std::string& path) {
  if (wanted.contains("id") && !wanted["id"].is_null()) {
    for (const auto& [id, owner] : owners) {
      if (wanted["id"] == id) return &owner;
    }
    edit.error(path + ".id", "Customer with id=" + wanted["id"].dump() + " not found.");
    return nullptr;
  }
  const auto external = normal(Kind::text, wanted.value("externalId", Json()));
  if (!external || *external == "") return nullptr;
  const Json* owner = by_external(owners, *external, wanted.value("site", site));
  if (owner == nullptr)
    edit.error(path + ".externalId", "Customer with externalId=" + external->get<std::string>() + " not found.");
  return owner;
}

Json own_customer(const Json& order) {
  Json patch = Json::object();
  for (const char* key : {"lastName", "firstName", "patronymic", "email"}) {
    if (order.contains(key)) patch[key] = order[key];
  }
  if (order.contains("phone")) patch["phones"] = Json::array({{{"number", order["phone"]}}});
  return patch;
}

void append_phone(World& world, Json& customer, const Json& order) {
  if (!order.contains("phone")) return;
  Json& phones = customer["phones"];
  for (const Json& phone : phones) {
    if (phone["number"] == order["phone"]) return;
  }
  phones.push_back({{"number", order["phone"]}});
  write_customer_history(world, world.customer_history, {.source = "code"}, customer,
                         {{"phones", nullptr, order["phone"]}});
}

/// Section 5.4. `order["customer"]` becomes {type, id}, or stays empty: a customer has to be made.
void apply_owner(Edit& edit, Json& order, const Json& patch) {
  const std::string site = order["site"];
  if (patch.contains("customer") && patch["customer"].is_object()) {
    const Json& wanted = patch["customer"];
    const bool corporate = wanted.value("type", "customer") == "customer_corporate";
    auto& owners = corporate ? edit.world.corporate : edit.world.customers;
    if (const Json* owner = wanted_owner(edit, owners, wanted, site, "customer")) {
      order["customer"] = {{"type", corporate ? "customer_corporate" : "customer"}, {"id", (*owner)["id"]}};
    }
  }
  if (patch.contains("contact") && patch["contact"].is_object()) {
    if (const Json* contact = wanted_owner(edit, edit.world.customers, patch["contact"], site, "contact")) {
      order["contact"] = {{"type", "customer"}, {"id", (*contact)["id"]}};
    }
  }
  if (patch.contains("company")) order["company"] = patch["company"];
}

void apply_all(Edit& edit, Json& order, const Json& patch) {
  for (const Field& field : fields) apply(edit, order, patch, field);
  for (const Field& field : quiet_fields) apply(edit, order, patch, field);
  apply_delivery(edit, order, patch);
  apply_custom_fields(edit, order, patch, "order");
  apply_owner(edit, order, patch);
  if (patch.contains("items")) apply_items(edit, order, patch["items"]);
  recount(edit.world, order);
  apply_payments(edit, order, patch);
  recount(edit.world, order);
}

std::string default_code(const World& world, const char* dictionary) {
  for (const Json& entry : world.dictionaries.at(dictionary)) {
    if (entry.value("defaultForApi", false)) return entry["code"];
  }
  return {};
}

Json blank_order(const World& world, const std::string& site, const Actor& actor) {
  return {{"site", site},
          {"status", "new"},
          {"orderType", default_code(world, "orderTypes")},
          {"orderMethod", default_code(world, "orderMethods")},
          {"privilegeType", "none"},
          {"countryIso", "RU"},
          {"createdAt", world.local_now()},
          {"statusUpdatedAt", world.local_now()},
          {"currency", "RUB"},
          {"call", false},
          {"expired", false},
          {"shipped", false},
          {"customer", Json::object()},
          {"delivery", {{"cost", 0}, {"netCost", 0}, {"address", Json::object()}}},
          {"items", Json::array()},
          {"payments", Json::array()},
          {"customFields", Json::object()},
          {"bonusesCreditTotal", 0},
          {"bonusesChargeTotal", 0},
          {"fromApi", actor.source == "api"}};
}

bool is_taken(World& world, const Json& patch, const std::string& site, const Json& own) {
  const auto external = normal(Kind::text, patch.value("externalId", Json()));
  if (!external || *external == "") return false;
  const Json* other = by_external(world.orders, *external, site);
  return other != nullptr && (*other)["id"] != own;
}

void own_or_append(World& world, const Actor& actor, Json& order) {
  Json& owner = order["customer"];
  if (owner.empty()) {
    const auto made = create_customer(world, actor, order["site"], own_customer(order));
    if (made) owner = {{"type", "customer"}, {"id", *made}};
    return;
  }
  if (owner["type"] == "customer") append_phone(world, world.customers.at(owner["id"]), order);
}

/// A completed order sells its goods: the rule every account has.
std::vector<Change> complete_items(const World& world, Json& order) {
  std::vector<Change> changes;
  if (order["status"] != "complete" || dictionary_entry(world, "productStatuses", "saled") == nullptr) return changes;
  for (Json& item : order["items"]) {
    if (item["status"] == "saled") continue;
    changes.push_back(
        {"order_product.status", {{"code", item["status"]}}, {{"code", "saled"}}, {{"item", {{"id", item["id"]}}}}});
    item["status"] = "saled";
  }
  return changes;
}

}  // namespace

tl::expected<std::int64_t, Reply> create_order(World& world, const Actor& actor, const std::string& site,
                                               const Json& patch) {
  if (!patch.is_object())
    return tl::make_unexpected(failure(400, "Errors in the entity format", {{"order", "This value is not valid."}}));
  if (is_taken(world, patch, site, nullptr)) return tl::make_unexpected(failure(400, "Order already exists."));
  Edit edit{world};
  Json order = blank_order(world, site, actor);
  apply_all(edit, order, patch);
  if (!edit.errors.empty()) return tl::make_unexpected(failure(400, "Order is not loaded", edit.errors));
  // The operator may choose the number: a story is easier to tell with one.
  const bool chosen = actor.source == "user" && patch.contains("id") && patch["id"].is_number_integer();
  const std::int64_t id = chosen ? patch["id"].get<std::int64_t>() : world.next_order;
  world.next_order = std::max(world.next_order, id + 1);
  order["id"] = id;
  order["slug"] = id;
  if (!order.contains("number")) order["number"] = fmt::format("{}{}", id, actor.source == "api" ? 'A' : 'C');
  own_or_append(world, actor, order);
  Json& kept = world.orders.emplace(id, std::move(order)).first->second;
  write_order_created(world, actor, kept);
  write_order_history(world, {.source = "code"}, kept, complete_items(world, kept));
  return id;
}

tl::expected<void, Reply> edit_order(World& world, const Actor& actor, Json& order, const Json& patch) {
  if (!patch.is_object())
    return tl::make_unexpected(failure(400, "Errors in the entity format", {{"order", "This value is not valid."}}));
  if (is_taken(world, patch, order["site"], order["id"])) {
    return tl::make_unexpected(
        failure(400, "Errors in the entity format", {{"externalId", "This value is already used."}}));
  }
  Edit edit{world};
  Json after = order;
  apply_all(edit, after, patch);
  if (!edit.errors.empty()) return tl::make_unexpected(failure(400, "Order is not loaded", edit.errors));
  if (after["status"] != order["status"]) after["statusUpdatedAt"] = world.local_now();
  order = std::move(after);
  write_order_history(world, actor, order, std::move(edit.changes));
  write_order_history(world, {.source = "code"}, order, complete_items(world, order));
  return {};
}

}  // namespace pipewright::crm::sandbox
