// Payments of orders (reference, section 5.7).
#include <fmt/format.h>

#include <algorithm>

#include "stdlib/crm/sandbox/edit.hpp"

namespace pipewright::crm::sandbox {
namespace {

bool has_text(const Json& list, const std::string& text) { return std::ranges::find(list, Json(text)) != list.end(); }

bool suits_delivery(const World& world, const Json& order, const std::string& type) {
  const std::string delivery = order["delivery"].value("code", "");
  const Json* entry = dictionary_entry(world, "deliveryTypes", delivery);
  if (entry == nullptr) return true;
  return std::ranges::any_of((*entry)["deliveryPaymentTypes"],
                             [&](const Json& one) { return one.value("code", "") == type; });
}

void check_type(Edit& edit, const Json& order, const Json& payment, const std::string& path) {
  const std::string type = payment.value("type", "");
  const Json* entry = written_entry(edit.world, "paymentTypes", type);
  if (type.empty()) return edit.error(path + "type", "This value should not be blank.");
  if (entry == nullptr)
    return edit.error(path + "type", "\"PaymentType\" with \"code\"=\"" + type + "\" does not exist.");
  const Json sites = entry->value("sites", Json::array());
  if (!sites.empty() && !has_text(sites, order.value("site", ""))) {
    return edit.error(path + "type", "This payment type is not available in selected store");
  }
  if (!suits_delivery(edit.world, order, type)) {
    return edit.error(path + "type", "This payment type is not supported for the type of delivery");
  }
  const std::string status = payment.value("status", "");
  if (!status.empty() && !has_text(entry->value("paymentStatuses", Json::array()), status)) {
    edit.error(path + "status",
               "\"PaymentStatus\" with \"code\"=\"" + status + "\" is not allowed for the payment type.");
  }
}

bool is_external_id_used(const World& world, const std::string& id, const Json& own) {
  for (const auto& [number, order] : world.orders) {
    for (const Json& payment : order["payments"]) {
      if (payment.value("externalId", "") == id && payment.value("id", Json()) != own) return true;
    }
  }
  return false;
}

struct Found {
  Json* order = nullptr;
  Json* payment = nullptr;
};

Found payment_at(Call& call, const std::string& by) {
  for (auto& [number, order] : call.world.orders) {
    if (!call.sees(order["site"])) continue;
    for (Json& payment : order["payments"]) {
      const std::string key = by == "externalId" ? payment.value("externalId", "") : payment["id"].dump();
      if (key == call.at[0]) return {&order, &payment};
    }
  }
  return {};
}

Json* order_of(Call& call, const Json& reference) {
  const auto site = call.site();
  for (auto& [number, order] : call.world.orders) {
    if (!call.sees(order["site"])) continue;
    if (reference.contains("id") && reference["id"] == order["id"]) return &order;
    if (reference.contains("externalId") && site && order["site"] == *site &&
        reference["externalId"] == order.value("externalId", Json("-")))
      return &order;
    if (reference.contains("number") && reference["number"] == order["number"]) return &order;
  }
  return nullptr;
}

Reply payment_create(Call& call) {
  Reply refused;
  const auto given = json_field(call, "payment", refused);
  if (!given) return refused;
  const Json reference = given->value("order", Json::object());
  if (!reference.is_object() || reference.empty()) {
    return failure(400, "Errors in the entity format",
                   {{"order", "Set one of the following fields: id, externalId, number"}});
  }
  Json* order = order_of(call, reference);
  if (order == nullptr) return failure(400, "Errors in the entity format", {{"order", "Order not found."}});
  Edit edit{call.world};
  Json after = *order;
  Json payment = Json::object();
  apply_payment(edit, after, payment, *given, "");
  if (!edit.errors.empty()) return failure(400, "Errors in the entity format", edit.errors);
  after["payments"].push_back(payment);
  recount(call.world, after);
  *order = after;
  write_order_history(call.world, call.actor(), *order, edit.changes);
  return success(201, {{"id", payment["id"]}});
}

Reply payment_edit(Call& call) {
  Reply refused;
  const auto given = json_field(call, "payment", refused);
  if (!given) return refused;
  const std::string by = call.parameter("by");
  const Found found = payment_at(call, by.empty() ? "id" : by);
  if (found.payment == nullptr) return failure(404, "Payment not found");
  Edit edit{call.world};
  Json payment = *found.payment;
  apply_payment(edit, *found.order, payment, *given, "");
  if (!edit.errors.empty()) return failure(400, "Errors in the entity format", edit.errors);
  *found.payment = payment;
  recount(call.world, *found.order);
  write_order_history(call.world, call.actor(), *found.order, edit.changes);
  return success(200, {{"id", payment["id"]}});
}

Reply payment_delete(Call& call) {
  const Found found = payment_at(call, "id");
  if (found.payment == nullptr) return failure(404, "Payment not found");
  const Json gone = *found.payment;
  Json& list = (*found.order)["payments"];
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i]["id"] == gone["id"]) list.erase(i--);
  }
  recount(call.world, *found.order);
  const Json reference{{"id", gone["id"]}, {"type", gone["type"]}};
  write_order_history(call.world, call.actor(), *found.order, {{"payments", reference, nullptr, {{"payment", gone}}}});
  return success(200, Json::object());
}

}  // namespace

void apply_payment(Edit& edit, Json& order, Json& payment, const Json& patch, const std::string& path) {
  const bool fresh = !payment.contains("id");
  const Json before = payment;
  Edit inner{edit.world};
  for (const Field& field :
       {Field{"externalId", "payments.external_id"}, Field{"type", "payments.type", Kind::text, Wrap::code},
        Field{"status", "payments.status", Kind::text, Wrap::code}, Field{"amount", "payments.amount", Kind::number},
        Field{"paidAt", "payments.paid_at", Kind::date_time}, Field{"comment", "payments.comment"}}) {
    apply(inner, payment, patch, field, path);
  }
  edit.errors.update(inner.errors);
  if (fresh && !payment.contains("status")) payment["status"] = "not-paid";
  if (fresh && !payment.contains("amount")) payment["amount"] = order.value("totalSumm", Json(0));
  check_type(edit, order, payment, path);
  const std::string external = payment.value("externalId", "");
  if (!external.empty() && is_external_id_used(edit.world, external, payment.value("id", Json()))) {
    edit.error(path + "externalId", "Payment with externalId=" + external + " already exists.");
  }
  if (!edit.errors.empty()) return;
  if (fresh) payment["id"] = edit.world.next_payment++;
  const Json reference{{"id", payment["id"]}, {"type", payment["type"]}};
  if (fresh) return note(edit, "payments", nullptr, reference, {{"payment", payment}});
  for (Change& change : inner.changes) {
    change.extra["payment"] = reference;
    if (payment.contains("externalId")) change.extra["payment"]["externalId"] = payment["externalId"];
    edit.changes.push_back(std::move(change));
  }
}

std::vector<Route> payment_routes() {
  return {{"POST", "/api/v5/orders/payments/create", "order_write", &payment_create},
          {"POST", "/api/v5/orders/payments/{key}/edit", "order_write", &payment_edit},
          {"POST", "/api/v5/orders/payments/{id}/delete", "order_write", &payment_delete}};
}

}  // namespace pipewright::crm::sandbox
