// The ten situations of reference/field-cases.md, each as its own test named after it.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/program.hpp"

using namespace pipewright;
using test::has;
using test::Json;
using test::one_line;
using test::Shop;
using wb::sandbox::Scheme;

namespace {

// Requests of the CRM whose path contains `part`, with their decoded forms.
std::vector<Json> crm_requests(Shop& shop, const std::string& part) {
  std::vector<Json> found;
  const Json log = shop.crm.log();
  for (const Json& request : log) {
    if (has(request["path"], part)) found.push_back(request);
  }
  return found;
}

std::size_t wb_status_calls(Shop& shop) {
  std::size_t count = 0;
  const Json log = shop.wb.log();
  for (const Json& request : log) count += request["method"] == "PATCH" ? 1 : 0;
  return count;
}

constexpr const char* confirming =
    "on crm.order.new { own: true } -> wb.dbs.status set { id: order.external_id, status: 1 }\n";

// DBS tasks with orders in the CRM: the next run of `confirming` is to confirm them.
std::vector<std::int64_t> to_confirm(Shop& shop, int count) {
  const auto ids = shop.wb.add_tasks(Scheme::dbs, count);
  shop.once();
  for (const auto id : ids) shop.crm.add_order({{"externalId", std::to_string(id)}, {"status", "new"}});
  return ids;
}

}  // namespace

TEST_CASE("field case: a lost answer, then exists") {
  Shop shop(one_line);
  shop.wb.add_tasks(Scheme::fbs, 1, {{"id", 7001001}});
  for (const char* path : {"/customers/upload", "/customers/create", "/orders/upload", "/orders/create"}) {
    shop.crm.add_fault({{"match", path}, {"times", 1}, {"after_commit", true}, {"kind", "drop"}});
  }
  const test::Finished finished = shop.run({"run", "--once"});
  INFO(finished.err);
  CHECK(finished.last_line() == "done: 1 events, 1 written, 0 unchanged, 0 skipped, 0 parked");
  CHECK(shop.client_count() == 1);
  CHECK(shop.order_count() == 1);
}

TEST_CASE("field case: poison in the middle") {
  Shop shop(one_line);
  shop.wb.add_tasks(Scheme::fbs, 2);
  shop.wb.add_tasks(Scheme::fbs, 1, {{"price", "abc"}});
  shop.wb.add_tasks(Scheme::fbs, 2);
  const auto done = shop.once();
  CHECK(done.at("written") == 4);
  CHECK(done.at("parked") == 1);
  CHECK(done.at("status") == 1);
  const auto parked = shop.events(false);
  REQUIRE(parked.size() == 1);
  const std::string reason = parked[0]["reason"];
  CHECK(has(reason, "price"));
  CHECK(has(reason, "abc"));
  CHECK(shop.once().at("events") == 0);
  CHECK(shop.order_count() == 4);
}

TEST_CASE("field case: a stale status") {
  Shop shop;
  shop.write("fbs.pipe", one_line);
  const auto ids = shop.wb.add_tasks(Scheme::fbs, 1);
  shop.once();
  shop.write("statuses.pipe", R"(table wb_status { "assembling" -> 1, "cancel-other" -> 3, else skip }
pipeline status_to_wb on crm.order.status_changed -> wb.fbs.status set { id: order.external_id, status: wb_status[order.status] }
)");
  shop.write(
      "own.pipe",
      R"(pipeline own on wb.fbs.changed -> crm.order update by external_id { external_id: order.id, status: "cancel-other" }
)");
  shop.once();
  const Json state = shop.crm.state();
  const std::int64_t order = state["orders"][0]["id"];
  shop.crm.set_status(order, "assembling");
  shop.wb.set_status(ids[0], "", "sorted");
  // Our own write is newer than the person's when the history is read: only `own` runs first.
  CHECK(shop.run({"run", "--once", "own.pipe"}).status == 0);
  const std::size_t before = wb_status_calls(shop);
  shop.once();
  CHECK(wb_status_calls(shop) == before);
  CHECK(shop.supplier_status(ids[0]) == "new");
}

TEST_CASE("field case: the boundary and the late row") {
  Shop::Options options;
  options.wb.token.categories = {4, 5, 1};  // no Analytics: statistics
  options.wb.statistics_page = 3;
  options.wb.tasks_in_statistics = false;
  Shop shop(options);
  shop.write("fbo.pipe", "on wb.fbo.new since 7d -> crm.order upsert by external_id\n");
  const auto now = std::chrono::system_clock::now();
  const auto moscow = [&](int seconds) {
    const std::time_t time = std::chrono::system_clock::to_time_t(now) + 3 * 3600 + seconds;
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", std::gmtime(&time));
    return std::string(text);
  };
  const auto add = [&](const char* srid, int seconds) {
    shop.wb.add_fbo_order({{"srid", srid}, {"date", moscow(seconds)}, {"lastChangeDate", moscow(seconds)}});
  };
  add("A", -3660);
  add("B", -3600);
  add("C", -3600);
  CHECK(shop.once().at("written") == 3);
  add("D", -3600);
  add("E", -6000);
  CHECK(shop.once().at("written") == 2);
  CHECK(shop.once().at("events") == 0);
  const auto orders = shop.orders();
  for (const char* srid : {"A", "B", "C", "D", "E"}) {
    REQUIRE(orders.contains(srid));
    CHECK(orders.at(srid).size() == 1);
  }
}

TEST_CASE("field case: empty is not null") {
  Shop::Options options;
  options.wb.phones = wb::sandbox::Phones::empty;
  Shop shop(options);
  shop.write("dbs.pipe", R"(pipeline dbs_orders on wb.dbs.new -> crm.order
pipeline dbs_buyers
  on wb.dbs.changed
  -> where order.user != null
  -> crm.client upsert by external_id { external_id: "dbs-{order.id}", first_name, last_name, phones }
)");
  const auto ids = shop.wb.add_tasks(Scheme::dbs, 1);
  const std::string key = "dbs-" + std::to_string(ids[0]);
  shop.crm.add_customer({{"externalId", key},
                         {"lastName", "Петров"},
                         {"firstName", "Пётр"},
                         {"phones", Json::array({{{"number", "+79990000000"}}})}});
  shop.once();
  shop.wb.operate(
      "POST", "/_sandbox/orders/" + std::to_string(ids[0]) + "/status",
      {{"supplierStatus", "confirm"},
       {"client",
        {{"fullName", "Иван"}, {"firstName", "Иван"}, {"replacementPhone", ""}, {"phone", ""}, {"phoneCode", ""}}}});
  shop.once();
  bool edited = false;
  for (const Json& request : crm_requests(shop, "/customers/")) {
    const std::string text = request["body"].dump();
    if (text.find("Иван") == std::string::npos) continue;
    edited = true;
    CHECK(text.find("phones") == std::string::npos);
    CHECK(text.find("lastName") == std::string::npos);
  }
  CHECK(edited);
}

TEST_CASE("field case: two equal lines") {
  Shop shop;
  shop.write("basket.pipe", R"(on wb.fbs.new
  -> crm.order create by external_id {
       external_id: order.id
       items: [{ barcode: "2043227963145", quantity: 1, price: 0 }, { barcode: "2043227963145", quantity: 1, price: 990 }]
     }
)");
  shop.wb.add_tasks(Scheme::fbs, 1);
  CHECK(shop.once().at("written") == 1);
  const Json state = shop.crm.state();
  REQUIRE(state["orders"][0]["items"].size() == 2);
  CHECK(state["orders"][0]["items"][0]["initialPrice"] == 0);
  CHECK(state["orders"][0]["items"][1]["initialPrice"] == 990);
}

TEST_CASE("field case: big numbers") {
  Shop shop;
  shop.write("big.pipe",
             "on wb.fbs.new\n  -> when order.id == 9007199254740992 { -> log.info \"rounded\" } else { -> crm.order { "
             "manager_comment: \"{order.chrt_id}\" } }\n");
  shop.wb.operate("POST", "/_sandbox/fbs/orders",
                  {{"count", 1}, {"fields", {{"id", 9007199254740993LL}, {"chrtId", 18446744073709551615ULL}}}});
  const test::Finished dry = shop.run({"dry-run", "--format", "json"});
  INFO(dry.err);
  CHECK(has(dry.out, "9007199254740993"));
  CHECK(shop.once().at("written") == 1);
  const Json state = shop.crm.state();
  REQUIRE(state["orders"].size() == 1);
  CHECK(state["orders"][0]["externalId"] == "9007199254740993");
  CHECK(state["orders"][0]["managerComment"] == "18446744073709551615");
  CHECK(shop.events().at(0)["key"] == "9007199254740993");
}

TEST_CASE("field case: zones") {
  Shop::Options options;
  options.crm.time_zone = "Asia/Krasnoyarsk";
  Shop shop(options, one_line);
  shop.wb.add_tasks(Scheme::fbs, 1, {{"createdAt", "2026-11-23T21:30:00Z"}});
  CHECK(shop.once().at("written") == 1);
  const Json state = shop.crm.state();
  CHECK(state["orders"][0]["createdAt"] == "2026-11-24 04:30:00");
}

TEST_CASE("field case: the first look") {
  Shop shop(one_line);
  const auto now = std::chrono::system_clock::now();
  for (int i = 0; i < 40; ++i) {
    const std::time_t time = std::chrono::system_clock::to_time_t(now) - 3600 * 12 * (i + 1);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&time));
    const auto ids = shop.wb.add_tasks(Scheme::fbs, 1, {{"createdAt", text}});
    shop.wb.set_status(ids[0], "complete", "sold");
  }
  shop.wb.add_tasks(Scheme::fbs, 1);
  CHECK(shop.once().at("events") == 1);
  const auto late = shop.wb.add_tasks(Scheme::fbs, 1);
  shop.wb.set_status(late[0], "confirm", "waiting");
  CHECK(shop.once().at("written") == 1);
  CHECK(shop.orders().contains(std::to_string(late[0])));
}

TEST_CASE("field case: 200 that is not success") {
  Shop shop(confirming);
  const auto ids = to_confirm(shop, 3);
  // Between our reading and our writing two of them move: one to where it shall be, one to `cancel`.
  const std::string body =
      R"({"requestId":"1","results":[{"orderId":)" + std::to_string(ids[0]) + R"(,"isError":false},{"orderId":)" +
      std::to_string(ids[1]) + R"(,"isError":true,"errors":[{"code":409,"detail":"StatusMismatch"}]},{"orderId":)" +
      std::to_string(ids[2]) + R"(,"isError":true,"errors":[{"code":409,"detail":"StatusMismatch"}]}]})";
  shop.wb.add_fault(
      {{"match", "/dbs/orders/status/confirm"}, {"times", 1}, {"kind", "body"}, {"status", 200}, {"body", body}});
  auto running = shop.start({"run", "--once"});
  // The sandbox answers the first reading with `new`; its own state is what the second reading sees.
  const test::Finished finished = running->wait();
  INFO(finished.err);
  // Item 1 is taken for done by its own answer; 2 and 3 still stand at `new`: they park with the refusal.
  CHECK(finished.last_line() == "done: 3 events, 1 written, 0 unchanged, 0 skipped, 2 parked");
  const auto parked = shop.events(false);
  REQUIRE(parked.size() == 2);
  CHECK(parked[0]["reason"].get<std::string>().find("StatusMismatch") != std::string::npos);
}

TEST_CASE("field case: 200 that is not success, and somebody was quicker") {
  Shop shop(confirming);
  const auto ids = to_confirm(shop, 3);
  // Between our reading and our writing two of them move: one to where it shall be, one to `cancel`.
  shop.wb.add_fault(
      {{"match", "/dbs/orders/status/confirm"},
       {"kind", "race"},
       {"moves", Json::array({{{"id", ids[1]}, {"supplierStatus", "confirm"}},
                              {{"id", ids[2]}, {"supplierStatus", "cancel"}, {"wbStatus", "canceled"}}})}});
  const test::Finished finished = shop.run({"run", "--once"});
  INFO(finished.err);
  CHECK(finished.last_line() == "done: 3 events, 1 written, 1 unchanged, 0 skipped, 1 parked");
  for (int i = 0; i < 2; ++i) CHECK(shop.supplier_status(ids[static_cast<std::size_t>(i)]) == "confirm");
  const auto all = shop.events();
  const auto of = [&](std::int64_t id) {
    return *std::ranges::find_if(all, [&](const Json& event) { return event["key"] == std::to_string(id); });
  };
  CHECK(of(ids[0])["outcome"] == "written");
  CHECK(of(ids[1])["outcome"] == "unchanged");
  CHECK(of(ids[2])["outcome"] == "parked");
  const std::string reason = of(ids[2])["reason"];
  for (const std::string& part : {std::string("StatusMismatch"), std::to_string(ids[2]), std::string("is cancel"),
                                  std::string("cannot become confirm")})
    CHECK_MESSAGE(has(reason, part), reason);
}

TEST_CASE("field case: 200 that is not success, and the second reading fails") {
  Shop shop(confirming);
  const auto ids = to_confirm(shop, 1);
  // Where it stands is not known then: that is asked again, and nothing parks for it.
  shop.wb.add_fault({{"match", "/dbs/orders/status/confirm"},
                     {"kind", "race"},
                     {"moves", Json::array({{{"id", ids[0]}, {"supplierStatus", "confirm"}}})}});
  shop.wb.add_fault(
      {{"match", "/dbs/orders/status/info"}, {"skip", 1}, {"times", 1}, {"kind", "status"}, {"status", 503}});
  const test::Finished finished = shop.run({"run", "--once"});
  INFO(finished.err);
  CHECK(finished.last_line() == "done: 1 events, 0 written, 1 unchanged, 0 skipped, 0 parked");
}

TEST_CASE("F1: money of another country is converted, or parks by the name of its currency") {
  Shop shop(one_line);
  const Json foreign{{"price", 1014}, {"currencyCode", 933}};
  Json converted = foreign;
  converted.update({{"convertedPrice", 28322}, {"convertedCurrencyCode", 643}});
  Json without = foreign;
  without.update({{"convertedPrice", nullptr}, {"convertedCurrencyCode", 643}});
  const auto good = shop.wb.add_tasks(Scheme::fbs, 1, converted);
  const auto bad = shop.wb.add_tasks(Scheme::fbs, 1, without);
  const auto own = shop.wb.add_tasks(
      Scheme::fbs, 1,
      {{"price", 1014}, {"currencyCode", 933}, {"convertedPrice", 1014}, {"convertedCurrencyCode", 933}});
  const test::Finished finished = shop.run({"run", "--once"});
  CHECK(finished.last_line() == "done: 3 events, 2 written, 0 unchanged, 0 skipped, 1 parked");
  const auto price_of = [&](std::int64_t task) {
    return shop.orders().at(std::to_string(task)).front()["items"][0]["initialPrice"].get<double>();
  };
  CHECK(price_of(good[0]) == doctest::Approx(283.22));
  CHECK(price_of(own[0]) == doctest::Approx(10.14));
  CHECK_FALSE(shop.orders().contains(std::to_string(bad[0])));
  const auto parked = shop.events(false);
  REQUIRE(parked.size() == 1);
  CHECK(has(parked[0]["reason"], "933"));
}

TEST_CASE("F5: an answer of another shape is reported in the log, in status, and by the exit of --once") {
  Shop shop(one_line);
  shop.wb.add_fault({{"match", "/orders/new"}, {"times", 0}, {"kind", "body"}, {"body", R"({"data":{"orders":[]}})"}});
  const test::Finished finished = shop.run({"run", "--once"});
  CHECK(finished.status != 0);
  CHECK_MESSAGE(has(finished.err, "orders"), finished.err);
  CHECK(has(shop.run({"status"}).out, "orders"));
}

TEST_CASE("B15: a lost answer whose event was written all the same leaves nothing undone") {
  Shop shop("on file.lines \"in.ndjson\" -> wb.dbs.status set { id: text(line.id), status: int(line.status) }\n");
  const auto ids = shop.wb.add_tasks(Scheme::dbs, 1);
  shop.wb.set_status(ids[0], "deliver", "");
  shop.write("in.ndjson", "{\"id\":" + std::to_string(ids[0]) + ",\"status\":6}\n");
  shop.wb.add_fault({{"match", "/status/receive"}, {"kind", "drop"}, {"after_commit", true}});
  const test::Finished finished = shop.run({"run", "--once"});
  INFO(finished.out << finished.err);
  CHECK(finished.status == 0);
  CHECK(finished.last_line() == "done: 1 events, 1 written, 0 unchanged, 0 skipped, 0 parked");
  CHECK_FALSE(has(finished.out + finished.err, "receive → receive"));
}
