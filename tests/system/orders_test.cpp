// The program on the sandboxes: what the CRM and Wildberries hold in the end.
#include <doctest/doctest.h>

#include <csignal>
#include <sstream>
#include <thread>

#include "tests/support/program.hpp"

using namespace pipewright;
using test::has;
using test::Json;
using test::one_line;
using test::Shop;
using wb::sandbox::Scheme;

namespace {

constexpr const char* three_schemes = R"(
pipeline fbs on wb.fbs.new -> crm.client upsert by external_id { external_id: order.order_uid } -> crm.order
pipeline dbs on wb.dbs.new -> crm.client upsert by external_id { external_id: "dbs-{order.id}" } -> crm.order
pipeline fbo on wb.fbo.new -> crm.client upsert by first_name { first_name: "ООО «ВАЙЛДБЕРИЗ»" } -> crm.order
)";

// Every unit of Wildberries is one order of the CRM with its exact price and a line that is linked to an offer.
void check_all(Shop& shop, std::size_t each) {
  const Json crm = shop.crm.state();
  const auto orders = shop.orders();
  std::map<std::int64_t, std::string> clients;
  for (const Json& client : crm["customers"])
    clients[client["id"].get<std::int64_t>()] = client.value("externalId", "");
  std::size_t seen = 0;
  const Json wildberries = shop.wb.state();
  for (const Json& task : wildberries["orders"]) {
    const std::string id = std::to_string(task["id"].get<std::int64_t>());
    REQUIRE_MESSAGE(orders.contains(id), id);
    REQUIRE(orders.at(id).size() == 1);
    const Json& order = orders.at(id).front();
    ++seen;
    CHECK(order["summ"].get<double>() * 100 == doctest::Approx(task["fields"]["price"].get<double>()));
    REQUIRE(order["items"].size() == 1);
    CHECK(order["items"][0].contains("offer"));
    const std::string client = clients[order["customer"]["id"].get<std::int64_t>()];
    CHECK(client == (task["scheme"] == "dbs" ? "dbs-" + id : task["fields"]["orderUid"].get<std::string>()));
  }
  for (const Json& unit : wildberries["fbo"]) {
    const std::string srid = unit["order"]["srid"];
    if (!orders.contains(srid)) {
      CHECK(unit["order"]["warehouseType"] != "Склад WB");
      continue;
    }
    ++seen;
    REQUIRE(orders.at(srid).size() == 1);
    CHECK(orders.at(srid).front()["summ"].get<double>() == doctest::Approx(unit["feed"]["sellerPrice"].get<double>()));
  }
  CHECK(seen == 3 * each);
  CHECK(shop.order_count() == 3 * each);
  std::map<std::string, int> by_external_id;
  for (const auto& [id, external_id] : clients) {
    if (!external_id.empty()) CHECK(++by_external_id[external_id] == 1);
  }
  std::size_t shared = 0;
  for (const Json& client : crm["customers"]) shared += client.value("firstName", "") == "ООО «ВАЙЛДБЕРИЗ»" ? 1 : 0;
  CHECK(shared == 1);
}

void fill(Shop& shop, int each) {
  for (const char* barcode : {"6665956397512", "2041546265353"})
    shop.crm.add_offer({{"name", "an offer"}, {"barcode", barcode}});
  shop.wb.add_tasks(Scheme::fbs, each - 1);
  shop.wb.add_tasks(Scheme::fbs, 1, {{"price", 249050}});
  shop.wb.add_tasks(Scheme::dbs, each);
  shop.wb.operate("POST", "/_sandbox/fbo/orders", {{"count", each}});
}

}  // namespace

TEST_CASE("the one line does the sensible thing") {
  Shop shop(one_line);
  const auto ids = shop.wb.add_tasks(Scheme::fbs, 2, {{"price", 249050}});
  const auto done = shop.once();
  CHECK(done.at("written") == 2);
  CHECK(done.at("status") == 0);
  const Json state = shop.crm.state();
  REQUIRE(state["orders"].size() == 2);
  CHECK(state["orders"][0]["items"][0]["initialPrice"].dump().substr(0, 6) == "2490.5");
  REQUIRE(shop.client_count() == 1);
  CHECK(state["customers"][0]["externalId"] == "wildberries");
  CHECK(state["customers"][0]["firstName"] == "Покупатель Wildberries");
  CHECK(state["orders"][0]["customer"]["id"] == state["customers"][0]["id"]);
  const std::size_t writes = shop.crm_writes();
  const auto again = shop.once();
  CHECK(again.at("events") == 0);
  CHECK(shop.crm_writes() == writes);
}

TEST_CASE("a dry run writes nothing and announces what the run does") {
  Shop shop(three_schemes);
  fill(shop, 5);
  const test::Finished dry = shop.run({"dry-run", "--format", "json"});
  INFO(dry.err);
  CHECK(dry.status == 0);
  CHECK(shop.crm_writes() == 0);
  CHECK(shop.order_count() == 0);
  std::size_t orders = 0;
  std::size_t clients = 0;
  std::istringstream lines(dry.out);
  for (std::string line; std::getline(lines, line);) {
    const Json event = Json::parse(line);
    for (const Json& write : event["writes"]) {
      if (write["operation"] != "create") continue;
      (write["node"] == "crm.order" ? orders : clients) += 1;
    }
  }
  CHECK(has(dry.err, "to create 15, to update 0, unchanged 0, skipped 0, failed 0"));
  const auto done = shop.once();
  CHECK(done.at("written") == 15);
  CHECK(shop.order_count() == orders);
  CHECK(shop.client_count() == clients);
  const test::Finished after = shop.run({"dry-run", "--exit-code"});
  CHECK(after.status == 0);
  CHECK(after.last_line() == "to create 0, to update 0, unchanged 0, skipped 0, failed 0");
}

TEST_CASE("200 orders of each scheme end in the CRM exactly once") {
  Shop shop(three_schemes);
  fill(shop, 200);
  const auto done = shop.once();
  CHECK(done.at("written") == 600);
  CHECK(done.at("parked") == 0);
  check_all(shop, 200);
}

TEST_CASE("200 orders of each scheme, killed in the middle, end in the CRM exactly once") {
  Shop shop(three_schemes);
  fill(shop, 200);
  for (const int wait : {60, 120, 180, 240}) {
    shop.killed_after(std::chrono::milliseconds(wait));
  }
  const auto done = shop.once();
  CHECK(done.at("parked") == 0);
  check_all(shop, 200);
  CHECK(shop.once().at("events") == 0);
}

TEST_CASE("200 orders of each scheme, every tenth answer of the CRM lost after the work, end in the CRM exactly once") {
  Shop shop(three_schemes);
  fill(shop, 200);
  shop.crm.add_fault({{"match", "/api/v5"}, {"every", 10}, {"after_commit", true}, {"kind", "drop"}});
  const auto done = shop.once();
  CHECK(done.at("parked") == 0);
  CHECK(done.at("written") == 600);
  check_all(shop, 200);
}

TEST_CASE("1000 fresh FBS orders, a client each, cost at most 0.15 calls of the CRM an order") {
  Shop shop("on wb.fbs.new -> crm.client upsert by external_id { external_id: order.order_uid } -> crm.order\n");
  shop.wb.add_tasks(Scheme::fbs, 1000);
  const auto done = shop.once();
  CHECK(done.at("written") == 1000);
  CHECK(shop.order_count() == 1000);
  CHECK(shop.crm.log().size() <= 150);
}

TEST_CASE("a cancellation moves the order, a CRM status goes back to Wildberries, and nothing bounces") {
  Shop shop;
  for (const char* name : {"fbs.pipe", "statuses.pipe"}) shop.write_example(name);
  const auto ids = shop.wb.add_tasks(Scheme::fbs, 4);
  CHECK(shop.once().at("written") == 4);
  shop.wb.set_status(ids[0], "", "declined_by_client");
  shop.crm.set_status(shop.order_id(ids[1]), "assembling");
  shop.crm.set_status(shop.order_id(ids[2]), "assembling");
  shop.once();
  CHECK(shop.orders().at(std::to_string(ids[0])).front()["status"] == "cancel-other");
  CHECK(shop.supplier_status(ids[1]) == "confirm");
  CHECK(shop.supplier_status(ids[2]) == "confirm");
  CHECK(shop.supplier_status(ids[3]) == "new");
  shop.crm.set_status(shop.order_id(ids[1]), "assembling-complete");
  shop.once();
  CHECK(shop.supplier_status(ids[1]) == "complete");
  CHECK(shop.supplier_status(ids[2]) == "confirm");  // it was in the same supply and stayed
  const auto last = shop.once();
  CHECK(last.at("written") == 0);
  CHECK(last.at("parked") == 0);
}
