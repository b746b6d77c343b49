#include "engine/value.hpp"

#include "base/overloaded.hpp"
#include "engine/json.hpp"

namespace pipewright::engine {

const Value* find_field(const Record& record, std::string_view name) {
  for (const auto& [field, value] : record) {
    if (field == name) return &value;
  }
  return nullptr;
}

void set_field(Record& record, std::string_view name, Value value) {
  for (auto& [field, held] : record) {
    if (field == name) {
      held = std::move(value);
      return;
    }
  }
  record.emplace_back(std::string(name), std::move(value));
}

const Value& Value::operator[](std::string_view name) const {
  static const Value null;
  const Record* fields = record();
  if (fields == nullptr) return null;
  const Value* found = find_field(*fields, name);
  return found == nullptr ? null : *found;
}

std::string Value::id_text() const {
  if (const Decimal* held = number()) return held->is_integer() ? held->rounded(0)->text() : held->normalized().text();
  return display();
}

std::string Value::display() const {
  return std::visit(overloaded{
                        [](Null) { return std::string(); },
                        [](bool held) { return std::string(held ? "true" : "false"); },
                        [](const Decimal& held) { return held.text(); },
                        [](const std::string& held) { return held; },
                        [](Instant held) { return utc_text(held); },
                        [](const Date& held) { return date_text(held); },
                        [](Duration held) { return duration_text(held); },
                        [this](const std::shared_ptr<const List>&) { return write_json(*this); },
                        [this](const std::shared_ptr<const Record>&) { return write_json(*this); },
                        [](Clear) { return std::string(); },
                        [](const Placeholder& held) { return held.label; },
                        [](const Broken& held) { return held.found; },
                    },
                    data_);
}

bool operator==(const Value& a, const Value& b) {
  if (a.data_.index() != b.data_.index()) return false;
  if (const List* list = a.list()) return *list == *b.list();
  if (const Record* record = a.record()) {
    const Record& other = *b.record();
    if (record->size() != other.size()) return false;
    for (const auto& [name, value] : *record) {
      const Value* found = find_field(other, name);
      if (found == nullptr || !(value == *found)) return false;
    }
    return true;
  }
  return a.data_ == b.data_;
}

}  // namespace pipewright::engine
