// What the sandboxes answer, held against the published descriptions and examples.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "tests/support/openapi.hpp"
#include "tests/support/reference.hpp"
#include "tests/unit/stdlib/sandbox/crm_client.hpp"
#include "tests/unit/stdlib/sandbox/wb_client.hpp"

using namespace pipewright;
using nlohmann::json;

namespace {

const std::filesystem::path reference = tests::reference_folder();

/// openapi/README.md, "Changed after these files", and what the text says but the schemas do not.
std::optional<tests::OpenApi> described() {
  std::optional<tests::OpenApi> api = tests::OpenApi::load(reference / "wildberries" / "openapi");
  if (!api) return api;
  for (const char* newer :
       {"/fbs/shipping-points", "/fbs/supplies/shipping-method", "/fbs/supplies/waybill",
        "phoneCode: expected integer, found \"\"", "metaDetails[0].value: null", "metaDetails[1].value: null"}) {
    api->tolerate(newer);
  }
  return api;
}

struct Contract {
  const tests::OpenApi& api;
  const tests::Seller& seller;

  json call(const std::string& method, const std::string& target, const json& body = nullptr) const {
    const tests::Answer answer = seller.call(method, target, body);
    const std::string path = target.substr(0, target.find('?'));
    const auto type = answer.headers.find("content-type");
    const std::string media = type == answer.headers.end() ? "" : type->second;
    for (const std::string& problem : api.response_problems(method, path, answer.status, media, answer.body)) {
      FAIL_CHECK(problem << "\n" << answer.body);
    }
    return answer.json();
  }
};

void fbs_scenario(const Contract& contract, wb::sandbox::Sandbox& sandbox) {
  const auto ids = sandbox.add_tasks(wb::sandbox::Scheme::fbs, 3, {{"requiredMeta", json::array({"imei"})}});
  contract.call("GET", "/api/v3/orders/new");
  contract.call("GET", "/api/v3/orders");
  contract.call("GET", "/api/v3/orders?limit=10&next=0");
  contract.call("POST", "/api/v3/orders/status", {{"orders", ids}});
  contract.call("POST", "/api/v3/orders/status", {{"orders", json::array()}});
  const std::string supply = contract.call("POST", "/api/v3/supplies", {{"name", "x"}})["id"];
  contract.call("POST", "/api/v3/supplies", {{"name", ""}});
  contract.call("PATCH", "/api/v3/supplies/" + supply + "/deliver");
  contract.call("PATCH", "/api/marketplace/v3/supplies/" + supply + "/orders", {{"orders", ids}});
  contract.call("PATCH", "/api/marketplace/v3/supplies/" + supply + "/orders", {{"orders", {1}}});
  contract.call("GET", "/api/marketplace/v3/supplies/" + supply + "/order-ids");
  contract.call("GET", "/api/v3/supplies/" + supply);
  contract.call("GET", "/api/v3/supplies/WB-GI-0");
  contract.call("GET", "/api/v3/supplies?limit=10&next=0");
  contract.call("GET", "/api/v3/supplies");
  contract.call("DELETE", "/api/v3/supplies/" + supply);
  contract.call("GET", "/api/v3/supplies/" + supply + "/barcode?type=png");
  contract.call("PATCH", "/api/v3/supplies/" + supply + "/deliver");
  contract.call("POST", "/api/marketplace/v3/orders/meta", {{"orders", ids}});
  for (const std::int64_t id : ids) {
    const std::string task = "/api/v3/orders/" + std::to_string(id);
    contract.call("PUT", task + "/meta/imei", {{"imei", "123456789012345"}});
    contract.call("PUT", task + "/meta/uin", {{"uin", "1234567890123456"}});
  }
  contract.call("DELETE", "/api/v3/orders/" + std::to_string(ids[0]) + "/meta?key=sgtin");
  contract.call("POST", "/api/marketplace/v3/orders/meta", {{"orders", ids}});
  contract.call("PATCH", "/api/v3/supplies/" + supply + "/deliver");
  contract.call("GET", "/api/v3/supplies/" + supply + "/barcode?type=png");
  contract.call("GET", "/api/v3/supplies/" + supply);
  contract.call("POST", "/api/v3/supplies/" + supply + "/trbx", {{"amount", 2}});
  contract.call("GET", "/api/v3/supplies/" + supply + "/trbx");
  contract.call("POST", "/api/v3/orders/stickers?type=png&width=58&height=40", {{"orders", ids}});
  contract.call("PATCH", "/api/v3/orders/" + std::to_string(ids[0]) + "/cancel");
  contract.call("PATCH", "/api/v3/orders/" + std::to_string(ids[0]) + "/cancel");
  contract.call("PATCH", "/api/v3/orders/1/cancel");
  contract.call("GET", "/api/v3/supplies/orders/reshipment");
  contract.call("POST", "/api/v3/orders/client", {{"orders", ids}});
}

void batch_scenario(const Contract& contract, wb::sandbox::Sandbox& sandbox, const std::string& word,
                    wb::sandbox::Scheme scheme, std::initializer_list<const char*> moves) {
  const std::string old = "/api/v3/" + word + "/orders";
  const std::string batch = "/api/marketplace/v3/" + word + "/orders";
  const auto ids = sandbox.add_tasks(scheme, 2);
  const json asked{{"ordersIds", {ids[0], 1}}};
  contract.call("GET", old + "/new");
  for (const char* move : moves) {
    const bool coded = word == "dbs" && (std::string_view(move) == "receive" || std::string_view(move) == "reject");
    contract.call("POST", batch + "/status/" + move,
                  coded ? json{{"orders", {{{"orderId", ids[0]}, {"code", "1"}}, {{"orderId", 1}}}}} : asked);
    contract.call("POST", batch + "/status/" + move, json::object());
    contract.call("POST", old + "/client", {{"orders", ids}});
  }
  contract.call("POST", batch + "/status/info", asked);
  const auto marked = sandbox.add_tasks(scheme, 1, {{"requiredMeta", json::array({"imei"})}});
  contract.call("POST", batch + "/status/confirm", {{"ordersIds", marked}});
  contract.call("POST", batch + "/meta/details", {{"ordersIds", {marked[0], 1}}});
  const json codes =
      json::array({{{"orderId", marked[0]}, {"imei", "123456789012345"}}, {{"orderId", 1}, {"imei", "1"}}});
  const json results = contract.call("POST", batch + "/meta/imei", {{"orders", codes}})["results"];
  CHECK(results[0]["isError"] == false);
  contract.call("POST", batch + "/meta/details", {{"ordersIds", marked}});
  contract.call("POST", batch + "/meta/delete", {{"key", "imei"}, {word == "dbs" ? "orderIds" : "ordersIds", marked}});
  contract.call("POST", batch + "/final-price", {{"orders", {ids[0], 1}}});
  const std::string day = std::to_string(std::time(nullptr) - 86400);
  contract.call("GET", old + "?limit=10&next=0&dateFrom=" + day + "&dateTo=" + std::to_string(std::time(nullptr) + 60));
  contract.call("GET", old + "?limit=10&next=0");
}

void dbw_scenario(const Contract& contract, wb::sandbox::Sandbox& sandbox) {
  const auto ids = sandbox.add_tasks(wb::sandbox::Scheme::dbw, 2);
  const std::string one = "/api/v3/dbw/orders/" + std::to_string(ids[0]);
  contract.call("GET", "/api/v3/dbw/orders/new");
  contract.call("PATCH", one + "/confirm");
  contract.call("PATCH", one + "/confirm");
  contract.call("PATCH", "/api/v3/dbw/orders/1/confirm");
  contract.call("POST", "/api/marketplace/v3/dbw/orders/client", {{"orders", ids}});
  contract.call("POST", "/api/v3/dbw/orders/courier", {{"orders", ids}});
  contract.call("POST", "/api/v3/dbw/orders/delivery-date", {{"orders", ids}});
  contract.call("POST", "/api/v3/dbw/orders/stickers?type=png&width=58&height=40", {{"orders", ids}});
  contract.call("POST", "/api/marketplace/v3/dbw/orders/status/deliver", {{"ordersIds", ids}});
  contract.call("POST", "/api/v3/dbw/orders/status", {{"orders", ids}});
  contract.call("PATCH", "/api/v3/dbw/orders/" + std::to_string(ids[1]) + "/cancel");
  const std::string now = std::to_string(std::time(nullptr) + 60);
  contract.call("GET", "/api/v3/dbw/orders?limit=10&next=0&dateFrom=" + std::to_string(std::time(nullptr) - 86400) +
                           "&dateTo=" + now);
}

void other_scenario(const Contract& contract, wb::sandbox::Sandbox& sandbox) {
  const std::string srid = sandbox.add_fbo_order();
  sandbox.set_fbo_status(sandbox.add_fbo_order(), "cancel");
  sandbox.set_fbo_status(srid, "buyout");
  sandbox.set_fbo_status(srid, "return");
  for (const char* list : {"/api/v1/supplier/orders", "/api/v1/supplier/sales"}) {
    contract.call("GET", std::string(list) + "?dateFrom=2020-01-01");
    contract.call("GET", std::string(list));
    contract.call("GET", std::string(list) + "?dateFrom=x");
  }
  const json changed = sandbox.state()["fbo"][0]["feed"]["createdAt"];
  CHECK(contract.call("POST", "/api/analytics/v1/order-feed", {{"selectedPeriod", {{"start", changed}}}})
            .contains("data"));
  contract.call("POST", "/api/analytics/v1/order-feed", json::object());
  contract.call("POST", "/content/v2/get/cards/list", {{"settings", {{"cursor", {{"limit", 10}}}}}});
  contract.call("POST", "/content/v2/get/cards/list", {{"settings", {{"cursor", {{"limit", 1000}}}}}});
  contract.call("GET", "/api/v3/warehouses");
  contract.call("GET", "/api/v3/offices");
  contract.call("PUT", "/api/v3/stocks/658434", {{"stocks", json::array({{{"chrtId", 987654321}, {"amount", 3}}})}});
  contract.call("PUT", "/api/v3/stocks/658434", {{"stocks", json::array({{{"chrtId", 1}, {"amount", 3}}})}});
  contract.call("PUT", "/api/v3/stocks/1", {{"stocks", json::array({{{"chrtId", 1}, {"amount", 3}}})}});
  contract.call("POST", "/api/v3/stocks/658434", {{"chrtIds", {987654321, 1}}});
  contract.call("DELETE", "/api/v3/stocks/658434", {{"chrtIds", json::array({987654321})}});
  contract.call("GET", "/ping");
  contract.call("GET", "/api/v1/seller-info");
}

json example(const std::string& name) {
  std::ifstream file(reference / "retailcrm" / "examples" / (name + ".json"));
  return file ? json::parse(file) : json();
}

/// Where the kinds (map, list, number, text, flag) of what both have differ. An empty list stands for an empty map.
void compare(const json& ours, const json& theirs, const std::string& where, std::vector<std::string>& differences) {
  const auto kind = [](const json& value) -> std::string { return value.is_number() ? "number" : value.type_name(); };
  const auto is_empty_map = [](const json& value) { return value.is_array() && value.empty(); };
  if (ours.is_null() || theirs.is_null() || is_empty_map(ours) || is_empty_map(theirs)) return;
  if (kind(ours) != kind(theirs)) {
    differences.push_back(where + ": ours is " + kind(ours) + ", theirs is " + kind(theirs));
    return;
  }
  if (ours.is_array()) return compare(ours[0], theirs[0], where + "[0]", differences);
  if (!ours.is_object()) return;
  const bool is_dictionary = !ours.empty() && !theirs.empty() && ours.begin()->is_object() &&
                             theirs.begin()->is_object() && ours.begin()->contains("code") &&
                             theirs.begin()->contains("code");
  if (is_dictionary) return compare(*ours.begin(), *theirs.begin(), where + ".*", differences);
  for (const auto& [name, value] : ours.items()) {
    if (theirs.contains(name)) compare(value, theirs[name], where + "." + name, differences);
  }
}

void check_shape(const json& ours, const std::string& name) {
  std::vector<std::string> differences;
  const json theirs = example(name);
  REQUIRE_MESSAGE(theirs.is_object(), name);
  for (const auto& [key, value] : theirs.items()) {
    CHECK_MESSAGE((ours.contains(key) || key == "failedOrders"), (name + " has `" + key + "`"));
  }
  compare(ours, theirs, name, differences);
  for (const std::string& difference : differences) FAIL_CHECK(difference);
}

}  // namespace

TEST_CASE("the Wildberries sandbox answers as its OpenAPI files say") {
  const auto api = described();
  if (!api) {
    MESSAGE("SKIPPED: no OpenAPI files at " << reference.string());
    return;
  }
  wb::sandbox::Sandbox sandbox;
  const tests::Seller seller{sandbox};
  const Contract contract{*api, seller};
  fbs_scenario(contract, sandbox);
  batch_scenario(contract, sandbox, "dbs", wb::sandbox::Scheme::dbs,
                 {"confirm", "deliver", "receive", "reject", "cancel"});
  batch_scenario(contract, sandbox, "click-collect", wb::sandbox::Scheme::pickup,
                 {"confirm", "prepare", "receive", "reject", "cancel"});
  const auto dbs = sandbox.add_tasks(wb::sandbox::Scheme::dbs, 1, {{"options", {{"isB2b", true}}}});
  contract.call("POST", "/api/marketplace/v3/dbs/orders/b2b/info", {{"ordersIds", {dbs[0], 1}}});
  contract.call("POST", "/api/v3/dbs/orders/delivery-date", {{"orders", dbs}});
  const json group = sandbox.state()["orders"].back()["fields"]["groupId"];
  contract.call("POST", "/api/v3/dbs/groups/info", {{"groups", json::array({group})}});
  dbw_scenario(contract, sandbox);
  other_scenario(contract, sandbox);
  const tests::Seller stranger{sandbox, "abc"};
  const Contract closed{*api, stranger};
  for (const char* path : {"/api/v3/orders/new", "/api/v3/dbs/orders/new",
                           "/api/v1/supplier/orders?dateFrom=2026-01-01", "/api/v3/warehouses"}) {
    closed.call("GET", path);
  }
}

TEST_CASE("the validator itself sees what is wrong") {
  const auto api = described();
  if (!api) {
    MESSAGE("SKIPPED: no OpenAPI files at " << reference.string());
    return;
  }
  const auto wrong = [&](const std::string& body) {
    return api->response_problems("POST", "/api/v3/orders/status", 200, "application/json", body).size();
  };
  CHECK(wrong(R"({"orders":[{"id":1,"isCancellable":true,"supplierStatus":"new","wbStatus":"waiting","more":1}]})") ==
        0);
  CHECK(wrong(R"({"orders":[{"id":"1","supplierStatus":"lost"}]})") == 2);
  CHECK(wrong(R"({"orders":null})") == 1);
  CHECK(wrong("no json") == 1);
  CHECK(api->request_problems("GET", "/api/v3/orders", {{"limit", "10"}}, "").size() == 1);
  CHECK(api->request_problems("GET", "/api/v3/orders", {{"limit", "10"}, {"next", "x"}}, "").size() == 1);
  CHECK(api->request_problems("POST", "/api/v3/orders/status", {}, R"({"orders":[1]})").empty());
  CHECK(api->request_problems("POST", "/api/v3/orders/status", {}, R"({"order":[1]})").size() == 1);
  CHECK(api->request_problems("POST", "/api/v3/orders/statuses", {}, "{}").size() == 1);
  CHECK(api->knows("PATCH", "/api/v3/orders/5/cancel"));
}

TEST_CASE("the CRM sandbox answers in the shapes of retailCRM's own examples") {
  if (!std::filesystem::exists(reference / "retailcrm" / "examples")) {
    MESSAGE("SKIPPED: no examples at " << reference.string());
    return;
  }
  crm::sandbox::Sandbox sandbox;
  const tests::Integration crm{sandbox};
  const json order{
      {"externalId", "e"},
      {"firstName", "Иван"},
      {"phone", "8900"},
      {"delivery", {{"code", "courier"}, {"cost", 100}, {"address", {{"text", "x"}}}}},
      {"items", json::array({{{"offer", {{"xmlId", "2000000000017"}}},
                              {"initialPrice", 10},
                              {"properties", json::array({{{"code", "size"}, {"name", "Размер"}, {"value", "M"}}})}}})},
      {"payments", json::array({{{"type", "bank-card"}, {"status", "paid"}, {"amount", 10}, {"externalId", "p"}}})}};
  check_shape(crm.write("/api/v5/orders/create", {{"order", order}}).json(), "orders_create_response");
  check_shape(crm.read("/api/v5/orders/e").json(), "orders_get");
  check_shape(crm.read("/api/v5/orders").json(), "orders_list");
  check_shape(crm.write("/api/v5/orders/e/edit", {{"by", "externalId"}, {"order", {{"status", "assembling"}}}}).json(),
              "orders_edit_response");
  check_shape(crm.read("/api/v5/orders/history").json(), "orders_history");
  check_shape(crm.read("/api/v5/orders/statuses?externalIds[]=e").json(), "orders_statuses");
  check_shape(crm.write("/api/v5/orders/upload", {{"orders", json::array({{{"externalId", "u"}}})}}).json(),
              "orders_upload_response");
  check_shape(crm.write("/api/v5/orders/upload", {{"orders", json::array({{{"externalId", "u"}}})}}).json(),
              "orders_upload_460");
  check_shape(
      crm.write("/api/v5/orders/payments/create", {{"payment", {{"type", "cash"}, {"order", {{"externalId", "u"}}}}}})
          .json(),
      "orders_payments_create_response");
  check_shape(crm.write("/api/v5/customers/create", {{"customer", {{"externalId", "c"}, {"firstName", "A"}}}}).json(),
              "customers_create_response");
  check_shape(crm.write("/api/v5/customers/c/edit", {{"customer", {{"lastName", "B"}}}}).json(),
              "customers_edit_response");
  check_shape(crm.read("/api/v5/customers").json(), "customers_list");
  check_shape(crm.read("/api/v5/customers/c").json(), "customers_get");
  check_shape(crm.read("/api/v5/customers/history").json(), "customers_history");
  check_shape(crm.write("/api/v5/customers/upload", {{"customers", json::array({{{"externalId", "n"}}})}}).json(),
              "customers_upload_response");
  const json company{{"nickName", "ООО"},
                     {"externalId", "k"},
                     {"companies", json::array({{{"isMain", true}, {"name", "ООО"}}})},
                     {"addresses", json::array({{{"text", "x"}}})}};
  check_shape(crm.write("/api/v5/customers-corporate/create", {{"customerCorporate", company}}).json(),
              "customers_corporate_create_response");
  check_shape(crm.read("/api/v5/customers-corporate/k").json(), "customers_corporate_get");
  check_shape(crm.read("/api/v5/customers-corporate/k/companies").json(), "customers_corporate_companies");
  check_shape(crm.read("/api/v5/customers-corporate/k/addresses").json(), "customers_corporate_addresses");
  for (const char* name :
       {"statuses", "status-groups", "sites", "order-types", "order-methods", "payment-types", "payment-statuses",
        "delivery-types", "product-statuses", "units", "stores", "price-types", "currencies", "countries"}) {
    std::string file = std::string("reference_") + name;
    std::ranges::replace(file, '-', '_');
    check_shape(crm.read(std::string("/api/v5/reference/") + name).json(), file);
  }
  check_shape(crm.read("/api/v5/store/offers").json(), "store_offers");
  check_shape(crm.read("/api/v5/store/products").json(), "store_products");
  check_shape(crm.read("/api/v5/store/inventories").json(), "store_inventories");
  check_shape(crm.write("/api/v5/store/prices/upload", {{"prices", json::array()}}).json(),
              "store_prices_upload_response");
  check_shape(crm.write("/api/v5/store/inventories/upload", {{"offers", json::array()}}).json(),
              "store_inventories_upload_response");
  check_shape(crm.read("/api/v5/settings").json(), "settings");
  check_shape(crm.read("/api/v5/custom-fields").json(), "custom_fields_list");
  check_shape(crm.read("/api/credentials").json(), "api_credentials");
  check_shape(crm.read("/api/api-versions").json(), "api_versions");
  check_shape(crm.read("/api/system-info").json(), "api_system_info");
}
