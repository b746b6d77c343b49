// What has threads: the loop's journal writer, curl, the HTTP server. Run under the thread sanitizer.
#include <doctest/doctest.h>

#include <unistd.h>

#include <filesystem>

#include "dsl/check.hpp"
#include "engine/bind.hpp"
#include "engine/core/core.hpp"
#include "engine/journal/sqlite.hpp"
#include "engine/run/loop.hpp"
#include "stdlib/crm/sandbox/sandbox.hpp"
#include "stdlib/stdlib.hpp"
#include "stdlib/wb/sandbox/sandbox.hpp"

using namespace pipewright;

TEST_CASE("the whole engine over loopback, with its threads") {
  wb::sandbox::Sandbox wildberries;
  crm::sandbox::Sandbox retailcrm;
  wildberries.add_tasks(wb::sandbox::Scheme::fbs, 120);
  const std::string path =
      (std::filesystem::temp_directory_path() / ("pipewright-threads-" + std::to_string(::getpid()) + ".db")).string();

  const auto registry = std::make_shared<const engine::Registry>(stdlib::registry());
  engine::Config config = engine::default_config(*registry, ".");
  for (const char* host : {"marketplace", "statistics", "analytics", "content"})
    config.connections["wb"].values[std::string(host) + "_url"] = engine::Value(wildberries.url());
  config.connections["wb"].secrets["token"] = Secret(wildberries.credential());
  config.connections["wb"].rates[""] = {};
  config.connections["crm"].values["url"] = engine::Value(retailcrm.url());
  config.connections["crm"].values["site"] = engine::Value("wb");
  config.connections["crm"].secrets["key"] = Secret(retailcrm.credential());
  config.connections["crm"].rates[""] = {};

  dsl::ProgramInput input;
  input.files = {{"shop.pipe",
                  "on wb.fbs.new -> crm.client upsert by external_id { external_id: order.order_uid } -> crm.order\n"}};
  const dsl::Checked checked = dsl::check(input, stdlib::catalog());
  REQUIRE(checked.diagnostics.empty());
  const auto connections = engine::open_connections(*registry, config, engine::Loop::now());
  REQUIRE(connections);
  const auto runnable =
      engine::bind(std::make_shared<const dsl::plan::Plan>(checked.plan), registry, config, *connections, "");
  REQUIRE(runnable);
  {
    auto journal = engine::SqliteJournal::open(path, engine::SqliteJournal::Mode::write);
    REQUIRE(journal);
    engine::Observer observer;
    engine::Loop loop(**journal, {});
    engine::Options options;
    options.once = true;
    engine::Core core(loop, observer, options);
    REQUIRE(loop.start(core, *runnable));
    for (int rounds = 0; rounds < 10000 && !core.drained(); ++rounds) {
      if (rounds % 50 == 0) loop.prune(engine::Loop::now() - std::chrono::hours(24), core.plans());
      REQUIRE(loop.round(core, std::chrono::milliseconds(200)));
    }
    CHECK(core.drained());
    CHECK(core.undrained().empty());
  }
  CHECK(retailcrm.state()["orders"].size() == 120);
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) std::filesystem::remove(path + suffix);
}
