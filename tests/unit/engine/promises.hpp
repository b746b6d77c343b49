// What the tests of the promises share: programs, events, and what people ask.
#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "build.hpp"
#include "engine/simulation/world.hpp"

namespace pipewright::engine::promises {

using namespace build;
using plan::Operator;
using simulation::Faults;
using simulation::World;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

inline plan::Step upsert(const char* node, std::vector<plan::Field> fields = {}, const char* connection = "sim") {
  std::vector<plan::Field> all{{"external_id", order("id")}, {"n", order("n")}};
  all.insert(all.end(), fields.begin(), fields.end());
  plan::Action made = action(node, Verb::upsert, "", std::move(all));
  made.connection = connection;
  return step(std::move(made), node);
}

inline plan::Step message(Expr text, plan::Action::Delivery delivery = plan::Action::Delivery::at_most_once,
                          const char* node = "sim.send", const char* connection = "sim") {
  plan::Action send = action(node, Verb::send, "", {{"n", order("n")}});
  send.keys.clear();
  send.text = std::move(text);
  send.delivery = delivery;
  send.connection = connection;
  return step(std::move(send), "send");
}

inline Expr numbered(const char* word) { return text({lit(word), order("id"), lit("#"), order("n")}); }

inline std::shared_ptr<Runnable> program(World& world, std::vector<plan::Pipeline> pipelines, std::string hash = "one",
                                         Rate rate = {}) {
  auto made = std::make_shared<Runnable>();
  auto plan = std::make_shared<plan::Plan>();
  plan->pipelines = std::move(pipelines);
  plan->hash = std::move(hash);
  made->plan = plan;
  made->registry = simulation::registry(world);
  made->connections = simulation::connections(rate);
  world.plans[made->plan->hash] = made;
  return made;
}

inline void add(World& world, int key, int n, Duration later = Duration(0)) {
  Record record{{"id", Value(key)}, {"n", Value(n)}, {"user", Value(fmt::format("u{}", key))}};
  world.script.push_back({world.now + later, fmt::format("{}#{}", key, n), fmt::format("{}", key), std::move(record)});
}

inline Counters counters_of(const World& world, const std::string& pipeline) {
  const auto all = world.reader().counters();
  const auto found = all->find(pipeline);
  return found == all->end() ? Counters{} : found->second;
}

inline std::size_t times(const World& world, const std::string& text) {
  return static_cast<std::size_t>(std::count(world.target.sent.begin(), world.target.sent.end(), text));
}

inline std::vector<RetryAnswer> asked(World& world, Core& core, const std::function<void(Core::Answers)>& question) {
  std::optional<std::vector<RetryAnswer>> into;
  question([&](std::vector<RetryAnswer> answers) { into = std::move(answers); });
  for (int rounds = 0; rounds < 100 && !into; ++rounds) world.run(core, world.now);
  REQUIRE(into);
  return *into;
}

inline std::vector<RetryAnswer> retried(World& world, Core& core, std::vector<EventId> ids, bool as_was = false,
                                        bool stale = false) {
  return asked(world, core, [&](Core::Answers answered) {
    core.retry(std::move(ids), as_was, stale, world.clock(), std::move(answered));
  });
}

inline CallResult answer(int status, std::string body = "no") { return Answer{status, {}, std::move(body), {}}; }

}  // namespace pipewright::engine::promises
