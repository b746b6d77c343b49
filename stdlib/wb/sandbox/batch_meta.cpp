// Marking of DBS, DBW and click-collect tasks, many at a time (reference, sections 8 to 10).
#include "stdlib/wb/sandbox/batch.hpp"

namespace pipewright::wb::sandbox {
namespace {

bool is_required(const Task& task, const std::string& key) {
  for (const char* list : {"requiredMeta", "optionalMeta"}) {
    for (const Json& known : task.fields.value(list, Json::array())) {
      if (known == key) return true;
    }
  }
  return false;
}

bool is_open(const Task& task) {
  return !task.is_final() &&
         (task.supplier_status == "confirm" || task.supplier_status == "deliver" || task.supplier_status == "prepare");
}

Json written(World& world, Scheme scheme, const Json& entry, const std::string& key, const char* body_key) {
  const std::int64_t id = entry["orderId"];
  Task* task = world.task(id, scheme);
  if (task == nullptr) return item_error(id, 404, "NotFound");
  if (!is_open(*task)) return item_error(id, 409, "StatusMismatch");
  if (!is_required(*task, key)) return item_error(id, 409, "MetaKeyNotRequired");
  task->meta[key] = entry[body_key];
  return {{"orderId", id}, {"isError", false}};
}

/// `{"orders":[{"orderId":1,"imei":"..."}]}`
template <Scheme scheme, const char* key, const char* body_key>
Reply write(Call& call) {
  const Json orders = call.body.value("orders", Json());
  if (!orders.is_array() || orders.size() > 1000) return bad_request(call, "Некорректное тело запроса");
  for (const Json& entry : orders) {
    const bool whole =
        entry.is_object() && entry.value("orderId", Json()).is_number_integer() && entry.contains(body_key);
    if (!whole) return bad_request(call, "Некорректное тело запроса");
  }
  Json results = Json::array();
  for (const Json& entry : orders) results.push_back(written(call.world, scheme, entry, key, body_key));
  return results_reply(call, std::move(results));
}

template <Scheme scheme>
Reply details(Call& call) {
  const auto ids = ids_in(call.body, "ordersIds", 0, 1000);
  if (!ids) return bad_request(call, "Некорректное тело запроса");
  Json orders = Json::array();
  for (const std::int64_t id : *ids) {
    const Task* task = call.world.task(id, scheme);
    Json shown = task == nullptr ? item_error(id, 404, "NotFound") : Json{{"orderId", id}, {"isError", false}};
    if (task == nullptr) shown["metaDetails"] = Json::array();
    if (task != nullptr) shown["metaDetails"] = meta_details(*task);
    if (task != nullptr) shown["errors"] = Json::array();
    orders.push_back(std::move(shown));
  }
  return json_reply(200, {{"requestId", call.world.hex(32)}, {"orders", std::move(orders)}});
}

/// The list is `orderIds` for DBS and `ordersIds` for the others.
template <Scheme scheme>
Reply remove(Call& call) {
  const auto ids = ids_in(call.body, scheme == Scheme::dbs ? "orderIds" : "ordersIds", 0, 1000);
  const Json key = call.body.value("key", Json());
  if (!ids || !key.is_string()) return bad_request(call, "Некорректное тело запроса");
  Json results = Json::array();
  for (const std::int64_t id : *ids) {
    Task* task = call.world.task(id, scheme);
    if (task != nullptr) task->meta.erase(key.get<std::string>());
    results.push_back(task == nullptr ? item_error(id, 404, "NotFound") : Json{{"orderId", id}, {"isError", false}});
  }
  return results_reply(call, std::move(results));
}

constexpr char sgtin[] = "sgtin", sgtins[] = "sgtins", uin[] = "uin", imei[] = "imei", gtin[] = "gtin",
               customs[] = "customsDeclaration";

template <Scheme scheme>
void add(std::vector<Route>& routes, const std::string& word, const std::string& group) {
  const std::string base = "/api/marketplace/v3/" + word + "/orders/meta/";
  const auto route = [&](const char* name, Reply (*handler)(Call&), bool reads = false) {
    routes.push_back(
        {"POST", base + name, 4, group + (reads ? ".meta" : ".meta.put"), Dialect::batch, handler, reads, true});
  };
  route("details", &details<scheme>, true);
  route("delete", &remove<scheme>);
  route("sgtin", &write<scheme, sgtin, sgtins>);
  if (scheme == Scheme::dbw) return;  // its other marks are set one by one
  route("uin", &write<scheme, uin, uin>);
  route("imei", &write<scheme, imei, imei>);
  route("gtin", &write<scheme, gtin, gtin>);
  route("customs-declaration", &write<scheme, customs, customs>);
}

}  // namespace

std::vector<Route> batch_meta_routes() {
  std::vector<Route> routes;
  add<Scheme::dbs>(routes, "dbs", "dbs");
  add<Scheme::dbw>(routes, "dbw", "dbw");
  add<Scheme::pickup>(routes, "click-collect", "pickup");
  return routes;
}

}  // namespace pipewright::wb::sandbox
