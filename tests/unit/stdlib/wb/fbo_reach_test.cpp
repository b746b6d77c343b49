// wb.fbo.new and wb.fbo.changed: from where they read, and how far back the order feed goes.
#include "tests/unit/stdlib/wb/fbo_seller.hpp"

using namespace pipewright;
using namespace pipewright::wb::tests;
using std::chrono::hours;
using std::chrono::minutes;

TEST_CASE("A7: the feed is asked for what it keeps, after months without an order") {
  Seller seller;
  Source fresh = seller.source("wb.fbo.new");
  SUBCASE("polled all the time") {
    for (int day = 0; day < 100; ++day) {
      const Polled polled = seller.poll(fresh);
      REQUIRE_MESSAGE(!polled.failure, polled.failure->reason);
      CHECK(polled.notices.empty());
      seller.pass(hours(24));
    }
  }
  SUBCASE("switched off for two months: what cannot be read any more is said") {
    seller.poll(fresh);
    seller.pass(hours(24 * 60));
    const Polled polled = seller.poll(fresh);
    CHECK_FALSE(polled.failure);
    REQUIRE(polled.notices.size() == 1);
    CHECK(polled.notices[0].find("31 days") != std::string::npos);
    seller.pass(minutes(30));
    CHECK(seller.poll(fresh).notices.empty());
  }
  SUBCASE("`since` reaches further back than the feed") {
    Source old = seller.source("wb.fbo.new", hours(24 * 60));
    const Polled polled = seller.poll(old);
    CHECK_FALSE(polled.failure);
    CHECK(polled.notices.size() == 1);
  }
  rows(seller, 1);
  seller.pass(minutes(5));
  CHECK(seller.poll(fresh).keys() == std::vector<std::string>{srid(0)});
}

TEST_CASE("A7: a poll begins where its source stands, also while an order that waits is asked about") {
  for (const bool by_feed : {true, false}) {
    CAPTURE(by_feed);
    Seller seller(by_feed ? wb::sandbox::Options() : statistics_only());
    rows(seller, 1);
    Source fresh = seller.source("wb.fbo.new");
    const Polled polled = seller.poll(fresh);
    REQUIRE(polled.events.size() == 1);
    seller.restart();
    seller.pass(minutes(30));
    Polled meanwhile;
    std::size_t asked = 0;
    seller.calls.instead = [&](const engine::Request&) -> std::optional<engine::CallResult> {
      if (++asked == 1) meanwhile = seller.poll(fresh);
      return std::nullopt;
    };
    std::vector<Value> records;
    for (const engine::NewEvent& event : polled.events) records.emplace_back(event.derived);
    auto asking = seller.node("wb.fbo.new").still_wanted(*seller.connection, records, seller.calls);
    asking.start();
    REQUIRE(asked > 1);
    CHECK_MESSAGE(!meanwhile.failure, meanwhile.failure->reason);
    for (const engine::Request& request : seller.calls.sent) {
      CHECK(request.url.find("=19") == std::string::npos);
      CHECK(request.body.find("\"19") == std::string::npos);
    }
  }
}

TEST_CASE("A7: the start of the feed stays within what it keeps, however long the call waits or the first one fails") {
  SUBCASE("an outage at the first poll") {
    Seller seller;
    Source old = seller.source("wb.fbo.new", hours(24 * 60));
    seller.sandbox.add_fault({{"match", feed}, {"kind", "status"}, {"status", 502}});
    CHECK(seller.poll(old).failure);
    seller.pass(hours(3));
    const Polled polled = seller.poll(old);
    CHECK_MESSAGE(!polled.failure, polled.failure->reason);
  }
  SUBCASE("an outage between two pages") {
    Seller seller;
    Source old = seller.source("wb.fbo.new", hours(24 * 60));
    Json list = Json::array();
    for (int i = 0; i < 10000; ++i) {
      const std::string when = moscow(seller.time - minutes(60)) + "+03:00";
      list.push_back(
          {{"srid", srid(i)}, {"isMp", false}, {"status", "created"}, {"createdAt", when}, {"updatedAt", when}});
    }
    const Json page{{"data", {{"snapshotTime", "2026-11-25T10:00:00Z"}, {"orders", list}}}};
    seller.sandbox.add_fault(body_fault(feed, page.dump()));
    seller.sandbox.add_fault({{"match", feed}, {"kind", "status"}, {"status", 502}});
    CHECK(seller.poll(old).failure);
    seller.pass(hours(3));
    const Polled polled = seller.poll(old);
    CHECK_MESSAGE(!polled.failure, polled.failure->reason);
  }
  SUBCASE("a basic token, whose call may wait three hours for its turn") {
    wb::sandbox::Options options;
    options.token.kind = wb::sandbox::TokenOptions::Kind::basic;
    Seller seller(options);
    Source old = seller.source("wb.fbo.new", hours(24 * 60));
    bool waited = false;
    seller.calls.instead = [&](const engine::Request& request) -> std::optional<engine::CallResult> {
      if (request.url.find(feed) != std::string::npos && !std::exchange(waited, true)) seller.pass(hours(3));
      return std::nullopt;
    };
    const Polled polled = seller.poll(old);
    REQUIRE(waited);
    CHECK_MESSAGE(!polled.failure, polled.failure->reason);
  }
}
