#include <doctest/doctest.h>

#include <mutex>

#include "engine/http/server.hpp"
#include "tests/unit/stdlib/sandbox/crm_client.hpp"
#include "tests/unit/stdlib/sandbox/wb_client.hpp"

using namespace pipewright;
using namespace pipewright::crm::sandbox;
using nlohmann::json;
using tests::HandClock;
using tests::Integration;

namespace {

json line(const std::string& id, const json& offer, double price) {
  return {{"externalIds", json::array({{{"code", "wb"}, {"value", id}}})},
          {"offer", offer},
          {"productName", "Товар"},
          {"initialPrice", price},
          {"quantity", 1}};
}

}  // namespace

TEST_CASE("a key comes in a header or a parameter, and errors have their texts") {
  Sandbox sandbox;
  const Integration crm{sandbox};
  CHECK(tests::request("GET", sandbox.url() + "/api/v5/orders").json()["errorMsg"] == "\"apiKey\" is missing.");
  CHECK(tests::request("GET", sandbox.url() + "/api/v5/orders?apiKey=x").status == 403);
  CHECK(tests::request("GET", sandbox.url() + "/api/v5/orders?apiKey=" + crm.key).status == 200);
  CHECK(crm.read("/api/v5/nothing").status == 404);
  CHECK(crm.read("/api/v5/orders/1/edit").status == 405);
  const Integration reader{sandbox, sandbox.issue({.scopes = {"order_read"}})};
  CHECK(reader.write("/api/v5/orders/create", {{"order", json::object()}}).json()["errorMsg"] == "Access denied.");
  const auto body = tests::request("POST", sandbox.url() + "/api/v5/orders/create",
                                   {{"X-API-KEY", crm.key}, {"Content-Type", "application/json"}}, R"({"order":{}})");
  CHECK(body.status == 400);
  CHECK(body.json()["errorMsg"] == "Parameter 'order' is missing");
  CHECK(body.headers.at("content-type") == "application/json");
}

TEST_CASE("an order is made once per external id and store") {
  Sandbox sandbox;
  const Integration crm{sandbox};
  const json order{{"externalId", "wb-1"},
                   {"firstName", "Иван"},
                   {"phone", "+79005550001"},
                   {"items", json::array({line("1", {{"xmlId", "2000000000017"}}, 1290)})},
                   {"delivery", {{"cost", 100}}}};
  const auto made = crm.write("/api/v5/orders/create", {{"site", "wb"}, {"order", order}});
  CHECK(made.status == 201);
  const json shown = made.json()["order"];
  CHECK(shown["number"] == "7146A");
  CHECK(shown["summ"] == 1290);
  CHECK(shown["totalSumm"] == 1390);
  CHECK(shown["orderType"] == "main");
  CHECK(shown["customFields"] == json::array());
  CHECK(shown["payments"] == json::array());
  CHECK(shown["items"][0]["offer"]["barcode"] == "2000000000017");
  CHECK(shown["customer"]["phones"][0]["number"] == "+79005550001");
  CHECK(crm.write("/api/v5/orders/create", {{"site", "wb"}, {"order", order}}).json() ==
        json{{"success", false}, {"errorMsg", "Order already exists."}});
  CHECK(crm.write("/api/v5/orders/create", {{"site", "shop"}, {"order", order}}).status == 201);
  CHECK(crm.write("/api/v5/orders/create", {{"site", "nowhere"}, {"order", order}}).status == 400);
  CHECK(crm.read("/api/v5/orders/wb-1?site=wb").json()["order"]["id"] == 7146);
  CHECK(crm.read("/api/v5/orders/7146?by=id").status == 200);
  CHECK(crm.read("/api/v5/orders/7146").status == 404);
}

TEST_CASE("what an order names must exist") {
  Sandbox sandbox;
  const Integration crm{sandbox};
  const auto errors = [&](const json& order) {
    const json answer = crm.write("/api/v5/orders/create", {{"order", order}}).json();
    CHECK(answer["errorMsg"] == "Order is not loaded");
    return answer["errors"];
  };
  CHECK(errors({{"orderType", "eshop-individual"}})["orderType"] ==
        "\"OrderType\" with \"code\"=\"eshop-individual\" does not exist.");
  CHECK(errors({{"customer", {{"externalId", "2106"}}}})["customer.externalId"] ==
        "Customer with externalId=2106 not found.");
  CHECK(errors({{"status", "no-such"}}).contains("status"));
  CHECK(errors({{"createdAt", "2026-10-05T10:00:00Z"}}).contains("createdAt"));
  CHECK(errors({{"customFields", {{"nps", 1}}}}).contains("customFields.nps"));
  CHECK(errors({{"items", json::array({{{"initialPrice", "abc"}}})}}).contains("items[0].initialPrice"));
  CHECK(errors({{"items", json::array({{{"offer", {{"id", 5}}}}})}})["items[0].offer.id"] ==
        "Offer with id 5 not found.");
  CHECK(errors({{"payments", json::array({{{"type", "gold"}}})}}).contains("payments[0].type"));
  CHECK(sandbox.state()["orders"].empty());
}

TEST_CASE("lines: unknown offers become free text, equal lines are merged, an edit replaces them all") {
  Sandbox sandbox;
  const Integration crm{sandbox};
  const json offer{{"xmlId", "2000000000017"}};
  const auto items_of = [](const tests::Answer& answer) { return answer.json()["order"]["items"]; };
  const json free = items_of(
      crm.write("/api/v5/orders/create", {{"order", {{"items", json::array({line("1", {{"xmlId", "?"}}, 5)})}}}}));
  CHECK(!free[0].contains("offer"));
  CHECK(free[0]["productName"] == "Товар");
  const json bare{{"offer", offer}, {"initialPrice", 990}};
  const json merged = items_of(
      crm.write("/api/v5/orders/create", {{"order", {{"items", {{{"offer", offer}, {"initialPrice", 0}}, bare}}}}}));
  REQUIRE(merged.size() == 1);
  CHECK(merged[0]["initialPrice"] == 990);
  const json two =
      items_of(crm.write("/api/v5/orders/create",
                         {{"order", {{"externalId", "o"}, {"items", {line("1", offer, 0), line("2", offer, 990)}}}}}));
  REQUIRE(two.size() == 2);
  const auto edited = crm.write("/api/v5/orders/o/edit",
                                {{"by", "externalId"}, {"order", {{"items", json::array({line("2", offer, 500)})}}}});
  REQUIRE(items_of(edited).size() == 1);
  CHECK(items_of(edited)[0]["id"] == two[1]["id"]);
  CHECK(edited.json()["order"]["summ"] == 500);
  const auto twice =
      crm.write("/api/v5/orders/create", {{"order", {{"items", {line("1", offer, 0), line("1", offer, 1)}}}}});
  CHECK(twice.status == 400);
}

TEST_CASE("an edit touches what it names, null clears, and a completed order sells its goods") {
  Sandbox sandbox;
  const Integration crm{sandbox};
  crm.write("/api/v5/orders/create", {{"order",
                                       {{"externalId", "a/b"},
                                        {"firstName", "Иван"},
                                        {"lastName", "Петров"},
                                        {"items", json::array({line("1", json::object(), 5)})}}}});
  const auto edited = crm.write("/api/v5/orders/a%2Fb/edit",
                                {{"by", "externalId"}, {"order", {{"lastName", nullptr}, {"status", "complete"}}}});
  REQUIRE(edited.status == 200);
  CHECK(edited.json()["order"]["firstName"] == "Иван");
  CHECK(!edited.json()["order"].contains("lastName"));
  CHECK(edited.json()["order"]["items"][0]["status"] == "saled");
  CHECK(crm.write("/api/v5/orders/none/edit", {{"by", "externalId"}, {"order", json::object()}}).json()["errorMsg"] ==
        "Not found");
}

TEST_CASE("an upload keeps its good entries and answers 460 for the others") {
  Sandbox sandbox;
  const Integration crm{sandbox};
  const auto first =
      crm.write("/api/v5/orders/upload", {{"site", "wb"}, {"orders", {{{"externalId", "1"}}, {{"externalId", "2"}}}}});
  CHECK(first.status == 201);
  CHECK(first.json()["uploadedOrders"].size() == 2);
  const auto second =
      crm.write("/api/v5/orders/upload", {{"site", "wb"}, {"orders", {{{"externalId", "2"}}, {{"externalId", "3"}}}}});
  CHECK(second.status == 460);
  CHECK(second.json()["failedOrders"] == json::array({{{"externalId", "2"}}}));
  CHECK(second.json()["errors"][0] == "Order with externalId=2 already exists.");
  CHECK(crm.read("/api/v5/orders?filter[externalIds][]=3&filter[externalIds][]=9").json()["orders"].size() == 1);
}

TEST_CASE("lists filter, page and refuse what they do not know") {
  Sandbox sandbox;
  const Integration crm{sandbox};
  for (int i = 0; i < 25; ++i)
    crm.write("/api/v5/orders/create",
              {{"site", i % 2 == 0 ? "wb" : "shop"}, {"order", {{"status", i < 5 ? "complete" : "new"}}}});
  const json page = crm.read("/api/v5/orders?page=2").json();
  CHECK(page["orders"].size() == 5);
  CHECK(page["pagination"] == json{{"limit", 20}, {"totalCount", 25}, {"currentPage", 2}, {"totalPageCount", 2}});
  CHECK(crm.read("/api/v5/orders?limit=30").json()["errorMsg"] == "Errors in the pagination parameters");
  CHECK(crm.read("/api/v5/orders?filter[sites][]=shop&limit=50").json()["orders"].size() == 12);
  CHECK(crm.read("/api/v5/orders?filter%5BextendedStatus%5D%5B%5D=complete-group").json()["orders"].size() == 5);
  CHECK(crm.read("/api/v5/orders?filter[status]=new").json()["errors"].contains("children[status]"));
  CHECK(crm.read("/api/v5/orders?filter[ids]=5").status == 400);
  CHECK(crm.read("/api/v5/orders/statuses?ids[]=7146").json()["orders"][0]["group"] == "complete");
}

TEST_CASE("history tells own changes from foreign ones, one entry per field, ids with gaps") {
  Sandbox sandbox;
  const Integration crm{sandbox};
  const Integration other{sandbox, sandbox.issue()};
  const std::int64_t id = crm.write("/api/v5/orders/create", {{"order", {{"externalId", "x"}}}}).json()["id"];
  other.write("/api/v5/orders/x/edit", {{"by", "externalId"}, {"order", {{"firstName", "A"}, {"lastName", "B"}}}});
  sandbox.set_status(id, "assembling");
  crm.write("/api/v5/orders/x/edit",
            {{"by", "externalId"}, {"order", {{"status", "cancel-other"}, {"firstName", "A"}}}});
  const json history = crm.read("/api/v5/orders/history").json()["history"];
  REQUIRE(history.size() == 6);
  CHECK(history[0]["created"] == true);
  CHECK(history[0]["apiKey"]["current"] == true);
  CHECK(history[0]["order"]["payments"] == json::array());
  CHECK(history[1]["field"] == "customer");
  CHECK(history[1]["source"] == "code");
  CHECK(history[2]["apiKey"]["current"] == false);
  CHECK(history[4]["source"] == "user");
  CHECK(!history[4].contains("apiKey"));
  CHECK(history[4]["newValue"] == json{{"code", "assembling"}});
  CHECK(history[5]["oldValue"] == json{{"code", "assembling"}});
  CHECK(history[5]["order"]["status"] == "cancel-other");
  CHECK(other.read("/api/v5/orders/history").json()["history"][0]["apiKey"]["current"] == false);
  const std::string since = history[4]["id"].dump();
  CHECK(crm.read("/api/v5/orders/history?filter[sinceId]=" + since).json()["history"].size() == 1);
  CHECK(crm.read("/api/v5/orders/history?filter[sinceId]=" + since + "&page=2").status == 400);
  sandbox.delete_order(id);
  CHECK(crm.read("/api/v5/orders/history").json()["history"].back()["deleted"] == true);
  CHECK(crm.read("/api/v5/orders/x").status == 404);
}

TEST_CASE("dates are in the account's zone") {
  HandClock clock(1795469400);  // 2026-11-23T21:30:00Z
  Sandbox sandbox({.clock = clock, .time_zone = "Asia/Krasnoyarsk"});
  const Integration crm{sandbox};
  CHECK(crm.write("/api/v5/orders/create", {{"order", json::object()}}).json()["order"]["createdAt"] ==
        "2026-11-24 04:30:00");
  CHECK(crm.read("/api/v5/settings").json()["settings"]["timezone"]["value"] == "Asia/Krasnoyarsk");
}

TEST_CASE("payments are made, edited and deleted apart, keyed by id when read") {
  Sandbox sandbox;
  const Integration crm{sandbox};
  crm.write("/api/v5/orders/create",
            {{"order", {{"externalId", "o"}, {"items", json::array({line("1", json::object(), 100)})}}}});
  const json payment{{"type", "bank-card"}, {"amount", 100}, {"order", {{"externalId", "o"}}}};
  const auto made = crm.write("/api/v5/orders/payments/create", {{"payment", payment}});
  CHECK(made.status == 201);
  const std::string id = made.json()["id"].dump();
  CHECK(crm.write("/api/v5/orders/payments/create", {{"payment", {{"type", "cash"}}}}).json()["errors"]["order"] ==
        "Set one of the following fields: id, externalId, number");
  CHECK(crm.write("/api/v5/orders/payments/" + id + "/edit", {{"payment", {{"status", "credit-check"}}}}).status ==
        400);
  CHECK(crm.write("/api/v5/orders/payments/" + id + "/edit", {{"payment", {{"status", "paid"}}}}).status == 200);
  const json order = crm.read("/api/v5/orders/o").json()["order"];
  CHECK(order["payments"][id]["status"] == "paid");
  CHECK(order["prepaySum"] == 100);
  CHECK(order.contains("fullPaidAt"));
  CHECK(crm.write("/api/v5/orders/payments/" + id + "/delete", json::object()).status == 200);
  CHECK(crm.read("/api/v5/orders/o").json()["order"]["payments"] == json::array());
  CHECK(crm.write("/api/v5/orders/payments/" + id + "/edit", {{"payment", json::object()}}).json()["errorMsg"] ==
        "Payment not found");
}

TEST_CASE("customers are found by a part of their name or phone, whatever the case") {
  Sandbox sandbox;
  const Integration crm{sandbox};
  const json customer{{"externalId", "c"},
                      {"firstName", "Иван"},
                      {"lastName", "Петров"},
                      {"phones", json::array({{{"number", "+79005550001"}}})}};
  const json id = crm.write("/api/v5/customers/create", {{"site", "wb"}, {"customer", customer}}).json()["id"];
  CHECK(
      crm.write("/api/v5/customers/create", {{"site", "wb"}, {"customer", customer}}).json()["errors"]["externalId"] ==
      "Customer with externalId=c already exists");
  const auto count = [&](const std::string& name) {
    return crm.read("/api/v5/customers?filter[name]=" + tests::url_encoded(name)).json()["customers"].size();
  };
  CHECK(count("ПЕТРОВ иван") == 1);
  CHECK(count("5550001") == 1);
  CHECK(count("Сидоров") == 0);
  crm.write("/api/v5/customers/c/edit",
            {{"by", "externalId"}, {"site", "wb"}, {"customer", {{"phones", json::array({{{"number", "8900"}}})}}}});
  CHECK(crm.read("/api/v5/customers/" + id.dump() + "?by=id").json()["customer"]["phones"].size() == 2);
  CHECK(crm.read("/api/v5/customers/history").json()["history"].back()["field"] == "phones");
  CHECK(crm.write("/api/v5/customers/upload", {{"site", "wb"}, {"customers", json::array({customer})}}).status == 460);
}

TEST_CASE("corporate customers exist only where the feature is on") {
  Sandbox off({.corporate = false});
  CHECK(Integration{off}.read("/api/v5/customers-corporate").json()["errorMsg"] == "API method not found");
  Sandbox sandbox;
  const Integration crm{sandbox};
  const json company{{"isMain", true},
                     {"name", "ООО ВАЙЛДБЕРРИЗ"},
                     {"contragent", {{"contragentType", "legal-entity"}, {"INN", "7700000000"}}}};
  const json made =
      crm.write(
             "/api/v5/customers-corporate/create",
             {{"site", "wb"},
              {"customerCorporate",
               {{"nickName", "ООО ВАЙЛДБЕРРИЗ"}, {"externalId", "wb-legal"}, {"companies", json::array({company})}}}})
          .json();
  CHECK(crm.read("/api/v5/customers-corporate?filter[contragentInn]=7700000000").json()["customersCorporate"].size() ==
        1);
  CHECK(crm.read("/api/v5/customers-corporate/wb-legal?site=wb").json()["customerCorporate"]["mainCompany"]["name"] ==
        "ООО ВАЙЛДБЕРРИЗ");
  const json order{{"customer", {{"type", "customer_corporate"}, {"id", made["id"]}}}};
  CHECK(crm.write("/api/v5/orders/create", {{"site", "wb"}, {"order", order}}).json()["order"]["customer"]["type"] ==
        "customer_corporate");
}

TEST_CASE("offers are found by barcode, paged by sinceId, and take stocks and prices") {
  Sandbox sandbox;
  const Integration crm{sandbox};
  sandbox.add_offer({{"name", "Шина"}, {"barcode", "2041546265353"}, {"xmlId", "t"}});
  const json found = crm.read("/api/v5/store/offers?filter[name]=2041546265353").json()["offers"];
  REQUIRE(found.size() == 1);
  CHECK(found[0]["barcode"] == "2041546265353");
  CHECK(found[0]["properties"] == json::array());
  CHECK(found[0]["product"].contains("id"));
  CHECK(crm.read("/api/v5/store/offers?filter[sinceId]=" + std::to_string(found[0]["id"].get<int>() - 1))
            .json()["offers"]
            .size() == 1);
  CHECK(crm.read("/api/v5/store/products?filter[name]=2041546265353").json()["products"].size() == 1);
  const json stocks = {{{"xmlId", "t"}, {"stores", json::array({{{"code", "main"}, {"available", 9}}})}},
                       {{"xmlId", "?"}}};
  const json uploaded = crm.write("/api/v5/store/inventories/upload", {{"offers", stocks}}).json();
  CHECK(uploaded["processedOffersCount"] == 1);
  CHECK(uploaded["notFoundOffers"] == json::array({{{"xmlId", "?"}}}));
  const json kept = crm.read("/api/v5/store/inventories?filter[offerXmlId][]=t&filter[details]=1").json()["offers"][0];
  CHECK(kept["stores"][0]["quantity"] == 9);
  Sandbox small({.catalogue = false});
  CHECK(Integration{small}.read("/api/v5/store/offers").status == 404);
}

TEST_CASE("more than ten requests a second are too many") {
  HandClock clock;
  Sandbox sandbox({.clock = clock, .limits = true});
  const Integration crm{sandbox};
  for (int i = 0; i < 10; ++i) CHECK(crm.read("/api/v5/settings").status == 200);
  CHECK(crm.read("/api/v5/settings").json()["errorMsg"] == "Rate limit exceeded");
  clock.pass(std::chrono::milliseconds(101));
  CHECK(crm.read("/api/v5/settings").status == 200);
}

TEST_CASE("an answer can be lost after the commit") {
  Sandbox sandbox;
  const Integration crm{sandbox};
  sandbox.add_fault({{"match", "/orders/create"}, {"kind", "drop"}, {"after_commit", true}});
  CHECK(crm.write("/api/v5/orders/create", {{"order", {{"externalId", "1"}}}}).status == 0);
  CHECK(crm.write("/api/v5/orders/create", {{"order", {{"externalId", "1"}}}}).json()["errorMsg"] ==
        "Order already exists.");
  CHECK(sandbox.state()["orders"].size() == 1);
  CHECK(sandbox.log()[0]["body"]["order"]["externalId"] == "1");
}

TEST_CASE("staff and their dictionaries: the operator's surface") {
  Sandbox sandbox;
  const Integration crm{sandbox};
  const std::int64_t id = sandbox.add_order({{"firstName", "Ольга"}});
  CHECK(crm.read("/api/v5/orders/" + std::to_string(id) + "?by=id")
            .json()["order"]["number"]
            .get<std::string>()
            .ends_with("C"));
  sandbox.operate("POST", "/_sandbox/statuses", {{"code", "packed"}, {"group", "assembling"}});
  sandbox.operate("POST", "/_sandbox/custom-fields", {{"code", "wb_id"}});
  sandbox.edit_order(id, {{"status", "packed"}, {"customFields", {{"wb_id", "7"}}}});
  CHECK(crm.read("/api/v5/orders/statuses?ids[]=" + std::to_string(id)).json()["orders"][0]["group"] == "assembling");
  CHECK(crm.read("/api/v5/orders/history").json()["history"].back()["field"] == "custom_wb_id");
  CHECK(crm.read("/api/v5/reference/statuses").json()["statuses"]["packed"]["group"] == "assembling");
  CHECK(crm.read("/api/v5/custom-fields?filter[entity]=order&limit=250").json()["customFields"].size() == 1);
  CHECK_THROWS(sandbox.set_status(id, "no-such"));
}

TEST_CASE("a change of status pulls the trigger, once, as a form") {
  std::mutex mutex;
  std::string seen;
  auto hook = engine::http::Server::start([&](const engine::http::ServerRequest& given) {
    const std::scoped_lock lock(mutex);
    seen += given.path + '?' + given.body + '\n';
    return engine::http::Reply();
  });
  REQUIRE(hook);
  {
    Sandbox sandbox({.trigger_url = "http://127.0.0.1:" + std::to_string(hook->port()) + "/hook"});
    const Integration crm{sandbox};
    crm.write("/api/v5/orders/create", {{"order", {{"externalId", "a b"}}}});
  }
  const std::scoped_lock lock(mutex);
  CHECK(seen == "/hook?id=7146&externalId=a%20b&status=new\n");
}
