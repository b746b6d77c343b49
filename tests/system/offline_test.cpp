// `dry-run --offline` and `--sandbox`: nothing leaves the process, whatever the program asks.
#include <doctest/doctest.h>

#include "tests/support/loopback.hpp"
#include "tests/support/program.hpp"

using namespace pipewright;
using test::Finished;
using test::has;
using test::Shop;

namespace {

const std::string asks = R"(pipeline a on wb.fbs.new
  -> http.request "/get?id={order.id}" { method: "GET" } as r at_least_once
  -> http.request "/bot" { method: "GET" } at_most_once
  -> http.request "/post" { json: { id: order.id } } at_least_once
  -> where r.status == 200
  -> crm.client upsert by external_id
  -> crm.order
)";

}  // namespace

TEST_CASE("A4: offline no call is made by any type of connection, and no answer is waited for") {
  Shop shop(asks.c_str());
  shop.environment["HTTP_TOKEN"] = "topsecret";
  // The listener of the CRM's sandbox stands for every server that must not hear of it.
  const std::string toml = shop.read("pipewright.toml");
  shop.write("pipewright.toml",
             toml + "[connections.http]\nurl = \"" + shop.crm.url() + "\"\ntoken = \"env:HTTP_TOKEN\"\n");
  shop.write("in.json", R"([{"id":13833711,"orderUid":"165918930_629fbc924b984618a44354475ca58675","price":101400,
"createdAt":"2026-11-23T10:00:00Z","skus":["6665956397512"],"article":"one","nmId":123456789,"warehouseId":658434,
"currencyCode":643,"convertedPrice":101400,"convertedCurrencyCode":643,"offices":["Москва"],"cargoType":1,"chrtId":9}])");
  const auto before = shop.crm.log().size() + shop.wb.log().size();
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"dry-run", "--offline", "--input", "in.json"}, {"dry-run", "--sandbox"}}) {
    for (const char* format : {"text", "json"}) {
      std::vector<std::string> all = words;
      all.insert(all.end(), {"--format", format});
      const Finished first = shop.run(all);
      INFO(first.out);
      INFO(first.err);
      CHECK(first.status == 0);
      CHECK(shop.crm.log().size() + shop.wb.log().size() == before);
      CHECK_FALSE(has(first.out + first.err, "topsecret"));
      const Finished second = shop.run(all);
      CHECK(second.out == first.out);
      CHECK(second.err == first.err);
    }
  }
}

TEST_CASE("offline the addresses are those of the configuration, and no local one is printed") {
  Shop shop("pipeline a on wb.fbs.new -> crm.client upsert by external_id -> crm.order\n");
  shop.write("pipewright.toml",
             "[connections.wb]\ntype = \"wildberries\"\n[connections.crm]\ntype = \"retailcrm\"\nurl = "
             "\"https://my-shop.retailcrm.ru\"\nsite = \"wb\"\n");
  const Finished dry = shop.run({"dry-run", "--sandbox", "--format", "json"});
  INFO(dry.out);
  INFO(dry.err);
  CHECK(dry.status == 0);
  CHECK(has(dry.out, "https://my-shop.retailcrm.ru/api/v5/customers/create"));
  CHECK_FALSE(has(dry.out + dry.err, "127.0.0.1"));
  CHECK_FALSE(has(dry.out + dry.err, "localhost"));
}
