// The promises at their edges: what people, servers and sources do while an event is on its way. What is judged is what
// was sent.
#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>

#include "engine/journal/sqlite.hpp"
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

/// A journal whose reads, or commits, fail from some time on.
class Failing : public MemoryJournal {
 public:
  Result<Reply> query(const Query& query) override {
    if (reads_fail) return fail("the disk does not answer");
    return MemoryJournal::query(query);
  }
  Result<std::vector<Committed>> commit(std::span<const Transaction> transactions) override {
    if (commits_fail) return fail("the disk is full");
    return MemoryJournal::commit(transactions);
  }
  bool reads_fail = false, commits_fail = false;
};

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

TEST_CASE("what a person skips between its calls is not written") {
  for (const Duration later :
       {Duration(0), Duration(seconds(30))}) {  // the look-up is under way; its response is there
    CAPTURE(later.count());
    World world(31, Faults{});
    add(world, 1, 1);
    Core core(world, world, Options{});
    const auto run = program(world, {pipeline("orders", "sim.new", {upsert("sim.order")})}, "one", {minutes(5), 1});
    REQUIRE(world.start(core, run));
    for (int i = 0; i < 60 && world.target.calls["order/find"] == 0; ++i) world.run(core, world.now + minutes(1));
    REQUIRE(world.target.calls["order/find"] == 1);
    world.run(core, world.now + later);
    REQUIRE(world.target.kinds["order"].empty());
    const auto answers =
        asked(world, core, [&](Core::Answers answered) { core.skip({1}, "", world.clock(), std::move(answered)); });
    CHECK(answers[0].accepted);
    world.run(core, world.now + seconds(30));
    CHECK(counters_of(world, "orders").skipped == 1);
    world.run(core, world.now + minutes(30));
    CHECK(world.target.kinds["order"].empty());
  }
}

TEST_CASE("an effect does not wait for ever behind the polls of its own pipeline") {
  World world(34, Faults{});
  for (int key = 1; key <= 3; ++key) add(world, key, 1);
  Core core(world, world, Options{});
  const auto run = program(world, {pipeline("orders", "sim.new", {upsert("sim.order")})}, "one", {minutes(5), 1});
  REQUIRE(world.start(core, run));
  world.run(core, world.now + hours(1));  // a dozen calls, and the source would take them all
  CHECK(world.target.kinds["order"].size() == 3);
  CHECK(world.target.calls["script/find"] >= 3);
}

TEST_CASE("a secret that a server echoes, or a request carries, is in no reason and in no exchange (engine A12)") {
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

TEST_CASE("a source that is known to be away is not asked whether its events are still wanted") {
  World world(39, Faults{});
  for (int key = 1; key <= 3; ++key) add(world, key, 1);
  bool away = true;
  int checks = 0;
  const Instant from = world.now;
  world.fate = [&](const Request& request) -> std::optional<CallResult> {
    if (request.url.find("order") != std::string::npos && away) return answer(503);
    if (request.url.find("check") != std::string::npos) ++checks;
    if (request.url.find("script") != std::string::npos && world.now > from + minutes(4)) return answer(503);
    return std::nullopt;
  };
  Core core(world, world, Options{});
  REQUIRE(world.start(core, program(world, {pipeline("p", "sim.new", {upsert("sim.order", {}, "other")})})));
  world.run(core, world.now + minutes(6));
  away = false;
  world.run(core, world.now + minutes(2));
  CHECK(counters_of(world, "p").written == 3);
  CHECK(checks == 0);
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

TEST_CASE("a pipeline that writes elsewhere is not waited for, whichever of the two came first") {
  for (const char* toy : {"a toy", "the toy"}) {
    World world(41, Faults{});
    add(world, 1, 1);
    world.fate = [](const Request& request) -> std::optional<CallResult> {
      if (request.url.find("line") == std::string::npos) return std::nullopt;
      return answer(401);  // the toy's own connection has a bad key
    };
    Core core(world, world, Options{});
    REQUIRE(world.start(core, program(world, {pipeline("cancelled", "sim.new", {upsert("sim.order")}),
                                              pipeline(toy, "sim.new", {upsert("sim.line", {}, "other")})})));
    world.run(core, world.now + seconds(20));
    CHECK(world.target.kinds["order"].size() == 1);
    CHECK(counters_of(world, toy).in_flight() == 1);
  }
}

TEST_CASE("the call of a lonely message goes before the many that another pipeline has waiting") {
  World world(42, Faults{});
  plan::Pipeline crowd = pipeline("crowd", "sim.new", {where(lit(false))});
  for (int i = 0; i < 12; ++i) {
    crowd.sources.push_back(crowd.sources[0]);
    crowd.sources.back().text = fmt::format("source {}", i);
  }
  const plan::Pipeline lonely = pipeline("lonely", "sim.new", {message(numbered("m"))});
  Core core(world, world, Options{});
  REQUIRE(world.start(core, program(world, {crowd, lonely}, "one", {seconds(10), 1})));
  world.run(core, world.now + minutes(10));
  add(world, 1, 1);
  for (int i = 0; i < 600 && counters_of(world, "lonely").received == 0; ++i) world.run(core, world.now + seconds(1));
  const std::size_t before = world.target.calls["script/find"];
  for (int i = 0; i < 600 && world.target.sent.empty(); ++i) world.run(core, world.now + seconds(1));
  REQUIRE(world.target.sent.size() == 1);
  CHECK(world.target.calls["script/find"] - before <= 2);
}

TEST_CASE("a connection whose key is bad is tried by one call at a time") {
  World world(43, Faults{});
  for (int key = 1; key <= 300; ++key) add(world, key, 1);
  std::vector<Instant> asked_at;
  world.fate = [&](const Request& request) -> std::optional<CallResult> {
    if (request.url.find("order") == std::string::npos) return std::nullopt;
    asked_at.push_back(world.now);
    return answer(401);
  };
  Core core(world, world, Options{});
  REQUIRE(world.start(core, program(world, {pipeline("p", "sim.new", {upsert("sim.order", {}, "other")})})));
  world.run(core, world.now + minutes(10));
  REQUIRE(asked_at.size() > 5);
  for (std::size_t i = 2; i < asked_at.size(); ++i)  // two batches were out when the first was refused
    CHECK(asked_at[i] - asked_at[i - 1] >= std::chrono::milliseconds(300));
  CHECK(counters_of(world, "p").in_flight() == 300);
}

TEST_CASE("a node is told when its effect may have been sent before: after a doubtful response and after a death") {
  World world(44, Faults{});
  add(world, 1, 1);
  std::vector<Delivery> told;
  bool lost = true;
  world.fate = [&](const Request& request) -> std::optional<CallResult> {
    if (!lost || request.url.find("order/create") == std::string::npos) return std::nullopt;
    return answer(503);  // it may have been done
  };
  const auto run = program(world, {pipeline("p", "sim.new", {upsert("sim.order", {}, "other")})});
  Registry listening = *run->registry;
  ActionNode node = *listening.action("sim.order");
  node.work = [&told, work = node.work](Connection& connection, Batch batch, Calls& calls) {
    for (const Operation& each : batch) told.push_back(each.delivery);
    return work(connection, std::move(batch), calls);
  };
  listening.put(node);
  run->registry = std::make_shared<const Registry>(std::move(listening));
  {
    Core core(world, world, Options{});
    REQUIRE(world.start(core, run));
    for (int i = 0; i < 60 && told.size() < 2; ++i) world.run(core, world.now + seconds(1));
    REQUIRE(told.size() >= 2);
    CHECK(told[0] == Delivery::not_sent);
    CHECK(told[1] == Delivery::unknown);
  }
  world.restart();
  told.clear();
  lost = false;
  Core core(world, world, Options{});
  REQUIRE(world.start(core, run));
  world.run(core, world.now + seconds(60));
  REQUIRE_FALSE(told.empty());
  CHECK(told[0] == Delivery::unknown);
  CHECK(world.target.kinds["order"].size() == 1);
}

TEST_CASE("a read or a commit that failed ends the process, and nothing more is sent") {
  for (const bool reads : {false, true}) {
    World world(45, Faults{});
    Failing journal;
    world.use(journal);
    add(world, 1, 1);
    add(world, 2, 1, seconds(20));
    Core core(world, world, Options{});
    REQUIRE(world.start(core, program(world, {pipeline("tell", "sim.new", {message(numbered("m"))})})));
    world.run(core, world.now + seconds(10));
    REQUIRE(world.target.sent.size() == 1);
    (reads ? journal.reads_fail : journal.commits_fail) = true;
    CHECK(world.run(core, world.now + minutes(5)) == World::End::broken);
    REQUIRE(core.broken() != nullptr);
    CHECK(core.broken()->message == (reads ? "the disk does not answer" : "the disk is full"));
    CHECK(world.target.sent.size() == 1);
  }
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

TEST_CASE("an outcome of a kind that is not known is an error, and its delivery is a doubt") {
  CHECK(decode_outcome(encode_outcome(Outcome::done("create"))));
  for (const char* text : {R"({"kind":"postponed","operation":"create"})", R"({"operation":"create"})", "[]", "",
                           R"({"kind":"failed","failure":{"kind":"odd","reason":"x","delivery":"not_sent"}})"}) {
    CAPTURE(text);
    CHECK_FALSE(decode_outcome(text));
  }
  const auto odd = decode_outcome(R"({"kind":"failed","failure":{"kind":"permanent","delivery":"perhaps"}})");
  REQUIRE(odd);
  CHECK(odd->failure->delivery == Delivery::unknown);
}

TEST_CASE("what an outcome that cannot be read stands for is not sent again by at_most_once") {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / fmt::format("pipewright-promises-{}", getpid());
  std::filesystem::create_directories(folder);
  const std::string file = (folder / "journal.db").string();
  {
    World world(40, Faults{});
    add(world, 1, 1);
    auto journal = SqliteJournal::open(file, SqliteJournal::Mode::write);
    REQUIRE(journal);
    world.use(**journal);
    world.fate = [](const Request& request) -> std::optional<CallResult> {
      if (request.body.find("\"fail") == std::string::npos) return std::nullopt;
      return answer(400);
    };
    Core core(world, world, Options{});
    REQUIRE(world.start(
        core, program(world, {pipeline("tell", "sim.new", {message(numbered("notify")), message(numbered("fail"))})})));
    world.run(core, world.now + seconds(20));
    REQUIRE(times(world, "notify1#1") == 1);
    REQUIRE(counters_of(world, "tell").parked == 1);
    sqlite3* raw = nullptr;
    REQUIRE(sqlite3_open(file.c_str(), &raw) == SQLITE_OK);
    const char* newer = R"sql(UPDATE outcome SET outcome = '{"kind":"postponed"}' WHERE address = '1')sql";
    REQUIRE(sqlite3_exec(raw, newer, nullptr, nullptr, nullptr) == SQLITE_OK);
    REQUIRE(sqlite3_changes(raw) == 1);
    sqlite3_close(raw);
    world.fate = nullptr;
    CHECK(retried(world, core, {1})[0].accepted);
    world.run(core, world.now + seconds(20));
    CHECK(times(world, "notify1#1") == 1);
    CHECK(counters_of(world, "tell").parked == 1);
    CHECK((*world.reader().listed(1))->reason.find("at_most_once") != std::string::npos);
  }
  std::filesystem::remove_all(folder);
}

// ---- budgets

TEST_CASE("memory follows a bound of bytes, whatever an event weighs (engine B16)") {
  World world(19, Faults{});
  for (int key = 1; key <= 400; ++key) {
    add(world, key, 1);
    world.script.back().record.emplace_back("text", Value(std::string(100'000, 'x')));
  }
  Options options;
  options.window_bytes = 2'000'000;
  options.page = 50;
  world.fate = [](const Request& request) -> std::optional<CallResult> {
    if (request.url.find("order") == std::string::npos) return std::nullopt;
    return answer(503);
  };
  Core core(world, world, options);
  REQUIRE(world.start(core, program(world, {pipeline("p", "sim.new", {upsert("sim.order")})})));
  world.run(core, world.now + minutes(2));
  CHECK(counters_of(world, "p").received == 400);
  CHECK(world.most_loaded <= 21);
  CHECK(world.most_loaded >= 10);
}

TEST_CASE("an event with many effects is walked once for a batch of outcomes, not once for each") {
  World world(20, Faults{});
  List many;
  for (int i = 0; i < 2000; ++i) many.emplace_back(fmt::format("sku {}", i));
  add(world, 1, 1);
  world.script.back().record.emplace_back("skus", Value(std::move(many)));
  plan::Action log = action("sim.log", Verb::send, "", {});
  log.keys.clear();
  log.text = text({lit("sku "), slot(3)});
  Reached reached;
  Options options;
  options.reached = &reached;
  Core core(world, world, options);
  REQUIRE(world.start(
      core,
      program(world, {pipeline("p", "sim.new",
                               {where(op(Operator::greater, order("n"), lit(0))),
                                step(plan::Each{3, order("skus"), Box<plan::Steps>(plan::Steps{step(log, "log")})},
                                     "each")})})));
  world.run(core, world.now + seconds(20));
  CHECK(counters_of(world, "p").unchanged == 1);
}

}  // namespace pipewright::engine
