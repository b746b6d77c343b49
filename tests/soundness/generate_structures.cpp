// Lists, records, and what may be null.
#include "generator.hpp"

namespace pipewright::soundness {

Type Generator::single_type() {
  static const std::vector<Kind> kinds = {Kind::text,    Kind::text, Kind::integer, Kind::decimal,
                                          Kind::boolean, Kind::time, Kind::date,    Kind::duration};
  if (random_.one_in(5) && has_money()) return simple(Kind::money);
  return simple(random_.pick(kinds));
}

// What fits where `type` is wanted (grammar.md, 5).
Node Generator::fitting(const Type& type, int depth) {
  switch (type.kind) {
    case Kind::text:
      return argument(depth);
    case Kind::decimal:
      return random_.one_in(3) ? integer(depth) : decimal(depth);
    case Kind::money:
      if (random_.one_in(2) || !has_money()) return random_.one_in(2) ? integer(depth) : decimal(depth);
      return money(depth);
    case Kind::id:
      if (random_.one_in(3)) return text(depth);
      return random_.one_in(2) ? id(depth) : integer(depth);
    case Kind::enumeration: {
      const auto same = [&](const Type& other) {
        return other.is(Kind::enumeration) && other.enumeration->name == type.enumeration->name;
      };
      if (random_.one_in(3)) {
        if (auto found = path(same)) return *found;
      }
      if (random_.one_in(4)) {
        if (auto found = path([](const Type& other) { return other.is(Kind::text); })) return *found;
      }
      return literal(Kind::text, random_.pick(type.enumeration->words));
    }
    case Kind::json: {
      if (random_.one_in(3)) {
        if (auto found = path([](const Type&) { return true; })) return *found;
      }
      return random_.one_in(4) ? record(depth) : value(single_type(), depth);
    }
    case Kind::map: {
      Node made = make(Node::Kind::record, Type());
      std::vector<std::pair<std::string, Type>> types;
      for (const char* name : {"a", "wb-id", "c"}) {
        if (random_.one_in(2)) continue;
        made.names.emplace_back(name);
        made.parts.push_back(fitting(*type.element, depth - 1));
        types.emplace_back(name, made.parts.back().type);
      }
      made.type = record_type(types);
      return made;
    }
    case Kind::list: {
      Node made = make(Node::Kind::list, Type());
      Type element = simple(Kind::null);
      const std::size_t count = 1 + random_.below(2);
      for (std::size_t i = 0; i < count; ++i) {
        made.parts.push_back(fitting(*type.element, depth - 1));
        const auto both = i == 0 ? made.parts.back().type : together(element, made.parts.back().type);
        if (!both) {
          made.parts.pop_back();
          break;
        }
        element = *both;
      }
      made.type = list_type(element);
      return made;
    }
    case Kind::record: {
      Node made = make(Node::Kind::record, Type());
      std::vector<std::pair<std::string, Type>> types;
      for (const dsl::FieldType& field : type.record->fields) {
        if (!random_.one_in(3)) continue;
        made.names.push_back(field.name);
        made.parts.push_back(written(field));
        types.emplace_back(field.name, made.parts.back().type);
      }
      made.type = record_type(types);
      return made;
    }
    default:
      return value(type, depth);
  }
}

Node Generator::conditional(const Type& type, int depth) {
  Node test = condition(depth);
  Node then = when_shown(test, true, [&] { return value(type, depth); });
  Node otherwise = when_shown(
      test, false, [&] { return random_.one_in(3) && type.is(Kind::money) ? decimal(0) : value(type, depth); });
  const auto both = together(then.type, otherwise.type);
  if (!both) return then;
  return make(Node::Kind::conditional, *both, {}, {std::move(test), std::move(then), std::move(otherwise)});
}

Node Generator::fallback(const Type& type, int depth) {
  Node left = maybe(type, depth);
  Node right = value(type, depth);
  const auto both = together(present(left.type), right.type);
  if (!both) return right;
  return binary("??", *both, std::move(left), std::move(right));
}

// One that may be null, or, where nothing may be, one that is there.
Node Generator::maybe(const Type& type, int depth) {
  const auto same = [&](const Type& other) { return other.kind == type.kind; };
  if (depth <= 0 || random_.one_in(2)) {
    if (auto found = nullable_path(same)) return *found;
  }
  switch (random_.below(depth > 0 ? 6 : 1)) {
    case 1: {
      Node test = condition(depth - 1);
      Node then = when_shown(test, true, [&] { return value(type, depth - 1); });
      const Type made = nullable(then.type);
      return make(Node::Kind::conditional, made, {}, {std::move(test), std::move(then)});
    }
    case 2: {
      Node from = list(type, depth - 1);
      const Type made = nullable(*from.type.element);
      return make(Node::Kind::element, made, {}, {std::move(from), integer(0)});
    }
    case 3: {
      static const std::vector<std::string> functions = {"first", "last", "min", "max"};
      Node from = list(type, depth - 1);
      const bool ordered = is_ordered(*from.type.element);
      const std::string& function = functions[random_.below(ordered ? 4 : 2)];
      const Type made = nullable(*from.type.element);
      return call(function, made, {std::move(from)});
    }
    case 4:
      if (type.is(Kind::text)) {
        static const std::vector<std::string> numbers = {"8 987 123-45-67", "+7 (912) 345-67-89", "9161234567", "",
                                                         "no number"};
        return call("phone", nullable(type), {literal(Kind::text, random_.pick(numbers))});
      }
      break;
    case 5: {
      Node left = maybe(type, depth - 1);
      Node right = maybe(type, depth - 1);
      if (const auto both = together(present(left.type), right.type))
        return binary("??", *both, std::move(left), std::move(right));
      return left;
    }
    default:
      break;
  }
  if (auto found = nullable_path(same)) return *found;
  return value(type, depth - 1);
}

Node Generator::comprehension(const Type& element, int depth) {
  // Of a list that is there, of strings of a record, or of json.
  const auto is_list = [](const Type& type) { return type.is(Kind::list) && type.element != nullptr; };
  const auto is_json = [](const Type& type) { return type.is(Kind::json); };
  std::optional<Node> from = random_.one_in(8) ? path(is_json, random_.one_in(2)) : path(is_list);
  if (!from && random_.one_in(2)) {
    if (auto maybe_list = nullable_path(is_list)) {
      const Type type = present(maybe_list->type);
      from = binary("??", type, *maybe_list, make(Node::Kind::list, list_type(*type.element)));
    }
  }
  if (!from) from = list(single_type(), depth - 1);
  const std::string name = fresh("x");
  const std::size_t known = bound_.size();
  const std::set<std::string> before = shown_;
  bind(name, from->type.is(Kind::json) ? simple(Kind::json) : *from->type.element);
  Node made = make(Node::Kind::comprehension, Type(), name);
  std::optional<Node> test;
  if (random_.one_in(2)) {
    test = condition(depth - 1);
    shown_by(*test, true, shown_);
  }
  made.parts.push_back(value(element, depth - 1));
  made.parts.push_back(std::move(*from));
  if (test) made.parts.push_back(std::move(*test));
  made.type = list_type(made.parts[0].type);
  shown_ = before;
  bound_.resize(known, bound_.front());
  return made;
}

Node Generator::list_of_some(const Type& element, int depth) {
  Node made = make(Node::Kind::list, Type());
  made.parts.push_back(value(element, depth - 1));
  Type type = made.parts[0].type;
  for (std::size_t more = random_.below(3); more > 0; --more) {
    const bool as_wanted = is_number(element) && random_.one_in(3);
    Node next = random_.one_in(5) ? maybe(element, depth - 1)
                : as_wanted       ? fitting(element, depth - 1)
                                  : value(element, depth - 1);
    const auto both = together(type, next.type);
    if (!both) continue;
    type = *both;
    made.parts.push_back(std::move(next));
  }
  made.type = list_type(type);
  return made;
}

Node Generator::list(const Type& element, int depth) {
  const auto same = [&](const Type& type) { return type.is(Kind::list) && type.element->kind == element.kind; };
  if (random_.one_in(2)) {
    if (auto found = path(same)) return *found;
  }
  switch (random_.below(depth > 0 ? 9 : 2)) {
    case 2:
    case 3:
      if (bound_.empty()) break;
      return comprehension(element, depth);
    case 4:
      if (!element.is(Kind::text)) break;
      return call("split", list_type(element), {text(depth - 1), literal(Kind::text, random_.one_in(2) ? "," : "")});
    case 5: {
      Node from = list(element, depth - 1);
      const Type type = from.type;
      return call("slice", type, {std::move(from), integer(0)});
    }
    case 6: {
      Node from = list(element, depth - 1);
      if (!is_ordered(*from.type.element)) return from;
      const Type type = list_type(present(*from.type.element));
      return call("sort", type, {std::move(from)});
    }
    case 7: {
      Node from = list(element, depth - 1);
      const Type type = from.type;
      return call("unique", type, {std::move(from)});
    }
    case 8:
      if (auto found = nullable_path(same)) {
        Node otherwise = list_of_some(element, depth);
        if (const auto both = together(present(found->type), otherwise.type))
          return binary("??", *both, *found, std::move(otherwise));
        return otherwise;
      }
      break;
    default:
      break;
  }
  return list_of_some(element, depth);
}

Node Generator::record(int depth) {
  Node made = make(Node::Kind::record, Type());
  std::vector<std::pair<std::string, Type>> types;
  for (const char* name : {"a", "b", "price", "items"}) {
    if (random_.one_in(2)) continue;
    made.names.emplace_back(name);
    if (random_.one_in(4)) {
      made.parts.push_back(maybe(single_type(), depth - 1));
    } else if (random_.one_in(4)) {
      made.parts.push_back(list(single_type(), depth - 1));
    } else if (depth > 1 && random_.one_in(5)) {
      made.parts.push_back(record(depth - 1));
    } else {
      made.parts.push_back(value(single_type(), depth - 1));
    }
    types.emplace_back(name, made.parts.back().type);
  }
  made.type = record_type(types);
  if (depth <= 0 || !random_.one_in(5)) return made;
  Node test = condition(depth - 1);
  Node other = record(0);
  const auto both = together(made.type, other.type);
  if (!both) return made;
  return make(Node::Kind::conditional, *both, {}, {std::move(test), std::move(made), std::move(other)});
}

std::optional<Node> Generator::lookup(Kind kind, int depth) {
  if (program_.tables.empty()) return std::nullopt;
  const Table& table = random_.pick(program_.tables);
  std::optional<Node> key;
  if (table.key.is(Kind::enumeration)) {
    key =
        path([&](const Type& type) { return type.is(Kind::enumeration) && type.enumeration == table.key.enumeration; });
  } else if (table.key.is(Kind::text) && random_.one_in(2)) {
    key = path([](const Type& type) { return type.is(Kind::id) || type.is(Kind::text); });
  } else if (table.key.is(Kind::integer) && random_.one_in(2)) {
    key = path([](const Type& type) { return type.is(Kind::id) || is_number(type); });
  } else {
    key = value(table.key, depth);
  }
  if (!key) return std::nullopt;
  Type type = table.gives;
  if (table.otherwise == Table::Otherwise::keep) {
    const auto kept = together(type, key->type);
    if (!kept) return std::nullopt;
    type = *kept;
  }
  if (table.gives.is(Kind::record)) {
    // One of the fields.
    Node made = make(Node::Kind::lookup, type, table.name, {std::move(*key)});
    for (const dsl::FieldType& field : type.record->fields) {
      if (field.type.is(kind) && !field.type.nullable)
        return make(Node::Kind::member, field.type, field.name, {std::move(made)});
    }
    return std::nullopt;
  }
  if (!type.is(kind) || type.nullable) return std::nullopt;
  return make(Node::Kind::lookup, type, table.name, {std::move(*key)});
}

}  // namespace pipewright::soundness
