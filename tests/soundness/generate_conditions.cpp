// Conditions, and what they show to be there.
#include "generator.hpp"

namespace pipewright::soundness {

Node Generator::condition(int depth) {
  const Type type = simple(Kind::boolean);
  switch (random_.below(depth > 0 ? 8 : 4)) {
    case 0:
    case 1:
      return null_check(depth);
    case 4: {
      Node left = condition(depth - 1);
      Node right = when_shown(left, true, [&] { return condition(depth - 1); });
      return binary("and", type, std::move(left), std::move(right));
    }
    case 5: {
      Node left = condition(depth - 1);
      Node right = when_shown(left, false, [&] { return condition(depth - 1); });
      return binary("or", type, std::move(left), std::move(right));
    }
    case 6:
      return make(Node::Kind::not_true, type, {}, {condition(depth - 1)});
    default:
      return boolean(depth);
  }
}

Node Generator::null_check(int depth) {
  const Type type = simple(Kind::boolean);
  auto found = nullable_path([](const Type&) { return true; });
  if (!found) return comparison(depth);
  const Node null = literal(Kind::null, {});
  const bool scalar = is_single(found->type) && !found->type.is(Kind::json);
  const bool with_literal = scalar && !found->type.is(Kind::enumeration) && !found->type.is(Kind::money);
  const auto some = [&] {
    return leaf(found->type.is(Kind::id) ? (random_.one_in(2) ? Kind::integer : Kind::text) : found->type.kind);
  };
  switch (random_.below(with_literal ? 8 : 4)) {
    case 0:
      return binary("!=", type, null, *found);
    case 1:
      return make(Node::Kind::not_true, type, {}, {binary("==", type, *found, null)});
    case 2:
      return binary("==", type, *found, null);
    case 4:
      return binary(random_.one_in(3) ? "!=" : "==", type, *found, some());
    case 5:
      return binary("==", type, some(), *found);
    case 6: {
      Node list = make(Node::Kind::list, list_type(present(found->type)), {}, {some()});
      if (!found->type.is(Kind::id) && random_.one_in(2)) list.parts.push_back(some());
      list.type = list_type(list.parts[0].type);
      return binary(random_.one_in(3) ? "not in" : "in", type, *found, std::move(list));
    }
    default:
      return binary("!=", type, *found, null);
  }
}

Node Generator::of_texts(int depth) {
  static const std::vector<std::string> functions = {"contains", "starts_with", "ends_with"};
  return call(random_.pick(functions), simple(Kind::boolean), {argument(depth), text(0)});
}

Node Generator::boolean(int depth) {
  const Type type = simple(Kind::boolean);
  if (auto found = common(type, depth)) return *found;
  switch (random_.below(depth > 0 ? 8 : 2)) {
    case 0:
      return leaf(Kind::boolean);
    case 1:
      return comparison(depth - 1);
    case 2:
      return of_texts(depth - 1);
    case 3:
      return membership(depth - 1);
    case 4: {
      if (auto found = path([](const Type& each) { return each.is(Kind::json); }, random_.one_in(2));
          found && random_.one_in(4))
        return call("bool", type, {*found});
      return call("bool", type, {convertible({"true", "false"})});
    }
    default:
      return comparison(depth - 1);
  }
}

Node Generator::comparison(int depth) {
  const Type type = simple(Kind::boolean);
  static const std::vector<std::string> all = {"==", "!=", "<", "<=", ">", ">="};
  static const std::vector<std::string> equality = {"==", "!="};
  const bool with_null = random_.one_in(3);
  const std::string& op = with_null ? random_.pick(equality) : random_.pick(all);
  const auto side = [&](const Type& wanted) { return with_null ? maybe(wanted, depth) : value(wanted, depth); };
  switch (random_.below(10)) {
    case 0:
    case 1: {
      // Numbers of every kind.
      const auto number = [&] {
        const bool money = has_money() && random_.one_in(3);
        return side(simple(money ? Kind::money : random_.one_in(2) ? Kind::integer : Kind::decimal));
      };
      Node left = number();
      return binary(op, type, std::move(left), number());
    }
    case 2: {
      const auto is_word = [](const Type& each) { return each.is(Kind::enumeration); };
      auto word = path(is_word, with_null);
      if (!word) break;
      return binary(random_.pick(equality), type, *word,
                    literal(Kind::text, random_.pick(word->type.enumeration->words)));
    }
    case 3: {
      Node left = side(simple(Kind::id));
      Node right = random_.one_in(2) ? integer(0) : text(0);
      if (!left.type.is(Kind::id)) return binary(random_.pick(equality), type, left, left);
      return binary(random_.pick(equality), type, std::move(left), std::move(right));
    }
    case 4: {
      Node left = list(single_type(), depth);
      Node right = list(simple(left.type.element->kind), depth);
      if (!together(left.type, right.type) || left.type.element->is(Kind::json))
        return binary("==", type, right, right);
      return binary(random_.pick(equality), type, std::move(left), std::move(right));
    }
    case 5: {
      const auto is_record = [](const Type& each) { return each.is(Kind::record); };
      auto left = path(is_record, with_null);
      if (!left) break;
      auto right =
          path([&](const Type& each) { return each.is(Kind::record) && each.record == left->type.record; }, true);
      return binary(random_.pick(equality), type, *left, right ? *right : *left);
    }
    default:
      break;
  }
  const Type wanted = single_type();
  Node left = side(wanted);
  Node right = side(wanted);
  if (!together(left.type, right.type)) return binary("==", type, left, left);
  return binary(wanted.is(Kind::boolean) ? random_.pick(equality) : op, type, std::move(left), std::move(right));
}

Node Generator::membership(int depth) {
  const Type type = simple(Kind::boolean);
  const Type wanted = single_type();
  Node left = random_.one_in(3) ? maybe(wanted, depth) : value(wanted, depth);
  Node right = list(wanted, depth);
  if (!together(left.type, *right.type.element)) right = make(Node::Kind::list, list_type(left.type), {}, {left});
  return binary(random_.one_in(3) ? "not in" : "in", type, std::move(left), std::move(right));
}

}  // namespace pipewright::soundness
