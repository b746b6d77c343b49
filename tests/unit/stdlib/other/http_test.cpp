#include <doctest/doctest.h>

#include <mutex>

#include "engine/http/server.hpp"
#include "tests/unit/stdlib/other/node_driver.hpp"

using namespace pipewright;
using engine::Delivery;
using engine::Failure;
using engine::Operation;
using engine::Outcome;
using engine::Record;
using engine::TextPart;
using engine::Value;
namespace wire = engine::http;

namespace {

struct World {
  std::vector<wire::ServerRequest> came;
  wire::Reply reply{200, {{"Content-Type", "application/json"}}, "{\"ok\":true}"};
  wire::Server server = *wire::Server::start([this](const wire::ServerRequest& request) {
    came.push_back(request);
    return reply;
  });
  [[nodiscard]] std::string url(const std::string& path = "") const {
    return "http://127.0.0.1:" + std::to_string(server.port()) + path;
  }
};

Operation to(const std::string& url, Record fields = {}) {
  Operation operation;
  operation.verb = engine::Verb::send;
  operation.text = url;
  operation.written = std::move(fields);
  return operation;
}

Operation in_parts(const std::vector<TextPart>& parts) {
  Operation operation = to("");
  for (const TextPart& part : parts) *operation.text += part.text;
  operation.text_parts = parts;
  return operation;
}

Outcome one(test::Node& node, Operation operation) {
  engine::Batch batch;
  batch.push_back(std::move(operation));
  engine::Outcomes outcomes = node.work("http.request", std::move(batch));
  REQUIRE(outcomes.size() == 1);
  return std::move(outcomes[0]);
}

bool parks(const Outcome& outcome) {
  return outcome.kind == Outcome::Kind::failed && outcome.failure->kind == Failure::Kind::permanent;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("http: what data brings into a URL is encoded and stays in its place (C17)") {
  World world;
  test::Node node("http");
  const std::string nasty = "a b&admin=1#x/../?ж\r\n%2e";
  const Outcome outcome =
      one(node, in_parts({{world.url("/orders/"), false}, {nasty, true}, {"/say?text=", false}, {nasty, true}}));
  CHECK(outcome.kind == Outcome::Kind::done);
  REQUIRE(world.came.size() == 1);
  CHECK(world.came[0].path == "/orders/" + nasty + "/say");
  REQUIRE(world.came[0].parameters.size() == 1);
  CHECK(world.came[0].parameters[0] == std::pair<std::string, std::string>("text", nasty));
}

TEST_CASE("http: an address as people write it is sent encoded, a malformed one parks (C17)") {
  World world;
  test::Node node("http");
  CHECK(one(node, to(world.url("/привет мир?q=ё#here"))).kind == Outcome::Kind::done);
  REQUIRE(world.came.size() == 1);
  CHECK(world.came[0].path == "/привет мир");
  CHECK(world.came[0].query == "q=%D1%91");
  for (const std::string& url :
       {std::string("gopher://127.0.0.1/"), std::string("/path"), std::string(""), world.url("/a\r\nX: 1"),
        world.url("/a\tb"), std::string("http://user:pw@127.0.0.1/"), std::string("http://127.0.0.1@other.example/"),
        std::string("http://localhost:pw@other.example/"), std::string("http://127.evil.example/"),
        std::string("http://localhost.evil.example/"), std::string("HTTP://example.com/"),
        std::string("http://127.0.0.1.other.example:80/")}) {
    CAPTURE(url);
    CHECK(parks(one(node, to(url))));
  }
  CHECK(parks(one(node, in_parts({{world.url("/orders/"), false}, {"..", true}, {"/secret", false}}))));
  CHECK(parks(one(node, in_parts({{"https://", false}, {"evil.example/", true}, {".shop.example/x", false}}))));
  CHECK(world.came.size() == 1);
  CHECK(node.calls.sent.size() == 1);
}

TEST_CASE("http: a control character in a header or a method parks, and nothing is sent (B12)") {
  World world;
  test::Node node("http");
  for (const std::string value : {"a\r\nX-Injected: 1", "a\nb", "a\x1b[0m"}) {
    const Outcome outcome = one(node, to(world.url(), {{"headers", Value(Record{{"X-Name", Value(value)}})}}));
    CHECK(parks(outcome));
    CHECK(has(outcome.failure->reason, "X-Name"));
  }
  CHECK(parks(one(node, to(world.url(), {{"headers", Value(Record{{"X: 1\r\nY", Value("1")}})}}))));
  CHECK(parks(one(node, to(world.url(), {{"method", Value("GET / HTTP/1.1\r\nX: 1\r\n\r\nPOST")}}))));
  CHECK(parks(one(node, to(world.url(), {{"headers", Value(Record{{"Content-Length", Value("0")}})}}))));
  CHECK(world.came.empty());
}

TEST_CASE("http: a redirect is a refusal that names the location (B11)") {
  World world;
  for (const int status : {301, 302, 307, 308}) {
    world.reply = {status, {{"Location", "https://new.example/hook"}}, ""};
    test::Node node("http");
    const Outcome outcome =
        one(node, to(world.url(), {{"method", Value("POST")}, {"json", Value(Record{{"n", Value(1)}})}}));
    REQUIRE(parks(outcome));
    CHECK(has(outcome.failure->reason, std::to_string(status)));
    CHECK(has(outcome.failure->reason, "https://new.example/hook"));
  }
  world.reply = {304, {}, ""};
  test::Node node("http");
  CHECK(parks(one(node, to(world.url()))));
}

TEST_CASE("http: a lost response is a doubt whatever the method") {
  World world;
  world.reply.drop = true;
  for (const char* method : {"GET", "HEAD", "POST", "DELETE", "PUT"}) {
    test::Node node("http");
    const Outcome outcome = one(node, to(world.url(), {{"method", Value(method)}}));
    REQUIRE(outcome.failure.has_value());
    CHECK(outcome.failure->delivery == Delivery::unknown);
    REQUIRE(node.calls.sent.size() == 1);
    CHECK(node.calls.sent[0].write);  // so a dry run takes it down instead of sending it
  }
  CHECK(world.came.size() == 5);  // none was sent twice
  world.reply = {500, {}, ""};
  test::Node node("http");
  CHECK(one(node, to(world.url())).failure->delivery == Delivery::unknown);
}

TEST_CASE("http: HEAD ends at once, GET sends its body, an own Content-Type stands alone (C18)") {
  World world;
  test::Node node("http");
  CHECK(one(node, to(world.url(), {{"method", Value("HEAD")}})).kind == Outcome::Kind::done);
  CHECK(one(node, to(world.url(), {{"method", Value("GET")}, {"json", Value(Record{{"n", Value(1)}})}})).kind ==
        Outcome::Kind::done);
  CHECK(one(node, to(world.url(),
                     {{"text", Value("<a/>")}, {"headers", Value(Record{{"content-type", Value("application/xml")}})}}))
            .kind == Outcome::Kind::done);
  REQUIRE(world.came.size() == 3);
  CHECK(world.came[1].method == "GET");
  CHECK(world.came[1].body == "{\"n\":1}");
  CHECK(world.came[2].header("content-type") == "application/xml");
  CHECK(parks(one(node, to(world.url(), {{"method", Value("HEAD")}, {"text", Value("x")}}))));
  CHECK(parks(one(node, to(world.url(), {{"json", Value(1)}, {"text", Value("x")}}))));
}

TEST_CASE("http: credentials go to their own origin alone, and a 401 elsewhere parks (C16)") {
  World own;
  World stranger;
  own.reply = stranger.reply = {401, {}, "who are you?"};
  engine::Settings settings;
  settings.name = "tg";
  settings.values["url"] = Value(own.url());
  settings.secrets["token"] = Secret("secret-token");
  test::Node node("http", settings);
  const Outcome at_home = one(node, to("/hook"));
  REQUIRE(at_home.failure.has_value());
  CHECK(at_home.failure->kind == Failure::Kind::credentials);
  CHECK(own.came.at(0).header("authorization") == "Bearer secret-token");
  const Outcome abroad = one(node, to(stranger.url("/hook")));
  CHECK(parks(abroad));
  CHECK(has(abroad.failure->help, "[connections.tg]"));
  CHECK(stranger.came.at(0).header("authorization").empty());
  test::Node plain("http");
  CHECK(parks(one(plain, to(own.url("/hook")))));
}

TEST_CASE("http: each origin has its own limiter and state (C16)") {
  engine::Settings settings;
  settings.rates[""] = {std::chrono::milliseconds(100), 5};
  test::Node node("http", settings);
  World a;
  World b;
  one(node, to(a.url("/1")));
  one(node, to(b.url("/2")));
  REQUIRE(node.calls.sent.size() == 2);
  CHECK(node.calls.sent[0].group != node.calls.sent[1].group);
  for (const auto& sent : node.calls.sent) {
    const auto rate = node.connection->limit_of(sent.group);
    REQUIRE(rate.has_value());
    CHECK(rate->burst == 5);
  }
  const auto& realm = node.registry.action("http.request")->realm;
  REQUIRE(realm);
  CHECK(realm(*node.connection, to(a.url("/x?y"))) == a.url());
  CHECK(realm(*node.connection, to(b.url("/x"))) == b.url());
  CHECK(realm(*node.connection, to("no address")).empty());
}

TEST_CASE("http: session cookies and echoed credentials stay out of the answer; what is no UTF-8 is replaced") {
  World world;
  world.reply = {
      200,
      {{"Set-Cookie", "sid=1"}, {"Authorization", "Bearer x"}, {"Proxy-Authorization", "x"}, {"X-Kept", "1"}},
      "\xCE\xCA, \xEF\xF0\xE8\xED\xFF\xF2\xEE"};
  test::Node node("http");
  const Outcome outcome = one(node, to(world.url(), {{"text", Value("x")}}));
  REQUIRE(outcome.kind == Outcome::Kind::done);
  const Value& headers = outcome.result["headers"];
  CHECK(headers["x-kept"].display() == "1");
  for (const char* name : {"set-cookie", "authorization", "proxy-authorization"}) CHECK(headers[name].is_null());
  CHECK(has(outcome.result["body"].display(), "\xEF\xBF\xBD"));
  CHECK(has(outcome.result["body"].display(), ", "));
}

TEST_CASE("http: a response of more than 4 MiB parks and is named (engine A11)") {
  World world;
  world.reply.body = std::string((4U << 20U) + 1, ' ');
  test::Node node("http");
  const Outcome outcome = one(node, to(world.url()));
  REQUIRE(parks(outcome));
  CHECK(has(outcome.failure->reason, "more than 4 MiB"));
}

TEST_CASE("http: Retry-After is capped in the failure and in the limiter's pause") {
  World world;
  world.reply = {503, {{"Retry-After", "999999999"}}, ""};
  test::Node node("http");
  const Outcome outcome = one(node, to(world.url()));
  REQUIRE(outcome.failure.has_value());
  CHECK(outcome.failure->kind == Failure::Kind::transient);
  CHECK(outcome.failure->not_before == wire::longest_wait);
  engine::Answer answer;
  answer.status = 429;
  answer.headers = {{"retry-after", "2147483647"}};
  CHECK(node.connection->feedback(node.calls.sent.at(0), answer).pause == wire::longest_wait);
}

TEST_CASE("http: a connection that was refused leaves no doubt") {
  std::string gone;
  {
    const World world;
    gone = world.url();
  }
  test::Node node("http");
  const Outcome outcome = one(node, to(gone, {{"method", Value("POST")}}));
  REQUIRE(outcome.failure.has_value());
  CHECK(outcome.failure->kind == Failure::Kind::transient);
  CHECK(outcome.failure->delivery == Delivery::not_sent);
}
