// DBS, DBW and pickup: what they have in common is tried on each of them.
#include <doctest/doctest.h>

#include <sstream>

#include "tests/support/program.hpp"

using namespace pipewright;
using test::has;
using test::Json;
using test::Shop;
using wb::sandbox::Scheme;

namespace {

/// One scheme and the row of statuses that the seller moves its tasks along.
struct Case {
  Scheme scheme;
  std::string name;
  std::vector<std::string> line;  ///< behind `new`
  std::string beyond;             ///< a status that the seller cannot set out of `new`, or not at all
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {{Scheme::dbs, "dbs", {"confirm", "deliver", "receive"}, "prepare"},
                                        {Scheme::dbw, "dbw", {"confirm", "complete"}, "receive"},
                                        {Scheme::pickup, "pickup", {"confirm", "prepare", "receive"}, "deliver"}};
  return all;
}

std::string replaced(std::string text, const std::string& name) {
  for (std::size_t at = text.find("SCHEME"); at != std::string::npos; at = text.find("SCHEME"))
    text.replace(at, 6, name);
  return text;
}

// Orders to the CRM, buyers when they are known, and whatever the CRM's order says in its comment back to Wildberries.
constexpr const char* both_ways = R"(
pipeline incoming on wb.SCHEME.new -> crm.order initially { status: "new" }
pipeline buyers
  on wb.SCHEME.changed
  -> where order.user != null
  -> crm.client upsert by external_id { external_id: "SCHEME-{order.id}", first_name, last_name, phones }
  -> crm.order update by external_id { external_id: order.id, client: client.id, first_name, phone }
pipeline outgoing
  on crm.order.changed of [manager_comment]
  -> where order.manager_comment != null
  -> wb.SCHEME.status set { id: order.external_id, status: order.manager_comment } else skip
)";

void wish(Shop& shop, std::int64_t task, const std::string& status) {
  shop.crm.edit_order(shop.order_id(task), {{"managerComment", status}});
}

std::size_t calls_of(Shop& shop, const std::string& part) {
  std::size_t count = 0;
  const Json log = shop.wb.log();
  for (const Json& request : log) count += has(request["path"], part) ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("a task of each scheme becomes an order, its buyer a client, and the CRM moves it along the whole row") {
  for (const Case& each : cases()) {
    CAPTURE(each.name);
    Shop shop(replaced(both_ways, each.name).c_str());
    shop.once();
    const auto tasks = shop.wb.add_tasks(each.scheme, 3, {{"price", 249050}});
    CHECK(shop.once().at("written") == 3);
    const Json order = shop.orders().at(std::to_string(tasks[0])).front();
    CHECK(order["summ"].get<double>() == doctest::Approx(2490.5));
    CHECK(order["items"].size() == 1);
    CHECK_FALSE(order["delivery"]["address"].value("text", "").empty());
    for (const auto task : tasks) wish(shop, task, each.line.front());
    CHECK(shop.once().at("parked") == 0);
    for (const auto task : tasks) CHECK(shop.supplier_status(task) == each.line.front());
    // The buyer is known from now on, once.
    shop.once();
    const Json known = shop.orders().at(std::to_string(tasks[0])).front();
    CHECK(known["firstName"] == "Иван");
    CHECK_FALSE(known.value("phone", "").empty());
    CHECK(shop.client_count() == 4);  // the technical one and a buyer for each
    wish(shop, tasks[0], each.line.back());
    CHECK(shop.once().at("parked") == 0);
    CHECK(shop.supplier_status(tasks[0]) == each.line.back());
    CHECK(shop.supplier_status(tasks[1]) == each.line.front());
    shop.once();
    CHECK(shop.once().at("written") == 0);
    CHECK(shop.order_count() == 3);
  }
}

TEST_CASE("a task of each scheme walks through what lies between, and v2's numbers mean today's words") {
  for (const Case& each : cases()) {
    CAPTURE(each.name);
    Shop shop(replaced(both_ways, each.name).c_str());
    shop.once();
    const auto tasks = shop.wb.add_tasks(each.scheme, 4);
    shop.once();
    wish(shop, tasks[0], each.line.back());
    wish(shop, tasks[1], "1");
    wish(shop, tasks[2], "2");
    wish(shop, tasks[3], "3");
    CHECK(shop.once().at("parked") == 0);
    CHECK(shop.supplier_status(tasks[0]) == each.line.back());
    CHECK(shop.supplier_status(tasks[1]) == each.line[0]);
    CHECK(shop.supplier_status(tasks[2]) == each.line[1]);
    CHECK(shop.supplier_status(tasks[3]) == "cancel");
  }
}

TEST_CASE("what the seller cannot do with a task parks with the reason, without a call that is sure to fail") {
  for (const Case& each : cases()) {
    CAPTURE(each.name);
    Shop shop(replaced(both_ways, each.name).c_str());
    shop.once();
    const auto tasks = shop.wb.add_tasks(each.scheme, 3);
    shop.once();
    shop.wb.set_status(tasks[0], "cancel", "canceled");
    shop.wb.set_status(tasks[1], each.line[1], each.name == "pickup" ? "ready_for_pickup" : "waiting");
    wish(shop, tasks[0], "confirm");
    wish(shop, tasks[1], "confirm");
    wish(shop, tasks[2], each.beyond);
    const auto done = shop.once();
    CHECK(done.at("parked") == 2);
    std::string reasons;
    for (const Json& event : shop.events(false)) reasons += event["reason"].get<std::string>() + "\n";
    CHECK_MESSAGE(has(reasons, "is cancel (canceled) and cannot become confirm"), reasons);
    CHECK_MESSAGE(has(reasons, "the status `" + each.beyond + "` cannot be set"), reasons);
    CHECK(shop.supplier_status(tasks[1]) == each.line[1]);  // past it already
    CHECK(calls_of(shop, "/confirm") == 0);
  }
}

TEST_CASE("a lost answer of a move is asked for, and the move is not made twice") {
  for (const Case& each : cases()) {
    CAPTURE(each.name);
    Shop shop(replaced(both_ways, each.name).c_str());
    shop.once();
    const auto tasks = shop.wb.add_tasks(each.scheme, 1);
    shop.once();
    wish(shop, tasks[0], "confirm");
    shop.wb.add_fault({{"match", "/confirm"}, {"times", 1}, {"after_commit", true}, {"kind", "drop"}});
    const auto done = shop.once();
    CHECK(done.at("parked") == 0);
    CHECK(shop.supplier_status(tasks[0]) == "confirm");
    CHECK(calls_of(shop, "/confirm") == 1);
  }
}

TEST_CASE(
    "a DBW task that the courier has: Wildberries is asked whether it may be cancelled, and its words are reported") {
  Shop shop(replaced(both_ways, "dbw").c_str());
  shop.once();
  const auto tasks = shop.wb.add_tasks(Scheme::dbw, 2);
  shop.once();
  for (const auto task : tasks) shop.wb.set_status(task, "complete", "waiting");
  for (const auto task : tasks) wish(shop, task, "cancel");
  CHECK(shop.once().at("parked") == 2);
  const std::string reason = shop.events(false).at(0)["reason"];
  CHECK_MESSAGE(has(reason, "StatusMismatch"), reason);
  CHECK_MESSAGE(has(reason, "is complete and cannot become cancel"), reason);
}

TEST_CASE("a dry run says what would be moved, and moves nothing") {
  for (const Case& each : cases()) {
    CAPTURE(each.name);
    Shop shop(replaced(both_ways, each.name).c_str());
    shop.once();
    const auto tasks = shop.wb.add_tasks(each.scheme, 2);
    shop.once();
    for (const auto task : tasks) wish(shop, task, each.line[1]);
    const test::Finished finished = shop.run({"dry-run", "--format", "json"});
    INFO(finished.err);
    std::size_t moves = 0;
    std::istringstream lines(finished.out);
    for (std::string line; std::getline(lines, line);) {
      const Json event = Json::parse(line);
      for (const Json& write : event["writes"]) {
        if (write["node"] != "wb." + each.name + ".status") continue;
        ++moves;
        CHECK(write["record"]["status"] == each.line[1]);
        const std::string url = write["request"]["url"];
        CHECK_MESSAGE(has(url, "/orders/"), url);
      }
    }
    CHECK(moves == 2);
    for (const auto task : tasks) CHECK(shop.supplier_status(task) == "new");
    CHECK(shop.once().at("parked") == 0);
    for (const auto task : tasks) CHECK(shop.supplier_status(task) == each.line[1]);
  }
}

TEST_CASE("somebody was quicker: a move that is refused is judged by where the task stands") {
  for (const Case& each : cases()) {
    CAPTURE(each.name);
    Shop shop(replaced(both_ways, each.name).c_str());
    shop.once();
    const auto tasks = shop.wb.add_tasks(each.scheme, 2);
    shop.once();
    for (const auto task : tasks) wish(shop, task, "confirm");
    shop.wb.add_fault(
        {{"match", "/confirm"},
         {"kind", "race"},
         {"moves", Json::array({{{"id", tasks[0]}, {"supplierStatus", "confirm"}},
                                {{"id", tasks[1]}, {"supplierStatus", "cancel"}, {"wbStatus", "canceled"}}})}});
    shop.once();
    std::string outcomes;
    for (const Json& event : shop.events()) {
      if (event["pipeline"] == "outgoing") outcomes += event["outcome"].get<std::string>() + " ";
    }
    CHECK((outcomes == "unchanged parked " || outcomes == "parked unchanged "));
    const auto parked = shop.events(false);
    REQUIRE(parked.size() == 1);
    const std::string reason = parked[0]["reason"];
    CHECK_MESSAGE(has(reason, "StatusMismatch"), reason);
    CHECK_MESSAGE(has(reason, "is cancel and cannot become confirm"), reason);
  }
}

TEST_CASE("a change of each scheme is reported once, with v2's number, and being new is none") {
  for (const Case& each : cases()) {
    CAPTURE(each.name);
    Shop shop(
        replaced("on wb.SCHEME.changed -> log.info \"{order.id} {order.supplier_status} {order.status}\"\n", each.name)
            .c_str());
    shop.once();
    const auto tasks = shop.wb.add_tasks(each.scheme, 2);
    CHECK(shop.once().at("events") == 0);  // new is where a task begins, and no change
    shop.wb.set_status(tasks[0], each.line[0], "waiting");
    shop.wb.set_status(tasks[1], "cancel", "declined_by_client");
    const test::Finished finished = shop.run({"run", "--once"});
    CHECK(has(finished.err, std::to_string(tasks[0]) + " confirm " + (each.name == "pickup" ? "8" : "1")));
    CHECK(has(finished.err, std::to_string(tasks[1]) + " cancel 3"));
    CHECK(shop.once().at("events") == 0);
  }
}

TEST_CASE("the examples of DBS, DBW and pickup bring orders in and statuses both ways") {
  struct Moved {
    Case scheme;
    std::string second;  ///< the CRM's status that means the second step of the row
  };
  const std::vector<Moved> all = {
      {cases()[0], "delivering"}, {cases()[1], "send-to-delivery"}, {cases()[2], "ready-for-self-pickup"}};
  Shop shop;
  for (const Moved& each : all) shop.write_example(each.scheme.name + ".pipe");
  shop.once();
  std::map<std::string, std::vector<std::int64_t>> tasks;
  for (const Moved& each : all) tasks[each.scheme.name] = shop.wb.add_tasks(each.scheme.scheme, 2);
  CHECK(shop.once().at("written") == 6);
  for (const Moved& each : all)
    for (const auto task : tasks[each.scheme.name]) shop.crm.set_status(shop.order_id(task), "client-confirmed");
  CHECK(shop.once().at("parked") == 0);
  shop.once();  // the buyers
  for (const Moved& each : all) {
    CAPTURE(each.scheme.name);
    const auto& own = tasks[each.scheme.name];
    for (const auto task : own) {
      CHECK(shop.supplier_status(task) == "confirm");
      CHECK(shop.orders().at(std::to_string(task)).front()["firstName"] == "Иван");
    }
    shop.crm.set_status(shop.order_id(own[0]), each.second);
    shop.wb.set_status(own[1], "cancel", "canceled_by_client");
  }
  CHECK(shop.once().at("parked") == 0);
  shop.once();
  for (const Moved& each : all) {
    CAPTURE(each.scheme.name);
    const auto& own = tasks[each.scheme.name];
    CHECK(shop.supplier_status(own[0]) == each.scheme.line[1]);
    CHECK(shop.orders().at(std::to_string(own[1])).front()["status"] == "return");
    shop.wb.set_status(own[0], "receive", "sold");
  }
  shop.once();
  for (const Moved& each : all)
    CHECK(shop.orders().at(std::to_string(tasks[each.scheme.name][0])).front()["status"] == "complete");
  const auto last = shop.once();
  CHECK(last.at("written") == 0);
  CHECK(last.at("parked") == 0);
}

TEST_CASE("A6: the design's own pipelines: whoever is quick to confirm loses no buyer") {
  for (const Case& each : cases()) {
    CAPTURE(each.name);
    Shop shop(replaced(R"(
pipeline incoming
  on wb.SCHEME.new every 1s
  -> crm.order initially { status: "new" } as made
  -> wb.SCHEME.status set { id: order.id, status: 1 }
pipeline buyers
  on wb.SCHEME.changed every 3s
  -> where order.user != null
  -> crm.client upsert by external_id { external_id: "SCHEME-{order.id}", first_name, last_name, phones }
)",
                       each.name)
                  .c_str());
    auto running = shop.start({"run"});
    REQUIRE(test::soon([&] { return calls_of(shop, "orders/new") > 1; }));
    const auto tasks = shop.wb.add_tasks(each.scheme, 4);
    CHECK(test::soon([&] { return shop.client_count() >= 5; }));  // the technical one and a buyer for each
    running->stop();
    for (const auto task : tasks) CHECK(shop.supplier_status(task) == "confirm");
  }
}
