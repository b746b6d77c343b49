// What `status` and `events show` say of a running and of an ended engine.
#include <doctest/doctest.h>

#include <csignal>

#include "tests/support/program.hpp"

using namespace pipewright;
using test::Finished;
using test::Json;
using test::Shop;
using wb::sandbox::Scheme;

TEST_CASE("status tells when a pipeline last did something, and the room at the limits while it runs") {
  Shop::Options options;
  options.limits = true;
  Shop shop(options);
  shop.write("shop.pipe", "pipeline fbs_orders on wb.fbs.new -> crm.order\n");
  shop.wb.add_tasks(Scheme::fbs, 2);
  const auto running = shop.start({"run"});
  Json status;
  CHECK(test::soon([&] {
    const Finished finished = shop.run({"status", "--format", "json"});
    if (finished.status != 0) return false;
    status = Json::parse(finished.out);
    return status["events"]["done"] == 2 && !status["limits"].empty();
  }));
  INFO(status.dump(1));
  REQUIRE(status["pipelines"].size() == 1);
  const Json& pipeline = status["pipelines"][0];
  CHECK(pipeline["last_event"].is_string());
  CHECK(pipeline["last_success"].is_string());
  CHECK(pipeline["waiting_since"].is_null());
  bool crm = false;
  for (const Json& limit : status["limits"]) {
    CHECK(limit["free"] <= limit["burst"]);
    crm = crm || (limit["connection"] == "crm" && limit["rate"] == "8/s");
  }
  CHECK(crm);
  const std::string text = shop.run({"status"}).out;
  CHECK(text.find("LAST EVENT") != std::string::npos);
  CHECK(text.find("LIMITS  crm ") != std::string::npos);
  running->signal(SIGTERM);
  CHECK(running->wait().status == 0);
  CHECK(Json::parse(shop.run({"status", "--format", "json"}).out)["limits"].empty());
}

TEST_CASE("status tells since when events wait") {
  Shop shop;
  shop.write("shop.pipe", "pipeline fbs_orders on wb.fbs.new -> crm.order\n");
  shop.wb.add_tasks(Scheme::fbs, 1);
  shop.crm.stop();
  const auto running = shop.start({"run"});
  CHECK(test::soon([&] {
    const Finished finished = shop.run({"status", "--format", "json"});
    return finished.status == 0 && Json::parse(finished.out)["events"]["in_flight"] == 1;
  }));
  CHECK(Json::parse(shop.run({"status", "--format", "json"}).out)["pipelines"][0]["waiting_since"].is_string());
  CHECK(shop.run({"status"}).out.find("oldest ") != std::string::npos);
  running->signal(SIGKILL);
  running->wait();
}

TEST_CASE("events show names the place of each step in the file that the event began with") {
  Shop shop;
  shop.write(
      "shop.pipe",
      "pipeline fbs_orders\n  on wb.fbs.new\n  -> when order.price > 0 {\n       -> crm.client upsert by external_id\n"
      "     }\n  -> crm.order\n");
  shop.wb.add_tasks(Scheme::fbs, 1);
  shop.once();
  shop.write("shop.pipe", "# another program by now\n\n\npipeline fbs_orders on wb.fbs.new -> crm.order\n");
  const Json story = Json::parse(shop.run({"events", "show", "1", "--format", "json"}).out);
  REQUIRE(story["steps"].size() == 2);
  CHECK(story["steps"][0]["place"] == "shop.pipe:4");
  CHECK(story["steps"][1]["place"] == "shop.pipe:6");
  const std::string text = shop.run({"events", "show", "1"}).out;
  CHECK(text.find("shop.pipe:4\n") != std::string::npos);
  CHECK(text.find("shop.pipe:6\n") != std::string::npos);
}
