// Whole lives in a simulated world: faults by chance, deaths at chance boundaries, from a seed that repeats a failure.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "../unit/engine/build.hpp"
#include "engine/simulation/world.hpp"

namespace pipewright::engine {
namespace {

using namespace build;
using plan::Operator;
using simulation::Faults;
using simulation::World;

// Two pipelines of one source (their events share keys), `each` over lines, a branch, a listener, an unasked message.
std::vector<plan::Pipeline> program() {
  plan::Action client = action("sim.client", Verb::ensure, "client", {{"external_id", order("user")}});
  client.result = 2;
  plan::Action whole = action("sim.order", Verb::upsert, "order",
                              {{"external_id", order("id")}, {"client", field(slot(2), "id")}, {"n", order("n")}});
  plan::Action line = action("sim.line", Verb::upsert, "line",
                             {{"external_id", text({order("id"), lit("-"), slot(3)})}, {"n", order("n")}});
  plan::Steps each;
  each.push_back(where(op(Operator::unequal, slot(3), lit("b"))));
  each.push_back(step(line, "line"));
  plan::Steps first;
  first.push_back(step(client, "client"));
  first.push_back(step(whole, "order"));
  first.push_back(step(plan::Each{3, order("skus"), Box<plan::Steps>(each)}, "each"));

  plan::Action send = action("sim.send", Verb::send, "", {});
  send.keys.clear();
  send.text = text({order("id"), lit("#"), order("n")});
  send.delivery = plan::Action::Delivery::at_least_once;
  plan::When when;
  when.branches.push_back(
      {op(Operator::equal, op(Operator::remainder, order("n"), lit(2)), lit(0)), {step(send, "send")}});
  plan::Steps second;
  second.push_back(step(when, "when"));
  plan::Action find = action("sim.order", Verb::find, "order", {{"external_id", order("id")}});
  find.otherwise = plan::Action::Otherwise::skip;
  second.push_back(step(find, "find"));

  plan::Pipeline listener = pipeline(
      "heard", "",
      {step(action("sim.copy", Verb::upsert, "copy", {{"external_id", order("id")}, {"n", order("n")}}), "copy")});
  listener.upstream = {"orders"};
  return {pipeline("orders", "sim.new", std::move(first)), pipeline("tell", "sim.new", std::move(second)),
          std::move(listener)};
}

void live(std::uint64_t seed) {
  CAPTURE(seed);
  std::mt19937_64 chance(seed);
  const auto below = [&](std::uint64_t n) { return static_cast<int>(chance() % n); };
  World world(seed, Faults{0.02 * below(4), 0.01 * below(4), 0.02 * below(3), 0.02 * below(3), Duration(1 + below(10)),
                           Duration(20 + below(900))});
  const int keys = 1 + below(8);
  const int changes = 1 + below(4);
  for (int n = 1; n <= changes; ++n) {
    for (int key = 1; key <= keys; ++key) {
      Record record{{"id", Value(key)},
                    {"n", Value(n)},
                    {"user", Value(fmt::format("u{}", key % 3))},
                    {"skus", Value(List{"a", "b", "c"})}};
      world.script.push_back({world.now + std::chrono::seconds(n * below(20)), fmt::format("{}#{}", key, n),
                              fmt::format("{}", key), std::move(record)});
    }
  }
  std::stable_sort(world.script.begin(), world.script.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  // Within a key the changes come in their order.
  std::map<std::string, std::vector<int>> numbers;
  for (const auto& each : world.script)
    numbers[each.key].push_back(std::atoi(find_field(each.record, "n")->id_text().c_str()));
  std::map<std::string, std::size_t> used;
  for (auto& [key, list] : numbers) std::sort(list.begin(), list.end());
  for (auto& each : world.script) {
    const int n = numbers[each.key][used[each.key]++];
    set_field(each.record, "n", Value(n));
    each.identity = fmt::format("{}#{}", each.key, n);
  }

  auto run = std::make_shared<Runnable>();
  auto plan = std::make_shared<plan::Plan>();
  plan->pipelines = program();
  plan->hash = "one";
  run->plan = plan;
  run->registry = simulation::registry(world);
  run->connections = simulation::connections(below(2) == 0 ? Rate{} : Rate{Duration(200), 3});
  world.plans["one"] = run;
  Options options;
  options.window = static_cast<std::size_t>(2 + below(30));
  options.page = static_cast<std::size_t>(1 + below(20));
  for (int life = 0; life < 6; ++life) {
    world.crash_at(life < 4 ? static_cast<std::size_t>(1 + below(80)) : 0);
    Core core(world, world, options);
    REQUIRE(world.start(core, run));
    world.run(core, world.now + std::chrono::hours(life < 4 ? 1 : 3));
    world.restart();
  }
  for (const std::string& broken : simulation::broken_promises(world)) FAIL_CHECK(broken);
  const std::int64_t all = keys * changes;
  for (const char* name : {"orders", "tell", "heard"}) {
    CAPTURE(name);
    const Counters books = (*world.journal_.counters())[name];
    CHECK(books.received == all);
    CHECK(books.in_flight() == 0);
    CHECK(books.parked == 0);
  }
  CHECK(world.target.kinds["order"].size() == static_cast<std::size_t>(keys));
  CHECK(world.target.kinds["line"].size() == static_cast<std::size_t>(2 * keys));
  CHECK(world.target.kinds["client"].size() == static_cast<std::size_t>(std::min(keys, 3)));
  for (const char* kind : {"order", "line", "copy"}) {
    for (const auto& kept : world.target.kinds[kind])
      CHECK(find_field(kept.fields, "n")->id_text() == fmt::format("{}", changes));
  }
  const std::set<std::string> sent(world.target.sent.begin(), world.target.sent.end());
  CHECK(sent.size() == static_cast<std::size_t>(keys * (changes / 2)));
}

}  // namespace

TEST_CASE("whatever fails and dies, nothing is lost, doubled or overtaken, and the books balance") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) live(seed);
}

}  // namespace pipewright::engine
