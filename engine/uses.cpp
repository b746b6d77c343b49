#include "engine/uses.hpp"

#include <algorithm>
#include <tuple>

#include "base/overloaded.hpp"

namespace pipewright::engine {
namespace {

namespace plan = dsl::plan;
using dsl::FieldType;
using dsl::RecordType;
using dsl::Type;

// What names a field to an account: its enumeration, which several records share, else record and field.
std::string field_name(const RecordType& record, const FieldType& field) {
  if (field.type.is(Type::Kind::enumeration)) return field.type.enumeration->name;
  return record.name + "." + field.name;
}

const std::string* text_of(const plan::Expr& expr) {
  const auto* literal = std::get_if<plan::Literal>(&expr.node);
  return literal == nullptr ? nullptr : std::get_if<std::string>(&literal->value);
}

class Collector {
 public:
  Collector(const plan::Plan& plan, const dsl::Catalog& catalog) : plan_(plan), catalog_(catalog) {}

  std::map<std::string, Uses> all() {
    for (const plan::Pipeline& pipeline : plan_.pipelines) {
      slots_.clear();
      std::set<std::string> seen;
      const std::set<std::string> origins = origins_of(pipeline, seen);
      slots_[0].connections = slots_[1].connections = origins;
      for (const plan::Source& source : pipeline.sources)
        uses_[source.connection].nodes.push_back({source.node, std::nullopt, {}, source.place});
      steps(pipeline.steps);
    }
    return std::move(uses_);
  }

 private:
  /// What a slot holds: a `let` is looked through, of a record it is known which accounts it came from.
  struct Slot {
    const plan::Expr* value = nullptr;
    std::set<std::string> connections;
  };

  // `on NAME` hands on what the other pipeline's sources give.
  std::set<std::string> origins_of(const plan::Pipeline& pipeline, std::set<std::string>& seen) const {
    std::set<std::string> origins;
    if (!seen.insert(pipeline.name).second) return origins;
    for (const plan::Source& source : pipeline.sources) origins.insert(source.connection);
    for (const std::string& name : pipeline.upstream) {
      if (const plan::Pipeline* above = plan_.pipeline(name)) origins.merge(origins_of(*above, seen));
    }
    return origins;
  }

  // ---- steps

  void steps(const plan::Steps& all) {
    for (const plan::Step& step : all) {
      step_ = &step.place;
      std::visit(overloaded{
                     [&](const plan::Where& where) { read(where.condition); },
                     [&](const plan::Let& let) {
                       read(let.value);
                       slots_[let.slot] = {&let.value, connections_of(let.value)};
                     },
                     [&](const plan::When& when) {
                       for (const auto& branch : when.branches) {
                         step_ = &step.place;
                         read(branch.condition);
                         steps(branch.steps);
                       }
                       steps(when.otherwise);
                     },
                     [&](const plan::Each& each) {
                       read(each.list);
                       slots_[each.slot] = {nullptr, connections_of(each.list)};
                       steps(*each.steps);
                     },
                     [&](const plan::Action& action) { take(action, step.place); },
                 },
                 step.node);
    }
  }

  void take(const plan::Action& action, const plan::Place& place) {
    Uses::Node node{action.node, action.verb, {}, place};
    const dsl::ActionSpec* spec = catalog_.action(action.node);
    if (action.text) read(*action.text);
    for (const auto* fields : {&action.written, &action.filling}) {
      for (const plan::Field& field : *fields) {
        node.fields.insert(field.name);
        read(field.value);
        if (spec != nullptr && spec->takes) write(*spec->takes, field, action.connection);
      }
    }
    uses_[action.connection].nodes.push_back(std::move(node));
    if (action.result >= 0) slots_[action.result] = {nullptr, {action.connection}};
  }

  // ---- what is written

  void write(const RecordType& record, const plan::Field& field, const std::string& connection) {
    if (const FieldType* declared = record.field(field.name))
      write(field.value, declared->type, field_name(record, *declared), connection);
  }

  void write(const plan::Expr& value, const Type& type, const std::string& name, const std::string& connection) {
    const auto go_on = [&](const plan::Expr& inner) { write(inner, type, name, connection); };
    if (const std::string* text = text_of(value)) return add(name, *text, true, value.place, connection);
    if (alternatives(value, go_on)) return;
    if (const auto* list = std::get_if<plan::ListOf>(&value.node); list != nullptr && type.element) {
      for (const plan::Expr& each : list->elements) write(each, *type.element, name, connection);
    } else if (const auto* each = std::get_if<plan::Comprehension>(&value.node); each != nullptr && type.element) {
      write(*each->element, *type.element, name, connection);
    } else if (const auto* fields = std::get_if<plan::RecordOf>(&value.node)) {
      for (const plan::Field& field : fields->fields) {
        if (type.is(Type::Kind::map))
          add(name, field.name, true, field.value.place, connection);
        else if (type.record)
          write(*type.record, field, connection);
      }
    }
  }

  // Values one of which the expression has: branches, fallbacks, a table's rows, what a `let` stands for.
  template <class Then>
  bool alternatives(const plan::Expr& value, const Then& then) const {
    if (const auto* either = std::get_if<plan::Conditional>(&value.node)) {
      then(*either->then);
      then(*either->otherwise);
      return true;
    }
    if (const auto* both = std::get_if<plan::Binary>(&value.node);
        both != nullptr && both->op == plan::Operator::otherwise) {
      then(*both->left);
      then(*both->right);
      return true;
    }
    if (const auto* lookup = std::get_if<plan::Lookup>(&value.node)) {
      const plan::Table& table = plan_.tables[lookup->table];
      for (const plan::Table::Row& row : table.rows) then(row.value);
      if (table.otherwise_value) then(*table.otherwise_value);
      return true;
    }
    const plan::Expr* meant = let_of(value);
    if (meant != nullptr) then(*meant);
    return meant != nullptr;
  }

  const plan::Expr* let_of(const plan::Expr& value) const {
    const auto* load = std::get_if<plan::Load>(&value.node);
    const auto slot = load == nullptr ? slots_.end() : slots_.find(load->slot);
    return slot == slots_.end() ? nullptr : slot->second.value;
  }

  // ---- what is read

  void read(const plan::Expr& expr) {
    const auto inner = [&](const Box<plan::Expr>& each) { read(*each); };
    std::visit(
        overloaded{
            [&](const plan::Member& node) { inner(node.record); },
            [&](const plan::Element& node) {
              inner(node.list);
              inner(node.index);
            },
            [&](const plan::Lookup& node) {
              inner(node.key);
              compare_with_keys(*node.key, plan_.tables[node.table]);
            },
            [&](const plan::Negate& node) { inner(node.operand); }, [&](const plan::Not& node) { inner(node.operand); },
            [&](const plan::Binary& node) {
              inner(node.left);
              inner(node.right);
              compare(node);
            },
            [&](const plan::Conditional& node) {
              inner(node.condition);
              inner(node.then);
              inner(node.otherwise);
            },
            [&](const plan::ListOf& node) {
              for (const plan::Expr& each : node.elements) read(each);
            },
            [&](const plan::RecordOf& node) {
              for (const plan::Field& field : node.fields) read(field.value);
            },
            [&](const plan::Comprehension& node) {
              inner(node.list);
              slots_[node.slot] = {nullptr, connections_of(*node.list)};
              inner(node.element);
              if (node.condition) inner(*node.condition);
            },
            [&](const plan::Call& node) {
              for (const plan::Expr& each : node.arguments) read(each);
            },
            [&](const plan::TextOf& node) {
              for (const plan::Expr& each : node.parts) read(each);
            },
            [](const auto&) {},  // literals, names, `clear`
        },
        expr.node);
  }

  void compare(const plan::Binary& node) {
    using plan::Operator;
    if (node.op == Operator::equal || node.op == Operator::unequal) {
      met(*node.left, *node.right);
      met(*node.right, *node.left);
    } else if (node.op == Operator::in || node.op == Operator::not_in) {
      if (const auto* list = std::get_if<plan::ListOf>(&node.right->node)) {
        for (const plan::Expr& each : list->elements) met(*node.left, each);
      }
    }
  }

  void met(const plan::Expr& side, const plan::Expr& literal) {
    if (const std::string* text = text_of(literal)) compared(side, *text, literal.place);
  }

  void compare_with_keys(const plan::Expr& key, const plan::Table& table) {
    for (const plan::Table::Row& row : table.rows) {
      for (const plan::Constant& constant : row.keys) {
        if (const auto* text = std::get_if<std::string>(&constant)) compared(key, *text, row.place);
      }
    }
  }

  void compared(const plan::Expr& side, const std::string& text, const plan::Place& place) {
    const std::string name = name_of(side);
    if (name.empty()) return;
    for (const std::string& connection : connections_of(side)) add(name, text, false, place, connection);
  }

  // The field that a value is read from; empty: none that is known.
  std::string name_of(const plan::Expr& expr) const {
    if (expr.type.is(Type::Kind::enumeration)) return expr.type.enumeration->name;
    if (const auto* member = std::get_if<plan::Member>(&expr.node)) {
      const Type& of = member->record->type;
      const FieldType* field = of.record ? of.record->field(member->name) : nullptr;
      return field == nullptr ? std::string() : field_name(*of.record, *field);
    }
    if (const auto* both = std::get_if<plan::Binary>(&expr.node);
        both != nullptr && both->op == plan::Operator::otherwise)
      return name_of(*both->left);
    const plan::Expr* meant = let_of(expr);
    return meant == nullptr ? std::string() : name_of(*meant);
  }

  std::set<std::string> connections_of(const plan::Expr& expr) const {
    if (const auto* member = std::get_if<plan::Member>(&expr.node)) return connections_of(*member->record);
    if (const auto* element = std::get_if<plan::Element>(&expr.node)) return connections_of(*element->list);
    if (const auto* both = std::get_if<plan::Binary>(&expr.node)) return connections_of(*both->left);
    const auto* load = std::get_if<plan::Load>(&expr.node);
    const auto slot = load == nullptr ? slots_.end() : slots_.find(load->slot);
    return slot == slots_.end() ? std::set<std::string>() : slot->second.connections;
  }

  // ---- words

  void add(const std::string& field, const std::string& text, bool written, const plan::Place& place,
           const std::string& connection) {
    const bool own =
        std::any_of(plan_.files.begin(), plan_.files.end(), [&](const auto& file) { return file.first == place.file; });
    Uses::Word word{field, text, written, !own, own ? place : *step_};
    const auto same = std::tuple(connection, field, text, written, word.place.file, word.place.line, word.place.column);
    if (words_.insert(same).second) uses_[connection].words.push_back(std::move(word));
  }

  const plan::Plan& plan_;
  const dsl::Catalog& catalog_;
  const plan::Place* step_ = nullptr;
  std::map<int, Slot> slots_;
  std::map<std::string, Uses> uses_;
  std::set<std::tuple<std::string, std::string, std::string, bool, std::string, std::size_t, std::size_t>> words_;
};

}  // namespace

std::map<std::string, Uses> uses_of(const plan::Plan& plan, const dsl::Catalog& catalog) {
  return Collector(plan, catalog).all();
}

}  // namespace pipewright::engine
