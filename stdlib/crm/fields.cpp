#include "stdlib/crm/fields.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.hpp"
#include "stdlib/crm/records.hpp"

namespace pipewright::crm {
namespace {

constexpr std::array<const char*, 12> address_parts = {"index", "countryIso", "region",  "city",  "street", "building",
                                                       "flat",  "house",      "housing", "metro", "notes",  "text"};

Value phones_value(const Value& phones) {
  List list;
  for (const Value& each : elements_of(phones)) {
    if (trimmed(each.id_text()).empty()) continue;
    Record phone;
    phone.emplace_back("number", Value(each.id_text()));
    list.emplace_back(std::move(phone));
  }
  return Value(std::move(list));
}

// An id that the API wants as a number.
Value number_id(const Value& value) {
  if (const std::string* text = value.text()) {
    if (const auto number = Decimal::parse(*text)) return Value(*number);
  }
  return value;
}

// The keys are codes, not names of ours.
Value custom_value(const Value& value, const std::string& zone) {
  const Record* codes = value.record();
  if (codes == nullptr) return value;
  Record fields;
  for (const auto& [code, each] : *codes) {
    Value made = api_value(each, zone);
    if (present(made)) fields.emplace_back(code, std::move(made));
  }
  return Value(std::move(fields));
}

Value special_value(const std::string& name, const Value& value, const std::string& zone) {
  if (value.is_clear()) return value;
  if (name == "phones") return phones_value(value);
  if (name == "custom_fields") return custom_value(value, zone);
  if (name == "manager_id") return number_id(value);
  if ((name == "external_id" || name == "number") && !value.is_null()) return Value(value.id_text());
  return api_value(value, zone);
}

void set_or_remove(Record& record, const std::string& name, const Value& value) {
  if (value.is_clear())
    std::erase_if(record, [&](const auto& field) { return field.first == name; });
  else
    engine::set_field(record, name, value);
}

// Whether an edit of an address merges or replaces is not documented: all its parts are sent, but never the text beside
// parts.
Record whole_address(const Record& changed, const Value& there) {
  if (engine::find_field(changed, "text") != nullptr) return changed;
  Record whole;
  for (const char* part : address_parts) {
    const Value* own = engine::find_field(changed, part);
    if (own != nullptr)
      whole.emplace_back(part, *own);
    else if (std::string_view(part) != "text" && present(there[part]))
      whole.emplace_back(part, there[part]);
  }
  return whole;
}

struct Level {
  std::string path;    ///< "delivery.", before the names of changes
  bool codes = false;  ///< names are codes: not put into snake_case
};

void compare(const Record& wanted, const Value& there, const Level& level, Edit& edit);

void compare_record(const std::string& name, const Record& wanted, const Value& there, const std::string& path,
                    Edit& edit) {
  Edit inner;
  if (there.record() != nullptr) inner.after = *there.record();
  compare(wanted, there, {path + ".", name == "customFields"}, inner);
  if (inner.empty()) return;
  edit.body.emplace_back(name, Value(name == "address" ? whole_address(inner.body, there) : inner.body));
  edit.changes.insert(edit.changes.end(), inner.changes.begin(), inner.changes.end());
  engine::set_field(edit.after, name, Value(std::move(inner.after)));
}

void compare_phones(const List& wanted, const Value& there, const std::string& path, Edit& edit) {
  const std::vector<std::string> old = phones_of(there);
  List numbers;
  for (const std::string& number : old) {
    Record phone;
    phone.emplace_back("number", Value(number));
    numbers.emplace_back(std::move(phone));
  }
  List added;
  for (const Value& each : wanted) {
    const std::string number = each["number"].id_text();
    if (std::any_of(old.begin(), old.end(), [&](const std::string& known) { return same_phone(known, number); }))
      continue;
    numbers.push_back(each);
    added.emplace_back(number);
  }
  if (added.empty()) return;
  List before;
  for (const std::string& number : old) before.emplace_back(number);
  List after = before;
  after.insert(after.end(), added.begin(), added.end());
  edit.changes.push_back({path, Value(std::move(before)), Value(std::move(after))});
  edit.body.emplace_back("phones", Value(numbers));
  engine::set_field(edit.after, "phones", Value(std::move(numbers)));
}

void compare(const Record& wanted, const Value& there, const Level& level, Edit& edit) {
  for (const auto& [name, value] : wanted) {
    const Value& old = there[name];
    const std::string path = level.path + (level.codes ? name : snake_case(name));
    if (value.is_clear()) {
      if (!present(old)) continue;
      edit.body.emplace_back(name, Value());
      edit.changes.push_back({path, old, Value()});
      set_or_remove(edit.after, name, value);
    } else if (name == "phones" && !level.codes && value.list() != nullptr) {
      compare_phones(*value.list(), there, path, edit);
    } else if (value.record() != nullptr && !level.codes) {
      compare_record(name, *value.record(), old, path, edit);
    } else if (!same_field_value(level.codes ? std::string() : name, value, old)) {
      edit.body.emplace_back(name, value);
      edit.changes.push_back({path, old, value});
      engine::set_field(edit.after, name, value);
    }
  }
}

}  // namespace

std::string camel_case(std::string_view name) {
  std::string out;
  bool raise = false;
  for (const char c : name) {
    if (c == '_') {
      raise = true;
    } else {
      out.push_back(raise && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
      raise = false;
    }
  }
  return out;
}

Value api_value(const Value& value, const std::string& zone) {
  if (const Instant* time = value.time()) return Value(zoned_text(*time, zone));
  if (const Date* date = value.date()) return Value(date_text(*date));
  if (const List* list = value.list()) {
    List made;
    for (const Value& each : *list) made.push_back(api_value(each, zone));
    return Value(std::move(made));
  }
  const Record* record = value.record();
  if (record == nullptr) return value;
  Record made;
  for (const auto& [name, each] : *record) {
    Value inner = api_value(each, zone);
    if (present(inner)) made.emplace_back(camel_case(name), std::move(inner));
  }
  return Value(std::move(made));
}

Record api_fields(const Record& fields, const std::string& zone) {
  Record made;
  for (const auto& [name, value] : fields) {
    if (name == "id" || name == "site" || name == "client" || name == "items" || name == "payments") continue;
    Value each = special_value(name, value, zone);
    if (present(each)) made.emplace_back(camel_case(name), std::move(each));
  }
  return made;
}

Record without_clear(const Record& fields) {
  Record kept;
  for (const auto& [name, value] : fields) {
    if (value.is_clear()) continue;
    Value each = value.record() == nullptr ? value : Value(without_clear(*value.record()));
    if (present(each)) kept.emplace_back(name, std::move(each));
  }
  return kept;
}

bool present(const Value& value) {
  if (value.is_null()) return false;
  if (const std::string* text = value.text()) return !text->empty();
  if (const List* list = value.list()) return !list->empty();
  if (const Record* record = value.record()) return !record->empty();
  return true;
}

// What responses hold are doubles, sometimes not rounded (api.md 1): 60.17310053999999 is 60.17. Sums are equal to the
// kopeck, other numbers to a millionth.
bool same_number(const std::string& field, const Decimal& a, const Decimal& b) {
  static const std::set<std::string_view> sums = {
      "initialPrice", "discountManualAmount", "purchasePrice", "cost", "netCost", "amount"};
  const int places = sums.contains(field) ? 2 : 6;
  const auto rounded = a.rounded(places);
  return a == b || (rounded && rounded == b.rounded(places));
}

bool same_field_value(const std::string& field, const Value& wanted, const Value& there) {
  if (wanted.number() != nullptr && there.number() != nullptr)
    return same_number(field, *wanted.number(), *there.number());
  return same_value(wanted, there);
}

bool same_value(const Value& wanted, const Value& there) {
  if (!present(there)) {
    if (const bool* truth = wanted.boolean()) return !*truth;
    if (const Decimal* number = wanted.number()) return number->is_zero();
    return !present(wanted);
  }
  if (wanted.number() != nullptr || there.number() != nullptr) return wanted.id_text() == there.id_text();
  if (wanted.text() != nullptr && there.text() != nullptr) return trimmed(*wanted.text()) == trimmed(*there.text());
  if (const List* list = wanted.list()) {
    const List* other = there.list();
    return other != nullptr && list->size() == other->size() &&
           std::all_of(list->begin(), list->end(), [&](const Value& each) {
             return std::any_of(other->begin(), other->end(),
                                [&](const Value& held) { return same_value(each, held); });
           });
  }
  if (const Record* record = wanted.record()) {
    return std::all_of(record->begin(), record->end(),
                       [&](const auto& field) { return same_value(field.second, there[field.first]); });
  }
  return wanted == there;
}

std::string phone_digits(std::string_view phone) {
  const std::size_t extension = phone.find("доб");
  std::string digits;
  for (const char c : phone.substr(0, extension)) {
    if (c >= '0' && c <= '9') digits.push_back(c);
  }
  if (digits.size() == 11 && digits.front() == '8') digits.front() = '7';
  if (digits.size() == 10) digits.insert(digits.begin(), '7');
  return digits;
}

std::string phone_key(std::string_view phone) {
  const std::string digits = phone_digits(phone);
  if (digits.empty()) return trimmed(phone);
  // Buyers of a marketplace share a number and differ in the extension.
  const std::size_t from = phone.find("доб");
  std::string extension;
  for (const char c : from == std::string_view::npos ? std::string_view() : phone.substr(from)) {
    if (c >= '0' && c <= '9') extension.push_back(c);
  }
  return extension.empty() ? digits : digits + "/" + extension;
}

bool same_phone(std::string_view a, std::string_view b) { return phone_key(a) == phone_key(b); }

const Value& address_text(const Value& object) {
  const Value& own = object["address"]["text"];
  return own.is_null() ? object["delivery"]["address"]["text"] : own;
}

void accept_wording(Record& wanted, const Value& there, const std::map<std::string, std::string>& reworded) {
  const Value object(wanted);
  const std::string* text = address_text(object).text();
  const auto known = text == nullptr ? reworded.end() : reworded.find(*text);
  if (known == reworded.end() || address_text(there).display() != known->second) return;
  const bool own = !object["address"]["text"].is_null();
  Record outer = own ? wanted : *object["delivery"].record();
  Record address = *(own ? object["address"] : object["delivery"]["address"]).record();
  engine::set_field(address, "text", Value(known->second));
  engine::set_field(outer, "address", Value(std::move(address)));
  if (own)
    wanted = std::move(outer);
  else
    engine::set_field(wanted, "delivery", Value(std::move(outer)));
}

Edit difference(const Record& wanted, const Value& there) {
  Edit edit;
  if (there.record() != nullptr) edit.after = *there.record();
  compare(wanted, there, {}, edit);
  return edit;
}

}  // namespace pipewright::crm
