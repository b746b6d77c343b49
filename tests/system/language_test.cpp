// The language as its user meets it: what `validate` passes does what it says, and what it refuses could not work.
#include <doctest/doctest.h>

#include "tests/support/trial.hpp"

using namespace pipewright;
using test::has;
using test::passes;
using test::Shop;

namespace {

/// Whether `log.info` gets this text from the expression, in a pipeline on new FBS tasks.
bool gives(const std::string& expression, const std::string& text) {
  CAPTURE(expression);
  return passes("pipeline p\n  on wb.fbs.new\n  -> log.info \"{" + expression + "}\"\n", "p",
                "  given order { id: 13833711, skus: [\"b\", \"a\"] }\n  expect log.info { text: \"" + text + "\" }");
}

/// Whether the event parks with this reason, though `validate` finds nothing.
bool parks(const std::string& expression, const std::string& reason) {
  CAPTURE(expression);
  return passes("pipeline p\n  on wb.fbs.new\n  -> log.info \"{" + expression + "}\"\n", "p",
                "  given order { id: 13833711 }\n  expect parked with \"" + reason + "\"");
}

/// What `validate` prints of a chain on new FBS tasks; empty: no problems.
std::string problems(const std::string& chain, const std::string& more = "") {
  Shop shop;
  shop.write("shop.pipe", more + "pipeline p\n  on wb.fbs.new\n  " + chain + "\n");
  const auto finished = shop.run({"validate"});
  return finished.status == 0 && has(finished.out + finished.err, "no problems") ? "" : finished.out + finished.err;
}

}  // namespace

TEST_CASE("A1: a comprehension in a table's value leaves the variables of its pipelines alone") {
  CHECK(passes(R"(table note { "new" -> join([uppercase(w) for w in ["a", "b"]], "+"), else "-" }
pipeline a on wb.fbs.new -> log.info "{note["new"]}"
pipeline c on wb.fbs.new -> each sku in order.skus { -> let n = note["new"] -> log.info "{n} {sku}" }
)",
               "c", "  given order { id: 7, skus: [\"46\"] }\n  expect log.info { text: \"A+B 46\" }"));
  CHECK(passes(R"(table note { "new" -> join([uppercase(w) for w in ["a", "b"]], "+"), else "-" }
pipeline a on wb.fbs.new -> log.info "{note["new"]}"
pipeline d on wb.fbs.new
  -> crm.client find by external_id { external_id: "nobody" } as known else null
  -> let n = note["new"]
  -> where known == null
  -> log.info "{n}"
)",
               "d", "  given order { id: 7 }\n  expect log.info { text: \"A+B\" }"));
}

TEST_CASE("A2: a record in braces whose fields are all null is an empty record, not the whole one") {
  Shop shop(
      "on file.lines \"in.ndjson\" -> file.append \"out.ndjson\" only { comment: if line.comment != null then "
      "text(line.comment) }\n");
  shop.write("in.ndjson", "{\"id\":1,\"phone\":\"+7999\"}\n");
  REQUIRE(shop.once()["written"] == 1);
  CHECK(shop.read("out.ndjson") == "{}\n");
}

TEST_CASE("A3: an item of `each` that parks cuts short no other item") {
  CHECK(passes(R"(pipeline p on wb.fbs.new
  -> each a in [1, 2, 3] {
       -> each b in [1] { -> log.info "{6 / (a - 1)}" }
       -> log.warn "item {a}"
     }
)",
               "p",
               "  given order { id: 7 }\n  expect log.warn { text: \"item 2\" }\n  expect log.warn { text: \"item 3\" "
               "}\n  expect parked with \"divides by zero\""));
}

TEST_CASE("A5: the engine's own `@record` leaves it in no record") {
  Shop shop("on wb.fbs.new -> file.append \"out.ndjson\" only { o: order, all: [order], in: { o: order } }\n");
  shop.wb.add_tasks(wb::sandbox::Scheme::fbs, 1);
  REQUIRE(shop.once()["written"] == 1);
  const std::string line = shop.read("out.ndjson");
  CHECK(has(line, "order_uid"));
  CHECK_FALSE(has(line, "@record"));
}

TEST_CASE("A5: a file without braces holds the source's record, as a test and a dry run show it") {
  Shop shop("on wb.fbs.new -> file.append \"out.ndjson\"\n");
  shop.wb.add_tasks(wb::sandbox::Scheme::fbs, 1, {{"price", 103900}, {"convertedPrice", 103900}});
  const auto shown = shop.run({"dry-run"});
  CHECK(has(shown.out, "1039.00"));
  CHECK_FALSE(has(shown.out, "@record"));
  REQUIRE(shop.once()["written"] == 1);
  const test::Json line = test::Json::parse(shop.read("out.ndjson"));
  CHECK(has(shop.read("out.ndjson"), "\"price\":1039.00"));
  CHECK(line.contains("order_uid"));
  CHECK_FALSE(line.contains("raw"));
  CHECK(passes("pipeline p on wb.fbs.new -> file.append \"x.ndjson\"\n", "p",
               "  given order { id: 7, price: 1039 }\n  expect file.append append { id: 7, price: 1039.00 }"));
  shop.write("shop.pipe", "on file.lines \"in.ndjson\" -> file.append \"copy.ndjson\"\n");
  shop.write("in.ndjson", "{\"raw\":1,\"x\":null}\nnull\n[1]\n");
  shop.once();
  CHECK(shop.read("copy.ndjson") == "{\"raw\":1,\"x\":null}\nnull\n[1]\n");
}

TEST_CASE("B1: durations are multiplied, and move a date from either side") {
  CHECK(gives("order.created_at + 1d * 2 == order.created_at + 2 * 1d", "true") ==
        gives("order.created_at + 48h == order.created_at + 2d", "true"));
  CHECK(gives("1h * 24 == 1d", "true"));
  CHECK(gives("1d + 2026-11-23", "2026-11-24"));
  CHECK(parks("9999-12-31 + int(\"9\") * 1d", "out of range"));
}

TEST_CASE("B2: what a record literal beside a declared record lacks may be null") {
  const std::string chosen = "-> let o = if order.status == 5 then order else { id: 7 }\n  ";
  CHECK(has(problems(chosen + "-> log.info \"{o.price + 1}\""), "may be null"));
  CHECK(has(problems(chosen + "-> log.info \"[{o.created_at}]\""), "may be null"));
  CHECK(problems(chosen + "-> log.info \"{o.id} {o.price ?? 0}\"") == "");
  CHECK(has(problems("-> each o in [order, { id: 5 }] { -> log.info \"{o.article}\" }"), "may be null"));
  CHECK(has(
      problems("-> crm.client find by external_id { external_id: \"w\" } as known else null\n  -> let c = known ?? { "
               "external_id: \"w\" }\n  -> log.info \"{c.id}\""),
      "may be null"));
}

TEST_CASE("B3: beside a list `min` and `max` take no more values") {
  CHECK(has(problems("-> log.info \"{max(order.skus, 5) ?? 0}\""), "values that can be compared"));
  CHECK(has(problems("-> log.info \"{min([1], null) ?? 0}\""), "P0307"));
  CHECK(gives("max([1, 3, 2]) ?? 0", "3"));
}

TEST_CASE("B4: ids are equal by their text at any depth, and have no order") {
  for (const char* unordered : {"\"5\" < order.id", "5 < order.id", "order.id > 5",
                                "(if order.price > 1 then order.id else \"x\") < \"b\"", "order.id < order.id"}) {
    CAPTURE(unordered);
    CHECK(has(problems(std::string("-> where ") + unordered + " -> log.info \"x\""), "has no order"));
  }
  CHECK(gives("int(order.id) > 5", "true"));
  CHECK(gives("order.id == \"13833711\"", "true"));
  CHECK(gives("[order.id] == [\"13833711\"]", "true"));
  CHECK(gives("({ a: order.id } == { a: \"13833711\" })", "true"));
  CHECK(gives("[{ a: [order.id] }] == [{ a: [\"13833711\"] }]", "true"));
  CHECK(gives("[order.id] == [\"1\"]", "false"));
}

TEST_CASE("B5: sort leaves nulls out, as min, sum and join do") {
  CHECK(gives("join([text(n) for n in sort([null, 2, 1])], \",\")", "1,2"));
  CHECK(gives("join(sort([order.comment, order.color_code, \"x\"]), \",\")", "x"));
}

TEST_CASE("B13: right programs are not refused") {
  CHECK(problems("-> let n = null -> log.info \"{n ?? \"x\"}\"") == "");
  CHECK(gives("max([]) ?? 1", "1"));
  CHECK(gives("first([null]) ?? \"z\"", "z"));
  Shop shop("on file.lines \"in.ndjson\" -> log.info \"{size(line.items)} {text(first(line.items))}\"\n");
  shop.write("in.ndjson", "{\"items\":[\"a\",\"b\"]}\n{\"items\":7}\n");
  const auto counted = shop.once();
  CHECK(counted.at("events") == 2);
  CHECK(counted.at("parked") == 1);
}

TEST_CASE("C: patterns of `format` are checked, and part thousands as written") {
  CHECK(gives("format(1234567, \"#,##0\")", "1,234,567"));
  CHECK(gives("format(1234567, \"#,###,##0\")", "1,234,567"));
  CHECK(gives("format(1234.5, \"0.000\")", "1234.500"));
  CHECK(gives("format(1039, \"# ##0,00\")", "1 039,00"));
  for (const char* wrong : {"format(5, \"abc\")", "format(2.5, \"%d\")", "format(1290, \"rub\")", "format(5, \"-\")",
                            "format(order.created_at, \"%Q\")", "format(order.created_at, \"%j\")",
                            "format(order.created_at, \"today\")", "format(order.created_at, \"%\")"}) {
    CAPTURE(wrong);
    CHECK(has(problems(std::string("-> log.info \"{") + wrong + "}\""), "P0307"));
  }
  CHECK(parks("format(5, if order.id == \"1\" then \"0\" else \"abc\")", "a number pattern has no `a`"));
  CHECK(gives("format(2026-11-23, \"%H:%M %z\")", "00:00 +03:00"));
}

TEST_CASE("C: a date moves by whole days") {
  CHECK(has(problems("-> log.info \"{2026-11-23 - 1h}\""), "whole days"));
  CHECK(gives("2026-11-23 + 48h", "2026-11-25"));
  CHECK(parks("2026-11-23 + int(\"5\") * 1h", "no whole days"));
}

TEST_CASE("C: places beyond any list or text are absent, moments beyond the calendar park") {
  CHECK(gives("[1, 2][99999999999999999999] ?? 0", "0"));
  CHECK(gives("slice(\"abc\", 0, 99999999999999999999)", "abc"));
  CHECK(gives("slice(\"abc\", -99999999999999999999)", "abc"));
  CHECK(parks("9999-12-31T23:00:00Z + 7d", "out of range"));
  CHECK(parks("0001-01-02T00:00:00Z - 7d", "out of range"));
}

TEST_CASE("C: digits and countries that cannot be are told before running") {
  CHECK(has(problems("-> log.info \"{round(1.5, 19)}\""), "0 to 18 digits"));
  CHECK(has(problems("-> log.info \"{round(1.5, -1)}\""), "0 to 18 digits"));
  CHECK(has(problems("-> log.info \"{phone(\"8 987 123-45-67\", \"ru\") ?? \"-\"}\""), "no country \"ru\""));
  CHECK(has(problems("-> log.info \"{phone(\"8 987 123-45-67\", \"XX\") ?? \"-\"}\""), "no country \"XX\""));
  CHECK(gives("phone(\"8 987 123-45-67\", \"RU\") ?? \"-\"", "+79871234567"));
}

namespace {

constexpr const char* plain =
    "pipeline p\n  on wb.fbs.new\n  -> crm.order upsert by external_id { external_id: order.id }\n";

}  // namespace

TEST_CASE("B7: an event that parks fails the test, unless an `expect parked` says so") {
  const std::string table =
      "table t { \"a\" -> 1, else fail }\npipeline p\n  on wb.fbs.new\n  -> log.info \"{t[\"b\"]}\"\n";
  CHECK_FALSE(passes(table, "p", "  given order { id: 7 }\n  expect nothing"));
  CHECK(passes(table, "p", "  given order { id: 7 }\n  expect nothing\n  expect parked with \"t\""));
  const std::string two =
      "pipeline p\n  on wb.fbs.new\n  -> log.info \"{12 / (int(order.id) - 7)} {12 / (int(order.id) - 8)}\"\n";
  CHECK_FALSE(
      passes("table t { 7 -> 1, else fail }\npipeline p\n  on wb.fbs.new\n  -> log.info \"{t[int(order.id)]}\"\n", "p",
             "  given order { id: 8 }\n  given order { id: 9 }\n  expect parked with \"is 8\""));
  CHECK(passes(two, "p", "  given order { id: 7 }\n  expect parked with \"divides by zero\""));
}

TEST_CASE("B9: a test says which source, of which connection, an event comes from") {
  const std::string origin =
      "pipeline p\n  on wb.fbs.new, wb.dbs.new\n  -> log.info \"{order.connection} {order.id}\"\n";
  CHECK(passes(origin, "p",
               "  given wb.dbs.new { id: 7 }\n  given wb.fbs.new { id: 8 }\n  expect log.info { text: \"wb 7\" }\n  "
               "expect log.info { text: \"wb 8\" }"));
  Shop::Options options;
  options.extra_toml = "\n[connections.wb_b]\ntype = \"wildberries\"\ntoken = \"env:WB_TOKEN\"\n";
  Shop shop(options);
  const auto tried_with = [&](const std::string& given, const std::string& expect) {
    return test::tried(
        shop, "pipeline p\n  on wb.fbs.new, wb_b.fbs.new\n  -> log.info \"{order.connection}\"\ntest \"t\" of p {\n  " +
                  given + "\n  " + expect + "\n}\n");
  };
  CHECK(tried_with("given order { id: 5, connection: \"wb_b\" }", "expect log.info { text: \"wb_b\" }").status == 0);
  CHECK(tried_with("given wb_b.fbs.new { id: 5 }", "expect log.info { text: \"wb_b\" }").status == 0);
  CHECK(tried_with("given order { id: 5 }", "expect log.info { text: \"wb\" }").status == 0);
  const auto wrong = tried_with("given order { id: 5, connection: \"wb_typo\" }", "expect nothing");
  CHECK(wrong.status != 0);
  CHECK(has(wrong.out + wrong.err, "no source for this event"));
}

TEST_CASE("B10: a test that could not fail fails") {
  const std::string given = "  given order { id: 7 }\n";
  const std::string emptied =
      "pipeline p\n  on wb.fbs.changed\n  -> crm.order update by external_id { external_id: order.id, manager_comment: "
      "clear }\n";
  const std::string there = given + "  given crm.order { external_id: \"7\", manager_comment: \"x\" }\n";
  CHECK(passes(emptied, "p", there + "  expect crm.order update { manager_comment: clear }"));
  CHECK_FALSE(passes(emptied, "p", there + "  expect crm.order update { manager_comment: null }"));
  const std::string json =
      "pipeline p\n  on wb.fbs.new\n  -> http.request \"https://x.example/\" { method: \"POST\", json: { amount: 5.00, "
      "ok: true } } at_least_once\n";
  CHECK(passes(json, "p", given + "  expect http.request send { json: { amount: 5, ok: true } }"));
  CHECK_FALSE(passes(json, "p", given + "  expect http.request send { json: { amount: \"5\" } }"));
  CHECK_FALSE(passes(json, "p", given + "  expect http.request send { json: { ok: \"true\" } }"));
  CHECK_FALSE(passes(plain, "p", given + "  given crm.client answers 503 twice\n  expect crm.order create once"));
  CHECK(passes(plain, "p", given + "  given crm.order answers 503 twice\n  expect crm.order create once"));
  CHECK_FALSE(passes(
      plain, "p",
      given + "  expect crm.order create { external_id: \"7\" }\n  expect crm.order create { external_id: \"7\" }"));
  CHECK(passes(
      plain, "p",
      given + "  given order { id: 8 }\n  expect crm.order create\n  expect crm.order create { external_id: \"7\" }"));
  CHECK_FALSE(passes("pipeline p\n  on wb.fbs.new\n  -> where false\n  -> log.info \"x\"\n", "p",
                     given + "  expect skipped at \"\""));
  CHECK_FALSE(passes(plain, "p", given));
  Shop shop;
  const auto none = test::tried(
      shop, std::string(plain) +
                "test \"t\" of p {\n  for each c in [] {\n    given order { id: 7 }\n    expect nothing\n  }\n}\n");
  CHECK(none.status != 0);
  CHECK(has(none.out + none.err, "no cases"));
}

TEST_CASE("B12: an event that ends as skipped goes on to no listener") {
  CHECK(
      passes("pipeline a on wb.fbs.new -> each s in order.skus { -> where s == \"none\" -> log.info \"x\" }\npipeline "
             "b on a -> log.warn \"heard\"\n",
             "a", "  given order { id: 7, skus: [\"46\"] }\n  expect skipped at \"none\"\n  expect log.warn 0 times"));
}
