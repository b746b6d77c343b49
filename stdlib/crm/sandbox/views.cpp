// How entities are shown: fields without a value are absent, empty maps are `[]` (reference, section 1).
#include "stdlib/crm/sandbox/world.hpp"

namespace pipewright::crm::sandbox {
namespace {

Json shown_item(const World& world, const Json& item) {
  Json shown = item;
  shown.erase("offerId");
  for (const char* key : {"discountManualAmount", "discountManualPercent"}) shown.erase(key);
  shown["properties"] = php_map(item.value("properties", Json::object()));
  shown["prices"] = Json::array({{{"price", item["initialPrice"]}, {"quantity", item["quantity"]}}});
  if (!shown.contains("discountTotal")) shown["discountTotal"] = 0;
  const Json* status = dictionary_entry(world, "productStatuses", item.value("status", ""));
  if (status != nullptr && status->value("cancelStatus", false)) shown["isCanceled"] = true;
  const auto offer = world.offers.find(item.value("offerId", std::int64_t{0}));
  if (offer == world.offers.end()) return shown;
  Json short_offer = Json::object();
  for (const char* key : {"id", "externalId", "xmlId", "name", "article", "barcode", "vatRate", "unit"}) {
    if (offer->second.contains(key)) short_offer[key] = offer->second[key];
  }
  short_offer["displayName"] = offer->second.value("name", "");
  shown["offer"] = std::move(short_offer);
  return shown;
}

Json totals_of(const World& world, const Json& customer) {
  double sum = 0;
  int count = 0;
  const Json& own_id = customer["id"];
  for (const auto& [id, order] : world.orders) {
    const Json& owner = order["customer"];
    const auto owner_id = owner.find("id");
    if (owner_id == owner.end() || *owner_id != own_id || owner.value("type", "") != customer["type"]) continue;
    sum += order.value("totalSumm", 0.0);
    ++count;
  }
  return {{"marginSumm", sum},
          {"totalSumm", sum},
          {"averageSumm", count == 0 ? 0.0 : sum / count},
          {"ordersCount", count},
          {"costSumm", 0}};
}

Json owner_of(const World& world, const Json& reference) {
  const bool corporate = reference.value("type", "") == "customer_corporate";
  const auto& owners = corporate ? world.corporate : world.customers;
  const auto owner = owners.find(reference.value("id", std::int64_t{0}));
  if (owner == owners.end()) return reference;
  return corporate ? shown_corporate(world, owner->second) : shown_customer(world, owner->second);
}

}  // namespace

Json shown_order(const World& world, const Json& order, Payments payments) {
  Json shown = order;
  Json items = Json::array();
  for (const Json& item : order["items"]) items.push_back(shown_item(world, item));
  shown["items"] = std::move(items);
  shown["customer"] = owner_of(world, order["customer"]);
  if (order.contains("contact")) shown["contact"] = owner_of(world, order["contact"]);
  shown["customFields"] = php_map(order.value("customFields", Json::object()));
  if (payments == Payments::list) return shown;
  Json by_id = Json::object();
  for (const Json& payment : order["payments"]) by_id[payment["id"].dump()] = payment;
  shown["payments"] = php_map(by_id);
  return shown;
}

Json shown_customer(const World& world, const Json& customer) {
  Json shown = customer;
  shown.update(totals_of(world, customer));
  shown["customFields"] = php_map(customer.value("customFields", Json::object()));
  return shown;
}

Json shown_corporate(const World& world, const Json& customer) {
  Json shown = customer;
  for (const char* key : {"companies", "customerContacts", "addresses"}) shown.erase(key);
  shown.update(totals_of(world, customer));
  shown["customFields"] = php_map(customer.value("customFields", Json::object()));
  for (const Json& company : customer.value("companies", Json::array())) {
    if (company.value("isMain", false))
      shown["mainCompany"] = {{"id", company["id"]}, {"name", company.value("name", "")}};
  }
  for (const Json& contact : customer.value("customerContacts", Json::array())) {
    if (contact.value("isMain", false)) shown["mainCustomerContact"] = contact;
  }
  for (const Json& address : customer.value("addresses", Json::array())) {
    if (address.value("isMain", false)) shown["mainAddress"] = {{"id", address["id"]}};
  }
  return shown;
}

Json shown_offer(const World& world, const Json& offer, bool with_product) {
  Json shown = offer;
  shown.erase("productId");
  shown.erase("stocks");
  if (!offer.value("prices", Json::array()).empty()) shown["price"] = offer["prices"][0]["price"];
  shown["properties"] = php_map(offer.value("properties", Json::object()));
  const auto product = world.products.find(offer.value("productId", std::int64_t{0}));
  if (with_product && product != world.products.end()) shown["product"] = product->second;
  return shown;
}

}  // namespace pipewright::crm::sandbox
