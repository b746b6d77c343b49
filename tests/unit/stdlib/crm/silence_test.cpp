// Answers that nobody can read, through the engine: reported once with what came instead, nothing lost.
#include <algorithm>

#include "cli/in_process.hpp"
#include "tests/support/virtual_shop.hpp"
#include "tests/unit/stdlib/crm/shop.hpp"

namespace pipewright::crm::tests {
namespace {

using test::VirtualShop;

constexpr const char* program = "pipeline fbs on wb.fbs.new -> crm.client upsert by external_id -> crm.order\n";

Answer answer(int status, std::string body, engine::Headers headers = {}) {
  Answer made;
  made.status = status;
  made.headers = std::move(headers);
  made.body = std::move(body);
  return made;
}

/// Everything that the CRM is asked is answered so.
void always(VirtualShop& shop, const Answer& what) {
  shop.fate = [what](const std::string& connection, const Request&) -> std::optional<CallResult> {
    return connection == "crm" ? std::optional<CallResult>(what) : std::nullopt;
  };
}

bool any_with(const std::vector<std::string>& lines, const std::string& part) {
  return std::any_of(lines.begin(), lines.end(),
                     [&](const auto& each) { return each.find(part) != std::string::npos; });
}

bool in_notices(VirtualShop& shop, const std::string& part) {
  const auto notices = shop.journal.notices();
  REQUIRE(notices);
  return std::any_of(notices->begin(), notices->end(),
                     [&](const engine::Notice& each) { return each.text.find(part) != std::string::npos; });
}

}  // namespace

TEST_CASE("F6: a byte order mark before an answer is read as if it were not there") {
  const auto read = answer(200, "\xEF\xBB\xBF{\"success\":true}").json();
  REQUIRE(read);
  CHECK(*(*read)["success"].boolean());
  VirtualShop shop(program);
  shop.wb.add_tasks(wb::sandbox::Scheme::fbs, 2);
  shop.fate = [&](const std::string& connection, const Request& request) -> std::optional<CallResult> {
    if (connection != "crm") return std::nullopt;
    const engine::http::Reply honest = shop.crm.answer(cli::server_request(request));
    return CallResult(answer(honest.status, "\xEF\xBB\xBF" + honest.body));
  };
  shop.once();
  CHECK(shop.left.empty());
  CHECK(shop.endings(EndingKind::written) == 2);
}

TEST_CASE("F4: a redirect or a page of HTML is reported once with what came, and nothing is lost") {
  const std::vector<std::pair<Answer, std::string>> cases = {
      {answer(301, "", {{"location", "https://new-name.retailcrm.ru/api/v5/"}}),
       "HTTP 301 to https://new-name.retailcrm.ru"},
      {answer(200, "<html>login</html>"), "HTML instead of JSON"},
      {answer(403, "<html>blocked</html>"), "HTTP 403 with HTML instead of JSON"}};
  for (const auto& [what, words] : cases) {
    CAPTURE(words);
    VirtualShop shop(program);
    shop.wb.add_tasks(wb::sandbox::Scheme::fbs, 2);
    always(shop, what);
    shop.once();
    CHECK(shop.remarks_with("crm down: answers " + words) == 1);
    CHECK(shop.remarks_with(" down: ") == 1);
    CHECK(any_with(shop.left, "2 events wait: connection `crm`: retailCRM: " + words));
    CHECK(in_notices(shop, words));
    CHECK(shop.endings(EndingKind::parked) == 0);
    shop.fate = nullptr;
    shop.once();
    CHECK(shop.left.empty());
    CHECK(shop.endings(EndingKind::written) == 2);
    CHECK(shop.crm.state()["orders"].size() == 2);
    CHECK_FALSE(in_notices(shop, words));
  }
}

TEST_CASE("F5: JSON of another shape is reported once, parks nothing and is no empty answer") {
  for (const char* body : {R"({"title":"internal error","detail":"upstream request timeout","status":500})",
                           R"({"success":true,"data":{"customers":[]}})", "[]"}) {
    CAPTURE(body);
    VirtualShop shop(program);
    shop.wb.add_tasks(wb::sandbox::Scheme::fbs, 2);
    always(shop, answer(200, body));
    shop.once();
    CHECK(shop.remarks_with(" down: retailCRM: ") == 1);
    CHECK(any_with(shop.left, "2 events wait: connection `crm`: retailCRM: "));
    CHECK(in_notices(shop, "retailCRM: "));
    CHECK(shop.endings(EndingKind::parked) == 0);
    shop.fate = nullptr;
    shop.once();
    CHECK(shop.endings(EndingKind::written) == 2);
    CHECK(shop.crm.state()["orders"].size() == 2);
    CHECK_FALSE(in_notices(shop, "retailCRM: "));
  }
}

TEST_CASE("F5: a history of another shape keeps the cursor, is reported and asked again") {
  VirtualShop shop("on crm.order.new -> log.info \"{order.id}\"\n");
  shop.once();
  const auto before = *shop.journal.cursors();
  shop.crm.add_order({{"externalId", "1"}});
  shop.fate = [](const std::string&, const Request& request) -> std::optional<CallResult> {
    if (request.url.find("orders/history") == std::string::npos) return std::nullopt;
    return CallResult(answer(200, R"({"success":true,"data":{"history":[]}})"));
  };
  shop.once();
  CHECK(shop.remarks_with("failing: retailCRM: the response has nothing in place of the list `history`") == 1);
  CHECK(any_with(shop.left, "the list `history`"));
  CHECK(*shop.journal.cursors() == before);
  shop.fate = nullptr;
  shop.once();
  CHECK(shop.left.empty());
  CHECK(shop.ended_.size() == 1);
}

TEST_CASE("one method that always fails is reported, though the others answer") {
  VirtualShop shop(program);
  shop.wb.add_tasks(wb::sandbox::Scheme::fbs, 2);
  shop.fate = [](const std::string&, const Request& request) -> std::optional<CallResult> {
    if (request.url.find("/orders/upload") == std::string::npos &&
        request.url.find("/orders/create") == std::string::npos)
      return std::nullopt;
    return CallResult(answer(200, R"({"status":"ok"})"));
  };
  shop.once();
  CHECK(shop.remarks_with("crm.order of connection crm down: retailCRM: HTTP 200 with JSON of another shape") == 1);
  CHECK(any_with(shop.left, "another shape"));
  CHECK(shop.crm.state()["orders"].empty());
}

TEST_CASE("a new pipeline says how many records that exist it takes, once") {
  VirtualShop shop(program);
  shop.wb.add_tasks(wb::sandbox::Scheme::fbs, 3);
  shop.once();
  CHECK(shop.remarks_with("begins fbs: wb wb.fbs.new: 3") == 1);
  shop.wb.add_tasks(wb::sandbox::Scheme::fbs, 1);
  shop.once();
  CHECK(shop.remarks_with("begins") == 1);
  shop.program(std::string(program) + "pipeline more on wb.fbs.new -> log.info \"{order.id}\"\n");
  shop.once();
  CHECK(shop.remarks_with("begins") == 2);
}

}  // namespace pipewright::crm::tests
