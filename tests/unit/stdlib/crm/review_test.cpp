// Rows of the second review and of the second part of the field cases that concern clients, orders and their lines.
#include "engine/bind.hpp"
#include "stdlib/stdlib.hpp"
#include "tests/support/virtual_shop.hpp"
#include "tests/unit/stdlib/crm/shop.hpp"

namespace pipewright::crm::tests {
namespace {

using engine::Delivery;
using nlohmann::json;

Answer answer(int status, const json& body) {
  Answer made;
  made.status = status;
  made.body = body.dump();
  return made;
}

json client(const std::string& id, const std::string& name) { return {{"external_id", id}, {"first_name", name}}; }

Operation find_client(const std::string& id) { return operation(Verb::find, "external_id", {{"external_id", id}}); }

json one_line(const json& more) {
  json line = {{"external_id", "1"}, {"quantity", 1}, {"name", "Товар"}};
  line.update(more);
  return {{"external_id", "1"}, {"items", json::array({line})}};
}

}  // namespace

TEST_CASE("B8: an external id that is too long parks alone, in every node that asks by many keys") {
  const std::string impossible(300, 'x');
  Shop shop;
  for (const char* id : {"0", "1", "2"}) shop.sandbox.add_order({{"externalId", id}, {"status", "new"}}, "wb");
  engine::Batch statuses;
  for (const std::string& id : {std::string("0"), std::string("1"), std::string("2"), impossible})
    statuses.push_back(operation(Verb::set, "external_id", {{"external_id", id}, {"status", "complete"}}));
  const auto set = shop.act("crm.order.status", statuses);
  for (int i = 0; i < 3; ++i) CHECK(set[static_cast<std::size_t>(i)].kind == Kind::done);
  REQUIRE(set[3].kind == Kind::failed);
  CHECK(set[3].failure->kind == engine::Failure::Kind::permanent);
  CHECK(set[3].failure->reason.find("has 300 characters") != std::string::npos);
  for (const char* node : {"crm.order", "crm.client"}) {
    engine::Batch batch;
    for (const std::string& id : {std::string("a"), impossible, std::string("b")})
      batch.push_back(operation(Verb::upsert, "external_id", client(id, "Анна")));
    const auto outcomes = shop.act(node, batch);
    CHECK(outcomes[0].operation == "create");
    CHECK(outcomes[1].failure->reason.find("has 300 characters") != std::string::npos);
    CHECK(outcomes[2].operation == "create");
  }
}

TEST_CASE("B8: a key that the CRM takes no list with is found by halving, whatever its words are") {
  Shop shop;
  int refusals = 0;
  shop.calls.instead = [&](const Request& request) -> std::optional<CallResult> {
    if (request.method != "GET" || request.url.find("odd") == std::string::npos) return std::nullopt;
    ++refusals;
    return CallResult(answer(400, {{"success", false}, {"errorMsg", "Ошибка"}}));
  };
  engine::Batch batch;
  for (int i = 0; i < 50; ++i)
    batch.push_back(operation(Verb::upsert, "external_id", client(i == 17 ? "odd" : "c" + std::to_string(i), "Анна")));
  const auto outcomes = shop.act("crm.client", batch);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    CAPTURE(i);
    CHECK(outcomes[i].kind == (i == 17 ? Kind::failed : Kind::done));
  }
  CHECK(refusals <= 8);
}

TEST_CASE("B8: a refusal that no single key is to blame for costs a dozen calls, not two for each key") {
  Shop shop;
  int refusals = 0;
  shop.one("crm.client", find_client("zone"));
  shop.calls.instead = [&](const Request&) -> std::optional<CallResult> {
    ++refusals;
    return CallResult(answer(400, {{"success", false}, {"errorMsg", "Errors in the input parameters"}}));
  };
  engine::Batch batch;
  for (int i = 0; i < 100; ++i) batch.push_back(operation(Verb::upsert, "external_id", client(std::to_string(i), "А")));
  for (const Outcome& each : shop.act("crm.client", batch)) CHECK(each.kind == Kind::failed);
  CHECK(refusals < 40);
}

TEST_CASE("C9: a client who was merged into another one is found by his old external id") {
  Shop shop;
  const auto old = shop.sandbox.add_customer({{"externalId", "b-1"}, {"firstName", "Пётр"}}, "wb");
  const auto other = shop.sandbox.add_customer({{"externalId", "b-2"}, {"firstName", "Пётр"}}, "wb");
  shop.sandbox.merge_customers(old, other);
  const Outcome found = shop.one("crm.client", find_client("b-1"));
  REQUIRE(found.kind == Kind::found);
  CHECK(found.result["id"].id_text() == std::to_string(other));
  const Outcome updated = shop.one(
      "crm.client", operation(Verb::update, "external_id", {{"external_id", "b-1"}, {"email", "p@example.com"}}));
  CHECK(updated.operation == "update");
  CHECK(shop.customers().size() == 1);
  CHECK(shop.customers()[0]["email"] == "p@example.com");
  CHECK(shop.one("crm.client", find_client("nobody")).kind == Kind::nothing);
}

TEST_CASE("E6: ensure makes no second client of one that was merged, though his external id is free again") {
  Shop shop;
  const auto old = shop.sandbox.add_customer({{"externalId", "b-1"}, {"firstName", "Пётр"}}, "wb");
  const auto other = shop.sandbox.add_customer({{"externalId", "b-2"}, {"firstName", "Пётр"}}, "wb");
  shop.sandbox.merge_customers(old, other);
  const Outcome ensured = shop.one("crm.client", operation(Verb::ensure, "external_id", client("b-1", "Пётр")));
  CHECK(ensured.kind == Kind::unchanged);
  CHECK(shop.customers().size() == 1);
}

TEST_CASE("C10: one phone in two spellings makes one client, in one batch and in two") {
  Shop shop;
  const auto by_phone = [](const char* phone) {
    return operation(Verb::upsert, "phones", {{"phones", json::array({phone})}, {"first_name", "Анна"}});
  };
  engine::Batch batch;
  for (const char* phone : {"+79871234567", "89871234567", "8 (987) 123-45-67", "+79870000000"})
    batch.push_back(by_phone(phone));
  const auto outcomes = shop.act("crm.client", batch);
  CHECK(outcomes[0].operation == "create");
  CHECK(outcomes[1].kind == Kind::unchanged);
  CHECK(outcomes[2].kind == Kind::unchanged);
  CHECK(outcomes[3].operation == "create");
  CHECK(shop.customers().size() == 2);
  // Two batches side by side never hold the same client.
  const auto node = std::find_if(shop.nodes.actions.begin(), shop.nodes.actions.end(),
                                 [](const engine::ActionNode& each) { return each.name == "crm.client"; });
  CHECK(node->identity(by_phone("+79871234567")) == node->identity(by_phone("8 987 123 45 67")));
  CHECK(node->identity(by_phone("+79871234567")) != node->identity(by_phone("+79871234568")));
  CHECK(node->identity(by_phone("+79871234567 доб. 1")) != node->identity(by_phone("+79871234567 доб. 2")));
}

TEST_CASE("C11: a name that thousands have parks after one call and makes no second client") {
  Shop shop;
  shop.one("crm.client", find_client("zone"));
  int calls = 0;
  shop.calls.instead = [&](const Request& request) -> std::optional<CallResult> {
    if (request.method != "GET") return std::nullopt;
    ++calls;
    json page = {{"success", true}, {"pagination", {{"totalPageCount", 60}, {"totalCount", 6000}}}};
    page["customers"] = json::array();
    for (int i = 0; i < 100; ++i) page["customers"].push_back({{"id", i + 1}, {"firstName", "Иванна"}, {"site", "wb"}});
    return CallResult(answer(200, page));
  };
  const Outcome outcome = shop.one("crm.client", operation(Verb::upsert, "first_name", {{"first_name", "Иван"}}));
  REQUIRE(outcome.kind == Kind::failed);
  CHECK(outcome.failure->kind == engine::Failure::Kind::permanent);
  CHECK(outcome.failure->reason.find("over 5 000 clients") != std::string::npos);
  CHECK(calls == 1);
  CHECK(shop.customers().empty());
}

TEST_CASE("a list without page counts is read until a page is not full") {
  Shop shop;
  shop.one("crm.client", find_client("zone"));
  shop.calls.instead = [&](const Request& request) -> std::optional<CallResult> {
    json page = {{"success", true}, {"customers", json::array()}};
    const bool second = request.url.find("page=2") != std::string::npos;
    for (int i = 0; i < (second ? 1 : 100); ++i)
      page["customers"].push_back({{"id", i + 1}, {"firstName", second ? "Иван" : "Иванна"}, {"site", "wb"}});
    return CallResult(answer(200, page));
  };
  CHECK(shop.one("crm.client", operation(Verb::find, "first_name", {{"first_name", "Иван"}})).kind == Kind::found);
}

TEST_CASE("C13: a CRM whose clock is half an hour behind, or ahead, loses no change of a status") {
  for (const int minutes : {-30, 30}) {
    CAPTURE(minutes);
    crm::sandbox::Options options;
    const Instant* now = nullptr;
    options.clock = [&now, minutes] {
      const auto at = now == nullptr ? Instant(Duration(1'795'600'000'000)) : *now;
      return std::chrono::system_clock::time_point(at.time_since_epoch() + std::chrono::minutes(minutes));
    };
    Shop shop(options);
    now = &shop.calls.time;
    const auto id = shop.sandbox.add_order({{"externalId", "1"}, {"status", "new"}}, "wb");
    shop.calls.time += std::chrono::hours(2);  // what was made is long past
    engine::Page page = shop.look("crm.order.status_changed", "");
    CHECK(page.events.empty());
    shop.calls.time += std::chrono::minutes(1);
    shop.sandbox.set_status(id, "assembling");
    page = shop.look("crm.order.status_changed", page.cursor);
    CHECK(page.events.size() == 1);
    shop.calls.time += std::chrono::minutes(1);
    shop.sandbox.set_status(id, "complete");
    page = shop.look("crm.order.status_changed", page.cursor);
    CHECK(page.events.size() == 1);
    CHECK(shop.look("crm.order.status_changed", page.cursor).events.empty());
  }
}

TEST_CASE("C13: `since` of a duration counts by the CRM's clock") {
  crm::sandbox::Options options;
  const Instant* now = nullptr;
  options.clock = [&now] {
    const auto at = now == nullptr ? Instant(Duration(1'795'600'000'000)) : *now;
    return std::chrono::system_clock::time_point(at.time_since_epoch() - std::chrono::minutes(90));
  };
  Shop shop(options);
  now = &shop.calls.time;
  shop.sandbox.add_order({{"externalId", "1"}, {"status", "new"}}, "wb");
  shop.calls.time += std::chrono::minutes(30);
  dsl::plan::Source source;
  source.since = std::chrono::hours(1);
  CHECK(shop.look("crm.order.new", "", &source).events.size() == 1);
}

TEST_CASE("since now: the history begins at the first poll, as without since") {
  Shop shop;
  shop.calls.time = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  shop.sandbox.add_order({{"externalId", "1"}}, "wb");
  dsl::plan::Source source;
  source.since = Duration(0);
  const engine::Page first = shop.look("crm.order.new", "", &source);
  CHECK(first.events.empty());
  shop.sandbox.add_order({{"externalId", "2"}}, "wb");
  const engine::Page second = shop.look("crm.order.new", first.cursor, &source);
  REQUIRE(second.events.size() == 1);
  CHECK(second.events[0].key == "2");
}

TEST_CASE("C14: the accounts of a configuration share the requests a second that their address has") {
  engine::Settings settings;
  settings.type = "retailcrm";
  settings.values["url"] = Value("https://a.retailcrm.ru");
  const auto rate = [&](std::size_t accounts) {
    settings.accounts = accounts;
    return Account(settings).limits().at(group);
  };
  CHECK(rate(1).interval == std::chrono::milliseconds(125));
  CHECK(rate(1).burst == 8);
  CHECK(rate(2).interval == std::chrono::milliseconds(250));
  CHECK(rate(2).burst == 4);
  CHECK(rate(20).burst == 1);
  settings.rates[""] = engine::Rate{std::chrono::milliseconds(10), 3};  // who writes a rate means it
  CHECK(rate(2).interval == std::chrono::milliseconds(10));
}

TEST_CASE("C14: accounts are counted by their addresses; two connections to one are one") {
  const engine::Registry registry = stdlib::registry();
  engine::Config config = engine::default_config(registry, ".");
  config.connections["crm"].values["url"] = Value("https://a.retailcrm.ru");
  config.connections["second"] = config.connections["crm"];
  config.connections["second"].name = "second";
  const auto interval = [&] {
    const auto opened = engine::open_connections(registry, config, Instant(Duration(0)));
    REQUIRE(opened);
    return opened->at("crm")->limits().at(group).interval;
  };
  CHECK(interval() == std::chrono::milliseconds(125));
  config.connections["second"].values["url"] = Value("https://b.retailcrm.ru");
  CHECK(interval() == std::chrono::milliseconds(250));
}

TEST_CASE("C15: payments in the braces of an existing order are written by their external ids") {
  Shop shop;
  const auto paid = [](const json& payments) {
    return operation(Verb::upsert, "external_id", {{"external_id", "1"}, {"payments", payments}});
  };
  const auto payment = [](const char* id, const char* status, const json& amount) {
    return json{{"external_id", id}, {"type", "cash"}, {"status", status}, {"amount", amount}};
  };
  CHECK(shop.one("crm.order", paid(json::array({payment("p1", "not-paid", 10)}))).operation == "create");
  CHECK(shop.one("crm.order", paid(json::array({payment("p1", "not-paid", 10)}))).kind == Kind::unchanged);
  const Outcome later =
      shop.one("crm.order", paid(json::array({payment("p1", "paid", 10.0000001), payment("p2", "not-paid", 5)})));
  CHECK(later.operation == "update");
  REQUIRE(later.changes.size() >= 2);
  CHECK(later.changes[0].field == "payments.p1.status");
  CHECK(shop.one("crm.order", paid(json::array({payment("p1", "paid", 10), payment("p2", "not-paid", 5)}))).kind ==
        Kind::unchanged);
  const json kept = shop.orders()[0]["payments"];
  REQUIRE(kept.size() == 2);
  CHECK(kept[0]["status"] == "paid");
  CHECK(kept[1]["externalId"] == "p2");
}

TEST_CASE("C15: a payment without an external id is known by its type, or not written with a warning") {
  Shop shop;
  const auto paid = [](const char* type, const char* status) {
    return operation(
        Verb::upsert, "external_id",
        {{"external_id", "1"}, {"payments", json::array({json{{"type", type}, {"status", status}, {"amount", 10}}})}});
  };
  shop.one("crm.order", paid("cash", "not-paid"));
  CHECK(shop.one("crm.order", paid("cash", "paid")).operation == "update");
  const Outcome other = shop.one("crm.order", paid("bank-card", "paid"));
  CHECK(other.kind == Kind::unchanged);
  REQUIRE(other.warnings.size() == 1);
  CHECK(other.warnings[0].find("payment bank-card is not written") != std::string::npos);
  CHECK(shop.orders()[0]["payments"].size() == 1);
}

TEST_CASE("C15: a lost answer to a payment makes no second one") {
  Shop shop;
  const auto paid = [](const char* id) {
    const json payment = {{"external_id", id}, {"type", "cash"}, {"status", "paid"}, {"amount", 10}};
    return operation(Verb::upsert, "external_id", {{"external_id", "1"}, {"payments", json::array({payment})}});
  };
  shop.one("crm.order", operation(Verb::upsert, "external_id", {{"external_id", "1"}}));
  for (const bool arrived : {false, true}) {
    shop.fault({{"match", "/payments/"}, {"kind", "drop"}, {"after_commit", arrived}});
    const Outcome lost = shop.one("crm.order", paid("p1"));
    REQUIRE(lost.kind == Kind::failed);
    CHECK(lost.failure->delivery == Delivery::unknown);
  }
  Operation again = paid("p1");
  again.delivery = Delivery::unknown;
  CHECK(shop.one("crm.order", again).kind == Kind::done);
  CHECK(shop.orders()[0]["payments"].size() == 1);
  // What did not arrive is written by the next try, whatever else is equal.
  again = paid("p2");
  again.delivery = Delivery::unknown;
  CHECK(shop.one("crm.order", again).kind == Kind::done);
  CHECK(shop.orders()[0]["payments"].size() == 2);
}

TEST_CASE("F13: sums that are equal to the kopeck are equal, a kopeck of difference is written") {
  for (const auto& [there, wanted, same] :
       {std::tuple("1038.9999999999998", "1039.00", true), std::tuple("60.17310053999999", "60.17", true),
        std::tuple("1039.01", "1039.00", false), std::tuple("1038.99", "1039.00", false)}) {
    CAPTURE(there);
    Shop shop;
    shop.one("crm.order",
             operation(Verb::upsert, "external_id", one_line({{"price", json::parse(there)}, {"discount_amount", 0}})));
    const Outcome outcome =
        shop.one("crm.order", operation(Verb::upsert, "external_id", one_line({{"price", json::parse(wanted)}})));
    CHECK(outcome.kind == (same ? Kind::unchanged : Kind::done));
  }
}

TEST_CASE("F13: sums of an order and of its delivery too") {
  Shop shop;
  shop.one("crm.order", operation(Verb::upsert, "external_id",
                                  {{"external_id", "1"},
                                   {"discount_manual_amount", 10.10000000000001},
                                   {"delivery", {{"cost", 299.9999999999999}}}}));
  CHECK(shop.one("crm.order",
                 operation(Verb::upsert, "external_id",
                           {{"external_id", "1"}, {"discount_manual_amount", 10.10}, {"delivery", {{"cost", 300}}}}))
            .kind == Kind::unchanged);
}

TEST_CASE("D: an edit that is answered 404 by something that is no CRM is tried again") {
  Shop shop;
  shop.one("crm.client", operation(Verb::upsert, "external_id", client("1", "Анна")));
  shop.calls.instead = [](const Request& request) -> std::optional<CallResult> {
    if (request.url.find("/edit") == std::string::npos) return std::nullopt;
    Answer made;
    made.status = 404;
    made.body = "no such page";
    return CallResult(made);
  };
  const Outcome outcome = shop.one("crm.client", operation(Verb::upsert, "external_id", client("1", "Ольга")));
  REQUIRE(outcome.kind == Kind::failed);
  CHECK(outcome.failure->kind == engine::Failure::Kind::transient);
  CHECK(outcome.failure->reason.find("no such page") != std::string::npos);
}

TEST_CASE("E6: an address that the CRM keeps in other words is written once") {
  Shop shop;
  const auto order =
      operation(Verb::upsert, "external_id",
                {{"external_id", "1"}, {"delivery", {{"address", {{"text", "г. Москва, ул. Арбат, д. 1"}}}}}});
  shop.one("crm.order", operation(Verb::upsert, "external_id", {{"external_id", "1"}}));
  int edits = 0;
  json kept = {{"id", 7}, {"externalId", "1"}, {"site", "wb"}, {"status", "new"}};
  shop.calls.instead = [&](const Request& request) -> std::optional<CallResult> {
    if (request.url.find("/edit") != std::string::npos) {
      ++edits;
      kept["delivery"]["address"]["text"] = "Москва, Арбат, 1";
      return CallResult(answer(200, {{"success", true}, {"id", 7}, {"order", kept}}));
    }
    if (request.url.find("api/v5/orders?") == std::string::npos) return std::nullopt;
    return CallResult(answer(200, {{"success", true}, {"orders", json::array({kept})}}));
  };
  CHECK(shop.one("crm.order", order).operation == "update");
  CHECK(shop.one("crm.order", order).kind == Kind::unchanged);
  CHECK(edits == 1);
  kept["delivery"]["address"]["text"] = "Тверь";  // somebody changed it: that is another matter
  CHECK(shop.one("crm.order", order).operation == "update");
}

TEST_CASE("E7: a line with neither an offer nor a name is sent with a name") {
  Shop shop;
  json line = one_line({{"price", 5}});
  line["items"][0].erase("name");
  CHECK(shop.one("crm.order", operation(Verb::upsert, "external_id", line)).operation == "create");
  CHECK(shop.last_form("orders/create", "order")["items"][0]["productName"] == "1");
  CHECK(shop.one("crm.order", operation(Verb::upsert, "external_id", line)).kind == Kind::unchanged);
}

TEST_CASE("an account whose time zone is not known says so") {
  Shop shop;
  shop.calls.instead = [](const Request& request) -> std::optional<CallResult> {
    if (request.url.find("/settings") == std::string::npos) return std::nullopt;
    return CallResult(answer(200, {{"success", true}, {"settings", json::array()}}));
  };
  shop.one("crm.client", find_client("1"));
  REQUIRE(shop.calls.notes.size() == 1);
  CHECK(shop.calls.notes[0].find("time zone is not known") != std::string::npos);
}

TEST_CASE("words: `already exists` while asking finds nothing parks with those words after one more try") {
  for (const auto& [node, path] :
       {std::pair("crm.client", "customers/create"), std::pair("crm.order", "orders/create")}) {
    CAPTURE(node);
    Shop shop;
    int creations = 0;
    shop.calls.instead = [&creations, part = std::string(path)](const Request& request) -> std::optional<CallResult> {
      if (request.url.find(part) == std::string::npos) return std::nullopt;
      ++creations;
      return CallResult(
          answer(400, {{"success", false},
                       {"errorMsg", "Errors in the entity format"},
                       {"errors", {{"address.externalId", "Address with externalId=5 already exists"}}}}));
    };
    const Outcome outcome = shop.one(node, operation(Verb::upsert, "external_id", client("1", "Анна")));
    REQUIRE(outcome.kind == Kind::failed);
    CHECK(outcome.failure->kind == engine::Failure::Kind::permanent);
    CHECK(outcome.failure->reason.find("Address with externalId=5 already exists") != std::string::npos);
    CHECK(creations == 2);
  }
}

TEST_CASE("words: a record that is there is found after a refusal in any language") {
  Shop shop;
  bool made = false;
  shop.calls.instead = [&](const Request& request) -> std::optional<CallResult> {
    if (request.url.find("customers/create") == std::string::npos) return std::nullopt;
    if (!std::exchange(made, true)) shop.sandbox.add_customer({{"externalId", "1"}, {"firstName", "Анна"}}, "wb");
    return CallResult(answer(400, {{"success", false}, {"errorMsg", "Клиент уже существует"}}));
  };
  const Outcome outcome = shop.one("crm.client", operation(Verb::upsert, "external_id", client("1", "Анна")));
  CHECK(outcome.kind == Kind::done);
  CHECK(shop.customers().size() == 1);
}

}  // namespace pipewright::crm::tests
