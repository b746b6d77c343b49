// DBW: Wildberries' courier takes the goods at the seller's (reference, section 9).
#include <fmt/format.h>

#include "stdlib/wb/sandbox/batch.hpp"

namespace pipewright::wb::sandbox {
namespace {

Reply orders_new(Call& call) {
  return new_tasks(call, Scheme::dbw,
                   {"deliveryType", "finalPrice", "convertedFinalPrice", "wbStickerId", "scanPrice"});
}

Reply orders_list(Call& call) {
  return finished_tasks(
      call, Scheme::dbw,
      {"deliveryType", "finalPrice", "convertedFinalPrice", "wbStickerId", "scanPrice", "salePrice", "requiredMeta"});
}

Reply status(Call& call) {
  const auto ids = ids_in(call.body, "orders", 1, 1000);
  if (!ids) return bad_request(call, "Некорректное тело запроса");
  Json orders = Json::array();
  for (const std::int64_t id : *ids) {
    const Task* task = call.world.task(id, Scheme::dbw);
    if (task == nullptr) continue;
    orders.push_back({{"id", id}, {"supplierStatus", task->supplier_status}, {"wbStatus", task->wb_status}});
  }
  return json_reply(200, {{"orders", std::move(orders)}});
}

Reply client(Call& call) {
  const auto ids = ids_in(call.body, "orders", 0, 1000);
  if (!ids) return bad_request(call, "Некорректное тело запроса");
  Json orders = Json::array();
  for (const std::int64_t id : *ids) {
    const Task* task = call.world.task(id, Scheme::dbw);
    if (task == nullptr || !has_contacts(*task)) continue;
    Json contacts = contacts_of(call.world, *task, "orderId");
    contacts["additionalPhoneCodes"] = Json::array();
    contacts.erase("replacementAdditionalPhones");
    if (task->client.is_object()) contacts.update(task->client);
    orders.push_back(std::move(contacts));
  }
  return json_reply(200, {{"orders", std::move(orders)}});
}

Reply courier(Call& call) {
  const auto ids = ids_in(call.body, "orders", 0, 1000);
  if (!ids) return bad_request(call, "Некорректное тело запроса");
  Json orders = Json::array();
  for (const std::int64_t id : *ids) {
    if (call.world.task(id, Scheme::dbw) == nullptr) continue;
    orders.push_back(
        {{"orderID", id}, {"courierInfo", {{"contacts", nullptr}, {"mustBeAssigned", true}, {"updatedAt", nullptr}}}});
  }
  return json_reply(200, {{"orders", std::move(orders)}});
}

Reply delivery_date(Call& call) {
  const auto ids = ids_in(call.body, "orders", 0, 1000);
  if (!ids) return bad_request(call, "Некорректное тело запроса");
  Json orders = Json::array();
  for (const std::int64_t id : *ids) {
    if (call.world.task(id, Scheme::dbw) == nullptr) continue;
    const std::string tomorrow = moscow_text(call.world.now() + std::chrono::days(1)).substr(0, 10);
    orders.push_back({{"id", id},
                      {"dDate", tomorrow},
                      {"dTimeFrom", "10:00"},
                      {"dTimeTo", "22:30"},
                      {"dDateOld", nullptr},
                      {"dTimeFromOld", nullptr},
                      {"dTimeToOld", nullptr}});
  }
  return json_reply(200, {{"orders", std::move(orders)}});
}

Reply stickers(Call& call) {
  const auto ids = ids_in(call.body, "orders", 1, 100);
  if (!ids) return bad_request(call, "Некорректное тело запроса");
  if (!call.query("type")) return refusal(400, "IncorrectParameter", "Передан некорректный параметр");
  Json shown = Json::array();
  for (const std::int64_t id : *ids) {
    const Task* task = call.world.task(id, Scheme::dbw);
    if (task == nullptr || (task->supplier_status != "confirm" && task->supplier_status != "complete")) continue;
    shown.push_back({{"orderId", id},
                     {"partA", fmt::format("{}", id / 10000)},
                     {"partB", fmt::format("{:04}", id % 10000)},
                     {"barcode", fmt::format("!u{}", id)},
                     {"file", base64(fmt::format("sticker {}", id))}});
  }
  return json_reply(200, {{"stickers", std::move(shown)}});
}

/// uin, imei and gtin are set one task at a time.
Reply put_mark(Call& call, const char* key) {
  Task* task = nullptr;
  for (auto& [id, one] : call.world.tasks) {
    if (one.scheme == Scheme::dbw && std::to_string(id) == call.at[0]) task = &one;
  }
  if (task == nullptr) return refusal(404, "NotFound", "Не найдено");
  if (!call.body.value(key, Json()).is_string()) return bad_request(call, "Некорректное тело запроса");
  if (task->supplier_status != "confirm") return refusal(409, "StatusMismatch", "Несоответствие статусов");
  task->meta[key] = call.body[key];
  return no_content();
}

Reply put_uin(Call& call) { return put_mark(call, "uin"); }
Reply put_imei(Call& call) { return put_mark(call, "imei"); }
Reply put_gtin(Call& call) { return put_mark(call, "gtin"); }

Reply confirm(Call& call) { return moved_alone(call, Scheme::dbw, {{"new"}, "confirm", ""}); }
Reply cancel(Call& call) { return moved_alone(call, Scheme::dbw, {{"new", "confirm"}, "cancel", "canceled"}); }
Reply deliver(Call& call) { return moved(call, Scheme::dbw, {{"confirm"}, "complete", "", true}); }

}  // namespace

std::vector<Route> dbw_routes() {
  const auto reading = [](const char* path, Dialect dialect, Reply (*handler)(Call&)) {
    return Route{"POST", path, 4, "dbw", dialect, handler, true, true};
  };
  return {
      {"GET", "/api/v3/dbw/orders/new", 4, "dbw", Dialect::single, &orders_new},
      {"GET", "/api/v3/dbw/orders", 4, "dbw", Dialect::single, &orders_list},
      reading("/api/v3/dbw/orders/status", Dialect::single, &status),
      reading("/api/marketplace/v3/dbw/orders/client", Dialect::batch, &client),
      reading("/api/v3/dbw/orders/courier", Dialect::single, &courier),
      reading("/api/v3/dbw/orders/delivery-date", Dialect::single, &delivery_date),
      reading("/api/v3/dbw/orders/stickers", Dialect::single, &stickers),
      {"PUT", "/api/v3/dbw/orders/{orderId}/meta/uin", 4, "dbw.meta.put", Dialect::single, &put_uin, false, true},
      {"PUT", "/api/v3/dbw/orders/{orderId}/meta/imei", 4, "dbw.meta.put", Dialect::single, &put_imei, false, true},
      {"PUT", "/api/v3/dbw/orders/{orderId}/meta/gtin", 4, "dbw.meta.put", Dialect::single, &put_gtin, false, true},
      {"PATCH", "/api/v3/dbw/orders/{orderId}/confirm", 4, "dbw", Dialect::single, &confirm},
      {"PATCH", "/api/v3/dbw/orders/{orderId}/cancel", 4, "dbw", Dialect::single, &cancel},
      {"POST", "/api/marketplace/v3/dbw/orders/status/deliver", 4, "dbw", Dialect::batch, &deliver, false, true},
  };
}

}  // namespace pipewright::wb::sandbox
