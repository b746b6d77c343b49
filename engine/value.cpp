#include "engine/value.hpp"

#include <fmt/format.h>

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

std::string Broken::reason() const { return fmt::format("`{}` is {}, not {}", path, found, expected); }

const Broken* broken_in(const Value& value) {
  if (value.broken() != nullptr) return value.broken();
  if (const List* list = value.list()) {
    for (const Value& each : *list) {
      if (const Broken* found = broken_in(each)) return found;
    }
  }
  if (const Record* record = value.record()) {
    for (const auto& [name, field] : *record) {
      if (const Broken* found = broken_in(field)) return found;
    }
  }
  return nullptr;
}

void RecordBuilder::set(std::string name, Value value) {
  constexpr std::size_t many = 48;
  if (record_.size() < many) {
    if (record_.empty()) record_.reserve(expected_);
    for (auto& [field, held] : record_) {
      if (field.size() == name.size() && field == name) {
        held = std::move(value);
        return;
      }
    }
    record_.emplace_back(std::move(name), std::move(value));
    return;
  }
  if (places_.empty()) {
    for (std::size_t i = 0; i < record_.size(); ++i) places_.emplace(record_[i].first, i);
  }
  const auto [place, added] = places_.emplace(name, record_.size());
  if (added)
    record_.emplace_back(std::move(name), std::move(value));
  else
    record_[place->second].second = std::move(value);
}

// Empty lists and records are many: one of each serves all.
Value::Value(List value) {
  static const auto empty = std::make_shared<const List>();
  data_ = value.empty() ? empty : std::make_shared<const List>(std::move(value));
}

Value::Value(Record value) {
  static const auto empty = std::make_shared<const Record>();
  data_ = value.empty() ? empty : std::make_shared<const Record>(std::move(value));
}

Value::Value(Broken value) : data_(std::make_shared<const Broken>(std::move(value))) {}

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
                        [](const std::shared_ptr<const Broken>& held) { return held->found; },
                    },
                    data_);
}

bool operator==(const Value& a, const Value& b) {
  if (a.data_.index() != b.data_.index()) return false;
  if (const List* list = a.list()) return list == b.list() || *list == *b.list();
  if (const Broken* broken = a.broken()) return *broken == *b.broken();
  if (const Record* record = a.record()) {
    const Record& other = *b.record();
    if (record == &other) return true;
    if (record->size() != other.size()) return false;
    for (std::size_t i = 0; i < record->size(); ++i) {
      const auto& [name, value] = (*record)[i];
      const bool same_place = other[i].first == name;  // nearly always
      const Value* found = same_place ? &other[i].second : find_field(other, name);
      if (found == nullptr || !(value == *found)) return false;
    }
    return true;
  }
  return a.data_ == b.data_;
}

}  // namespace pipewright::engine
