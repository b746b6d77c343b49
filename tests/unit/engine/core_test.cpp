#include "promises.hpp"

namespace pipewright::engine {

using namespace promises;

namespace {

// A client each, then the order that names it: what most pipelines are.
plan::Steps client_and_order(bool shared_client) {
  plan::Action client = action("sim.client", Verb::upsert, "client",
                               {{"external_id", shared_client ? lit("wildberries") : order("user")}});
  client.result = 2;
  plan::Action orders = action("sim.order", Verb::upsert, "order",
                               {{"external_id", order("id")}, {"client", field(slot(2), "id")}, {"n", order("n")}});
  plan::Steps steps;
  steps.push_back(step(std::move(client), "crm.client upsert"));
  steps.push_back(step(std::move(orders), "crm.order upsert"));
  return steps;
}

void add_events(World& world, int keys, int changes) {
  for (int n = 1; n <= changes; ++n) {
    for (int key = 1; key <= keys; ++key) {
      Record record{{"id", Value(key)}, {"n", Value(n)}, {"user", Value(fmt::format("u{}", key))}};
      world.script.push_back({world.now, fmt::format("{}#{}", key, n), fmt::format("{}", key), std::move(record)});
    }
  }
}

Options once() {
  Options options;
  options.once = true;
  return options;
}

void check_promises(const World& world) {
  for (const std::string& broken : simulation::broken_promises(world)) FAIL_CHECK(broken);
}

}  // namespace

TEST_CASE("a page of orders ends written, then a second run changes nothing") {
  World world(1, Faults{});
  add_events(world, 20, 1);
  auto run = program(world, {pipeline("fbs", "sim.new", client_and_order(false))});
  {
    Core core(world, world, once());
    REQUIRE(world.start(core, run));
    CHECK(world.run(core, world.now + std::chrono::hours(1)) == World::End::drained);
    CHECK(core.undrained().empty());
  }
  check_promises(world);
  CHECK(world.target.kinds["order"].size() == 20);
  CHECK(counters_of(world, "fbs").written == 20);
  const std::size_t calls = world.target.calls["order/create"];
  Core again(world, world, once());
  REQUIRE(world.start(again, run));
  CHECK(world.run(again, world.now + std::chrono::hours(1)) == World::End::drained);
  CHECK(world.target.calls["order/create"] == calls);
  CHECK(counters_of(world, "fbs").received == 20);
}

TEST_CASE("a thousand events, a client each and an order, make few calls") {
  World world(2, Faults{});
  add_events(world, 1000, 1);
  Core core(world, world, once());
  REQUIRE(world.start(core, program(world, {pipeline("fbs", "sim.new", client_and_order(false))})));
  CHECK(world.run(core, world.now + std::chrono::hours(1)) == World::End::drained);
  std::size_t calls = 0;
  for (const auto& [path, times] : world.target.calls) calls += times;
  CHECK(world.target.kinds["order"].size() == 1000);
  MESSAGE("calls: " << calls << ", commits: " << world.commits);
  CHECK(calls <= 150);
  check_promises(world);
}

TEST_CASE("a thousand orders that want the same client make one call of it") {
  World world(3, Faults{});
  add_events(world, 1000, 1);
  Core core(world, world, once());
  REQUIRE(world.start(core, program(world, {pipeline("fbs", "sim.new", client_and_order(true))})));
  CHECK(world.run(core, world.now + std::chrono::hours(1)) == World::End::drained);
  CHECK(world.target.kinds["client"].size() == 1);
  CHECK(world.target.calls["client/create"] == 1);
  CHECK(world.target.calls["client/find"] <= 3);
  check_promises(world);
}

TEST_CASE("events of one key keep their order, and memory is bounded") {
  World world(4, Faults{});
  add_events(world, 300, 4);
  Options options = once();
  options.window = 100;
  options.page = 50;
  Core core(world, world, options);
  REQUIRE(world.start(core, program(world, {pipeline("fbs", "sim.new", client_and_order(false))})));
  CHECK(world.run(core, world.now + std::chrono::hours(10)) == World::End::drained);
  check_promises(world);
  CHECK(world.most_loaded <= 200);
  CHECK(counters_of(world, "fbs").done() == 1200);
  for (const auto& kept : world.target.kinds["order"]) CHECK(find_field(kept.fields, "n")->id_text() == "4");
}

TEST_CASE("nothing is lost or doubled, wherever the process dies") {
  std::size_t boundaries = 0;
  for (std::size_t crash = 1; crash < 400; ++crash) {
    World world(100 + crash, Faults{0.1, 0.05, 0.05, 0.05, Duration(5), Duration(400)});
    add_events(world, 6, 3);
    auto run = program(world, {pipeline("fbs", "sim.new", client_and_order(crash % 2 == 0))});
    world.crash_at(crash);
    auto core = std::make_unique<Core>(world, world, once());
    REQUIRE(world.start(*core, run));
    World::End end = world.run(*core, world.now + std::chrono::hours(10));
    if (end != World::End::crashed) {
      boundaries = crash;
      break;
    }
    world.crash_at(0);
    bool left = true;
    for (int life = 0; life < 5 && left; ++life) {  // what fails for a whole minute is left to the next run
      core.reset();
      world.restart();
      core = std::make_unique<Core>(world, world, once());
      REQUIRE(world.start(*core, run));
      end = world.run(*core, world.now + std::chrono::hours(10));
      left = !core->undrained().empty();
    }
    CAPTURE(crash);
    CHECK(end == World::End::drained);
    CHECK_FALSE(left);
    check_promises(world);
    const Counters books = counters_of(world, "fbs");
    CHECK(books.received == 18);
    CHECK(books.done() == 18);
    CHECK(world.target.kinds["order"].size() == 6);
    for (const auto& kept : world.target.kinds["order"]) CHECK(find_field(kept.fields, "n")->id_text() == "3");
  }
  CHECK(boundaries > 10);
}

TEST_CASE("a permanent refusal parks its event and lets the others go on; a retry finishes it") {
  World world(5, Faults{});
  add_events(world, 3, 1);
  bool refuse = true;
  world.fate = [&](const Request& request) -> std::optional<CallResult> {
    if (refuse && request.url.ends_with("order/create")) return CallResult(Answer{400, {}, "bad order", {}});
    return std::nullopt;
  };
  auto run = program(world, {pipeline("fbs", "sim.new", client_and_order(false))});
  Options options;
  Core core(world, world, options);
  REQUIRE(world.start(core, run));
  world.run(core, world.now + std::chrono::seconds(20));
  CHECK(counters_of(world, "fbs").parked == 3);
  REQUIRE(world.endings.size() == 3);
  CHECK(world.endings[0].reason.find("bad order") != std::string::npos);
  refuse = false;
  const std::size_t clients = world.target.calls["client/create"];
  const auto answers = retried(world, core, {1, 2, 3, 99});
  CHECK(answers[0].accepted);
  CHECK_FALSE(answers[3].accepted);
  world.run(core, world.now + std::chrono::seconds(20));
  CHECK(counters_of(world, "fbs").written == 3);
  CHECK(counters_of(world, "fbs").parked == 0);
  CHECK(world.target.calls["client/create"] == clients);
  CHECK_FALSE(retried(world, core, {1})[0].accepted);
  check_promises(world);
}

TEST_CASE("bad credentials stop the connection, park nothing, and it answers again by itself") {
  World world(6, Faults{});
  add_events(world, 5, 1);
  const Instant good = world.now + std::chrono::minutes(10);
  int asked = 0;
  world.fate = [&](const Request& request) -> std::optional<CallResult> {
    if (request.url.find("script") != std::string::npos || world.now >= good) return std::nullopt;
    ++asked;
    return CallResult(Answer{401, {}, "", {}});
  };
  plan::Steps steps = client_and_order(false);
  for (plan::Step& each : steps) std::get<plan::Action>(each.node).connection = "other";
  Core core(world, world, Options{});
  REQUIRE(world.start(core, program(world, {pipeline("fbs", "sim.new", std::move(steps))})));
  world.run(core, world.now + std::chrono::minutes(20));
  CHECK(world.downs == 1);
  CHECK(world.ups == 1);
  CHECK(asked < 30);
  CHECK(counters_of(world, "fbs").written == 5);
}

TEST_CASE("an outage costs time, not attempts; once gives up after a minute and says so") {
  World world(7, Faults{});
  add_events(world, 5, 1);
  int asked = 0;
  world.fate = [&](const Request& request) -> std::optional<CallResult> {
    if (request.url.find("script") != std::string::npos) return std::nullopt;
    ++asked;
    return CallResult(Answer{503, {}, "", {}});
  };
  plan::Steps steps = client_and_order(false);
  for (plan::Step& each : steps) std::get<plan::Action>(each.node).connection = "other";
  auto run = program(world, {pipeline("fbs", "sim.new", std::move(steps))});
  const Instant from = world.now;
  {
    Core core(world, world, once());
    REQUIRE(world.start(core, run));
    CHECK(world.run(core, world.now + std::chrono::hours(1)) == World::End::drained);
    CHECK(world.now - from >= std::chrono::seconds(59));
    CHECK(world.now - from <= std::chrono::seconds(90));
    CHECK_FALSE(core.undrained().empty());
    CHECK(asked < 20);
  }
  CHECK(counters_of(world, "fbs").parked == 0);
  world.restart();
  world.fate = nullptr;
  Core core(world, world, once());
  REQUIRE(world.start(core, run));
  CHECK(world.run(core, world.now + std::chrono::hours(1)) == World::End::drained);
  CHECK(counters_of(world, "fbs").written == 5);
  CHECK(core.undrained().empty());
}

namespace {

// Four events whose target is out for seven minutes, while the second of them is cancelled at its source.
plan::Steps waiting_for_seven_minutes(World& world) {
  add_events(world, 4, 1);
  const Instant well = world.now + std::chrono::minutes(7);
  world.fate = [&world, well](const Request& request) -> std::optional<CallResult> {
    if (request.url.find("script") != std::string::npos || world.now >= well) return std::nullopt;
    return CallResult(Answer{503, {}, "", {}});
  };
  world.still_wanted = [](const Value& record) -> std::optional<std::string> {
    if (record["id"] == Value(2)) return "cancelled meanwhile";
    return std::nullopt;
  };
  plan::Steps steps = client_and_order(true);
  for (plan::Step& each : steps) std::get<plan::Action>(each.node).connection = "other";
  return steps;
}

}  // namespace

TEST_CASE("an event that waited long is looked at again before its first write") {
  World world(15, Faults{});
  plan::Steps steps = waiting_for_seven_minutes(world);
  Core core(world, world, Options{});
  REQUIRE(world.start(core, program(world, {pipeline("fbs", "sim.new", std::move(steps))})));
  world.run(core, world.now + std::chrono::minutes(20));
  const Counters books = counters_of(world, "fbs");
  CHECK(books.written == 3);
  CHECK(books.skipped == 1);
  CHECK(world.target.kinds["order"].size() == 3);
  const auto skipped = std::find_if(world.endings.begin(), world.endings.end(),
                                    [](const Ended& each) { return each.kind == EndingKind::skipped; });
  REQUIRE(skipped != world.endings.end());
  CHECK(skipped->reason == "cancelled meanwhile");
  check_promises(world);
}

TEST_CASE("an event that waited long with a listener is looked at again too") {
  World world(15, Faults{});
  plan::Steps steps = waiting_for_seven_minutes(world);
  plan::Pipeline listener = pipeline("to_crm", "sim.new", std::move(steps));
  listener.sources.clear();
  listener.upstream = {"accepted"};
  Core core(world, world, Options{});
  REQUIRE(world.start(core, program(world, {pipeline("accepted", "sim.new", {}), listener})));
  world.run(core, world.now + std::chrono::minutes(20));
  const Counters books = counters_of(world, "to_crm");
  CHECK(books.written == 3);
  CHECK(books.skipped == 1);
  CHECK(world.target.kinds["order"].size() == 3);
}

TEST_CASE("a source whose key is bad is asked again by itself, and a refused one is told of by once") {
  World world(16, Faults{});
  add_events(world, 2, 1);
  const Instant good = world.now + std::chrono::minutes(5);
  int status = 401;
  world.fate = [&](const Request&) -> std::optional<CallResult> {
    if (world.now >= good) return std::nullopt;
    return CallResult(Answer{status, {}, "", {}});
  };
  auto run = program(world, {pipeline("fbs", "sim.new", client_and_order(false))});
  {
    Core core(world, world, Options{});
    REQUIRE(world.start(core, run));
    world.run(core, world.now + std::chrono::minutes(10));
    CHECK(world.downs == 1);
    CHECK(world.ups == 1);
    CHECK(counters_of(world, "fbs").written == 2);
  }
  world.restart();
  status = 403;
  world.fate = [](const Request&) -> std::optional<CallResult> { return CallResult(Answer{403, {}, "no", {}}); };
  Core core(world, world, once());
  REQUIRE(world.start(core, run));
  CHECK(world.run(core, world.now + std::chrono::minutes(10)) == World::End::drained);
  REQUIRE(core.undrained().size() == 1);
  CHECK(core.undrained()[0].find("refused") != std::string::npos);
}

TEST_CASE("retry_for parks what keeps failing") {
  World world(8, Faults{});
  add_events(world, 2, 1);
  world.fate = [&](const Request& request) -> std::optional<CallResult> {
    if (request.url.find("script") != std::string::npos) return std::nullopt;
    return CallResult(Answer{503, {}, "", {}});
  };
  auto run = program(world, {pipeline("fbs", "sim.new", client_and_order(false))});
  run->retry_for = std::chrono::hours(2);
  Core core(world, world, Options{});
  REQUIRE(world.start(core, run));
  world.run(core, world.now + std::chrono::hours(3));
  CHECK(counters_of(world, "fbs").parked == 2);
}

TEST_CASE("what cannot be asked is sent at most once, or at least once, as chosen") {
  for (const bool at_least : {false, true}) {
    for (std::size_t crash = 1; crash < 60; ++crash) {
      World world(500 + crash, Faults{});
      add_events(world, 3, 1);
      plan::Action send = action("sim.send", Verb::send, "", {});
      send.keys.clear();
      send.text = text({lit("order "), order("id")});
      send.delivery = at_least ? plan::Action::Delivery::at_least_once : plan::Action::Delivery::at_most_once;
      plan::Steps steps;
      steps.push_back(step(std::move(send), "sim.send"));
      auto run = program(world, {pipeline("tell", "sim.new", std::move(steps))});
      world.crash_at(crash);
      auto core = std::make_unique<Core>(world, world, once());
      REQUIRE(world.start(*core, run));
      const bool crashed = world.run(*core, world.now + std::chrono::hours(10)) == World::End::crashed;
      core.reset();
      world.restart();
      world.crash_at(0);
      core = std::make_unique<Core>(world, world, once());
      REQUIRE(world.start(*core, run));
      CHECK(world.run(*core, world.now + std::chrono::hours(10)) == World::End::drained);
      std::map<std::string, int> times;
      for (const std::string& each : world.target.sent) ++times[each];
      const Counters books = counters_of(world, "tell");
      CHECK(books.received == 3);
      CHECK(books.in_flight() == 0);
      if (at_least)
        CHECK(times.size() == 3);
      else
        for (const auto& [what, count] : times) CHECK(count == 1);
      if (at_least) CHECK(books.written == 3);
      if (!crashed) break;
    }
  }
}

TEST_CASE("a listener gets its own event when the chain came to its end") {
  World world(9, Faults{});
  add_events(world, 4, 1);
  plan::Steps filter;
  filter.push_back(where(op(Operator::less, order("id"), lit(3))));
  plan::Pipeline listener = pipeline("to_crm", "", client_and_order(false));
  listener.upstream = {"accepted"};
  Core core(world, world, once());
  REQUIRE(world.start(core, program(world, {pipeline("accepted", "sim.new", std::move(filter)), std::move(listener)})));
  CHECK(world.run(core, world.now + std::chrono::hours(1)) == World::End::drained);
  CHECK(counters_of(world, "accepted").skipped == 2);
  CHECK(counters_of(world, "to_crm").written == 2);
  check_promises(world);
}

TEST_CASE("at a reload an event that has done nothing takes the new plan, the others finish with theirs") {
  World world(10, Faults{});
  add_events(world, 3, 1);
  for (std::size_t i = 1; i < 3; ++i) world.script[i].at += std::chrono::seconds(20);
  Core core(world, world, Options{});
  REQUIRE(world.start(core, program(world, {pipeline("fbs", "sim.new", client_and_order(false))}, "one")));
  // The first event has written its client; the others come later, and none of their calls is let through.
  world.fate = [&](const Request& request) -> std::optional<CallResult> {
    const bool clients = request.url.find("client") != std::string::npos && !world.target.kinds["client"].empty();
    const bool orders = request.url.find("order") != std::string::npos;
    if (clients || orders) return CallResult(Answer{429, {}, "slow down", {}});
    return std::nullopt;
  };
  world.run(core, world.now + std::chrono::seconds(40));
  REQUIRE(world.target.kinds["client"].size() == 1);
  REQUIRE(counters_of(world, "fbs").received == 3);
  world.fate = nullptr;
  plan::Steps other;
  other.push_back(where(lit(false)));
  REQUIRE(core.swap(program(world, {pipeline("fbs", "sim.new", std::move(other))}, "two"), world.now));
  world.run(core, world.now + std::chrono::seconds(90));
  Record late{{"id", Value(77)}, {"n", Value(1)}, {"user", Value("u77")}};
  world.script.push_back({world.now, "77", "77", late});
  world.run(core, world.now + std::chrono::seconds(100));
  CHECK(counters_of(world, "fbs").received == 4);
  CHECK(counters_of(world, "fbs").written == 1);
  CHECK(counters_of(world, "fbs").skipped == 3);
  CHECK(world.target.kinds["client"].size() == 1);
  CHECK(world.target.kinds["order"].size() == 1);
}

TEST_CASE("a dry run sends no write and remembers what it would have made") {
  World world(11, Faults{});
  add_events(world, 1, 1);
  Record second{{"id", Value(1)}, {"n", Value(1)}, {"user", Value("u1")}};
  world.script.push_back({world.now, "again", "1", second});
  Options options = once();
  options.dry = true;
  options.keep_requests = true;
  Core core(world, world, options);
  REQUIRE(world.start(core, program(world, {pipeline("fbs", "sim.new", client_and_order(false))})));
  CHECK(world.run(core, world.now + std::chrono::hours(1)) == World::End::drained);
  CHECK(world.target.kinds["order"].empty());
  REQUIRE(world.endings.size() == 2);
  CHECK(world.endings[0].kind == EndingKind::written);
  CHECK(world.endings[0].steps.size() == 2);
  CHECK_FALSE(world.endings[0].steps[1].exchanges.empty());
  CHECK(world.endings[1].kind == EndingKind::unchanged);
}

TEST_CASE("the limit is obeyed and used fully") {
  World world(12, Faults{0, 0, 0, 0, Duration(5), Duration(10)});
  add_events(world, 200, 1);
  Core core(world, world, once());
  REQUIRE(world.start(core, program(world, {pipeline("fbs", "sim.new", client_and_order(false))}, "one",
                                    Rate{std::chrono::seconds(1), 1})));
  const Instant from = world.now;
  CHECK(world.run(core, world.now + std::chrono::hours(1)) == World::End::drained);
  std::size_t calls = 1;
  for (const auto& [path, times] : world.target.calls) calls += times;
  const auto took = world.now - from;
  CHECK(took >= std::chrono::seconds(calls - 3));
  CHECK(took <= std::chrono::seconds(calls + 3));
  check_promises(world);
}

TEST_CASE("stop awaits what is under way and starts nothing") {
  World world(13, Faults{});
  add_events(world, 50, 1);
  auto run = program(world, {pipeline("fbs", "sim.new", client_and_order(false))});
  Core core(world, world, Options{});
  REQUIRE(world.start(core, run));
  world.run(core, world.now + std::chrono::milliseconds(300));
  core.stop(world.now);
  world.run(core, world.now + std::chrono::hours(1));
  CHECK(core.stopped());
  check_promises(world);
}

TEST_CASE("lines into a log are not journaled one by one") {
  World world(14, Faults{});
  for (int i = 0; i < 5000; ++i) {
    Record record{{"id", Value(i)}, {"n", i % 100 == 99 ? Value(Broken{"n", "int", "\"x\""}) : Value(i % 2)}};
    world.script.push_back({world.now, fmt::format("{}", i), {}, std::move(record)});
  }
  plan::Action log = action("sim.log", Verb::send, "", {{"number", text({lit("WB-"), order("id")})}});
  log.keys.clear();
  plan::Steps steps;
  steps.push_back(where(op(Operator::equal, order("n"), lit(0))));
  steps.push_back(step(std::move(log), "log.info"));
  Core core(world, world, once());
  REQUIRE(world.start(core, program(world, {pipeline("lines", "sim.lines", std::move(steps))})));
  CHECK(world.run(core, world.now + std::chrono::hours(1)) == World::End::drained);
  const Counters books = counters_of(world, "lines");
  CHECK(books.received == 5000);
  CHECK(books.unchanged == 2500);
  CHECK(books.parked == 50);
  CHECK(books.skipped == 2450);
  CHECK(books.in_flight() == 0);
  CHECK(world.journal_.events({true, 0, 10'000})->size() == 50);
  CHECK(world.endings.size() == 50);
  CHECK(world.endings[0].reason == "`n` is \"x\", not int");
}

}  // namespace pipewright::engine
