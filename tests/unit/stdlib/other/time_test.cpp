#include <doctest/doctest.h>

#include "tests/unit/stdlib/other/node_driver.hpp"

using namespace pipewright;

TEST_CASE("time: a tick is no entity, nothing waits for it (engine A9)") {
  test::Node node("time");
  dsl::plan::Source source;
  source.every = std::chrono::seconds(1);
  auto task = node.registry.source("time.every")->look(*node.connection, {&source, "", false, 1000}, node.calls);
  task.start();
  REQUIRE(task.finished());
  const engine::Page page = task.take();
  REQUIRE(page.events.size() == 1);
  CHECK(page.events[0].key.empty());
  CHECK_FALSE(page.events[0].identity.empty());
}

TEST_CASE("time: a tick of a clock that was ahead does not silence the ones that follow, and is reported") {
  test::Node node("time");
  dsl::plan::Source source;
  source.every = std::chrono::seconds(1);
  const auto polled = [&](const std::string& cursor) {
    auto task = node.registry.source("time.every")->look(*node.connection, {&source, cursor, false, 1000}, node.calls);
    task.start();
    return task.take();
  };
  const engine::Page first = polled("{\"tick\":99999999999,\"count\":7}");
  CHECK(first.events.empty());
  REQUIRE(first.notice);
  CHECK(first.notice->find("the clock was ahead") != std::string::npos);
  node.calls.time += std::chrono::seconds(2);
  const engine::Page second = polled(first.cursor);
  CHECK(second.events.size() == 1);
  CHECK_FALSE(second.notice);
}
