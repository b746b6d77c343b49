// Reading orders (reference, sections 5.1 and 5.2).
#include <algorithm>
#include <charconv>

#include "stdlib/crm/sandbox/filters.hpp"

namespace pipewright::crm::sandbox {
namespace {

using Shape = Filter::Shape;

/// A status code, or `<group>-group` for all of a group.
bool has_status(const World& world, const Json& order, const Json& wanted) {
  return is_among(wanted, order["status"]) || is_among(wanted, group_of(world, order["status"]) + "-group");
}

bool is_of_customer(const World&, const Json& order, const Json& id) {
  return order["customer"].value("id", Json()).dump() == id;
}

bool is_of_external_customer(const World& world, const Json& order, const Json& external) {
  const auto owner = world.customers.find(order["customer"].value("id", std::int64_t{0}));
  return owner != world.customers.end() && owner->second.value("externalId", Json()) == external;
}

bool is_of_type(const World&, const Json& order, const Json& type) {
  return order["customer"].value("type", Json()) == type;
}

/// Name or phone.
bool has_customer_text(const World&, const Json& order, const Json& part) {
  std::string all;
  for (const char* key : {"lastName", "firstName", "patronymic", "phone", "additionalPhone"})
    all += order.value(key, "") + ' ';
  return has_substring(all, part);
}

bool has_product_text(const World& world, const Json& order, const Json& part) {
  return std::ranges::any_of(order["items"], [&](const Json& item) {
    const auto offer = world.offers.find(item.value("offerId", std::int64_t{0}));
    const std::string named =
        offer == world.offers.end() ? "" : offer->second.value("name", "") + ' ' + offer->second.value("article", "");
    return has_substring(item.value("productName", "") + ' ' + named, part);
  });
}

bool has_payment_status(const World&, const Json& order, const Json& wanted) {
  return std::ranges::any_of(order["payments"],
                             [&](const Json& payment) { return is_among(wanted, payment.value("status", "")); });
}

bool has_payment_type(const World&, const Json& order, const Json& wanted) {
  return std::ranges::any_of(order["payments"],
                             [&](const Json& payment) { return is_among(wanted, payment.value("type", "")); });
}

bool has_delivery_type(const World&, const Json& order, const Json& wanted) {
  return is_among(wanted, order["delivery"].value("code", ""));
}

bool has_custom_values(const World&, const Json& order, const Json& wanted) {
  for (const auto& [code, value] : wanted.items()) {
    const Json own = order["customFields"].value(code, Json());
    if (value.is_array() ? !is_among(value, own) : own != value && own.dump() != value) return false;
  }
  return true;
}

template <bool least>
bool has_price(const World&, const Json& order, const Json& bound) {
  const double sum = order.value("totalSumm", 0.0);
  const double limit = std::strtod(bound.get<std::string>().c_str(), nullptr);
  return least ? sum >= limit : sum <= limit;
}

const Filters& order_filters() {
  static const Filters filters{
      {"ids", {Shape::list, &among<keys::id>}},
      {"externalIds", {Shape::list, &among<keys::external_id>}},
      {"numbers", {Shape::list, &among<keys::number>}},
      {"sites", {Shape::list, &among<keys::site>}},
      {"orderTypes", {Shape::list, &among<keys::order_type>}},
      {"orderMethods", {Shape::list, &among<keys::order_method>}},
      {"managers", {Shape::list, &among<keys::manager_id>}},
      {"extendedStatus", {Shape::list, &has_status}},
      {"paymentStatuses", {Shape::list, &has_payment_status}},
      {"paymentTypes", {Shape::list, &has_payment_type}},
      {"deliveryTypes", {Shape::list, &has_delivery_type}},
      {"customerId", {Shape::scalar, &is_of_customer}},
      {"customerExternalId", {Shape::scalar, &is_of_external_customer}},
      {"customerType", {Shape::scalar, &is_of_type}},
      {"customer", {Shape::scalar, &has_customer_text}},
      {"product", {Shape::scalar, &has_product_text}},
      {"email", {Shape::scalar, &equals<keys::email>}},
      {"createdAtFrom", {Shape::scalar, &from_day<keys::created_at>}},
      {"createdAtTo", {Shape::scalar, &to_day<keys::created_at>}},
      {"statusUpdatedAtFrom", {Shape::scalar, &from_day<keys::status_updated_at>}},
      {"statusUpdatedAtTo", {Shape::scalar, &to_day<keys::status_updated_at>}},
      {"fullPaidAtFrom", {Shape::scalar, &from_day<keys::full_paid_at>}},
      {"fullPaidAtTo", {Shape::scalar, &to_day<keys::full_paid_at>}},
      {"minPrice", {Shape::scalar, &has_price<true>}},
      {"maxPrice", {Shape::scalar, &has_price<false>}},
      {"customFields", {Shape::scalar, &has_custom_values}},
  };
  return filters;
}

Reply list(Call& call) {
  Reply refused;
  const auto page = page_of(call, refused);
  if (!page) return refused;
  refused.status = 0;
  std::vector<const Json*> found = filtered(call, call.world.orders, order_filters(), refused);
  if (refused.status != 0) return refused;
  std::ranges::reverse(found);  // newest first
  std::vector<Json> shown;
  for (const Json* order : found) shown.push_back(shown_order(call.world, *order, Payments::by_id));
  return paged(*page, "orders", shown);
}

Reply read(Call& call) {
  const Json* order = find_by(call.world.orders, call, "externalId");
  if (order == nullptr) return failure(404, "Not found");
  return success(200, {{"order", shown_order(call.world, *order, Payments::by_id)}});
}

Reply statuses(Call& call) {
  const Json ids = call.query.value("ids", Json::array());
  const Json externals = call.query.value("externalIds", Json::array());
  if (is_too_long(ids) || is_too_long(externals) || !ids.is_array() || !externals.is_array() ||
      ids.size() + externals.size() > 500) {
    return failure(400, "Errors in the input parameters", {{"children[ids]", "This value is not valid."}});
  }
  Json orders = Json::array();
  for (const auto& [id, order] : call.world.orders) {
    if (!call.sees(order["site"])) continue;
    const bool asked =
        is_among(ids, order["id"]) || (order.contains("externalId") && is_among(externals, order["externalId"]));
    if (!asked) continue;
    Json shown{{"id", id}, {"status", order["status"]}, {"group", group_of(call.world, order["status"])}};
    if (order.contains("externalId")) shown["externalId"] = order["externalId"];
    orders.push_back(std::move(shown));
  }
  return success(200, {{"orders", std::move(orders)}});
}

}  // namespace

std::vector<Route> order_routes() {
  return {{"GET", "/api/v5/orders", "order_read", &list},
          {"GET", "/api/v5/orders/statuses", "order_read", &statuses},
          {"GET", "/api/v5/orders/{key}", "order_read", &read}};
}

}  // namespace pipewright::crm::sandbox
