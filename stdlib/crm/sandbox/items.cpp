// The lines of an order and its sums (reference, section 5.5).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <regex>

#include "stdlib/crm/sandbox/edit.hpp"

namespace pipewright::crm::sandbox {
namespace {

double number_of(const Json& json, const char* key) {
  return json.contains(key) && json[key].is_number() ? json[key].get<double>() : 0;
}

const Json* offer_with(const World& world, const char* key, const std::string& value) {
  for (const auto& [id, offer] : world.offers) {
    if (offer.value(key, "") == value) return &offer;
  }
  return nullptr;
}

/// id, then externalId (of the offer or of the product), then xmlId. An unknown id is an error, the rest is free text.
const Json* resolved(Edit& edit, const Json& wanted, const std::string& path) {
  World& world = edit.world;
  if (wanted.contains("id") && wanted["id"].is_number_integer()) {
    const auto found = world.offers.find(wanted["id"]);
    if (found != world.offers.end()) return &found->second;
    edit.error(path + ".offer.id", fmt::format("Offer with id {} not found.", wanted["id"].dump()));
    return nullptr;
  }
  if (const auto id = normal(Kind::text, wanted.value("externalId", Json())); id && *id != "") {
    if (const Json* offer = offer_with(world, "externalId", *id)) return offer;
    for (const auto& [number, offer] : world.offers) {
      const auto product = world.products.find(offer.value("productId", std::int64_t{0}));
      if (product != world.products.end() && product->second.value("externalId", "") == *id) return &offer;
    }
  }
  const auto xml = normal(Kind::text, wanted.value("xmlId", Json()));
  return xml && *xml != "" ? offer_with(world, "xmlId", *xml) : nullptr;
}

Json external_ids(const Json& given) {
  if (given.contains("externalIds") && given["externalIds"].is_array()) return given["externalIds"];
  if (const auto id = normal(Kind::text, given.value("externalId", Json())); id && *id != "") {
    return Json::array({{{"code", "default"}, {"value", *id}}});
  }
  return Json::array();
}

bool share_external_id(const Json& a, const Json& b) {
  for (const Json& one : a) {
    if (std::ranges::find(b, one) != b.end()) return true;
  }
  return false;
}

/// The line of the order that an incoming one continues.
const Json* kept_line(const Json& items, const Json& given) {
  for (const Json& item : items) {
    if (given.contains("id") && item["id"] == given["id"]) return &item;
    if (share_external_id(item.value("externalIds", Json::array()), external_ids(given))) return &item;
  }
  return nullptr;
}

double price_of(const Json& offer) {
  const Json prices = offer.value("prices", Json::array());
  return prices.empty() ? 0 : number_of(prices[0], "price");
}

void take_properties(Edit& edit, Json& item, const Json& given, const std::string& path) {
  if (!given.contains("properties")) return;
  static const std::regex code_form("[a-zA-Z0-9_][a-zA-Z0-9_\\-:]*");
  Json properties = Json::object();
  for (const Json& property : given["properties"]) {
    const std::string name = property.value("name", "");
    const std::string code = property.value("code", name);
    if (!std::regex_match(code, code_form)) edit.error(path + ".properties", "This value is not valid.");
    if (name.empty()) edit.error(path + ".properties", "This value should not be blank.");
    properties[code] = {{"code", code}, {"name", name}, {"value", property.value("value", Json(""))}};
  }
  item["properties"] = properties;
}

void take_numbers(Edit& edit, Json& item, const Json& given, const std::string& path) {
  for (const char* key :
       {"initialPrice", "quantity", "purchasePrice", "discountManualAmount", "discountManualPercent"}) {
    if (!given.contains(key) || given[key].is_null()) continue;
    const auto value = normal(Kind::number, given[key]);
    if (!value) {
      edit.error(path + "." + key, "This value is not valid.");
    } else {
      item[key] = *value;
    }
  }
}

void take_texts(Edit& edit, Json& item, const Json& given, const std::string& path) {
  for (const char* key : {"productName", "comment", "vatRate", "createdAt"}) {
    if (!given.contains(key)) continue;
    if (const auto value = normal(Kind::text, given[key])) item[key] = *value;
  }
  for (const char* key : {"markingCodes", "markingObjects", "priceType", "ordering"}) {
    if (given.contains(key)) item[key] = given[key];
  }
  if (!given.contains("status")) return;
  const auto status = normal(Kind::text, given["status"]);
  if (!status || written_entry(edit.world, "productStatuses", *status) == nullptr) {
    return edit.error(path + ".status",
                      "\"OrderProductStatus\" with \"code\"=" + given["status"].dump() + " does not exist.");
  }
  item["status"] = *status;
}

Json line_of(Edit& edit, const Json& items, const Json& given, const std::string& path) {
  const Json* kept = kept_line(items, given);
  Json item = kept != nullptr ? *kept : Json{{"status", "new"}, {"quantity", 1}, {"properties", Json::object()}};
  if (kept == nullptr) item["createdAt"] = edit.world.local_now();
  const Json ids = external_ids(given);
  if (!ids.empty()) item["externalIds"] = ids;
  if (given.contains("offer") && given["offer"].is_object()) {
    item.erase("offerId");
    if (const Json* offer = resolved(edit, given["offer"], path)) item["offerId"] = (*offer)["id"];
  }
  take_numbers(edit, item, given, path);
  take_texts(edit, item, given, path);
  take_properties(edit, item, given, path);
  if (!item.contains("initialPrice")) {
    item["initialPrice"] = item.contains("offerId") ? Json(price_of(edit.world.offers.at(item["offerId"]))) : Json(0);
  }
  if (!item.contains("purchasePrice")) item["purchasePrice"] = 0;
  return item;
}

/// Lines without external ids are one line when they sell the same thing.
bool is_merged(const Json& a, const Json& b) {
  if (!a.value("externalIds", Json::array()).empty() || !b.value("externalIds", Json::array()).empty()) return false;
  if (a.contains("id") && b.contains("id")) return a["id"] == b["id"];
  if (a.contains("offerId") || b.contains("offerId")) return a.value("offerId", Json()) == b.value("offerId", Json());
  return a.value("productName", "") == b.value("productName", "");
}

void add_line(Edit& edit, Json& lines, Json line, const std::string& path) {
  for (Json& other : lines) {
    if (share_external_id(other.value("externalIds", Json::array()), line.value("externalIds", Json::array()))) {
      return edit.error(path + ".externalIds", "The values of external ids must be unique within the order.");
    }
    if (!is_merged(other, line)) continue;
    other = std::move(line);  // the last one wins
    return;
  }
  lines.push_back(std::move(line));
}

Json item_reference(const World& world, const Json& item) {
  Json reference{{"id", item["id"]}};
  const auto offer = world.offers.find(item.value("offerId", std::int64_t{0}));
  if (offer == world.offers.end()) return {{"item", reference}};
  for (const char* key : {"id", "externalId", "xmlId"}) {
    if (offer->second.contains(key)) reference["offer"][key] = offer->second[key];
  }
  return {{"item", reference}};
}

void note_lines(Edit& edit, const Json& before, const Json& after) {
  const auto with_id = [](const Json& items, const Json& id) -> const Json* {
    for (const Json& item : items) {
      if (item["id"] == id) return &item;
    }
    return nullptr;
  };
  for (const Json& item : before) {
    if (with_id(after, item["id"]) == nullptr) {
      note(edit, "order_product", {{"id", item["id"]}}, nullptr, item_reference(edit.world, item));
    }
  }
  for (const Json& item : after) {
    const Json extra = item_reference(edit.world, item);
    const Json* old = with_id(before, item["id"]);
    if (old == nullptr) {
      note(edit, "order_product", nullptr, {{"id", item["id"]}}, extra);
      continue;
    }
    note(edit, "order_product.quantity", (*old)["quantity"], item["quantity"], extra);
    note(edit, "order_product.initial_price", (*old)["initialPrice"], item["initialPrice"], extra);
    note(edit, "order_product.status", {{"code", (*old)["status"]}}, {{"code", item["status"]}}, extra);
  }
}

double line_discount(const Json& item, const Json& order) {
  const double price = number_of(item, "initialPrice");
  double discount = number_of(item, "discountManualAmount") + price * number_of(item, "discountManualPercent") / 100;
  discount += price * number_of(order, "discountManualPercent") / 100;
  return discount;
}

}  // namespace

void apply_items(Edit& edit, Json& order, const Json& incoming) {
  if (!incoming.is_array()) return edit.error("items", "This value is not valid.");
  const Json before = order.value("items", Json::array());
  Json lines = Json::array();
  for (std::size_t i = 0; i < incoming.size(); ++i) {
    const std::string path = fmt::format("items[{}]", i);
    if (!incoming[i].is_object()) {
      edit.error(path, "This value is not valid.");
      continue;
    }
    add_line(edit, lines, line_of(edit, before, incoming[i], path), path);
  }
  for (Json& line : lines) {
    if (!line.contains("id")) line["id"] = edit.world.next_item++;
  }
  order["items"] = lines;
  note_lines(edit, before, lines);
}

void recount(World& world, Json& order) {
  double goods = 0;
  double purchase = 0;
  for (Json& item : order["items"]) {
    item["discountTotal"] = line_discount(item, order);
    goods += (number_of(item, "initialPrice") - number_of(item, "discountTotal")) * number_of(item, "quantity");
    purchase += number_of(item, "purchasePrice") * number_of(item, "quantity");
  }
  goods = std::max(0.0, goods - number_of(order, "discountManualAmount"));
  double paid = 0;
  for (const Json& payment : order["payments"]) {
    const Json* status = dictionary_entry(world, "paymentStatuses", payment.value("status", ""));
    if (status != nullptr && status->value("paymentComplete", false)) paid += number_of(payment, "amount");
  }
  const auto whole = [](double value) {
    return std::floor(value) == value ? Json(static_cast<std::int64_t>(value)) : Json(value);
  };
  const double total = goods + number_of(order["delivery"], "cost");
  order["summ"] = whole(goods);
  order["totalSumm"] = whole(total);
  order["prepaySum"] = whole(paid);
  order["purchaseSumm"] = whole(purchase);
  if (total > 0 && paid >= total && !order.contains("fullPaidAt")) order["fullPaidAt"] = world.local_now();
  if (paid < total) order.erase("fullPaidAt");
}

}  // namespace pipewright::crm::sandbox
