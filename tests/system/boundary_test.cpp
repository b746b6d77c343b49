// A test shows what happens: it judges what crossed the boundary, and what it gives is what comes.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/trial.hpp"

using namespace pipewright;
using test::has;
using test::passes;
using test::Shop;

namespace {

const std::string given = "  given order { id: 7 }\n";

std::string sold(const std::string& promise) {
  return "pipeline p\n  on wb.fbs.new\n  -> http.request \"https://x.example/sold\" { method: \"POST\", json: { id: "
         "order.id } } " +
         promise + "\n";
}

}  // namespace

TEST_CASE("A6: a test counts the requests that the target took, not what the connector says of them") {
  const std::string lost = given + "  given http.request loses its answer\n";
  CHECK(passes(sold("at_least_once"), "p", lost + "  expect http.request send twice"));
  CHECK_FALSE(passes(sold("at_least_once"), "p", lost + "  expect http.request send once\n  expect nothing else"));
  const std::string parked = "\n  expect parked with \"may have been sent\"";
  CHECK(passes(sold("at_most_once"), "p", lost + "  expect http.request send once { json: { id: 7 } }" + parked));
  CHECK_FALSE(passes(sold("at_most_once"), "p", lost + "  expect nothing" + parked));
  // An answer of 500 does not say that nothing was done; one of 404 does.
  const auto answered = [](int status) {
    return given + "  given http.request { status: " + std::to_string(status) + " }\n";
  };
  CHECK(passes(sold("at_most_once"), "p", answered(500) + "  expect http.request send once" + parked));
  CHECK(passes(sold("at_most_once"), "p", answered(404) + "  expect nothing\n  expect parked with \"404\""));
  CHECK(passes(sold("at_least_once"), "p",
               given + "  given http.request answers 503 twice\n  expect http.request send once"));
}

TEST_CASE("A6: an order whose answer was lost is made once, and is found by asking") {
  const std::string order =
      "pipeline p\n  on wb.fbs.new\n  -> crm.order upsert by external_id { external_id: order.id }\n";
  CHECK(passes(order, "p",
               given + "  given crm.order loses its answer\n  expect crm.order create once\n  expect nothing else"));
  // What the target refuses happened to nobody: its answer cannot be lost.
  CHECK_FALSE(passes(order, "p",
                     given + "  given crm.order refuses \"no\"\n  given crm.order loses its answer\n  expect parked"));
  CHECK(passes("pipeline p\n  on wb.fbs.changed\n  -> wb.fbs.status set { id: order.id, status: 1 }\n", "p",
               given + "  given wb.fbs.status loses its answer\n  expect wb.fbs.status set once"));
}

TEST_CASE("B11: coverage counts steps, keys of a row, empty lists and fallbacks") {
  Shop shop;
  const std::string program = R"(table t { "new", "confirm" -> 1, else 2 }
pipeline p
  on wb.fbs.new
  -> crm.client find by external_id { external_id: "x" } as found else skip
  -> each sku in [s for s in order.skus where length(s) > 3] {
       -> log.info "{sku} {order.comment ?? "-"}"
     }
  -> when order.price > 5 { -> log.info "{t[order.supplier_status]}" }
  -> crm.order upsert by external_id { external_id: order.id }
)";
  const auto missing = [&](const std::string& items) {
    const auto finished =
        test::tried(shop, program + "test \"t\" of p {\n" + items + "\n}\n", {"--coverage", "--format", "json"});
    REQUIRE(finished.status == 0);
    std::vector<std::string> lines;
    const test::Json out = test::Json::parse(finished.out);
    for (const test::Json& each : out["coverage"]["unreached"])
      lines.push_back(std::to_string(each["line"].get<int>()) + " " + each["what"].get<std::string>());
    return lines;
  };
  const std::vector<std::string> nothing = missing("  given order { id: 7 }\n  expect skipped");
  for (const char* line :
       {"1 no test looks up \"new\"", "1 no test looks up \"confirm\"", "4 no test finds what this action wants",
        "5 no test has an element for this `each`", "5 no test has an empty list for this `each`",
        "5 no test has an element that passes here", "6 no test runs this step", "9 no test runs this step"}) {
    CAPTURE(line);
    CHECK(std::find(nothing.begin(), nothing.end(), line) != nothing.end());
  }
  const std::vector<std::string> through = missing(
      "  given order { id: 7, price: 6, skus: [\"46\", \"4607\"], comment: \"c\" }\n  given crm.client { external_id: "
      "\"x\" }\n  expect crm.order create");
  CHECK(through == std::vector<std::string>{
                       "1 no test reaches the `else` of this table", "1 no test looks up \"confirm\"",
                       "4 no test reaches the `else` of this action", "5 no test has an empty list for this `each`",
                       "6 no test needs the right side of this `??`",
                       "8 no test goes past this `when` without taking a branch"});
}

TEST_CASE("A7: `raw` in a test is what comes: the API's names, kopecks and clocks") {
  const auto logs = [](const std::string& source, const std::string& given_fields, const std::string& expression,
                       const std::string& text) {
    CAPTURE(expression);
    return passes("pipeline p\n  on " + source + "\n  -> log.info \"{" + expression + "}\"\n", "p",
                  "  given order { " + given_fields + " }\n  expect log.info { text: \"" + text + "\" }");
  };
  const std::string fbs = "price: 10, order_uid: \"u1\", created_at: 2026-11-23T10:00:00+03:00";
  CHECK(logs("wb.fbs.new", fbs, "int(order.raw.price)", "1000"));
  CHECK(logs("wb.fbs.new", fbs, "text(order.raw.orderUid)", "u1"));
  CHECK(logs("wb.fbs.new", fbs, "text(order.raw.createdAt)", "2026-11-23T07:00:00Z"));
  CHECK(logs("wb.fbs.new", fbs, "if order.raw.order_uid == null then \"no\" else \"yes\"", "no"));
  CHECK(logs("wb.fbs.new", fbs, "if order.raw.user_status == null then \"no\" else \"yes\"", "no"));
  CHECK(logs("wb.fbs.new", "raw: { price: 5 }", "int(order.raw.price)", "5"));
  CHECK(logs("wb.fbo.new", "srid: \"s\", last_change_date: 2026-11-23T10:00:00+03:00", "text(order.raw.lastChangeDate)",
             "2026-11-23T10:00:00"));
  CHECK(logs("crm.order.status_changed", "id: 3, client: 5, items: [{ price: 2.50, quantity: 1 }]",
             "decimal(order.raw.items[0].initialPrice)", "2.5"));
  CHECK(logs("crm.order.status_changed", "id: 3, client: 5", "int(order.raw.customer.id)", "5"));
}
