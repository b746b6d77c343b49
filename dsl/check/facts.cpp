#include "dsl/check/facts.hpp"

#include <algorithm>

namespace pipewright::dsl {
namespace {

using plan::Expr;
using plan::Operator;

std::optional<std::string> name_of(const Expr& expr) {
  if (const auto* load = std::get_if<plan::Load>(&expr.node)) return "$" + std::to_string(load->slot);
  if (const auto* member = std::get_if<plan::Member>(&expr.node)) {
    if (auto record = name_of(*member->record)) return *record + "." + member->name;
  }
  return std::nullopt;
}

const plan::Constant* literal_of(const Expr& expr) {
  const auto* literal = std::get_if<plan::Literal>(&expr.node);
  return literal == nullptr ? nullptr : &literal->value;
}

bool is_null(const plan::Constant& constant) { return std::holds_alternative<std::monostate>(constant); }

// Facts are copied for every branch: what goes beyond this is not remembered, and then not warned of.
constexpr std::size_t most_paths = 256;
constexpr std::size_t most_values = 256;

// Numbers by value, an id and a number by their text.
std::optional<std::string> key_of(const plan::Constant& constant) {
  if (const auto* text = std::get_if<std::string>(&constant)) return *text;
  if (const auto* truth = std::get_if<bool>(&constant)) return std::string(*truth ? "true" : "false");
  if (const auto* number = std::get_if<Decimal>(&constant)) {
    if (const auto whole = number->integer()) return std::to_string(*whole);
    std::string text = number->text();
    while (text.ends_with('0')) text.pop_back();
    return text;
  }
  return std::nullopt;
}

std::optional<std::set<std::string>> values_of(const Expr& expr) {
  const auto* list = std::get_if<plan::ListOf>(&expr.node);
  if (list == nullptr) return std::nullopt;
  std::set<std::string> values;
  for (const Expr& each : list->elements) {
    const plan::Constant* literal = literal_of(each);
    const auto key = literal == nullptr ? std::nullopt : key_of(*literal);
    if (!key) return std::nullopt;
    values.insert(*key);
  }
  return values;
}

Truth inverse(Truth truth) {
  if (truth == Truth::depends) return truth;
  return truth == Truth::always ? Truth::never : Truth::always;
}

Truth of(bool holds) { return holds ? Truth::always : Truth::never; }

Operator opposite(Operator op) {
  switch (op) {
    case Operator::less:
      return Operator::greater_or_equal;
    case Operator::less_or_equal:
      return Operator::greater;
    case Operator::greater:
      return Operator::less_or_equal;
    default:
      return Operator::less;
  }
}

bool is_order(Operator op) { return op >= Operator::less && op <= Operator::greater_or_equal; }

Truth of_literals(Operator op, const plan::Constant& left, const plan::Constant& right) {
  if (const auto* a = std::get_if<Decimal>(&left)) {
    if (const auto* b = std::get_if<Decimal>(&right)) {
      switch (op) {
        case Operator::equal:
          return of(*a == *b);
        case Operator::unequal:
          return of(!(*a == *b));
        case Operator::less:
          return of(*a < *b);
        case Operator::less_or_equal:
          return of(*a <= *b);
        case Operator::greater:
          return of(*a > *b);
        case Operator::greater_or_equal:
          return of(*a >= *b);
        default:
          return Truth::depends;
      }
    }
  }
  if (left.index() != right.index()) return Truth::depends;
  if (op == Operator::equal) return of(left == right);
  if (op == Operator::unequal) return of(left != right);
  return Truth::depends;
}

}  // namespace

bool unfilled(const Expr& path) {
  const auto* member = std::get_if<plan::Member>(&path.node);
  if (member == nullptr) return false;
  const FieldType* field =
      member->record->type.is(Type::Kind::record) ? member->record->type.record->field(member->name) : nullptr;
  return (field != nullptr && field->unfilled) || unfilled(*member->record);
}

Facts::Known Facts::declared(const Expr& path) {
  Known known;
  const auto* member = std::get_if<plan::Member>(&path.node);
  if (member != nullptr && member->record->type.is(Type::Kind::record) && !path.type.nullable) {
    const FieldType* field = member->record->type.record->field(member->name);
    if (field != nullptr && field->values) known.only.emplace(field->values->words.begin(), field->values->words.end());
  }
  if (path.type.is(Type::Kind::enumeration) && !path.type.enumeration->open && !path.type.nullable)
    known.only.emplace(path.type.enumeration->words.begin(), path.type.enumeration->words.end());
  return known;
}

Truth Facts::among(const Known& known, const std::set<std::string>& values) {
  const auto inside = [&](const std::string& value) { return values.contains(value); };
  if (known.only) {
    if (std::all_of(known.only->begin(), known.only->end(), inside)) return Truth::always;
    if (std::none_of(known.only->begin(), known.only->end(), inside)) return Truth::never;
    return Truth::depends;
  }
  const bool excluded =
      std::all_of(values.begin(), values.end(), [&](const std::string& value) { return known.never.contains(value); });
  return excluded ? Truth::never : Truth::depends;
}

Truth Facts::ordered(const Known& known, Operator op, const Decimal& with) {
  const auto below = [&](bool strictly) {  // everything is below `with`
    return known.most && (known.most->at < with || (known.most->at == with && (!strictly || known.most->open)));
  };
  const auto above = [&](bool strictly) {
    return known.least && (known.least->at > with || (known.least->at == with && (!strictly || known.least->open)));
  };
  switch (op) {
    case Operator::less:
      return below(true) ? Truth::always : above(false) ? Truth::never : Truth::depends;
    case Operator::less_or_equal:
      return below(false) ? Truth::always : above(true) ? Truth::never : Truth::depends;
    case Operator::greater:
      return above(true) ? Truth::always : below(false) ? Truth::never : Truth::depends;
    case Operator::greater_or_equal:
      return above(false) ? Truth::always : below(true) ? Truth::never : Truth::depends;
    default:
      return below(true) || above(true) ? Truth::never : Truth::depends;  // equal
  }
}

Truth Facts::compare(const plan::Binary& node) const {
  const plan::Constant* left = literal_of(*node.left);
  const plan::Constant* right = literal_of(*node.right);
  if (left != nullptr && right != nullptr) return of_literals(node.op, *left, *right);
  const auto name = name_of(*node.left);
  if (!name) return Truth::depends;
  const Expr& path = *node.left;
  if (right != nullptr && is_null(*right)) {
    // What a condition above has shown to be there has no null in its type any more.
    const bool nullable = path.type.nullable || path.type.is(Type::Kind::unknown) || path.type.is(Type::Kind::json) ||
                          path.type.is(Type::Kind::null);
    if (nullable && !unfilled(path)) return Truth::depends;
    if (nullable)
      return node.op == Operator::equal ? Truth::always : node.op == Operator::unequal ? Truth::never : Truth::depends;
    return node.op == Operator::equal ? Truth::never : node.op == Operator::unequal ? Truth::always : Truth::depends;
  }
  const auto found = known_.find(*name);
  const Known from_type = found == known_.end() ? declared(path) : Known();
  const Known& about = found == known_.end() ? from_type : found->second;
  if (node.op == Operator::in || node.op == Operator::not_in) {
    const auto values = values_of(*node.right);
    if (!values) return Truth::depends;
    const Truth inside = among(about, *values);
    return node.op == Operator::in ? inside : inverse(inside);
  }
  if (right == nullptr) return Truth::depends;
  const auto* number = std::get_if<Decimal>(right);
  if (is_order(node.op)) return number == nullptr ? Truth::depends : ordered(about, node.op, *number);
  if (node.op != Operator::equal && node.op != Operator::unequal) return Truth::depends;
  const auto key = key_of(*right);
  if (!key) return Truth::depends;
  Truth same = among(about, {*key});
  if (same == Truth::depends && number != nullptr) same = ordered(about, Operator::equal, *number);
  return node.op == Operator::equal ? same : inverse(same);
}

Truth Facts::judge(const Expr& condition) const {
  if (const plan::Constant* literal = literal_of(condition)) {
    const auto* truth = std::get_if<bool>(literal);
    return truth == nullptr ? Truth::depends : of(*truth);
  }
  if (const auto* negated = std::get_if<plan::Not>(&condition.node)) return inverse(judge(*negated->operand));
  const auto* node = std::get_if<plan::Binary>(&condition.node);
  if (node == nullptr) return Truth::depends;
  if (node->op != Operator::and_ && node->op != Operator::or_) return compare(*node);
  const bool both = node->op == Operator::and_;
  const Truth left = judge(*node->left);
  if (left == (both ? Truth::never : Truth::always)) return left;
  Facts behind = *this;
  behind.assume(*node->left, both);
  const Truth right = behind.judge(*node->right);
  if (right == (both ? Truth::never : Truth::always)) return right;
  return left == right ? left : Truth::depends;
}

void Facts::narrow(Known& known, Operator op, const Decimal& with) {
  const bool open = op == Operator::less || op == Operator::greater;
  if (op == Operator::less || op == Operator::less_or_equal) {
    if (!known.most || with < known.most->at || (with == known.most->at && open)) known.most = Bound{with, open};
  } else if (!known.least || with > known.least->at || (with == known.least->at && open)) {
    known.least = Bound{with, open};
  }
}

void Facts::assume(const Expr& condition, bool holds) {
  if (const auto* negated = std::get_if<plan::Not>(&condition.node)) return assume(*negated->operand, !holds);
  const auto* node = std::get_if<plan::Binary>(&condition.node);
  if (node == nullptr) return;
  if (node->op == Operator::and_ || node->op == Operator::or_) {
    if ((node->op == Operator::and_) != holds) return;
    assume(*node->left, holds);
    assume(*node->right, holds);
    return;
  }
  const auto name = name_of(*node->left);
  if (!name) return;
  std::optional<std::set<std::string>> values;
  const plan::Constant* literal = literal_of(*node->right);
  if (node->op == Operator::in || node->op == Operator::not_in) {
    values = values_of(*node->right);
  } else if (literal != nullptr && (node->op == Operator::equal || node->op == Operator::unequal)) {
    if (const auto key = key_of(*literal)) values.emplace({*key});
  }
  const auto* number = literal == nullptr ? nullptr : std::get_if<Decimal>(literal);
  const bool bounds = is_order(node->op) && number != nullptr;
  if (!bounds && !values) return;
  auto found = known_.find(*name);
  if (found == known_.end()) {
    if (known_.size() >= most_paths) return;
    found = known_.emplace(*name, declared(*node->left)).first;
  }
  Known& about = found->second;
  if (bounds) {
    // Of what may be null the opposite says nothing: a comparison with null parks.
    narrow(about, holds ? node->op : opposite(node->op), *number);
  } else {
    const bool inside = (node->op == Operator::in || node->op == Operator::equal) == holds;
    if (inside && about.only) {
      std::erase_if(*about.only, [&](const std::string& value) { return !values->contains(value); });
    } else if (inside) {
      std::erase_if(*values, [&](const std::string& value) { return about.never.contains(value); });
      about.only = *values;
    } else {
      if (about.never.size() < most_values) about.never.insert(values->begin(), values->end());
      if (about.only) std::erase_if(*about.only, [&](const std::string& value) { return values->contains(value); });
    }
  }
}

}  // namespace pipewright::dsl
