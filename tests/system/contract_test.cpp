// Every request that the Wildberries connector makes, held against the official OpenAPI data.
#include <doctest/doctest.h>

#include <filesystem>
#include <set>

#include "engine/http/server.hpp"
#include "tests/support/openapi.hpp"
#include "tests/support/program.hpp"
#include "tests/support/reference.hpp"

using namespace pipewright;
using test::Json;
using test::Shop;
using wb::sandbox::Scheme;

namespace {

const std::filesystem::path reference = tests::reference_folder() / "wildberries" / "openapi";

// DBW and pickup: orders to the CRM, the CRM's comment as a status to Wildberries.
std::string scheme_pipes(const std::string& name) {
  return "pipeline " + name + "_orders on wb." + name + ".new -> crm.order\npipeline " + name + "_buyers on wb." +
         name + ".changed -> log.info \"{order.id} {order.user.phone ?? order.id}\"\npipeline " + name +
         "_to_wb on crm.order.changed of [manager_comment] -> where order.manager_comment != null -> wb." + name +
         ".status set { id: order.external_id, status: order.manager_comment } else skip\n";
}

// Some of them along the whole row, the others cancelled.
void move_along(Shop& shop, const std::vector<std::int64_t>& tasks, const std::vector<std::string>& row) {
  for (const std::string& status : row) {
    for (std::size_t i = 0; i + 1 < tasks.size(); ++i) {
      const bool refused = status == "receive" && i == 1;
      shop.crm.edit_order(shop.order_id(tasks[i]), {{"managerComment", refused ? "reject" : status}});
    }
    shop.once();
  }
  shop.crm.edit_order(shop.order_id(tasks.back()), {{"managerComment", "cancel"}});
  shop.once();
}

void move_everything(Shop& shop) {
  for (const char* name : {"fbo.pipe", "fbs.pipe", "statuses.pipe", "dbs.pipe"}) shop.write_example(name);
  shop.write("more.pipe", "pipeline fbo_changed on wb.fbo.changed -> log.info \"{order.srid}\"\n");
  for (const auto& [scheme, name] : {std::pair(Scheme::dbw, "dbw"), std::pair(Scheme::pickup, "pickup")})
    shop.write(std::string(name) + ".pipe", scheme_pipes(name));
  shop.once();
  const auto fbs = shop.wb.add_tasks(Scheme::fbs, 4);
  const auto dbs = shop.wb.add_tasks(Scheme::dbs, 3);
  const auto dbw = shop.wb.add_tasks(Scheme::dbw, 3);
  const auto pickup = shop.wb.add_tasks(Scheme::pickup, 3);
  const std::string srid = shop.wb.add_fbo_order();
  shop.once();
  for (int i = 0; i < 2; ++i) shop.crm.set_status(shop.order_id(fbs[static_cast<std::size_t>(i)]), "assembling");
  shop.crm.set_status(shop.order_id(fbs[2]), "cancel-other");
  for (const auto task : dbs) shop.crm.set_status(shop.order_id(task), "client-confirmed");
  shop.wb.set_fbo_status(srid, "buyout");
  shop.once();
  shop.crm.set_status(shop.order_id(fbs[0]), "assembling-complete");
  for (const auto task : dbs) shop.crm.set_status(shop.order_id(task), "delivering");
  shop.once();
  shop.crm.set_status(shop.order_id(dbs[0]), "complete");
  shop.crm.set_status(shop.order_id(dbs[1]), "return");
  shop.once();
  move_along(shop, dbw, {"confirm", "complete"});
  move_along(shop, pickup, {"confirm", "prepare", "receive"});
}

}  // namespace

TEST_CASE("every request to Wildberries is one of the official description") {
  auto api = tests::OpenApi::load(reference);
  if (!api) {
    MESSAGE("SKIPPED: there is no OpenAPI data at " << reference.string());
    return;
  }
  // Younger than the files: see their README, "Changed after these files".
  for (const char* newer : {"/fbs/supplies/shipping-method"}) api->tolerate(newer);
  for (const bool statistics : {false, true}) {
    Shop::Options options;
    options.extra_toml = "[connections.wb.shipping]\ntype = \"selfShipping\"\npoint = \"507\"\n";
    if (statistics) options.wb.token.categories = {4, 5, 1};
    Shop shop(options);
    move_everything(shop);
    shop.run({"validate", "--online"});
    std::set<std::string> called;
    const Json log = shop.wb.log();
    for (const Json& request : log) {
      const std::string path = request["path"];
      if (path.starts_with("/_sandbox")) continue;
      const std::string method = request["method"];
      called.insert(method + " " + path.substr(0, path.find("/41")));
      std::vector<std::pair<std::string, std::string>> query;
      if (request["query"].is_object()) {
        for (const auto& [name, value] : request["query"].items())
          query.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
      } else if (request["query"].is_string()) {
        query = engine::http::form_pairs(request["query"].get<std::string>());
      }
      const std::string body = request["body"].is_string() ? request["body"].get<std::string>()
                               : request["body"].is_null() ? ""
                                                           : request["body"].dump();
      for (const std::string& problem : api->request_problems(method, path, query, body))
        FAIL_CHECK(method << " " << path << ": " << problem);
    }
    CHECK(called.size() >= 12);
    CHECK(called.contains("GET /ping"));
    for (const char* part : {"/dbw/orders/new", "/dbw/orders/status", "/dbw/orders/client",
                             "/dbw/orders/status/deliver", "/click-collect/orders/new", "/click-collect/orders/client",
                             "/status/info", "/status/prepare", "/click-collect/orders/status/receive",
                             "/click-collect/orders/status/reject", "/click-collect/orders/status/cancel"}) {
      const bool seen = std::ranges::any_of(called, [&](const std::string& call) { return call.ends_with(part); });
      CHECK_MESSAGE(seen, std::string(part) << " was not asked");
    }
  }
}
