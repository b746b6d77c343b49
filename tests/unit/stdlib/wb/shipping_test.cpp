// wb.fbs.status: who is shipped, and what every event says of it.
#include <set>

#include "stdlib/wb/tasks.hpp"
#include "tests/unit/stdlib/wb/fbs_seller.hpp"

using namespace pipewright;
using namespace pipewright::wb::tests;

namespace {

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
  const std::size_t moves = seller.calls.count("/orders");
  const std::size_t statuses = seller.calls.count("/orders/status");
  for (const Outcome& outcome : seller.set(node, asked, "2")) CHECK_MESSAGE(outcome.wrote(), why(outcome));
  const std::size_t reread = seller.calls.count("/orders/status") - statuses;
  CHECK(seller.calls.count("/orders") - moves - reread == 1);  // once, to where nobody leaves
  CHECK(seller.supplier_status(late[1]) == "confirm");
  CHECK(seller.supplier_status(late[2]) == "confirm");
}

TEST_CASE("A3: an order that somebody else puts into the second supply of a batch does not leave with it") {
  Seller seller;
  const auto ids = confirmed(seller, 2);
  CHECK(set_one(seller, ids[0], "2").wrote());  // the other one waits in a supply of its own
  const auto later = confirmed(seller, 1);
  const auto added = confirmed(seller, 1, {{"warehouseId", 777}});
  auto& account = static_cast<wb::Account&>(*seller.connection);
  const std::set<std::string> supplies{seller.supply_of(ids[1]), seller.supply_of(later[0])};
  REQUIRE(supplies.size() == 2);
  std::string second;
  seller.calls.instead = [&](const engine::Request& request) -> std::optional<engine::CallResult> {
    if (!request.url.ends_with("/deliver") || !second.empty()) return std::nullopt;
    for (const std::string& each : supplies) {
      if (request.url.find("/" + each + "/") == std::string::npos) second = each;
    }
    seller.sandbox.operate("POST", "/_sandbox/orders/" + std::to_string(added[0]) + "/status",
                           {{"fields", {{"warehouseId", 658434}}}});
    Record body;
    body.emplace_back("orders", wb::id_list(texts(added)));
    auto sending = seller.calls.send(account.send(
        "PATCH", wb::group::fbs, "/api/marketplace/v3/supplies/" + second + "/orders", Value(std::move(body))));
    auto task = [](engine::Awaited<engine::CallResult>& call) -> engine::Task<int> {
      co_return (co_await call)->status;
    }(sending);
    task.start();
    CHECK(task.take() == 204);
    return std::nullopt;
  };
  for (const Outcome& outcome : seller.set(node, std::vector<std::int64_t>{ids[1], later[0]}, "2"))
    CHECK_MESSAGE(outcome.wrote(), why(outcome));
  CHECK_FALSE(second.empty());
  CHECK(seller.supplier_status(added[0]) == "confirm");
}

TEST_CASE("A3: what is in a supply is not guessed from an answer of another shape") {
  Seller seller;
  const auto ids = confirmed(seller, 3);
  int skip = 0;
  SUBCASE("before the others are moved") {}
  SUBCASE("behind it, and nobody was moved") {
    skip = 1;
    seller.calls.instead = [](const engine::Request& request) -> std::optional<engine::CallResult> {
      if (request.method != "PATCH" || !request.url.ends_with("/orders")) return std::nullopt;
      engine::Answer answer;
      answer.status = 204;
      return answer;
    };
  }
  seller.sandbox.add_fault(
      {{"match", "/order-ids"}, {"skip", skip}, {"times", 0}, {"kind", "body"}, {"body", R"({"orders":[]})"}});
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

TEST_CASE("E5: the day of shipping is counted in Moscow, whatever the shop's zone is") {
  Seller seller({}, {{"shipping.type", Value("selfShipping")}, {"shipping.point", Value("507")}});
  seller.settings.time_zone = "Europe/London";
  seller.restart();
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
  seller.settings.name = "second_shop";
  seller.restart();
  const auto ids = confirmed(seller, 1);
  const Outcome outcome = set_one(seller, ids[0], "2");
  REQUIRE(outcome.failure);
  CHECK(outcome.failure->kind == engine::Failure::Kind::permanent);
  CHECK(outcome.failure->help.find("[connections.second_shop.shipping]") != std::string::npos);
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
