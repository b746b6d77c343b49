#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>

#include "engine/http/client.hpp"
#include "engine/http/server.hpp"

using namespace pipewright;
using engine::Answer;
using engine::CallResult;
using engine::Delivery;
using engine::Lost;
using engine::Request;
namespace wire = engine::http;

TEST_CASE("Retry-After is capped, understood as a date too, and cannot overflow (D)") {
  const auto wait = [](const std::string& value, const std::string& date = {}) {
    Answer answer;
    answer.headers.emplace_back("retry-after", value);
    if (!date.empty()) answer.headers.emplace_back("date", date);
    return wire::retry_after(answer);
  };
  CHECK(wait("7") == std::chrono::seconds(7));
  CHECK(wait("999999999") == wire::longest_wait);
  CHECK(wait("2147483647") == wire::longest_wait);
  CHECK(wait("99999999999999999999999") == wire::longest_wait);
  CHECK(wait("-5") == std::chrono::seconds(0));
  CHECK(wait("1.5") == std::chrono::seconds(2));
  CHECK(wait("soon") == std::nullopt);
  CHECK(wait("") == std::nullopt);
  CHECK(wait("Sun, 29 Nov 2026 18:00:42 GMT", "Sun, 29 Nov 2026 18:00:00 GMT") == std::chrono::seconds(42));
  CHECK(wait("Sun, 29 Nov 2026 17:00:00 GMT", "Sun, 29 Nov 2026 18:00:00 GMT") == std::chrono::seconds(0));
  CHECK(wait("Sun, 29 Nov 2046 18:00:42 GMT", "Sun, 29 Nov 2026 18:00:00 GMT") == wire::longest_wait);
  CHECK(wait("Sun, 29 Nov 2026 18:00:42 GMT") == std::chrono::minutes(1));
}

namespace {

/// One request over the wire.
CallResult ask(Request request) {
  wire::Client client;
  client.send(1, request, "");
  for (int i = 0; i < 500; ++i) {
    for (auto& [id, result] : client.poll(20)) return std::move(result);
  }
  return tl::unexpected<Lost>(Lost{Delivery::unknown, "no end within ten seconds"});
}

struct World {
  std::vector<wire::ServerRequest> came;
  wire::Reply reply{200, {}, "yes"};
  wire::Server server = *wire::Server::start([this](const wire::ServerRequest& request) {
    came.push_back(request);
    return reply;
  });
  [[nodiscard]] Request to(const std::string& method, const std::string& path = "/") const {
    Request request;
    request.method = method;
    request.url = "http://127.0.0.1:" + std::to_string(server.port()) + path;
    request.timeout = std::chrono::seconds(5);
    return request;
  }
};

}  // namespace

TEST_CASE("C: HEAD ends with its headers, GET carries its body") {
  World world;
  world.reply.headers = {{"X-Mark", "1"}};
  const CallResult head = ask(world.to("HEAD"));
  REQUIRE(head.has_value());
  CHECK(head->status == 200);
  CHECK(head->header("x-mark") == "1");
  CHECK(head->body.empty());
  Request get = world.to("GET");
  get.body = "{\"q\":1}";
  get.headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}};
  REQUIRE(ask(get).has_value());
  REQUIRE(world.came.size() == 2);
  CHECK(world.came[0].method == "HEAD");
  CHECK(world.came[1].method == "GET");
  CHECK(world.came[1].body == "{\"q\":1}");
  CHECK(world.came[1].headers.contains("x-empty"));
}

TEST_CASE("what would break the protocol never leaves, whoever built it") {
  World world;
  std::vector<Request> wrong;
  wrong.push_back(world.to("GET", "/ HTTP/1.1\r\nX: 1\r\n\r\nGET /second"));
  wrong.push_back(world.to("GET / HTTP/1.1\r\nX: 1\r\n\r\nGET"));
  wrong.push_back(world.to("GET"));
  wrong.back().headers.emplace_back("X-Name", "a\r\nX-Injected: 1");
  wrong.push_back(world.to("GET"));
  wrong.back().headers.emplace_back("X-Name: 1\r\nX-Injected", "1");
  wrong.push_back(world.to("GET"));
  wrong.back().secret_headers.emplace_back("X-API-KEY", Secret("hidden-key\nX-Injected: 1"));
  wrong.push_back(world.to("GET"));
  wrong.back().url = "gopher://127.0.0.1:" + std::to_string(world.server.port()) + "/";
  for (const Request& request : wrong) {
    const CallResult result = ask(request);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().cause == Lost::Cause::malformed);
    CHECK(result.error().delivery == Delivery::not_sent);
    CHECK(result.error().message.find("hidden-key") == std::string::npos);
  }
  CHECK(world.came.empty());
}

TEST_CASE("a response longer than the request allows is named, and is no outage") {
  World world;
  world.reply.body = std::string(5000, 'x');
  Request request = world.to("GET");
  request.max_body = 4096;
  const CallResult result = ask(request);
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().cause == Lost::Cause::too_large);
  CHECK(result.error().message.find("more than 4096 bytes") != std::string::npos);
  request.max_body = 5000;
  CHECK(ask(request).has_value());
}

TEST_CASE("a loopback address is never reached through a proxy (F11)") {
  World world;
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  ::setenv("no_proxy", "example.com", 1);
  const CallResult result = ask(world.to("GET"));
  ::unsetenv("http_proxy");
  ::unsetenv("no_proxy");
  REQUIRE(result.has_value());
  CHECK(world.came.size() == 1);
}
