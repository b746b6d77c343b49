// An old change never overwrites a newer one: what counts as newer.
#include "promises.hpp"

namespace pipewright::engine {

using namespace promises;

TEST_CASE("what another pipeline wrote of the same change does not make a parked event stale") {
  for (const char* other : {"sim", "other"}) {
    World world(41, Faults{});
    add(world, 1, 1);
    bool refuses = true;
    world.fate = [&](const Request& request) -> std::optional<CallResult> {
      if (refuses && request.url.find("order") != std::string::npos) return answer(400);
      return std::nullopt;
    };
    plan::Pipeline heard = pipeline("heard", "", {upsert("sim.copy")});
    heard.upstream = {"tell"};
    Core core(world, world, Options{});
    REQUIRE(world.start(core, program(world, {pipeline("orders", "sim.new", {upsert("sim.order", {}, other)}),
                                              pipeline("tell", "sim.new", {message(numbered("m"))}), heard})));
    world.run(core, world.now + seconds(20));
    REQUIRE(counters_of(world, "orders").parked == 1);
    refuses = false;
    CHECK(retried(world, core, {1})[0].accepted);
    world.run(core, world.now + seconds(60));
    CHECK(counters_of(world, "orders").written == 1);
  }
}

TEST_CASE("a listener that writes late does not hide that a newer change was written") {
  // Event 1 parks; its listener's event is stored last, and writes after the newer change did.
  World world(42, Faults{});
  add(world, 1, 1);
  add(world, 1, 2, seconds(40));
  world.fate = [&](const Request& request) -> std::optional<CallResult> {
    const bool first = request.body.find("\"n\":1") != std::string::npos;
    if (request.url.find("order") != std::string::npos && first) return answer(400);
    return std::nullopt;
  };
  MemoryJournal& journal = world.journal_;
  Core core(world, world, Options{});
  REQUIRE(world.start(core, program(world, {pipeline("orders", "sim.new", {upsert("sim.order")})})));
  world.run(core, world.now + seconds(80));
  REQUIRE(counters_of(world, "orders").parked == 1);
  REQUIRE(counters_of(world, "orders").written == 1);
  StoredEvent heard;
  heard.pipeline = "heard";
  heard.account = "sim";
  heard.key = "1";
  heard.identity = "sim.new 1#1";
  heard.origin = 1;
  Transaction late;
  late.events.push_back(heard);
  const auto stored = journal.commit(std::span(&late, 1));
  Transaction writes;
  writes.outcomes.push_back(
      {stored->front().ids[0], "1", "sim", "sim.copy", "upsert", "in", Outcome::done("create"), world.now, {}});
  REQUIRE(journal.commit(std::span(&writes, 1)));
  CHECK_FALSE(retried(world, core, {1})[0].accepted);
}

}  // namespace pipewright::engine
