// The sources over the history of orders.
#include "stdlib/crm/history.hpp"
#include "tests/unit/stdlib/crm/shop.hpp"

namespace pipewright::crm::tests {
namespace {

using nlohmann::json;

/// A history written by hand, for what the local retailCRM does not do.
struct Scripted {
  Shop shop;
  json history = json::array();
  json orders = json::array();
  int hidden_until = 0;  ///< entries up to this id are counted, not shown
  int hidden_times = 1 << 20;
  std::vector<std::string> asked;

  Scripted() {
    static_cast<crm::Account&>(*shop.connection).zone = "Europe/Moscow";
    shop.calls.instead = [this](const engine::Request& request) -> std::optional<engine::CallResult> {
      return engine::CallResult(answer(request));
    };
  }

  engine::Answer answer(const engine::Request& request) {
    engine::Answer made;
    made.status = 200;
    json body = {{"success", true}};
    if (request.url.find("/orders/history") == std::string::npos) {
      body["orders"] = orders;
      body["pagination"] = {{"totalPageCount", 1}};
    } else {
      asked.push_back(request.url);
      const auto at = request.url.find("sinceId%5D=");
      const int since = at == std::string::npos ? 0 : std::stoi(request.url.substr(at + 11));
      body["history"] = json::array();
      int total = 0;
      const bool hides = hidden_until > 0 && hidden_times-- > 0;
      int raw = 0;
      for (const json& entry : history) {
        if (entry["id"].get<int>() <= since) continue;
        ++total;
        if (++raw <= 100 && (!hides || entry["id"].get<int>() > hidden_until)) body["history"].push_back(entry);
      }
      body["pagination"] = {{"totalCount", total}};
    }
    made.body = body.dump();
    return made;
  }
};

json status_entry(int id, const std::string& from, const std::string& to, bool own) {
  json entry = {{"id", id},
                {"createdAt", "2026-11-23 12:00:00"},
                {"source", own ? "api" : "user"},
                {"field", "status"},
                {"oldValue", {{"code", from}}},
                {"newValue", {{"code", to}}},
                {"order", {{"id", 7}, {"externalId", "wb-1"}, {"site", "wb"}, {"status", to}}}};
  if (own) entry["apiKey"] = {{"current", true}};
  return entry;
}

json standing_order(const std::string& status) {
  return {{"id", 7}, {"externalId", "wb-1"}, {"site", "wb"}, {"status", status}, {"customFields", json::array()}};
}

const std::string from_start = "{\"id\":1}";

}  // namespace

TEST_CASE("the first look tells nothing, the next one what somebody else did since") {
  Shop shop;
  const auto old = shop.sandbox.add_order({{"externalId", "old"}}, "wb");
  shop.sandbox.set_status(old, "assembling");
  shop.calls.time = Instant(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()));
  const engine::Page first = shop.look("crm.order.new", "");
  const engine::Page statuses = shop.look("crm.order.status_changed", "");
  CHECK(first.events.empty());
  CHECK(statuses.events.empty());
  CHECK_FALSE(first.cursor.empty());
  shop.sandbox.add_order({{"externalId", "fresh"}}, "wb");
  shop.sandbox.add_order({{"externalId", "elsewhere"}}, "shop");
  Operation own;
  own.verb = Verb::upsert;
  own.written = record_of({{"external_id", "ours"}});
  own.key = own.written;
  shop.one("crm.order", own);
  shop.sandbox.set_status(old, "cancel-other");
  const engine::Page next = shop.look("crm.order.new", first.cursor);
  REQUIRE(next.events.size() == 1);
  CHECK(next.events[0].key == "fresh");
  CHECK(next.events[0].identity.starts_with("history "));
  CHECK(next.events[0].raw["externalId"].display() == "fresh");
  CHECK(shop.look("crm.order.new", next.cursor).events.empty());
  const engine::Page moved = shop.look("crm.order.status_changed", statuses.cursor);
  REQUIRE(moved.events.size() == 1);
  CHECK(moved.events[0].key == "old");
  CHECK(moved.events[0].raw["status"].display() == "cancel-other");
  CHECK((*moved.events[0].before)["status"].display() == "assembling");
  for (const engine::Request& each : shop.calls.sent) CHECK(each.url.find("page=") == std::string::npos);
}

TEST_CASE("own changes are ignored unless the pipeline asks for them") {
  Shop shop;
  shop.calls.time = Instant(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()));
  const auto id = shop.sandbox.add_order({{"externalId", "o"}}, "wb");
  const engine::Page first = shop.look("crm.order.status_changed", "");
  Operation own;
  own.verb = Verb::set;
  own.written = record_of({{"external_id", "o"}, {"status", "assembling"}});
  own.key = record_of({{"external_id", "o"}});
  CHECK(shop.one("crm.order.status", own).kind == Kind::done);
  CHECK(shop.look("crm.order.status_changed", first.cursor).events.empty());
  dsl::plan::Source source;
  source.options.emplace_back("own", true);
  CHECK(shop.look("crm.order.status_changed", first.cursor, &source).events.size() == 1);
  CHECK(id > 0);
}

TEST_CASE("a deleted order is left out with a notice") {
  Shop shop;
  shop.calls.time = Instant(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()));
  const engine::Page first = shop.look("crm.order.changed", "");
  const auto id = shop.sandbox.add_order({{"externalId", "gone"}}, "wb");
  const auto kept = shop.sandbox.add_order({{"externalId", "kept"}}, "wb");
  shop.sandbox.edit_order(id, {{"managerComment", "x"}});
  shop.sandbox.edit_order(kept, {{"managerComment", "y"}, {"firstName", "Пётр"}});
  shop.sandbox.delete_order(id);
  const engine::Page page = shop.look("crm.order.changed", first.cursor);
  REQUIRE(page.events.size() == 1);
  CHECK(page.events[0].key == "kept");
  CHECK((*page.events[0].before)["manager_comment"].is_null());
  REQUIRE(page.notice.has_value());
  CHECK(page.notice->find("gone") != std::string::npos);
}

TEST_CASE("a stale status: what we wrote after it makes it no event") {
  Scripted scripted;
  scripted.history = {status_entry(101, "new", "assembling", false),
                      status_entry(102, "assembling", "cancel-other", true)};
  scripted.orders = json::array({standing_order("cancel-other")});
  CHECK(scripted.shop.look("crm.order.status_changed", from_start).events.empty());
}

TEST_CASE("a status that we overwrite between the history and the order is no event either") {
  Scripted scripted;
  scripted.history = json::array({status_entry(101, "new", "assembling", false)});
  scripted.orders = json::array({standing_order("cancel-other")});
  bool written = false;
  scripted.shop.calls.instead = [&](const engine::Request& request) -> std::optional<engine::CallResult> {
    engine::Answer answer = scripted.answer(request);
    if (!written && request.url.find("/orders/history") == std::string::npos) {
      scripted.history.push_back(status_entry(102, "assembling", "cancel-other", true));
      written = true;
    }
    return engine::CallResult(std::move(answer));
  };
  const engine::Page page = scripted.shop.look("crm.order.status_changed", from_start);
  CHECK(page.events.empty());
  CHECK(page.cursor == "{\"id\":102}");
}

TEST_CASE("one event per order and poll, with the last status of somebody else") {
  Scripted scripted;
  scripted.history = {status_entry(101, "new", "assembling", false),
                      status_entry(103, "assembling", "assembling-complete", false)};
  scripted.orders = json::array({standing_order("assembling-complete")});
  const engine::Page page = scripted.shop.look("crm.order.status_changed", from_start);
  REQUIRE(page.events.size() == 1);
  CHECK(page.events[0].identity == "history 103");
  CHECK((*page.events[0].before)["status"].display() == "new");
}

TEST_CASE("changed of a field: paid, refunded and paid again are two changes with their own values") {
  Scripted scripted;
  scripted.history = {status_entry(101, "paid", "refunded", false), status_entry(103, "refunded", "paid", false)};
  scripted.orders = json::array({standing_order("paid")});
  dsl::plan::Source source;
  source.of = {"status"};
  const engine::Page page = scripted.shop.look("crm.order.changed", from_start, &source);
  REQUIRE(page.events.size() == 2);
  CHECK(engine::find_field(page.events[0].derived, "status")->display() == "refunded");
  CHECK((*page.events[0].before)["status"].display() == "paid");
  CHECK(engine::find_field(page.events[1].derived, "status")->display() == "paid");
  source.of = {"manager_id"};
  CHECK(scripted.shop.look("crm.order.changed", from_start, &source).events.empty());
}

TEST_CASE("a page without entries that counts some is not the end") {
  Scripted scripted;
  for (int id = 2; id <= 250; ++id) scripted.history.push_back(status_entry(id, "new", "assembling", true));
  scripted.history.push_back(status_entry(251, "new", "assembling", false));
  scripted.orders = json::array({standing_order("assembling")});
  scripted.hidden_until = 250;
  engine::Page page = scripted.shop.look("crm.order.status_changed", from_start);
  REQUIRE(page.events.size() == 1);
  CHECK(page.events[0].identity == "history 251");
  CHECK(page.cursor == "{\"id\":251}");
}

TEST_CASE("a slip of the server passes nothing over") {
  Scripted scripted;
  scripted.history = {status_entry(5, "new", "assembling", false),
                      status_entry(300, "assembling", "assembling-complete", false)};
  scripted.orders = json::array({standing_order("assembling-complete")});
  for (const int times : {1, 2}) {
    scripted.hidden_until = 1000;
    scripted.hidden_times = times;
    const engine::Page page = scripted.shop.look("crm.order.changed", from_start);
    REQUIRE(page.events.size() == 1);
    CHECK((*page.events[0].before)["status"].display() == "new");
  }
}

TEST_CASE("entries that are counted and never shown keep the cursor and are told") {
  Scripted scripted;
  scripted.history = {status_entry(5, "new", "assembling", false), status_entry(6, "new", "assembling", false)};
  scripted.hidden_until = 1000;
  const engine::Page page = scripted.shop.look("crm.order.changed", from_start);
  CHECK(page.events.empty());
  CHECK(page.cursor == from_start);
  REQUIRE(page.notice.has_value());
  CHECK(scripted.asked.size() < 10);
}

TEST_CASE("a long history comes in looks of bounded size") {
  Scripted scripted;
  for (int id = 2; id <= 5001; ++id) {
    json entry = status_entry(id, "new", "assembling", false);
    entry["order"]["id"] = id;
    scripted.history.push_back(entry);
  }
  std::string cursor = from_start;
  int looks = 0;
  bool more = true;
  for (; more && looks < 20; ++looks) {
    const engine::Page page = scripted.shop.look("crm.order.new", cursor);
    cursor = page.cursor;
    more = page.more;
  }
  CHECK(cursor == "{\"id\":5001}");
  CHECK(looks >= 3);
}

TEST_CASE("a look that fails keeps its place, and one that cannot start too") {
  Shop shop;
  shop.fault({{"match", "orders/history"}, {"kind", "html"}, {"status", 502}});
  engine::Page page = shop.look("crm.order.new", from_start);
  REQUIRE(page.failure.has_value());
  CHECK(page.failure->kind == engine::Failure::Kind::transient);
  CHECK(page.cursor == from_start);
  Shop wrong({}, {}, "no-such-key");
  page = wrong.look("crm.order.new", "");
  REQUIRE(page.failure.has_value());
  CHECK(page.failure->kind == engine::Failure::Kind::credentials);
  CHECK(page.cursor.empty());
}

TEST_CASE("since: the source begins there and tells what was") {
  Shop shop;
  const auto id = shop.sandbox.add_order({{"externalId", "old"}}, "wb");
  shop.sandbox.set_status(id, "assembling");
  shop.calls.time = Instant(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()));
  dsl::plan::Source source;
  source.since = std::chrono::hours(1);
  CHECK(shop.look("crm.order.new", "", &source).events.size() == 1);
  CHECK(shop.look("crm.order.status_changed", "", &source).events.size() == 1);
}

}  // namespace pipewright::crm::tests
