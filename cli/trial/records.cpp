#include "cli/trial/records.hpp"

#include <fmt/format.h>

#include <cassert>
#include <set>

#include "base/time.hpp"
#include "dsl/check.hpp"
#include "engine/eval.hpp"
#include "engine/json.hpp"

namespace pipewright::cli {
namespace {

using dsl::Type;
using engine::List;
using engine::Record;
using engine::Value;
using Json = nlohmann::json;

std::string camel_case(std::string_view word) {
  std::string made;
  bool up = false;
  for (const char c : word) {
    if (c == '_') {
      up = true;
      continue;
    }
    made.push_back(up && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
    up = false;
  }
  return made;
}

Value field_as_sent(const Value& value, const Type& type, const dsl::FieldType& field, const std::string& zone) {
  if (type.is(Type::Kind::record)) return as_sent(value, type, zone);
  if (const List* list = value.list(); list != nullptr && type.element) {
    List made;
    for (const Value& each : *list) made.push_back(field_as_sent(each, *type.element, field, zone));
    return Value(std::move(made));
  }
  if (const Instant* time = value.time()) {
    if (field.zone.empty()) return Value(zoned_text(*time, "UTC", "%Y-%m-%dT%H:%M:%SZ"));
    return Value(zoned_text(*time, field.zone == "account" ? zone : field.zone, "%Y-%m-%dT%H:%M:%S"));
  }
  if (value.date() != nullptr) return Value(value.display());
  if (field.in_kopecks && value.number() != nullptr) {
    const auto kopecks = multiply(*value.number(), Decimal(100));
    return kopecks ? Value(kopecks->rounded(0).value_or(*kopecks)) : value;
  }
  return value;
}

Json plain(const Value& value, const std::string& zone) {
  if (const Instant* time = value.time()) return zoned_text(*time, zone);
  if (const List* list = value.list()) {
    Json made = Json::array();
    for (const Value& each : *list) made.push_back(plain(each, zone));
    return made;
  }
  if (const Record* record = value.record()) {
    Json made = Json::object();
    for (const auto& [name, field] : *record) {
      if (!field.is_null()) made[camel_case(name)] = plain(field, zone);
    }
    return made;
  }
  return Json::parse(engine::write_json(value));
}

Json line(const Record& item, const std::string& zone) {
  Json made = Json::object();
  for (const auto& [name, value] : item) {
    if (value.is_null()) continue;
    if (name == "price")
      made["initialPrice"] = plain(value, zone);
    else if (name == "name")
      made["productName"] = plain(value, zone);
    else if (name == "offer_id")
      made["offer"]["id"] = plain(value, zone);
    else if (name == "xml_id")
      made["offer"]["xmlId"] = plain(value, zone);
    else if (name == "external_id")
      made["externalIds"] = Json::array({{{"code", "default"}, {"value", value.id_text()}}});
    else if (name != "barcode")
      made[camel_case(name)] = plain(value, zone);
  }
  return made;
}

Json custom_fields(const Value& value, const std::string& zone) {
  Json made = Json::object();
  if (const Record* record = value.record()) {
    for (const auto& [name, field] : *record) made[name] = plain(field, zone);
  }
  return made;
}

std::optional<std::int64_t> whole_number(const Value& value) {
  const auto number = Decimal::parse(value.id_text());
  return number ? number->integer() : std::nullopt;
}

}  // namespace

Examples::Examples(const dsl::Catalog& catalog) {
  std::set<std::string> texts;
  for (const auto& [name, record] : catalog.records) {
    for (const dsl::FieldType& field : record->fields) {
      if (field.example) texts.insert(*field.example);
      if (!field.type.is(Type::Kind::enumeration)) continue;
      for (const std::string& word : field.type.enumeration->words) {
        if (field.name == "supplier_status") texts.insert(fmt::format("wb.order_status[\"{}\"]", word));
        if (field.name == "wb_status") texts.insert(fmt::format("wb.user_status[\"{}\"]", word));
      }
    }
  }
  std::string program = "pipeline examples on time.every 1h\n";
  int number = 0;
  for (const std::string& text : texts) program += fmt::format("  -> let example_{} = {}\n", ++number, text);
  dsl::ProgramInput input;
  input.files.emplace_back("examples", program);
  const dsl::Checked checked = dsl::check(input, catalog);
  assert(!dsl::has_errors(checked.diagnostics));
  engine::Scope scope;
  scope.plan = &checked.plan;
  auto text = texts.begin();
  for (const dsl::plan::Step& step : checked.plan.pipelines.front().steps) {
    const engine::Evaluated value = engine::evaluate(std::get<dsl::plan::Let>(step.node).value, scope);
    by_text_[*text++] = value ? *value : Value();
  }
}

// Fields that say one thing in two ways agree when only one of them is given.
void Examples::agree(Record& given) const {
  const auto also = [&](const char* from, const char* to) {
    const Value* value = engine::find_field(given, from);
    if (value != nullptr && engine::find_field(given, to) == nullptr) given.emplace_back(to, *value);
  };
  also("srid", "id");
  also("id", "srid");
  also("price_with_disc", "price");
  also("price", "price_with_disc");
  const auto by_table = [&](const char* from, const char* table, const char* to) {
    const Value* value = engine::find_field(given, from);
    if (value == nullptr || engine::find_field(given, to) != nullptr) return;
    const auto found = by_text_.find(fmt::format("{}[\"{}\"]", table, value->display()));
    if (found != by_text_.end()) given.emplace_back(to, found->second);
  };
  by_table("supplier_status", "wb.order_status", "status");
  by_table("wb_status", "wb.user_status", "user_status");
}

Value Examples::missing(const dsl::FieldType& field) const {
  if (field.type.nullable) return {};
  if (field.example) {
    if (const auto found = by_text_.find(*field.example); found != by_text_.end()) return found->second;
  }
  switch (field.type.kind) {
    case Type::Kind::list:
      return Value(List{});
    case Type::Kind::map:
      return Value(Record{});
    case Type::Kind::record:
      return whole(Value(Record{}), field.type);
    case Type::Kind::enumeration:
      return Value(field.type.enumeration->words.front());
    case Type::Kind::text:
      return Value("");
    case Type::Kind::id:
      return Value("1");
    case Type::Kind::integer:
    case Type::Kind::decimal:
      return Value(0);
    case Type::Kind::money:
    case Type::Kind::kopecks:
      return Value(Decimal(0, 2));
    case Type::Kind::boolean:
      return Value(false);
    default:
      return {};
  }
}

Value Examples::whole(const Value& given, const Type& type) const {
  if (type.is(Type::Kind::list) && given.list() != nullptr && type.element) {
    List made;
    for (const Value& each : *given.list()) made.push_back(whole(each, *type.element));
    return Value(std::move(made));
  }
  if (!type.is(Type::Kind::record) || given.record() == nullptr) return given;
  Record said = *given.record();
  agree(said);
  Record made;
  for (const dsl::FieldType& field : type.record->fields) {
    const Value* value = engine::find_field(said, field.name);
    made.emplace_back(field.name, value != nullptr ? whole(*value, field.type) : missing(field));
  }
  for (const auto& [name, value] : *given.record()) {
    if (type.record->field(name) == nullptr) made.emplace_back(name, value);
  }
  return Value(std::move(made));
}

Value as_sent(const Value& record, const Type& type, const std::string& zone) {
  if (!type.is(Type::Kind::record) || record.record() == nullptr) return record;
  if (type.record->name.starts_with("crm.")) {
    const Result<Value> made = engine::parse_json(as_retailcrm(*record.record(), zone).dump());
    return made ? *made : record;
  }
  Record made;
  for (const dsl::FieldType& field : type.record->fields) {
    const Value& value = record[field.name];
    if (field.derived || value.is_null()) continue;
    const std::string name = field.api_name.empty() ? camel_case(field.name) : field.api_name;
    made.emplace_back(name, field_as_sent(value, field.type, field, zone));
  }
  return Value(std::move(made));
}

Json as_retailcrm(const Record& record, const std::string& zone) {
  Json made = Json::object();
  for (const auto& [name, value] : record) {
    if (value.is_null()) continue;
    if (name == "client") {
      made["customer"] = {{"id", whole_number(value).value_or(0)}};
    } else if (name == "id" || name == "manager_id") {
      if (const auto number = whole_number(value)) made[camel_case(name)] = *number;
    } else if (name == "external_id" || name == "number") {
      made[camel_case(name)] = value.id_text();
    } else if (name == "phones") {
      made["phones"] = Json::array();
      for (const Value& phone : value.list() != nullptr ? *value.list() : List{value})
        made["phones"].push_back({{"number", phone.id_text()}});
    } else if (name == "items") {
      made["items"] = Json::array();
      for (const Value& item : value.list() != nullptr ? *value.list() : List{})
        made["items"].push_back(item.record() != nullptr ? line(*item.record(), zone) : Json::object());
    } else if (name == "custom_fields") {
      made["customFields"] = custom_fields(value, zone);
    } else if (name != "customer" && name != "raw" && name != "connection") {
      made[camel_case(name)] = plain(value, zone);
    }
  }
  return made;
}

}  // namespace pipewright::cli
