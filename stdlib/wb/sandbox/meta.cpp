// Marking of FBS tasks (reference, section 7.4).
#include <array>
#include <charconv>

#include "stdlib/wb/sandbox/world.hpp"

namespace pipewright::wb::sandbox {
namespace {

/// JSON key of the mark, last segment of its path, key in the request.
struct Mark {
  const char* key;
  const char* body_key;
};

std::vector<std::string> keys_of(const Task& task, const char* list) {
  std::vector<std::string> keys;
  if (!task.fields.contains(list) || !task.fields[list].is_array()) return keys;
  for (const Json& key : task.fields[list]) {
    if (key.is_string()) keys.push_back(key);
  }
  return keys;
}

bool is_known(const Task& task, const std::string& key) {
  for (const char* list : {"requiredMeta", "optionalMeta"}) {
    for (const std::string& known : keys_of(task, list)) {
      if (known == key) return true;
    }
  }
  return false;
}

Task* task_at(Call& call) {
  std::int64_t id = 0;
  std::from_chars(call.at[0].data(), call.at[0].data() + call.at[0].size(), id);
  return call.world.task(id, Scheme::fbs);
}

bool is_well_formed(const Mark& mark, const Json& value) {
  if (std::string_view(mark.key) != "sgtin") return value.is_string() && !value.get<std::string>().empty();
  if (!value.is_array() || value.empty() || value.size() > 100) return false;
  for (const Json& code : value) {
    if (!code.is_string() || code.get<std::string>().size() < 16 || code.get<std::string>().size() > 135) return false;
  }
  return true;
}

Reply put(Call& call, const Mark& mark) {
  Task* task = task_at(call);
  if (task == nullptr) return refusal(404, "NotFound", "Не найдено");
  const Json value = call.body.value(mark.body_key, Json());
  if (!is_well_formed(mark, value)) return bad_request(call, "Некорректное тело запроса");
  if (task->supplier_status != "confirm") return refusal(409, "StatusMismatch", "Несоответствие статусов");
  if (!is_known(*task, mark.key)) return refusal(409, "MetaKeyNotRequired", "Метаданные не требуются");
  task->meta[mark.key] = value;
  return no_content();
}

Reply put_sgtin(Call& call) { return put(call, {"sgtin", "sgtins"}); }
Reply put_uin(Call& call) { return put(call, {"uin", "uin"}); }
Reply put_imei(Call& call) { return put(call, {"imei", "imei"}); }
Reply put_gtin(Call& call) { return put(call, {"gtin", "gtin"}); }
Reply put_expiration(Call& call) { return put(call, {"expiration", "expiration"}); }
Reply put_customs(Call& call) { return put(call, {"customsDeclaration", "customsDeclaration"}); }

Reply read(Call& call) {
  const auto ids = ids_in(call.body, "orders", 1, 100);
  if (!ids) return bad_request(call, "Некорректное тело запроса");
  Json orders = Json::array();
  for (const std::int64_t id : *ids) {
    const Task* task = call.world.task(id, Scheme::fbs);
    if (task != nullptr) orders.push_back({{"id", id}, {"metaDetails", meta_details(*task)}});
  }
  return json_reply(200, {{"orders", std::move(orders)}});
}

Reply remove(Call& call) {
  Task* task = task_at(call);
  if (task == nullptr) return refusal(404, "NotFound", "Не найдено");
  const std::string key = call.query("key").value_or("");
  if (key.empty() || key == "expiration") return refusal(400, "IncorrectParameter", "Передан некорректный параметр");
  task->meta.erase(key);
  return no_content();
}

}  // namespace

Json meta_details(const Task& task) {
  Json details = Json::array();
  for (const char* list : {"requiredMeta", "optionalMeta"}) {
    const bool required = std::string_view(list) == "requiredMeta";
    for (const std::string& key : keys_of(task, list)) {
      const bool filled = task.meta.contains(key);
      Json value = filled ? task.meta[key] : Json();
      if (value.is_array()) value = value[0];
      details.push_back({{"key", key},
                         {"value", value},
                         {"decision", filled     ? "filled"
                                      : required ? "required"
                                                 : "optional"}});
    }
  }
  if (task.decision.empty()) return details;
  if (details.empty()) details.push_back({{"key", "sgtin"}, {"value", "null"}});
  details[0]["decision"] = task.decision;
  return details;
}

std::string missing_mark(const Task& task) {
  static const std::set<std::string> good = {
      "",           "filled",          "optional",    "deadlineExceeded", "imeiMaySell", "imeiSoldB2B",
      "uinMaySell", "sgtinIntroduced", "sgtinSoldB2B"};
  if (!good.contains(task.decision)) return "sgtin";
  for (const std::string& key : keys_of(task, "requiredMeta")) {
    if (!task.meta.contains(key)) return key;
  }
  return {};
}

std::vector<Route> meta_routes() {
  const auto write = [](const char* path, Reply (*handler)(Call&)) {
    return Route{"PUT", path, 4, "fbs.meta.put", Dialect::single, handler, false, true};
  };
  return {
      {"POST", "/api/marketplace/v3/orders/meta", 4, "fbs.meta", Dialect::single, &read, true, true},
      {"DELETE", "/api/v3/orders/{orderId}/meta", 4, "fbs.meta", Dialect::single, &remove},
      write("/api/v3/orders/{orderId}/meta/sgtin", &put_sgtin),
      write("/api/v3/orders/{orderId}/meta/uin", &put_uin),
      write("/api/v3/orders/{orderId}/meta/imei", &put_imei),
      write("/api/v3/orders/{orderId}/meta/gtin", &put_gtin),
      write("/api/v3/orders/{orderId}/meta/expiration", &put_expiration),
      write("/api/marketplace/v3/orders/{orderId}/meta/customs-declaration", &put_customs),
  };
}

}  // namespace pipewright::wb::sandbox
