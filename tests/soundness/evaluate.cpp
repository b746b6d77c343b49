#include "evaluate.hpp"

#include <algorithm>

namespace pipewright::soundness {
namespace {

[[noreturn]] void unsound(const std::string& what) { throw Stop{Reason::unsound, what}; }

// Who uses a broken field parks.
Value used(Value value) {
  if (value.as<Broken>() != nullptr) throw Stop{Reason::broken_field, ""};
  return value;
}

Value fitted(const Number& number) {
  if (auto made = fitting(number)) return {*made};
  throw Stop{Reason::too_many_digits, text_of(number)};
}

bool truth_of(const Node& node, Sight& sight) {
  const Value value = value_of(node, sight);
  if (const auto* truth = value.as<bool>()) return *truth;
  unsound("a condition is " + shown(value));
}

Value numbers(const std::string& op, const Number& a, const Number& b) {
  if ((op == "/" || op == "%") && b.units == 0) throw Stop{Reason::division_by_zero, ""};
  if (op == "+") return fitted(sum(a, b));
  if (op == "-") return fitted(sum(a, negated(b)));
  if (op == "*") return fitted(product(a, b));
  return fitted(op == "/" ? quotient(a, b) : rest(a, b));
}

Value in_time(Moment moment) {
  if (!in_range(moment)) throw Stop{Reason::out_of_range, ""};
  return {moment};
}

// A hundred thousand years: what a duration holds.
constexpr std::int64_t longest = std::int64_t{1} << 52;

Value moved(const Value& from, std::int64_t by) {
  if (by > longest || by < -longest) throw Stop{Reason::out_of_range, ""};
  if (const auto* moment = from.as<Moment>()) return in_time({moment->milliseconds + by});
  if (by % day_length != 0) throw Stop{Reason::part_of_a_day, ""};
  const Day day{from.as<Day>()->number + by / day_length};
  if (!in_range(day)) throw Stop{Reason::out_of_range, ""};
  return {day};
}

bool is_moment(const Value& value) { return value.as<Moment>() != nullptr || value.as<Day>() != nullptr; }

Value times(const Span& span, const Number& number) {
  const Number made = product({span.milliseconds, 0}, number);
  if (!is_whole(made) || abs(shortest(made).units) > longest) throw Stop{Reason::out_of_range, ""};
  return {Span{static_cast<std::int64_t>(shortest(made).units)}};
}

Value arithmetic(const std::string& op, const Value& a, const Value& b) {
  const auto* x = a.as<Number>();
  const auto* y = b.as<Number>();
  if (x != nullptr && y != nullptr) return numbers(op, *x, *y);
  const auto* left = a.as<Span>();
  const auto* right = b.as<Span>();
  const int way = op == "-" ? -1 : 1;
  if (op == "*" && left != nullptr && y != nullptr) return times(*left, *y);
  if (op == "*" && right != nullptr && x != nullptr) return times(*right, *x);
  if (left != nullptr && right != nullptr) {
    const std::int64_t made = left->milliseconds + way * right->milliseconds;
    if (made > longest || made < -longest) throw Stop{Reason::out_of_range, ""};
    return {Span{made}};
  }
  if (is_moment(a) && right != nullptr) return moved(a, way * right->milliseconds);
  if (is_moment(b) && left != nullptr && op == "+") return moved(b, left->milliseconds);
  if (op == "-" && a.as<Moment>() != nullptr && b.as<Moment>() != nullptr)
    return {Span{a.as<Moment>()->milliseconds - b.as<Moment>()->milliseconds}};
  if (op == "-" && a.as<Day>() != nullptr && b.as<Day>() != nullptr)
    return {Span{(a.as<Day>()->number - b.as<Day>()->number) * day_length}};
  unsound(shown(a) + " " + op + " " + shown(b));
}

std::int64_t order(const Value& a, const Value& b) {
  if (a.as<Number>() != nullptr && b.as<Number>() != nullptr) return order_of(*a.as<Number>(), *b.as<Number>());
  if (a.as<std::string>() != nullptr && b.as<std::string>() != nullptr)
    return text_order(*a.as<std::string>(), *b.as<std::string>());
  if (a.as<Moment>() != nullptr && b.as<Moment>() != nullptr)
    return a.as<Moment>()->milliseconds - b.as<Moment>()->milliseconds;
  if (a.as<Day>() != nullptr && b.as<Day>() != nullptr) return a.as<Day>()->number - b.as<Day>()->number;
  if (a.as<Span>() != nullptr && b.as<Span>() != nullptr)
    return a.as<Span>()->milliseconds - b.as<Span>()->milliseconds;
  unsound(shown(a) + " and " + shown(b) + " have no order");
}

bool compared(const std::string& op, const Value& a, const Value& b) {
  refuse_broken(a);
  refuse_broken(b);
  if (op == "==") return equal(a, b);
  if (op == "!=") return !equal(a, b);
  if (op == "in" || op == "not in") {
    if (b.list() == nullptr) unsound("`in` " + shown(b));
    const bool found =
        std::any_of(b.list()->begin(), b.list()->end(), [&](const Value& each) { return equal(each, a); });
    return found == (op == "in");
  }
  const std::int64_t way = order(a, b);
  if (op == "<") return way < 0;
  if (op == "<=") return way <= 0;
  return op == ">" ? way > 0 : way >= 0;
}

Value binary(const Node& node, Sight& sight) {
  const std::string& op = node.word;
  if (op == "and") return {truth_of(node.parts[0], sight) && truth_of(node.parts[1], sight)};
  if (op == "or") return {truth_of(node.parts[0], sight) || truth_of(node.parts[1], sight)};
  const Value left = value_of(node.parts[0], sight);
  if (op == "??") return left.is_null() ? value_of(node.parts[1], sight) : left;
  const Value right = value_of(node.parts[1], sight);
  static const std::vector<std::string> arithmetical = {"+", "-", "*", "/", "%"};
  if (std::find(arithmetical.begin(), arithmetical.end(), op) != arithmetical.end()) return arithmetic(op, left, right);
  return {compared(op, left, right)};
}

Value element(const Node& node, Sight& sight) {
  const Value from = value_of(node.parts[0], sight);
  const Value place = value_of(node.parts[1], sight);
  if (const auto* text = place.as<std::string>(); text != nullptr) return used(field_of(from, *text));
  const auto* number = place.as<Number>();
  if (number == nullptr) unsound("a place is " + shown(place));
  const Values* list = from.list();
  if (list == nullptr || number->units < 0) return {};
  const Number whole = shortest(*number);
  if (whole.units >= list->size()) return {};
  return used((*list)[static_cast<std::size_t>(whole.units)]);
}

Value lookup(const Node& node, Sight& sight) {
  const Value key = value_of(node.parts[0], sight);
  if (key.is_null()) unsound("the key of a table is null");
  const auto table = std::find_if(sight.program->tables.begin(), sight.program->tables.end(),
                                  [&](const Table& each) { return each.name == node.word; });
  for (const auto& [keys, value] : table->rows) {
    for (const Node& each : keys) {
      if (equal(value_of(each, sight), key)) return value_of(value, sight);
    }
  }
  using Otherwise = Table::Otherwise;
  if (table->otherwise == Otherwise::keep) return key;
  if (table->otherwise == Otherwise::value) return value_of(*table->value, sight);
  throw Stop{table->otherwise == Otherwise::skip ? Reason::table_skips : Reason::not_in_table, shown(key)};
}

Value joined(const Node& node, Sight& sight) {
  std::string text;
  for (const Node& each : node.parts) {
    const Value value = value_of(each, sight);
    if (value.is_null() || value.list() != nullptr || value.record() != nullptr)
      unsound("a hole holds " + shown(value));
    text += printed(value, each.type.is(dsl::Type::Kind::money));
  }
  return {text};
}

Value comprehension(const Node& node, Sight& sight) {
  const Value from = value_of(node.parts[1], sight);
  Values made;
  if (from.list() == nullptr) {
    if (!node.parts[1].type.is(dsl::Type::Kind::json)) unsound("a list is " + shown(from));
    if (from.is_null()) return list_of({});
    throw Stop{Reason::no_json_list, shown(from)};
  }
  for (const Value& each : *from.list()) {
    sight.names[node.word] = each;
    if (node.parts.size() > 2 && !truth_of(node.parts[2], sight)) continue;
    made.push_back(value_of(node.parts[0], sight));
  }
  sight.names.erase(node.word);
  return list_of(std::move(made));
}

Value name(const std::string& word, Sight& sight) {
  if (const auto found = sight.names.find(word); found != sight.names.end()) return used(found->second);
  for (const auto& [let, value] : sight.program->lets) {
    if (let == word) return value_of(value, sight);
  }
  unsound("nothing is named " + word);
}

Value negated(const Value& value) {
  if (const auto* number = value.as<Number>()) return {negated(*number)};
  if (const auto* span = value.as<Span>()) return {Span{-span->milliseconds}};
  unsound("- " + shown(value));
}

}  // namespace

void refuse_broken(const Value& value) {
  if (value.as<Broken>() != nullptr) throw Stop{Reason::broken_field, ""};
  if (const Values* list = value.list()) {
    for (const Value& each : *list) refuse_broken(each);
  }
  if (const Entries* entries = value.record()) {
    for (const auto& [name, each] : *entries) refuse_broken(each);
  }
}

Value value_of(const Node& node, Sight& sight) {
  using Kind = Node::Kind;
  switch (node.kind) {
    case Kind::null:
      return {};
    case Kind::clear:
      return {Emptied{}};
    case Kind::from_mapping:
      return {};  // the action looks it up
    case Kind::boolean:
      return {node.word == "true"};
    case Kind::number:
      return {number_of(node.word).value()};
    case Kind::duration:
      return {Span{read_span(node.word)}};
    case Kind::date:
      return {read_day(node.word).value()};
    case Kind::time:
      return {read_moment(node.word, sight.event->zone).value()};
    case Kind::text:
      return {node.word};
    case Kind::joined:
      return joined(node, sight);
    case Kind::name:
      return name(node.word, sight);
    case Kind::member:
      return used(field_of(value_of(node.parts[0], sight), node.word));
    case Kind::element:
      return element(node, sight);
    case Kind::lookup:
      return lookup(node, sight);
    case Kind::negate:
      return negated(value_of(node.parts[0], sight));
    case Kind::not_true:
      return {!truth_of(node.parts[0], sight)};
    case Kind::binary:
      return binary(node, sight);
    case Kind::conditional:
      if (truth_of(node.parts[0], sight)) return value_of(node.parts[1], sight);
      return node.parts.size() > 2 ? value_of(node.parts[2], sight) : Value();
    case Kind::comprehension:
      return comprehension(node, sight);
    case Kind::list: {
      Values made;
      for (const Node& each : node.parts) made.push_back(value_of(each, sight));
      return list_of(std::move(made));
    }
    case Kind::record: {
      Entries made;
      for (std::size_t i = 0; i < node.parts.size(); ++i)
        made.emplace_back(node.names[i], value_of(node.parts[i], sight));
      return record_of(std::move(made));
    }
    case Kind::call: {
      std::vector<Value> arguments;
      for (const Node& each : node.parts) arguments.push_back(value_of(each, sight));
      return call(node, arguments, *sight.event);
    }
  }
  return {};
}

}  // namespace pipewright::soundness
