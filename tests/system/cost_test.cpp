// `validate --cost`: what is said of the calls is what a run makes.
#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "tests/support/program.hpp"

using namespace pipewright;
using test::Finished;
using test::Json;
using test::Shop;

namespace {

Shop::Options limited() {
  Shop::Options options;
  options.limits = true;
  return options;
}

Json costs_of(Shop& shop, std::vector<std::string> paths = {}) {
  paths.insert(paths.begin(), {"validate", "--cost", "--format", "json"});
  const Finished finished = shop.run(paths);
  INFO(finished.err);
  INFO(finished.out);
  REQUIRE(finished.status == 0);
  return Json::parse(finished.out)["costs"];
}

/// The sum over a pipeline's calls to one account.
double sum(const Json& cost, const std::string& connection, const char* what) {
  double all = 0;
  for (const Json& call : cost["calls"]) {
    if (call["connection"] == connection) all += call[what].get<double>();
  }
  return all;
}

}  // namespace

TEST_CASE("the page: calls alone and in a batch, looks, the limit that is used up first, the time to drain") {
  Shop shop(limited(), test::one_line);
  const Finished finished = shop.run({"validate", "--cost", "shop.pipe"});
  CHECK(finished.err.empty());
  CHECK(finished.status == 0);
  CHECK(finished.out == R"(shop.pipe: 1 pipeline, no problems

shop  shop.pipe:1
  with the declared example of its source: no test in these files sends an event that gets as far as a call
  wb.fbs.new looks every 30s:
    GET /api/v3/orders/new              1
    GET /api/v3/orders                  1
  each order asks                   alone  1 of 500
   crm.client
    GET /api/v5/customers               1     0.002
   crm.order
    GET /api/v5/orders                  1      0.01
    POST /api/v5/orders/create          1         0
    POST /api/v5/orders/upload          0      0.02
   in all
    crm                                 3     0.032  8/s
  once after a start:
    GET /api/v5/settings                1
    POST /api/v5/customers/create       1
    GET /api/v5/store/offers            1
  looks ask wb marketplace.fbs: 240 of 18 000 calls an hour (1.3 %)
  at most 900 000 an hour: crm (8/s) is used up first
  10 000 drain in 40 s
)");
}

TEST_CASE("a run of as many orders makes the calls that were told") {
  Shop shop(test::one_line);
  const Json cost = costs_of(shop)[0];
  shop.wb.add_tasks(wb::sandbox::Scheme::fbs, 500);
  const auto done = shop.once();
  CHECK(done.at("written") == 500);
  // How many goods there are is not known before.
  double told = sum(cost, "crm", "once") + 500 * sum(cost, "crm", "together");
  for (const Json& call : cost["calls"]) told -= call["call"] == "GET /api/v5/store/offers" ? 1 : 0;
  const Json log = shop.crm.log();
  const auto made =
      std::count_if(log.begin(), log.end(), [](const Json& call) { return call["path"] != "/api/v5/store/offers"; });
  CHECK(static_cast<double>(made) == doctest::Approx(told));
}

TEST_CASE("the event of a test that asks most of the limits is the one that counts") {
  Shop shop(limited());
  shop.write_example("statuses.pipe");
  shop.write_example("statuses_test.pipe");
  const Json cost = costs_of(shop, {"statuses.pipe", "statuses_test.pipe"})[0];
  // A cancellation is a call of its own, a hundred a minute; confirmations go by the supply.
  CHECK(cost["binding"]["group"] == "marketplace.fbs_cancel");
  CHECK(cost["binding"]["events_an_hour"] == 6000);
  CHECK(cost["binding"]["drain_10000_s"] == 6000);
  CHECK(cost["measured_with"]["file"] == "statuses_test.pipe");
}

TEST_CASE("the configured rate is the limit; `off` is none") {
  Shop::Options options = limited();
  options.crm_keys = "rate = \"1/s\"\n";
  Shop slow(options, test::one_line);
  const Json cost = costs_of(slow)[0];
  CHECK(cost["binding"]["connection"] == "crm");
  CHECK(cost["binding"]["events_an_hour"] == 112500);  // 3 600 calls an hour, 0.032 for each
  Shop free(test::one_line);
  const Json unlimited = costs_of(free)[0];
  CHECK(unlimited["binding"].is_null());
  CHECK(free.run({"validate", "--cost"}).out.find("no known limit holds it back") != std::string::npos);
}

TEST_CASE("steps that no event reaches are said to be unmeasured, and what helps") {
  Shop shop("on wb.fbs.changed -> where order.user_status == 1 -> crm.order\n");
  const Json cost = costs_of(shop)[0];
  CHECK(cost["remark"].get<std::string>().find("write a test whose event does") != std::string::npos);
  shop.write("shop_test.pipe", R"(import "shop.pipe"
test "cancelled" of shop {
  given order { id: 1, user_status: 1 }
  expect crm.order create
}
)");
  const Json measured = costs_of(shop, {"shop.pipe", "shop_test.pipe"})[0];
  CHECK_FALSE(measured.contains("remark"));
  CHECK(sum(measured, "crm", "alone") >= 2);
}

TEST_CASE("what a test gives beforehand is there for each of the many") {
  Shop shop(limited());
  shop.write_example("fbs.pipe");
  shop.write_example("fbs_test.pipe");
  const Json costs = costs_of(shop, {"fbs.pipe", "fbs_test.pipe"});
  REQUIRE(costs.size() == 2);
  // A cancellation finds the one client and its order, and edits the order by a call of its own.
  CHECK(costs[1]["measured_with"]["test"] == "a cancellation by the buyer becomes cancel-other");
  CHECK(sum(costs[1], "crm", "together") == doctest::Approx(1.012));
}

TEST_CASE("every source of both systems can be measured") {
  Shop shop(limited());
  std::istringstream nodes(shop.run({"nodes", "--format", "json"}).out);
  std::size_t sources = 0;
  for (std::string line; std::getline(nodes, line);) {
    const Json node = Json::parse(line);
    const std::string name = node["name"];
    if (node["kind"] != "source" || (!name.starts_with("wb.") && !name.starts_with("crm."))) continue;
    INFO(name);
    ++sources;
    shop.write("shop.pipe", "on " + name + " -> log.info \"seen\"\n");
    const Json cost = costs_of(shop)[0];
    REQUIRE(cost["looks"].size() == 1);
    CHECK(cost["looks"][0]["calls"].size() >= 1);
    CHECK_FALSE(cost.contains("remark"));
    // What it tells of is read in batches, but it is read.
    if (name.starts_with("crm.") && name != "crm.order.new") CHECK(sum(cost, "crm", "together") > 0.001);
    CHECK(sum(cost, name.starts_with("crm.") ? "crm" : "wb", "together") < 0.1);
  }
  CHECK(sources == 13);
}

TEST_CASE("errors come first, and the other formats have no place for costs") {
  Shop shop("on wb.fbs.new -> crm.orders\n");
  const Finished wrong = shop.run({"validate", "--cost"});
  CHECK(wrong.status == 1);
  CHECK(wrong.out.find("each order asks") == std::string::npos);
  const Finished sarif = shop.run({"validate", "--cost", "--format", "sarif"});
  CHECK(sarif.status == 2);
  CHECK(sarif.err == "error: --cost is told as text or json\nhelp: leave --format out, or write --format json\n");
}
