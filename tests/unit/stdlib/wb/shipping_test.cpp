// wb.fbs.status: who is confirmed, who is shipped, and what every event says of it.
#include <set>

#include "tests/unit/stdlib/wb/seller.hpp"

using namespace pipewright;
using namespace pipewright::wb::tests;

namespace {

constexpr const char* node = "wb.fbs.status";

std::vector<std::int64_t> confirmed(Seller& seller, int count, const Json& fields = Json::object()) {
  const auto ids = seller.tasks(Scheme::fbs, count, fields);
  for (const Outcome& outcome : seller.set(node, ids, "1")) REQUIRE(outcome.wrote());
  return ids;
}

Outcome set_one(Seller& seller, std::int64_t id, const std::string& status) {
  return seller.set(node, std::vector<std::int64_t>{id}, status).front();
}

bool transient(const Outcome& outcome) {
  return outcome.failure && outcome.failure->kind == engine::Failure::Kind::transient;
}

engine::Answer html() {
  engine::Answer answer;
  answer.status = 200;
  answer.headers.emplace_back("content-type", "text/html");
  answer.body = "<html><body>login</body></html>";
  return answer;
}

}  // namespace

TEST_CASE("A3: a refused move to the rest supply ships nobody who was not asked for") {
  Seller seller;
  const auto ids = confirmed(seller, 4);
  seller.sandbox.set_status(ids[1], "", "canceled_by_client");
  SUBCASE("a dead one stays inside, the others move") {
    const Outcome outcome = set_one(seller, ids[0], "2");
    CHECK_MESSAGE(outcome.wrote(), why(outcome));
    CHECK(seller.supplier_status(ids[0]) == "complete");
    CHECK(seller.answered(409) == 0);
  }
  SUBCASE("a live one that cannot be moved") {
    seller.sandbox.operate("POST", "/_sandbox/orders/" + std::to_string(ids[3]) + "/status", {{"unmovable", true}});
    const Outcome outcome = set_one(seller, ids[0], "2");
    REQUIRE(outcome.failure);
    CHECK(outcome.failure->reason.find("FailedToAddSupplyOrder") != std::string::npos);
    CHECK(seller.supplier_status(ids[0]) == "confirm");
  }
  SUBCASE("every move is refused, whatever the reason") {
    seller.sandbox.add_fault(
        {{"match", "/orders"}, {"method", "PATCH"}, {"times", 0}, {"kind", "status"}, {"status", 409}});
    const Outcome outcome = set_one(seller, ids[0], "2");
    CHECK(outcome.failure);
    CHECK(seller.supplier_status(ids[0]) == "confirm");
  }
  CHECK(seller.supplier_status(ids[2]) == "confirm");
  CHECK(seller.supplier_status(ids[3]) == "confirm");
}

TEST_CASE("A3: orders that nobody can be seen to have moved are not shipped with the others") {
  // A 204 that moved nobody: the supply is read again before it goes.
  Seller seller;
  const auto ids = confirmed(seller, 3);
  seller.calls.instead = [](const engine::Request& request) -> std::optional<engine::CallResult> {
    if (request.method != "PATCH" || !request.url.ends_with("/orders")) return std::nullopt;
    engine::Answer answer;
    answer.status = 204;
    return answer;
  };
  const Outcome outcome = set_one(seller, ids[0], "2");
  CHECK(transient(outcome));
  CHECK(seller.shipped().empty());
  CHECK(seller.calls.count("/deliver") == 0);
}

TEST_CASE("A3: orders that wait while one supply leaves do not leave with the next one of the batch") {
  Seller seller;
  const auto ids = confirmed(seller, 4);
  CHECK(set_one(seller, ids[0], "2").wrote());
  const auto late = confirmed(seller, 3);
  CHECK(set_one(seller, ids[1], "2").wrote());
  // Two wait in a supply that is younger than the one of the late ones, and all of them are asked for.
  REQUIRE(seller.supply_of(ids[2]) > seller.supply_of(late[0]));
  const std::vector<std::int64_t> asked{late[0], ids[2], ids[3]};
  for (const Outcome& outcome : seller.set(node, asked, "2")) CHECK_MESSAGE(outcome.wrote(), why(outcome));
  CHECK(seller.supplier_status(late[1]) == "confirm");
  CHECK(seller.supplier_status(late[2]) == "confirm");
}

TEST_CASE("A3: what is in a supply is not guessed from an answer of another shape") {
  Seller seller;
  const auto ids = confirmed(seller, 3);
  seller.sandbox.add_fault({{"match", "/order-ids"}, {"times", 0}, {"kind", "body"}, {"body", R"({"orders":[]})"}});
  const Outcome outcome = set_one(seller, ids[0], "2");
  CHECK(transient(outcome));
  CHECK(seller.shipped().empty());
}

TEST_CASE("A3: an order that is cancelled while its supply is delivered is not reported as shipped") {
  Seller seller;
  const auto ids = confirmed(seller, 2);
  bool unreadable = false;
  bool delivered = false;
  seller.calls.instead = [&](const engine::Request& request) -> std::optional<engine::CallResult> {
    if (request.url.ends_with("/deliver")) {
      seller.sandbox.set_status(ids[1], "", "canceled_by_client");
      delivered = true;
    } else if (delivered && unreadable && request.url.ends_with("/orders/status")) {
      return html();
    }
    return std::nullopt;
  };
  engine::Outcomes outcomes;
  SUBCASE("the statuses are read behind it") { outcomes = seller.set(node, ids, "2"); }
  SUBCASE("they cannot be read: the next try reads them") {
    unreadable = true;
    for (const Outcome& outcome : seller.set(node, ids, "2")) {
      REQUIRE(transient(outcome));
      CHECK(outcome.failure->delivery == engine::Delivery::unknown);
    }
    unreadable = false;
    outcomes = seller.set(node, texts(ids), "2", engine::Delivery::unknown);
  }
  CHECK_MESSAGE(outcomes[0].wrote(), why(outcomes[0]));
  REQUIRE(outcomes[1].failure);
  CHECK(outcomes[1].failure->kind == engine::Failure::Kind::permanent);
  CHECK(outcomes[1].failure->reason.find("canceled_by_client") != std::string::npos);
  CHECK(seller.shipped() == std::vector<std::int64_t>{ids[0]});
}

TEST_CASE("A4: sixty tasks confirmed together are shipped one by one") {
  Seller seller;
  const auto ids = confirmed(seller, 60);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::size_t before = seller.calls.sent.size();
    const Outcome outcome = set_one(seller, ids[i], "2");
    REQUIRE_MESSAGE(outcome.wrote(), why(outcome));
    REQUIRE(seller.shipped().size() == i + 1);
    CHECK(seller.calls.sent.size() - before <= 12);
  }
  const auto names = seller.supply_names();
  const std::set<std::string> different(names.begin(), names.end());
  CHECK(different.size() == 2);  // the group's, and that of those who wait
  CHECK(seller.answered(409) + seller.answered(400) == 0);
}

TEST_CASE("A5: marking that is refused twice: who is good ships, who is not parks, nobody is forgotten") {
  wb::sandbox::Options options;
  options.marks_one_by_one = true;
  Seller seller(options);
  const auto ids = confirmed(seller, 3);
  for (const auto id : {ids[0], ids[1]})
    seller.sandbox.operate("POST", "/_sandbox/orders/" + std::to_string(id) + "/status",
                           {{"decision", "sgtinNotFound"}});
  const auto outcomes = seller.set(node, ids, "2");
  for (const std::size_t i : {0U, 1U}) {
    REQUIRE(outcomes[i].failure);
    CHECK(outcomes[i].failure->kind == engine::Failure::Kind::permanent);
    CHECK(outcomes[i].failure->reason.find("sgtinNotFound") != std::string::npos);
    CHECK(seller.supplier_status(ids[i]) == "confirm");
  }
  CHECK_MESSAGE(outcomes[2].wrote(), why(outcomes[2]));
  CHECK(seller.shipped() == std::vector<std::int64_t>{ids[2]});
}

TEST_CASE("A5: marking that is still being checked is waited for, and holds nobody else back") {
  Seller seller;
  const auto ids = confirmed(seller, 2);
  const std::string path = "/_sandbox/orders/" + std::to_string(ids[0]) + "/status";
  seller.sandbox.operate("POST", path, {{"decision", "pending"}});
  const auto outcomes = seller.set(node, ids, "2");
  CHECK(transient(outcomes[0]));
  CHECK(outcomes[0].failure->not_before > Duration(0));
  CHECK_MESSAGE(outcomes[1].wrote(), why(outcomes[1]));
  seller.sandbox.operate("POST", path, {{"decision", ""}});
  CHECK(set_one(seller, ids[0], "2").wrote());
  CHECK(seller.shipped() == ids);
}

TEST_CASE("B10: a refused addition reads first, then halves: no storm of refusals") {
  Seller seller;
  const auto ids = seller.tasks(Scheme::fbs, 100);
  SUBCASE("one of a hundred is to blame") {
    seller.sandbox.operate("POST", "/_sandbox/orders/" + std::to_string(ids[62]) + "/status", {{"unmovable", true}});
    confirmed(seller, 1);  // the supply is not a new one
    const auto outcomes = seller.set(node, ids, "1");
    for (std::size_t i = 0; i < ids.size(); ++i) {
      CAPTURE(i);
      if (i == 62)
        CHECK(outcomes[i].failure->kind == engine::Failure::Kind::permanent);
      else
        CHECK(outcomes[i].wrote());
    }
    CHECK(seller.answered(409) <= 9);
  }
  SUBCASE("the supply takes nobody") {
    seller.sandbox.add_fault({{"match", "/orders"},
                              {"method", "PATCH"},
                              {"times", 0},
                              {"kind", "status"},
                              {"status", 409},
                              {"body", R"({"code":"FailedToAddSupplyOrder","message":"no"})"}});
    engine::Outcomes outcomes;
    for (int tries = 0; tries < 3; ++tries) outcomes = seller.set(node, ids, "1");
    CHECK(seller.answered(409) <= 40);
    for (const Outcome& outcome : outcomes) {
      REQUIRE(outcome.failure);
      CHECK(outcome.failure->kind == engine::Failure::Kind::permanent);  // with those words, after one more try
      CHECK(outcome.failure->reason.find("FailedToAddSupplyOrder") != std::string::npos);
    }
  }
  SUBCASE("tasks that died meanwhile are told apart by reading") {
    confirmed(seller, 1);
    seller.sandbox.add_fault(
        {{"match", "/orders"},
         {"method", "PATCH"},
         {"kind", "race"},
         {"moves", Json::array({{{"id", ids[3]}, {"wbStatus", "declined_by_client"}},
                                {{"id", ids[7]}, {"supplierStatus", "cancel"}, {"wbStatus", "canceled"}}})}});
    const auto outcomes = seller.set(node, ids, "1");
    CHECK(outcomes[3].failure->reason.find("declined_by_client") != std::string::npos);
    CHECK(outcomes[7].failure->reason.find("cancel") != std::string::npos);
    CHECK(outcomes[99].wrote());
    CHECK(seller.answered(409) == 1);
  }
}

TEST_CASE("C7: 200 with HTML is no success of a call that answers nothing") {
  Seller seller;
  const auto ids = seller.tasks(Scheme::fbs, 2);
  seller.calls.instead = [](const engine::Request& request) -> std::optional<engine::CallResult> {
    if (request.method != "PATCH") return std::nullopt;
    return html();
  };
  for (const char* status : {"1", "3"}) {
    const Outcome outcome = set_one(seller, ids[0], status);
    CHECK(transient(outcome));
    CHECK(outcome.failure->delivery == engine::Delivery::unknown);
    CHECK(outcome.failure->reason.find("HTML") != std::string::npos);
  }
  seller.calls.instead = nullptr;
  const auto shipped = confirmed(seller, 1);
  seller.calls.instead = [](const engine::Request& request) -> std::optional<engine::CallResult> {
    if (!request.url.ends_with("/deliver")) return std::nullopt;
    return html();
  };
  CHECK(transient(set_one(seller, shipped[0], "2")));
}

TEST_CASE("C7: 200 with HTML is no success of the calls for DBW either") {
  Seller seller;
  const auto ids = seller.tasks(Scheme::dbw, 1);
  seller.calls.instead = [](const engine::Request& request) -> std::optional<engine::CallResult> {
    if (request.method != "PATCH") return std::nullopt;
    return html();
  };
  for (const char* status : {"1", "3"}) {
    const Outcome outcome = seller.set("wb.dbw.status", ids, status).front();
    CHECK(transient(outcome));
    CHECK(outcome.failure->delivery == engine::Delivery::unknown);
  }
  CHECK(seller.supplier_status(ids[0]) == "new");
}

TEST_CASE("C8: SupplyAlreadyScanned for the whole request is no reason to park") {
  Seller seller({}, {{"shipping.type", Value("selfShipping")}, {"shipping.point", Value("507")}});
  const auto ids = confirmed(seller, 2);
  // Scanned between our reading and our writing: Wildberries has closed it itself.
  seller.calls.instead = [&](const engine::Request& request) -> std::optional<engine::CallResult> {
    if (!request.url.ends_with("/shipping-method")) return std::nullopt;
    seller.sandbox.operate("POST", "/_sandbox/supplies/" + seller.supply_of(ids[0]) + "/scan");
    engine::Answer answer;
    answer.status = 409;
    answer.body = R"({"code":"SupplyAlreadyScanned","message":"Supply is scanned already"})";
    return answer;
  };
  for (const Outcome& outcome : seller.set(node, ids, "2"))
    CHECK_MESSAGE(outcome.kind == Kind::unchanged, why(outcome));
  CHECK(seller.shipped() == ids);
}

TEST_CASE("C8: the help for a missing waybill names what can be done") {
  wb::sandbox::Options options;
  options.shipping_required = true;
  Seller seller(options, {{"shipping.type", Value("transportCompany")}, {"shipping.point", Value("507")}});
  const auto ids = confirmed(seller, 1);
  const Outcome outcome = set_one(seller, ids[0], "2");
  REQUIRE(outcome.failure);
  CHECK(outcome.failure->kind == engine::Failure::Kind::permanent);
  CHECK(outcome.failure->help.find("waybill") != std::string::npos);
  CHECK(outcome.failure->help.find("days_ahead") == std::string::npos);
  SUBCASE("and a retry ships once the waybill is there: the parameters are not set anew") {
    const std::size_t writes = seller.calls.count("shipping-method");
    const std::string supply = seller.supply_of(ids[0]);
    engine::Request waybill = static_cast<wb::Account&>(*seller.connection)
                                  .send("PATCH", wb::group::fbs, "/api/marketplace/v3/fbs/supplies/waybill",
                                        *engine::parse_json(R"({"data":[{"supplyId":")" + supply +
                                                            R"(","waybillUuid":"7b80742415072fe8"}]})"));
    auto sending = seller.calls.send(std::move(waybill));
    auto task = [](engine::Awaited<engine::CallResult>& call) -> engine::Task<int> {
      co_return (co_await call)->status;
    }(sending);
    task.start();
    REQUIRE(task.take() == 200);
    CHECK(set_one(seller, ids[0], "2").wrote());
    CHECK(seller.calls.count("shipping-method") == writes);
  }
}

TEST_CASE("E1: a supply that was just made may refuse for a moment: it is asked again before that counts") {
  wb::sandbox::Options options;
  options.new_supply_refuses = 1;
  Seller seller(options);
  const auto ids = seller.tasks(Scheme::fbs, 3);
  for (const Outcome& outcome : seller.set(node, ids, "1")) CHECK(transient(outcome));
  for (const Outcome& outcome : seller.set(node, ids, "1")) CHECK_MESSAGE(outcome.wrote(), why(outcome));
  CHECK(seller.sandbox.state()["supplies"].size() == 1);
}

TEST_CASE("E1: whether the shipping parameters were kept is read, and asked again") {
  wb::sandbox::Options options;
  options.shipping_required = true;
  options.shipping_forgotten = 1;
  Seller seller(options, {{"shipping.type", Value("selfShipping")}, {"shipping.point", Value("507")}});
  const auto ids = confirmed(seller, 1);
  CHECK(transient(set_one(seller, ids[0], "2")));
  CHECK(seller.calls.count("/deliver") == 0);
  CHECK(set_one(seller, ids[0], "2").wrote());
}

TEST_CASE("E2: a cancelled task inside that blocks its supply: those alive go in one of their own") {
  wb::sandbox::Options options;
  options.dead_blocks_delivery = true;
  Seller seller(options);
  const auto ids = confirmed(seller, 4);
  seller.sandbox.set_status(ids[1], "", "canceled_by_client");
  const auto outcomes = seller.set(node, std::vector<std::int64_t>{ids[0], ids[2]}, "2");
  for (const Outcome& outcome : outcomes) CHECK_MESSAGE(outcome.wrote(), why(outcome));
  CHECK(seller.shipped() == std::vector<std::int64_t>{ids[0], ids[2]});
  CHECK(seller.supplier_status(ids[3]) == "confirm");
}

TEST_CASE("E3: a refusal that names the tasks is believed, and tried") {
  wb::sandbox::Options options;
  options.refusal_names_tasks = true;
  Seller seller(options);
  confirmed(seller, 1);
  const auto ids = seller.tasks(Scheme::fbs, 50);
  seller.sandbox.operate("POST", "/_sandbox/orders/" + std::to_string(ids[20]) + "/status", {{"unmovable", true}});
  const auto outcomes = seller.set(node, ids, "1");
  for (std::size_t i = 0; i < ids.size(); ++i) CHECK(outcomes[i].wrote() == (i != 20));
  CHECK(seller.answered(409) == 2);
}

TEST_CASE("E5: the day of shipping is counted in Moscow, whatever the shop's zone is") {
  Seller seller({}, {{"shipping.type", Value("selfShipping")}, {"shipping.point", Value("507")}});
  seller.time = *parse_time("2026-11-25T22:30:00Z");  // half past one of the next day in Moscow
  const auto ids = confirmed(seller, 1);
  CHECK(set_one(seller, ids[0], "2").wrote());
  const Json state = seller.sandbox.state();
  CHECK(state["supplies"][0]["shippingDt"] == "2026-11-26");
}

TEST_CASE("D: the help names the connection as it is called") {
  wb::sandbox::Options options;
  options.shipping_required = true;
  Seller seller(options);
  const auto ids = confirmed(seller, 1);
  const Outcome outcome = set_one(seller, ids[0], "2");
  REQUIRE(outcome.failure);
  CHECK(outcome.failure->kind == engine::Failure::Kind::permanent);
  CHECK(outcome.failure->help.find("[connections.wb.shipping]") != std::string::npos);
}

TEST_CASE("B1: an FBS order that was shipped and refused by the buyer is complete already") {
  Seller seller;
  const auto ids = confirmed(seller, 1);
  CHECK(set_one(seller, ids[0], "2").wrote());
  seller.sandbox.set_status(ids[0], "", "canceled_by_client");
  CHECK(set_one(seller, ids[0], "2").kind == Kind::unchanged);
  const Outcome back = set_one(seller, ids[0], "1");
  CHECK(back.failure);
}

TEST_CASE("B8: an id of another shop parks itself alone") {
  Seller seller;
  std::vector<std::string> ids = texts(seller.tasks(Scheme::fbs, 3));
  ids.emplace_back("9300000000000000001");
  const auto outcomes = seller.set(node, ids, "1", engine::Delivery::not_sent);
  for (int i = 0; i < 3; ++i)
    CHECK_MESSAGE(outcomes[static_cast<std::size_t>(i)].wrote(), why(outcomes[static_cast<std::size_t>(i)]));
  CHECK(outcomes[3].kind == Kind::nothing);
  CHECK(seller.answered(400) == 0);
}

TEST_CASE("B8: an id that the API refuses is left out, and the others are read") {
  Seller seller;
  const auto ids = seller.tasks(Scheme::dbs, 20);
  const std::string odd = std::to_string(ids[7]);
  seller.calls.instead = [&](const engine::Request& request) -> std::optional<engine::CallResult> {
    if (request.body.find(odd) == std::string::npos || request.url.find("status/info") == std::string::npos)
      return std::nullopt;
    engine::Answer answer;
    answer.status = 400;
    answer.body = R"({"title":"Bad Request"})";
    return answer;
  };
  const auto outcomes = seller.set("wb.dbs.status", ids, "1");
  for (std::size_t i = 0; i < ids.size(); ++i) CHECK(outcomes[i].wrote() == (i != 7));
}

TEST_CASE("D: years of supplies are walked once, and a forgotten open one pins nothing") {
  Seller seller;
  const auto old = confirmed(seller, 2);  // in the oldest supply, which stays open
  const Json state = seller.sandbox.state();
  const std::string oldest = state["supplies"][0]["id"];
  auto& account = static_cast<wb::Account&>(*seller.connection);
  for (int i = 0; i < 2100; ++i) {
    Record body;
    body.emplace_back("name", Value("of 2022"));
    auto sending = seller.calls.send(account.send("POST", wb::group::fbs, "/api/v3/supplies", Value(std::move(body))));
    auto task = [](engine::Awaited<engine::CallResult>& call) -> engine::Task<std::string> {
      co_return (*(co_await call)->json())["id"].display();
    }(sending);
    task.start();
    seller.sandbox.operate("POST", "/_sandbox/supplies/" + task.take() + "/scan");
  }
  const std::string walk = "/api/v3/supplies?limit";
  CHECK(set_one(seller, old[0], "2").wrote());
  CHECK(seller.calls.count(walk) >= 3);
  seller.restart();
  const std::size_t before = seller.calls.count(walk);
  const Outcome outcome = set_one(seller, old[1], "2");
  CHECK_MESSAGE(outcome.wrote(), why(outcome));
  CHECK(seller.calls.count(walk) == before + 1);
}

TEST_CASE("D: cancellations of a batch, one call each, hold back no confirmation and no shipment") {
  Seller seller;
  const auto ids = seller.tasks(Scheme::fbs, 6);
  engine::Batch batch;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    Operation each;
    each.verb = engine::Verb::set;
    each.key.emplace_back("id", Value(std::to_string(ids[i])));
    each.written.emplace_back("id", Value(std::to_string(ids[i])));
    each.written.emplace_back("status", Value(i < 5 ? "3" : "1"));
    batch.push_back(std::move(each));
  }
  for (const Outcome& outcome : seller.act(node, std::move(batch))) CHECK_MESSAGE(outcome.wrote(), why(outcome));
  std::vector<bool> cancels;
  for (const engine::Request& request : seller.calls.sent) {
    if (request.write) cancels.push_back(request.url.ends_with("/cancel"));
  }
  CHECK(std::count(cancels.begin(), cancels.end(), true) == 5);
  CHECK(std::is_sorted(cancels.begin(), cancels.end()));  // the confirmation's calls go first
}
