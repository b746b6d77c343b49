// Cards, seller warehouses and stocks (reference, section 15).
#include <algorithm>
#include <charconv>

#include "stdlib/wb/sandbox/world.hpp"

namespace pipewright::wb::sandbox {
namespace {

bool has_text(const Json& card, const std::string& text) {
  if (text.empty() || card["vendorCode"] == text || card["nmID"].dump() == text) return true;
  for (const Json& size : card["sizes"]) {
    for (const Json& sku : size["skus"]) {
      if (sku == text) return true;
    }
  }
  return false;
}

std::pair<std::string, std::int64_t> place_of(const Json& card) { return {card["updatedAt"], card["nmID"]}; }

Reply cards_list(Call& call) {
  const Json settings = call.body.value("settings", Json::object());
  const Json cursor = settings.value("cursor", Json::object());
  const Json limit = cursor.value("limit", Json(10));
  if (!limit.is_number_integer() || limit < 1 || limit > 100) return bad_request(call, "limit must be from 1 to 100");
  const bool ascending = settings.value("/sort/ascending"_json_pointer, false);
  const std::string text = settings.value("/filter/textSearch"_json_pointer, std::string());
  std::vector<Json> cards;
  for (const auto& [nm, card] : call.world.cards) {
    if (has_text(card, text)) cards.push_back(card);
  }
  std::ranges::sort(cards, [&](const Json& a, const Json& b) {
    return ascending ? place_of(a) < place_of(b) : place_of(b) < place_of(a);
  });
  const Json after = cursor.value("updatedAt", Json());
  if (after.is_string() && !after.get<std::string>().empty()) {
    const std::pair<std::string, std::int64_t> place{after, cursor.value("nmID", std::int64_t{0})};
    std::erase_if(cards,
                  [&](const Json& card) { return ascending ? place_of(card) <= place : place <= place_of(card); });
  }
  if (cards.size() > limit.get<std::size_t>()) cards.resize(limit.get<std::size_t>());
  Json next{{"total", cards.size()},
            {"updatedAt", after.is_string() ? after : Json("")},
            {"nmID", cursor.value("nmID", Json(0))}};
  if (!cards.empty()) next.update({{"updatedAt", cards.back()["updatedAt"]}, {"nmID", cards.back()["nmID"]}});
  return json_reply(200, {{"cards", cards}, {"cursor", std::move(next)}});
}

Reply warehouses(Call& call) { return json_reply(200, call.world.warehouses); }
Reply offices(Call& call) { return json_reply(200, call.world.offices); }

const Json* warehouse_at(Call& call) {
  for (const Json& warehouse : call.world.warehouses) {
    if (warehouse["id"].dump() == call.at[0]) return &warehouse;
  }
  return nullptr;
}

bool is_card_size(const World& world, std::uint64_t chrt) {
  for (const auto& [nm, card] : world.cards) {
    for (const Json& size : card["sizes"]) {
      if (size["chrtID"] == chrt) return true;
    }
  }
  return false;
}

Reply stock_conflict(std::string_view code, std::string_view message, const Json& data) {
  return json_reply(409, Json::array({{{"code", code}, {"message", message}, {"data", data}}}));
}

Reply put_stocks(Call& call) {
  const Json* warehouse = warehouse_at(call);
  if (warehouse == nullptr) return refusal(404, "NotFound", "Не найдено");
  const Json entries = call.body.value("stocks", Json());
  if (!entries.is_array() || entries.empty() || entries.size() > 1000)
    return bad_request(call, "Некорректное тело запроса");
  if ((*warehouse)["isProcessing"] == true) {
    return stock_conflict("StoreIsProcessing", "Склад обновляется", entries);
  }
  Json unknown = Json::array();
  for (const Json& entry : entries) {
    if (entry.contains("sku")) return refusal(400, "SKUUploadDisabled", "Используйте chrtId");
    const Json amount = entry.value("amount", Json());
    if (amount.is_number() && (amount < 0 || amount > 100000)) return bad_request(call, "Некорректное количество");
    const Json chrt = entry.value("chrtId", Json());
    if (chrt.is_number_integer() && !is_card_size(call.world, chrt)) {
      unknown.push_back({{"sku", ""}, {"chrtId", chrt}, {"amount", amount}});
    }
  }
  if (!unknown.empty()) return stock_conflict("NotFound", "Not found", unknown);
  // Names are not validated: an entry with a typing error changes nothing and is not complained of.
  for (const Json& entry : entries) {
    const Json chrt = entry.value("chrtId", Json());
    const Json amount = entry.value("amount", Json());
    if (chrt.is_number_integer() && amount.is_number_integer()) {
      call.world.stocks[(*warehouse)["id"]][chrt] = amount;
    }
  }
  return no_content();
}

std::optional<std::vector<std::uint64_t>> chrts_in(const Json& body) {
  const Json list = body.value("chrtIds", Json());
  if (!list.is_array() || list.empty() || list.size() > 1000) return std::nullopt;
  std::vector<std::uint64_t> chrts;
  for (const Json& chrt : list) {
    if (!chrt.is_number_integer()) return std::nullopt;
    chrts.push_back(chrt);
  }
  return chrts;
}

Reply read_stocks(Call& call) {
  const Json* warehouse = warehouse_at(call);
  if (warehouse == nullptr) return refusal(404, "NotFound", "Не найдено");
  const auto chrts = chrts_in(call.body);
  if (!chrts) return bad_request(call, "Некорректное тело запроса");
  Json stocks = Json::array();
  const auto& kept = call.world.stocks[(*warehouse)["id"]];
  for (const std::uint64_t chrt : *chrts) {
    if (const auto found = kept.find(chrt); found != kept.end())
      stocks.push_back({{"chrtId", chrt}, {"amount", found->second}});
  }
  return json_reply(200, {{"stocks", std::move(stocks)}});
}

Reply delete_stocks(Call& call) {
  const Json* warehouse = warehouse_at(call);
  if (warehouse == nullptr) return refusal(404, "NotFound", "Не найдено");
  const auto chrts = chrts_in(call.body);
  if (!chrts) return bad_request(call, "Некорректное тело запроса");
  for (const std::uint64_t chrt : *chrts) call.world.stocks[(*warehouse)["id"]].erase(chrt);
  return no_content();
}

}  // namespace

std::vector<Route> catalogue_routes() {
  return {
      {"POST", "/content/v2/get/cards/list", 1, "cards", Dialect::content, &cards_list, true, true},
      {"GET", "/api/v3/warehouses", 4, "warehouses", Dialect::single, &warehouses},
      {"GET", "/api/v3/offices", 4, "warehouses", Dialect::single, &offices},
      {"PUT", "/api/v3/stocks/{warehouseId}", 4, "stocks", Dialect::single, &put_stocks, false, true},
      {"POST", "/api/v3/stocks/{warehouseId}", 4, "stocks", Dialect::single, &read_stocks, true, true},
      {"DELETE", "/api/v3/stocks/{warehouseId}", 4, "stocks.delete", Dialect::single, &delete_stocks, false, true},
  };
}

}  // namespace pipewright::wb::sandbox
