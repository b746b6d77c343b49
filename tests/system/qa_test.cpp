// What a hostile tester tried: answers of the wrong shape, long backlogs, an outage at the end of the day.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>

#include "tests/support/program.hpp"

using namespace pipewright;
using test::has;
using test::Json;
using test::one_line;
using test::Shop;
using wb::sandbox::Scheme;

namespace {

std::vector<Json> lines_of(const std::string& text) {
  std::vector<Json> lines;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    if (end > from && text[from] == '{') lines.push_back(Json::parse(text.substr(from, end - from)));
    from = end + 1;
  }
  return lines;
}

}  // namespace

TEST_CASE("an answer without its list of orders is no empty list") {
  for (const char* body : {R"("x")", R"({"orders":"x"})", R"({"orders":{"id":1}})", "[1]", R"({"orders":[{"id":1})"}) {
    Shop shop(one_line);
    shop.wb.add_tasks(Scheme::fbs, 2);
    shop.wb.add_fault({{"match", "/orders/new"}, {"kind", "body"}, {"body", body}, {"times", 1}});
    const test::Finished finished = shop.run({"run", "--once"});
    INFO(body);
    INFO(finished.err);
    CHECK(has(finished.err, "cannot be read"));
    CHECK(finished.last_line() == "done: 2 events, 2 written, 0 unchanged, 0 skipped, 0 parked");
  }
}

TEST_CASE("an answer that says nothing in its own way is an empty list") {
  for (const char* body : {"{}", "[]", R"({"orders":null})", R"({"next":0,"orders":[]})", " { \"orders\" : [ ] } "}) {
    Shop shop(one_line);
    shop.wb.add_fault({{"match", "/orders/new"}, {"kind", "body"}, {"body", body}, {"times", 1}});
    const test::Finished finished = shop.run({"run", "--once"});
    INFO(body);
    CHECK(finished.status == 0);
    CHECK(finished.err.find("cannot be read") == std::string::npos);
  }
}

TEST_CASE("a status answer of the wrong shape skips nothing") {
  Shop shop(
      "table t { \"assembling\" -> 1, else skip }\n"
      "pipeline incoming on wb.fbs.new -> crm.order\n"
      "pipeline out on crm.order.status_changed -> wb.fbs.status set { id: order.external_id, status: "
      "t[order.status] } else skip\n");
  shop.wb.add_tasks(Scheme::fbs, 1);
  shop.once();
  const std::int64_t order = shop.crm.state()["orders"][0]["id"];
  shop.crm.set_status(order, "assembling");
  shop.wb.add_fault({{"match", "/orders/status"}, {"kind", "body"}, {"body", R"({"orders":{}})"}, {"times", 1}});
  CHECK(shop.once()["written"] == 1);
  CHECK(shop.wb.state()["orders"][0]["supplierStatus"] == "confirm");
}

TEST_CASE("a search whose answer holds no list makes no second client") {
  Shop shop("on wb.fbs.new -> crm.client upsert by first_name { first_name: \"Лавка\" } -> crm.order\n");
  shop.wb.add_tasks(Scheme::fbs, 1);
  shop.once();
  shop.wb.add_tasks(Scheme::fbs, 1);
  shop.crm.add_fault(
      {{"match", "/customers?"}, {"kind", "body"}, {"body", R"({"success":true,"customers":"x"})"}, {"times", 1}});
  CHECK(shop.once()["written"] == 1);
  CHECK(shop.client_count() == 1);
}

TEST_CASE("the dry run shows each order's own request to Wildberries") {
  Shop shop(
      "table t { \"assembling\" -> 1, \"cancel-other\" -> 3, else skip }\n"
      "pipeline incoming on wb.fbs.new -> crm.order\n"
      "pipeline out on crm.order.status_changed -> wb.fbs.status set { id: order.external_id, status: "
      "t[order.status] } else skip\n");
  shop.wb.add_tasks(Scheme::fbs, 2);
  shop.once();
  const Json state = shop.crm.state();
  shop.crm.set_status(state["orders"][0]["id"], "assembling");
  shop.crm.set_status(state["orders"][1]["id"], "cancel-other");
  const std::string cancelled = state["orders"][1]["externalId"];
  const test::Finished finished = shop.run({"dry-run", "--format", "json"});
  std::size_t seen = 0;
  for (const Json& event : lines_of(finished.out)) {
    const std::string url = event["writes"].empty() ? "" : event["writes"][0]["request"]["url"].get<std::string>();
    const bool cancel = has(url, "/orders/" + cancelled + "/cancel");
    CHECK(cancel == (event["event"] == cancelled));
    ++seen;
  }
  CHECK(seen == 2);
}

TEST_CASE("a backlog of new tasks is taken page by page, once each") {
  Shop shop("on wb.fbs.new since 2d -> log.info \"{order.id}\"\n");
  shop.wb.add_tasks(Scheme::fbs, 2300);
  auto books = shop.once();
  CHECK(books["events"] == 2300);
  // Confirmed elsewhere: only the full scan shows them.
  for (const std::int64_t task : shop.wb.add_tasks(Scheme::fbs, 1200)) shop.wb.set_status(task, "confirm", "waiting");
  books = shop.once();
  CHECK(books["events"] == 1200);
  CHECK(shop.once()["events"] == 0);
}

// That it is a minute is judged in virtual time (core_test).
TEST_CASE("a dead CRM ends --once by itself, with the reason") {
  Shop shop(one_line);
  shop.wb.add_tasks(Scheme::fbs, 1);
  shop.crm.add_fault({{"match", "/api/"}, {"kind", "html"}, {"times", 0}});
  const test::Finished finished = shop.run({"run", "--once"});
  CHECK(finished.status == 1);
  CHECK(has(finished.err, "its events wait and are retried"));
  CHECK(has(finished.err, "not finished: connection crm: answers 502"));
  shop.crm.clear_faults();
  CHECK(shop.once()["written"] == 1);
}

TEST_CASE("a parked line is told with the id under which it is found") {
  Shop shop("on file.lines \"in.ndjson\" -> file.append \"out.ndjson\" { id: int(line.id) }\n");
  shop.write("in.ndjson", "{\"id\":1}\n{}\n{\"id\":3}\nno\n");
  const test::Finished finished = shop.run({"run", "--once"});
  const std::vector<Json> listed = shop.events(false);
  REQUIRE(listed.size() == 2);
  std::vector<Json> told;
  for (const Json& line : lines_of(finished.err)) {
    if (line.contains("outcome") && line["outcome"] == "parked") told.push_back(line);
  }
  REQUIRE(told.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(told[i]["event"] == listed[i]["id"]);
    CHECK(told[i]["key"] == listed[i]["key"]);
  }
}

TEST_CASE("a state that is no SQLite file, and a journal that is not there yet") {
  Shop shop(one_line);
  const test::Finished wrong = shop.run({"run", "--once", "--state", "postgres://x"});
  CHECK(wrong.status == 2);
  CHECK(has(wrong.err, "no place for the state"));
  const test::Finished early = shop.run({"events"});
  CHECK(early.status == 2);
  CHECK(has(early.err, "no state database"));
}

TEST_CASE("an order that a batch's answer does not name is asked again") {
  Shop shop(
      "table t { \"client-confirmed\" -> 1, else skip }\n"
      "pipeline incoming on wb.dbs.new -> crm.order\n"
      "pipeline out on crm.order.status_changed -> wb.dbs.status set { id: order.external_id, status: "
      "t[order.status] } else skip\n");
  const auto tasks = shop.wb.add_tasks(Scheme::dbs, 2);
  shop.once();
  const Json orders = shop.crm.state()["orders"];
  for (const Json& order : orders) shop.crm.set_status(order["id"], "client-confirmed");
  shop.wb.add_fault({{"match", "/status/confirm"}, {"kind", "body"}, {"body", R"({"results":[]})"}, {"times", 1}});
  CHECK(shop.once()["written"] == 2);
  const Json state = shop.wb.state();
  for (const Json& task : state["orders"]) CHECK(task["supplierStatus"] == "confirm");
}

TEST_CASE("a history answer without its list is no empty history") {
  Shop shop("on crm.order.new -> log.info \"{order.id}\"\n");
  shop.once();
  shop.crm.operate("POST", "/_sandbox/orders", {{"fields", {{"firstName", "A"}}}});
  shop.crm.add_fault({{"match", "/orders/history"},
                      {"kind", "body"},
                      {"body", R"({"success":true,"history":"x","pagination":{"totalCount":1}})"},
                      {"times", 1}});
  const test::Finished finished = shop.run({"run", "--once"});
  CHECK(has(finished.err, "in place of the list `history`"));
  CHECK(finished.last_line() == "done: 1 events, 0 written, 1 unchanged, 0 skipped, 0 parked");
}
