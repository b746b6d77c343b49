// The writing methods of orders (reference, section 5.1).
#include <algorithm>

#include "stdlib/crm/sandbox/edit.hpp"

namespace pipewright::crm::sandbox {
namespace {

Reply create(Call& call) {
  Reply refused;
  const auto given = json_field(call, "order", refused);
  if (!given) return refused;
  const auto site = call.site();
  if (!site) return no_such_site();
  const auto id = create_order(call.world, call.actor(), *site, *given);
  if (!id) return id.error();
  return success(201, {{"id", *id}, {"order", shown_order(call.world, call.world.orders.at(*id), Payments::list)}});
}

Reply edit(Call& call) {
  Reply refused;
  const auto given = json_field(call, "order", refused);
  if (!given) return refused;
  if (!call.site()) return no_such_site();
  Json* order = find_by(call.world.orders, call, "externalId");
  if (order == nullptr) return failure(404, "Not found");
  if (const auto done = edit_order(call.world, call.actor(), *order, *given); !done) return done.error();
  return success(200, {{"id", (*order)["id"]}, {"order", shown_order(call.world, *order, Payments::by_id)}});
}

/// What an upload's list of errors says about one entry.
void add_texts(Json& errors, const Json& refusal, const Json& entry) {
  if (refusal["errorMsg"] == "Order already exists.") {
    errors.push_back("Order with externalId=" + entry.value("externalId", Json("")).get<std::string>() +
                     " already exists.");
    return;
  }
  const Json texts = refusal.value("errors", Json::object());
  for (const auto& [path, text] : texts.items()) {
    errors.push_back(path + ": " + text.get<std::string>());
  }
}

Reply upload(Call& call) {
  Reply refused;
  const auto given = json_field(call, "orders", refused);
  if (!given) return refused;
  const auto site = call.site();
  if (!site) return no_such_site();
  if (given->size() > 50)
    return failure(400, "Errors in the entity format",
                   {{"orders", "This collection should contain 50 elements or less."}});
  Json uploaded = Json::array();
  Json full = Json::array();
  Json failed = Json::array();
  Json errors = Json::array();
  for (const Json& entry : *given) {
    Json short_entry = Json::object();
    if (entry.contains("externalId")) short_entry["externalId"] = entry["externalId"];
    const auto id = create_order(call.world, call.actor(), *site, entry);
    if (!id) {
      failed.push_back(short_entry);
      add_texts(errors, Json::parse(id.error().body), entry);
      continue;
    }
    short_entry["id"] = *id;
    uploaded.push_back(short_entry);
    full.push_back(shown_order(call.world, call.world.orders.at(*id), Payments::list));
  }
  if (failed.empty()) return success(201, {{"uploadedOrders", uploaded}, {"orders", full}});
  return failure(460, "Orders are loaded with errors", errors,
                 {{"uploadedOrders", uploaded}, {"failedOrders", failed}});
}

Reply fix_external_ids(Call& call) {
  Reply refused;
  const auto given = json_field(call, "orders", refused);
  if (!given) return refused;
  Json errors = Json::object();
  for (const Json& entry : *given) {
    const auto order = call.world.orders.find(entry.value("id", std::int64_t{0}));
    if (order == call.world.orders.end() || !call.sees(order->second["site"])) {
      errors[entry.value("id", Json()).dump()] = "Order not found.";
      continue;
    }
    const Json patch{{"externalId", entry.value("externalId", Json())}};
    if (const auto done = edit_order(call.world, call.actor(), order->second, patch); !done) {
      errors[entry["id"].dump()] = "This value is already used.";
    }
  }
  return errors.empty() ? success(200, Json::object()) : failure(400, "Errors in the entity format", errors);
}

}  // namespace

std::vector<Route> order_write_routes() {
  return {{"POST", "/api/v5/orders/create", "order_write", &create},
          {"POST", "/api/v5/orders/upload", "order_write", &upload},
          {"POST", "/api/v5/orders/fix-external-ids", "order_write", &fix_external_ids},
          {"POST", "/api/v5/orders/{key}/edit", "order_write", &edit}};
}

}  // namespace pipewright::crm::sandbox
