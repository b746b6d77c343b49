// What one source of an account has seen, another one knows: after a commit, after a restart, and of that account
// alone.
#include <doctest/doctest.h>

#include "dsl/check.hpp"
#include "engine/bind.hpp"
#include "engine/core/core.hpp"
#include "engine/journal/memory.hpp"
#include "engine/run/virtual.hpp"
#include "stdlib/stdlib.hpp"

namespace pipewright::engine {
namespace {

NewEvent event_of(const std::string& key) {
  NewEvent event;
  event.identity = event.key = key;
  event.raw = Value(Record{});
  return event;
}

// Sees one thing at its first poll, and says so to the account.
Task<Page> see(Connection&, Look look, Calls&) {
  Page page;
  page.cursor = "seen";
  if (!look.cursor.empty()) co_return page;
  page.events.push_back(event_of("7"));
  page.shared.push_back({"things", {"7", "as it was", true, false}});
  co_return page;
}

// An event for everything that the account knows and that is open.
Task<Page> know(Connection&, Look, Calls& calls) {
  Page page;
  page.cursor = "known";
  const std::vector<Seen> all = co_await calls.load_shared_open("things", "", 10);
  for (const Seen& each : all) {
    std::vector<std::string> keys(1, "8");
    keys.push_back(each.key);
    const auto same = co_await calls.load_shared("things", keys);
    if (same.size() == 1 && same.at(each.key).state == "as it was") page.events.push_back(event_of(each.key));
  }
  co_return page;
}

int first_pages = 0;

// Its first page is good, its second one fails.
Task<Page> half(Connection&, Look look, Calls&) {
  Page page;
  if (look.cursor == "second") {
    page.cursor = "first";
    page.failure.emplace().reason = "away";
    co_return page;
  }
  ++first_pages;
  page.cursor = "second";
  page.more = true;
  co_return page;
}

std::shared_ptr<const Runnable> runnable_of(const std::string& program) {
  auto registry = std::make_shared<Registry>(stdlib::registry());
  SourceNode sees = *registry->source("wb.dbs.new");
  sees.look = see;
  registry->put(std::move(sees));
  SourceNode knows = *registry->source("wb.dbs.changed");
  knows.look = know;
  registry->put(std::move(knows));
  SourceNode fails = *registry->source("wb.dbw.new");
  fails.look = half;
  registry->put(std::move(fails));
  Config config = default_config(*registry, ".");
  config.connections["wb"].secrets["token"] = Secret("x");
  dsl::ProgramInput input;
  input.files.emplace_back("a.pipe", program);
  const dsl::Catalog catalog = stdlib::catalog();
  const dsl::Checked checked = dsl::check(input, catalog);
  REQUIRE_FALSE(dsl::has_errors(checked.diagnostics));
  const auto connections = open_connections(*registry, config, Instant(Duration(1)));
  REQUIRE(connections);
  const auto runnable = engine::bind(std::make_shared<const dsl::plan::Plan>(checked.plan),
                                     std::shared_ptr<const Registry>(registry), config, *connections, "");
  REQUIRE(runnable);
  return *runnable;
}

std::int64_t received(MemoryJournal& journal, const std::string& program, const std::string& pipeline) {
  VirtualLoop loop(
      journal, [](const auto&, const auto&, Instant) { return CallResult(Answer{}); },
      Instant(Duration(1'795'600'000'000)), 1);
  Observer observer;
  Options options;
  options.once = true;
  Core core(loop, observer, options);
  const auto ended = loop.run(core, runnable_of(program), Instant(Duration(1'795'700'000'000)));
  REQUIRE(ended);
  const auto counters = journal.counters();
  const auto found = counters->find(pipeline);
  return found == counters->end() ? 0 : found->second.received;
}

}  // namespace

TEST_CASE("what one source of an account has seen is there for another one, also in the next process") {
  MemoryJournal journal;
  CHECK(received(journal, "pipeline sees on wb.dbs.new -> log.info \"seen\"\n", "sees") == 1);
  CHECK(received(journal, "pipeline knows on wb.dbs.changed -> log.info \"known\"\n", "knows") == 1);
  // Another account knows nothing of it.
  MemoryJournal other;
  CHECK(received(other, "pipeline knows on wb.dbs.changed -> log.info \"known\"\n", "knows") == 0);
}

namespace {

struct Reports : Observer {
  int failing = 0;
  void source_failing(const std::string&, const std::string&, const Failure&) override { ++failing; }
};

}  // namespace

TEST_CASE("a source whose later pages fail is given up in `once`, and reported once") {
  MemoryJournal journal;
  VirtualLoop loop(
      journal, [](const auto&, const auto&, Instant) { return CallResult(Answer{}); },
      Instant(Duration(1'795'600'000'000)), 1);
  Reports observer;
  Options options;
  options.once = true;
  Core core(loop, observer, options);
  first_pages = 0;
  const auto ended =
      loop.run(core, runnable_of("on wb.dbw.new -> log.info \"x\"\n"), Instant(Duration(1'795'700'000'000)));
  REQUIRE(ended);
  CHECK(*ended);
  CHECK_FALSE(core.undrained().empty());
  CHECK(observer.failing == 1);
  CHECK(first_pages < 20);
}

}  // namespace pipewright::engine
