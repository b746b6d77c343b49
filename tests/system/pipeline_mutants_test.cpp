// Mistakes planted in the example pipelines, as somebody makes them who edits one: each makes a test of its file fail.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/program.hpp"

using namespace pipewright;
using test::Finished;
using test::has;
using test::Json;
using test::Shop;

namespace {

struct Mutant {
  std::string what;
  std::string from;  ///< stands in the pipeline once
  std::string to;
  const char* killed_by;  ///< the beginning of a test's name
};

void kill_all(const std::string& name, const std::vector<Mutant>& mutants) {
  const std::string pipeline = test::read_file(std::string(PIPEWRIGHT_SOURCE_DIR "/pipelines/") + name + ".pipe");
  for (const Mutant& mutant : mutants) {
    CAPTURE(mutant.what);
    const std::size_t at = pipeline.find(mutant.from);
    REQUIRE(at != std::string::npos);
    REQUIRE(pipeline.find(mutant.from, at + 1) == std::string::npos);
    Shop shop;
    shop.write_example(name + "_test.pipe");
    shop.write(name + ".pipe", std::string(pipeline).replace(at, mutant.from.size(), mutant.to));
    const Finished finished = shop.run({"test", name + "_test.pipe", "--format", "json"});
    CAPTURE(finished.err);
    REQUIRE(has(finished.out, "\"tests\""));  // it is a program, only the wrong one
    std::vector<std::string> failed;
    const Json out = Json::parse(finished.out);
    for (const Json& each : out["tests"]) {
      if (each["status"] == "fail") failed.push_back(each["name"]);
    }
    CAPTURE(failed);
    CHECK(std::any_of(failed.begin(), failed.end(),
                      [&](const std::string& each) { return each.starts_with(mutant.killed_by); }));
  }
}

}  // namespace

TEST_CASE("mutants of fbs.pipe die") {
  kill_all("fbs",
           {
               {"a swapped field", "number:      \"WB-{order.id}\"", "number:      \"WB-{order.warehouse_id}\"",
                "a new task becomes a client and an order"},
               {"another key", "external_id: order.id\n       number", "external_id: order.order_uid\n       number",
                "a new task becomes a client and an order"},
               {"a wrong unit", "client:      client.id\n     } initially",
                "client:      client.id\n       items: [{ external_id: order.id, quantity: 1, price: order.price * "
                "100 }]\n     } initially",
                "a new task becomes a client and an order"},
               {"a doubled write", "  -> crm.order upsert by external_id {\n       external_id: order.id\n",
                "  -> crm.order create { number: \"twice\" } as twice\n  -> crm.order upsert by external_id {\n       "
                "external_id: order.id\n",
                "a new task becomes a client and an order"},
               {"a status written instead of filled in", "} initially { status: \"new\" }", "  status: \"new\"\n     }",
                "an order that a manager has moved on is not reset"},
               {"a dropped `where`", "  -> where order.user_status == 1\n", "", "a delivered order changes nothing"},
               {"another number", "order.user_status == 1", "order.user_status == 0",
                "a cancellation by the buyer becomes cancel-other"},
               {"another status", "status:      \"cancel-other\"", "status:      \"no-product\"",
                "a cancellation by the buyer becomes cancel-other"},
               {"no `else` of the client", "\"wildberries\" } else skip", "\"wildberries\" }",
                "a cancelled order of nobody we know is let go"},
               {"no `else` of the order", "     } else skip", "     }",
                "a cancelled order that never came to the CRM is let go"},
           });
}

TEST_CASE("mutants of fbo.pipe die") {
  kill_all("fbo",
           {
               {"another client's name", "«ВАЙЛДБЕРИЗ»", "«ВАЙЛДБЕРРИЗ»", "an FBO order hangs on the shared client"},
               {"another key", "external_id: order.srid  #", "external_id: order.nm_id  #",
                "an FBO order hangs on the shared client"},
               {"a swapped field", "barcode:     order.barcode", "barcode:     order.supplier_article",
                "an FBO order hangs on the shared client"},
               {"a wrong unit", "price:       order.price", "price:       order.price * 100",
                "an FBO order hangs on the shared client"},
               {"a wrong quantity", "quantity:    1", "quantity:    2", "an FBO order hangs on the shared client"},
               {"a doubled write", "  -> crm.order upsert by external_id {",
                "  -> crm.order create { number: \"twice\" } as twice\n  -> crm.order upsert by external_id {",
                "an FBO order hangs on the shared client"},
               {"a client of each order's own", "crm.client upsert by first_name", "crm.client create",
                "two orders make one client"},
               {"a status written instead of filled in", "} initially { status: \"new\" }", "  status: \"new\"\n     }",
                "an order that is there already is left as it is"},
           });
}

TEST_CASE("mutants of statuses.pipe die") {
  kill_all("statuses",
           {
               {"a wrong row", "\"assembling-complete\"              -> 2", "\"assembling-complete\"              -> 1",
                "a status of the CRM moves the task"},
               {"a lost key", "\"assembling\", \"send-to-assembling\" -> 1", "\"assembling\" -> 1",
                "a status of the CRM moves the task"},
               {"rows of two meanings", "\"cancel-other\", \"no-product\"       -> 3",
                "\"cancel-other\", \"no-product\"       -> 2", "a status of the CRM moves the task"},
               {"another `else`", "else skip\n}", "else 3\n}", "a status that means nothing on Wildberries is let go"},
               {"a swapped field", "id: order.external_id", "id: order.id", "a status of the CRM moves the task"},
               {"no `else` of the task", "wb_status[order.status] } else skip", "wb_status[order.status] }",
                "an order of another shop is let go"},
               {"a doubled write", "status: wb_status[order.status] } else skip",
                "status: wb_status[order.status] } else skip\n  -> crm.order.status set { id: order.id, status: "
                "\"complete\" }",
                "a status of the CRM moves the task"},
           });
}

namespace {

// DBS, DBW and pickup are built alike: `scheme` is the beginning of the pipelines' names.
std::vector<Mutant> mutants_of(const std::string& scheme, const char* created, const char* buyer, const char* nobody,
                               const char* ended, const char* under_way, const char* moved) {
  const std::string where =
      "  -> where order.wb_status in [\"sold\", \"declined_by_client\", \"canceled_by_client\", \"canceled\"]\n";
  return {
      {"another key", "  -> crm.order upsert by external_id {\n       external_id:     order.id\n",
       "  -> crm.order upsert by external_id {\n       external_id:     order.nm_id\n", created},
      {"another status", "initially { status: \"new\" }", "initially { status: \"complete\" }", created},
      {"a wrong unit", "} initially { status: \"new\" }",
       "  items: [{ external_id: order.id, quantity: 1, price: order.price * 100 }]\n     } initially { status: "
       "\"new\" }",
       created},
      {"a doubled write", "  on wb." + scheme + ".new\n",
       "  on wb." + scheme + ".new\n  -> crm.order create { number: \"twice\" } as twice\n", created},
      {"a dropped field", "       phone\n", "", buyer},
      {"a dropped `where`", "  -> where order.user != null\n", "  -> let known = order.user != null\n", nobody},
      {"a dropped filter", where, "", under_way},
      {"a lost word", "\"sold\", \"declined", "\"declined", ended},
      {"a wrong row", "\"return\"", "\"returned\"", moved},
      {"another `else`", "  else skip\n}", "  else 3\n}", "a CRM status without a meaning"},
      {"a swapped field", "{ id: order.external_id, status: " + scheme, "{ id: order.id, status: " + scheme, moved},
      {"no `else` of the task", "_status[order.status] } else skip", "_status[order.status] }", "an order that is no"},
  };
}

}  // namespace

TEST_CASE("mutants of dbs.pipe die") {
  kill_all("dbs", mutants_of("dbs", "a new task is an order at once", "the buyer comes when the order is accepted",
                             "as long as nobody is known", "Wildberries moves the order of the CRM",
                             "an order on its way is left alone", "a manager moves the task"));
}

TEST_CASE("mutants of dbw.pipe die") {
  std::vector<Mutant> mutants =
      mutants_of("dbw", "a new DBW task is an order at once", "the DBW buyer comes when the order is accepted",
                 "as long as no DBW buyer is known", "the end of a DBW task moves the order",
                 "a DBW task on its way is left alone", "a manager moves the DBW task");
  std::erase_if(mutants, [](const Mutant& each) { return each.what == "a wrong row"; });
  mutants.push_back({"a wrong row", "\"cancel-other\", \"no-product\"              -> 3",
                     "\"cancel-other\", \"no-product\"              -> 2", "a manager moves the DBW task"});
  kill_all("dbw", mutants);
}

TEST_CASE("mutants of pickup.pipe die") {
  kill_all("pickup", mutants_of("pickup", "a new pickup task is an order with its code", "the pickup buyer comes",
                                "as long as no pickup buyer", "the end of a pickup task", "a pickup task",
                                "a manager moves the pickup task"));
}
