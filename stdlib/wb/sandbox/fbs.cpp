// FBS tasks (reference, section 7.2).
#include <fmt/format.h>

#include <charconv>

#include "stdlib/wb/sandbox/world.hpp"

namespace pipewright::wb::sandbox {
namespace {

Reply orders_new(Call& call) { return new_tasks(call, Scheme::fbs, {"supplyId"}); }

Reply orders_list(Call& call) {
  return finished_tasks(call, Scheme::fbs,
                        {"salePrice", "finalPrice", "convertedFinalPrice", "requiredMeta", "optionalMeta",
                         "isPickupPointShipmentAllowed", "ddate", "sellerDate"});
}

bool is_cancellable(const Task& task) { return task.supplier_status != "cancel" && task.wb_status == "waiting"; }

Reply orders_status(Call& call) {
  const auto ids = ids_in(call.body, "orders", 1, 1000);
  if (!ids) return bad_request(call, "Некорректное тело запроса");
  Json orders = Json::array();
  for (const std::int64_t id : *ids) {
    const Task* task = call.world.task(id, Scheme::fbs);
    if (task == nullptr) continue;
    orders.push_back({{"id", id},
                      {"isCancellable", is_cancellable(*task)},
                      {"supplierStatus", task->supplier_status},
                      {"wbStatus", task->wb_status}});
  }
  return json_reply(200, {{"orders", std::move(orders)}});
}

Reply cancel(Call& call) {
  std::int64_t id = 0;
  std::from_chars(call.at[0].data(), call.at[0].data() + call.at[0].size(), id);
  Task* task = call.world.task(id, Scheme::fbs);
  if (task == nullptr) return refusal(404, "NotFound", "Не найдено");
  if (task->supplier_status == "cancel" || task->is_final()) {
    return refusal(409, "StatusMismatch", "Несоответствие статусов, проверьте их правильность");
  }
  if (!is_cancellable(*task)) {
    return refusal(409, "StatusChangeNotAllowed", "Задание будет завершено после сканирования в пункте приёма");
  }
  task->supplier_status = "cancel";
  task->wb_status = "canceled";
  task->supply.clear();
  return no_content();
}

Reply stickers(Call& call) {
  const auto ids = ids_in(call.body, "orders", 1, 100);
  if (!ids) return bad_request(call, "Некорректное тело запроса");
  if (!call.query("type") || !call.number("width") || !call.number("height")) {
    return refusal(400, "IncorrectParameter", "Передан некорректный параметр");
  }
  Json shown = Json::array();
  for (const std::int64_t id : *ids) {
    const Task* task = call.world.task(id, Scheme::fbs);
    if (task == nullptr || (task->supplier_status != "confirm" && task->supplier_status != "complete")) continue;
    shown.push_back({{"orderId", id},
                     {"partA", fmt::format("{}", id / 10000)},
                     {"partB", fmt::format("{:04}", id % 10000)},
                     {"barcode", fmt::format("!u{}", id)},
                     {"file", base64(fmt::format("sticker {}", id))}});
  }
  return json_reply(200, {{"stickers", std::move(shown)}});
}

Reply reshipment(Call& call) {
  Json orders = Json::array();
  for (const auto& [id, task] : call.world.tasks) {
    if (task.reship) orders.push_back({{"supplyID", task.supply}, {"orderID", id}});
  }
  return json_reply(200, {{"orders", std::move(orders)}});
}

/// Turkey cross-border only: nobody here.
Reply clients(Call& call) {
  const auto ids = ids_in(call.body, "orders", 0, 1000);
  if (!ids) return bad_request(call, "Некорректное тело запроса");
  return json_reply(200, {{"orders", Json::array()}});
}

}  // namespace

std::vector<Route> fbs_routes() {
  return {
      {"GET", "/api/v3/orders/new", 4, "fbs", Dialect::single, &orders_new},
      {"GET", "/api/v3/orders", 4, "fbs", Dialect::single, &orders_list},
      {"POST", "/api/v3/orders/status", 4, "fbs", Dialect::single, &orders_status, true, true},
      {"POST", "/api/v3/orders/client", 4, "fbs", Dialect::single, &clients, true, true},
      {"POST", "/api/v3/orders/stickers", 4, "fbs", Dialect::single, &stickers, true, true},
      {"PATCH", "/api/v3/orders/{orderId}/cancel", 4, "fbs.cancel", Dialect::single, &cancel},
      {"GET", "/api/v3/supplies/orders/reshipment", 4, "fbs", Dialect::single, &reshipment},
  };
}

}  // namespace pipewright::wb::sandbox
