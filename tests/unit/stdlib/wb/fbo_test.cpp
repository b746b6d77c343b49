// wb.fbo.new and wb.fbo.changed, out of the order feed and out of the statistics.
#include <set>

#include "tests/support/in_process.hpp"
#include "tests/unit/stdlib/wb/fbo_seller.hpp"

using namespace pipewright;
using namespace pipewright::wb::tests;
using std::chrono::hours;
using std::chrono::minutes;

TEST_CASE("A8: a card that cannot be read now delays the orders, and none goes out without its goods") {
  Seller seller;
  rows(seller, 3);
  Source fresh = seller.source("wb.fbo.new");
  seller.sandbox.add_fault({{"match", "/cards/list"}, {"kind", "status"}, {"status", 502}});
  const Polled failed = seller.poll(fresh);
  CHECK(failed.failure);
  CHECK(failed.events.empty());
  const std::size_t asked = seller.calls.count(feed);
  seller.pass(minutes(2));  // longer than a page is shared
  const Polled polled = seller.poll(fresh);
  CHECK_FALSE(polled.failure);
  REQUIRE(polled.events.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(polled.field(i, "barcode") != "null");
  CHECK(seller.calls.count(feed) == asked);  // the rows are still there: once a minute is expensive
}

TEST_CASE("A8: a card of another shape, and one that is refused, are told apart") {
  Seller seller;
  rows(seller, 1);
  Source fresh = seller.source("wb.fbo.new");
  seller.sandbox.add_fault(body_fault("/cards/list", R"({"data":{"cards":[]}})"));
  CHECK(seller.poll(fresh).failure);
  seller.sandbox.add_fault({{"match", "/cards/list"}, {"kind", "status"}, {"status", 403}});
  const Polled polled = seller.poll(fresh);
  CHECK_FALSE(polled.failure);
  CHECK(polled.events.size() == 1);
  CHECK(polled.notices.size() == 1);
}

TEST_CASE("B2: an order that was returned does not turn back into a sold one, and neither repeats") {
  Seller seller(statistics_only());
  rows(seller, 1);
  Source changed = seller.source("wb.fbo.changed");
  seller.poll(changed);
  seller.sandbox.set_fbo_status(srid(0), "buyout");
  seller.pass(minutes(30));
  seller.sandbox.set_fbo_status(srid(0), "return");
  seller.pass(minutes(30));
  const Polled polled = seller.poll(changed);
  REQUIRE(polled.events.size() == 2);
  CHECK(polled.field(0, "status") == "buyout");
  CHECK(polled.field(1, "status") == "return");
  for (int i = 0; i < 5; ++i) {
    // The sale's row is touched later: its payout becomes known.
    Json rows = Json::parse("[]");
    seller.pass(minutes(20));
    CHECK(seller.poll(changed).events.empty());
  }
  const Json state = seller.sandbox.state();
  Json sale = state["fbo"][0]["sales"][0];
  sale["lastChangeDate"] = moscow(seller.time);
  seller.sandbox.add_fault(body_fault(sales, Json::array({sale}).dump()));
  CHECK(seller.poll(changed).events.empty());
}

TEST_CASE("B3: a time that cannot be read is a broken field and no year 1970") {
  Seller seller;
  seller.sandbox.add_fbo_order({{"feed", {{"createdAt", nullptr}}}});
  Source fresh = seller.source("wb.fbo.new");
  const Polled polled = seller.poll(fresh);
  REQUIRE(polled.events.size() == 1);
  const Value* created = engine::find_field(polled.events[0].derived, "created_at");
  REQUIRE(created != nullptr);
  REQUIRE(created->broken() != nullptr);
  CHECK(created->broken()->path == "createdAt");
  Seller other(statistics_only());
  other.sandbox.add_fbo_order();
  other.sandbox.add_fault(body_fault(orders, R"([{"srid":"a","date":17,"lastChangeDate":")" + moscow(other.time) +
                                                 R"(","warehouseType":"Склад WB","priceWithDisc":10}])"));
  Source counted = other.source("wb.fbo.new");
  const Polled read = other.poll(counted);
  REQUIRE(read.events.size() >= 1);
  CHECK(engine::find_field(read.events[0].derived, "created_at")->broken() != nullptr);
}

TEST_CASE("B4: rows that cannot be understood are said, and another shape is a failure") {
  Seller seller;
  Source fresh = seller.source("wb.fbo.new");
  seller.sandbox.add_fbo_order({{"feed", {{"isMp", "false"}}}});
  const Polled odd = seller.poll(fresh);
  CHECK(odd.events.empty());
  REQUIRE(odd.notices.size() == 1);
  CHECK(odd.notices[0].find("isMp") != std::string::npos);
  for (const char* body :
       {R"({"data":{"orders":{}}})", R"({"title":"x","status":500})", R"({"orders":[]})", "<html>", R"({"data":[]})"}) {
    CAPTURE(body);
    seller.pass(minutes(2));
    seller.sandbox.add_fault(body_fault(feed, body));
    CHECK(seller.poll(fresh).failure);
  }
  for (const char* body : {"{}", R"({"data":{}})", R"({"data":{"orders":null}})", R"({"data":{"orders":[]}})"}) {
    CAPTURE(body);
    seller.pass(minutes(2));
    seller.sandbox.add_fault(body_fault(feed, body));
    CHECK_FALSE(seller.poll(fresh).failure);
  }
}

TEST_CASE("B4: the statistics too") {
  Seller seller(statistics_only());
  Source changed = seller.source("wb.fbo.changed");
  for (const char* match : {orders, sales}) {
    for (const char* body : {R"({"errors":"x"})", R"({"data":[]})", "<html>"}) {
      CAPTURE(match);
      CAPTURE(body);
      seller.pass(minutes(2));
      seller.sandbox.add_fault(body_fault(match, body));
      CHECK(seller.poll(changed).failure);
    }
    seller.pass(minutes(2));
    seller.sandbox.add_fault(body_fault(match, "null"));
    CHECK_FALSE(seller.poll(changed).failure);
  }
}

TEST_CASE("F6: a byte order mark before rows is read as if it were not there") {
  for (const bool by_feed : {true, false}) {
    CAPTURE(by_feed);
    Seller seller(by_feed ? wb::sandbox::Options() : statistics_only());
    rows(seller, 2);
    seller.calls.instead = [&](const engine::Request& request) -> std::optional<engine::CallResult> {
      if (request.url.find(by_feed ? feed : orders) == std::string::npos) return std::nullopt;
      auto answer = pipewright::tests::result_of(seller.sandbox.answer(pipewright::tests::server_request(request)));
      answer->body.insert(0, "\xEF\xBB\xBF");
      return answer;
    };
    Source fresh = seller.source("wb.fbo.new");
    const Polled polled = seller.poll(fresh);
    CHECK_FALSE(polled.failure);
    CHECK(polled.events.size() == 2);
  }
}

TEST_CASE("B5: an FBO order that was cancelled while it waited is wanted no more") {
  for (const bool by_feed : {true, false}) {
    CAPTURE(by_feed);
    Seller seller(by_feed ? wb::sandbox::Options() : statistics_only());
    rows(seller, 2);
    Source fresh = seller.source("wb.fbo.new");
    const Polled polled = seller.poll(fresh);
    REQUIRE(polled.events.size() == 2);
    seller.pass(minutes(6));
    seller.sandbox.set_fbo_status(srid(0), "cancel");
    seller.pass(minutes(1));
    std::vector<Value> records;
    for (const engine::NewEvent& event : polled.events) records.emplace_back(event.derived);
    auto asking = seller.node("wb.fbo.new").still_wanted(*seller.connection, records, seller.calls);
    asking.start();
    const auto reasons = asking.take();
    for (std::size_t i = 0; i < 2; ++i) CHECK(reasons[i].has_value() == (polled.events[i].key == srid(0)));
  }
}

TEST_CASE("B9: orders go out while the sales fail, and are read on") {
  Seller seller(statistics_only());
  Source changed = seller.source("wb.fbo.changed");
  rows(seller, 2);
  seller.poll(changed);
  for (int i = 0; i < 2; ++i) {
    seller.sandbox.set_fbo_status(srid(i), "cancel");
    seller.sandbox.add_fault({{"match", sales}, {"kind", "status"}, {"status", 500}});
    seller.pass(minutes(30));
    const Polled polled = seller.poll(changed);
    CHECK(polled.failure);
    CHECK(polled.keys() == std::vector<std::string>{srid(i)});
  }
  seller.pass(minutes(30));
  CHECK_FALSE(seller.poll(changed).failure);
}

TEST_CASE("C1: two FBO pipelines that poll together ask for the feed once") {
  Seller seller({}, {});
  rows(seller, 3);
  Source changed = seller.source("wb.fbo.changed");
  Source fresh = seller.source("wb.fbo.new");
  for (int i = 0; i < 5; ++i) {
    const std::size_t before = seller.calls.count(feed);
    seller.poll(changed);
    const Polled polled = seller.poll(fresh);
    if (i == 0) CHECK(polled.events.size() == 3);
    CHECK(seller.calls.count(feed) == before + 1);
    seller.pass(minutes(30));
  }
}

TEST_CASE("C1: what another pipeline asked for further back is not new to one that looks back a day") {
  Seller seller;
  seller.sandbox.add_fbo_order({{"srid", "old"},
                                {"date", moscow(seller.time - hours(72))},
                                {"lastChangeDate", moscow(seller.time - hours(72))}});
  Source changed = seller.source("wb.fbo.changed");
  Source fresh = seller.source("wb.fbo.new");
  seller.poll(changed);
  CHECK(seller.poll(fresh).events.empty());
}

TEST_CASE("C2: what the first page of the statistics brings goes out before the end is confirmed") {
  Seller seller(statistics_only());
  Source changed = seller.source("wb.fbo.changed");
  seller.poll(changed);
  rows(seller, 3);
  for (int i = 0; i < 3; ++i) seller.sandbox.set_fbo_status(srid(i), i == 0 ? "cancel" : "buyout");
  seller.pass(minutes(30));
  engine::Look look;
  look.cursor = changed.cursor;
  look.source = &changed.declared;
  seller.calls.own = &changed.states;
  const auto pages = [&] { return seller.calls.count(orders) + seller.calls.count(sales); };
  const std::size_t before = pages();
  auto task = seller.node("wb.fbo.changed").look(*seller.connection, look, seller.calls);
  task.start();
  const engine::Page first = task.take();
  CHECK(pages() == before + 1);
  CHECK(first.events.size() == 1);  // the cancelled one: orders come first
  CHECK(first.more);
  seller.calls.own = nullptr;
  const Polled all = seller.poll(changed);
  CHECK(all.events.size() == 3);
}

TEST_CASE("C2: pages of the statistics are read to their end, however small they are") {
  wb::sandbox::Options options = statistics_only();
  options.statistics_page = 7;
  Seller seller(options);
  for (int i = 0; i < 40; ++i)
    seller.sandbox.add_fbo_order({{"srid", srid(i)}, {"lastChangeDate", moscow(seller.time - minutes(40 - i))}});
  Source fresh = seller.source("wb.fbo.new");
  CHECK(seller.poll(fresh).events.size() == 40);
  seller.pass(minutes(30));
  CHECK(seller.poll(fresh).events.empty());
}

TEST_CASE("C3: a basic token with the service's secret has the service's limits") {
  wb::sandbox::Options options;
  options.token.kind = wb::sandbox::TokenOptions::Kind::basic;
  const Seller with({}, {}, wb::sandbox::Sandbox(options).credential(), "secret");
  const Seller without({}, {}, wb::sandbox::Sandbox(options).credential());
  CHECK(with.connection->limits().at(wb::group::feed).interval == minutes(1));
  CHECK(with.connection->limits().at(wb::group::fbs).burst == 20);
  CHECK(without.connection->limits().at(wb::group::feed).interval == hours(3));
}

TEST_CASE("C4: tens of thousands of rows go out a thousand at a time, in their order, each once") {
  for (const bool by_feed : {true, false}) {
    CAPTURE(by_feed);
    Seller seller(by_feed ? wb::sandbox::Options() : statistics_only());
    const int count = 12345;
    Json list = Json::array();
    for (int i = 0; i < count; ++i) {
      const std::string when = moscow(seller.time - minutes(60) + std::chrono::milliseconds(i * 100));
      if (by_feed)
        list.push_back({{"srid", srid(i)},
                        {"isMp", false},
                        {"status", "created"},
                        {"createdAt", when + "+03:00"},
                        {"updatedAt", when + "+03:00"},
                        {"sellerPrice", 10}});
      else
        list.push_back({{"srid", srid(i)},
                        {"warehouseType", "Склад WB"},
                        {"date", when},
                        {"lastChangeDate", when},
                        {"priceWithDisc", 10}});
    }
    std::vector<Json> pages;
    if (by_feed) {
      std::reverse(list.begin(), list.end());
      for (int from = 0; from < count; from += 10000) {
        const Json part(std::vector<Json>(list.begin() + from, list.begin() + std::min(count, from + 10000)));
        pages.push_back({{"data", {{"snapshotTime", "2026-11-25T10:00:00Z"}, {"orders", part}}}});
      }
    } else {
      pages = {list, Json::array({list.back()})};
    }
    std::size_t asked = 0;
    seller.calls.instead = [&](const engine::Request& request) -> std::optional<engine::CallResult> {
      if (request.url.find(by_feed ? feed : orders) == std::string::npos) return std::nullopt;
      engine::Answer answer;
      answer.status = 200;
      answer.body = pages.at(asked++).dump();
      return answer;
    };
    Source fresh = seller.source("wb.fbo.new");
    const Polled polled = seller.poll(fresh);
    CHECK(asked == 2);
    CHECK(polled.pages >= 13);
    const auto keys = polled.keys();
    CHECK(std::set<std::string>(keys.begin(), keys.end()).size() == static_cast<std::size_t>(count));
    CHECK(keys.size() == static_cast<std::size_t>(count));
    if (!by_feed) CHECK(keys.front() == srid(0));
  }
}

TEST_CASE("C4: a restart in the middle of a long page reads it again and repeats nothing") {
  Seller seller;
  rows(seller, 30);
  Source fresh = seller.source("wb.fbo.new");
  engine::Look look;
  look.source = &fresh.declared;
  look.room = 10;
  seller.calls.own = &fresh.states;
  auto task = seller.node("wb.fbo.new").look(*seller.connection, look, seller.calls);
  task.start();
  const engine::Page first = task.take();
  REQUIRE(first.events.size() == 10);
  for (const engine::Seen& seen : first.seen) fresh.states[seen.key] = seen;
  fresh.cursor = first.cursor;
  seller.restart();
  const Polled rest = seller.poll(fresh, 10);
  CHECK(rest.events.size() == 20);
}

TEST_CASE("C4: the documented page of 80 000 rows may be read") {
  Seller seller(statistics_only());
  Source fresh = seller.source("wb.fbo.new");
  seller.poll(fresh);
  for (const engine::Request& request : seller.calls.sent) {
    if (request.url.find(orders) != std::string::npos) CHECK(request.max_body >= std::size_t{80000} * 1024);
  }
}

TEST_CASE("C5: all barcodes of the size are given") {
  Seller seller;
  rows(seller, 1);
  const Json state = seller.sandbox.state();
  const Json shown = state["fbo"][0]["feed"];
  seller.sandbox.operate("POST", "/_sandbox/cards",
                         {{"nmID", shown["nmId"]},
                          {"vendorCode", "MUG-01"},
                          {"updatedAt", "2026-09-01T10:00:00Z"},
                          {"sizes", Json::array({{{"chrtID", shown["chrtId"]}, {"skus", {"alt", "2043227963145"}}}})}});
  Source fresh = seller.source("wb.fbo.new");
  const Polled polled = seller.poll(fresh);
  REQUIRE(polled.events.size() == 1);
  const Value* skus = engine::find_field(polled.events[0].derived, "skus");
  REQUIRE(skus->list() != nullptr);
  CHECK(skus->list()->size() == 2);
  CHECK(polled.field(0, "barcode") == "alt");
}

TEST_CASE("C5: the statistics name one barcode, and all of its size are given") {
  Seller seller(statistics_only());
  rows(seller, 1);
  const Json state = seller.sandbox.state();
  const Json shown = state["fbo"][0]["order"];
  const std::string barcode = shown["barcode"];
  seller.sandbox.operate(
      "POST", "/_sandbox/cards",
      {{"nmID", shown["nmId"]},
       {"vendorCode", "MUG-01"},
       {"updatedAt", "2026-09-01T10:00:00Z"},
       {"sizes", Json::array({{{"chrtID", 1}, {"skus", {"other"}}}, {{"chrtID", 2}, {"skus", {"alt", barcode}}}})}});
  Source fresh = seller.source("wb.fbo.new");
  seller.sandbox.add_fault({{"match", "/cards/list"}, {"kind", "status"}, {"status", 502}});
  CHECK(seller.poll(fresh).failure);
  const Polled polled = seller.poll(fresh);
  REQUIRE(polled.events.size() == 1);
  CHECK(polled.notices.empty());
  CHECK(polled.field(0, "barcode") == barcode);
  const Value* skus = engine::find_field(polled.events[0].derived, "skus");
  REQUIRE(skus->list() != nullptr);
  REQUIRE(skus->list()->size() == 2);
  CHECK((*skus->list())[1].display() == "alt");
  // Known after a restart.
  seller.restart();
  seller.sandbox.add_fbo_order({{"srid", "next"}});
  seller.pass(minutes(30));
  const std::size_t before = seller.calls.count("/cards/list");
  const Polled again = seller.poll(fresh);
  REQUIRE(again.events.size() == 1);
  CHECK(engine::find_field(again.events[0].derived, "skus")->list()->size() == 2);
  CHECK(seller.calls.count("/cards/list") == before);
}

TEST_CASE("C6: many articles are found by walking the catalogue, and known after a restart") {
  Seller seller;
  const int articles = 250;
  for (int i = 0; i < articles; ++i)
    seller.sandbox.add_fbo_order(
        {{"srid", srid(i)}, {"nmId", 1000 + i}, {"chrtId", 5000 + i}, {"barcode", std::to_string(7000 + i)}});
  Source fresh = seller.source("wb.fbo.new");
  const Polled polled = seller.poll(fresh);
  CHECK(polled.events.size() == static_cast<std::size_t>(articles));
  for (std::size_t i = 0; i < polled.events.size(); ++i) CHECK(polled.field(i, "barcode") != "null");
  CHECK(seller.calls.count("/cards/list") <= 4);
  seller.restart();
  seller.pass(minutes(30));
  for (int i = 0; i < articles; ++i)
    seller.sandbox.add_fbo_order({{"srid", srid(articles + i)},
                                  {"nmId", 1000 + i},
                                  {"chrtId", 5000 + i},
                                  {"barcode", std::to_string(7000 + i)}});
  const std::size_t before = seller.calls.count("/cards/list");
  const Polled again = seller.poll(fresh);
  CHECK(again.events.size() == static_cast<std::size_t>(articles));
  CHECK(again.field(0, "barcode") != "null");
  CHECK(seller.calls.count("/cards/list") == before);
}

TEST_CASE("C6: a few articles are looked for by themselves") {
  Seller seller;
  rows(seller, 1);
  for (int i = 0; i < 300; ++i)
    seller.sandbox.operate(
        "POST", "/_sandbox/cards",
        {{"nmID", 50000 + i}, {"vendorCode", "X"}, {"updatedAt", "2026-09-01T10:00:00Z"}, {"sizes", Json::array()}});
  Source fresh = seller.source("wb.fbo.new");
  CHECK(seller.poll(fresh).events.size() == 1);
  CHECK(seller.calls.count("/cards/list") == 1);
}

TEST_CASE("D: a status of FBO that nobody knows is no buyer who waits") {
  Seller seller;
  seller.sandbox.add_fbo_order({{"feed", {{"status", "lost_in_space"}}}});
  Source fresh = seller.source("wb.fbo.new");
  const Polled polled = seller.poll(fresh);
  REQUIRE(polled.events.size() == 1);
  CHECK(engine::find_field(polled.events[0].derived, "user_status")->broken() != nullptr);
}

TEST_CASE("E8: the feed is asked without an end: now is what Wildberries' clock says") {
  Seller seller;
  Source fresh = seller.source("wb.fbo.new");
  seller.poll(fresh);
  for (const engine::Request& request : seller.calls.sent) {
    if (request.url.find(feed) != std::string::npos) CHECK(request.body.find("\"end\"") == std::string::npos);
  }
}

TEST_CASE("since: FBO sources leave out what was ordered before") {
  for (const bool by_feed : {true, false}) {
    Seller seller(by_feed ? wb::sandbox::Options() : statistics_only());
    rows(seller, 2);
    seller.pass(minutes(10));
    Source from_now = seller.source("wb.fbo.new", Duration(0));
    CHECK(seller.poll(from_now).events.empty());
    seller.sandbox.set_fbo_status(srid(0), "buyout");  // it changes, and was ordered before
    seller.sandbox.add_fbo_order({{"srid", "fresh"}});
    seller.pass(minutes(30));
    CHECK(seller.poll(from_now).keys() == std::vector<std::string>{"fresh"});
  }
}
