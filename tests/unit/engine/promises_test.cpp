// The promises of the engine one by one, each where it was once broken; what is judged is what was sent.
#include "promises.hpp"

namespace pipewright::engine {

using namespace promises;

// ---- delivery

TEST_CASE("a clean stop parks nothing of what at_most_once had still to send (engine A1)") {
  World world(1, Faults{});
  for (int key = 1; key <= 300; ++key) add(world, key, 1);
  const auto run = program(world, {pipeline("tell", "sim.new", {message(numbered("m"))})}, "one", {seconds(1), 1});
  {
    Core core(world, world, Options{});
    REQUIRE(world.start(core, run));
    world.run(core, world.now + seconds(20));
    core.stop(world.clock());
    REQUIRE(world.run(core, world.now + seconds(20)) == World::End::stopped);
  }
  const std::size_t before = world.target.sent.size();
  CHECK(before < 30);
  Core core(world, world, Options{});
  REQUIRE(world.start(core, run));
  world.run(core, world.now + minutes(10));
  CHECK(counters_of(world, "tell").parked == 0);
  CHECK(counters_of(world, "tell").written == 300);
  CHECK(world.target.sent.size() == 300);
}

TEST_CASE("a target that refuses connections parks nothing of at_most_once: nothing has left") {
  World world(2, Faults{});
  for (int key = 1; key <= 50; ++key) add(world, key, 1);
  bool refuses = true;
  world.fate = [&](const Request& request) -> std::optional<CallResult> {
    if (!refuses || request.url.find("message") == std::string::npos) return std::nullopt;
    return CallResult(tl::unexpected<Lost>(Lost{Delivery::not_sent, "connection refused"}));
  };
  const auto run = program(world, {pipeline("tell", "sim.new", {message(numbered("m"))})});
  {
    Core core(world, world, Options{});
    REQUIRE(world.start(core, run));
    world.run(core, world.now + seconds(100));
  }
  world.restart();  // it dies while the target is away
  refuses = false;
  Core core(world, world, Options{});
  REQUIRE(world.start(core, run));
  world.run(core, world.now + minutes(10));
  const auto parked = static_cast<std::size_t>(counters_of(world, "tell").parked);
  CHECK(parked <= 8);  // what was on the wire when it died: nobody knows
  CHECK(world.target.sent.size() + parked == 50);
}

TEST_CASE("at_most_once is not sent again after a lost answer: by itself, by a retry, after an edit (engine C)") {
  World world(3, Faults{});
  add(world, 1, 1);
  bool lost = true;
  world.fate = [&](const Request& request) -> std::optional<CallResult> {
    if (!lost || request.url.find("message") == std::string::npos) return std::nullopt;
    return CallResult(tl::unexpected<Lost>(Lost{Delivery::unknown, "timeout"}));
  };
  Core core(world, world, Options{});
  REQUIRE(world.start(core, program(world, {pipeline("tell", "sim.new", {message(numbered("m"))})})));
  world.run(core, world.now + seconds(20));
  lost = false;
  CHECK(counters_of(world, "tell").parked == 1);
  CHECK(retried(world, core, {1})[0].accepted);
  world.run(core, world.now + seconds(20));
  CHECK(counters_of(world, "tell").parked == 1);
  plan::Steps edited{where(op(Operator::greater, order("n"), lit(0))), message(numbered("m"))};
  REQUIRE(core.swap(program(world, {pipeline("tell", "sim.new", edited)}, "two"), world.clock()));
  CHECK(retried(world, core, {1})[0].accepted);
  world.run(core, world.now + seconds(20));
  CHECK(times(world, "m1#1") == 1);
  CHECK(counters_of(world, "tell").parked == 1);
  // Who changes the guarantee means it.
  plan::Steps loud{where(op(Operator::greater, order("n"), lit(0))),
                   message(numbered("m"), plan::Action::Delivery::at_least_once)};
  REQUIRE(core.swap(program(world, {pipeline("tell", "sim.new", loud)}, "three"), world.clock()));
  CHECK(retried(world, core, {1})[0].accepted);
  world.run(core, world.now + seconds(20));
  CHECK(times(world, "m1#1") == 2);
  CHECK(counters_of(world, "tell").written == 1);
}

TEST_CASE("a retry with an edited program sends nothing again that was sent (engine A5)") {
  const auto fails = [](const Request& request) -> std::optional<CallResult> {
    if (request.body.find("\"fail") == std::string::npos) return std::nullopt;
    return answer(400);
  };
  const auto base = [] { return plan::Steps{message(numbered("notify")), message(numbered("fail"))}; };
  std::vector<plan::Steps> edits;
  plan::Steps inserted = base();
  inserted.insert(inserted.begin(), where(op(Operator::greater, order("n"), lit(0))));
  edits.push_back(inserted);
  plan::Steps swapped = base();
  std::swap(swapped[0], swapped[1]);
  edits.push_back(swapped);
  plan::Steps another = base();
  another.insert(another.begin(), message(numbered("another")));
  edits.push_back(another);
  for (const plan::Steps& edit : edits) {
    World world(4, Faults{});
    add(world, 1, 1);
    world.fate = fails;
    {
      Core core(world, world, Options{});
      REQUIRE(world.start(core, program(world, {pipeline("tell", "sim.new", base())})));
      world.run(core, world.now + seconds(20));
      REQUIRE(counters_of(world, "tell").parked == 1);
      REQUIRE(times(world, "notify1#1") == 1);
    }
    world.fate = nullptr;
    Core core(world, world, Options{});
    REQUIRE(world.start(core, program(world, {pipeline("tell", "sim.new", edit)}, "two")));
    CHECK(retried(world, core, {1})[0].accepted);
    world.run(core, world.now + seconds(20));
    CHECK(counters_of(world, "tell").written == 1);
    CHECK(times(world, "notify1#1") == 1);
    CHECK(times(world, "fail1#1") == 1);
  }
}

TEST_CASE("after a restart an event goes on with what was recorded: an id that was given once is not asked for again") {
  for (std::size_t crash = 1; crash < 40; ++crash) {
    World world(5, Faults{});
    add(world, 1, 1);
    plan::Action ticket = action("sim.ticket", Verb::upsert, "", {{"external_id", order("id")}, {"n", order("n")}});
    ticket.result = 2;
    const auto run = program(
        world, {pipeline("p", "sim.new",
                         {step(ticket, "ticket"),
                          upsert("sim.order", {{"ticket", field(slot(2), "id")}, {"after", lit("sim.ticket")}})})});
    world.crash_at(crash);
    auto core = std::make_unique<Core>(world, world, Options{});
    REQUIRE(world.start(*core, run));
    if (world.run(*core, world.now + seconds(20)) != World::End::crashed) break;
    // Between the answer and the commit the id is lost, and nobody can know it.
    const bool told = world.target.kinds["ticket"].empty() || !(*world.reader().story(1)).empty();
    core.reset();
    world.restart();
    world.crash_at(0);
    core = std::make_unique<Core>(world, world, Options{});
    REQUIRE(world.start(*core, run));
    world.run(*core, world.now + seconds(100));
    CAPTURE(crash);
    for (const std::string& broken : simulation::broken_promises(world)) FAIL_CHECK(broken);
    if (told && !world.target.kinds["order"].empty())
      CHECK_FALSE(find_field(world.target.kinds["order"][0].fields, "ticket")->is_null());
  }
}

// ---- keys and order

TEST_CASE("a message, or a toy pipeline, neither waits for a CRM nor is waited for") {
  World world(6, Faults{});
  add(world, 1, 1);
  world.fate = [](const Request& request) -> std::optional<CallResult> {
    if (request.url.find("line") == std::string::npos) return std::nullopt;
    return answer(401);  // the toy's own connection has a bad key
  };
  Core core(world, world, Options{});
  REQUIRE(world.start(core, program(world, {pipeline("toy", "sim.new", {upsert("sim.line", {}, "other")}),
                                            pipeline("cancelled", "sim.new", {upsert("sim.order")})})));
  world.run(core, world.now + seconds(20));
  CHECK(world.target.kinds["order"].size() == 1);
  CHECK(counters_of(world, "toy").in_flight() == 1);
}

TEST_CASE("events of one key that reach a common connection go one after another, and say behind whom they wait") {
  World world(7, Faults{});
  add(world, 1, 1);
  bool away = true;
  world.fate = [&](const Request& request) -> std::optional<CallResult> {
    if (!away || request.url.find("order") == std::string::npos) return std::nullopt;
    return answer(503);
  };
  Core core(world, world, Options{});
  REQUIRE(world.start(core, program(world, {pipeline("orders", "sim.new", {upsert("sim.order")}),
                                            pipeline("statuses", "sim.new", {upsert("sim.copy")})})));
  world.run(core, world.now + seconds(30));
  CHECK(world.target.kinds["copy"].empty());
  const auto listed = world.reader().events({});
  REQUIRE(listed->size() == 2);
  CHECK(listed->at(0).waits_for.find("connection `sim`") != std::string::npos);
  CHECK(listed->at(1).waits_for == "behind event 1 of orders");
  // A person lets it go on: the first is skipped, the second has its turn.
  const auto answers = asked(world, core, [&](Core::Answers answered) {
    core.skip({1}, "delivered by hand", world.clock(), std::move(answered));
  });
  CHECK(answers[0].accepted);
  world.run(core, world.now + seconds(120));
  CHECK(counters_of(world, "orders").skipped == 1);
  CHECK(counters_of(world, "statuses").written == 1);
  CHECK(world.target.kinds["order"].empty());
  CHECK((*world.reader().listed(1))->reason == "skipped by hand: delivered by hand");
}

TEST_CASE("a retried event does not overwrite what a later one of its key wrote, however late that is (engine A6)") {
  for (const bool stale : {false, true}) {
    World world(8, Faults{});
    add(world, 1, 1);
    add(world, 1, 2, seconds(40));
    bool away = false;
    world.fate = [&](const Request& request) -> std::optional<CallResult> {
      if (request.url.find("order") == std::string::npos) return std::nullopt;
      if (away) return answer(503);
      if (world.now < Instant(Duration(1'795'000'000'000)) + seconds(35)) return answer(400);
      return std::nullopt;
    };
    Core core(world, world, Options{});
    REQUIRE(world.start(core, program(world, {pipeline("p", "sim.new", {upsert("sim.order")})})));
    world.run(core, world.now + seconds(35));
    REQUIRE(counters_of(world, "p").parked == 1);
    away = true;
    world.run(core, world.now + seconds(40));
    CHECK(counters_of(world, "p").in_flight() == 1);
    CHECK(retried(world, core, {1}, false, stale)[0].accepted);  // the later one has not written yet
    away = false;
    world.run(core, world.now + minutes(5));
    CHECK(world.target.history["order 1"].front() == "2");
    CHECK(world.target.history["order 1"].size() == (stale ? 2 : 1));
    CHECK(counters_of(world, "p").parked == (stale ? 0 : 1));
    if (stale) continue;
    CHECK((*world.reader().listed(1))->reason.find("a newer event of 1 has been written") != std::string::npos);
    // The later one is pruned: what it wrote is remembered.
    REQUIRE(*world.journal_.prune(world.now + hours(1), 100, {}) == 1);
    const auto refused = retried(world, core, {1});
    CHECK_FALSE(refused[0].accepted);
    CHECK(refused[0].reason.find("--stale") != std::string::npos);
  }
}

TEST_CASE("events of a deleted pipeline end: skipped when nothing was written, else parked") {
  World world(9, Faults{});
  add(world, 1, 1);
  add(world, 2, 1, seconds(40));
  world.fate = [&](const Request& request) -> std::optional<CallResult> {
    if (request.url.find("order") != std::string::npos) return answer(503);
    if (request.url.find("client") != std::string::npos && !world.target.kinds["client"].empty()) return answer(429);
    return std::nullopt;
  };
  Core core(world, world, Options{});
  REQUIRE(world.start(core, program(world, {pipeline("p", "sim.new", {upsert("sim.client"), upsert("sim.order")})})));
  world.run(core, world.now + seconds(80));
  REQUIRE(counters_of(world, "p").in_flight() == 2);
  REQUIRE(core.swap(program(world, {pipeline("q", "sim.new", {upsert("sim.copy")})}, "two"), world.clock()));
  world.run(core, world.now + minutes(3));
  CHECK(counters_of(world, "p").parked == 1);
  CHECK(counters_of(world, "p").skipped == 1);
  CHECK((*world.reader().listed(2))->reason == "the pipeline `p` is gone");
}

// ---- isolation and fairness

TEST_CASE("a host that is away, or refuses the key, stops no other host of its connection (engine A8)") {
  for (const int status : {0, 401}) {
    World world(10, Faults{});
    for (int key = 1; key <= 20; ++key) add(world, key, 1);
    world.fate = [&](const Request& request) -> std::optional<CallResult> {
      if (request.body.find("hostA") == std::string::npos) return std::nullopt;
      if (status == 0) return CallResult(tl::unexpected<Lost>(Lost{Delivery::not_sent, "connection refused"}));
      return answer(status);
    };
    const auto to = [](const char* host) {
      return message(text({lit(host), order("id")}), plan::Action::Delivery::at_least_once, "sim.post");
    };
    Core core(world, world, Options{});
    REQUIRE(world.start(
        core, program(world, {pipeline("a", "sim.new", {to("hostA ")}), pipeline("b", "sim.new", {to("hostB ")})})));
    world.run(core, world.now + seconds(15));
    CHECK(counters_of(world, "b").written == 20);
    CHECK(counters_of(world, "a").in_flight() == 20);
  }
}

TEST_CASE("a lonely order behind twelve thousand others is done within three seconds (engine B3)") {
  World world(11, Faults{});
  for (int key = 1; key <= 12'000; ++key) add(world, key, 1);
  Options options;
  options.page = 12'000;
  Core core(world, world, options);
  plan::Pipeline lonely =
      pipeline("lonely", "sim.new", {where(op(Operator::greater, order("id"), lit(12'000))), upsert("sim.order")});
  plan::Pipeline crowd = pipeline("crowd", "sim.new",
                                  {where(op(Operator::less_or_equal, order("id"), lit(12'000))), upsert("sim.client")});
  REQUIRE(world.start(core, program(world, {crowd, lonely}, "one", {std::chrono::milliseconds(500), 1})));
  world.run(core, world.now + seconds(60));
  REQUIRE(counters_of(world, "crowd").in_flight() > 8'000);
  const Instant came = world.now;
  add(world, 12'001, 1);
  for (int i = 0; i < 100 && world.target.kinds["order"].empty(); ++i) world.run(core, world.now + seconds(1));
  const auto last = world.reader().events({true, 24'000, 10});
  REQUIRE_FALSE(last->empty());
  const ListedEvent* received = &last->front();
  MESSAGE("a lonely order took " << (world.now - received->received_at).count() << " ms, found "
                                 << (received->received_at - came).count() << " ms after it came");
  CHECK(world.now - received->received_at <= seconds(3));
}

TEST_CASE("a hundred pipelines that read one source make the calls of one") {
  const auto calls_of = [](int pipelines) {
    World world(12, Faults{});
    for (int key = 1; key <= 5; ++key) add(world, key, 1);
    add(world, 6, 1, seconds(100));
    std::vector<plan::Pipeline> all;
    for (int i = 0; i < pipelines; ++i) all.push_back(pipeline(fmt::format("p{}", i), "sim.new", {where(lit(false))}));
    Core core(world, world, Options{});
    REQUIRE(world.start(core, program(world, std::move(all))));
    world.run(core, world.now + seconds(310));
    for (int i = 0; i < pipelines; ++i) CHECK(counters_of(world, fmt::format("p{}", i)).received == 6);
    return world.target.calls["script/find"];
  };
  const std::size_t one = calls_of(1);
  CHECK(one == 11);  // every thirty seconds
  CHECK(calls_of(100) == one);
}

TEST_CASE("the shortest interval wins, and who starts later joins") {
  World world(13, Faults{});
  plan::Pipeline slow = pipeline("slow", "sim.new", {where(lit(false))});
  plan::Pipeline quick = slow;
  quick.name = "quick";
  slow.sources[0].every = minutes(5);
  quick.sources[0].every = minutes(1);
  Core core(world, world, Options{});
  REQUIRE(world.start(core, program(world, {slow, quick})));
  world.run(core, world.now + seconds(90));
  plan::Pipeline late = slow;
  late.name = "late";
  REQUIRE(core.swap(program(world, {slow, quick, late}, "two"), world.clock()));
  world.run(core, world.now + seconds(400));
  CHECK(world.target.calls["script/find"] <= 10);
  add(world, 1, 1);
  world.run(core, world.now + seconds(61));
  for (const char* name : {"slow", "quick", "late"}) CHECK(counters_of(world, name).received == 1);
}

TEST_CASE("what waited long is checked in one call, and a source that is away stops nobody (engine B4)") {
  for (const bool source_away : {false, true}) {
    World world(14, Faults{});
    for (int key = 1; key <= 300; ++key) add(world, key, 1);
    bool away = true;
    const Instant from = world.now;
    world.fate = [&](const Request& request) -> std::optional<CallResult> {
      if (request.url.find("order") != std::string::npos && away) return answer(503);
      if (request.url.find("script") != std::string::npos && source_away && world.now > from + minutes(4))
        return answer(503);
      return std::nullopt;
    };
    world.still_wanted = [](const Value& record) -> std::optional<std::string> {
      if (record["id"].id_text() == "7") return "cancelled meanwhile";
      return std::nullopt;
    };
    plan::Steps steps{upsert("sim.order", {}, "other")};
    Core core(world, world, Options{});
    REQUIRE(world.start(core, program(world, {pipeline("p", "sim.new", std::move(steps))})));
    world.run(core, world.now + minutes(6));
    away = false;
    world.run(core, world.now + minutes(2));
    CHECK(counters_of(world, "p").in_flight() == 0);
    CHECK(counters_of(world, "p").skipped == (source_away ? 0 : 1));
    CHECK(world.target.calls["script/check"] <= 2);
  }
}

TEST_CASE("who joined an equal write late does not give up with the one that leads (engine B17)") {
  World world(15, Faults{});
  add(world, 1, 1);
  add(world, 2, 1, minutes(20));
  bool away = true;
  world.fate = [&](const Request& request) -> std::optional<CallResult> {
    if (!away || request.url.find("client") == std::string::npos) return std::nullopt;
    return answer(503);
  };
  auto run = program(
      world,
      {pipeline("p", "sim.new", {step(action("sim.client", Verb::ensure, "", {{"external_id", lit("one")}}), "c")})});
  run->retry_for = minutes(25);
  Core core(world, world, Options{});
  REQUIRE(world.start(core, run));
  world.run(core, world.now + minutes(30));
  CHECK(counters_of(world, "p").parked == 1);
  CHECK(counters_of(world, "p").in_flight() == 1);
  away = false;
  world.run(core, world.now + minutes(5));
  CHECK(counters_of(world, "p").written == 1);
}

TEST_CASE("a person ends an event whose write goes along with an equal one, and the others go on") {
  World world(21, Faults{});
  for (int key = 1; key <= 3; ++key) add(world, key, 1);
  bool away = true;
  world.fate = [&](const Request& request) -> std::optional<CallResult> {
    if (!away || request.url.find("client") == std::string::npos) return std::nullopt;
    return answer(503);
  };
  Core core(world, world, Options{});
  plan::Action ensured = action("sim.client", Verb::ensure, "", {{"external_id", lit("one")}});
  REQUIRE(world.start(core, program(world, {pipeline("p", "sim.new", {step(ensured, "c")})})));
  world.run(core, world.now + seconds(40));
  for (const EventId id : {2, 1}) {
    const auto answers =
        asked(world, core, [&](Core::Answers answered) { core.skip({id}, "", world.clock(), std::move(answered)); });
    CHECK(answers[0].accepted);
  }
  world.run(core, world.now + seconds(1));
  CHECK(counters_of(world, "p").skipped == 2);
  away = false;
  world.run(core, world.now + minutes(3));
  CHECK(counters_of(world, "p").written == 1);
}

TEST_CASE("followers of a refused write are refused with it") {
  World world(16, Faults{});
  for (int key = 1; key <= 5; ++key) add(world, key, 1);
  int creations = 0;
  world.fate = [&](const Request& request) -> std::optional<CallResult> {
    if (request.url.find("client/create") == std::string::npos) return std::nullopt;
    ++creations;
    return answer(400);
  };
  Core core(world, world, Options{});
  REQUIRE(world.start(
      core,
      program(world, {pipeline("p", "sim.new",
                               {step(action("sim.client", Verb::ensure, "", {{"external_id", lit("one")}}), "c")})})));
  world.run(core, world.now + minutes(1));
  CHECK(counters_of(world, "p").parked == 5);
  CHECK(creations == 1);
}

TEST_CASE("ten runs in a row never ask for more than the limit") {
  World world(17, Faults{});
  const Instant from = world.now;
  std::size_t calls = 0;
  for (int run = 0; run < 10; ++run) {
    Options options;
    options.once = true;
    options.give_up = minutes(10);
    Core core(world, world, options);
    REQUIRE(
        world.start(core, program(world, {pipeline("p", "sim.new", {where(lit(false))})}, "one", {seconds(10), 3})));
    CHECK(world.run(core, world.now + hours(1)) == World::End::drained);
    core.stop(world.clock());
    CHECK(world.run(core, world.now + hours(1)) == World::End::stopped);
    calls = world.target.calls["script/find"];
    CHECK(calls <= static_cast<std::size_t>(3 + (world.now - from) / seconds(10)));
  }
  CHECK(calls == 10);
}

// ---- time

TEST_CASE("a clock that is set changes nothing but what is written down, and is reported (engine A7)") {
  for (const Duration jump : {Duration(-hours(1)), Duration(hours(24)), Duration(-hours(24))}) {
    World world(18, Faults{});
    add(world, 1, 1, seconds(50));
    add(world, 2, 1, seconds(170));
    Core core(world, world, Options{});
    REQUIRE(world.start(core, program(world, {pipeline("p", "sim.new", {upsert("sim.order")})})));
    world.run(core, world.now + seconds(20));
    world.wall_ahead = jump;
    world.run(core, world.now + seconds(60));
    world.wall_ahead = Duration(0);
    world.run(core, world.now + seconds(140));
    CHECK(counters_of(world, "p").written == 2);
    CHECK(world.warnings.size() == 2);
    CHECK(world.target.calls["script/find"] >= 7);
  }
}

TEST_CASE("a pause of years is a pause of minutes, and is reported (engine B6)") {
  World world(22, Faults{});
  add(world, 1, 1);
  bool first = true;
  world.fate = [&](const Request& request) -> std::optional<CallResult> {
    if (request.url.find("order") == std::string::npos || !std::exchange(first, false)) return std::nullopt;
    return CallResult(Answer{429, {{"retry-after", "999999999"}}, "", {}});
  };
  Core core(world, world, Options{});
  REQUIRE(world.start(core, program(world, {pipeline("p", "sim.new", {upsert("sim.order")})})));
  world.run(core, world.now + minutes(14));
  CHECK(counters_of(world, "p").in_flight() == 1);
  const auto notices = world.reader().notices();
  REQUIRE(notices->size() == 1);
  CHECK(notices->front().text.find("pause") != std::string::npos);
  CHECK(world.downs == 1);
  world.run(core, world.now + minutes(3));
  CHECK(counters_of(world, "p").written == 1);
  CHECK(world.reader().notices()->empty());
}

}  // namespace pipewright::engine
