#include "stdlib/crm/records.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "engine/normalise.hpp"

namespace pipewright::crm {
namespace {

// A record inside another one: what only the outermost carries would be noise.
Value nested(const Value& record) {
  Record fields = *record.record();
  std::erase_if(fields, [](const auto& field) {
    return field.first == "connection" || field.first == "raw" || field.first == "@record";
  });
  return Value(std::move(fields));
}

Value item_record(const Account& account, const Value& raw) {
  const Value& offer = raw["offer"];
  const std::vector<std::string> ids = external_ids_of(raw);
  Record derived;
  derived.emplace_back("external_id", ids.empty() ? Value() : Value(ids.front()));
  derived.emplace_back("offer_id", offer["id"]);
  derived.emplace_back("xml_id", offer["xmlId"]);
  derived.emplace_back("barcode", offer["barcode"]);
  const Value& name = offer["displayName"].is_null() ? offer["name"] : offer["displayName"];
  derived.emplace_back("name", raw["productName"].is_null() ? name : raw["productName"]);
  return nested(engine::normalise(raw, derived, account.declared().item, account.name(), account.account_zone()));
}

}  // namespace

std::vector<std::string> external_ids_of(const Value& item) {
  std::vector<std::string> ids;
  for (const Value& each : elements_of(item["externalIds"])) {
    if (!each["value"].is_null()) ids.push_back(each["value"].id_text());
  }
  if (ids.empty() && !item["externalId"].id_text().empty()) ids.push_back(item["externalId"].id_text());
  return ids;
}

std::vector<std::string> phones_of(const Value& client) {
  std::vector<std::string> phones;
  for (const Value& each : elements_of(client["phones"])) {
    const std::string number = each.record() != nullptr ? each["number"].id_text() : each.id_text();
    if (!trimmed(number).empty()) phones.push_back(number);
  }
  return phones;
}

std::vector<Value> elements_of(const Value& list_or_map) {
  if (const List* list = list_or_map.list()) return *list;
  std::vector<Value> values;
  if (const Record* map = list_or_map.record()) {
    for (const auto& [name, value] : *map) values.push_back(value);
  }
  return values;
}

std::string items_text(const std::vector<Value>& items) {
  std::vector<std::string> parts;
  for (const Value& item : items) {
    const Value& offer = item["offer"];
    std::string name = item["productName"].display();
    for (const char* field : {"displayName", "name", "barcode", "xmlId", "externalId", "id"}) {
      if (name.empty()) name = offer[field].display();
    }
    const Decimal quantity = item["quantity"].number() == nullptr ? Decimal(1) : *item["quantity"].number();
    std::string text = fmt::format("{} × {}", name.empty() ? "line" : name, quantity.normalized().text());
    if (const Decimal* price = item["initialPrice"].number()) text += " по " + price->normalized().text();
    parts.push_back(std::move(text));
  }
  return join(parts, ", ");
}

Record derived_of_client(const Value& raw) {
  List phones;
  for (std::string& number : phones_of(raw)) phones.emplace_back(std::move(number));
  Record derived;
  derived.emplace_back("phones", Value(std::move(phones)));
  return derived;
}

Record derived_of_order(const Account& account, const Value& raw) {
  Record derived;
  const Value& customer = raw["customer"];
  derived.emplace_back("client", customer["id"]);
  const bool person =
      customer.record() != nullptr && !customer["id"].is_null() && customer["type"].display() != "customer_corporate";
  derived.emplace_back("customer", person ? nested(client_record(account, customer)) : Value());
  List items;
  for (const Value& item : elements_of(raw["items"])) items.push_back(item_record(account, item));
  derived.emplace_back("items", Value(std::move(items)));
  const Value& data = raw["delivery"]["data"];
  derived.emplace_back("track_number", data["trackNumber"]);
  return derived;
}

Value client_record(const Account& account, const Value& raw) {
  return engine::normalise(raw, derived_of_client(raw), account.declared().client, account.name(),
                           account.account_zone());
}

Value order_record(const Account& account, const Value& raw) {
  return engine::normalise(raw, derived_of_order(account, raw), account.declared().order, account.name(),
                           account.account_zone());
}

}  // namespace pipewright::crm
