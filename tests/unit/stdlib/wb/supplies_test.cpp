// wb.fbs.status: who gets into which supply, and what that costs.
#include <algorithm>

#include "tests/unit/stdlib/wb/fbs_seller.hpp"

using namespace pipewright;
using namespace pipewright::wb::tests;

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
    CHECK(seller.calls.count("PATCH") <= 20);
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

TEST_CASE("E1: a supply that was just made may refuse for a moment: it is asked again before that counts") {
  wb::sandbox::Options options;
  options.new_supply_refuses = 1;
  Seller seller(options);
  const auto ids = seller.tasks(Scheme::fbs, 3);
  for (const Outcome& outcome : seller.set(node, ids, "1")) CHECK(transient(outcome));
  for (const Outcome& outcome : seller.set(node, ids, "1")) CHECK_MESSAGE(outcome.wrote(), why(outcome));
  CHECK(seller.sandbox.state()["supplies"].size() == 1);
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
