// wb.fbs, wb.dbs, wb.dbw and wb.pickup: .new and .changed, poll by poll.
#include <set>

#include "tests/unit/stdlib/wb/seller.hpp"

using namespace pipewright;
using namespace pipewright::wb::tests;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

struct Named {
  Scheme scheme;
  std::string name;
};
const std::vector<Named> unlisted = {{Scheme::dbs, "dbs"}, {Scheme::dbw, "dbw"}, {Scheme::pickup, "pickup"}};

std::string utc(Instant time) { return zoned_text(time, "UTC", "%Y-%m-%dT%H:%M:%SZ"); }

// One that somebody confirms in the cabinet between two polls.
std::vector<std::int64_t> confirmed_elsewhere(Seller& seller, Scheme scheme, const Json& fields = Json::object()) {
  const auto ids = seller.tasks(scheme, 1, fields);
  seller.sandbox.set_status(ids[0], "confirm", "waiting");
  return ids;
}

std::vector<std::string> sorted(std::vector<std::string> keys) {
  std::sort(keys.begin(), keys.end());
  return keys;
}

}  // namespace

TEST_CASE("A6: a task that somebody was quick to confirm reaches `changed` through what `new` has seen") {
  for (const Named& each : unlisted) {
    CAPTURE(each.name);
    Seller seller;
    Source fresh = seller.source("wb." + each.name + ".new");
    Source changed = seller.source("wb." + each.name + ".changed");
    seller.poll(fresh);
    seller.poll(changed);
    seller.pass(seconds(10));
    const auto ids = seller.tasks(each.scheme, 4);
    CHECK(seller.poll(fresh).keys() == texts(ids));
    for (const auto id : ids) seller.sandbox.set_status(id, "confirm", "waiting");  // in the cabinet
    seller.restart();  // what was seen outlives the process
    seller.pass(minutes(1));
    const Polled polled = seller.poll(changed);
    CHECK(sorted(polled.keys()) == texts(ids));
    for (std::size_t i = 0; i < polled.events.size(); ++i) {
      CHECK(polled.field(i, "supplier_status") == "confirm");
      CHECK(polled.field(i, "user") != "null");
    }
    CHECK(seller.poll(changed).events.empty());
    // And once it has ended it is no more asked for.
    for (const auto id : ids) seller.sandbox.set_status(id, each.scheme == Scheme::dbw ? "receive" : "receive", "sold");
    seller.pass(minutes(1));
    CHECK(seller.poll(changed).events.size() == 4);
    CHECK(seller.calls.shared["wb." + each.name].empty());
  }
}

TEST_CASE("A6: an action keeps a task before it moves it out of sight") {
  for (const Named& each : unlisted) {
    CAPTURE(each.name);
    Seller seller;
    Source changed = seller.source("wb." + each.name + ".changed");
    seller.poll(changed);
    seller.pass(seconds(10));
    const auto ids = seller.tasks(each.scheme, 2);  // no source has seen them
    for (const Outcome& outcome : seller.set("wb." + each.name + ".status", ids, "1")) CHECK(outcome.wrote());
    seller.pass(minutes(1));
    CHECK(sorted(seller.poll(changed).keys()) == texts(ids));
  }
}

TEST_CASE("A6: an action that cannot keep a task leaves it where it is") {
  Seller seller;
  const auto ids = seller.tasks(Scheme::dbs, 1);
  seller.sandbox.add_fault({{"match", "/dbs/orders/new"}, {"kind", "status"}, {"status", 503}});
  const Outcome outcome = seller.set("wb.dbs.status", ids, "1").front();
  REQUIRE(outcome.failure);
  CHECK(outcome.failure->delivery == engine::Delivery::not_sent);
  CHECK(seller.supplier_status(ids[0]) == "new");
}

TEST_CASE("A6: a pipeline that is added later takes no task from before its beginning out of what is shared") {
  Seller seller;
  const auto old = seller.tasks(Scheme::dbs, 1, {{"createdAt", utc(seller.time - hours(24 * 20))}});
  Source fresh = seller.source("wb.dbs.new");
  seller.poll(fresh);
  seller.set("wb.dbs.status", old, "1");
  Source changed = seller.source("wb.dbs.changed");
  CHECK(seller.poll(changed).events.empty());
  CHECK(seller.poll(changed).events.empty());
}

TEST_CASE("B1: a rejected task that shall be rejected is rejected already") {
  for (const Named& each : unlisted) {
    if (each.scheme == Scheme::dbw) continue;  // the courier rejects there
    CAPTURE(each.name);
    Seller seller;
    const auto ids = seller.tasks(each.scheme, 1);
    const std::string node = "wb." + each.name + ".status";
    REQUIRE(seller.set(node, ids, each.scheme == Scheme::dbs ? "5" : "9").front().wrote());
    CHECK(seller.set(node, ids, "7").front().wrote());
    CHECK(seller.set(node, ids, "7").front().kind == Kind::unchanged);
    // After a lost answer it was this event that wrote, and the text says so.
    const Outcome again = seller.set(node, texts(ids), "7", engine::Delivery::unknown).front();
    CHECK(again.wrote());
    CHECK(again.summary.find("→") == std::string::npos);
    CHECK(seller.set(node, ids, "6").front().failure);
  }
}

TEST_CASE("B6: `sold` after `receive` is reported") {
  for (const Named& each : unlisted) {
    CAPTURE(each.name);
    Seller seller;
    Source changed = seller.source("wb." + each.name + ".changed");
    seller.poll(changed);
    const auto ids = seller.tasks(each.scheme, 1);
    seller.poll(changed);
    seller.sandbox.set_status(ids[0], "receive", "waiting");
    seller.pass(minutes(1));
    CHECK(seller.poll(changed).events.size() == 1);
    seller.sandbox.set_status(ids[0], "receive", "sold");
    seller.pass(minutes(1));
    const Polled sold = seller.poll(changed);
    REQUIRE(sold.events.size() == 1);
    CHECK(sold.field(0, "wb_status") == "sold");
    CHECK(sold.field(0, "user_status") == "2");
  }
}

TEST_CASE("B7: wb.fbs.changed sees tasks that appear a quarter of an hour late, and an hour") {
  Seller seller;
  Source changed = seller.source("wb.fbs.changed");
  seller.poll(changed);
  for (const auto late : {minutes(15), minutes(60), minutes(600)}) {
    const auto ids = seller.tasks(Scheme::fbs, 1, {{"createdAt", utc(seller.time - late)}});
    seller.pass(minutes(1));
    seller.poll(changed);
    seller.sandbox.set_status(ids[0], "complete", "sold");
    seller.pass(minutes(1));
    const Polled polled = seller.poll(changed);
    REQUIRE(polled.events.size() == 1);
    CHECK(polled.events[0].key == std::to_string(ids[0]));
  }
}

TEST_CASE("B7: wb.fbs.new takes a task that was confirmed elsewhere and appears an hour late") {
  Seller seller;
  Source fresh = seller.source("wb.fbs.new");
  seller.poll(fresh);
  seller.pass(hours(2));
  seller.poll(fresh);
  const auto ids = confirmed_elsewhere(seller, Scheme::fbs, {{"createdAt", utc(seller.time - minutes(60))}});
  seller.pass(seconds(30));
  CHECK(seller.poll(fresh).keys() == texts(ids));
}

TEST_CASE("B9: new FBS orders go out while the full scan fails") {
  Seller seller;
  Source fresh = seller.source("wb.fbs.new");
  seller.poll(fresh);
  const auto ids = seller.tasks(Scheme::fbs, 3);
  SUBCASE("the list") {
    seller.sandbox.add_fault(
        {{"match", "/api/v3/orders"}, {"method", "GET"}, {"skip", 1}, {"kind", "status"}, {"status", 500}});
  }
  SUBCASE("the statuses of what it found") {
    const auto elsewhere = confirmed_elsewhere(seller, Scheme::fbs);
    seller.sandbox.add_fault({{"match", "/orders/status"}, {"kind", "status"}, {"status", 500}});
  }
  seller.pass(seconds(30));
  const Polled polled = seller.poll(fresh);
  CHECK(sorted(polled.keys()) == texts(ids));
  CHECK(polled.failure);
  // And what the full scan would have found is not lost.
  const auto quick = confirmed_elsewhere(seller, Scheme::fbs);
  seller.pass(seconds(30));
  const auto keys = seller.poll(fresh).keys();
  CHECK(std::find(keys.begin(), keys.end(), std::to_string(quick[0])) != keys.end());
}

TEST_CASE("B9: what appears while the list fails for days is found when it is back") {
  Seller seller;
  Source fresh = seller.source("wb.fbs.new");
  seller.poll(fresh);
  seller.calls.instead = [](const engine::Request& request) -> std::optional<engine::CallResult> {
    if (request.url.find("/api/v3/orders?") == std::string::npos) return std::nullopt;
    engine::Answer answer;
    answer.status = 500;
    return answer;
  };
  seller.pass(hours(1));
  const auto quick = confirmed_elsewhere(seller, Scheme::fbs);
  for (int hour = 0; hour < 60; ++hour) {
    CHECK(seller.poll(fresh).failure);
    seller.pass(hours(1));
  }
  seller.calls.instead = nullptr;
  CHECK(seller.poll(fresh).keys() == texts(quick));
}

TEST_CASE("B9: the first poll of wb.fbs.new keeps its place also when the full scan fails") {
  Seller seller;
  Source fresh = seller.source("wb.fbs.new", hours(1));
  // In the hour before the first poll, and no more in the hour before the second one.
  const auto early =
      confirmed_elsewhere(seller, Scheme::fbs, {{"createdAt", utc(seller.time - hours(1) + seconds(10))}});
  seller.sandbox.add_fault(
      {{"match", "/api/v3/orders"}, {"method", "GET"}, {"skip", 1}, {"kind", "status"}, {"status", 500}});
  CHECK(seller.poll(fresh).failure);
  seller.pass(seconds(20));
  const auto quick = confirmed_elsewhere(seller, Scheme::fbs);
  seller.pass(seconds(20));
  CHECK(sorted(seller.poll(fresh).keys()) == sorted(texts({early[0], quick[0]})));
}

TEST_CASE("B9: statuses are asked for while a list of `changed` fails") {
  for (const Named& each : std::vector<Named>{
           {Scheme::fbs, "fbs"}, {Scheme::dbs, "dbs"}, {Scheme::dbw, "dbw"}, {Scheme::pickup, "pickup"}}) {
    for (const bool first : {true, false}) {
      CAPTURE(each.name);
      CAPTURE(first);
      Seller seller;
      Source changed = seller.source("wb." + each.name + ".changed");
      const auto ids = seller.tasks(each.scheme, 1);
      seller.poll(changed);
      seller.sandbox.set_status(ids[0], "confirm", "waiting");
      seller.sandbox.add_fault({{"match", "orders"},
                                {"method", "GET"},
                                {"skip", first ? 0 : 1},
                                {"times", 1},
                                {"kind", "status"},
                                {"status", 500}});
      seller.pass(minutes(1));
      const Polled polled = seller.poll(changed);
      if (each.scheme != Scheme::fbs || first) CHECK(polled.failure);
      CHECK(polled.keys() == texts(ids));
      // A finished task of that time is found by the next poll.
      const auto ended = seller.tasks(each.scheme, 1);
      seller.sandbox.set_status(ended[0], "cancel", "canceled");
      seller.sandbox.clear_faults();
      seller.pass(minutes(1));
      const Polled next = seller.poll(changed);
      CHECK_FALSE(next.failure);
      CHECK(next.keys() == texts(ended));
    }
  }
}

TEST_CASE("C19: a task that the full scan finds as `defect` is no new order") {
  Seller seller;
  Source fresh = seller.source("wb.fbs.new");
  seller.poll(fresh);
  const auto ids = seller.tasks(Scheme::fbs, 2);
  seller.sandbox.set_status(ids[0], "confirm", "defect");
  seller.sandbox.set_status(ids[1], "confirm", "waiting");
  seller.pass(seconds(30));
  CHECK(seller.poll(fresh).keys() == std::vector<std::string>{std::to_string(ids[1])});
  // Nor is it wanted any more when it has waited.
  std::vector<Value> records;
  for (const auto id : ids) {
    Record record;
    record.emplace_back("id", Value(id));
    records.emplace_back(std::move(record));
  }
  auto asking = seller.node("wb.fbs.new").still_wanted(*seller.connection, records, seller.calls);
  asking.start();
  const auto reasons = asking.take();
  CHECK(reasons[0]);
  CHECK_FALSE(reasons[1]);
}

TEST_CASE("E4: a task that nobody saw new and that ends late is found, whatever the dates of the list mean") {
  Seller seller;
  Source changed = seller.source("wb.dbs.changed");
  seller.time -= hours(24 * 10);
  seller.poll(changed);
  seller.pass(minutes(1));
  const auto ids = confirmed_elsewhere(seller, Scheme::dbs);
  for (int day = 0; day < 5; ++day) {
    seller.pass(hours(24));
    CHECK(seller.poll(changed).events.empty());
  }
  seller.sandbox.set_status(ids[0], "receive", "sold");
  seller.pass(hours(2));
  CHECK(seller.poll(changed).keys() == texts(ids));
}

TEST_CASE("F5: a response of another shape is a failure, an empty one is none") {
  Seller seller;
  Source fresh = seller.source("wb.fbs.new");
  for (const char* body : {R"({"data":{"orders":[{"id":1}]}})",
                           R"({"title":"internal error","detail":"upstream request timeout","status":500})",
                           R"({"orders":{}})", "<html>login</html>", ""}) {
    CAPTURE(body);
    const std::string cursor = fresh.cursor;
    seller.sandbox.add_fault(body_fault("/orders/new", body));
    const Polled polled = seller.poll(fresh);
    REQUIRE(polled.failure);
    CHECK(polled.failure->kind == engine::Failure::Kind::transient);
    CHECK(fresh.cursor == cursor);
  }
  for (const char* body : {"{}", "[]", R"({"orders":null})", R"({"orders":[]})"}) {
    CAPTURE(body);
    seller.sandbox.add_fault(body_fault("/orders/new", body));
    CHECK_FALSE(seller.poll(fresh).failure);
  }
  for (const Named& each : unlisted) {
    Source other = seller.source("wb." + each.name + ".new");
    seller.sandbox.add_fault(body_fault("/orders/new", R"({"data":{"orders":[]}})"));
    CHECK(seller.poll(other).failure);
  }
}

TEST_CASE("F4: a redirect is a failure that names its target, and is asked again") {
  Seller seller;
  Source fresh = seller.source("wb.fbs.new");
  seller.sandbox.add_fault(
      {{"match", "/orders/new"}, {"kind", "status"}, {"status", 301}, {"location", "https://elsewhere.example"}});
  const Polled polled = seller.poll(fresh);
  REQUIRE(polled.failure);
  CHECK(polled.failure->kind == engine::Failure::Kind::transient);
  CHECK(polled.failure->reason.find("301 to https://elsewhere.example") != std::string::npos);
  CHECK_FALSE(seller.poll(fresh).failure);
}

TEST_CASE("F6: a byte order mark before the response is read as if it were not there") {
  Seller seller;
  Source fresh = seller.source("wb.fbs.new");
  seller.sandbox.add_fault(body_fault(
      "/orders/new", "\xEF\xBB\xBF{\"orders\":[{\"id\":4132098001,\"createdAt\":\"2026-11-25T10:00:00Z\"}]}"));
  CHECK(seller.poll(fresh).keys() == std::vector<std::string>{"4132098001"});
}

TEST_CASE("F7: a first poll by a clock that was ahead hides nothing") {
  Seller seller;
  Source fresh = seller.source("wb.fbs.new");
  seller.time += hours(3);
  seller.poll(fresh);
  seller.time -= hours(3);
  seller.pass(minutes(1));
  const auto ids = confirmed_elsewhere(seller, Scheme::fbs);
  seller.pass(minutes(1));
  const Polled polled = seller.poll(fresh);
  CHECK(polled.keys() == texts(ids));
  CHECK(polled.notices.size() == 1);
  seller.pass(minutes(1));
  CHECK(seller.poll(fresh).notices.empty());
}

TEST_CASE("F9: half an emoji, and a record that cannot be read at all, cost no other record") {
  Seller seller;
  for (const std::string& node : {std::string("wb.fbs.new"), std::string("wb.dbs.new")}) {
    CAPTURE(node);
    Source fresh = seller.source(node);
    const std::string path = node == "wb.fbs.new" ? "/api/v3/orders/new" : "/dbs/orders/new";
    seller.sandbox.add_fault(
        body_fault(path, R"({"orders":[{"id":1,"comment":"a"},{"id":2,"comment":"Подъезд 2 \ud83d"},{"id":3}]})"));
    const Polled polled = seller.poll(fresh);
    REQUIRE(polled.keys() == std::vector<std::string>{"1", "2", "3"});
    CHECK(polled.field(1, "comment") == "Подъезд 2 \xEF\xBF\xBD");
    const std::string deep = std::string(300, '[') + std::string(300, ']');
    seller.sandbox.add_fault(body_fault(path, R"({"orders":[{"id":4},{"id":5,"comment":)" + deep + R"(},{"id":6}]})"));
    const Polled rest = seller.poll(fresh);
    CHECK(rest.keys() == std::vector<std::string>{"4", "6"});
    CHECK(rest.notices.size() == 1);
  }
}

TEST_CASE("since: `new` sources leave out what was created before") {
  for (const Named& each : std::vector<Named>{
           {Scheme::fbs, "fbs"}, {Scheme::dbs, "dbs"}, {Scheme::dbw, "dbw"}, {Scheme::pickup, "pickup"}}) {
    CAPTURE(each.name);
    Seller seller;
    const auto old = seller.tasks(each.scheme, 2, {{"createdAt", utc(seller.time - hours(24 * 8))}});
    const auto recent = seller.tasks(each.scheme, 1, {{"createdAt", utc(seller.time - hours(24))}});
    Source all = seller.source("wb." + each.name + ".new");
    CHECK(seller.poll(all).events.size() == 3);
    Source week = seller.source("wb." + each.name + ".new", hours(24 * 7));
    CHECK(seller.poll(week).keys() == texts(recent));
    Source from_now = seller.source("wb." + each.name + ".new", Duration(0));
    CHECK(seller.poll(from_now).events.empty());
    seller.pass(seconds(30));
    const auto fresh = seller.tasks(each.scheme, 1);
    seller.pass(seconds(30));
    CHECK(seller.poll(from_now).keys() == texts(fresh));
    CHECK(seller.poll(week).keys() == texts(fresh));
  }
}

TEST_CASE("since: `changed` sources leave out what was created before") {
  for (const Named& each : std::vector<Named>{{Scheme::fbs, "fbs"}, {Scheme::dbs, "dbs"}}) {
    CAPTURE(each.name);
    Seller seller;
    seller.tasks(each.scheme, 2, {{"createdAt", utc(seller.time - hours(2))}});
    Source changed = seller.source("wb." + each.name + ".changed", Duration(0));
    seller.poll(changed);
    const Json state = seller.sandbox.state();
    for (const Json& task : state["orders"]) seller.sandbox.set_status(task["id"], "cancel", "canceled");
    seller.pass(minutes(1));
    CHECK(seller.poll(changed).events.empty());
  }
}

TEST_CASE("D: a task that does not end is dropped after sixty days, and the log says so") {
  Seller seller;
  Source changed = seller.source("wb.fbs.changed");
  const auto ids = seller.tasks(Scheme::fbs, 1);
  seller.poll(changed);
  seller.pass(hours(24 * 61));
  seller.poll(changed);
  REQUIRE(seller.calls.notes.size() == 1);
  CHECK(seller.calls.notes[0].find(std::to_string(ids[0])) != std::string::npos);
  seller.poll(changed);
  CHECK(seller.calls.notes.size() == 1);
}
