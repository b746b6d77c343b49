// FBS supplies and how they are shipped (reference, section 7.3).
#include <fmt/format.h>

#include <algorithm>

#include "stdlib/wb/sandbox/world.hpp"

namespace pipewright::wb::sandbox {
namespace {

Reply not_found() { return refusal(404, "NotFound", "Не найдено"); }

Json shown(const Supply& supply) {
  Json json{{"id", supply.id},
            {"name", supply.name},
            {"done", supply.done},
            {"createdAt", utc_text(supply.created)},
            {"closedAt", nullptr},
            {"scanDt", nullptr},
            {"isB2b", supply.b2b},
            {"cargoType", supply.cargo_type},
            {"crossBorderType", supply.cross_border},
            {"destinationOfficeId", supply.office},
            {"recommendedWhId", 0},
            {"isPickupPointShipmentAllowed", true},
            {"spotAvailable", false},
            {"waybillUuid", nullptr}};
  if (supply.closed) json["closedAt"] = utc_text(*supply.closed);
  if (supply.scanned && supply.closed) json["scanDt"] = utc_text(*supply.closed);
  if (!supply.waybill.empty()) json["waybillUuid"] = supply.waybill;
  if (supply.shipping_date.empty()) return json;
  json["shippingDt"] = supply.shipping_date;
  json["shippingPointId"] = supply.shipping_point;
  json["shippingType"] = supply.shipping_type;
  return json;
}

std::vector<Task*> tasks_of(World& world, const Supply& supply) {
  std::vector<Task*> tasks;
  for (auto& [id, task] : world.tasks) {
    if (task.scheme == Scheme::fbs && task.supply == supply.id && task.supplier_status != "cancel")
      tasks.push_back(&task);
  }
  return tasks;
}

/// Characters, not bytes.
std::size_t length_of(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

Reply create(Call& call) {
  const Json name = call.body.value("name", Json());
  if (!name.is_string() || length_of(name.get_ref<const std::string&>()) < 1 ||
      length_of(name.get<std::string>()) > 128) {
    return bad_request(call, "Некорректное название поставки");
  }
  World& world = call.world;
  world.next_supply += 1;
  Supply supply{.id = fmt::format("WB-GI-{}", world.next_supply), .number = world.next_supply, .name = name};
  supply.created = world.now();
  supply.refuses = world.options.new_supply_refuses;
  const std::string id = supply.id;
  world.supplies.emplace(supply.number, std::move(supply));
  return json_reply(201, {{"id", id}});
}

Reply list(Call& call) {
  const auto limit = call.number("limit");
  const auto next = call.number("next");
  if (!limit || !next || *limit < 1 || *limit > 1000) {
    return refusal(400, "IncorrectParameter", "Передан некорректный параметр");
  }
  Json supplies = Json::array();
  std::int64_t last = *next;
  for (auto at = call.world.supplies.upper_bound(*next); at != call.world.supplies.end(); ++at) {
    if (supplies.size() == static_cast<std::size_t>(*limit)) break;
    supplies.push_back(shown(at->second));
    last = at->first;
  }
  return json_reply(200, {{"next", last}, {"supplies", std::move(supplies)}});
}

Reply read(Call& call) {
  const Supply* supply = call.world.supply(call.at[0]);
  return supply == nullptr ? not_found() : json_reply(200, shown(*supply));
}

Reply remove(Call& call) {
  const Supply* supply = call.world.supply(call.at[0]);
  if (supply == nullptr) return not_found();
  if (supply->done || !tasks_of(call.world, *supply).empty()) {
    return refusal(409, "SupplyHasOrders", "К поставке привязаны сборочные задания");
  }
  call.world.supplies.erase(supply->number);
  return no_content();
}

Reply order_ids(Call& call) {
  const Supply* supply = call.world.supply(call.at[0]);
  if (supply == nullptr) return not_found();
  Json ids = Json::array();
  for (const Task* task : tasks_of(call.world, *supply)) ids.push_back(task->id);
  return json_reply(200, {{"orderIds", std::move(ids)}});
}

/// One cargo type, one border type, one seller warehouse and one kind of buyer per supply.
bool fits(const Supply& supply, const Task& task, bool first) {
  if (first) return true;
  return supply.cargo_type == task.fields.value("cargoType", Json(0)) &&
         supply.cross_border == task.fields.value("crossBorderType", Json(0)) &&
         supply.warehouse == task.fields.value("warehouseId", std::int64_t{0}) &&
         supply.b2b == task.fields.value("/options/isB2B"_json_pointer, Json(false));
}

bool can_move(World& world, const Task& task) {
  if (task.is_final() || task.unmovable) return false;
  if (task.reship || task.supplier_status == "new") return true;
  if (task.supplier_status != "confirm") return false;
  const Supply* from = world.supply(task.supply);
  return from == nullptr || !from->done;
}

void inherit(Supply& supply, const Task& task) {
  supply.cargo_type = task.fields.value("cargoType", Json(0));
  supply.cross_border = task.fields.value("crossBorderType", Json(0));
  supply.warehouse = task.fields.value("warehouseId", std::int64_t{0});
  supply.office = task.fields.value("officeId", Json());
  supply.b2b = task.fields.value("/options/isB2B"_json_pointer, Json(false));
}

/// All or none: the answer does not say which one was refused, unless the options want it said.
Reply add_orders(Call& call) {
  Supply* supply = call.world.supply(call.at[0]);
  if (supply == nullptr) return not_found();
  const auto ids = ids_in(call.body, "orders", 1, 100);
  if (!ids) return bad_request(call, "Некорректное тело запроса");
  const auto refused = [&](const Json& data) {
    return refusal(409, "FailedToAddSupplyOrder", "Не удалось закрепить сборочное задание за поставкой", data);
  };
  if (supply->refuses > 0) {
    --supply->refuses;
    return refused(nullptr);
  }
  if (supply->done) return refused(nullptr);
  Supply after = *supply;
  Json unfit = Json::array();
  bool first = tasks_of(call.world, *supply).empty();
  for (const std::int64_t id : *ids) {
    const Task* task = call.world.task(id, Scheme::fbs);
    if (task == nullptr || !can_move(call.world, *task) || !fits(after, *task, first)) {
      unfit.push_back(id);
      continue;
    }
    if (first) inherit(after, *task);
    first = false;
  }
  if (!unfit.empty()) return refused(call.world.options.refusal_names_tasks ? Json{{"orders", unfit}} : Json());
  *supply = after;
  for (const std::int64_t id : *ids) {
    Task& task = call.world.tasks.at(id);
    task.supply = supply->id;
    task.supplier_status = "confirm";
    task.reship = false;
  }
  return no_content();
}

bool is_shipping_set(const Supply& supply) {
  if (supply.shipping_date.empty()) return false;
  return supply.shipping_type != "transportCompany" || !supply.waybill.empty();
}

Reply deliver(Call& call) {
  World& world = call.world;
  Supply* supply = world.supply(call.at[0]);
  if (supply == nullptr) return not_found();
  if (supply->done) return refusal(409, "StatusMismatch", "Поставка уже закрыта");
  const std::vector<Task*> tasks = tasks_of(world, *supply);
  if (tasks.empty()) return refusal(409, "SupplyHasZeroOrders", "К поставке не привязано ни одного сборочного задания");
  const bool dead = std::ranges::any_of(
      tasks, [](const Task* task) { return task->supplier_status != "confirm" || task->is_final(); });
  if (dead && world.options.dead_blocks_delivery)
    return refusal(409, "StatusMismatch", "Несоответствие статусов, проверьте их правильность");
  Json marks = Json::array();
  for (const Task* task : tasks) {
    if (missing_mark(*task).empty() || (world.options.marks_one_by_one && !marks.empty())) continue;
    marks.push_back({{"id", task->id}, {"metaDetails", meta_details(*task)}});
  }
  if (!marks.empty()) return refusal(409, "MetaValidationFail", "Fix them to dispatch items", {{"orders", marks}});
  if (world.options.shipping_required && !is_shipping_set(*supply)) {
    return refusal(409, "SupplyShippingRequired", "Specify shipping point, type and date to close the supply");
  }
  close_supply(world, *supply);
  return no_content();
}

Reply barcode(Call& call) {
  const Supply* supply = call.world.supply(call.at[0]);
  if (supply == nullptr) return not_found();
  if (!call.query("type")) return refusal(400, "IncorrectParameter", "Передан некорректный параметр");
  if (!supply->done) return refusal(409, "SupplyNotClosed", "Поставка не закрыта");
  return json_reply(200, {{"barcode", supply->id}, {"file", base64(supply->id)}});
}

Reply boxes(Call& call) {
  const Supply* supply = call.world.supply(call.at[0]);
  if (supply == nullptr) return not_found();
  Json list = Json::array();
  for (const std::string& box : supply->boxes) list.push_back({{"id", box}});
  return json_reply(200, {{"trbxes", std::move(list)}});
}

Reply add_boxes(Call& call) {
  Supply* supply = call.world.supply(call.at[0]);
  if (supply == nullptr) return not_found();
  const Json amount = call.body.value("amount", Json());
  if (!amount.is_number_integer() || amount < 1 || amount > 1000) return bad_request(call, "Некорректное количество");
  Json ids = Json::array();
  for (int i = 0; i < amount.get<int>(); ++i) {
    supply->boxes.push_back(fmt::format("WB-TRBX-{}", call.world.next_box++));
    ids.push_back(supply->boxes.back());
  }
  return json_reply(201, {{"trbxIds", std::move(ids)}});
}

std::optional<std::vector<std::string>> box_ids(const Json& body) {
  const Json list = body.value("trbxIds", Json());
  if (!list.is_array() || list.empty()) return std::nullopt;
  std::vector<std::string> ids;
  for (const Json& id : list) ids.push_back(id.is_string() ? id.get<std::string>() : id.dump());
  return ids;
}

Reply remove_boxes(Call& call) {
  Supply* supply = call.world.supply(call.at[0]);
  if (supply == nullptr) return not_found();
  const auto ids = box_ids(call.body);
  if (!ids) return bad_request(call, "Некорректное тело запроса");
  for (const std::string& id : *ids) std::erase(supply->boxes, id);
  return no_content();
}

Reply box_stickers(Call& call) {
  const Supply* supply = call.world.supply(call.at[0]);
  if (supply == nullptr) return not_found();
  const auto ids = box_ids(call.body);
  if (!ids || !call.query("type")) return bad_request(call, "Некорректное тело запроса");
  Json stickers = Json::array();
  for (const std::string& id : *ids) stickers.push_back({{"barcode", "$" + id}, {"file", base64(id)}});
  return json_reply(200, {{"stickers", std::move(stickers)}});
}

Reply shipping_points(Call& call) {
  if (!call.query("cargoType")) return refusal(400, "IncorrectParameter", "Передан некорректный параметр");
  Json point{{"id", 507},          {"name", "Коледино"}, {"address", "Московская обл., д. Коледино"},
             {"city", "Коледино"}, {"officeType", "sc"}, {"cargoTypes", {1, 2, 3}},
             {"latitude", 55.38},  {"longitude", 37.55}, {"fulfillment", false}};
  return json_reply(200, {{"shippingPoints", Json::array({std::move(point)})}});
}

/// The answer to one entry of `data`; `""`: done.
Json per_supply(Call& call, std::string (*work)(World&, Supply&, const Json&)) {
  Json results = Json::array();
  for (const Json& entry : call.body["data"]) {
    const std::string id = entry.value("supplyId", "");
    Supply* supply = call.world.supply(id);
    const std::string why = supply == nullptr ? "NotFound" : work(call.world, *supply, entry);
    if (why.empty()) {
      results.push_back({{"supplyId", id}, {"success", true}});
    } else {
      const int code = why == "NotFound" ? 404 : why.starts_with("Invalid") ? 400 : 409;
      results.push_back({{"supplyId", id}, {"error", {{"code", code}, {"detail", why}}}});
    }
  }
  return results;
}

bool has_data(const Json& body) {
  return body.contains("data") && body["data"].is_array() && !body["data"].empty() && body["data"].size() <= 100;
}

Reply shipping_method(Call& call) {
  if (!has_data(call.body)) return bad_request(call, "Некорректное тело запроса");
  return json_reply(200,
                    {{"results", per_supply(call, [](World& world, Supply& supply, const Json& entry) -> std::string {
                        const std::string type = entry.value("shippingType", "");
                        const std::string day = entry.value("shippingDt", "");
                        if (supply.done || supply.scanned) return "SupplyAlreadyScanned";
                        if (!time_from(day) || day < moscow_text(world.now()).substr(0, 10)) return "InvalidShippingDt";
                        if (type != "selfShipping" && type != "transportCompany") return "InvalidShippingType";
                        if (world.shipping_forgotten > 0) {
                          --world.shipping_forgotten;
                          return "";
                        }
                        if (type != supply.shipping_type) supply.waybill.clear();
                        supply.shipping_type = type;
                        supply.shipping_date = day;
                        supply.shipping_point = entry.value("shippingPointId", std::int64_t{0});
                        return "";
                      })}});
}

Reply waybill(Call& call) {
  if (!has_data(call.body)) return bad_request(call, "Некорректное тело запроса");
  return json_reply(200, {{"results", per_supply(call, [](World&, Supply& supply, const Json& entry) -> std::string {
                             if (supply.done || supply.scanned) return "SupplyAlreadyScanned";
                             if (supply.shipping_date.empty()) return "SupplyShippingRequired";
                             if (supply.shipping_type != "transportCompany") return "UnsuitableShippingType";
                             supply.waybill = entry.value("waybillUuid", "");
                             return "";
                           })}});
}

}  // namespace

void close_supply(World& world, Supply& supply) {
  supply.done = true;
  supply.closed = world.now();
  for (Task* task : tasks_of(world, supply)) {
    if (task->supplier_status == "confirm" && !task->is_final()) task->supplier_status = "complete";
  }
}

std::vector<Route> supply_routes() {
  const auto fbs = [](const char* method, const char* path, Reply (*handler)(Call&), bool body = false) {
    return Route{method, path, 4, "fbs", Dialect::single, handler, false, body};
  };
  return {
      fbs("POST", "/api/v3/supplies", &create, true),
      fbs("GET", "/api/v3/supplies", &list),
      fbs("GET", "/api/v3/supplies/{supplyId}", &read),
      fbs("DELETE", "/api/v3/supplies/{supplyId}", &remove),
      fbs("PATCH", "/api/marketplace/v3/supplies/{supplyId}/orders", &add_orders, true),
      fbs("GET", "/api/marketplace/v3/supplies/{supplyId}/order-ids", &order_ids),
      fbs("PATCH", "/api/v3/supplies/{supplyId}/deliver", &deliver),
      fbs("GET", "/api/v3/supplies/{supplyId}/barcode", &barcode),
      fbs("GET", "/api/v3/supplies/{supplyId}/trbx", &boxes),
      fbs("POST", "/api/v3/supplies/{supplyId}/trbx", &add_boxes, true),
      fbs("DELETE", "/api/v3/supplies/{supplyId}/trbx", &remove_boxes, true),
      {"POST", "/api/v3/supplies/{supplyId}/trbx/stickers", 4, "fbs", Dialect::single, &box_stickers, true, true},
      fbs("GET", "/api/marketplace/v3/fbs/shipping-points", &shipping_points),
      fbs("PATCH", "/api/marketplace/v3/fbs/supplies/shipping-method", &shipping_method, true),
      fbs("PATCH", "/api/marketplace/v3/fbs/supplies/waybill", &waybill, true),
  };
}

}  // namespace pipewright::wb::sandbox
