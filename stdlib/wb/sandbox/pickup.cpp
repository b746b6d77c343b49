// Click-collect: the buyer comes to the shop (reference, section 10).
#include "stdlib/wb/sandbox/batch.hpp"

namespace pipewright::wb::sandbox {
namespace {

constexpr auto scheme = Scheme::pickup;

Reply orders_new(Call& call) { return new_tasks(call, scheme, {}); }
Reply orders_list(Call& call) { return finished_tasks(call, scheme, {"ddate", "salePrice", "requiredMeta"}); }
Reply info(Call& call) { return status_info(call, scheme); }
Reply final_price(Call& call) { return final_prices(call, scheme); }

Reply confirm(Call& call) { return moved(call, scheme, {{"new"}, "confirm", ""}); }
Reply prepare(Call& call) { return moved(call, scheme, {{"confirm"}, "prepare", "ready_for_pickup", true}); }
Reply receive(Call& call) { return moved(call, scheme, {{"prepare"}, "receive", "sold"}); }
Reply reject(Call& call) { return moved(call, scheme, {{"prepare"}, "reject", "canceled_by_client"}); }
Reply cancel(Call& call) { return moved(call, scheme, {{"new", "confirm", "prepare"}, "cancel", "canceled"}); }

Reply client(Call& call) {
  const auto ids = ids_in(call.body, "orders", 0, 1000);
  if (!ids) return bad_request(call, "Некорректное тело запроса");
  Json orders = Json::array();
  for (const std::int64_t id : *ids) {
    const Task* task = call.world.task(id, scheme);
    if (task == nullptr || (task->supplier_status != "confirm" && task->supplier_status != "prepare")) continue;
    Json contacts = without(
        contacts_of(call.world, *task, "orderID"),
        {"fullName", "replacementPhone", "additionalPhoneCodes", "additionalPhones", "replacementAdditionalPhones"});
    if (task->client.is_object()) contacts.update(task->client);
    orders.push_back(std::move(contacts));
  }
  return json_reply(200, {{"orders", std::move(orders)}});
}

Reply identity(Call& call) {
  const Json order_code = call.body.value("orderCode", Json());
  const std::string passcode = call.body.value("passcode", Json("")).is_string() ? call.body.value("passcode", "") : "";
  for (const auto& [id, task] : call.world.tasks) {
    if (task.scheme != scheme || task.fields.value("orderCode", Json()) != order_code) continue;
    if (task.code != passcode) return refusal(409, "InvalidPasscode", "Неверный код");
    return json_reply(200, {{"ok", true}});
  }
  return refusal(404, "NotFound", "Не найдено");
}

}  // namespace

std::vector<Route> pickup_routes() {
  const auto status = [](const char* name, Reply (*handler)(Call&), bool reads = false) {
    return Route{"POST",
                 std::string("/api/marketplace/v3/click-collect/orders/status/") + name,
                 4,
                 std::string("pickup.status.") + name,
                 Dialect::batch,
                 handler,
                 reads,
                 true};
  };
  return {
      {"GET", "/api/v3/click-collect/orders/new", 4, "pickup", Dialect::single, &orders_new},
      {"GET", "/api/v3/click-collect/orders", 4, "pickup", Dialect::single, &orders_list},
      {"POST", "/api/v3/click-collect/orders/client", 4, "pickup", Dialect::single, &client, true, true},
      {"POST", "/api/v3/click-collect/orders/client/identity", 4, "pickup.identity", Dialect::single, &identity, true,
       true},
      {"POST", "/api/marketplace/v3/click-collect/orders/final-price", 4, "pickup.final", Dialect::batch, &final_price,
       true, true},
      status("info", &info, true),
      status("confirm", &confirm),
      status("prepare", &prepare),
      status("receive", &receive),
      status("reject", &reject),
      status("cancel", &cancel),
  };
}

}  // namespace pipewright::wb::sandbox
