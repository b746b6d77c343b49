// crm.order and crm.order.status against the local retailCRM.
#include <cstdlib>
#include <ctime>

#include "tests/unit/stdlib/crm/shop.hpp"

namespace pipewright::crm::tests {
namespace {

using nlohmann::json;

crm::sandbox::Options empty_catalogue() {
  crm::sandbox::Options options;
  options.seed_catalogue = false;
  return options;
}

std::int64_t add_offer(Shop& shop, const std::string& barcode, const std::string& name) {
  return shop.sandbox.add_offer(
      {{"barcode", barcode}, {"name", name}, {"externalId", "x" + barcode}, {"xmlId", "m" + barcode}});
}

Operation order(const std::string& id, const json& items, const json& more = json::object(), Verb verb = Verb::upsert) {
  json written = {{"external_id", id}};
  written.update(more);
  if (!items.is_null()) written["items"] = items;
  return operation(verb, "external_id", written);
}

json line(const std::string& id, const json& barcode, const json& price, int quantity = 1) {
  json made = {{"barcode", barcode}, {"quantity", quantity}, {"price", price}};
  if (!id.empty()) made["external_id"] = id;
  return made;
}

}  // namespace

TEST_CASE(
    "an order is created on the technical client, with its line found by barcode, and is unchanged the second time") {
  Shop shop(empty_catalogue());
  const auto offer = add_offer(shop, "2000000000017", "Футболка");
  const Operation wanted = order("13833711", json::array({line("13833711", {"none", "2000000000017"}, 1290.50)}),
                                 {{"number", "WB-13833711"}});
  const Outcome created = shop.one("crm.order", wanted);
  REQUIRE(created.kind == Kind::done);
  CHECK(created.operation == "create");
  CHECK(created.warnings.empty());
  CHECK(created.result["number"].id_text() == "WB-13833711");
  CHECK((*created.result["items"].list())[0]["offer_id"].id_text() == std::to_string(offer));
  CHECK((*created.result["items"].list())[0]["external_id"].id_text() == "13833711");
  REQUIRE(shop.customers().size() == 1);
  CHECK(shop.customers()[0]["externalId"] == "wildberries");
  CHECK(shop.customers()[0]["firstName"] == "Покупатель Wildberries");
  CHECK(created.result["client"].id_text() == std::to_string(shop.customers()[0]["id"].get<int>()));
  const Outcome again = shop.one("crm.order", wanted);
  CHECK(again.kind == Kind::unchanged);
  CHECK(shop.orders().size() == 1);
  shop.calls.sent.clear();
  shop.one("crm.order", order("2", json::array({line("2", "2000000000017", 10)})));
  CHECK(shop.calls.sent.size() == 2);  // a look-up and a creation: client, offer and zone are known
}

TEST_CASE("lost answers end as one client and one order, written") {
  for (const char* path : {"customers/create", "orders/create"}) {
    Shop shop(empty_catalogue());
    shop.fault({{"match", path}, {"kind", "drop"}, {"after_commit", true}});
    Operation wanted = order("7001001", json::array({line("7001001", "1", 100)}));
    Outcome outcome = shop.one("crm.order", wanted);
    for (int attempt = 0; attempt < 3 && outcome.kind == Kind::failed; ++attempt) {
      CHECK(outcome.failure->kind == engine::Failure::Kind::transient);
      if (outcome.failure->delivery == engine::Delivery::unknown) wanted.delivery = engine::Delivery::unknown;
      outcome = shop.one("crm.order", wanted);
    }
    CHECK(outcome.kind == Kind::done);
    CHECK(outcome.operation == "create");
    CHECK(shop.orders().size() == 1);
    CHECK(shop.customers().size() == 1);
  }
}

TEST_CASE("a lost upload is asked for before it is repeated") {
  Shop shop(empty_catalogue());
  shop.one("crm.order", order("warm", nullptr));
  shop.fault({{"match", "orders/upload"}, {"kind", "truncate"}, {"after_commit", true}});
  engine::Batch batch;
  for (int i = 0; i < 10; ++i) batch.push_back(order("t" + std::to_string(i), json::array({line("", "b", 1)})));
  auto outcomes = shop.act("crm.order", batch);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (outcomes[i].kind != Kind::failed) continue;
    CHECK(outcomes[i].failure->delivery == engine::Delivery::unknown);
    batch[i].delivery = engine::Delivery::unknown;
  }
  outcomes = shop.act("crm.order", batch);
  for (const Outcome& each : outcomes) {
    CHECK(each.kind == Kind::done);
    CHECK(each.operation == "create");
  }
  CHECK(shop.orders().size() == 11);
}

TEST_CASE("two equal lines stay two, 0 and 990") {
  Shop shop(empty_catalogue());
  add_offer(shop, "46", "Кружка");
  const Outcome created = shop.one("crm.order", order("1", json::array({line("", "46", 0), line("", "46", 990)})));
  CHECK(created.kind == Kind::done);
  const json items = shop.orders()[0]["items"];
  REQUIRE(items.size() == 2);
  CHECK(items[0]["initialPrice"] == 0);
  CHECK(items[1]["initialPrice"] == 990);
  CHECK(items[0]["externalIds"][0]["value"] == "13833711-1");
  CHECK(shop.one("crm.order", order("1", json::array({line("", "46", 0), line("", "46", 990)}))).kind ==
        Kind::unchanged);
}

TEST_CASE("lines are merged: a manager's line survives, a basket grows, quantity 0 removes") {
  Shop shop(empty_catalogue());
  const auto gift = add_offer(shop, "99", "Подарок");
  add_offer(shop, "46", "Кружка");
  shop.one("crm.order", order("basket", json::array({line("task-1", "46", 100)})));
  const auto id = shop.orders()[0]["id"].get<std::int64_t>();
  json items = shop.orders()[0]["items"];
  shop.sandbox.edit_order(
      id, {{"items", {{{"id", items[0]["id"]}}, {{"offer", {{"id", gift}}}, {"quantity", 1}, {"initialPrice", 5}}}}});
  REQUIRE(shop.orders()[0]["items"].size() == 2);
  Outcome outcome = shop.one("crm.order", order("basket", json::array({line("task-2", "46", 200)})));
  CHECK(outcome.operation == "update");
  REQUIRE(outcome.changes.size() == 1);
  CHECK(outcome.changes[0].field == "items");
  REQUIRE(shop.orders()[0]["items"].size() == 3);
  CHECK(shop.orders()[0]["items"][0]["initialPrice"] == 100);
  outcome = shop.one("crm.order", order("basket", json::array({line("task-1", "46", 100, 0)})));
  CHECK(outcome.operation == "update");
  CHECK(shop.orders()[0]["items"].size() == 2);
  outcome = shop.one("crm.order", order("basket", json::array({line("task-1", "46", 100, 0)})));
  CHECK(outcome.kind == Kind::unchanged);
  // By an offer whose line has no external id: the manager's gift becomes two.
  outcome = shop.one("crm.order", order("basket", json::array({line("", "99", 5, 2)})));
  CHECK(outcome.operation == "update");
  items = shop.orders()[0]["items"];
  CHECK(items.size() == 2);
  CHECK(items[0]["quantity"] == 2);
}

TEST_CASE("a barcode without an offer: free text and a warning, or it parks before anything is sent") {
  Shop shop(empty_catalogue());
  const Outcome free = shop.one("crm.order", order("1", json::array({line("1", "4600000000001", 10)})));
  CHECK(free.kind == Kind::done);
  REQUIRE(free.warnings.size() == 1);
  CHECK(free.warnings[0].find("4600000000001") != std::string::npos);
  const Outcome same = shop.one("crm.order", order("1", json::array({line("1", "4600000000001", 10)})));
  CHECK(same.kind == Kind::unchanged);
  Shop strict(empty_catalogue(), {{"unmatched_items", "park"}});
  const Outcome parked = strict.one("crm.order", order("1", json::array({line("1", "4600000000001", 10)})));
  REQUIRE(parked.kind == Kind::failed);
  CHECK(parked.failure->kind == engine::Failure::Kind::permanent);
  CHECK(strict.orders().empty());
  CHECK(strict.customers().empty());
  crm::sandbox::Options closed;
  closed.catalogue = false;
  Shop small(closed);
  const Outcome text = small.one("crm.order", order("1", json::array({line("1", "4600000000001", 10)})));
  CHECK(text.kind == Kind::done);
  REQUIRE(text.warnings.size() == 1);
  CHECK(text.warnings[0].find("closed") != std::string::npos);
}

TEST_CASE("existing orders keep what nobody wrote, statuses of initially included") {
  Shop shop(empty_catalogue());
  Operation wanted = operation(Verb::upsert, "external_id", {{"external_id", "1"}, {"manager_comment", "первый"}},
                               {{"status", "new"}, {"customer_comment", "по умолчанию"}});
  CHECK(shop.one("crm.order", wanted).operation == "create");
  shop.sandbox.set_status(shop.orders()[0]["id"], "assembling");
  CHECK(shop.one("crm.order", wanted).kind == Kind::unchanged);
  wanted = operation(Verb::upsert, "external_id",
                     {{"external_id", "1"}, {"manager_comment", "второй"}, {"status", "cancel-other"}},
                     {{"customer_comment", "иначе"}});
  const Outcome changed = shop.one("crm.order", wanted);
  CHECK(changed.operation == "update");
  CHECK(changed.changes.size() == 2);
  CHECK(shop.last_form("/edit", "order").size() == 2);
  CHECK(shop.orders()[0]["customerComment"] == "по умолчанию");
  CHECK(shop.orders()[0]["status"] == "cancel-other");
}

TEST_CASE("times are written by the account's wall clock, wherever the program runs") {
  setenv("TZ", "America/New_York", 1);
  tzset();
  crm::sandbox::Options options;
  options.time_zone = "Asia/Krasnoyarsk";
  Shop shop(options);
  Operation wanted = order("1", nullptr);
  wanted.filling.emplace_back("created_at", Value(*parse_time("2026-11-23T21:30:00Z")));
  const Outcome created = shop.one("crm.order", wanted);
  CHECK(shop.last_form("orders/create", "order")["createdAt"] == "2026-11-24 04:30:00");
  REQUIRE(created.result["created_at"].time() != nullptr);
  CHECK(utc_text(*created.result["created_at"].time()) == "2026-11-23T21:30:00Z");
  CHECK(shop.connection->account_zone() == "Asia/Krasnoyarsk");
  unsetenv("TZ");
  tzset();
}

TEST_CASE("a status nobody knows parks with the CRM's words, the others of the batch are written") {
  Shop shop(empty_catalogue());
  engine::Batch batch;
  for (int i = 0; i < 5; ++i)
    batch.push_back(order("o" + std::to_string(i), nullptr, {{"status", i == 2 ? "no-such-status" : "new"}}));
  const auto outcomes = shop.act("crm.order", batch);
  for (std::size_t i = 0; i < 5; ++i) CHECK(outcomes[i].kind == (i == 2 ? Kind::failed : Kind::done));
  CHECK(outcomes[2].failure->reason.find("no-such-status") != std::string::npos);
  CHECK(outcomes[2].failure->help.find("reference/statuses") != std::string::npos);
  CHECK(shop.orders().size() == 4);
}

TEST_CASE("a client's id that nobody has parks, a given client is used and changed") {
  Shop shop(empty_catalogue());
  const auto client = shop.sandbox.add_customer({{"externalId", "777"}, {"firstName", "Иван"}}, "wb");
  const Outcome gone = shop.one("crm.order", order("1", nullptr, {{"client", 999999}}));
  REQUIRE(gone.kind == Kind::failed);
  CHECK(gone.failure->kind == engine::Failure::Kind::permanent);
  CHECK(shop.one("crm.order", order("2", nullptr)).operation == "create");
  const Outcome moved = shop.one("crm.order", order("2", nullptr, {{"client", client}}, Verb::update));
  CHECK(moved.operation == "update");
  CHECK(shop.orders()[0]["customer"]["id"] == client);
  CHECK(shop.one("crm.order", order("2", nullptr, {{"client", std::to_string(client)}}, Verb::update)).kind ==
        Kind::unchanged);
}

TEST_CASE("orders are found by number and id; an order of another store is not ours") {
  Shop shop(empty_catalogue());
  shop.one("crm.order", order("1", nullptr, {{"number", "A-1"}}));
  const Outcome found = shop.one("crm.order", operation(Verb::find, "number", {{"number", "A-1"}}));
  CHECK(found.kind == Kind::found);
  CHECK(shop.one("crm.order", operation(Verb::find, "id", {{"id", found.result["id"].id_text()}})).kind == Kind::found);
  shop.sandbox.add_order({{"externalId", "same"}}, "shop");
  CHECK(shop.one("crm.order", operation(Verb::find, "external_id", {{"external_id", "same"}})).kind == Kind::nothing);
  CHECK(shop.one("crm.order", order("same", nullptr)).operation == "create");
  CHECK(shop.orders().size() == 3);
}

TEST_CASE("custom fields are merged by their codes") {
  crm::sandbox::Options options = empty_catalogue();
  options.refuse_unknown_custom_fields = false;
  Shop shop(options);
  crm::Account& account = static_cast<crm::Account&>(*shop.connection);
  account.zone = "Europe/Moscow";
  std::string sent;
  shop.calls.instead = [&](const engine::Request& request) -> std::optional<engine::CallResult> {
    engine::Answer answer;
    answer.status = 200;
    answer.body =
        R"({"success":true,"orders":[{"id":5,"externalId":"1","site":"wb","status":"new","customFields":{"wb_account":"a","other":"b","flag":true}}]})";
    if (!request.write) return engine::CallResult(answer);
    sent = request.body;
    answer.body = R"({"success":true,"id":5})";
    return engine::CallResult(answer);
  };
  CHECK(shop.one("crm.order", order("1", nullptr, {{"custom_fields", {{"wb_account", "a"}, {"flag", true}}}})).kind ==
        Kind::unchanged);
  const Outcome changed =
      shop.one("crm.order", order("1", nullptr, {{"custom_fields", {{"wb_account", "z"}, {"flag", true}}}}));
  CHECK(changed.operation == "update");
  CHECK(changed.changes[0].field == "custom_fields.wb_account");
  CHECK(sent.find("flag") == std::string::npos);
  CHECK(changed.result["custom_fields"]["other"].display() == "b");
}

TEST_CASE("payments and delivery go with the creation, of a delivery only what differs is written later") {
  Shop shop(empty_catalogue());
  const json address = {{"city", "Москва"}, {"street", "Тверская"}, {"country_iso", "RU"}};
  Operation wanted =
      order("1", nullptr,
            {{"delivery", {{"code", "courier"}, {"cost", 100.50}, {"address", address}}},
             {"payments", json::array({{{"type", "bank-card"}, {"status", "paid"}, {"amount", 100.5}}})}});
  const Outcome created = shop.one("crm.order", wanted);
  REQUIRE(created.kind == Kind::done);
  const json sent = shop.last_form("orders/create", "order");
  CHECK(sent["payments"][0]["type"] == "bank-card");
  CHECK(sent["delivery"]["address"]["countryIso"] == "RU");
  CHECK(shop.one("crm.order", wanted).kind == Kind::unchanged);
  const Outcome changed = shop.one(
      "crm.order", order("1", nullptr, {{"delivery", {{"cost", 100.50}, {"address", {{"street", "Арбат"}}}}}}));
  CHECK(changed.operation == "update");
  REQUIRE(changed.changes.size() == 1);
  CHECK(changed.changes[0].field == "delivery.address.street");
  const json edit = shop.last_form("/edit", "order");
  CHECK_FALSE(edit["delivery"].contains("cost"));
  CHECK(edit["delivery"]["address"]["city"] == "Москва");
  CHECK(edit["delivery"]["address"]["street"] == "Арбат");
}

TEST_CASE("an offer that the index remembers and the CRM has no more costs a try, not the event") {
  Shop shop(empty_catalogue());
  const auto offer = add_offer(shop, "46", "Кружка");
  shop.one("crm.order", order("1", json::array({line("1", "46", 10)})));
  auto& account = static_cast<Account&>(*shop.connection);
  account.catalogues["wb"].offers["46"].id = Value(123123);
  shop.calls.instead = [&](const engine::Request& request) -> std::optional<engine::CallResult> {
    if (request.url.find("orders/create") == std::string::npos || request.body.find("123123") == std::string::npos)
      return std::nullopt;
    engine::Answer answer;
    answer.status = 400;
    answer.body =
        R"({"success":false,"errorMsg":"Order is not loaded","errors":["items[0].offer.id: Offer with id 123123 not found."]})";
    return engine::CallResult(answer);
  };
  const Outcome refused = shop.one("crm.order", order("2", json::array({line("2", "46", 10)})));
  REQUIRE(refused.kind == Kind::failed);
  CHECK(refused.failure->kind == engine::Failure::Kind::transient);
  CHECK(refused.failure->delivery == engine::Delivery::not_sent);
  const Outcome created = shop.one("crm.order", order("2", json::array({line("2", "46", 10)})));
  CHECK((*created.result["items"].list())[0]["offer_id"].id_text() == std::to_string(offer));
}

TEST_CASE("a line named by a foreign id that no offer has is said to be free text") {
  Shop shop(empty_catalogue());
  const Outcome created =
      shop.one("crm.order",
               order("1", json::array({{{"xml_id", "nobody"}, {"quantity", 1}, {"price", 5}, {"name", "Кружка"}}})));
  CHECK(created.kind == Kind::done);
  REQUIRE(created.warnings.size() == 1);
  CHECK(created.warnings[0].find("nobody") != std::string::npos);
}

TEST_CASE("a thousand orders with a client each take few calls") {
  Shop shop(empty_catalogue());
  for (int i = 0; i < 20; ++i) add_offer(shop, "4600" + std::to_string(i), "Товар");
  std::size_t done = 0;
  for (int from = 0; from < 1000; from += 100) {
    engine::Batch clients;
    engine::Batch orders;
    for (int i = from; i < from + 100; ++i)
      clients.push_back(
          operation(Verb::upsert, "external_id", {{"external_id", "c" + std::to_string(i)}, {"first_name", "Иван"}}));
    const auto made = shop.act("crm.client", clients);
    for (int i = from; i < from + 100; ++i) {
      Operation each = order("o" + std::to_string(i),
                             json::array({line("l" + std::to_string(i), "4600" + std::to_string(i % 20), 100)}));
      engine::set_field(each.written, "client", made[static_cast<std::size_t>(i - from)].result["id"]);
      orders.push_back(each);
    }
    for (const Outcome& each : shop.act("crm.order", orders))
      done += each.kind == Kind::done && each.warnings.empty() ? 1 : 0;
  }
  CHECK(done == 1000);
  MESSAGE("calls: " << shop.calls.sent.size());
  CHECK(shop.calls.sent.size() <= 100);
}

TEST_CASE("a dry run of orders sends nothing and carries on from what it would have written") {
  Shop shop(empty_catalogue());
  add_offer(shop, "46", "Кружка");
  shop.calls.takes_down = true;
  engine::Batch batch = {order("1", json::array({line("a", "46", 10)}), {{"client", "(x)"}}),
                         order("2", json::array({line("b", "46", 20)})), order("3", nullptr)};
  engine::set_field(batch[0].written, "client", Value(engine::Placeholder{"(new client)"}));
  const auto outcomes = shop.act("crm.order", batch);
  for (const Outcome& each : outcomes) {
    CHECK(each.operation == "create");
    CHECK(each.result["id"].display() == "(new order)");
    CHECK(each.result["status"].display() == "new");
  }
  CHECK(outcomes[0].result["client"].display() == "(new client)");
  CHECK(outcomes[1].result["client"].display() == "(new client)");
  CHECK(shop.orders().empty());
  Operation next = order("1", json::array({line("c", "46", 30)}), {{"status", "assembling"}}, Verb::update);
  next.assumed = outcomes[0].result;
  const Outcome changed = shop.one("crm.order", next);
  CHECK(changed.operation == "update");
  CHECK(changed.result["items"].list()->size() == 2);
  CHECK(changed.result["status"].display() == "assembling");
  next.assumed = changed.result;
  CHECK(shop.one("crm.order", next).kind == Kind::unchanged);
  for (const engine::Request& each : shop.calls.sent) {
    if (each.write) CHECK_FALSE(each.items.empty());
  }
}

// ---- crm.order.status
// --------------------------------------------------------------------------------------------------------------------

TEST_CASE("a status is set once, asked for by the hundred, and never twice") {
  Shop shop(empty_catalogue());
  engine::Batch batch;
  for (int i = 0; i < 4; ++i)
    shop.sandbox.add_order({{"externalId", "o" + std::to_string(i)}, {"status", i == 1 ? "cancel-other" : "new"}},
                           "wb");
  for (const char* id : {"o0", "o1", "nobody"})
    batch.push_back(operation(Verb::set, "external_id", {{"external_id", id}, {"status", "cancel-other"}}));
  batch.push_back(operation(Verb::set, "external_id", {{"external_id", nullptr}, {"status", "cancel-other"}}));
  batch.push_back(operation(Verb::set, "external_id", {{"external_id", "o2"}, {"status", "nonsense"}}));
  const auto outcomes = shop.act("crm.order.status", batch);
  CHECK(outcomes[0].kind == Kind::done);
  CHECK(outcomes[0].operation == "set");
  CHECK(outcomes[0].summary.find("new → cancel-other") != std::string::npos);
  CHECK(outcomes[1].kind == Kind::unchanged);
  CHECK(outcomes[2].kind == Kind::nothing);
  CHECK(outcomes[3].kind == Kind::skipped);
  CHECK(outcomes[3].reason == "`external_id` is null");
  REQUIRE(outcomes[4].kind == Kind::failed);
  CHECK(outcomes[4].failure->kind == engine::Failure::Kind::permanent);
  CHECK(outcomes[4].failure->help.find("reference/statuses") != std::string::npos);
  CHECK(shop.calls.count("orders/statuses") == 1);
  Operation again = batch[0];
  again.delivery = engine::Delivery::unknown;
  CHECK(shop.one("crm.order.status", again).kind == Kind::done);
}

}  // namespace pipewright::crm::tests
