#include "engine/settle.hpp"

namespace pipewright::engine {
namespace {

namespace plan = dsl::plan;
using dsl::Type;
using plan::Expr;

// What a literal says of its parts beside the type that the whole has.
const Expr* part_of(const Expr* expr, std::size_t index) {
  if (expr == nullptr) return nullptr;
  if (const auto* made = std::get_if<plan::Comprehension>(&expr->node)) return &*made->element;
  const auto* literal = std::get_if<plan::ListOf>(&expr->node);
  return literal != nullptr && index < literal->elements.size() ? &literal->elements[index] : nullptr;
}

const Expr* part_of(const Expr* expr, const std::string& name) {
  const auto* literal = expr == nullptr ? nullptr : std::get_if<plan::RecordOf>(&expr->node);
  if (literal == nullptr) return nullptr;
  for (const auto& [field, value] : literal->fields) {
    if (field == name) return &value;
  }
  return nullptr;
}

}  // namespace

Value settled(Value value, const Type& wanted, const Expr* expr) {
  static const Type unknown;
  // What the target leaves open has the type of what stands there.
  const bool open = wanted.is(Type::Kind::json) || wanted.is(Type::Kind::unknown);
  const Type& type = open && expr != nullptr ? expr->type : wanted;
  const auto is = [&](Type::Kind kind) { return type.is(kind) || (expr != nullptr && expr->type.is(kind)); };
  if (const Decimal* number = value.number()) {
    if (!is(Type::Kind::money) && !is(Type::Kind::kopecks)) return value;
    const auto rounded = number->rounded(is(Type::Kind::money) ? 2 : 0);
    return rounded ? Value(*rounded) : value;
  }
  const bool known =
      type.element || type.record || (expr != nullptr && !std::holds_alternative<plan::Load>(expr->node));
  if (const List* list = value.list()) {
    if (!known) return value;
    List parts;
    parts.reserve(list->size());
    for (std::size_t i = 0; i < list->size(); ++i)
      parts.push_back(settled((*list)[i], type.element ? *type.element : unknown, part_of(expr, i)));
    return Value(std::move(parts));
  }
  const Record* record = value.record();
  if (record == nullptr || !known) return value;
  Record fields;
  fields.reserve(record->size());
  for (const auto& [name, held] : *record) {
    if (name == "@record") continue;  // the engine's own word (see normalise)
    const dsl::FieldType* declared = type.record ? type.record->field(name) : nullptr;
    const Type& field = declared != nullptr ? declared->type : type.element ? *type.element : unknown;
    fields.emplace_back(name, settled(held, field, part_of(expr, name)));
  }
  return Value(std::move(fields));
}

}  // namespace pipewright::engine
