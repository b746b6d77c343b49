// The operator's surface: what Wildberries, its buyers and its bad days do, on request. Not part of any real API.
#include <fmt/format.h>

#include <charconv>

#include "stdlib/wb/sandbox/world.hpp"

namespace pipewright::wb::sandbox {
namespace {

Reply refused(int status, const std::string& why) { return json_reply(status, {{"error", why}}); }

std::optional<Scheme> scheme_from(std::string_view word) {
  if (word == "fbs") return Scheme::fbs;
  if (word == "dbs") return Scheme::dbs;
  if (word == "dbw") return Scheme::dbw;
  if (word == "pickup") return Scheme::pickup;
  return std::nullopt;
}

const char* word_of(Scheme scheme) {
  switch (scheme) {
    case Scheme::fbs:
      return "fbs";
    case Scheme::dbs:
      return "dbs";
    case Scheme::dbw:
      return "dbw";
    case Scheme::pickup:
      return "pickup";
  }
  return "";
}

/// `fields`, with `price` (kopecks) as a short way to name the one most often wanted.
Json overrides(const Json& body) {
  Json fields = body.value("fields", Json::object());
  if (body.contains("price")) fields["price"] = body["price"];
  return fields;
}

void adjust(Task& task, const Json& body) {
  if (body.contains("supplierStatus")) task.supplier_status = body["supplierStatus"];
  if (body.contains("wbStatus")) task.wb_status = body["wbStatus"];
  if (body.contains("client")) task.client = body["client"];
  if (body.contains("code")) task.code = body["code"];
  if (body.contains("finalPrice")) task.final_price = body["finalPrice"];
  if (body.contains("reship")) task.reship = body["reship"];
  if (body.contains("decision")) task.decision = body["decision"];
  if (body.contains("unmovable")) task.unmovable = body["unmovable"];
  if (body.contains("fields")) task.fields.update(body["fields"]);
  for (const Json& name : body.value("without", Json::array())) task.fields.erase(name.get<std::string>());
}

/// {count?, price?, together?, fields?, without?, supplierStatus?, wbStatus?, client?, code?, finalPrice?}
Reply make_orders(World& world, Scheme scheme, const Json& body) {
  const int count = body.value("count", 1);
  const bool together = body.value("together", false);
  std::string checkout;
  Json ids = Json::array();
  for (int i = 0; i < count; ++i) {
    if (i == 0 || !together) {
      checkout = scheme == Scheme::pickup ? fmt::format("{}-{:04}", 23457822 + world.dice(1000000), world.dice(10000))
                                          : fmt::format("{}_{}", 165918930 + world.dice(1000000), world.hex(30));
    }
    Task& task = make_task(world, scheme, overrides(body), checkout);
    adjust(task, without(body, {"fields"}));
    ids.push_back(task.id);
  }
  return json_reply(201, {{"ids", std::move(ids)}});
}

/// {count?, fields?: of the supplier/orders row, `chrtId` and `feed` (fields of the feed entry) included}
Reply make_fbo(World& world, const Json& body) {
  Json srids = Json::array();
  for (int i = 0; i < body.value("count", 1); ++i)
    srids.push_back(make_row(world, body.value("fields", Json::object())).order["srid"]);
  return json_reply(201, {{"srids", std::move(srids)}});
}

/// {supplierStatus?, wbStatus?} and what else `adjust` knows.
Reply set_status(World& world, const std::string& id, Json body) {
  std::int64_t number = 0;
  std::from_chars(id.data(), id.data() + id.size(), number);
  const auto found = world.tasks.find(number);
  if (found == world.tasks.end()) return refused(404, "no such task");
  for (const char* key : {"supplierStatus", "wbStatus"}) {
    if (body.contains(key) && body[key] == "") body.erase(key);
  }
  adjust(found->second, body);
  return json_reply(200, {{"supplierStatus", found->second.supplier_status}, {"wbStatus", found->second.wb_status}});
}

/// {status: cancel | buyout | return} or {fields: of the row}
Reply set_fbo(World& world, const std::string& srid, const Json& body) {
  for (Row& row : world.rows) {
    if (row.order["srid"] != srid) continue;
    const std::string change = body.value("status", "");
    if (change != "cancel" && change != "buyout" && change != "return" && !body.contains("fields")) {
      return refused(400, "status is cancel, buyout or return");
    }
    if (!change.empty()) change_row(world, row, change);
    if (body.contains("fields")) row.order.update(body["fields"]);
    return json_reply(200, row.order);
  }
  return refused(404, "no such srid");
}

Reply scan_supply(World& world, const std::string& id) {
  Supply* supply = world.supply(id);
  if (supply == nullptr) return refused(404, "no such supply");
  supply->scanned = true;
  if (!supply->done) close_supply(world, *supply);
  return json_reply(200, {{"id", id}});
}

Reply add_fault(World& world, const Json& body) {
  auto fault = fault_from(body);
  if (!fault) return refused(400, fault.error());
  world.faults.add(std::move(*fault));
  return json_reply(201, Json::object());
}

std::vector<std::string> words_of(std::string_view path) {
  std::vector<std::string> words;
  while (!path.empty()) {
    const std::size_t end = path.find('/', 1);
    words.emplace_back(path.substr(1, end == std::string_view::npos ? end : end - 1));
    path = end == std::string_view::npos ? std::string_view() : path.substr(end);
  }
  return words;
}

Reply routed(World& world, const std::string& method, const std::vector<std::string>& words, const Json& body) {
  const bool post = method == "POST";
  const std::string& what = words.size() > 1 ? words[1] : words[0];
  if (method == "GET" && what == "state") return json_reply(200, state_of(world));
  if (method == "GET" && what == "log") return json_reply(200, world.log);
  if (method == "DELETE" && what == "log") {
    world.log = Json::array();
    return json_reply(200, Json::object());
  }
  if (what == "faults" && post) return add_fault(world, body);
  if (what == "faults" && method == "DELETE") {
    world.faults.clear();
    return json_reply(200, Json::object());
  }
  if (what == "warehouses" && post) {
    world.warehouses.push_back(body);
    return json_reply(201, body);
  }
  if (what == "cards" && post) {
    world.cards[body.at("nmID")] = body;
    return json_reply(201, body);
  }
  if (!post || words.size() < 3) return refused(404, "the operator has no such command");
  if (what == "fbo" && words[2] == "orders" && words.size() == 3) return make_fbo(world, body);
  if (what == "fbo" && words.size() == 4) return set_fbo(world, words[2], body);
  if (what == "orders" && words.size() == 4) return set_status(world, words[2], body);
  if (what == "supplies" && words.size() == 4 && words[3] == "scan") return scan_supply(world, words[2]);
  if (const auto scheme = scheme_from(what); scheme && words[2] == "orders") return make_orders(world, *scheme, body);
  return refused(404, "the operator has no such command");
}

}  // namespace

Reply operate(World& world, const std::string& method, const std::string& path, const Json& body) {
  if (!body.is_object()) return refused(400, "the body is a JSON object");
  try {
    return routed(world, method, words_of(path), body);
  } catch (const Json::exception& error) {
    return refused(400, error.what());
  }
}

Json state_of(const World& world) {
  Json state{
      {"orders", Json::array()}, {"supplies", Json::array()}, {"fbo", Json::array()}, {"stocks", Json::object()}};
  for (const auto& [id, task] : world.tasks) {
    state["orders"].push_back({{"id", id},
                               {"scheme", word_of(task.scheme)},
                               {"supplierStatus", task.supplier_status},
                               {"wbStatus", task.wb_status},
                               {"supplyId", task.supply},
                               {"meta", task.meta},
                               {"fields", task.fields}});
  }
  for (const auto& [number, supply] : world.supplies) {
    Json orders = Json::array();
    for (const auto& [id, task] : world.tasks) {
      if (task.supply == supply.id) orders.push_back(id);
    }
    state["supplies"].push_back({{"id", supply.id},
                                 {"name", supply.name},
                                 {"done", supply.done},
                                 {"orders", orders},
                                 {"shippingType", supply.shipping_type},
                                 {"shippingDt", supply.shipping_date}});
  }
  for (const Row& row : world.rows) {
    state["fbo"].push_back({{"order", row.order}, {"sales", row.sales}, {"feed", row.feed}});
  }
  for (const auto& [warehouse, stocks] : world.stocks) {
    for (const auto& [chrt, amount] : stocks) state["stocks"][std::to_string(warehouse)][std::to_string(chrt)] = amount;
  }
  return state;
}

}  // namespace pipewright::wb::sandbox
