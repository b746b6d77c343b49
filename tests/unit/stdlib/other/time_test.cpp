#include <doctest/doctest.h>

#include "tests/unit/stdlib/other/node_driver.hpp"

using namespace pipewright;

TEST_CASE("time: a tick is no entity, nothing waits for it") {
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
