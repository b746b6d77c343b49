#include "engine/budget.hpp"

#include <fmt/format.h>

#include "dsl/plan.hpp"

namespace pipewright::engine {

static_assert(BudgetLimits().effects == dsl::plan::most_effects);  // `validate` warns of more

bool Budget::take(std::size_t& left, std::size_t count, Spent what) {
  if (spent_ != Spent::nothing) return false;
  if (count > left) {
    spent_ = what;
    return false;
  }
  left -= count;
  return true;
}

std::string Budget::reason() const {
  switch (spent_) {
    case Spent::nothing:
      break;
    case Spent::bytes:
      return fmt::format("makes more than {} of values for one event; use fewer or shorter values",
                         limits_.bytes >= 1U << 20U ? fmt::format("{} MB", limits_.bytes >> 20U)
                                                    : fmt::format("{} bytes", limits_.bytes));
    case Spent::elements:
      return fmt::format("goes through more than {} list elements for one event; use shorter lists", limits_.elements);
    case Spent::effects:
      return fmt::format(
          "is reached more than {} times for one event; use fewer elements in `each`, or fewer `each` in one another",
          limits_.effects);
  }
  return {};
}

std::size_t weight_of(const Value& value, std::size_t most) {
  std::size_t weight = sizeof(Value);
  if (const std::string* text = value.text()) return weight + text->size();
  if (const List* list = value.list()) {
    for (const Value& element : *list) {
      if (weight > most) break;
      weight += weight_of(element, most - weight);
    }
  } else if (const Record* record = value.record()) {
    for (const auto& [name, field] : *record) {
      if (weight > most) break;
      weight += sizeof(std::string) + name.size();
      if (weight <= most) weight += weight_of(field, most - weight);
    }
  } else if (const Broken* broken = value.broken()) {
    weight += sizeof(Broken) + broken->path.size() + broken->expected.size() + broken->found.size();
  } else if (const Placeholder* placeholder = value.placeholder()) {
    weight += placeholder->label.size();
  }
  return weight;
}

}  // namespace pipewright::engine
