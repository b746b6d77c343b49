// The example pipelines in virtual time, with the real connectors: a crash at every boundary (an answer lost, a call
// never made, a commit that was or was not made) loses and doubles nothing. The sandboxes answer over loopback; the
// clock, the order of things and the crash come from the test.
#include <doctest/doctest.h>

#include <atomic>
#include <deque>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "dsl/check.hpp"
#include "engine/bind.hpp"
#include "engine/core/core.hpp"
#include "engine/journal/memory.hpp"
#include "stdlib/crm/sandbox/sandbox.hpp"
#include "stdlib/stdlib.hpp"
#include "stdlib/wb/sandbox/sandbox.hpp"
#include "tests/support/loopback.hpp"

using namespace pipewright;
using Json = nlohmann::json;
using wb::sandbox::Scheme;

namespace {

struct Crash {};

// Everything that survives the process: both systems, the journal, the time.
struct World {
  explicit World(std::uint64_t seed) : wildberries(wb_options(seed)), retailcrm(crm_options(seed)), random(seed) {}

  wb::sandbox::Options wb_options(std::uint64_t seed) {
    wb::sandbox::Options options;
    options.seed = seed;
    options.clock = [this] { return std::chrono::system_clock::time_point(std::chrono::milliseconds(now.load())); };
    return options;
  }
  crm::sandbox::Options crm_options(std::uint64_t seed) {
    crm::sandbox::Options options;
    options.seed = seed;
    options.clock = [this] { return std::chrono::system_clock::time_point(std::chrono::milliseconds(now.load())); };
    return options;
  }

  std::atomic<std::int64_t> now{1764000000000};
  wb::sandbox::Sandbox wildberries;
  crm::sandbox::Sandbox retailcrm;
  engine::MemoryJournal journal;
  std::mt19937_64 random;
  std::size_t boundary = 0;  ///< passed so far
  std::size_t crash_at = SIZE_MAX;
  bool done_before_crash = false;  ///< the call was made, the commit took place, and nobody heard of it
};

// One life of the process.
class Life : public engine::Ports {
 public:
  explicit Life(World& world) : world_(world) {}

  void send(engine::CallId id, const std::string&, const engine::Request& request) override {
    calls_.push_back({id, request});
  }
  void commit(engine::CommitId id, engine::Transaction transaction) override {
    journal_work_.emplace_back(id, std::move(transaction));
  }
  void query(engine::QueryId id, engine::Query query) override { journal_work_.emplace_back(id, std::move(query)); }
  double jitter() override { return std::uniform_real_distribution<double>(0, 1)(world_.random); }

  void live(const std::shared_ptr<const engine::Runnable>& runnable) {
    engine::Observer observer;
    engine::Options options;
    options.once = true;
    engine::Core core(*this, observer, options);
    REQUIRE(core.start(runnable, *world_.journal.open(), now()));
    for (int rounds = 0; !core.drained(); ++rounds) {
      REQUIRE(rounds < 100000);
      REQUIRE(core.broken() == nullptr);
      if (!journal_work_.empty()) {
        auto [id, work] = std::move(journal_work_.front());
        journal_work_.pop_front();
        if (const auto* query = std::get_if<engine::Query>(&work)) {
          core.replied(now(), id, world_.journal.query(*query));
          continue;
        }
        const auto& transaction = std::get<engine::Transaction>(work);
        const bool crash = at_boundary();
        if (crash && !world_.done_before_crash) throw Crash{};
        const auto committed = world_.journal.commit({&transaction, 1});
        REQUIRE(committed);
        if (crash) throw Crash{};
        core.committed(now(), id, committed->front());
      } else if (!calls_.empty()) {
        const Call call = calls_.front();
        calls_.pop_front();
        const bool crash = at_boundary();
        if (crash && !world_.done_before_crash) throw Crash{};
        engine::CallResult result = make(call.request);
        if (crash) throw Crash{};
        world_.now += 7;
        core.answered(now(), call.id, std::move(result));
      } else {
        const auto wakes = core.wakes_at();
        REQUIRE(wakes);
        world_.now = std::max(world_.now.load() + 1, wakes->time_since_epoch().count());
        core.tick(now());
      }
    }
    CHECK(core.undrained().empty());
  }

 private:
  struct Call {
    engine::CallId id;
    engine::Request request;
  };

  Instant now() const { return Instant(Duration(world_.now.load())); }
  bool at_boundary() { return ++world_.boundary == world_.crash_at; }

  static engine::CallResult make(const engine::Request& request) {
    tests::Headers headers = request.headers;
    for (const auto& [name, secret] : request.secret_headers) headers.emplace_back(name, secret.reveal());
    tests::Answer answer = tests::request(request.method, request.url, headers, request.body);
    if (answer.status == 0) return tl::unexpected<engine::Lost>(engine::Lost{engine::Delivery::unknown, answer.error});
    engine::Answer made;
    made.status = static_cast<int>(answer.status);
    for (const auto& [name, value] : answer.headers) made.headers.emplace_back(name, value);
    made.body = std::move(answer.body);
    return made;
  }

  World& world_;
  std::deque<Call> calls_;
  std::deque<std::pair<std::uint64_t, std::variant<engine::Transaction, engine::Query>>> journal_work_;
};

std::shared_ptr<const engine::Runnable> program(World& world) {
  static const auto registry = std::make_shared<const engine::Registry>(stdlib::registry());
  static const dsl::Catalog catalog = stdlib::catalog();
  engine::Config config = engine::default_config(*registry, ".");
  auto& wb = config.connections["wb"];
  for (const char* host : {"marketplace", "statistics", "analytics", "content"})
    wb.values[std::string(host) + "_url"] = engine::Value(world.wildberries.url());
  wb.secrets["token"] = Secret(world.wildberries.credential());
  auto& crm = config.connections["crm"];
  crm.values["url"] = engine::Value(world.retailcrm.url());
  crm.values["site"] = engine::Value("wb");
  crm.secrets["key"] = Secret(world.retailcrm.credential());
  dsl::ProgramInput input;
  for (const char* name : {"fbo.pipe", "fbs.pipe", "statuses.pipe", "dbs.pipe"}) {
    std::ifstream in(std::string(PIPEWRIGHT_SOURCE_DIR) + "/pipelines/" + name);
    std::ostringstream text;
    text << in.rdbuf();
    input.files.emplace_back(name, text.str());
  }
  const dsl::Checked checked = dsl::check(input, catalog);
  REQUIRE_FALSE(dsl::has_errors(checked.diagnostics));
  const auto connections = engine::open_connections(*registry, config, Instant(Duration(world.now.load())));
  REQUIRE(connections);
  const auto runnable =
      engine::bind(std::make_shared<const dsl::plan::Plan>(checked.plan), registry, config, *connections, "");
  REQUIRE(runnable);
  return *runnable;
}

// Lives follow one another until one ends by itself.
void live_on(World& world) {
  for (int lives = 0; lives < 5; ++lives) {
    try {
      Life(world).live(program(world));
      return;
    } catch (const Crash&) {
      world.now += 500;
    }
  }
  FAIL("it never ends");
}

std::int64_t crm_id(const World& world, std::int64_t task) {
  const Json state = world.retailcrm.state();
  for (const Json& order : state["orders"]) {
    if (order.value("externalId", "") == std::to_string(task)) return order["id"];
  }
  return 0;
}

// Orders come, one is cancelled, managers move others, a buyer becomes known.
std::size_t story(std::uint64_t seed, std::size_t crash_at, bool done_before_crash) {
  World world(seed);
  live_on(world);  // the sources take their places
  const auto fbs = world.wildberries.add_tasks(Scheme::fbs, 3);
  const auto dbs = world.wildberries.add_tasks(Scheme::dbs, 2);
  std::vector<std::string> fbo;
  for (int i = 0; i < 2; ++i) fbo.push_back(world.wildberries.add_fbo_order());
  world.boundary = 0;
  world.crash_at = crash_at;
  world.done_before_crash = done_before_crash;
  world.now += 120000;
  live_on(world);
  world.wildberries.set_status(fbs[0], "", "declined_by_client");
  world.retailcrm.set_status(crm_id(world, fbs[1]), "assembling");
  world.retailcrm.set_status(crm_id(world, dbs[0]), "client-confirmed");
  world.now += 120000;
  live_on(world);
  world.now += 120000;
  live_on(world);

  const Json crm = world.retailcrm.state();
  CHECK(crm["orders"].size() == fbs.size() + dbs.size() + fbo.size());
  std::map<std::string, std::string> status;
  for (const Json& order : crm["orders"]) status[order.value("externalId", "")] = order["status"];
  for (const auto& key : fbo) CHECK(status.contains(key));
  CHECK(status[std::to_string(fbs[0])] == "cancel-other");
  CHECK(status[std::to_string(fbs[1])] == "assembling");
  CHECK(status[std::to_string(fbs[2])] == "new");
  std::set<std::string> names;
  for (const Json& client : crm["customers"])
    CHECK(names.insert(client.value("externalId", client.value("firstName", ""))).second);
  const Json wildberries = world.wildberries.state();
  for (const Json& task : wildberries["orders"]) {
    if (task["id"] == fbs[1]) CHECK(task["supplierStatus"] == "confirm");
    if (task["id"] == dbs[0]) CHECK(task["supplierStatus"] == "confirm");
    if (task["id"] == fbs[2]) CHECK(task["supplierStatus"] == "new");
  }
  const auto all_counters = world.journal.counters();
  for (const auto& [pipeline, counters] : *all_counters) {
    CHECK_MESSAGE(counters.in_flight() == 0, pipeline);
    CHECK_MESSAGE(counters.parked == 0, pipeline);
  }
  return world.boundary;
}

}  // namespace

TEST_CASE("a crash at every boundary of the example pipelines loses and doubles nothing") {
  const std::size_t boundaries = story(1, SIZE_MAX, false);
  MESSAGE("boundaries: ", boundaries);
  REQUIRE(boundaries > 30);
  for (std::size_t at = 1; at <= boundaries; ++at) {
    for (const bool done : {false, true}) {
      CAPTURE(at);
      CAPTURE(done);
      story(1, at, done);
    }
  }
}
