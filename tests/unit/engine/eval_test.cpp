#include <doctest/doctest.h>

#include "build.hpp"
#include "dsl/functions.hpp"
#include "engine/eval.hpp"
#include "engine/functions.hpp"
#include "engine/json.hpp"

namespace pipewright::engine {
namespace {

using namespace build;
using plan::Operator;

const plan::Plan& tables() {
  static const plan::Plan plan = [] {
    plan::Plan made;
    plan::Table status;
    status.name = "status";
    status.rows.push_back({{std::string("a"), std::string("b")}, lit(1), {}});
    status.rows.push_back({{Decimal(7)}, lit("seven"), {}});
    for (const auto otherwise :
         {plan::Table::Otherwise::none, plan::Table::Otherwise::skip, plan::Table::Otherwise::keep,
          plan::Table::Otherwise::value, plan::Table::Otherwise::fail}) {
      status.otherwise = otherwise;
      if (otherwise == plan::Table::Otherwise::value) status.otherwise_value = lit("other");
      made.tables.push_back(status);
    }
    return made;
  }();
  return plan;
}

Value sample() {
  return *parse_json(
      R"({"id":13833711,"price":1250.505,"name":"Анна","skus":["1","2"],"user":{"id":"777"},"nothing":null,
    "raw":{"a":[{"b":"12"}],"t":"2026-11-23T10:00:00+03:00"},"numbers":[3,1,2,1]})");
}

Evaluated evaluated(const Expr& expr) {
  static const CompiledTables compiled(tables());
  Scope scope;
  scope.plan = &tables();
  scope.tables = &compiled;
  Record record = *sample().record();
  record.emplace_back("bad", Value(Broken{"price", "money", "\"abc\""}));
  scope.slots.resize(4);
  scope.slots[0] = Value(std::move(record));
  scope.now = *parse_time("2026-11-23T10:00:00Z");
  scope.time_zone = "Europe/Moscow";
  return evaluate(expr, scope);
}

std::string shown(const Expr& expr) {
  const Evaluated value = evaluated(expr);
  if (value) return write_json(*value);
  return (value.error().kind == Halt::Kind::skip ? "skip: " : "halt: ") + value.error().reason;
}

Expr lookup(std::size_t table, Expr key) { return at(plan::Lookup{table, std::move(key)}); }
Expr element(Expr list, Expr index) { return at(plan::Element{std::move(list), std::move(index)}); }

}  // namespace

TEST_CASE("arithmetic is exact and says when it cannot be") {
  CHECK(shown(op(Operator::add, num("0.1"), num("0.2"))) == "0.3");
  CHECK(shown(op(Operator::divide, lit(10), lit(4))) == "2.5");
  CHECK(shown(op(Operator::divide, lit(1), lit(3))) == "0.333333333333333333");
  CHECK(shown(op(Operator::divide, lit(1), lit(0))) == "halt: `the sum` divides by zero");
  CHECK(shown(op(Operator::remainder, lit(7), lit(4))) == "3");
  CHECK(shown(op(Operator::multiply, num("99999999999999999999999999999999999999"), lit(10))).starts_with("halt: "));
  CHECK(shown(op(Operator::add, order("nothing"), lit(1))) == "halt: `order.nothing` is null");
  CHECK(shown(op(Operator::add, order("name"), lit(1))) == "halt: `order.name` is \"Анна\", not a number");
}

TEST_CASE("paths through null are null, broken fields halt where they are used") {
  CHECK(shown(field(order("nothing"), "deep")) == "null");
  CHECK(shown(field(order("user"), "id")) == "\"777\"");
  CHECK(shown(order("bad")) == "halt: `price` is \"abc\", not money");
  CHECK(shown(op(Operator::otherwise, order("bad"), lit(1))) == "halt: `price` is \"abc\", not money");
  CHECK(shown(text({lit("x"), order("bad")})) == "halt: `price` is \"abc\", not money");
  CHECK(shown(op(Operator::otherwise, order("nothing"), lit(1))) == "1");
}

TEST_CASE("comparisons: ids by their text, null only where it may be") {
  CHECK(shown(op(Operator::equal, order("id"), lit("13833711"))) == "true");
  CHECK(shown(op(Operator::equal, order("nothing"), null())) == "true");
  CHECK(shown(op(Operator::in, field(order("user"), "id"), list({lit(776), lit(777)}))) == "true");
  CHECK(shown(op(Operator::not_in, lit(1), list({lit(2)}))) == "true");
  CHECK(shown(op(Operator::less, order("nothing"), lit(1))) == "halt: `order.nothing` is null");
  CHECK(shown(op(Operator::less, num("1.5"), num("1.50"))) == "false");
}

TEST_CASE("and, or, if and ?? evaluate only what they need") {
  const Expr wrong = op(Operator::divide, lit(1), lit(0));
  CHECK(shown(op(Operator::and_, lit(false), wrong)) == "false");
  CHECK(shown(op(Operator::or_, lit(true), wrong)) == "true");
  CHECK(shown(op(Operator::otherwise, lit(1), wrong)) == "1");
  CHECK(shown(at(plan::Conditional{lit(true), lit(1), wrong})) == "1");
}

TEST_CASE("a table finds numbers by value and texts by text, else does as it says") {
  CHECK(shown(lookup(0, lit("b"))) == "1");
  CHECK(shown(lookup(0, num("7.00"))) == "\"seven\"");
  CHECK(shown(lookup(0, order("name"))) == "halt: `order.name` is \"Анна\", which is not in table `status`");
  CHECK(shown(lookup(1, order("name"))) == "skip: `order.name` is \"Анна\", which table `status` skips");
  CHECK(shown(lookup(2, lit("x"))) == "\"x\"");
  CHECK(shown(lookup(3, lit("x"))) == "\"other\"");
  CHECK(shown(lookup(4, order("nothing"))) == "halt: `order.nothing` is null, which is not in table `status`");
}

TEST_CASE("json is read by name and place and converted by wish") {
  const Expr deep = field(element(field(order("raw"), "a"), lit(0)), "b");
  CHECK(shown(call("int", {deep})) == "12");
  CHECK(shown(element(field(order("raw"), "a"), lit(5))) == "null");
  CHECK(shown(call("text", {order("nothing")})) == "halt: `order.nothing` is absent");
  CHECK(shown(call("int", {order("name")})) == "halt: `order.name` is \"Анна\", not a whole number");
  CHECK(shown(call("int", {order("price")})).starts_with("halt: "));
  CHECK(shown(call("date", {call("time", {field(order("raw"), "t")})})) == "\"2026-11-23\"");
  CHECK(shown(call("bool", {lit("true")})) == "true");
}

TEST_CASE("functions") {
  const std::vector<std::pair<Expr, std::string>> cases = {
      {call("uppercase", {order("name")}), "\"АННА\""},
      {call("length", {order("name")}), "4"},
      {call("slice", {order("name"), lit(1), lit(3)}), "\"нн\""},
      {call("slice", {order("name"), lit(-2)}), "\"на\""},
      {call("replace", {lit("a-b-c"), lit("-"), lit("")}), "\"abc\""},
      {call("split", {lit("a,b"), lit(",")}), "[\"a\",\"b\"]"},
      {call("join", {order("skus"), lit("/")}), "\"1/2\""},
      {call("contains", {order("skus"), lit("2")}), "true"},
      {call("first", {order("skus")}), "\"1\""},
      {call("last", {list({})}), "null"},
      {call("sum", {order("numbers")}), "7"},
      {call("sort", {order("numbers")}), "[1,1,2,3]"},
      {call("unique", {order("numbers")}), "[3,1,2]"},
      {call("round", {order("price"), lit(2)}), "1250.51"},
      {call("floor", {order("price")}), "1250"},
      {call("ceil", {order("price")}), "1251"},
      {call("max", {lit(1), lit(3)}), "3"},
      {call("min", {order("numbers")}), "1"},
      {call("abs", {lit(-4)}), "4"},
      {call("format", {call("now", {}), lit("%d.%m.%Y %H:%M")}), "\"23.11.2026 13:00\""},
      {call("format", {num("1234567.5"), lit("# ##0,00")}), "\"1 234 567,50\""},
      {call("phone", {lit("8 (912) 345-67-89")}), "\"+79123456789\""},
      {call("phone", {lit("not a phone")}), "null"},
      {call("nonsense", {}), "halt: there is no function `nonsense`"},
  };
  for (const auto& [expr, expected] : cases) CHECK(shown(expr) == expected);
}

TEST_CASE("money prints with two decimals, a comprehension filters") {
  CHECK(shown(text({lit("за "), order("price", Type::Kind::money)})) == "\"за 1250.51\"");
  const Expr made = at(plan::Comprehension{op(Operator::multiply, slot(3), lit(2)), 3, order("numbers"),
                                           Box<Expr>(op(Operator::greater, slot(3), lit(1)))});
  CHECK(shown(made) == "[6,4]");
  CHECK(shown(record({{"a", lit(1)}, {"b", null()}})) == "{\"a\":1}");
}

TEST_CASE("each function of the checker is computed, with as many arguments as the checker takes") {
  const std::string zone = "UTC";
  Budget budget;
  const Value null;
  for (const dsl::FunctionSpec& spec : dsl::functions()) {
    for (const std::size_t count : {spec.least, spec.most}) {
      CAPTURE(spec.name);
      CAPTURE(count);
      const std::vector<Argument> arguments(count, Argument{null, nullptr, {}});
      const auto result = call_function(spec.name, arguments, {Instant(), &zone, &budget});
      const std::string reason = result ? "" : result.error();
      CHECK(reason.find("there is no function") == std::string::npos);
      CHECK(reason.find("does not take") == std::string::npos);
      const std::vector<Argument> more(spec.most + 1, Argument{null, nullptr, {}});
      REQUIRE_FALSE(call_function(spec.name, more, {Instant(), &zone, &budget}));
    }
  }
}

}  // namespace pipewright::engine
