#include "stdlib/wb/tasks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "engine/json.hpp"

namespace pipewright::wb {

using engine::Broken;

bool is_task_id(const std::string& id) {
  std::int64_t number = 0;  // as the API declares it: what does not fit is an order of another shop
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  return error == std::errc() && end == id.data() + id.size() && number > 0 && std::to_string(number) == id;
}

bool is_movable(const Status& status) {
  return (status.supplier == "new" || status.supplier == "confirm") && !is_cancelled(status.supplier, status.wb);
}

Value id_list(const std::vector<std::string>& ids) {
  List list;
  for (const std::string& id : ids) {
    if (is_task_id(id)) list.emplace_back(*Decimal::parse(id));
  }
  return Value(std::move(list));
}

namespace {

// An API's own "nothing": `{}`, `[]` for a map, `null` for a list, no list beside the position of the next page. A body
// that speaks of something else is not nothing.
bool says_nothing(const Value& body) {
  if (const List* list = body.list()) return list->empty();
  const Record* fields = body.record();
  return fields != nullptr && std::all_of(fields->begin(), fields->end(), [](const auto& field) {
           return field.first == "next" || (field.first == "orders" && field.second.is_null());
         });
}

Failure no_orders(const std::string& found) {
  return unreadable({"the response holds no list `orders` but " + shortened(found, 60), {}});
}

}  // namespace

tl::expected<std::vector<Value>, Failure> orders_of(const Value& body) {
  if (const List* list = body["orders"].list()) return *list;
  if (says_nothing(body)) return std::vector<Value>();
  return tl::unexpected<Failure>(no_orders(engine::write_json(body)));
}

std::string id_of(const Value& task) {
  const Value& id = task["id"];
  return id.number() != nullptr || id.text() != nullptr ? id.id_text() : std::string();
}

Instant created_at(const Value& task, Instant otherwise) {
  const std::string* text = task["createdAt"].text();
  return text == nullptr ? otherwise : parse_time(*text).value_or(otherwise);
}

Value read_cursor(const std::string& text) {
  if (text.empty()) return Value(Record{});
  const Result<Value> cursor = engine::parse_json(text);
  return cursor ? *cursor : Value(Record{});
}

std::optional<Instant> moment(const Value& cursor, const char* field) {
  const Decimal* number = cursor[field].number();
  if (number == nullptr || !number->integer()) return std::nullopt;
  return Instant(Duration(*number->integer()));
}

std::int64_t unix_seconds(Instant instant) {
  return std::chrono::floor<std::chrono::seconds>(instant).time_since_epoch().count();
}

// ---- what is remembered
// ----------------------------------------------------------------------------------------------------------------

std::string text_of(const Known& known) {
  Record state;
  state.emplace_back("raw", known.raw);
  state.emplace_back("supplier", Value(known.status.supplier));
  state.emplace_back("wb", Value(known.status.wb));
  if (!known.buyer.is_null()) state.emplace_back("buyer", known.buyer);
  state.emplace_back("changes", Value(known.changes));
  state.emplace_back("seen_status", Value(known.seen_status));
  return engine::write_json(Value(std::move(state)));
}

Known known_of(const std::string& text) {
  Known known;
  const Result<Value> state = engine::parse_json(text);
  if (!state) return known;
  known.raw = (*state)["raw"];
  known.status.supplier = (*state)["supplier"].display();
  known.status.wb = (*state)["wb"].display();
  known.buyer = (*state)["buyer"];
  if (const Decimal* changes = (*state)["changes"].number(); changes != nullptr)
    known.changes = static_cast<int>(changes->integer().value_or(0));
  if (const bool* seen = (*state)["seen_status"].boolean()) known.seen_status = *seen;
  return known;
}

namespace {

Value coded(const std::optional<int>& code, const char* path, const std::string& word) {
  if (code) return Value(*code);
  return Value(Broken{path, "a known status", engine::json_start(Value(word), 60)});
}

std::string spoken(const Value& value) {
  return value.text() == nullptr ? (value.number() == nullptr ? std::string() : value.id_text())
                                 : trimmed(*value.text());
}

Value or_null(const std::string& text) { return text.empty() ? Value() : Value(text); }

}  // namespace

namespace {

// Kopecks in the seller's currency. The sum of another one is never taken for it.
Value line_price(const Value& raw) {
  const std::string paid = raw["currencyCode"].id_text();
  const std::string sold = raw["convertedCurrencyCode"].id_text();
  const bool foreign = sold.empty() ? !paid.empty() && paid != "643" : paid != sold;
  const char* const path = foreign ? "convertedPrice" : "price";
  const Decimal* sum = raw[path].number();
  if (foreign && (sum == nullptr || sold.empty())) {
    static const std::map<std::string, const char*> names = {
        {"933", "BYN"}, {"398", "KZT"}, {"51", "AMD"}, {"417", "KGS"}, {"643", "RUB"}};
    const auto name = names.find(paid);
    return Value(Broken{path, "a price in the seller's currency",
                        fmt::format("missing while the price is in currency {}{}", paid,
                                    name == names.end() ? std::string() : fmt::format(" ({})", name->second))});
  }
  const auto roubles = sum == nullptr ? std::nullopt : multiply(*sum, Decimal(1, 2));
  if (!roubles)
    return Value(Broken{path, "money", raw[path].is_null() ? "missing" : engine::json_start(raw[path], 60)});
  return Value(roubles->scale() < 2 ? roubles->rounded(2).value_or(*roubles) : *roubles);
}

}  // namespace

Record derived_fields(const Known& known, std::string_view scheme) {
  Record fields;
  const Status& status = known.status;
  fields.emplace_back("supplier_status", Value(status.supplier));
  fields.emplace_back("wb_status", Value(status.wb));
  if (scheme == "fbs") fields.emplace_back("is_cancellable", status.cancellable ? Value(*status.cancellable) : Value());
  fields.emplace_back("status",
                      coded(status_code(status.supplier, status.wb, scheme), "supplierStatus", status.supplier));
  fields.emplace_back("user_status", coded(user_status_code(status.supplier, status.wb), "wbStatus", status.wb));
  fields.emplace_back("line_price", line_price(known.raw));
  fields.emplace_back("user", buyer_of(known));
  return fields;
}

// «Иванов Иван Петрович» is last name, first name, patronymic; one word is a first name.
Value buyer_record(const Value& contact, const Value& checkout) {
  if (contact.is_null()) return {};
  const std::string full = spoken(contact["fullName"]);
  const std::string first = spoken(contact["firstName"]);
  std::string phone = spoken(contact["replacementPhone"]);
  if (phone.empty()) {
    phone = spoken(contact["phone"]);
    const std::string extension = spoken(contact["phoneCode"]);
    if (!phone.empty() && !extension.empty() && extension != "0") phone += " доб. " + extension;
  }
  if (full.empty() && first.empty() && phone.empty()) return {};
  std::vector<std::string> words;
  std::string word;
  for (const char c : full + " ") {
    if (c != ' ')
      word.push_back(c);
    else if (!word.empty())
      words.push_back(std::exchange(word, {}));
  }
  Record buyer;
  buyer.emplace_back("id", checkout);
  buyer.emplace_back("name", or_null(full.empty() ? first : full));
  buyer.emplace_back("last_name", words.size() > 1 ? Value(words[0]) : Value());
  buyer.emplace_back("first_name", words.size() > 1 ? Value(words[1]) : or_null(words.empty() ? first : words[0]));
  std::string patronymic;
  for (std::size_t i = 2; i < words.size(); ++i) patronymic += (patronymic.empty() ? "" : " ") + words[i];
  buyer.emplace_back("patronymic", or_null(patronymic));
  buyer.emplace_back("phone", or_null(phone));
  List phones;
  if (!phone.empty()) phones.emplace_back(phone);
  buyer.emplace_back("phones", Value(std::move(phones)));
  return Value(std::move(buyer));
}

// Wildberries gives no lasting id of a buyer: the checkout stands for it (api.md 14).
Value buyer_of(const Known& known) {
  const Value& transaction = known.raw["orderUid"];
  return buyer_record(known.buyer, transaction.is_null() ? known.raw["orderCode"] : transaction);
}

}  // namespace pipewright::wb
