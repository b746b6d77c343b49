// Long lives in a simulated world where everything happens together, from a seed: faults of every kind, processes that
// die at any boundary, clean stops, edits of the program with events under way, retries, clocks that are set. The calls
// are judged, not only where it all ends. Once over the memory journal, once over SQLite on a disk that fails.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include "../support/faulty_disk.hpp"
#include "../unit/engine/build.hpp"
#include "engine/journal/sqlite.hpp"
#include "engine/simulation/world.hpp"

namespace pipewright::engine {
namespace {

using namespace build;
using plan::Operator;
using simulation::Faults;
using simulation::World;
using Delivery_ = plan::Action::Delivery;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

plan::Step write(const char* node, Expr key, std::vector<plan::Field> more = {}, const char* connection = "sim") {
  std::vector<plan::Field> fields{{"external_id", std::move(key)}, {"n", order("n")}};
  fields.insert(fields.end(), more.begin(), more.end());
  plan::Action made = action(node, Verb::upsert, "", std::move(fields));
  made.connection = connection;
  return step(std::move(made), node);
}

plan::Step message(const char* word, Delivery_ delivery) {
  plan::Action send = action("sim.send", Verb::send, "", {{"n", order("n")}});
  send.keys.clear();
  send.text = text({lit(word), lit(" "), order("id"), lit("#"), order("n")});
  send.delivery = delivery;
  return step(std::move(send), word);
}

/// The program, as it is edited: another step in front, two that changed places, one pipeline less.
std::vector<plan::Pipeline> program(int edit) {
  plan::Action ensured = action("sim.client", Verb::ensure, "", {{"external_id", order("user")}, {"of", order("n")}});
  ensured.result = 2;
  const plan::Step client = step(ensured, "client");
  const plan::Step whole =
      write("sim.order", order("id"), {{"client", field(slot(2), "id")}, {"after", lit("sim.client")}});
  plan::Steps orders{client, whole};
  plan::Steps both{message("once", Delivery_::at_most_once), write("sim.copy", order("id"), {}, "other")};
  if (edit % 2 == 1) orders.insert(orders.begin(), where(op(Operator::greater, order("n"), lit(0))));
  if (edit % 3 == 1) std::swap(both[0], both[1]);
  if (edit % 3 == 2) both.insert(both.begin(), plan::Step(step(plan::Let{5, order("n")}, "let")));

  plan::When when;
  when.branches.push_back({op(Operator::equal, op(Operator::remainder, order("n"), lit(2)), lit(0)),
                           {message("even", Delivery_::at_least_once)}});
  when.otherwise = {write("sim.line", text({lit("odd-"), order("id")}))};
  plan::Steps inner{write("sim.line", text({order("id"), lit("-"), slot(3)}), {}, "other")};
  plan::Pipeline heard = pipeline("heard", "", {write("sim.heard", order("id"))});
  heard.upstream = {"accepted"};
  std::vector<plan::Pipeline> all{
      pipeline("orders", "sim.new", orders),
      pipeline("both", "sim.new", both),
      pipeline("branches", "sim.new", {step(when, "when")}),
      pipeline("lines", "sim.new", {step(plan::Each{3, order("skus"), Box<plan::Steps>(inner)}, "each")}),
      pipeline("accepted", "sim.new", {where(op(Operator::greater, order("n"), lit(0)))}),
      heard,
      pipeline("loud", "sim.new", {message("loud", Delivery_::at_least_once)}),
      pipeline("files", "sim.lines",
               {step(
                   [] {
                     plan::Action log = action("sim.log", Verb::send, "", {});
                     log.keys.clear();
                     return log;
                   }(),
                   "log")}),
  };
  if (edit != 4) all.push_back(pipeline("sometimes", "sim.new", {write("sim.sometimes", order("id"))}));
  return all;
}

class Life {
 public:
  explicit Life(std::uint64_t seed) : chance_(seed), world(seed, calm()) {
    const int keys = 2 + below(5);
    const int changes = 1 + below(3);
    for (int n = 1; n <= changes; ++n) {
      for (int key = 1; key <= keys; ++key) {
        Record record{{"id", Value(key)}, {"n", Value(n)}, {"user", Value(fmt::format("u{}", key % 3))}};
        List skus;
        for (int i = below(3); i >= 0; --i) skus.emplace_back(fmt::format("s{}", i));
        record.emplace_back("skus", Value(std::move(skus)));
        world.script.push_back({world.now + Duration(n * 60'000 + below(50'000)), fmt::format("{}#{}", key, n),
                                fmt::format("{}", key), std::move(record)});
      }
    }
    std::sort(world.script.begin(), world.script.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  }

  int below(int n) { return static_cast<int>(chance_() % static_cast<std::uint64_t>(n)); }
  static Faults calm() { return {0, 0, 0, 0, Duration(5), Duration(900)}; }

  std::shared_ptr<Runnable> runnable() {
    auto made = std::make_shared<Runnable>();
    auto plan = std::make_shared<plan::Plan>();
    plan->pipelines = program(edit_);
    plan->hash = fmt::format("edit {}", edit_);
    made->plan = plan;
    made->registry = simulation::registry(world);
    if (connections_.empty()) connections_ = simulation::connections({std::chrono::milliseconds(200), 5});
    made->connections = connections_;
    world.plans[plan->hash] = made;
    return made;
  }

  // The next process; what was under way is gone.
  bool start() {
    core = std::make_unique<Core>(world, world, Options{});
    return world.start(*core, runnable()).has_value();
  }
  void die() {
    core.reset();
    world.restart();
    world.crash_at(0);
  }

  // A stretch of time in which something happens.
  void stretch() {
    world.faults({0.03 * below(3), 0.03 * below(3), 0.03 * below(3), 0.03 * below(3), Duration(1 + below(20)),
                  Duration(50 + below(1500))});
    steps += 1;
    switch (below(8)) {
      case 0:
      case 1:
        world.crash_at(static_cast<std::size_t>(1 + below(40)));
        ++doubts;
        break;
      case 2:
        core->stop(world.clock());
        break;
      case 3:
        edit_ = below(5);
        if (const auto swapped = core->swap(runnable(), world.clock()); !swapped) FAIL_CHECK(swapped.error().message);
        break;
      case 4: {
        std::vector<EventId> parked;
        const auto listed = world.reader().events({});
        if (listed) {
          for (const ListedEvent& each : *listed) parked.push_back(each.id);
        }
        core->retry(parked, below(3) == 0, false, world.clock(), [](const std::vector<RetryAnswer>&) {});
        break;
      }
      case 5:
        world.wall_ahead = hours(below(49) - 24);
        break;
      default:
        break;
    }
    const World::End end = world.run(*core, world.now + seconds(1 + below(40)));
    if (end == World::End::broken) ++doubts;
    if (end == World::End::crashed || end == World::End::stopped || end == World::End::broken) die();
  }

  std::uint64_t stretches = 0;
  std::mt19937_64 chance_;
  World world;
  std::unique_ptr<Core> core;
  int doubts = 0;
  int steps = 0;

 private:
  int edit_ = 0;
  std::map<std::string, std::shared_ptr<Connection>> connections_;
};

// What must hold of the calls at the end of a life.
void judge(Life& life) {
  for (const std::string& broken : simulation::broken_promises(life.world)) FAIL_CHECK(broken);
  std::map<std::string, int> sent;
  for (const std::string& text : life.world.target.sent) ++sent[text];
  for (const auto& [text, times] : sent) {
    if (text.starts_with("once")) CHECK_MESSAGE(times == 1, text);
  }
  const auto events = life.world.reader().events({true, 0, 100'000});
  REQUIRE(events);
  for (const ListedEvent& each : *events) {
    CHECK_MESSAGE(each.outcome,
                  fmt::format("event {} of {} has not ended: {}", each.id, each.pipeline, each.waits_for));
    if (each.outcome != EndingKind::parked) continue;
    // Nothing parks without a reason: what may have been sent and must not be again, what is stale, what is gone.
    const bool fair = each.reason.find("at_most_once") != std::string::npos ||
                      each.reason.find("newer event") != std::string::npos ||
                      each.reason.find("is gone") != std::string::npos;
    CHECK_MESSAGE(fair, fmt::format("event {} of {} is parked: {}", each.id, each.pipeline, each.reason));
  }
  for (const simulation::Scripted& each : life.world.script) {
    const std::string text = fmt::format("loud {}", each.identity);
    CHECK_MESSAGE(sent[text] >= 1, text);
  }
}

void live(std::uint64_t seed, int& steps) {
  CAPTURE(seed);
  Life life(seed);
  REQUIRE(life.start());
  for (int i = 0; i < 25; ++i) {
    if (life.core == nullptr) REQUIRE(life.start());
    life.stretch();
  }
  life.world.faults(Life::calm());
  life.world.wall_ahead = Duration(0);
  life.world.crash_at(0);
  if (life.core == nullptr) REQUIRE(life.start());
  life.world.run(*life.core, life.world.now + hours(2));
  judge(life);
  for (const auto& [write, times] : life.world.target.writes) steps += times;
}

}  // namespace

TEST_CASE("whatever happens together, nothing is lost, doubled, overtaken or parked without need") {
  int writes = 0;
  const char* rounds = std::getenv("PIPEWRIGHT_SEEDS");
  const int seeds = rounds != nullptr ? std::atoi(rounds) : 1400;
  for (int seed = 1; seed <= seeds; ++seed) live(static_cast<std::uint64_t>(seed), writes);
  MESSAGE(seeds << " lives, " << writes << " writes judged");
}

TEST_CASE("the same over SQLite, on a disk that loses what was not synced and fails at any call") {
  using test::FaultyDisk;
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    CAPTURE(seed);
    FaultyDisk disk(seed);
    Life life(seed);
    std::unique_ptr<SqliteJournal> journal;
    const auto begin = [&] {  // a process that finds its disk well again
      disk.heal();
      auto opened = SqliteJournal::open("life.db", SqliteJournal::Mode::write, disk.vfs());
      REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().message));
      journal = std::move(*opened);
      life.world.use(*journal);
      REQUIRE(life.start());
    };
    begin();
    for (int i = 0; i < 20; ++i) {
      const auto nth = static_cast<std::uint64_t>(1 + life.below(400));
      switch (life.below(6)) {
        case 0:
          disk.fail(FaultyDisk::Call::write, nth, SQLITE_FULL, 3);
          break;
        case 1:
          disk.fail(FaultyDisk::Call::sync, nth, SQLITE_IOERR_FSYNC);
          break;
        case 2:
          disk.fail(FaultyDisk::Call::read, nth, life.below(2) == 0 ? SQLITE_IOERR_READ : SQLITE_CORRUPT, 2);
          break;
        default:
          break;
      }
      life.stretch();
      if (life.core != nullptr && life.below(5) != 0) continue;
      const bool power = life.core != nullptr;  // the machine, not only the process
      if (power) life.die();
      if (power || life.below(2) == 0) disk.power_off();
      journal.reset();
      begin();
    }
    disk.heal();
    life.world.faults(Life::calm());
    life.world.wall_ahead = Duration(0);
    life.world.crash_at(0);
    life.world.run(*life.core, life.world.now + hours(2));
    judge(life);
    life.core.reset();
    journal.reset();
  }
}

}  // namespace pipewright::engine
