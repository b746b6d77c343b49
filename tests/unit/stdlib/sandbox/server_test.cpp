#include "engine/http/server.hpp"

#include <doctest/doctest.h>

#include <thread>

#include "tests/support/loopback.hpp"

using namespace pipewright;
using engine::http::Reply;
using engine::http::Server;
using engine::http::ServerRequest;
using tests::request;

namespace {

std::string url_of(const Server& server, const std::string& path) {
  return "http://127.0.0.1:" + std::to_string(server.port()) + path;
}

}  // namespace

TEST_CASE("a request reaches the handler whole") {
  ServerRequest seen;
  auto server = Server::start([&](const ServerRequest& given) {
    seen = given;
    return Reply{.status = 201, .headers = {{"X-Kind", "test"}}, .body = "done"};
  });
  REQUIRE(server);
  const auto answer =
      request("PATCH", url_of(*server, "/a%2Fb/%D1%8F?x=1&y[]=a+b%26&x=2"), {{"X-Api-Key", "k"}}, "body text");
  server->stop();
  CHECK(answer.status == 201);
  CHECK(answer.body == "done");
  CHECK(answer.headers.at("x-kind") == "test");
  CHECK(seen.method == "PATCH");
  CHECK(seen.path == "/a/b/я");
  CHECK(seen.raw_path == "/a%2Fb/%D1%8F");
  CHECK(seen.body == "body text");
  CHECK(seen.header("x-api-key") == "k");
  CHECK(seen.peer.starts_with("127.0.0.1:"));
  REQUIRE(seen.parameters.size() == 3);
  CHECK(seen.parameters[1] == std::pair<std::string, std::string>{"y[]", "a b&"});
}

TEST_CASE("a dropped answer is no answer, a truncated one breaks off") {
  auto server = Server::start([](const ServerRequest& given) {
    Reply reply{.body = "0123456789"};
    (given.path == "/drop" ? reply.drop : reply.truncate) = true;
    return reply;
  });
  REQUIRE(server);
  const auto dropped = request("GET", url_of(*server, "/drop"));
  CHECK(dropped.status == 0);
  CHECK(!dropped.error.empty());
  const auto truncated = request("GET", url_of(*server, "/"));
  CHECK(truncated.body == "01234");
  CHECK(!truncated.error.empty());
}

TEST_CASE("a delayed answer holds up nobody else, and stopping does not wait for it") {
  auto server = Server::start([](const ServerRequest& given) {
    const int wait = given.path == "/slow" ? 300 : given.path == "/never" ? 600000 : 0;
    return Reply{.body = given.path, .delay = std::chrono::milliseconds(wait)};
  });
  REQUIRE(server);
  tests::Answer slow;
  tests::Answer never;
  std::jthread one([&] { slow = request("GET", url_of(*server, "/slow")); });
  std::jthread two([&] { never = request("GET", url_of(*server, "/never")); });
  const auto began = std::chrono::steady_clock::now();
  CHECK(request("GET", url_of(*server, "/fast")).body == "/fast");
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::milliseconds(250));
  one.join();
  CHECK(slow.body == "/slow");
  server->stop();
  two.join();
  CHECK(never.status == 0);
}

TEST_CASE("a body over the limit is refused, a taken port is an error") {
  auto server =
      Server::start([](const ServerRequest& given) { return Reply{.body = std::to_string(given.body.size())}; },
                    {.body_limit = 1000});
  REQUIRE(server);
  CHECK(request("POST", url_of(*server, "/"), {}, std::string(1000, 'x')).body == "1000");
  CHECK(request("POST", url_of(*server, "/"), {}, std::string(1001, 'x')).status == 413);
  const auto second = Server::start([](const ServerRequest&) { return Reply(); }, {.port = server->port()});
  CHECK(!second);
}
