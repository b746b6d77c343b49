#include "stdlib/wb/sandbox/batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace pipewright::wb::sandbox {
namespace {

struct Asked {
  std::int64_t id = 0;
  std::string code;
};

std::optional<std::vector<Asked>> asked_in(const Json& body, bool coded) {
  std::vector<Asked> asked;
  if (!coded) {
    const auto ids = ids_in(body, "ordersIds", 0, 1000);
    if (!ids) return std::nullopt;
    for (const std::int64_t id : *ids) asked.push_back({id, ""});
    return asked;
  }
  if (!body.contains("orders") || !body["orders"].is_array() || body["orders"].size() > 1000) return std::nullopt;
  for (const Json& entry : body["orders"]) {
    if (!entry.is_object() || !entry.value("orderId", Json()).is_number_integer()) return std::nullopt;
    const Json code = entry.value("code", Json(""));
    if (!code.is_string()) return std::nullopt;
    asked.push_back({entry["orderId"], code});
  }
  return asked;
}

std::string mark_detail(const std::string& key) {
  if (key == "imei") return "ImeiIsNotFilled";
  return key == "sgtin" ? "SGTINIsNotFilled" : "MetaValidationFail";
}

bool is_allowed(const Task& task, const Move& move) {
  return !task.is_final() && std::ranges::find(move.from, task.supplier_status) != move.from.end();
}

void apply(Task& task, const Move& move) {
  task.supplier_status = move.to;
  if (!move.wb_status.empty()) task.wb_status = move.wb_status;
}

Json one_move(World& world, Scheme scheme, const Move& move, const Asked& asked) {
  Task* task = world.task(asked.id, scheme);
  if (task == nullptr) return item_error(asked.id, 404, "NotFound");
  if (!is_allowed(*task, move)) return item_error(asked.id, 409, "StatusMismatch");
  if (const std::string key = missing_mark(*task); move.marks && !key.empty()) {
    Json error = item_error(asked.id, 409, mark_detail(key));
    if (mark_detail(key) == "MetaValidationFail") error["errors"][0]["metaDetails"] = meta_details(*task);
    return error;
  }
  if (move.coded && world.options.code_required && asked.code != task->code) {
    return item_error(asked.id, 409, "InvalidPasscode");
  }
  apply(*task, move);
  return {{"orderId", asked.id}, {"isError", false}};
}

}  // namespace

Json item_error(std::int64_t id, int code, std::string_view detail) {
  return {{"orderId", id}, {"isError", true}, {"errors", Json::array({{{"code", code}, {"detail", detail}}})}};
}

Reply results_reply(Call& call, Json results) {
  return json_reply(200, {{"requestId", call.world.hex(32)}, {"results", std::move(results)}});
}

Reply moved(Call& call, Scheme scheme, const Move& move) {
  const auto asked = asked_in(call.body, move.coded);
  if (!asked) return bad_request(call, "Некорректное тело запроса");
  Json results = Json::array();
  for (const Asked& one : *asked) results.push_back(one_move(call.world, scheme, move, one));
  return results_reply(call, std::move(results));
}

Reply moved_alone(Call& call, Scheme scheme, const Move& move) {
  std::int64_t id = 0;
  std::from_chars(call.at[0].data(), call.at[0].data() + call.at[0].size(), id);
  Task* task = call.world.task(id, scheme);
  if (task == nullptr) return refusal(404, "NotFound", "Не найдено");
  if (!is_allowed(*task, move))
    return refusal(409, "StatusMismatch", "Несоответствие статусов, проверьте их правильность");
  apply(*task, move);
  return no_content();
}

Reply status_info(Call& call, Scheme scheme) {
  const auto ids = ids_in(call.body, "ordersIds", 0, 1000);
  if (!ids) return bad_request(call, "Некорректное тело запроса");
  Json orders = Json::array();
  for (const std::int64_t id : *ids) {
    const Task* task = call.world.task(id, scheme);
    if (task == nullptr) {
      orders.push_back({{"orderId", id}, {"errors", Json::array({{{"code", 404}, {"detail", "NotFound"}}})}});
    } else {
      orders.push_back({{"orderId", id}, {"supplierStatus", task->supplier_status}, {"wbStatus", task->wb_status}});
    }
  }
  return json_reply(200, {{"orders", std::move(orders)}});
}

Reply final_prices(Call& call, Scheme scheme) {
  const auto ids = ids_in(call.body, "orders", 0, 1000);
  if (!ids) return bad_request(call, "Некорректное тело запроса");
  Json results = Json::array();
  for (const std::int64_t id : *ids) {
    const Task* task = call.world.task(id, scheme);
    if (task == nullptr) {
      results.push_back(item_error(id, 404, "NotFound"));
      continue;
    }
    Json result{{"orderId", id}, {"isError", false}};
    if (task->final_price == "computing") result["data"] = Json::object();
    if (task->final_price == "ready") {
      const Json& fields = task->fields;
      result["data"] = {{"originalPrice", fields.value("salePrice", Json(0))},
                        {"convertedOriginalPrice", fields.value("salePrice", Json(0))},
                        {"originalFinalPrice", fields.value("finalPrice", Json(0))},
                        {"convertedOriginalFinalPrice", fields.value("convertedFinalPrice", Json(0))},
                        {"currencyCode", fields.value("currencyCode", Json(643))},
                        {"convertedCurrencyCode", fields.value("convertedCurrencyCode", Json(643))}};
    }
    results.push_back(std::move(result));
  }
  return results_reply(call, std::move(results));
}

bool has_contacts(const Task& task) {
  return task.supplier_status != "new" && !task.supplier_status.starts_with("cancel") && !task.is_final();
}

Json contacts_of(const World& world, const Task& task, const char* id_key) {
  const bool empty = world.options.phones == Phones::empty;
  Json contacts{{id_key, task.id},
                {"firstName", "Иван"},
                {"fullName", "Иванов Иван"},
                {"replacementPhone", empty ? "" : "79871234567"},
                {"phone", empty ? "" : fmt::format("+7987123{:04}", task.id % 10000)},
                {"phoneCode", empty ? Json("") : Json(1234567)},
                {"additionalPhoneCodes", empty ? Json::array() : Json::array({"12345"})},
                {"additionalPhones", Json::array()},
                {"replacementAdditionalPhones", Json::array()}};
  if (task.client.is_object()) contacts.update(task.client);
  return contacts;
}

}  // namespace pipewright::wb::sandbox
