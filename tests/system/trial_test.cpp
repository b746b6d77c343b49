// `pipewright test` as its user runs it: what passes, what a failure says, the forms for machines, coverage.
#include <doctest/doctest.h>

#include <filesystem>

#include "tests/support/trial.hpp"

using namespace pipewright;
using test::Finished;
using test::Json;
using test::outcome;
using test::passes;
using test::Shop;
using test::tried;

namespace {

constexpr const char* cancelled = R"(pipeline fbs_cancelled
  on wb.fbs.changed
  -> where order.user_status == 1
  -> crm.client find by external_id { external_id: order.user.id ?? "wildberries" } else skip
  -> crm.order update by external_id {
       external_id: order.id
       client:      client.id
       status:      "cancel-other"
     }

)";

constexpr const char* incoming = R"(pipeline fbs_orders
  on wb.fbs.new every 30s
  -> crm.client upsert by external_id {
       external_id: order.user.id ?? "wildberries"
       first_name:  order.user.name ?? "Покупатель Wildberries"
     }
  -> crm.order upsert by external_id {
       external_id: order.id
       number:      "WB-{order.id}"
       client:      client.id
     } initially { status: "new" }

)";

}  // namespace

TEST_CASE("the tests of the language's page pass, without a network and without a secret") {
  Shop shop;
  shop.environment.clear();
  const Finished finished = tried(shop, std::string(cancelled) + incoming + R"(
test "a cancellation by the buyer becomes cancel-other" of fbs_cancelled {
  given order { id: 13833711, user_status: 1, user: { id: "777" } }
  given crm.client { id: 42, external_id: "777" }
  given crm.order { external_id: "13833711", status: "new" }
  expect crm.order update { external_id: "13833711", client: 42, status: "cancel-other" }
}

test "a delivered order changes nothing" of fbs_cancelled {
  given order { id: 13833711, user_status: 2 }
  expect nothing
}

test "a lost answer does not double the order" of fbs_orders {
  given now 2026-11-23T10:00:00+03:00
  given order { id: 13833711 }
  given crm.order loses its answer          # also: answers 503 twice · refuses "Order already exists."
  expect crm.order create once { external_id: "13833711" }
}
)");
  CHECK(finished.status == 0);
  CHECK(finished.out ==
        "shop.pipe\n"
        "  ok    a cancellation by the buyer becomes cancel-other\n"
        "  ok    a delivered order changes nothing\n"
        "  ok    a lost answer does not double the order\n"
        "3 passed, 0 failed\n");
  CHECK(shop.wb.log().empty());
  CHECK(shop.crm.log().empty());
}

TEST_CASE("the example pipelines have tests that reach every row and branch") {
  Shop shop;
  const Finished finished = shop.run({"test", PIPEWRIGHT_SOURCE_DIR "/pipelines", "--coverage", "--format", "json"});
  INFO(finished.out);
  REQUIRE(finished.status == 0);
  const Json out = Json::parse(finished.out);
  CHECK(out["failed"] == 0);
  CHECK(out["passed"] > 30);
  CHECK(out["coverage"]["unreached"].empty());
}

TEST_CASE("a failed expectation shows the difference field by field, and where it stands") {
  Shop shop;
  const Finished finished = tried(shop, std::string(cancelled) + R"(test "cancelled" of fbs_cancelled {
  given order { id: 13833711, user_status: 1 }
  given crm.client { id: 42, external_id: "wildberries" }
  given crm.order { external_id: "13833711", status: "new" }
  expect crm.order update { external_id: "13833711", client: 43, status: "cancel" }
}
)");
  CHECK(finished.status == 1);
  CHECK(finished.out ==
        "shop.pipe\n"
        "  FAIL  cancelled                                                                                           "
        "shop.pipe:11\n"
        "        `crm.order update` was made with other values\n"
        "           --> shop.pipe:15:3\n"
        "            |\n"
        "         15 |   expect crm.order update { external_id: \"13833711\", client: 43, status: \"cancel\" }\n"
        "            |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "        client: expected 43, got 42\n"
        "        status: expected \"cancel\", got \"cancel-other\"\n"
        "0 passed, 1 failed\n");
}

TEST_CASE("what happened instead is told") {
  const Json out = outcome(cancelled, "fbs_cancelled",
                           "  given order { id: 1, user_status: 2 }\n  expect crm.order update { status: \"x\" }");
  CHECK(out["failed"] == 1);
  const Json& failure = out["tests"][0]["failures"][0];
  CHECK(failure["file"] == "shop.pipe");
  CHECK(failure["line"] == 14);
  CHECK(failure["message"] == "no `crm.order update` was made");
  CHECK(failure["expected"] == R"({"status":"x"})");
  CHECK(failure["got"] == "1 skipped: user_status is 2, not 1 (shop.pipe:3)");
  CHECK(out["tests"][0]["name"] == "t");
  CHECK(out["tests"][0]["pipeline"] == "fbs_cancelled");
  CHECK(out["tests"][0]["file"] == "shop.pipe");
  CHECK(out["tests"][0]["line"] == 12);
  CHECK(out["tests"][0]["status"] == "fail");
}

TEST_CASE("each expectation holds what it says and nothing else") {
  struct Try {
    const char* items;
    bool passes;
  };
  const std::string order = "  given order { id: 7 }\n";
  for (const Try& each : std::initializer_list<Try>{
           {"expect crm.order create", true},
           {"expect crm.order create once", true},
           {"expect crm.order create twice", false},
           {"expect crm.order create 0 times", false},
           {"expect crm.order update 0 times", true},
           {"expect crm.order update", false},
           {"expect crm.order", true},
           {"expect crm.order none", false},
           {"expect crm.order create { number: \"WB-7\" }", true},
           {"expect crm.order create { number: \"WB-8\" }", false},
           {"expect crm.order create { status: \"new\", items: [{ quantity: 1 }] }", true},
           {"expect crm.order create { items: [] }", false},
           {"expect crm.order create { manager_comment: null }", true},
           {"expect crm.order create { number: null }", false},
           {"expect nothing", false},
           {"expect nothing else", false},
           {"expect crm.order create  expect nothing else", false},
           {"expect crm.order create\n  expect crm.client create\n  expect nothing else", true},
           {"expect skipped", false},
           {"expect parked", false},
       }) {
    INFO(each.items);
    std::string items = each.items;
    if (items.find("  expect") != std::string::npos && items.find('\n') == std::string::npos) continue;
    CHECK(passes(incoming, "fbs_orders", order + "  " + items) == each.passes);
  }
}

TEST_CASE("skips and parks are found by their place and their words") {
  const std::string other = "  given order { id: 7, user_status: 2 }\n";
  const std::string mine =
      "  given order { id: 7, user_status: 1 }\n  given crm.client { external_id: \"wildberries\" }\n";
  CHECK(passes(cancelled, "fbs_cancelled", other + "  expect skipped at \"user_status == 1\""));
  CHECK(passes(cancelled, "fbs_cancelled", other + "  expect skipped at \"shop.pipe:3\""));
  CHECK_FALSE(passes(cancelled, "fbs_cancelled", other + "  expect skipped at \"shop.pipe:4\""));
  CHECK_FALSE(passes(cancelled, "fbs_cancelled", other + "  expect skipped at \"crm.client\""));
  CHECK(passes(cancelled, "fbs_cancelled", mine + "  expect parked with \"no crm.order found\""));
  CHECK_FALSE(passes(cancelled, "fbs_cancelled", mine + "  expect parked with \"no crm.client\""));
}

TEST_CASE("faults strike the node that the test names, and waits pass at once") {
  const std::string order = "  given order { id: 7 }\n";
  CHECK(passes(
      incoming, "fbs_orders",
      order + "  given crm.order answers 503 twice\n  expect crm.order create once\n  expect crm.client create once"));
  CHECK(passes(incoming, "fbs_orders",
               order + "  given crm.client answers 503 20 times\n  expect crm.order create once"));
  CHECK(passes(
      incoming, "fbs_orders",
      order + "  given crm.client loses its answer\n  expect crm.client create once\n  expect crm.order create once"));
  CHECK(passes(incoming, "fbs_orders",
               order +
                   "  given crm.order refuses \"Order is not loaded\"\n  expect parked with \"Order is not loaded\"\n"
                   "  expect crm.order create 0 times"));
  // What fails for longer than a day is parked.
  CHECK(passes(incoming, "fbs_orders",
               order + "  given crm.order answers 503 100000 times\n  expect parked with \"503\""));
  CHECK(passes(incoming, "fbs_orders", order + "  given crm.client answers 400\n  expect parked"));
}

TEST_CASE("a case of `for each` is a test of its own") {
  Shop shop;
  const Finished finished = tried(shop, R"(table t { "assembling" -> 1, "no-product" -> 3, else skip }
pipeline back on crm.order.status_changed -> wb.fbs.status set { id: order.external_id, status: t[order.status] }
test "moves" of back {
  for each case in [ { crm: "assembling", wb: 1 }, { crm: "no-product", wb: 2 }, { crm: "complete", wb: null } ] {
    given order { external_id: "13833711", status: case.crm }
    expect wb.fbs.status set { id: 13833711, status: case.wb }
  }
}
)",
                                  {"--format", "json"});
  CHECK(finished.status == 1);
  const Json out = Json::parse(finished.out);
  REQUIRE(out["tests"].size() == 3);
  CHECK(out["tests"][0]["name"] == R"(moves [1: crm: "assembling", wb: 1])");
  CHECK(out["tests"][0]["status"] == "pass");
  CHECK(out["tests"][1]["status"] == "fail");
  CHECK(out["tests"][1]["failures"][0]["message"] == "`wb.fbs.status set` was made with other values");
  CHECK(out["tests"][1]["failures"][0]["expected"] == R"({"status":2})");
  CHECK(out["tests"][1]["failures"][0]["got"] == R"({"status":3})");
  CHECK(out["tests"][2]["failures"][0]["got"] ==
        "1187 skipped: `order.status` is \"complete\", which table `t` skips (shop.pipe:2)");
}

TEST_CASE("what is left out of a given record is null, or the declared example") {
  const std::string pipeline =
      "pipeline p on wb.fbs.new -> log.info \"{order.comment ?? \"none\"} {order.price} {order.warehouse_id} "
      "{order.wb_status} {order.user_status}\"\n";
  CHECK(
      passes(pipeline, "p", "  given order { id: 7 }\n  expect log.info { text: \"none 1039.00 658434 waiting 4\" }"));
  CHECK(passes(pipeline, "p",
               "  given order { price: 2490.5, comment: \"да\", wb_status: \"sold\" }\n"
               "  expect log.info { text: \"да 2490.50 658434 sold 2\" }\n  expect nothing"));
}

TEST_CASE("several events of one key follow one another, and `before` is the one before") {
  const std::string pipeline =
      "pipeline p on wb.fbs.changed -> where order.wb_status == \"sold\" and before.wb_status not in [\"sold\"] "
      "-> file.append \"sold.ndjson\" { id: text(order.id), was: before.wb_status ?? \"waiting\" }\n";
  CHECK(passes(pipeline, "p",
               "  given order { id: 7, wb_status: \"sorted\" }\n  given order { id: 7, wb_status: \"sold\" }\n"
               "  given order { id: 7, wb_status: \"sold\" }\n"
               "  expect file.append append once { id: \"7\", was: \"sorted\" }\n  expect nothing else"));
}

TEST_CASE("listeners of the tested pipeline are part of it, and a tested listener gets its event directly") {
  const std::string pipelines =
      "pipeline accepted on wb.fbs.new, wb.dbs.new -> where order.warehouse_id in [658434]\n"
      "pipeline to_crm on accepted -> crm.order\n";
  CHECK(passes(pipelines, "accepted",
               "  given order { id: 7, warehouse_id: 658434 }\n  expect crm.order create once { external_id: \"7\" }"));
  CHECK(passes(pipelines, "accepted", "  given order { id: 7, warehouse_id: 1 }\n  expect nothing"));
  CHECK(passes(pipelines, "to_crm", "  given order { id: 7, warehouse_id: 1 }\n  expect crm.order create once"));
}

TEST_CASE("files and other systems are not touched") {
  Shop shop;
  shop.write("in.ndjson", "{\"id\":1,\"price\":1}\n");
  const Finished finished = tried(shop, R"(pipeline lines on file.lines "in.ndjson"
  -> where int(line.price) > 5
  -> file.append "out.ndjson" { id: text(line.id) }
pipeline hook on wb.fbs.new
  -> http.request "https://example.com/x" { method: "POST", json: { id: order.id } } at_most_once
  -> when request.status == 201 { -> log.info "fine {order.id}" } else { -> log.warn "it said {request.status}" }
test "lines" of lines {
  given line { id: 1, price: 10 }
  given line { id: 2, price: 1 }
  expect file.append append once { id: "1" }
  expect nothing else
}
test "a hook" of hook {
  given order { id: 5 }
  given http.request { status: 201, body: { ok: true } }
  expect http.request send once { json: { id: 5 } }
  expect log.info { text: "fine 5" }
}
test "without a given answer it is a plain 200" of hook {
  given order { id: 5 }
  expect log.warn { text: "it said 200" }
}
)");
  INFO(finished.out);
  CHECK(finished.status == 0);
  CHECK_FALSE(std::filesystem::exists(shop.path("out.ndjson")));
  CHECK_FALSE(std::filesystem::exists(shop.path("pipewright.db")));
}

TEST_CASE("what exists beforehand is what the test gives") {
  const std::string moving =
      "pipeline p on crm.order.status_changed -> wb.fbs.status set { id: order.external_id, status: 1 } else skip\n";
  const std::string order = "  given order { external_id: \"7\", status: \"assembling\" }\n";
  CHECK(passes(moving, "p", order + "  expect wb.fbs.status set once { id: 7 }"));
  CHECK(passes(moving, "p", order + "  given wb.fbs.status { id: 7, status: \"confirm\" }\n  expect nothing"));
  CHECK(passes(moving, "p", order + "  given wb.fbs.status { id: 8, status: 0 }\n  expect skipped\n  expect nothing"));
  const Json out = outcome(moving, "p", order + "  given log.info { text: \"x\" }\n  expect nothing");
  CHECK(out["tests"][0]["failures"][0]["message"] == "`log.info` keeps nothing that could be there beforehand");
}

TEST_CASE("the moment of a test is its own") {
  const std::string pipeline = "pipeline p on wb.fbs.new -> log.info \"{format(now(), \"%Y-%m-%d %H:%M\")}\"\n";
  CHECK(passes(pipeline, "p",
               "  given now 2031-05-06T07:08:00+03:00\n  given order { id: 7 }\n  expect log.info { text: \"2031-05-06 "
               "07:08\" }"));
}

TEST_CASE("coverage names what no test reached") {
  Shop shop;
  const Finished finished = tried(shop, std::string(cancelled) + R"(table t {
  "sold"    -> "complete"
  "sorted"  -> "assembling"
  else fail
}
pipeline q on wb.fbs.changed
  -> when order.price > 100 {
       -> crm.order update by external_id { external_id: order.id, status: t[order.wb_status] } else skip
     } else {
       -> log.info "{if order.price > 50 then "middling" else "cheap"}"
     }
test "a" of fbs_cancelled { given order { user_status: 2 }
  expect nothing }
test "b" of q { given order { id: 1, price: 10, wb_status: "sold" }
  expect nothing }
)",
                                  {"--coverage", "--format", "json"});
  REQUIRE(finished.status == 0);
  const Json coverage = Json::parse(finished.out)["coverage"];
  std::vector<std::string> unreached;
  for (const Json& each : coverage["unreached"])
    unreached.push_back(std::to_string(each["line"].get<int>()) + " " + each["what"].get<std::string>());
  CHECK(unreached == std::vector<std::string>{
                         "3 no test passes here",
                         "4 no test finds what this action wants",
                         "4 no test reaches the `else` of this action",
                         "4 no test needs the right side of this `??`",
                         "5 no test runs this step",
                         "11 no test reaches the `else` of this table",
                         "12 no test reaches this row",
                         "13 no test reaches this row",
                         "17 no test takes this branch",
                         "18 no test finds what this action wants",
                         "18 no test reaches the `else` of this action",
                         "20 no test takes `then`",
                     });
  CHECK(coverage["reached"] == 4);
  CHECK(coverage["total"] == 16);
}

TEST_CASE("the JUnit form names file and line") {
  Shop shop;
  const Finished finished = tried(shop, std::string(cancelled) + R"(test "a <b> & c" of fbs_cancelled {
  given order { user_status: 2 }
  expect nothing
}
test "d" of fbs_cancelled {
  given order { user_status: 2 }
  expect parked
}
)",
                                  {"--format", "junit"});
  CHECK(finished.status == 1);
  CHECK(finished.out.find("<testsuites name=\"pipewright\" tests=\"2\" failures=\"1\"") != std::string::npos);
  CHECK(finished.out.find(
            "<testcase name=\"a &lt;b&gt; &amp; c\" classname=\"fbs_cancelled\" file=\"shop.pipe\" line=\"11\"") !=
        std::string::npos);
  CHECK(finished.out.find("<failure message=\"no event was parked\"") != std::string::npos);
}

TEST_CASE("a filter chooses by name; nothing chosen, no test and a broken file are told of") {
  Shop shop;
  const std::string two = std::string(cancelled) +
                          "test \"first\" of fbs_cancelled { expect nothing }\n"
                          "test \"second\" of fbs_cancelled { expect parked }\n";
  CHECK(tried(shop, two, {"--filter", "first"}).status == 0);
  CHECK(tried(shop, two, {"--filter", "second"}).status == 1);
  const Finished none = tried(shop, two, {"--filter", "frist"});
  CHECK(none.status == 2);
  CHECK(none.err.find("did you mean `first`?") != std::string::npos);
  const Finished empty = tried(shop, cancelled);
  CHECK(empty.status == 0);
  CHECK(empty.out == "0 passed, 0 failed\n");
  CHECK(empty.err.find("there is no test in shop.pipe") != std::string::npos);
  CHECK(tried(shop, "test \"x\" of nobody { expect nothing }\n").status == 1);
}
