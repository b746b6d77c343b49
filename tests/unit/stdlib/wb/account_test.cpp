#include <doctest/doctest.h>

#include "stdlib/wb/account.hpp"
#include "stdlib/wb/sandbox/sandbox.hpp"
#include "stdlib/wb/tasks.hpp"

using namespace pipewright;
using engine::Record;
using engine::Value;

namespace {

engine::Settings settings(const std::string& token) {
  engine::Settings result;
  result.name = "wb";
  result.type = "wildberries";
  result.secrets["token"] = Secret(token);
  result.opened = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  return result;
}

engine::Answer answer(int status, const std::string& body, engine::Headers headers = {}) {
  engine::Answer made;
  made.status = status;
  made.body = body;
  made.headers = std::move(headers);
  return made;
}

Value contact(const std::string& full, const std::string& first, const std::string& replacement,
              const std::string& phone, const Value& code) {
  Record record;
  record.emplace_back("fullName", Value(full));
  record.emplace_back("firstName", Value(first));
  record.emplace_back("replacementPhone", Value(replacement));
  record.emplace_back("phone", Value(phone));
  record.emplace_back("phoneCode", code);
  return Value(std::move(record));
}

}  // namespace

TEST_CASE("a token says of itself what it may do and how long it lives") {
  wb::sandbox::Options options;
  options.token.categories = {4, 5};
  wb::sandbox::Sandbox sandbox(options);
  const wb::Token token = wb::read_token(sandbox.credential());
  REQUIRE(token.readable);
  CHECK(token.kind == wb::Token::Kind::personal);
  CHECK(token.may(wb::Token::marketplace));
  CHECK(token.may(wb::Token::statistics));
  CHECK_FALSE(token.may(wb::Token::analytics));
  CHECK_FALSE(token.may(wb::Token::read_only));
  const wb::Account account(settings(sandbox.credential()));
  CHECK(account.summary().find("personal token, Marketplace Statistics, ") == 0);
  CHECK(account.summary().find("days left") != std::string::npos);
  CHECK(account.account() == "wildberries " + token.seller);
}

TEST_CASE("a text that is no token is taken as one that nothing is known of") {
  for (const char* text : {"", "abc", "a.b", "a.b.c", "..", "a.!!!.c"}) {
    const wb::Token token = wb::read_token(text);
    CHECK_FALSE(token.readable);
    CHECK(token.may(wb::Token::marketplace));
  }
}

TEST_CASE("a basic token has the limits of a basic token") {
  wb::sandbox::Options options;
  options.token.kind = wb::sandbox::TokenOptions::Kind::basic;
  wb::sandbox::Sandbox sandbox(options);
  const wb::Account account(settings(sandbox.credential()));
  CHECK(account.limits().at(wb::group::orders).interval == std::chrono::hours(3));
  CHECK(account.limits().at(wb::group::sales).interval == std::chrono::hours(2));
  CHECK(account.limits().at(wb::group::dbw_cancel).interval == std::chrono::minutes(6));
  CHECK(account.limits().at(wb::group::pickup).burst == 10);
}

TEST_CASE("D: a test token goes to Wildberries' sandbox, with one call a second in total") {
  wb::sandbox::Options options;
  options.token.kind = wb::sandbox::TokenOptions::Kind::test;
  wb::sandbox::Sandbox sandbox(options);
  const wb::Account account(settings(sandbox.credential()));
  const engine::Request fbs = account.get(wb::group::fbs, "/api/v3/orders/new");
  const engine::Request dbs = account.get(wb::group::dbs, "/api/v3/dbs/orders/new");
  CHECK(fbs.url == "https://marketplace-api-sandbox.wildberries.ru/api/v3/orders/new");
  CHECK(account.get(wb::group::orders, "/api/v1/supplier/orders").url ==
        "https://statistics-api-sandbox.wildberries.ru/api/v1/supplier/orders");
  CHECK(fbs.group == dbs.group);  // one limiter for all
  CHECK(account.limits().at(fbs.group).interval == std::chrono::seconds(1));
  CHECK(account.limits().at(fbs.group).burst == 1);
  wb::sandbox::Sandbox real;
  const wb::Account seller(settings(real.credential()));
  CHECK(seller.get(wb::group::fbs, "/x").url == "https://marketplace-api.wildberries.ru/x");
}

TEST_CASE("a rate of the configuration replaces the limits of all groups of its host") {
  engine::Settings given = settings("x");
  given.rates["marketplace"] = {std::chrono::milliseconds(100), 5};
  const wb::Account account(given);
  CHECK(account.limits().at(wb::group::fbs).burst == 5);
  for (const char* group :
       {"marketplace.dbs_confirm", "marketplace.pickup_prepare", "marketplace.pickup_info", "marketplace.dbw"})
    CHECK(account.limits().at(group).burst == 5);
  CHECK(account.limits().at(wb::group::orders).burst == 10);
}

TEST_CASE("a 4XX of the Marketplace costs ten calls, a 429 pauses for the server's seconds and one more") {
  const wb::Account account(settings("x"));
  const engine::Request request = account.get(wb::group::fbs, "/api/v3/orders/new");
  CHECK(account.feedback(request, answer(409, "{}")).cost == 10);
  CHECK(account.feedback(request, answer(200, "{}", {{"x-ratelimit-remaining", "7"}})).remaining == 7);
  const auto paused = account.feedback(request, answer(429, "{}", {{"x-ratelimit-retry", "2"}}));
  CHECK(paused.pause == std::chrono::seconds(3));
  CHECK(account.feedback(account.get(wb::group::orders, "/x"), answer(400, "{}")).cost == 1);
}

TEST_CASE("errors of every shape keep Wildberries' words") {
  struct Case {
    int status;
    const char* body;
    const char* words;
  };
  for (
      const Case& each :
      {Case{409, R"({"code":"SupplyShippingRequired","message":"Specify shipping point","data":null})",
            "SupplyShippingRequired «Specify shipping point»"},
       Case{409, R"([{"code":"NotFound","message":"Not found","data":[]}])", "NotFound «Not found»"},
       Case{400, R"({"errors":["dateFrom: field required"]})", "dateFrom: field required"},
       Case{400, R"({"errors":"dateFrom: Value not validated"})", "dateFrom: Value not validated"},
       Case{
           401,
           R"({"title":"unauthorized","detail":"token problem; token is expired","code":"07e4668e","requestId":"7b","status":401})",
           "token problem; token is expired"},
       Case{502, "<html><body>Bad gateway</body></html>", "HTTP 502 with HTML"}, Case{500, "", "HTTP 500"}}) {
    CHECK_MESSAGE(wb::words_of(answer(each.status, each.body)).find(each.words) != std::string::npos,
                  wb::words_of(answer(each.status, each.body)));
  }
}

TEST_CASE("what an answer means is decided by its status") {
  using Kind = engine::Failure::Kind;
  CHECK_FALSE(wb::failure_of(answer(204, "")));
  CHECK(wb::failure_of(answer(401, R"({"detail":"token is expired"})"))->kind == Kind::credentials);
  CHECK(wb::failure_of(answer(401, R"({"detail":"read-only token scope not allowed for this route"})"))->kind ==
        Kind::permanent);
  CHECK(wb::failure_of(answer(403, "{}"))->kind == Kind::permanent);
  CHECK(wb::failure_of(answer(429, "{}"))->kind == Kind::transient);
  CHECK(wb::failure_of(answer(503, "<html>"))->kind == Kind::transient);
  CHECK(wb::failure_of(answer(503, "<html>"))->delivery == engine::Delivery::unknown);
  CHECK(wb::failure_of(answer(409, "{}"))->delivery == engine::Delivery::not_sent);
  const engine::CallResult refused =
      tl::unexpected<engine::Lost>(engine::Lost{engine::Delivery::not_sent, "cannot be reached"});
  CHECK(wb::failure_of(refused)->kind == Kind::transient);
  CHECK(wb::failure_of(refused)->delivery == engine::Delivery::not_sent);
}

TEST_CASE("a buyer's name is split, the replacement phone wins, an empty text is nothing") {
  const Value uid("uid-1");
  const Value whole =
      wb::buyer_record(contact("Иванов Иван Петрович", "Иван", "79871234567", "+79871234000", Value(1234567)), uid);
  CHECK(whole["last_name"].display() == "Иванов");
  CHECK(whole["first_name"].display() == "Иван");
  CHECK(whole["patronymic"].display() == "Петрович");
  CHECK(whole["phone"].display() == "79871234567");
  CHECK(whole["id"].display() == "uid-1");
  const Value extension = wb::buyer_record(contact("Иванов Иван", "Иван", "", "+79871234000", Value("77")), uid);
  CHECK(extension["phone"].display() == "+79871234000 доб. 77");
  const Value one_word = wb::buyer_record(contact("Иван", "Иван", "", "", Value("")), uid);
  CHECK(one_word["last_name"].is_null());
  CHECK(one_word["first_name"].display() == "Иван");
  CHECK(one_word["phone"].is_null());
  CHECK(one_word["phones"].list()->empty());
  CHECK(wb::buyer_record(contact("", "", "", "", Value("")), uid).is_null());
}

TEST_CASE("v2's numbers out of today's pair") {
  struct Case {
    const char* supplier;
    const char* wb;
    int status;
    int user;
  };
  for (const Case& each :
       {Case{"new", "waiting", 0, 4}, Case{"confirm", "waiting", 1, 4}, Case{"complete", "sorted", 2, 4},
        Case{"cancel", "canceled", 3, 0}, Case{"complete", "sold", 6, 2}, Case{"complete", "canceled_by_client", 7, 1},
        Case{"new", "declined_by_client", 0, 1}, Case{"confirm", "canceled", 1, 1}, Case{"complete", "defect", 2, 5},
        Case{"complete", "ready_for_pickup", 2, 4}}) {
    CHECK(wb::status_code(each.supplier, each.wb, "fbs") == each.status);
    CHECK(wb::user_status_code(each.supplier, each.wb) == each.user);
  }
  CHECK(wb::status_code("deliver", "waiting", "dbs") == 5);
  CHECK(wb::status_code("receive", "sold", "dbw") == 6);
  CHECK(wb::status_code("confirm", "waiting", "pickup") == 8);
  CHECK(wb::status_code("prepare", "ready_for_pickup", "pickup") == 9);
  CHECK(wb::status_code("cancel_shelf_life", "canceled", "pickup") == 3);
  CHECK(wb::is_final("sold"));
  CHECK_FALSE(wb::is_final("waiting"));  // what the seller did last is not the end
  CHECK_FALSE(wb::status_code("something_new", "waiting", "fbs"));
}
