// What the journal cannot give back is possibly done, and never nothing.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>

#include "build.hpp"
#include "engine/journal/sqlite.hpp"
#include "engine/simulation/world.hpp"

namespace pipewright::engine {
namespace {

using namespace build;
using simulation::Faults;
using simulation::World;
using std::chrono::seconds;

struct Database {
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / fmt::format("pipewright-unreadable-{}", getpid());
  Database() {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
  }
  ~Database() { std::filesystem::remove_all(folder); }
  [[nodiscard]] std::string path() const { return (folder / "journal.db").string(); }
  void change(const char* sql) const {
    sqlite3* raw = nullptr;
    REQUIRE(sqlite3_open(path().c_str(), &raw) == SQLITE_OK);
    REQUIRE(sqlite3_exec(raw, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(raw);
  }
};

/// A message, then an order; the order's target is away until it is let in.
struct Case {
  World world{1, Faults{}};
  Database database;
  std::unique_ptr<SqliteJournal> journal;
  std::unique_ptr<Core> core;
  std::shared_ptr<Runnable> runnable = std::make_shared<Runnable>();
  bool away = true;

  Case() {
    Record record{{"id", Value(1)}, {"n", Value(1)}};
    world.script.push_back({world.now, "1#1", "1", std::move(record)});
    world.fate = [this](const Request& request) -> std::optional<CallResult> {
      if (!away || request.url.find("order") == std::string::npos) return std::nullopt;
      return CallResult(Answer{429, {}, "slow down", {}});
    };
    plan::Action send = action("sim.send", Verb::send, "", {{"n", order("n")}});
    send.keys.clear();
    send.text = text({lit("m"), order("id")});
    send.delivery = plan::Action::Delivery::at_most_once;
    plan::Action client = action("sim.client", Verb::upsert, "", {{"external_id", order("id")}, {"n", order("n")}});
    plan::Action whole = action("sim.order", Verb::upsert, "", {{"external_id", order("id")}, {"n", order("n")}});
    auto plan = std::make_shared<plan::Plan>();
    plan->hash = "one";
    plan->pipelines = {pipeline("p", "sim.new", {step(send, "send"), step(client, "client"), step(whole, "order")})};
    runnable->plan = plan;
    runnable->registry = simulation::registry(world);
    runnable->connections = simulation::connections();
    world.plans["one"] = runnable;
    live(seconds(20));
  }

  void live(Duration time) {
    core.reset();
    journal.reset();
    world.restart();
    auto opened = SqliteJournal::open(database.path(), SqliteJournal::Mode::write);
    REQUIRE(opened);
    journal = std::move(*opened);
    world.use(*journal);
    core = std::make_unique<Core>(world, world, Options{});
    REQUIRE(world.start(*core, runnable));
    world.run(*core, world.now + time);
  }

  // The process dies, and what lies in the database changes.
  void damage(const char* sql) {
    core.reset();
    journal.reset();
    database.change(sql);
    away = false;
    live(seconds(100));
  }

  [[nodiscard]] ListedEvent event() const {
    const auto listed = journal->listed(1);
    REQUIRE(listed);
    REQUIRE(*listed);
    return **listed;
  }
};

}  // namespace

TEST_CASE("an outcome that cannot be read was possibly done: at_most_once parks, others are asked (engine A4)") {
  for (const char* damaged : {"UPDATE outcome SET outcome = 'no JSON'",
                              "UPDATE outcome SET outcome = json_replace(outcome, '$.kind', 'of a newer version')"}) {
    Case life;
    life.damage(damaged);
    CHECK(life.world.target.sent.size() == 1);
    REQUIRE(life.event().outcome == EndingKind::parked);
    CHECK(life.event().reason.find("at_most_once") != std::string::npos);
    // A retry forgets neither.
    std::optional<std::vector<RetryAnswer>> answers;
    life.core->retry({1}, false, false, life.world.clock(), [&](std::vector<RetryAnswer> said) { answers = said; });
    life.world.run(*life.core, life.world.now + seconds(100));
    CHECK(life.world.target.sent.size() == 1);
    CHECK(life.event().outcome == EndingKind::parked);
  }
  Case keyed;
  keyed.damage("UPDATE outcome SET outcome = 'no JSON' WHERE node = 'sim.client'");
  CHECK(keyed.event().outcome == EndingKind::written);
  CHECK(keyed.world.target.calls["client/create"] == 1);
  CHECK(keyed.world.target.calls["client/find"] == 2);
  CHECK(keyed.world.target.sent.size() == 1);
}

TEST_CASE("an event whose record cannot be read parks, and says so (engine A3)") {
  Case life;
  life.damage("UPDATE event SET record = '{\"id\":1,\"text\":\"\xD0'");
  REQUIRE(life.event().outcome == EndingKind::parked);
  CHECK(life.event().reason.find("cannot be read") != std::string::npos);
  CHECK(life.world.target.kinds["order"].empty());
}

}  // namespace pipewright::engine
