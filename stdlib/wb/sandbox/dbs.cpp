// DBS: the seller delivers (reference, section 8).
#include "stdlib/wb/sandbox/batch.hpp"

namespace pipewright::wb::sandbox {
namespace {

Reply orders_new(Call& call) { return new_tasks(call, Scheme::dbs, {"scanPrice"}); }

Reply orders_list(Call& call) { return finished_tasks(call, Scheme::dbs, {"salePrice", "requiredMeta"}); }

Reply client(Call& call) {
  const auto ids = ids_in(call.body, "orders", 0, 1000);
  if (!ids) return bad_request(call, "Некорректное тело запроса");
  Json orders = Json::array();
  for (const std::int64_t id : *ids) {
    const Task* task = call.world.task(id, Scheme::dbs);
    if (task != nullptr && has_contacts(*task)) orders.push_back(contacts_of(call.world, *task, "orderID"));
  }
  return json_reply(200, {{"orders", std::move(orders)}});
}

Reply b2b_info(Call& call) {
  const auto ids = ids_in(call.body, "ordersIds", 0, 1000);
  if (!ids) return bad_request(call, "Некорректное тело запроса");
  Json results = Json::array();
  for (const std::int64_t id : *ids) {
    const Task* task = call.world.task(id, Scheme::dbs);
    if (task == nullptr) {
      results.push_back(item_error(id, 404, "NotFound"));
    } else if (!task->fields.value("/options/isB2b"_json_pointer, false)) {
      results.push_back(item_error(id, 409, "OrderNotB2B"));
    } else {
      results.push_back({{"orderId", id},
                         {"isError", false},
                         {"data", {{"inn", "7700000000"}, {"kpp", "770001001"}, {"orgName", "ООО Ромашка"}}}});
    }
  }
  return results_reply(call, std::move(results));
}

Reply delivery_date(Call& call) {
  const auto ids = ids_in(call.body, "orders", 0, 1000);
  if (!ids) return bad_request(call, "Некорректное тело запроса");
  Json orders = Json::array();
  for (const std::int64_t id : *ids) {
    if (call.world.task(id, Scheme::dbs) == nullptr) continue;
    const std::string tomorrow = moscow_text(call.world.now() + std::chrono::days(1)).substr(0, 10);
    orders.push_back({{"id", id},
                      {"dDate", tomorrow},
                      {"dTimeFrom", "10:00"},
                      {"dTimeTo", "22:30"},
                      {"dDateOld", nullptr},
                      {"dTimeFromOld", nullptr},
                      {"dTimeToOld", nullptr},
                      {"dDateFrom", nullptr},
                      {"dDateTo", nullptr}});
  }
  return json_reply(200, {{"orders", std::move(orders)}});
}

Reply groups_info(Call& call) {
  if (!call.body.contains("groups") || !call.body["groups"].is_array() || call.body["groups"].size() > 1000) {
    return bad_request(call, "Некорректное тело запроса");
  }
  Json groups = Json::array();
  for (const Json& group : call.body["groups"]) {
    for (const auto& [id, task] : call.world.tasks) {
      if (task.scheme != Scheme::dbs || task.fields.value("groupId", Json()) != group) continue;
      groups.push_back({{"groupID", group},
                        {"deliveryCost", 30000},
                        {"convertedDeliveryCost", 30000},
                        {"currencyCode", 643},
                        {"convertedCurrencyCode", 643}});
      break;
    }
  }
  return json_reply(200, groups.empty() ? Json() : groups);
}

Reply final_price(Call& call) { return final_prices(call, Scheme::dbs); }
Reply info(Call& call) { return status_info(call, Scheme::dbs); }

Reply confirm(Call& call) { return moved(call, Scheme::dbs, {{"new"}, "confirm", ""}); }
Reply deliver(Call& call) { return moved(call, Scheme::dbs, {{"confirm"}, "deliver", "", true}); }
Reply receive(Call& call) { return moved(call, Scheme::dbs, {{"deliver"}, "receive", "sold", false, true}); }
Reply reject(Call& call) {
  return moved(call, Scheme::dbs, {{"deliver"}, "reject", "canceled_by_client", false, true});
}
Reply cancel(Call& call) { return moved(call, Scheme::dbs, {{"new", "confirm"}, "cancel", "canceled"}); }

}  // namespace

std::vector<Route> dbs_routes() {
  const auto status = [](const char* name, Reply (*handler)(Call&)) {
    return Route{"POST",
                 std::string("/api/marketplace/v3/dbs/orders/status/") + name,
                 4,
                 std::string("dbs.status.") + name,
                 Dialect::batch,
                 handler,
                 false,
                 true};
  };
  const auto reading = [](const char* path, Dialect dialect, Reply (*handler)(Call&), const char* group = "dbs") {
    return Route{"POST", path, 4, group, dialect, handler, true, true};
  };
  return {
      {"GET", "/api/v3/dbs/orders/new", 4, "dbs", Dialect::single, &orders_new},
      {"GET", "/api/v3/dbs/orders", 4, "dbs", Dialect::single, &orders_list},
      reading("/api/v3/dbs/orders/client", Dialect::single, &client),
      reading("/api/marketplace/v3/dbs/orders/b2b/info", Dialect::batch, &b2b_info),
      reading("/api/v3/dbs/orders/delivery-date", Dialect::single, &delivery_date),
      reading("/api/v3/dbs/groups/info", Dialect::single, &groups_info),
      reading("/api/marketplace/v3/dbs/orders/final-price", Dialect::batch, &final_price, "dbs.final"),
      reading("/api/marketplace/v3/dbs/orders/status/info", Dialect::batch, &info),
      status("confirm", &confirm),
      status("deliver", &deliver),
      status("receive", &receive),
      status("reject", &reject),
      status("cancel", &cancel),
  };
}

}  // namespace pipewright::wb::sandbox
