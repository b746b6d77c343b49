#include "engine/eval.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/overloaded.hpp"
#include "engine/eval_parts.hpp"
#include "engine/functions.hpp"
#include "engine/json.hpp"

namespace pipewright::engine {
using namespace evaluation;

namespace {

namespace plan = dsl::plan;
using dsl::Type;
using plan::Expr;
using plan::Operator;

// A value that goes into a list or record, counted as it will be written there.
bool makes(const Value& value, Scope& scope) { return scope.budget.make(weight_of(value, scope.budget.room())); }

// How many elements a comparison, a function goes through; parts of a long text count as some.
std::size_t elements_of(const Value& value, const Scope& scope) {
  if (const std::string* text = value.text()) return text->size() / 256;
  if (value.list() == nullptr && value.record() == nullptr) return 0;
  return weight_of(value, scope.budget.room()) / sizeof(Value);
}

// The value behind a path of names, without a copy; nothing where the expression is no such path.
const Value* held(const Expr& expr, Scope& scope) {
  if (const auto* load = std::get_if<plan::Load>(&expr.node)) {
    const auto slot = static_cast<std::size_t>(load->slot);
    return slot < scope.slots.size() ? &scope.slots[slot] : nullptr;
  }
  if (const auto* member = std::get_if<plan::Member>(&expr.node)) {
    const Value* record = held(*member->record, scope);
    if (record == nullptr || record->broken() != nullptr) return record;
    constexpr std::size_t many = 64;
    const Record* fields = record->record();
    if (fields != nullptr && fields->size() > many && !scope.budget.walk(fields->size() / many)) return nullptr;
    return &(*record)[member->name];
  }
  return nullptr;
}

Evaluated element(const plan::Element& node, Scope& scope) {
  Evaluated list = evaluate(*node.list, scope);
  if (!list || list->is_null()) return list;
  Evaluated index = evaluate(*node.index, scope);
  if (!index || index->is_null()) return index;
  if (list->record() != nullptr) {
    if (!scope.budget.walk(list->record()->size() / 64)) return exceeded(*node.list, scope);
    const Value found = (*list)[index->id_text()];
    if (found.broken() != nullptr) return broken(*node.list, *found.broken());
    return found;
  }
  if (list->list() == nullptr) return Value();  // json that is no list has no element
  const Decimal* number = index->number();
  if (number == nullptr && node.list->type.is(Type::Kind::json)) return Value();  // a list has no field of this name
  if (number == nullptr || !number->is_integer()) return wrong(*node.index, *index, "a whole number");
  const auto at = number->integer();
  const List& elements = *list->list();
  if (!at || *at < 0 || static_cast<std::size_t>(*at) >= elements.size()) return Value();
  const Value& found = elements[static_cast<std::size_t>(*at)];
  if (found.broken() != nullptr) return broken(*node.list, *found.broken());
  return found;
}

const plan::Table::Row* row_of(const plan::Table& table, const Value& key) {
  for (const plan::Table::Row& row : table.rows) {
    for (const plan::Constant& candidate : row.keys) {
      if (equal(value_of(candidate), key)) return &row;
    }
  }
  return nullptr;
}

// Which of the row's keys it is.
int key_of(const plan::Table::Row* row, const Value& key) {
  int number = 0;
  if (row == nullptr) return number;
  for (const plan::Constant& candidate : row->keys) {
    if (equal(value_of(candidate), key)) break;
    ++number;
  }
  return number;
}

Evaluated lookup(const Expr& expr, const plan::Lookup& node, Scope& scope) {
  Evaluated key = evaluate(*node.key, scope);
  if (!key) return key;
  if (scope.plan == nullptr || node.table >= scope.plan->tables.size()) return halt(expr, "there is no such table");
  const plan::Table& table = scope.plan->tables[node.table];
  const plan::Table::Row* row = scope.tables != nullptr ? scope.tables->row(node.table, *key) : row_of(table, *key);
  if (scope.reached != nullptr) scope.reached->take(row != nullptr ? row->place : table.place, key_of(row, *key));
  if (row != nullptr) return evaluate(row->value, scope);
  const std::string what = key->is_null() ? fmt::format("{} is null", named(*node.key))
                                          : fmt::format("{} is {}", named(*node.key), json_start(*key, 80));
  switch (table.otherwise) {
    case plan::Table::Otherwise::keep:
      return key;
    case plan::Table::Otherwise::value:
      if (table.otherwise_value) return evaluate(*table.otherwise_value, scope);
      return Value();
    case plan::Table::Otherwise::skip:
      return tl::unexpected<Halt>(
          Halt{Halt::Kind::skip, fmt::format("{}, which table `{}` skips", what, table.name), &expr.place});
    case plan::Table::Otherwise::fail:
    case plan::Table::Otherwise::none:
      break;
  }
  return halt(expr, fmt::format("{}, which is not in table `{}`", what, table.name));
}

Evaluated truth(const Expr& expr, Scope& scope) {
  Evaluated value = evaluate(expr, scope);
  if (!value || value->boolean() != nullptr) return value;
  if (value->is_null()) return Value(false);  // `where` and `when` want true
  return wrong(expr, *value, "true or false");
}

Evaluated membership(const plan::Binary& node, const Value& left, const Value& right, Scope& scope) {
  const bool wanted = node.op == Operator::in;
  if (right.is_null()) return Value(!wanted);
  const std::size_t size = right.list() != nullptr     ? right.list()->size()
                           : right.record() != nullptr ? right.record()->size()
                                                       : 0;
  if (!scope.budget.walk(size * (1 + elements_of(left, scope)))) return exceeded(*node.right, scope);
  if (right.record() != nullptr)
    return Value(((*right.record()).end() !=
                  std::find_if(right.record()->begin(), right.record()->end(),
                               [&](const auto& field) { return field.first == left.id_text(); })) == wanted);
  if (right.list() == nullptr) return wrong(*node.right, right, "a list");
  const bool found =
      std::any_of(right.list()->begin(), right.list()->end(), [&](const Value& each) { return equal(each, left); });
  return Value(found == wanted);
}

Evaluated binary(const Expr& expr, const plan::Binary& node, Scope& scope) {
  if (node.op == Operator::and_ || node.op == Operator::or_) {
    Evaluated left = truth(*node.left, scope);
    if (!left) return left;
    if (*left->boolean() == (node.op == Operator::or_)) return left;
    return truth(*node.right, scope);
  }
  Evaluated left = evaluate(*node.left, scope);
  if (!left) return left;
  if (node.op == Operator::otherwise) {
    if (scope.reached != nullptr)
      scope.reached->take(node.right->place, left->is_null() ? Reached::absent : Reached::there);
    return left->is_null() ? evaluate(*node.right, scope) : left;
  }
  Evaluated right = evaluate(*node.right, scope);
  if (!right) return right;
  for (const Evaluated* side : {&left, &right}) {  // of a whole list or record that is compared
    if (const Broken* found = broken_in(**side)) return broken(expr, *found);
  }
  switch (node.op) {
    case Operator::equal:
    case Operator::unequal:
      if (!scope.budget.walk(elements_of(*left, scope))) return exceeded(expr, scope);
      return Value(equal(*left, *right) == (node.op == Operator::equal));
    case Operator::in:
    case Operator::not_in:
      return membership(node, *left, *right, scope);
    case Operator::less:
    case Operator::less_or_equal:
    case Operator::greater:
    case Operator::greater_or_equal:
      return ordered(expr, node, *left, *right);
    default:
      break;
  }
  if (auto moved = calendar(expr, node, *left, *right)) return std::move(*moved);
  return arithmetic(expr, node, *left, *right);
}

Evaluated comprehended(const plan::Comprehension& node, const List& list, std::size_t slot, Scope& scope) {
  List made;
  for (const Value& each : list) {
    if (!scope.budget.walk(1)) return exceeded(*node.list, scope);
    scope.slots[slot] = each;
    if (node.condition) {
      Evaluated wanted = truth(**node.condition, scope);
      if (!wanted) return wanted;
      const bool kept = *wanted->boolean();
      if (scope.reached != nullptr)
        scope.reached->take((*node.condition)->place, kept ? Reached::kept : Reached::left_out);
      if (!kept) continue;
    }
    Evaluated element = evaluate(*node.element, scope);
    if (!element) return element;
    if (!makes(*element, scope)) return exceeded(*node.element, scope);
    made.push_back(std::move(*element));
  }
  return Value(std::move(made));
}

Evaluated comprehension(const plan::Comprehension& node, Scope& scope) {
  Evaluated source = evaluate(*node.list, scope);
  if (!source) return source;
  if (source->is_null()) return Value(List{});
  if (source->list() == nullptr) return wrong(*node.list, *source, "a list");
  const auto slot = static_cast<std::size_t>(node.slot);
  if (slot >= scope.slots.size()) scope.slots.resize(slot + 1);
  // Its name is its own: in the row of a table the slot may be another one's of the pipeline that looks the key up.
  Value covered = std::move(scope.slots[slot]);
  Evaluated made = comprehended(node, *source->list(), slot, scope);
  scope.slots[slot] = std::move(covered);
  return made;
}

// Whether the arguments of a call are worth going through; `texts` is what they have in bytes so far.
bool affordable(const Value& argument, std::size_t& texts, Scope& scope) {
  if (argument.text() != nullptr) texts += argument.text()->size();
  const std::size_t size = argument.list() != nullptr ? argument.list()->size() : elements_of(argument, scope);
  if (texts <= scope.budget.room() && scope.budget.walk(size)) return true;
  if (!scope.budget.exceeded()) static_cast<void>(scope.budget.make(texts));
  return false;
}

Evaluated called_with(const Expr& expr, const plan::Call& node, std::span<const Argument> arguments, Scope& scope) {
  auto result = call_function(node.function, arguments, {scope.now, &scope.time_zone, &scope.budget});
  if (!result) return halt(expr, std::move(result.error()));
  return std::move(*result);
}

// What the program's text does not name gets a path.
std::string unnamed(const Expr& argument) { return argument.place.text.empty() ? path_of(argument) : std::string(); }

std::string_view path_in(const Expr& argument, const std::string& unnamed) {
  return argument.place.text.empty() ? std::string_view(unnamed) : std::string_view(argument.place.text);
}

// Most calls are of one value, which mostly stands in the record: it is not copied.
Evaluated called_with_one(const Expr& expr, const plan::Call& node, Scope& scope) {
  const Expr& argument = node.arguments.front();
  const Value* value = held(argument, scope);
  Value made;
  if (value == nullptr || value->broken() != nullptr) {
    Evaluated evaluated = evaluate(argument, scope);
    if (!evaluated) return evaluated;
    made = std::move(*evaluated);
    value = &made;
  }
  std::size_t texts = 0;
  if (!affordable(*value, texts, scope)) return exceeded(expr, scope);
  const std::string path = unnamed(argument);
  const Argument one{*value, &argument.type, path_in(argument, path)};
  return called_with(expr, node, std::span(&one, 1), scope);
}

Evaluated called(const Expr& expr, const plan::Call& node, Scope& scope) {
  if (node.arguments.size() == 1) return called_with_one(expr, node, scope);
  List values;
  values.reserve(node.arguments.size());
  std::vector<std::string> paths;
  paths.reserve(node.arguments.size());
  std::vector<Argument> arguments;
  arguments.reserve(node.arguments.size());
  std::size_t texts = 0;
  for (const Expr& argument : node.arguments) {
    Evaluated value = evaluate(argument, scope);
    if (!value) return value;
    values.push_back(std::move(*value));
    if (!affordable(values.back(), texts, scope)) return exceeded(expr, scope);
    paths.push_back(unnamed(argument));
    arguments.push_back({values.back(), &argument.type, path_in(argument, paths.back())});
  }
  return called_with(expr, node, arguments, scope);
}

Evaluated text_of(const Expr& expr, const plan::TextOf& node, Scope& scope) {
  std::string text;
  for (const Expr& part : node.parts) {
    if (const Value* here = held(part, scope); here != nullptr && here->broken() == nullptr && !here->is_null()) {
      if (!append_printed(text, *here, part.type, scope.budget)) return exceeded(expr, scope);
      continue;
    }
    Evaluated value = evaluate(part, scope);
    if (!value) return value;
    if (value->is_null()) return wrong(part, *value, "a value");
    if (!append_printed(text, *value, part.type, scope.budget)) return exceeded(expr, scope);
  }
  return Value(std::move(text));
}

Evaluated list_of(const Expr& expr, const plan::ListOf& node, Scope& scope) {
  List list;
  list.reserve(node.elements.size());
  for (const Expr& element : node.elements) {
    Evaluated value = evaluate(element, scope);
    if (!value) return value;
    if (!makes(*value, scope)) return exceeded(expr, scope);
    list.push_back(std::move(*value));
  }
  return Value(std::move(list));
}

Evaluated record_of(const Expr& expr, const plan::RecordOf& node, Scope& scope) {
  Record record;
  record.reserve(node.fields.size());
  for (const auto& [name, field] : node.fields) {
    Evaluated value = evaluate(field, scope);
    if (!value) return value;
    if (value->is_null()) continue;  // a field that is null is left out
    if (!makes(*value, scope)) return exceeded(expr, scope);
    record.emplace_back(name, std::move(*value));
  }
  return Value(std::move(record));
}

std::string table_key(const Value& value) { return value.is_null() ? std::string("\0null", 5) : value.id_text(); }

}  // namespace

CompiledTables::CompiledTables(const plan::Plan& plan) {
  tables_.resize(plan.tables.size());
  for (std::size_t i = 0; i < plan.tables.size(); ++i) {
    for (const plan::Table::Row& row : plan.tables[i].rows) {
      for (const plan::Constant& key : row.keys) tables_[i].emplace(table_key(value_of(key)), &row);
    }
  }
}

const plan::Table::Row* CompiledTables::row(std::size_t table, const Value& key) const {
  if (table >= tables_.size()) return nullptr;
  const auto found = tables_[table].find(table_key(key));
  return found == tables_[table].end() ? nullptr : found->second;
}

Value value_of(const plan::Constant& constant) {
  return std::visit(overloaded{
                        [](std::monostate) { return Value(); },
                        [](const auto& held) { return Value(held); },
                    },
                    constant);
}

bool equal(const Value& a, const Value& b) {
  const bool mixed = (a.number() != nullptr && b.text() != nullptr) || (a.text() != nullptr && b.number() != nullptr);
  if (mixed) return a.id_text() == b.id_text();
  if (a.list() != nullptr && b.list() != nullptr)
    return std::equal(a.list()->begin(), a.list()->end(), b.list()->begin(), b.list()->end(), equal);
  if (a.record() == nullptr || b.record() == nullptr) return a == b;
  return a.record()->size() == b.record()->size() &&
         std::all_of(a.record()->begin(), a.record()->end(), [&](const auto& field) {
           const Value* other = find_field(*b.record(), field.first);
           return other != nullptr && equal(field.second, *other);
         });
}

std::string printed(const Value& value, const dsl::Type& type) {
  if (type.kind == Type::Kind::money && value.number() != nullptr) {
    const auto rounded = value.number()->rounded(2);
    if (!rounded) return value.display();
    // One of 38 digits has no room for them, and prints them all the same.
    return rounded->text() + (rounded->scale() == 0 ? ".00" : rounded->scale() == 1 ? "0" : "");
  }
  return value.display();
}

bool append_printed(std::string& out, const Value& value, const Type& type, Budget& budget) {
  if (const std::string* text = value.text()) {
    if (!budget.make(text->size())) return false;
    out += *text;
    return true;
  }
  if (value.list() == nullptr && value.record() == nullptr) {
    const std::string text = printed(value, type);
    if (!budget.make(text.size())) return false;
    out += text;
    return true;
  }
  const std::size_t before = out.size();
  append_json(out, value, before + budget.room());
  return budget.make(out.size() - before);
}

Evaluated evaluate(const Expr& expr, Scope& scope) {
  if (const Value* found = held(expr, scope)) {
    if (found->broken() != nullptr) return broken(expr, *found->broken());
    return *found;
  }
  if (scope.budget.exceeded()) return exceeded(expr, scope);
  return std::visit(overloaded{
                        [&](const plan::Literal& node) -> Evaluated { return value_of(node.value); },
                        [&](const plan::Load&) -> Evaluated { return Value(); },
                        [&](const plan::Member& node) -> Evaluated {
                          Evaluated record = evaluate(*node.record, scope);
                          if (!record) return record;
                          Value field = (*record)[node.name];
                          if (field.broken() != nullptr) return broken(expr, *field.broken());
                          return field;
                        },
                        [&](const plan::Element& node) -> Evaluated { return element(node, scope); },
                        [&](const plan::Lookup& node) -> Evaluated { return lookup(expr, node, scope); },
                        [&](const plan::Negate& node) -> Evaluated {
                          Evaluated value = evaluate(*node.operand, scope);
                          if (!value) return value;
                          if (const Duration* span = value->duration()) return Value(-*span);
                          if (value->number() == nullptr) return wrong(*node.operand, *value, "a number");
                          return Value(value->number()->negated());
                        },
                        [&](const plan::Not& node) -> Evaluated {
                          Evaluated value = truth(*node.operand, scope);
                          if (!value) return value;
                          return Value(!*value->boolean());
                        },
                        [&](const plan::Binary& node) -> Evaluated { return binary(expr, node, scope); },
                        [&](const plan::Conditional& node) -> Evaluated {
                          Evaluated value = truth(*node.condition, scope);
                          if (!value) return value;
                          if (scope.reached != nullptr) scope.reached->take(expr.place, *value->boolean() ? 1 : 0);
                          return evaluate(*value->boolean() ? *node.then : *node.otherwise, scope);
                        },
                        [&](const plan::ListOf& node) -> Evaluated { return list_of(expr, node, scope); },
                        [&](const plan::RecordOf& node) -> Evaluated { return record_of(expr, node, scope); },
                        [&](const plan::Comprehension& node) -> Evaluated { return comprehension(node, scope); },
                        [&](const plan::Call& node) -> Evaluated { return called(expr, node, scope); },
                        [&](const plan::TextOf& node) -> Evaluated { return text_of(expr, node, scope); },
                        [&](const plan::Clear&) -> Evaluated { return Value(Clear{}); },
                    },
                    expr.node);
}

}  // namespace pipewright::engine
