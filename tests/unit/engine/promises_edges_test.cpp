// The promises at their edges: what people, servers and sources do while an event is on its way. What is judged is what
// was sent.
#include "promises.hpp"

namespace pipewright::engine {

using namespace promises;

namespace {

/// A connection whose server asks for a pause of a hundred hours whenever it is full.
class Patient : public Connection {
 public:
  Patient() : Connection(Settings{"other", "sim", {}, {}, {}, "UTC", "."}) {}
  [[nodiscard]] Feedback feedback(const Request&, const Answer& answer) const override {
    Feedback feedback;
    if (answer.status == 429) feedback.pause = hours(100);
    return feedback;
  }
};

Task<std::vector<std::optional<std::string>>> never_answered(Connection&, std::vector<Value>, Calls&) {
  co_return co_await Awaited<std::vector<std::optional<std::string>>>([](const auto&) {});
}

}  // namespace

TEST_CASE("what a person skips is not sent any more, though it stood in a queue") {
  World world(31, Faults{});
  for (int key = 1; key <= 40; ++key) add(world, key, 1);
  Core core(world, world, Options{});
  const auto run = program(world, {pipeline("tell", "sim.new", {message(numbered("m"))})}, "one", {seconds(2), 1});
  REQUIRE(world.start(core, run));
  world.run(core, world.now + seconds(10));
  REQUIRE(world.target.sent.size() < 20);
  const auto answers =
      asked(world, core, [&](Core::Answers answered) { core.skip({40}, "", world.clock(), std::move(answered)); });
  CHECK(answers[0].accepted);
  world.run(core, world.now + minutes(5));
  CHECK(times(world, "m40#1") == 0);
  CHECK(world.target.sent.size() == 39);
  CHECK(counters_of(world, "tell").skipped == 1);
}

TEST_CASE("a secret that a server echoes, or a request carries, is in no reason and in no exchange") {
  const std::string secret = "correct-horse-battery";
  World world(32, Faults{});
  add(world, 1, 1);
  world.fate = [&](const Request& request) -> std::optional<CallResult> {
    if (request.url.find("message") == std::string::npos) return std::nullopt;
    return answer(400, "bad key " + secret);
  };
  const auto run = program(world, {pipeline("tell", "sim.new", {message(text({lit("my "), lit(secret.c_str())}))})});
  run->scrubber = std::make_shared<const Scrubber>(std::vector<Secret>{Secret(secret)});
  Core core(world, world, Options{});
  REQUIRE(world.start(core, run));
  world.run(core, world.now + seconds(20));
  const auto listed = world.reader().listed(1);
  REQUIRE(*listed);
  CHECK((*listed)->reason.find("bad key ***") != std::string::npos);
  const auto story = world.reader().story(1);
  REQUIRE(story->size() == 1);
  CHECK(story->front().stored.outcome.failure->reason.find(secret) == std::string::npos);
  REQUIRE(story->front().exchanges.size() == 1);
  CHECK(story->front().exchanges[0].request_body.find("my ***") != std::string::npos);
  CHECK(story->front().exchanges[0].answer_body == "bad key ***");
}

TEST_CASE("a server that asks for a pause of days is asked again after a quarter of an hour") {
  World world(33, Faults{});
  add(world, 1, 1);
  std::vector<Instant> asked_at;
  world.fate = [&](const Request& request) -> std::optional<CallResult> {
    if (request.url.find("order") == std::string::npos) return std::nullopt;
    asked_at.push_back(world.now);
    if (asked_at.size() == 1) return answer(429);
    return std::nullopt;
  };
  const auto run = program(world, {pipeline("p", "sim.new", {upsert("sim.order", {}, "other")})});
  run->connections["other"] = std::make_shared<Patient>();
  Core core(world, world, Options{});
  REQUIRE(world.start(core, run));
  world.run(core, world.now + minutes(20));
  CHECK(counters_of(world, "p").written == 1);
  REQUIRE(asked_at.size() >= 2);
  CHECK(asked_at[1] - asked_at[0] >= minutes(15));  // as long as it may ask for
  CHECK(asked_at[1] - asked_at[0] <= minutes(16));
  CHECK(world.warnings.size() == 1);
}

TEST_CASE("a check that is never answered holds nobody for longer than ten seconds") {
  World world(34, Faults{});
  for (int key = 1; key <= 3; ++key) add(world, key, 1);
  bool away = true;
  world.fate = [&](const Request& request) -> std::optional<CallResult> {
    if (away && request.url.find("order") != std::string::npos) return answer(503);
    return std::nullopt;
  };
  const auto run = program(world, {pipeline("p", "sim.new", {upsert("sim.order", {}, "other")})});
  Registry silent = *run->registry;
  SourceNode source = *silent.source("sim.new");
  source.still_wanted = never_answered;
  silent.put(source);
  run->registry = std::make_shared<const Registry>(std::move(silent));
  Core core(world, world, Options{});
  REQUIRE(world.start(core, run));
  world.run(core, world.now + minutes(6));
  REQUIRE(counters_of(world, "p").in_flight() == 3);
  away = false;
  world.run(core, world.now + seconds(90));  // the back-off of a minute, and the check
  CHECK(counters_of(world, "p").written == 3);
  CHECK(world.target.kinds["order"].size() == 3);
}

TEST_CASE("an event that has written is finished, whatever its source says of it later") {
  World world(35, Faults{});
  add(world, 1, 1);
  bool away = true;
  world.fate = [&](const Request& request) -> std::optional<CallResult> {
    if (away && request.url.find("order") != std::string::npos) return answer(503);
    return std::nullopt;
  };
  world.still_wanted = [](const Value&) -> std::optional<std::string> { return "cancelled meanwhile"; };
  Core core(world, world, Options{});
  REQUIRE(world.start(
      core, program(world, {pipeline("p", "sim.new",
                                     {upsert("sim.client", {}, "other"), upsert("sim.order", {}, "other")})})));
  world.run(core, world.now + minutes(6));
  REQUIRE(world.target.kinds["client"].size() == 1);
  away = false;
  world.run(core, world.now + minutes(3));
  CHECK(world.target.kinds["order"].size() == 1);
  CHECK(counters_of(world, "p").written == 1);
}

TEST_CASE("many changes of one order go one after another, also those that were not in memory at first") {
  World world(36, Faults{});
  for (int n = 1; n <= 100; ++n) add(world, 1, n);
  Core core(world, world, Options{});
  REQUIRE(world.start(core, program(world, {pipeline("p", "sim.new", {upsert("sim.order")})})));
  world.run(core, world.now + minutes(5));
  CHECK(counters_of(world, "p").written == 100);
  REQUIRE(world.target.history["order 1"].size() == 100);
  for (int n = 1; n <= 100; ++n)
    CHECK(world.target.history["order 1"][static_cast<std::size_t>(n - 1)] == std::to_string(n));
}

TEST_CASE("the time that an event may be retried for does not begin anew with the process") {
  World world(37, Faults{});
  add(world, 1, 1);
  world.fate = [](const Request& request) -> std::optional<CallResult> {
    if (request.url.find("order") != std::string::npos) return answer(503);
    return std::nullopt;
  };
  const auto run = program(world, {pipeline("p", "sim.new", {upsert("sim.order", {}, "other")})});
  run->retry_for = minutes(25);
  for (int life = 0; life < 4; ++life) {
    Core core(world, world, Options{});
    REQUIRE(world.start(core, run));
    world.run(core, world.now + minutes(9));
    world.restart();
  }
  CHECK(counters_of(world, "p").parked == 1);
  CHECK((*world.reader().listed(1))->reason.find("given up after") != std::string::npos);
}

TEST_CASE("a listener's event is there as soon as the event that it follows has ended, wherever the process dies") {
  for (std::size_t crash = 1; crash < 40; ++crash) {
    World world(38, Faults{});
    add(world, 1, 1);
    plan::Pipeline heard = pipeline("heard", "", {upsert("sim.heard")});
    heard.upstream = {"accepted"};
    const auto run =
        program(world, {pipeline("accepted", "sim.new", {where(op(Operator::greater, order("n"), lit(0)))}), heard});
    world.crash_at(crash);
    auto core = std::make_unique<Core>(world, world, Options{});
    REQUIRE(world.start(*core, run));
    if (world.run(*core, world.now + seconds(20)) != World::End::crashed) break;
    core.reset();
    world.restart();
    world.crash_at(0);
    core = std::make_unique<Core>(world, world, Options{});
    REQUIRE(world.start(*core, run));
    world.run(*core, world.now + seconds(60));
    CAPTURE(crash);
    CHECK(counters_of(world, "heard").done() == 1);
    CHECK(world.target.kinds["heard"].size() == 1);
  }
}

}  // namespace pipewright::engine
