// `validate --online`: what the accounts say, at the places where the program uses them.
#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <filesystem>

#include "base/text.hpp"
#include "tests/support/loopback.hpp"
#include "tests/support/program.hpp"

using namespace pipewright;
using test::Finished;
using test::has;
using test::Json;
using test::Shop;

namespace {

constexpr const char* orders = R"(on wb.fbs.new
  -> crm.client upsert by external_id
  -> crm.order { status: "new" }
)";

Finished online(Shop& shop, std::vector<std::string> more = {}) {
  std::vector<std::string> words = {"validate", "--online"};
  words.insert(words.end(), more.begin(), more.end());
  Finished finished = shop.run(words);
  INFO(finished.out << finished.err);
  CHECK_FALSE(has(finished.out + finished.err, shop.environment["WB_TOKEN"]));
  CHECK_FALSE(has(finished.out + finished.err, shop.environment["CRM_KEY"]));
  return finished;
}

/// `P0507 3:25` for each diagnostic.
std::string found(Shop& shop) {
  std::vector<std::string> all;
  const Json told = Json::parse(online(shop, {"--format", "json"}).out);
  for (const Json& each : told["diagnostics"]) {
    all.push_back(each["code"].get<std::string>() + " " + std::to_string(each["line"].get<int>()) + ":" +
                  std::to_string(each["column"].get<int>()));
  }
  return join(all, ", ");
}

void change_configuration(Shop& shop, const std::string& from, const std::string& to) {
  std::string text = shop.read("pipewright.toml");
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  shop.write("pipewright.toml", text.replace(at, from.size(), to));
}

std::string key_without(Shop& shop, const std::string& scope) {
  crm::sandbox::KeyOptions key;
  std::erase(key.scopes, scope);
  return shop.crm.issue(key);
}

bool reads_only(const Json& log) {
  return std::ranges::all_of(log, [](const Json& request) {
    return request["method"] == "GET" || request["path"].get<std::string>().starts_with("/_sandbox");
  });
}

}  // namespace

TEST_CASE("accounts in which everything is there are told in a line each, and nothing is written") {
  Shop shop(orders);
  const Finished finished = online(shop);
  CHECK(finished.status == 0);
  CHECK(has(finished.out, "shop.pipe: 1 pipeline, no problems\ncrm  accepted, store wb, 24 statuses\nwb   accepted, "));
  CHECK(has(finished.out, "personal token, Marketplace Statistics Analytics Content Prices, "));
  CHECK(has(finished.out, " days left\n"));
  CHECK(finished.err.empty());
  CHECK(reads_only(shop.crm.log()));
  CHECK(reads_only(shop.wb.log()));
  CHECK(shop.wb.log().size() == 1);
  CHECK_FALSE(std::filesystem::exists(shop.path("pipewright.db")));
  CHECK(shop.order_count() == 0);
  CHECK(shop.client_count() == 0);
}

TEST_CASE("without --online nobody is asked") {
  Shop shop(orders);
  CHECK(shop.run({"validate"}).status == 0);
  CHECK(shop.crm.log().empty());
  CHECK(shop.wb.log().empty());
}

TEST_CASE("the errors of the program come first") {
  Shop shop("on wb.fbs.new -> crm.ordr\n");
  const Finished finished = online(shop);
  CHECK(finished.status == 1);
  CHECK(has(finished.out, "P0202"));
  CHECK(has(finished.err, "the accounts are asked when these errors are fixed"));
  CHECK(shop.crm.log().empty());
}

TEST_CASE("a secret that is not there is a matter of configuration, as for run") {
  Shop shop(orders);
  shop.environment.erase("CRM_KEY");
  ::unsetenv("CRM_KEY");
  const Finished finished = shop.run({"validate", "--online"});
  CHECK(finished.status == 2);
  CHECK(has(finished.err, "the environment has no CRM_KEY"));
}

TEST_CASE("--fix mends first, then the accounts are asked") {
  Shop shop("on wb.fbs.new -> crm.ordr { status: \"new\" }\n");
  const Finished finished = online(shop, {"--fix"});
  CHECK(finished.status == 0);
  CHECK(has(shop.read("shop.pipe"), "crm.order"));
  CHECK(has(finished.out, "crm  accepted, store wb, 24 statuses"));
}

// ---- the CRM's key and store

TEST_CASE("a wrong key is told where the CRM is first used, and Wildberries is asked all the same") {
  Shop shop(orders);
  shop.environment["CRM_KEY"] = "not-the-key";
  const Finished finished = online(shop);
  CHECK(finished.status == 1);
  CHECK(has(finished.out, "error[P0502]: the key of `crm` is not accepted: retailCRM: Wrong \"apiKey\" value."));
  CHECK(has(finished.out, "--> shop.pipe:2:6"));
  CHECK(has(finished.out, "crm  not accepted, "));
  CHECK(has(finished.out, "wb   accepted, "));
}

TEST_CASE("scopes that steps need and the key has not") {
  Shop shop(orders);
  for (const auto& [scope, place] :
       std::vector<std::pair<std::string, std::string>>{{"order_write", "P0505 3:6"},
                                                        {"order_read", "P0505 3:6"},
                                                        {"customer_write", "P0505 2:6"},
                                                        {"customer_read", "P0505 2:6"},
                                                        {"store_read", "P0510 3:6"},
                                                        {"reference_read", "P0510 3:26"}}) {
    INFO(scope);
    shop.environment["CRM_KEY"] = key_without(shop, scope);
    CHECK(found(shop) == place);
    const Finished finished = online(shop);
    CHECK(has(finished.out, "`" + scope + "`"));
    CHECK(finished.status == (place.starts_with("P0505") ? 1 : 0));
  }
}

TEST_CASE("an order without a client of its own needs to see clients too") {
  Shop shop("on wb.fbs.new -> crm.order { status: \"new\" }\n");
  shop.environment["CRM_KEY"] = key_without(shop, "customer_write");
  const Finished finished = online(shop);
  CHECK(has(finished.out,
            "warning[P0510]: the key of `crm` lacks the scope `customer_write`, which `crm.order upsert` "
            "would use"));
  CHECK(has(finished.out, "it makes the client that orders without one hang on, if it is missing"));
  shop.environment["CRM_KEY"] = key_without(shop, "customer_read");
  CHECK(found(shop) == "P0505 1:18");
}

TEST_CASE("a store that is not there, is hidden from the key, or is one of several") {
  Shop shop(orders);
  change_configuration(shop, "site = \"wb\"", "site = \"shoop\"");
  const Finished finished = online(shop);
  CHECK(finished.status == 1);
  CHECK(has(finished.out, "error[P0506]: `crm` has no store `shoop`, or the key may not see it"));
  CHECK(has(finished.out, "did you mean `shop`?"));
  CHECK(has(finished.out, "crm  accepted, no store shoop"));

  change_configuration(shop, "site = \"shoop\"", "site = \"wb\"");
  crm::sandbox::KeyOptions key;
  key.sites = {"shop"};
  shop.environment["CRM_KEY"] = shop.crm.issue(key);
  CHECK(found(shop) == "P0506 2:6");

  shop.environment["CRM_KEY"] = shop.crm.credential();
  change_configuration(shop, "site = \"wb\"\n", "");
  CHECK(has(online(shop).out, "sees the stores shop, wb, and `crm.client` names none"));
  shop.write("shop.pipe", "on crm.order.new -> log.info \"{order.id}\"\n");
  CHECK(online(shop).status == 0);
}

// ---- codes

TEST_CASE("a status that the account has not, wherever it is written") {
  Shop shop(R"(let first = "nwe"
table mine {
  "confirm" -> "asembling"
  else "zzz"
}
on wb.fbs.changed
  -> crm.order { status: if order.price > 10 then first else "complet" }
  -> crm.order.status set { external_id: order.id, status: mine[order.supplier_status] }
)");
  CHECK(found(shop) == "P0507 1:13, P0507 3:16, P0507 4:8, P0507 7:62");
  const Finished finished = online(shop);
  CHECK(finished.status == 1);
  CHECK(has(finished.out, "error[P0507]: `crm` has no order status `asembling`"));
  CHECK(has(finished.out, "help: did you mean `assembling`?"));
  CHECK(has(finished.out, "4 errors in 1 file"));
  CHECK(has(online(shop, {"--format", "sarif"}).out, "\"P0507\""));
  CHECK(has(online(shop, {"--format", "sarif"}).out, "\\\"assembling\\\""));
  CHECK(has(online(shop, {"--format", "github"}).out, "::error file=shop.pipe,line=3,col=16,"));
}

TEST_CASE("a comparison with a status that the account has not is a warning, which a comment allows") {
  Shop shop(R"(table wb_status {
  "assembling", "asembling-complete" -> 2
  else skip
}
pipeline a on crm.order.status_changed
  -> where order.status in ["new", "complet"] or order.status == "retrn"
  -> wb.fbs.status set { id: order.external_id, status: wb_status[order.status] } else skip
# allow P0508: the status comes with the next season
pipeline b on crm.order.status_changed -> where order.status == "no-such" -> log.info "{order.id}"
)");
  CHECK(found(shop) == "P0508 2:17, P0508 6:36, P0508 6:66");
  const Finished finished = online(shop);
  CHECK(finished.status == 0);
  CHECK(has(finished.out, "warning[P0508]: `crm` has no order status `asembling-complete`"));
  CHECK(online(shop, {"--deny-warnings"}).status == 1);
}

TEST_CASE("a status that is switched off is a warning where it is written") {
  Shop shop(orders);
  shop.crm.operate("POST", "/_sandbox/references",
                   {{"dictionary", "statuses"}, {"code", "new"}, {"fields", {{"active", false}}}});
  CHECK(found(shop) == "P0509 3:26");
  CHECK(online(shop).status == 0);
}

TEST_CASE("what a standard table gives is told at the step that takes it") {
  Shop shop(
      "on wb.fbs.changed\n  -> crm.order update { external_id: order.id, status: crm_status[order.wb_status] }\n");
  const Json state = Json::parse(
      tests::request("GET", shop.crm.url() + "/api/v5/reference/statuses", {{"X-API-KEY", shop.crm.credential()}})
          .body);
  REQUIRE(state["statuses"].contains("arrived-in-pickup-point"));
  CHECK(found(shop).empty());
  shop.crm.operate("POST", "/_sandbox/references",
                   {{"dictionary", "statuses"}, {"code", "return"}, {"fields", {{"active", false}}}});
  CHECK(found(shop) == "P0509 2:6");
}

TEST_CASE("types, methods, deliveries, payments, warehouses and custom fields are looked up too") {
  Shop shop(R"(on wb.fbs.new -> crm.order {
  status: "new"
  order_type: "mian"
  order_method: "phone"
  shipment_store: "main"
  site: "wbb"
  items: [{ external_id: order.id, quantity: 1, price: order.price, name: "x", status: "nwe" }]
  delivery: { code: "curier" }
  payments: [{ type: "bank-crad", status: "piad", amount: order.price }]
  custom_fields: { acount: order.id, size: order.id }
}
)");
  shop.crm.operate("POST", "/_sandbox/custom-fields", {{"code", "account"}});
  shop.crm.operate("POST", "/_sandbox/custom-fields", {{"code", "size"}});
  CHECK(found(shop) == "P0507 3:15, P0506 6:9, P0507 7:88, P0507 8:21, P0507 9:22, P0507 9:43, P0507 10:20");
  CHECK(has(online(shop).out, "did you mean `account`?"));
  CHECK(reads_only(shop.crm.log()));
}

// ---- Wildberries' token

TEST_CASE("a token's end, categories and right to write are told") {
  using Options = wb::sandbox::TokenOptions;
  Shop shop(
      "on wb.fbs.new -> crm.order\non crm.order.status_changed\n  -> wb.fbs.status set { id: order.external_id, "
      "status: 1 }\n");
  shop.write("shop.pipe",
             "pipeline a on wb.fbs.new -> crm.order\npipeline b on wb.fbo.new -> crm.order\n# allow P0412: test\n"
             "pipeline c on crm.order.status_changed -> wb.fbs.status set { id: order.external_id, status: 1 }\n");
  const auto with = [&](const Options& options) {
    shop.environment["WB_TOKEN"] = shop.wb.issue(options);
    return found(shop);
  };
  CHECK(with({}) == "");
  CHECK(with({.valid_for = std::chrono::hours(-30)}) == "P0503 1:15");
  CHECK(has(online(shop).out, "wb   not asked, personal token, "));
  CHECK(with({.valid_for = std::chrono::days(13)}) == "P0504 1:15");
  CHECK(online(shop).status == 0);
  CHECK(has(online(shop).out, "expires in 12 days"));
  CHECK(with({.categories = {2, 5}}) == "P0505 1:15");
  CHECK(has(online(shop).out, "has not the category Marketplace, which `wb.fbs.new` needs"));
  CHECK(with({.categories = {4}}) == "P0505 2:15");
  CHECK(has(online(shop).out, "category Analytics or Statistics"));
  CHECK(with({.read_only = true}) == "P0505 4:43");
  CHECK(has(online(shop).out, "may only read, and `wb.fbs.status set` writes"));
}

TEST_CASE("a token that Wildberries does not know") {
  Shop shop(orders);
  shop.environment["WB_TOKEN"] = "wrong.token.here";
  const Finished finished = online(shop);
  CHECK(finished.status == 1);
  CHECK(has(finished.out, "error[P0502]: the token of `wb` is not accepted by the host marketplace"));
  CHECK(has(finished.out, "wb   not accepted"));
}

TEST_CASE("each host that the program uses is asked, once") {
  Shop shop("pipeline a on wb.fbs.new -> crm.order\npipeline b on wb.fbo.new -> crm.order\n");
  CHECK(online(shop).status == 0);
  CHECK(shop.wb.log().size() == 3);  // marketplace, analytics, content: one address here
  for (const Json& request : shop.wb.log()) CHECK(request["path"] == "/ping");
}

// ---- accounts that do not answer

TEST_CASE("an account that refuses connections is told, the other one is asked") {
  Shop shop(orders);
  shop.crm.stop();
  const Finished finished = online(shop);
  CHECK(finished.status == 1);
  CHECK(has(finished.out, "error[P0501]: `crm` cannot be asked: retailCRM: "));
  CHECK(has(finished.out, "crm  not asked"));
  CHECK(has(finished.out, "wb   accepted"));
  shop.crm.start();
  shop.wb.stop();
  const Finished other = online(shop);
  CHECK(has(other.out, "error[P0501]: the host marketplace of `wb` cannot be asked: "));
  CHECK(has(other.out, "crm  accepted, store wb, 24 statuses"));
}

TEST_CASE("answers that are none: HTML, 5xx, wrong types") {
  struct Case {
    const char* what;
    Json fault;
    const char* says;
  };
  const std::vector<Case> cases = {
      {"html", {{"match", "/api/credentials"}, {"times", 0}, {"kind", "html"}, {"status", 502}}, "P0501"},
      {"html 200", {{"match", "/api/credentials"}, {"times", 0}, {"kind", "html"}, {"status", 200}}, "P0501"},
      {"500", {{"match", "/api/credentials"}, {"times", 0}, {"status", 500}}, "P0501"},
      {"429", {{"match", "/api/credentials"}, {"times", 0}, {"status", 429}}, "P0501"},
      {"cut off", {{"match", "/api/credentials"}, {"times", 0}, {"kind", "truncate"}}, "P0501"},
      {"a list", {{"match", "/api/credentials"}, {"times", 0}, {"kind", "body"}, {"body", "[1]"}}, "P0501"},
      {"scopes",
       {{"match", "credentials"}, {"times", 0}, {"kind", "body"}, {"body", "{\"success\":true,\"scopes\":7}"}},
       "has no list `scopes`"},
      {"statuses",
       {{"match", "statuses"}, {"times", 0}, {"kind", "body"}, {"body", "{\"success\":true,\"statuses\":7}"}},
       "holds no list `statuses`"},
      {"status",
       {{"match", "statuses"},
        {"times", 0},
        {"kind", "body"},
        {"body", "{\"success\":true,\"statuses\":{\"new\":true}}"}},
       "an entry of `statuses` has no `code`"},
      {"code",
       {{"match", "statuses"},
        {"times", 0},
        {"kind", "body"},
        {"body", "{\"success\":true,\"statuses\":[{\"code\":{\"new\":1}}]}"}},
       "an entry of `statuses` has no `code`"},
      {"success",
       {{"match", "statuses"}, {"times", 0}, {"kind", "body"}, {"body", "{\"success\":\"yes\"}"}},
       "HTTP 200 with JSON of another shape"},
      {"denied",
       {{"match", "statuses"},
        {"times", 0},
        {"status", 403},
        {"body", "{\"success\":false,\"errorMsg\":\"Access denied.\"}"}},
       "`crm` does not give its order status codes: retailCRM: Access denied."},
      {"no stores",
       {{"match", "sites"}, {"times", 0}, {"kind", "body"}, {"body", "{\"success\":true,\"sites\":\"wb\"}"}},
       "`crm` does not give its stores"},
  };
  for (const Case& each : cases) {
    INFO(each.what);
    Shop shop(orders);
    shop.crm.add_fault(each.fault);
    const Finished finished = online(shop);
    INFO(finished.out);
    CHECK(finished.status == 1);
    CHECK(has(finished.out, "error[P0501]"));
    CHECK(has(finished.out, each.says));
    CHECK(has(finished.out, "wb   accepted"));
  }
}

TEST_CASE("what passes costs a moment and nothing else") {
  Shop shop(orders);
  shop.crm.add_fault({{"match", "/api/credentials"}, {"times", 1}, {"kind", "html"}, {"status", 502}});
  shop.crm.add_fault({{"match", "statuses"}, {"times", 1}, {"status", 503}});
  shop.wb.add_fault({{"match", "/ping"}, {"times", 1}, {"kind", "drop"}});
  const Finished finished = online(shop);
  INFO(finished.out);
  CHECK(finished.status == 0);
}

TEST_CASE("a limit that is used up is honoured: no second ping, and the time is told") {
  Shop::Options options;
  options.wb.limits = wb::sandbox::Limits::on;
  Shop shop(options, orders);
  for (int i = 0; i < 3; ++i) tests::request("GET", shop.wb.url() + "/ping", {{"Authorization", shop.wb.credential()}});
  const Finished finished = online(shop);
  INFO(finished.out);
  CHECK(finished.status == 1);
  CHECK(has(finished.out, "error[P0501]: the host marketplace of `wb` cannot be asked: "));
  CHECK(has(finished.out, "it wants no call for "));
  CHECK(shop.wb.log().size() == 4);
}

TEST_CASE("Ctrl-C ends the asking at once") {
  Shop shop(orders);
  shop.crm.add_fault({{"match", "/api/credentials"}, {"times", 0}, {"kind", "delay"}, {"ms", 3000}});
  auto running = shop.start({"validate", "--online"});
  REQUIRE(test::soon([&] { return !shop.crm.log().empty(); }));
  const auto begun = std::chrono::steady_clock::now();
  running->signal(SIGINT);
  const Finished finished = running->wait();
  CHECK(finished.status == 1);
  CHECK(has(finished.err, "stopped before the accounts had answered"));
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(2));
}

TEST_CASE("an account that hangs is left after a few tries") {
  Shop::Options options;
  options.crm_keys = "timeout = \"1s\"\n";
  Shop shop(options, orders);
  shop.crm.add_fault({{"match", "/api/credentials"}, {"times", 0}, {"kind", "delay"}, {"ms", 2000}});
  const Finished finished = online(shop);
  CHECK(finished.status == 1);
  CHECK(has(finished.out, "error[P0501]: `crm` cannot be asked: "));
  CHECK(has(finished.out, "wb   accepted"));
  CHECK(shop.crm.log().size() <= 3);
}
