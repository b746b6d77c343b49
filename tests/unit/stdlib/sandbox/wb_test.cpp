#include <doctest/doctest.h>

#include "tests/unit/stdlib/sandbox/wb_client.hpp"

using namespace pipewright;
using namespace pipewright::wb::sandbox;
using nlohmann::json;
using tests::HandClock;
using tests::Seller;

TEST_CASE("only an issued, living token of the right category opens a method") {
  Sandbox sandbox;
  const std::string orders = sandbox.url() + "/api/v3/orders/new";
  CHECK(tests::request("GET", orders).status == 401);
  CHECK(tests::request("GET", orders, {{"Authorization", "abc"}}).json()["title"] == "unauthorized");
  CHECK(tests::request("GET", orders, {{"Authorization", sandbox.credential()}}).status == 200);
  CHECK(tests::request("GET", orders, {{"Authorization", "Bearer " + sandbox.credential()}}).status == 200);
  const Seller analyst{sandbox, sandbox.issue({.categories = {2}})};
  CHECK(analyst.call("GET", "/api/v3/orders/new").status == 401);
  const Seller late{sandbox, sandbox.issue({.valid_for = std::chrono::seconds(-1)})};
  CHECK(late.call("GET", "/api/v3/orders/new").json()["detail"] == "token problem; token is expired");
  const Seller reader{sandbox, sandbox.issue({.read_only = true})};
  CHECK(reader.call("POST", "/api/v3/orders/status", {{"orders", {1}}}).status == 200);
  CHECK(reader.call("POST", "/api/v3/supplies", {{"name", "x"}}).json()["detail"] ==
        "read-only token scope not allowed for this route");
}

TEST_CASE("an FBS task goes from new through a supply to complete") {
  Sandbox sandbox;
  const Seller seller{sandbox};
  const auto ids = sandbox.add_tasks(Scheme::fbs, 2);
  CHECK(seller.call("GET", "/api/v3/orders/new").json()["orders"].size() == 2);
  const std::string supply = seller.call("POST", "/api/v3/supplies", {{"name", "CRM"}}).json()["id"];
  CHECK(seller.call("PATCH", "/api/v3/supplies/" + supply + "/deliver").json()["code"] == "SupplyHasZeroOrders");
  CHECK(seller.call("PATCH", "/api/marketplace/v3/supplies/" + supply + "/orders", {{"orders", ids}}).status == 204);
  CHECK(seller.call("GET", "/api/v3/orders/new").json()["orders"].empty());
  CHECK(seller.call("GET", "/api/marketplace/v3/supplies/" + supply + "/order-ids").json()["orderIds"] == json(ids));
  CHECK(seller.call("DELETE", "/api/v3/supplies/" + supply).json()["code"] == "SupplyHasOrders");
  CHECK(seller.call("GET", "/api/v3/supplies/" + supply + "/barcode?type=png").json()["code"] == "SupplyNotClosed");
  CHECK(seller.call("PATCH", "/api/v3/supplies/" + supply + "/deliver").status == 204);
  const json status = seller.call("POST", "/api/v3/orders/status", {{"orders", {ids[0], 5}}}).json();
  REQUIRE(status["orders"].size() == 1);
  CHECK(status["orders"][0]["supplierStatus"] == "complete");
  CHECK(status["orders"][0]["isCancellable"] == true);
  sandbox.set_status(ids[0], "", "sold");
  CHECK(seller.call("PATCH", "/api/v3/orders/" + std::to_string(ids[0]) + "/cancel").json()["code"] ==
        "StatusMismatch");
  sandbox.set_status(ids[1], "", "sorted");
  CHECK(seller.call("PATCH", "/api/v3/orders/" + std::to_string(ids[1]) + "/cancel").json()["code"] ==
        "StatusChangeNotAllowed");
}

TEST_CASE("a supply may need shipping parameters and its tasks their marks") {
  Sandbox sandbox({.shipping_required = true});
  const Seller seller{sandbox};
  const auto ids = sandbox.add_tasks(Scheme::fbs, 1, {{"requiredMeta", json::array({"sgtin"})}});
  const std::string task = std::to_string(ids[0]);
  const std::string supply = seller.call("POST", "/api/v3/supplies", {{"name", "x"}}).json()["id"];
  CHECK(seller.call("PUT", "/api/v3/orders/" + task + "/meta/sgtin", {{"sgtins", {"01234567890123456"}}}).status ==
        409);
  seller.call("PATCH", "/api/marketplace/v3/supplies/" + supply + "/orders", {{"orders", ids}});
  const json refused = seller.call("PATCH", "/api/v3/supplies/" + supply + "/deliver").json();
  CHECK(refused["code"] == "MetaValidationFail");
  CHECK(refused["data"]["orders"][0]["metaDetails"][0]["decision"] == "required");
  CHECK(seller.call("PUT", "/api/v3/orders/" + task + "/meta/sgtin", {{"sgtins", json::array({"01234567890123456"})}})
            .status == 204);
  CHECK(seller.call("PUT", "/api/v3/orders/" + task + "/meta/imei", {{"imei", "1"}}).json()["code"] ==
        "MetaKeyNotRequired");
  CHECK(seller.call("PATCH", "/api/v3/supplies/" + supply + "/deliver").json()["code"] == "SupplyShippingRequired");
  const json method{
      {"supplyId", supply}, {"shippingType", "selfShipping"}, {"shippingDt", "2099-01-01"}, {"shippingPointId", 507}};
  const json other{{"supplyId", "WB-GI-0"},
                   {"shippingType", "selfShipping"},
                   {"shippingDt", "2099-01-01"},
                   {"shippingPointId", 507}};
  const json results =
      seller.call("PATCH", "/api/marketplace/v3/fbs/supplies/shipping-method", {{"data", {method, other}}})
          .json()["results"];
  CHECK(results[0]["success"] == true);
  CHECK(results[1]["error"]["detail"] == "NotFound");
  CHECK(seller.call("PATCH", "/api/v3/supplies/" + supply + "/deliver").status == 204);
}

TEST_CASE("the list of tasks asks for its parameters and pages by next") {
  Sandbox sandbox;
  const Seller seller{sandbox};
  const auto ids = sandbox.add_tasks(Scheme::fbs, 3);
  CHECK(seller.call("GET", "/api/v3/orders").json()["code"] == "IncorrectParameter");
  CHECK(seller.call("GET", "/api/v3/orders?limit=1001&next=0").status == 400);
  const json first = seller.call("GET", "/api/v3/orders?limit=2&next=0").json();
  CHECK(first["orders"].size() == 2);
  CHECK(first["next"] == ids[1]);
  CHECK(!first["orders"][0].contains("salePrice"));
  const json second = seller.call("GET", "/api/v3/orders?limit=2&next=" + std::to_string(ids[1])).json();
  REQUIRE(second["orders"].size() == 1);
  CHECK(second["orders"][0]["id"] == ids[2]);
}

TEST_CASE("any field of a task can be overridden, big numbers and poison included") {
  Sandbox sandbox;
  const Seller seller{sandbox};
  const json fields = json::parse(R"({"id":9007199254740993,"chrtId":18446744073709551615,"price":"abc"})");
  CHECK(sandbox.add_tasks(Scheme::fbs, 1, fields)[0] == 9007199254740993);
  const std::string text = seller.call("GET", "/api/v3/orders/new").body;
  CHECK(text.find("9007199254740993") != std::string::npos);
  CHECK(text.find("18446744073709551615") != std::string::npos);
  CHECK(text.find(R"("price":"abc")") != std::string::npos);
}

TEST_CASE("DBS answers 200 with a result per task and enforces the moves") {
  Sandbox sandbox({.code_required = true});
  const Seller seller{sandbox};
  const auto ids = sandbox.add_tasks(Scheme::dbs, 2);
  const std::string status = "/api/marketplace/v3/dbs/orders/status/";
  CHECK(seller.call("POST", "/api/v3/dbs/orders/client", {{"orders", ids}}).json()["orders"].empty());
  const json confirmed = seller.call("POST", status + "confirm", {{"ordersIds", {ids[0], 1}}}).json();
  CHECK(confirmed["results"][0]["isError"] == false);
  CHECK(confirmed["results"][1]["errors"][0]["detail"] == "NotFound");
  const json client = seller.call("POST", "/api/v3/dbs/orders/client", {{"orders", ids}}).json()["orders"];
  REQUIRE(client.size() == 1);
  CHECK(client[0]["orderID"] == ids[0]);
  const json mixed = seller.call("POST", status + "deliver", {{"ordersIds", ids}}).json();
  CHECK(mixed["results"][0]["isError"] == false);
  CHECK(mixed["results"][1]["errors"][0]["detail"] == "StatusMismatch");
  sandbox.operate("POST", "/_sandbox/orders/" + std::to_string(ids[0]) + "/status", {{"code", "741852"}});
  const auto receive = [&](const char* code) {
    return seller.call("POST", status + "receive", {{"orders", json::array({{{"orderId", ids[0]}, {"code", code}}})}})
        .json()["results"][0];
  };
  CHECK(receive("000000")["isError"] == true);
  CHECK(receive("741852")["isError"] == false);
  const json info = seller.call("POST", status + "info", {{"ordersIds", {ids[0], 1}}}).json()["orders"];
  CHECK(info[0]["wbStatus"] == "sold");
  CHECK(info[1]["errors"][0]["code"] == 404);
  CHECK(seller.call("POST", status + "confirm", {{"orders", ids}}).json()["title"] == "Bad Request");
}

TEST_CASE("unassigned proxy numbers are empty strings") {
  Sandbox sandbox({.phones = Phones::empty});
  const Seller seller{sandbox};
  const auto ids = sandbox.add_tasks(Scheme::dbs);
  seller.call("POST", "/api/marketplace/v3/dbs/orders/status/confirm", {{"ordersIds", ids}});
  const json client = seller.call("POST", "/api/v3/dbs/orders/client", {{"orders", ids}}).json()["orders"][0];
  CHECK(client["phone"] == "");
  CHECK(client["phoneCode"] == "");
}

TEST_CASE("DBW and click-collect keep to their own moves") {
  Sandbox sandbox;
  const Seller seller{sandbox};
  const auto courier = sandbox.add_tasks(Scheme::dbw);
  const std::string one = "/api/v3/dbw/orders/" + std::to_string(courier[0]);
  CHECK(seller.call("POST", "/api/marketplace/v3/dbw/orders/status/deliver", {{"ordersIds", courier}})
            .json()["results"][0]["isError"] == true);
  CHECK(seller.call("PATCH", one + "/confirm").status == 204);
  CHECK(seller.call("PATCH", one + "/confirm").json()["code"] == "StatusMismatch");
  CHECK(seller.call("POST", "/api/marketplace/v3/dbw/orders/status/deliver", {{"ordersIds", courier}})
            .json()["results"][0]["isError"] == false);
  CHECK(seller.call("POST", "/api/v3/dbw/orders/status", {{"orders", courier}}).json()["orders"][0]["supplierStatus"] ==
        "complete");

  const auto shop = sandbox.add_tasks(Scheme::pickup);
  const std::string status = "/api/marketplace/v3/click-collect/orders/status/";
  for (const char* step : {"confirm", "prepare", "receive"}) {
    CHECK(seller.call("POST", status + step, {{"ordersIds", shop}}).json()["results"][0]["isError"] == false);
  }
  const std::string now = std::to_string(std::time(nullptr));
  const json done = seller
                        .call("GET", "/api/v3/click-collect/orders?limit=10&next=0&dateFrom=" +
                                         std::to_string(std::time(nullptr) - 86400) + "&dateTo=" + now)
                        .json();
  CHECK(done["orders"].size() == 1);
  CHECK(seller.call("GET", "/api/v3/click-collect/orders?limit=10&next=0").status == 400);
}

TEST_CASE("statistics are paged by lastChangeDate in Moscow time, the boundary row coming again") {
  HandClock clock;
  Sandbox sandbox({.clock = clock, .statistics_page = 3, .tasks_in_statistics = false});
  const Seller seller{sandbox};
  const auto row = [&](const char* srid, const char* changed) {
    sandbox.add_fbo_order({{"srid", srid}, {"lastChangeDate", changed}});
  };
  row("A", "2026-10-08T09:59:00");
  row("B", "2026-10-08T10:00:00");
  row("C", "2026-10-08T10:00:00");
  row("D", "2026-10-08T10:00:00");
  const auto srids = [&](const std::string& from) {
    std::string all;
    for (const json& one : seller.call("GET", "/api/v1/supplier/orders?dateFrom=" + from).json())
      all += one["srid"].get<std::string>();
    return all;
  };
  CHECK(srids("2026-10-08") == "ABC");
  CHECK(srids("2026-10-08T10:00:00") == "BCD");
  CHECK(srids("2026-10-08T07:00:00Z") == "BCD");
  CHECK(srids("2026-10-09").empty());
  CHECK(seller.call("GET", "/api/v1/supplier/orders").json()["errors"].is_array());
  CHECK(seller.call("GET", "/api/v1/supplier/orders?dateFrom=x").json()["errors"].is_string());
}

TEST_CASE("an FBO order that is bought appears in sales and in the feed") {
  HandClock clock;
  Sandbox sandbox({.clock = clock});
  const Seller seller{sandbox};
  const std::string srid = sandbox.add_fbo_order();
  sandbox.add_tasks(Scheme::fbs);
  clock.pass(std::chrono::hours(1));
  sandbox.set_fbo_status(srid, "buyout");
  const json sales = seller.call("GET", "/api/v1/supplier/sales?dateFrom=2026-10-01").json();
  REQUIRE(sales.size() == 1);
  CHECK(sales[0]["saleID"].get<std::string>().starts_with("S"));
  CHECK(!sales[0].contains("isCancel"));
  const json period{{"start", "2026-10-08T00:00:00+03:00"}};
  const json first =
      seller.call("POST", "/api/analytics/v1/order-feed", {{"selectedPeriod", period}, {"pagination", {{"limit", 1}}}})
          .json()["data"];
  CHECK(first["orders"][0]["status"] == "buyout");
  CHECK(first["orders"][0]["isMp"] == false);
  const json page{{"snapshotTime", first["snapshotTime"]}, {"offset", 1}, {"limit", 1}};
  const json second =
      seller.call("POST", "/api/analytics/v1/order-feed", {{"selectedPeriod", period}, {"pagination", page}})
          .json()["data"];
  CHECK(second["orders"][0]["isMp"] == true);
  CHECK(
      seller.call("POST", "/api/analytics/v1/order-feed", {{"selectedPeriod", period}, {"pagination", {{"offset", 1}}}})
          .status == 400);
  const json cards = seller
                         .call("POST", "/content/v2/get/cards/list",
                               {{"settings", {{"filter", {{"textSearch", sales[0]["barcode"]}}}}}})
                         .json();
  CHECK(cards["cards"].size() == 1);
}

TEST_CASE("stocks are kept by warehouse and chrtId, and strangers are refused") {
  Sandbox sandbox;
  const Seller seller{sandbox};
  sandbox.add_tasks(Scheme::fbs, 8);
  const std::string stocks = "/api/v3/stocks/658434";
  const json known = seller.call("POST", "/content/v2/get/cards/list", {{"settings", json::object()}})
                         .json()["cards"][0]["sizes"][0]["chrtID"];
  CHECK(seller.call("PUT", stocks, {{"stocks", json::array({{{"chrtId", known}, {"amount", 7}}})}}).status == 204);
  CHECK(seller.call("POST", stocks, {{"chrtIds", {known, 1}}}).json()["stocks"] ==
        json::array({{{"chrtId", known}, {"amount", 7}}}));
  CHECK(seller.call("PUT", stocks, {{"stocks", json::array({{{"chrtId", 1}, {"amount", 7}}})}}).json()[0]["code"] ==
        "NotFound");
  CHECK(seller.call("PUT", stocks, {{"stocks", json::array({{{"sku", "1"}, {"amount", 7}}})}}).json()["code"] ==
        "SKUUploadDisabled");
  CHECK(seller.call("DELETE", stocks, {{"chrtIds", json::array({known})}}).status == 204);
  CHECK(seller.call("GET", "/api/v3/warehouses").json().size() == 4);
}

TEST_CASE("a drained bucket answers 429 until the interval has passed, and a 4XX costs ten") {
  HandClock clock;
  Sandbox sandbox({.clock = clock, .limits = Limits::on});
  const Seller seller{sandbox};
  CHECK(seller.call("GET", "/api/v3/orders/new").headers.at("x-ratelimit-remaining") == "19");
  CHECK(seller.call("GET", "/api/v3/orders").status == 400);
  CHECK(seller.call("GET", "/api/v3/orders").headers.at("x-ratelimit-remaining") == "0");
  const auto refused = seller.call("GET", "/api/v3/orders/new");
  CHECK(refused.status == 429);
  CHECK(refused.headers.at("x-ratelimit-retry") == "1");
  CHECK(refused.headers.at("x-ratelimit-limit") == "20");
  CHECK(!refused.headers.contains("x-ratelimit-remaining"));
  clock.pass(std::chrono::milliseconds(200));
  CHECK(seller.call("GET", "/api/v3/orders/new").status == 200);
  CHECK(seller.call("GET", "/api/v1/supplier/sales?dateFrom=2026-10-01").status == 200);
  CHECK(seller.call("GET", "/api/v1/supplier/sales?dateFrom=2026-10-01").headers.at("x-ratelimit-retry") == "60");
}

TEST_CASE("faults strike where and as often as they are told") {
  Sandbox sandbox;
  const Seller seller{sandbox};
  const auto ids = sandbox.add_tasks(Scheme::fbs, 2);
  sandbox.add_fault({{"match", "/supplies"}, {"kind", "drop"}, {"after_commit", true}, {"method", "POST"}});
  CHECK(seller.call("POST", "/api/v3/supplies", {{"name", "x"}}).status == 0);
  CHECK(sandbox.state()["supplies"].size() == 1);
  sandbox.add_fault({{"match", "/supplies"}, {"kind", "reset_before"}, {"method", "POST"}});
  CHECK(seller.call("POST", "/api/v3/supplies", {{"name", "x"}}).status == 0);
  CHECK(sandbox.state()["supplies"].size() == 1);
  sandbox.add_fault({{"match", "/orders/new"}, {"kind", "html"}, {"every", 2}});
  CHECK(seller.call("GET", "/api/v3/orders/new").status == 200);
  CHECK(seller.call("GET", "/api/v3/orders/new").headers.at("content-type") == "text/html; charset=utf-8");
  CHECK(seller.call("GET", "/api/v3/orders/new").status == 200);
  sandbox.clear_faults();
  sandbox.add_fault({{"match", "/orders/new"}, {"kind", "body"}, {"body", {{"orders", nullptr}}}, {"times", 2}});
  CHECK(seller.call("GET", "/api/v3/orders/new").body == R"({"orders":null})");
  CHECK(seller.call("GET", "/api/v3/orders/new").body == R"({"orders":null})");
  CHECK(seller.call("GET", "/api/v3/orders/new").json()["orders"].size() == ids.size());
  const json log = sandbox.log();
  CHECK(log[0]["status"] == 0);
  CHECK(log[0]["fault"] == "drop");
  CHECK(log.back()["path"] == "/api/v3/orders/new");
}

TEST_CASE("an outage keeps the state and the address") {
  Sandbox sandbox;
  const Seller seller{sandbox};
  sandbox.add_tasks(Scheme::fbs, 1);
  sandbox.stop();
  CHECK(seller.call("GET", "/api/v3/orders/new").status == 0);
  sandbox.start();
  CHECK(seller.call("GET", "/api/v3/orders/new").json()["orders"].size() == 1);
}

TEST_CASE("the operator's surface is also HTTP") {
  Sandbox sandbox;
  const auto made = tests::request("POST", sandbox.url() + "/_sandbox/pickup/orders", {},
                                   R"({"count":2,"together":true,"price":500})");
  CHECK(made.status == 201);
  CHECK(made.json()["ids"].size() == 2);
  const json state = tests::request("GET", sandbox.url() + "/_sandbox/state").json();
  CHECK(state["orders"][0]["fields"]["price"] == 500);
  CHECK(state["orders"][0]["fields"]["orderCode"] == state["orders"][1]["fields"]["orderCode"]);
  CHECK(tests::request("POST", sandbox.url() + "/_sandbox/faults", {}, R"({"kind":"nonsense"})").status == 400);
  CHECK(sandbox.log().empty());
}
