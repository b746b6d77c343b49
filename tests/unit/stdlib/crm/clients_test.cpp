// crm.client against the local retailCRM.
#include "tests/unit/stdlib/crm/shop.hpp"

namespace pipewright::crm::tests {
namespace {

using nlohmann::json;

json named(const std::string& id, const std::string& name) { return {{"external_id", id}, {"first_name", name}}; }

}  // namespace

TEST_CASE("a client is created once and is unchanged the second time") {
  Shop shop;
  const Outcome created = shop.one(
      "crm.client", operation(Verb::upsert, "external_id", {{"external_id", "777"}, {"phones", {"+79005550001"}}},
                              {{"first_name", "Иван & Co + 100% 😀 \"x\""}}));
  CHECK(created.kind == Kind::done);
  CHECK(created.operation == "create");
  CHECK(created.result["external_id"].id_text() == "777");
  CHECK(created.result["first_name"].display() == "Иван & Co + 100% 😀 \"x\"");
  CHECK_FALSE(created.result["id"].is_null());
  const Outcome again = shop.one(
      "crm.client", operation(Verb::upsert, "external_id", {{"external_id", "777"}, {"phones", {"8 900 555-00-01"}}},
                              {{"first_name", "Пётр"}}));
  CHECK(again.kind == Kind::unchanged);
  CHECK(again.operation == "none");
  CHECK(again.result["id"] == created.result["id"]);
  REQUIRE(shop.customers().size() == 1);
  CHECK(shop.customers()[0]["firstName"] == "Иван & Co + 100% 😀 \"x\"");
}

TEST_CASE("a lost answer to a client's creation ends as one client, written") {
  Shop shop;
  shop.calls.instead = [&](const engine::Request& request) -> std::optional<engine::CallResult> {
    if (request.url.find("customers/create") == std::string::npos || shop.calls.count("customers/create") > 1)
      return std::nullopt;
    shop.sandbox.add_customer({{"externalId", "777"}, {"firstName", "Иван"}}, "wb");
    return engine::CallResult(
        tl::unexpected<engine::Lost>(engine::Lost{engine::Delivery::unknown, "the connection was reset"}));
  };
  Operation wanted = operation(Verb::upsert, "external_id", named("777", "Иван"));
  const Outcome lost = shop.one("crm.client", wanted);
  REQUIRE(lost.kind == Kind::failed);
  CHECK(lost.failure->kind == engine::Failure::Kind::transient);
  CHECK(lost.failure->delivery == engine::Delivery::unknown);
  wanted.delivery = engine::Delivery::unknown;
  const Outcome retried = shop.one("crm.client", wanted);
  CHECK(retried.kind == Kind::done);
  CHECK(retried.operation == "create");
  CHECK(shop.customers().size() == 1);
  CHECK(shop.calls.count("customers/create") == 1);
}

TEST_CASE("an answer that the transport lost and asked for twice is our own client too") {
  Shop shop;
  shop.fault({{"match", "customers/create"}, {"kind", "drop"}, {"after_commit", true}});
  Operation wanted = operation(Verb::upsert, "external_id", named("777", "Иван"));
  Outcome outcome = shop.one("crm.client", wanted);
  if (outcome.kind == Kind::failed) {
    wanted.delivery = outcome.failure->delivery;
    outcome = shop.one("crm.client", wanted);
  }
  CHECK(outcome.kind == Kind::done);
  CHECK(outcome.operation == "create");
  CHECK(shop.customers().size() == 1);
}

TEST_CASE("create says that the client exists, ensure leaves it as it is, update and find without it give nothing") {
  Shop shop;
  shop.sandbox.add_customer({{"externalId", "1"}, {"firstName", "Анна"}}, "wb");
  const Outcome created = shop.one("crm.client", operation(Verb::create, "external_id", named("1", "Анна")));
  REQUIRE(created.kind == Kind::failed);
  CHECK(created.failure->kind == engine::Failure::Kind::permanent);
  CHECK(created.failure->reason.find("already exists") != std::string::npos);
  CHECK(shop.one("crm.client", operation(Verb::ensure, "external_id", named("1", "Ольга"))).kind == Kind::unchanged);
  CHECK(shop.one("crm.client", operation(Verb::update, "external_id", named("2", "Ольга"))).kind == Kind::nothing);
  CHECK(shop.one("crm.client", operation(Verb::find, "external_id", {{"external_id", "2"}})).kind == Kind::nothing);
  CHECK(shop.one("crm.client", operation(Verb::find, "external_id", {{"external_id", nullptr}})).kind == Kind::nothing);
  const Outcome found = shop.one("crm.client", operation(Verb::find, "external_id", {{"external_id", 1}}));
  CHECK(found.kind == Kind::found);
  CHECK(found.result["first_name"].display() == "Анна");
}

TEST_CASE(
    "a client found by its name: quotes, case and spaces aside, the exact one first, the oldest of several with a "
    "warning") {
  Shop shop;
  const auto folded = shop.sandbox.add_customer({{"firstName", "ооо  \"вайлдбериз\""}}, "wb");
  shop.sandbox.add_customer({{"firstName", "ООО «ВАЙЛДБЕРИЗ» Логистика"}}, "wb");
  const json wanted = {{"first_name", "ООО «ВАЙЛДБЕРИЗ»"}};
  Outcome found =
      shop.one("crm.client", operation(Verb::upsert, "first_name", wanted, {{"external_id", "wildberries"}}));
  CHECK(found.kind == Kind::unchanged);
  CHECK(found.result["id"].id_text() == std::to_string(folded));
  const auto exact = shop.sandbox.add_customer({{"firstName", "ООО «ВАЙЛДБЕРИЗ»"}}, "wb");
  shop.sandbox.add_customer({{"firstName", "ООО «ВАЙЛДБЕРИЗ»"}}, "wb");
  found = shop.one("crm.client", operation(Verb::upsert, "first_name", wanted));
  CHECK(found.result["id"].id_text() == std::to_string(exact));
  REQUIRE(found.warnings.size() == 1);
  CHECK(found.warnings[0].find("oldest") != std::string::npos);
}

TEST_CASE("a client made by its name gets no external id, and equal names of a batch make one search") {
  Shop shop;
  const json wanted = {{"first_name", "ООО «ВАЙЛДБЕРИЗ»"}};
  const Outcome made =
      shop.one("crm.client", operation(Verb::upsert, "first_name", wanted, {{"external_id", "wildberries"}}));
  CHECK(made.operation == "create");
  CHECK_FALSE(shop.customers()[0].contains("externalId"));
  CHECK(engine::find_field(made.record, "external_id") == nullptr);
  shop.calls.sent.clear();
  engine::Batch batch(20, operation(Verb::find, "first_name", wanted));
  for (const Outcome& each : shop.act("crm.client", batch)) CHECK(each.kind == Kind::found);
  CHECK(shop.calls.sent.size() == 1);
}

TEST_CASE("a client is found by phone and by e-mail") {
  Shop shop;
  const auto id = shop.sandbox.add_customer(
      {{"firstName", "Иван"}, {"email", "ivan@example.com"}, {"phones", {{{"number", "89005550001"}}}}}, "wb");
  const Outcome by_phone =
      shop.one("crm.client", operation(Verb::find, "phones", {{"phones", {"+7 (900) 555-00-01"}}}));
  CHECK(by_phone.kind == Kind::found);
  CHECK(by_phone.result["id"].id_text() == std::to_string(id));
  CHECK(shop.one("crm.client", operation(Verb::find, "email", {{"email", "Ivan@Example.com"}})).kind == Kind::found);
}

TEST_CASE("only what differs is written to a client: phones are added, custom fields merged, clear empties") {
  crm::sandbox::Options options;
  options.refuse_unknown_custom_fields = false;
  options.phones_replace = true;
  Shop shop(options);
  shop.sandbox.add_customer({{"externalId", "1"},
                             {"firstName", "Анна"},
                             {"lastName", "Ли"},
                             {"email", "a@b.ru"},
                             {"phones", {{{"number", "+79005550001"}}}}},
                            "wb");
  Operation wanted = operation(Verb::upsert, "external_id",
                               {{"external_id", "1"}, {"first_name", "Анна"}, {"phones", {"+79005550002"}}},
                               {{"last_name", "Другая"}});
  wanted.written.emplace_back("email", Value(engine::Clear{}));
  const Outcome changed = shop.one("crm.client", wanted);
  CHECK(changed.kind == Kind::done);
  CHECK(changed.operation == "update");
  CHECK(changed.changes.size() == 2);
  const json sent = shop.last_form("/edit", "customer");
  CHECK(sent.size() == 2);
  CHECK(sent["email"].is_null());
  CHECK(sent["phones"].size() == 2);
  CHECK(shop.customers()[0]["phones"].size() == 2);
  CHECK(shop.customers()[0]["lastName"] == "Ли");
  CHECK_FALSE(shop.customers()[0].contains("email"));
}

TEST_CASE("empty is not null: what a marketplace does not know wipes nothing") {
  Shop shop;
  shop.sandbox.add_customer(
      {{"externalId", "1"}, {"firstName", "Анна"}, {"lastName", "Ли"}, {"phones", {{{"number", "+79005550001"}}}}},
      "wb");
  const Outcome same = shop.one("crm.client", operation(Verb::upsert, "external_id",
                                                        {{"external_id", "1"},
                                                         {"first_name", "Анна"},
                                                         {"last_name", nullptr},
                                                         {"patronymic", ""},
                                                         {"phones", json::array({""})}}));
  CHECK(same.kind == Kind::unchanged);
  CHECK(shop.calls.count("edit") == 0);
}

TEST_CASE("a partly refused upload keeps the good ones and tells why of the others") {
  Shop shop;
  engine::Batch batch;
  for (int i = 0; i < 5; ++i)
    batch.push_back(operation(Verb::upsert, "external_id", named("c" + std::to_string(i), "Клиент")));
  batch[2].written.emplace_back("email", Value("no address at all"));
  const auto outcomes = shop.act("crm.client", batch);
  for (std::size_t i = 0; i < 5; ++i) CHECK(outcomes[i].kind == (i == 2 ? Kind::failed : Kind::done));
  CHECK(outcomes[2].failure->kind == engine::Failure::Kind::permanent);
  CHECK(outcomes[2].failure->reason.find("mail") != std::string::npos);
  CHECK(shop.customers().size() == 4);
}

TEST_CASE("an upload whose entries appeared meanwhile is no success for them") {
  for (const bool silent : {false, true}) {
    crm::sandbox::Options options;
    options.upload_existing_is_201 = silent;
    Shop shop(options);
    bool added = false;
    shop.calls.instead = [&](const engine::Request& request) -> std::optional<engine::CallResult> {
      if (request.url.find("customers/upload") != std::string::npos && !added) {
        added = true;
        shop.sandbox.add_customer({{"externalId", "c1"}, {"firstName", "Чужой"}}, "wb");
      }
      return std::nullopt;
    };
    engine::Batch batch;
    for (int i = 0; i < 3; ++i)
      batch.push_back(operation(Verb::upsert, "external_id", named("c" + std::to_string(i), "Клиент")));
    const auto outcomes = shop.act("crm.client", batch);
    CHECK(outcomes[0].operation == "create");
    CHECK(outcomes[1].operation == "update");
    CHECK(outcomes[2].operation == "create");
    CHECK(shop.customers().size() == 3);
  }
}

TEST_CASE("a bad key, a right that lacks, HTML and a 503 are told apart") {
  Shop wrong({}, {}, "no-such-key");
  CHECK(wrong.one("crm.client", operation(Verb::find, "external_id", {{"external_id", "1"}})).failure->kind ==
        engine::Failure::Kind::credentials);

  Shop shop;
  const auto failing = [&](const json& fault) {
    shop.sandbox.clear_faults();
    shop.fault(fault);
    return *shop.one("crm.client", operation(Verb::upsert, "external_id", named("9", "Анна"))).failure;
  };
  shop.one("crm.client", operation(Verb::find, "external_id", {{"external_id", "1"}}));  // the zone is known now
  engine::Failure failure = failing({{"match", "customers"}, {"kind", "html"}, {"status", 502}});
  CHECK(failure.kind == engine::Failure::Kind::transient);
  CHECK(failure.delivery == engine::Delivery::not_sent);
  failure = failing({{"match", "customers/create"}, {"kind", "html"}, {"status", 502}});
  CHECK(failure.kind == engine::Failure::Kind::transient);
  CHECK(failure.delivery == engine::Delivery::unknown);
  failure = failing({{"match", "customers/create"}, {"kind", "status"}, {"status", 503}});
  CHECK(failure.kind == engine::Failure::Kind::transient);
  CHECK(failure.delivery == engine::Delivery::not_sent);

  crm::sandbox::KeyOptions poor;
  poor.scopes = {"customer_read"};
  Shop limited({}, {}, "");
  const std::string key = limited.sandbox.issue(poor);
  engine::Settings settings = limited.connection->settings();
  settings.secrets["key"] = Secret(key);
  limited.connection = *limited.nodes.connections.front().make(settings);
  CHECK(limited.one("crm.client", operation(Verb::create, "external_id", named("9", "Анна"))).failure->kind ==
        engine::Failure::Kind::permanent);
}

TEST_CASE("a dry run writes nothing and shows the client as it would be, again and again") {
  Shop shop;
  shop.calls.takes_down = true;
  engine::Batch batch;
  for (int i = 0; i < 3; ++i)
    batch.push_back(operation(Verb::upsert, "external_id", named("c" + std::to_string(i), "Клиент")));
  const auto outcomes = shop.act("crm.client", batch);
  for (const Outcome& each : outcomes) {
    CHECK(each.operation == "create");
    REQUIRE(each.result["id"].placeholder() != nullptr);
    CHECK(each.result["id"].display() == "(new client)");
  }
  CHECK(shop.customers().empty());
  Operation second = batch[0];
  second.assumed = outcomes[0].result;
  CHECK(shop.one("crm.client", second).kind == Kind::unchanged);
  second.written.emplace_back("last_name", Value("Ли"));
  const Outcome changed = shop.one("crm.client", second);
  CHECK(changed.operation == "update");
  CHECK(changed.result["last_name"].display() == "Ли");
  CHECK(changed.result["first_name"].display() == "Клиент");
}

TEST_CASE("a client that was merged into another one is followed") {
  Shop shop;
  static_cast<Account&>(*shop.connection).zone = "UTC";
  std::vector<std::string> edited;
  shop.calls.instead = [&](const engine::Request& request) -> std::optional<engine::CallResult> {
    engine::Answer answer;
    answer.status = 200;
    answer.body = R"({"success":true,"customers":[]})";
    const bool old = request.url.find("customers/5") != std::string::npos;
    if (old) {
      answer.status = 404;
      answer.body = R"({"success":false,"errorMsg":"Not found","combinedTo":{"id":6}})";
    } else if (request.url.find("customers/6?") != std::string::npos) {
      answer.body = R"({"success":true,"customer":{"id":6,"firstName":"Анна","site":"wb"}})";
    } else if (request.write) {
      edited.push_back(request.url);
      answer.body = R"({"success":true,"id":6})";
    } else if (request.url.find("externalIds") != std::string::npos) {
      answer.body = R"({"success":true,"customers":[{"id":5,"externalId":"x","firstName":"Ольга","site":"wb"}]})";
    }
    return engine::CallResult(answer);
  };
  const Outcome found = shop.one("crm.client", operation(Verb::find, "id", {{"id", 5}}));
  CHECK(found.kind == Kind::found);
  CHECK(found.result["id"].id_text() == "6");
  const Outcome changed = shop.one("crm.client", operation(Verb::update, "external_id", named("x", "Мария")));
  CHECK(changed.operation == "update");
  REQUIRE(edited.size() == 1);
  CHECK(edited[0].find("customers/6/edit") != std::string::npos);
}

TEST_CASE("ids that are no numbers or hold a slash harm nobody") {
  Shop shop;
  engine::Batch batch;
  batch.push_back(operation(Verb::find, "id", {{"id", "abc"}}));
  batch.push_back(operation(Verb::upsert, "external_id", named("a/b", "Слэш")));
  batch.push_back(operation(Verb::upsert, "external_id", named("9007199254740993", "Большой")));
  auto outcomes = shop.act("crm.client", batch);
  CHECK(outcomes[0].kind == Kind::nothing);
  CHECK(outcomes[1].operation == "create");
  CHECK(outcomes[2].result["external_id"].id_text() == "9007199254740993");
  outcomes = shop.act("crm.client", {operation(Verb::update, "external_id", named("a/b", "Другой"))});
  CHECK(outcomes[0].operation == "update");
}

}  // namespace pipewright::crm::tests
