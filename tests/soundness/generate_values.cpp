// Values of a wanted type that are there.
#include "generator.hpp"

namespace pipewright::soundness {

Node Generator::text_literal() {
  static const std::vector<std::string> words = {
      "",         " ",          "a",    "b",    "WB-",           "ёж",     "Ёлка и ЛЕС", "12",          " 7 ",
      "-3",       "1.50",       "abc",  "true", "x,y;z",         "{in}",   "a \"b\"",    "back\\slash", "line\nend",
      "tab\tbed", "Покупатель", "sold", "new",  "2043227963145", "cancel", "aab",        "a,b,c",       "2026-11-23",
      "Wb",       "7"};
  return literal(Kind::text, random_.pick(words));
}

// A text that is converted: a literal has to convert, others may not.
Node Generator::convertible(const std::vector<std::string>& words) {
  if (random_.one_in(8)) {
    auto found = path([](const Type& type) { return type.is(Kind::text) || type.is(Kind::id); });
    if (found && found->kind == Node::Kind::member) return *found;
  }
  if (random_.one_in(6)) {
    Node made = make(Node::Kind::joined, simple(Kind::text));
    made.parts.push_back(integer(0));
    if (random_.one_in(3)) made.parts.push_back(literal(Kind::text, random_.one_in(2) ? ".5" : " x"));
    return made;
  }
  return literal(Kind::text, random_.pick(words));
}

Node Generator::leaf(Kind kind) {
  static const std::vector<std::string> integers = {"0", "1", "2", "3", "5", "7", "10", "100", "658434", "1000000007"};
  static const std::vector<std::string> decimals = {"0.5",   "1.50",    "2.005",  "0.005",
                                                    "99.99", "1000.00", "0.0001", "12.345"};
  static const std::vector<std::string> durations = {"500ms", "30s", "5m", "2h", "1d", "7d", "36h", "90m", "0s"};
  static const std::vector<std::string> dates = {"2026-11-23", "2024-02-29", "1999-12-31", "2026-01-01"};
  static const std::vector<std::string> times = {"2026-11-23T10:00:00+03:00", "2026-11-23T10:00:00Z",
                                                 "2026-01-01T00:00:00", "1999-12-31T23:59:59-05:00"};
  switch (kind) {
    case Kind::integer:
      if (random_.one_in(60)) return literal(kind, "99999999999999999999999999999999999999");
      return literal(kind, random_.pick(integers));
    case Kind::decimal:
      if (random_.one_in(60)) return literal(kind, "12345678901234567890.123456789012345678");
      return literal(kind, random_.pick(decimals));
    case Kind::boolean:
      return literal(kind, random_.one_in(2) ? "true" : "false");
    case Kind::duration:
      return literal(kind, random_.pick(durations));
    case Kind::date:
      return literal(kind, random_.pick(dates));
    case Kind::time:
      return literal(kind, random_.pick(times));
    default:
      return text_literal();
  }
}

bool Generator::has_money() {
  for (const Bound& each : bound_) {
    for (const Path& path : *each.paths) {
      if (path.type.is(Kind::money)) return true;
    }
  }
  return false;
}

// What every type has: a path, an `if`, a `??`, a look-up, an element of a list.
std::optional<Node> Generator::common(const Type& type, int depth) {
  const auto same = [&](const Type& other) { return other.kind == type.kind; };
  switch (random_.below(depth > 0 ? 9 : 3)) {
    case 0:
    case 1:
    case 2:
      return path(same);
    case 3:
      return conditional(type, depth - 1);
    case 4:
    case 5:
      return fallback(type, depth - 1);
    case 6:
      return lookup(type.kind, depth - 1);
    case 7:
      return extreme(type, depth - 1);
    default:
      return std::nullopt;
  }
}

// The smallest or greatest of values that have an order.
std::optional<Node> Generator::extreme(const Type& type, int depth) {
  Node left = value(type, depth);
  Node right = fitting(type, depth - 1);
  const auto both = together(left.type, right.type);
  if (!both || !is_ordered(*both) || both->kind != type.kind) return std::nullopt;
  return call(random_.one_in(2) ? "min" : "max", *both, {std::move(left), std::move(right)});
}

Node Generator::value(const Type& type, int depth) {
  switch (type.kind) {
    case Kind::text:
      return text(depth);
    case Kind::integer:
      return integer(depth);
    case Kind::decimal:
      return decimal(depth);
    case Kind::money:
      return money(depth);
    case Kind::boolean:
      return boolean(depth);
    case Kind::time:
      return time(depth);
    case Kind::date:
      return date(depth);
    case Kind::duration:
      return duration(depth);
    case Kind::id:
      return id(depth);
    case Kind::list:
      return list(*type.element, depth);
    default:
      return record(depth);
  }
}

// What a text is taken from: a word and an id too.
Node Generator::argument(int depth) {
  if (random_.one_in(4)) {
    if (auto found = path([](const Type& type) { return type.is(Kind::id) || type.is(Kind::enumeration); }))
      return *found;
  }
  return text(depth);
}

Node Generator::text(int depth) {
  if (auto found = common(simple(Kind::text), depth)) return *found;
  if (depth <= 0) return text_literal();
  const Type type = simple(Kind::text);
  const int less = depth - 1;
  switch (random_.below(11)) {
    case 0:
      return call("uppercase", type, {argument(less)});
    case 1:
      return call("lowercase", type, {argument(less)});
    case 2:
      return call("trim", type, {argument(less)});
    case 3:
      return call("replace", type, {argument(less), argument(0), text(0)});
    case 4: {
      std::vector<Node> arguments = {argument(less), integer(0)};
      if (random_.one_in(3)) arguments[1] = make(Node::Kind::negate, simple(Kind::integer), {}, {arguments[1]});
      if (random_.one_in(2)) arguments.push_back(integer(0));
      return call("slice", type, std::move(arguments));
    }
    case 5:
      return call("join", type, {list(single_type(), less), text_literal()});
    case 6: {
      if (random_.one_in(6)) {
        if (auto found = path([](const Type& each) { return each.is(Kind::json); }, random_.one_in(2)))
          return call("text", type, {*found});
      }
      return call("text", type, {value(single_type(), less)});
    }
    case 7: {
      static const std::vector<std::string> patterns = {"0.00", "# ##0,00", "#,##0", "00000", "0", "#,##0.00", "# ##0"};
      return call("format", type, {any_number(less), literal(Kind::text, random_.pick(patterns))});
    }
    case 8: {
      static const std::vector<std::string> patterns = {"%d.%m.%Y", "%Y-%m-%d %H:%M:%S", "%e %B, %a", "%H:%M%z", "%m"};
      Node moment = random_.one_in(2) ? time(less) : date(less);
      return call("format", type, {std::move(moment), literal(Kind::text, random_.pick(patterns))});
    }
    default:
      return joined(less);
  }
}

Node Generator::joined(int depth) {
  Node made = make(Node::Kind::joined, simple(Kind::text));
  const std::size_t count = 1 + random_.below(3);
  for (std::size_t i = 0; i < count; ++i) {
    if (random_.one_in(2)) made.parts.push_back(literal(Kind::text, random_.one_in(2) ? "№ " : "a {b} \"c\" "));
    const auto here = [](const Type& type) { return is_single(type) && !type.is(Kind::json); };
    auto found = random_.one_in(2) ? path(here) : std::nullopt;
    made.parts.push_back(found ? std::move(*found) : value(single_type(), depth));
  }
  return made;
}

Node Generator::any_number(int depth) {
  const std::size_t which = random_.below(3);
  if (which == 0 && has_money()) return money(depth);
  return which == 1 ? decimal(depth) : integer(depth);
}

Node Generator::divisor() {
  static const std::vector<std::string> divisors = {"2", "3", "7", "100", "0.3"};
  if (random_.one_in(5)) {
    // A zero that is no literal.
    auto found = path([](const Type& type) { return is_number(type) && !type.is(Kind::money); });
    if (found && found->kind == Node::Kind::member) return *found;
  }
  const std::string& word = random_.pick(divisors);
  return literal(word.find('.') == std::string::npos ? Kind::integer : Kind::decimal, word);
}

Node Generator::integer(int depth) {
  const Type type = simple(Kind::integer);
  if (auto found = common(type, depth)) return *found;
  if (depth <= 0) return leaf(Kind::integer);
  const int less = depth - 1;
  static const std::vector<std::string> operators = {"+", "-", "*"};
  switch (random_.below(11)) {
    case 0:
      return binary(random_.pick(operators), type, integer(less), integer(less));
    case 1:
      return binary("%", type, integer(less), literal(Kind::integer, random_.one_in(2) ? "7" : "3"));
    case 2:
      return make(Node::Kind::negate, type, {}, {integer(less)});
    case 3:
      return call("length", type, {argument(less)});
    case 4:
      return call("size", type, {list(single_type(), less)});
    case 5:
      return call("sum", type, {list(type, less)});
    case 6: {
      static const std::vector<std::string> functions = {"round", "floor", "ceil"};
      return call(random_.pick(functions), type, {decimal(less)});
    }
    case 7:
      return call("abs", type, {integer(less)});
    case 8:
      if (random_.one_in(3))
        return call("int", type, {binary("*", simple(Kind::decimal), decimal(less), integer(less))});
      return call("int", type, {convertible({"12", "0", "-7", " 3 ", "2.00", "99"})});
    case 9:
      if (auto found = path([](const Type& each) { return each.is(Kind::json); }, random_.one_in(2)))
        return call(random_.one_in(2) ? "int" : "size", type, {*found});
      return leaf(Kind::integer);
    default:
      return leaf(Kind::integer);
  }
}

// To how many digits is rounded: a literal has to be right.
Node Generator::digits() {
  if (random_.one_in(8)) {
    auto found = path([](const Type& type) { return type.is(Kind::integer); });
    if (found && found->kind == Node::Kind::member) return *found;
  }
  return literal(Kind::integer, random_.one_in(4) ? "18" : std::to_string(random_.below(4)));
}

Node Generator::decimal(int depth) {
  const Type type = simple(Kind::decimal);
  if (auto found = common(type, depth)) return *found;
  if (depth <= 0) return leaf(Kind::decimal);
  const int less = depth - 1;
  static const std::vector<std::string> operators = {"+", "-", "*"};
  switch (random_.below(10)) {
    case 0:
    case 1: {
      Node left = decimal(less);
      Node right = random_.one_in(2) ? integer(less) : decimal(less);
      if (random_.one_in(2)) std::swap(left, right);
      return binary(random_.pick(operators), type, std::move(left), std::move(right));
    }
    case 2:
      return binary("/", type, random_.one_in(2) ? integer(less) : decimal(less), divisor());
    case 3:
      if (!has_money()) return leaf(Kind::decimal);
      return binary("/", type, money(less), money(less));
    case 4:
      return binary("%", type, decimal(less), divisor());
    case 5:
      return call("round", type, {decimal(less), digits()});
    case 6:
      if (has_money() && random_.one_in(2)) return call("decimal", type, {money(less)});
      return call("decimal", type, {convertible({"12", "-7", "1.50", " 3 ", "1000.00", "2.005"})});
    case 7:
      return call("sum", type, {list(type, less)});
    case 8:
      return call("abs", type, {make(Node::Kind::negate, type, {}, {decimal(less)})});
    default:
      return leaf(Kind::decimal);
  }
}

Node Generator::money(int depth) {
  const Type type = simple(Kind::money);
  const auto is_money = [](const Type& each) { return each.is(Kind::money); };
  const auto leaf_of_money = [&] {
    if (auto found = path(is_money)) return *found;
    return binary("??", type, *nullable_path(is_money), leaf(Kind::decimal));
  };
  if (auto found = common(type, depth)) return *found;
  if (depth <= 0) return leaf_of_money();
  const int less = depth - 1;
  switch (random_.below(8)) {
    case 0:
      return binary(random_.one_in(2) ? "+" : "-", type, money(less), any_number(less));
    case 1:
      return binary(random_.one_in(2) ? "+" : "-", type, random_.one_in(2) ? decimal(less) : integer(less),
                    money(less));
    case 2:
      return random_.one_in(2) ? binary("*", type, money(less), decimal(less))
                               : binary("*", type, integer(less), money(less));
    case 3:
      return binary(random_.one_in(3) ? "%" : "/", type, money(less), divisor());
    case 4:
      return make(Node::Kind::negate, type, {}, {money(less)});
    case 5:
      return call("sum", type, {list(type, less)});
    case 6: {
      static const std::vector<std::string> functions = {"round", "floor", "ceil", "abs"};
      return call(random_.pick(functions), type, {money(less)});
    }
    default:
      return leaf_of_money();
  }
}

Node Generator::time(int depth) {
  const Type type = simple(Kind::time);
  if (auto found = common(type, depth)) return *found;
  if (depth <= 0) return random_.one_in(3) ? call("now", type, {}) : leaf(Kind::time);
  const int less = depth - 1;
  static const std::vector<std::string> texts = {"2026-11-23T10:00:00", "2026-11-23T10:00:00+03:00", "2026-11-23"};
  switch (random_.below(5)) {
    case 0:
      return binary(random_.one_in(2) ? "+" : "-", type, time(less), duration(less));
    case 1:
      return binary("+", type, duration(less), time(less));
    case 2:
      return call("time", type, {date(less)});
    case 3:
      return call("time", type, {convertible(texts)});
    default:
      return leaf(Kind::time);
  }
}

Node Generator::date(int depth) {
  const Type type = simple(Kind::date);
  if (auto found = common(type, depth)) return *found;
  if (depth <= 0) return leaf(Kind::date);
  const int less = depth - 1;
  switch (random_.below(5)) {
    case 0: {
      static const std::vector<std::string> days = {"1d", "7d", "24h", "30d"};
      return binary(random_.one_in(2) ? "+" : "-", type, date(less), literal(Kind::duration, random_.pick(days)));
    }
    case 1: {
      Node step = binary("*", simple(Kind::duration), literal(Kind::duration, "12h"), integer(0));
      return random_.one_in(2) ? binary("+", type, std::move(step), date(less))
                               : binary("-", type, date(less), std::move(step));
    }
    case 2:
      return call("date", type, {time(less)});
    case 3:
      return call("date", type, {convertible({"2026-11-23", "2024-02-29", "2026-11-23T23:30:00Z"})});
    default:
      return leaf(Kind::date);
  }
}

Node Generator::duration(int depth) {
  const Type type = simple(Kind::duration);
  if (auto found = common(type, depth)) return *found;
  if (depth <= 0) return leaf(Kind::duration);
  const int less = depth - 1;
  switch (random_.below(6)) {
    case 0:
      return binary(random_.one_in(2) ? "+" : "-", type, duration(less), duration(less));
    case 1:
      return binary("*", type, duration(less), integer(0));
    case 2:
      return binary("*", type, integer(0), duration(less));
    case 3:
      return binary("-", type, time(less), time(less));
    case 4:
      return binary("-", type, date(less), date(less));
    default:
      return make(Node::Kind::negate, type, {}, {duration(less)});
  }
}

Node Generator::id(int depth) {
  const auto is_id = [](const Type& type) { return type.is(Kind::id); };
  if (auto found = common(simple(Kind::id), depth)) return *found;
  if (auto found = path(is_id)) return *found;
  if (auto found = nullable_path(is_id))
    return binary("??", simple(Kind::id), *found, random_.one_in(2) ? text(0) : integer(0));
  // A place where an id is wanted takes what fits.
  return random_.one_in(2) ? text(depth) : integer(depth);
}

}  // namespace pipewright::soundness
