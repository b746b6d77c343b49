// The promises of order: whose turn it is, what has to be durable first, who stands in whose way.
#include "engine/json.hpp"
#include "promises.hpp"

namespace pipewright::engine {

using namespace promises;

namespace {

// As real connectors may: sends the record at once, and finds nothing first.
Task<Outcomes> write_at_once(Connection&, Batch batch, Calls& calls) {
  Outcomes outcomes(batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    Record record = batch[i].whole();
    set_field(record, "pipeline", Value(batch[i].pipeline));
    set_field(record, "event", Value(batch[i].event_key));
    Request request;
    request.method = "POST";
    request.url = "sim://target/order/edit";
    request.body = write_json(Value(List{Value(std::move(record))}));
    request.group = "api";
    request.write = true;
    request.items.push_back(i);
    const CallResult result = co_await calls.send(std::move(request));
    const bool done = result && result->status == 200;
    outcomes[i] = done ? Outcome::done("update") : Outcome::failed({Failure::Kind::transient, "not now"});
  }
  co_return outcomes;
}

std::shared_ptr<Runnable> at_once(std::shared_ptr<Runnable> run) {
  Registry changed = *run->registry;
  ActionNode node = *changed.action("sim.order");
  node.work = write_at_once;
  changed.put(node);
  run->registry = std::make_shared<const Registry>(std::move(changed));
  return run;
}

/// Tells when a commit with intents is under way.
class Watched : public MemoryJournal {
 public:
  Result<std::vector<Committed>> commit(std::span<const Transaction> transactions) override {
    const bool states = !transactions.empty() && !transactions[0].intents.empty();
    if (states && at_intent) std::exchange(at_intent, nullptr)();
    return MemoryJournal::commit(transactions);
  }
  std::function<void()> at_intent;
};

}  // namespace

TEST_CASE("nothing is sent before the step that it stands on is durable, also by a node that writes at once") {
  World world(51, Faults{});
  for (int key = 1; key <= 20; ++key) add(world, key, 1);
  Core core(world, world, Options{});
  const plan::Steps steps{upsert("sim.client"), upsert("sim.order", {{"after", lit("sim.client")}})};
  REQUIRE(world.start(core, at_once(program(world, {pipeline("p", "sim.new", steps)}))));
  world.run(core, world.now + seconds(60));
  CHECK(counters_of(world, "p").written == 20);
  CHECK(world.target.kinds["order"].size() == 20);
  for (const std::string& broken : simulation::broken_promises(world)) FAIL_CHECK(broken);
}

TEST_CASE("the next event of a key does not start on an outcome that is not durable") {
  for (std::size_t crash = 1; crash < 60; ++crash) {
    World world(52, Faults{});
    add(world, 1, 1);
    add(world, 1, 2);
    const auto run = at_once(program(
        world, {pipeline("first", "sim.new",
                         {where(op(Operator::equal, order("n"), lit(1))), upsert("sim.order"),
                          upsert("sim.copy", {}, "other")}),
                pipeline("second", "sim.new", {where(op(Operator::equal, order("n"), lit(2))), upsert("sim.order")})}));
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
    CHECK(counters_of(world, "first").done() == 1);
    CHECK(counters_of(world, "second").done() == 1);
    CHECK(world.target.history["order 1"].back() == "2");
    for (const std::string& broken : simulation::broken_promises(world)) FAIL_CHECK(broken);
  }
}

TEST_CASE("an event that has done its part of a connection lets the next one of its key go there") {
  World world(53, Faults{});
  add(world, 1, 1);
  world.fate = [](const Request& request) -> std::optional<CallResult> {
    if (request.url.find("order") == std::string::npos) return std::nullopt;
    return answer(503);
  };
  Core core(world, world, Options{});
  const plan::Steps first{upsert("sim.client"), upsert("sim.order", {}, "other")};
  REQUIRE(world.start(
      core, program(world, {pipeline("a", "sim.new", first), pipeline("b", "sim.new", {upsert("sim.copy")})})));
  world.run(core, world.now + seconds(20));
  CHECK(counters_of(world, "a").in_flight() == 1);
  CHECK(world.target.kinds["client"].size() == 1);
  CHECK(world.target.kinds["copy"].size() == 1);
}

TEST_CASE("a parked event lets its key go, and is not begun again by the next one") {
  World world(54, Faults{});
  add(world, 1, 1);
  bool refuses = true;
  world.fate = [&](const Request& request) -> std::optional<CallResult> {
    if (!refuses || request.url.find("order") == std::string::npos) return std::nullopt;
    return answer(400);
  };
  Core core(world, world, Options{});
  REQUIRE(world.start(core, program(world, {pipeline("p", "sim.new", {upsert("sim.order")})})));
  world.run(core, world.now + seconds(20));
  REQUIRE(counters_of(world, "p").parked == 1);
  refuses = false;
  add(world, 1, 2);
  world.run(core, world.now + minutes(2));
  CHECK(world.target.history["order 1"] == std::vector<std::string>{"2"});
  CHECK(counters_of(world, "p").parked == 1);
  CHECK(counters_of(world, "p").written == 1);
}

TEST_CASE("what was taken when the process is told to stop goes out at the next start, and is in no doubt") {
  World world(55, Faults{});
  Watched journal;
  world.use(journal);
  for (int key = 1; key <= 10; ++key) add(world, key, 1);
  const auto run = program(world, {pipeline("tell", "sim.new", {message(numbered("m"))})});
  {
    Core core(world, world, Options{});
    REQUIRE(world.start(core, run));
    bool told = false;
    journal.at_intent = [&] {
      told = true;
      core.stop(world.clock());
    };
    CHECK(world.run(core, world.now + seconds(20)) == World::End::stopped);
    REQUIRE(told);
    CHECK(world.target.sent.empty());
  }
  Core core(world, world, Options{});
  REQUIRE(world.start(core, run));
  world.run(core, world.now + minutes(2));
  CHECK(counters_of(world, "tell").written == 10);
  CHECK(world.target.sent.size() == 10);
}

TEST_CASE("two orders write one client one after the other") {
  World world(60, Faults{});
  add(world, 1, 1);
  add(world, 2, 2);
  plan::Action client = action("sim.client", Verb::upsert, "", {{"external_id", lit("one")}, {"n", order("n")}});
  Core core(world, world, Options{});
  REQUIRE(world.start(core, program(world, {pipeline("p", "sim.new", {step(client, "client")})})));
  world.run(core, world.now + minutes(2));
  CHECK(counters_of(world, "p").written == 2);
  CHECK(world.target.kinds["client"].size() == 1);
  CHECK(world.target.history["client one"] == std::vector<std::string>{"1", "2"});
}

TEST_CASE("a write that is tried again holds its record against other kinds of writes too") {
  World world(61, Faults{});
  add(world, 1, 1);
  add(world, 2, 2, seconds(40));
  add(world, 3, 3, seconds(40));
  int tries = 0;
  world.fate = [&](const Request& request) -> std::optional<CallResult> {
    const bool second = request.body.find("\"n\":2") != std::string::npos;
    if (!second || request.url.find("client/edit") == std::string::npos || ++tries > 3) return std::nullopt;
    return answer(503);
  };
  const auto client = [](Verb verb) {
    plan::Action made = action("sim.client", verb, "", {{"external_id", lit("one")}, {"n", order("n")}});
    made.connection = "other";
    return step(std::move(made), "client");
  };
  const auto only = [&](Operator which, Verb verb) {
    return plan::Steps{where(op(which, order("n"), lit(2))), client(verb)};
  };
  Core core(world, world, Options{});
  REQUIRE(world.start(core, program(world, {pipeline("p", "sim.new", only(Operator::less_or_equal, Verb::upsert)),
                                            pipeline("q", "sim.new", only(Operator::greater, Verb::update))})));
  world.run(core, world.now + minutes(5));
  CHECK(tries == 4);
  CHECK(counters_of(world, "p").written == 2);
  CHECK(counters_of(world, "q").written == 1);
  CHECK(world.target.history["client one"] == std::vector<std::string>{"1", "2", "3"});
}

TEST_CASE("after a clean stop nothing is in doubt that had not begun") {
  World world(59, Faults{});
  for (int key = 1; key <= 3; ++key) add(world, key, 1);
  const auto run = program(world, {pipeline("p", "sim.new", {upsert("sim.order", {}, "other")})});
  std::vector<Delivery> told;
  Registry listening = *run->registry;
  ActionNode node = *listening.action("sim.order");
  node.work = [&told, work = node.work](Connection& connection, Batch batch, Calls& calls) {
    for (const Operation& each : batch) told.push_back(each.delivery);
    return work(connection, std::move(batch), calls);
  };
  listening.put(node);
  run->registry = std::make_shared<const Registry>(std::move(listening));
  bool away = true;
  world.fate = [&](const Request& request) -> std::optional<CallResult> {
    if (!away || request.url.find("order") == std::string::npos) return std::nullopt;
    return answer(429);
  };
  {
    Core core(world, world, Options{});
    REQUIRE(world.start(core, run));
    world.run(core, world.now + seconds(20));
    core.stop(world.clock());
    REQUIRE(world.run(core, world.now + seconds(20)) == World::End::stopped);
  }
  world.restart();
  away = false;
  told.clear();
  Core core(world, world, Options{});
  REQUIRE(world.start(core, run));
  world.run(core, world.now + minutes(1));
  CHECK(told == std::vector<Delivery>(3, Delivery::not_sent));
  CHECK(counters_of(world, "p").written == 3);
}

TEST_CASE("a host that refuses the key is told of once, and another host of its connection does not clear it") {
  World world(56, Faults{});
  for (int key = 1; key <= 20; ++key) add(world, key, 1);
  world.fate = [](const Request& request) -> std::optional<CallResult> {
    if (request.body.find("hostA") == std::string::npos) return std::nullopt;
    return answer(401);
  };
  const auto to = [](const char* host) {
    return message(text({lit(host), order("id")}), plan::Action::Delivery::at_least_once, "sim.post");
  };
  Core core(world, world, Options{});
  REQUIRE(world.start(
      core, program(world, {pipeline("a", "sim.new", {to("hostA ")}), pipeline("b", "sim.new", {to("hostB ")})})));
  world.run(core, world.now + minutes(5));
  CHECK(counters_of(world, "b").written == 20);
  CHECK(counters_of(world, "a").in_flight() == 20);
  CHECK(world.downs == 1);
  CHECK(world.ups == 0);
}

TEST_CASE("an outcome does not count for another step when the program that made it cannot be had any more") {
  World world(57, Faults{});
  add(world, 1, 1);
  world.fate = [](const Request& request) -> std::optional<CallResult> {
    if (request.body.find("\"late") == std::string::npos) return std::nullopt;
    return answer(429);
  };
  const auto late = [] { return message(numbered("late"), plan::Action::Delivery::at_least_once); };
  {
    Core core(world, world, Options{});
    REQUIRE(world.start(core, program(world, {pipeline("tell", "sim.new", {message(numbered("notify")), late()})})));
    world.run(core, world.now + seconds(20));
    REQUIRE(times(world, "notify1#1") == 1);
    REQUIRE(counters_of(world, "tell").in_flight() == 1);
  }
  world.restart();
  world.plans.clear();
  world.fate = nullptr;
  plan::Steps edited{message(numbered("another")), message(numbered("notify")), late()};
  Core core(world, world, Options{});
  REQUIRE(world.start(core, program(world, {pipeline("tell", "sim.new", edited)}, "two")));
  world.run(core, world.now + minutes(2));
  CHECK(times(world, "another1#1") == 1);
  CHECK(times(world, "notify1#1") == 1);
  CHECK(times(world, "late1#1") == 1);
  CHECK(counters_of(world, "tell").written == 1);
}

namespace {

// Calls that the crowd makes between the receipt of a lonely order and its write, one call in ten seconds.
std::size_t calls_of_the_crowd(plan::Steps crowd, plan::Steps lonely, const char* kind) {
  World world(58, Faults{});
  for (int key = 1; key <= 1500; ++key) add(world, key, 1);
  crowd.insert(crowd.begin(), where(op(Operator::less_or_equal, order("id"), lit(1500))));
  lonely.insert(lonely.begin(), where(op(Operator::greater, order("id"), lit(1500))));
  Options options;
  options.page = 3000;
  Core core(world, world, options);
  REQUIRE(world.start(
      core,
      program(world, {pipeline("crowd", "sim.new", std::move(crowd)), pipeline("lonely", "sim.new", std::move(lonely))},
              "one", {seconds(10), 1})));
  world.run(core, world.now + seconds(60));
  add(world, 1501, 1);
  for (int i = 0; i < 200 && counters_of(world, "lonely").received <= 1500; ++i)
    world.run(core, world.now + seconds(1));
  const auto calls = [&] { return world.target.calls["client/find"] + world.target.calls["client/create"]; };
  const auto written = [&] {
    const auto& kept = world.target.kinds[kind];
    return std::any_of(kept.begin(), kept.end(),
                       [](const auto& each) { return find_field(each.fields, "external_id")->id_text() == "1501"; });
  };
  const std::size_t before = calls();
  for (int i = 0; i < 500 && !written(); ++i) world.run(core, world.now + seconds(1));
  REQUIRE(written());
  REQUIRE(counters_of(world, "crowd").in_flight() > 0);
  return calls() - before;
}

}  // namespace

TEST_CASE("a lonely order has its place in the next batch of a queue that it shares with a crowd") {
  CHECK(calls_of_the_crowd({upsert("sim.client", {}, "other")}, {upsert("sim.client", {}, "other")}, "client") <= 8);
}

TEST_CASE("a lonely order has its turn among calls that are one batch each") {
  plan::Action find = action("sim.client", Verb::find, "", {{"external_id", order("id")}});
  find.otherwise = plan::Action::Otherwise::skip;
  find.connection = "other";
  CHECK(calls_of_the_crowd({step(find, "find")}, {upsert("sim.order", {}, "other")}, "order") <= 3);
}

}  // namespace pipewright::engine
