// One event that would take all memory, all time, or make effects without end parks alone. Each walk runs in a child
// process with an address-space and a time limit: what allocates first and asks later dies there.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "build.hpp"
#include "engine/interpret.hpp"
#include "engine/json.hpp"

namespace pipewright::engine {
namespace {

using namespace build;
using plan::Operator;

struct Came {
  bool died = true;
  std::string kind;  // of the ending, or the number of wants
  std::string reason;
  std::size_t line = 0;
};

Progress go(const plan::Steps& steps, const Value& record, const BudgetLimits& limits = {}) {
  const plan::Plan plan;
  const CompiledTables tables;
  const std::map<Address, Recorded> recorded;
  EventData event;
  event.record = record;
  event.limits = limits;
  static std::vector<plan::Pipeline> kept;  // a place of the ending stands in its pipeline
  kept.push_back(pipeline("p", "sim.new", steps, 200));
  return advance(kept.back(), plan, tables, event, recorded);
}

// In a process of its own with 768 MB beyond what this one has mapped, and two minutes of the processor.
Came walked(const plan::Steps& steps, const Value& record) {
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
#ifndef __SANITIZE_ADDRESS__
    long pages = 0;
    if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
      if (std::fscanf(file, "%ld", &pages) != 1) pages = 0;
      std::fclose(file);
    }
    const rlim_t most = static_cast<rlim_t>(pages) * 4096 + (768UL << 20U);
    const rlimit limit{most, most};
    ::setrlimit(RLIMIT_AS, &limit);
#endif
    const rlimit patience{120, 120};  // in seconds of the processor: a busy machine ends nothing
    ::setrlimit(RLIMIT_CPU, &patience);
    const Progress progress = go(steps, record);
    std::string told = progress.ending ? ending_text(progress.ending->kind) + "\n" + progress.ending->reason + "\n" +
                                             std::to_string(progress.ending->place ? progress.ending->place->line : 0)
                                       : std::to_string(progress.wants.size()) + "\n\n0";
    static_cast<void>(!::write(pipe[1], told.data(), told.size()));
    ::_exit(0);
  }
  ::close(pipe[1]);
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t size = 0; (size = ::read(pipe[0], buffer.data(), buffer.size())) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(size));
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  Came came;
  came.died = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
  const std::size_t first = text.find('\n');
  const std::size_t last = text.rfind('\n');
  if (first == std::string::npos || last == first) return came;
  came.kind = text.substr(0, first);
  came.reason = text.substr(first + 1, last - first - 1);
  came.line = static_cast<std::size_t>(std::stoul(text.substr(last + 1)));
  return came;
}

plan::Step let(int into, Expr value) { return step(plan::Let{into, std::move(value)}, "let"); }
Expr each_of(Expr list, int into, Expr element, std::optional<Expr> condition = {}) {
  plan::Comprehension made{std::move(element), into, std::move(list), {}};
  if (condition) made.condition = Box<Expr>(std::move(*condition));
  return at(std::move(made));
}
plan::Step log() {
  plan::Action made = action("sim.send", Verb::send, "", {});
  made.keys.clear();
  made.text = lit("x");
  return step(std::move(made), "log");
}
plan::Step each(int into, Expr list, plan::Steps inner) {
  return step(plan::Each{into, std::move(list), Box<plan::Steps>(std::move(inner))}, "each");
}

Value sample() {
  List numbers;
  for (int i = 0; i < 1000; ++i) numbers.emplace_back(i);
  return Value(Record{{"letters", Value("aaaaaaaaaa")},
                      {"numbers", Value(numbers)},
                      {"long", Value(std::string(4'000'000, 'a'))},
                      {"odd", Value(std::string(4'000'000, '\x01'))}});
}

// Thirty times: what a step makes from the value of the step before.
plan::Steps thirty(const std::function<Expr(Expr)>& make, Expr first) {
  plan::Steps steps = {let(2, std::move(first))};
  for (int i = 0; i < 30; ++i) steps.push_back(let(3 + i, make(slot(2 + i))));
  steps.push_back(where(op(Operator::equal, slot(32), lit("x"))));
  return steps;
}

}  // namespace

TEST_CASE("an event whose values would take all memory parks, and says where and why (engine A10)") {
  const Value event = sample();
  struct Case {
    const char* name;
    plan::Steps steps;
  };
  const auto square = [](Expr inner) { return each_of(order("numbers"), 60, std::move(inner)); };
  Expr nested = slot(2);
  for (int i = 0; i < 12; ++i) nested = call("replace", {std::move(nested), lit("a"), lit("aaaaaaaaaa")});
  const std::vector<Case> cases = {
      {"doubled texts", thirty([](const Expr& a) { return text({a, a}); }, order("letters"))},
      {"doubled lists", thirty([](const Expr& a) { return list({a, a}); }, order("letters"))},
      {"doubled records", thirty([](const Expr& a) { return record({{"a", a}, {"b", a}}); }, order("letters"))},
      {"a text of doubled lists", thirty([](const Expr& a) { return text({list({a, a})}); }, order("letters"))},
      {"a letter replaced by a long text", {let(2, call("replace", {order("long"), lit("a"), order("long")}))}},
      {"nested replace", {let(2, order("letters")), let(3, nested)}},
      {"join with a long separator", {let(2, call("join", {order("numbers"), order("long")}))}},
      {"text of texts that grow when escaped",
       {let(2, text({list({order("odd"), order("odd")}), list({order("odd"), order("odd"), order("odd")})}))}},
      {"many copies of a long text", thirty([](const Expr&) { return order("long"); }, order("long"))},
      {"uppercase again and again", thirty([](const Expr& a) { return call("uppercase", {a}); }, order("long"))},
      {"slice again and again", thirty([](const Expr& a) { return call("slice", {a, lit(0)}); }, order("long"))},
      {"one text of a long text, often",
       {where(op(Operator::equal, text(std::vector<Expr>(300, order("long"))), lit("x")))}},
      {"one list of a long text, often",
       {where(op(Operator::equal, list(std::vector<Expr>(300, order("long"))), lit("x")))}},
      {"nested comprehensions", {let(2, square(square(square(order("letters")))))}},
      {"a comprehension of long texts", {let(2, square(order("long")))}},
      {"unique of long texts",
       thirty([](const Expr& a) { return call("unique", {a}); }, list({order("long"), order("long"), order("long")}))},
      {"sort of long texts",
       thirty([](const Expr& a) { return call("sort", {a}); }, list({order("long"), order("long"), order("long")}))},
  };
  for (const Case& each : cases) {
    CAPTURE(each.name);
    const Came came = walked(each.steps, event);
    CHECK_FALSE(came.died);
    CHECK(came.kind == "parked");
    CHECK_MESSAGE(came.reason.find("makes more than 64 MB of values for one event; use fewer or shorter values") !=
                      std::string::npos,
                  came.reason);
    CHECK(came.line != 0);
  }
}

TEST_CASE("an event that would be gone through for hours parks") {
  const Value event = sample();
  const auto none = [](Expr list, int into, Expr condition) {
    return each_of(std::move(list), into, lit(1), std::move(condition));
  };
  const auto empty = [](Expr inner) { return op(Operator::equal, std::move(inner), lit("x")); };
  const Expr innermost = none(order("numbers"), 62, empty(lit("y")));
  const Expr inner = none(order("numbers"), 61, empty(innermost));
  const plan::Steps inner_steps = {each(62, order("numbers"), {where(lit(false))})};
  const std::vector<std::pair<const char*, plan::Steps>> cases = {
      {"a list of four million letters", {let(2, call("split", {order("long"), lit("")}))}},
      {"comprehensions that keep nothing", {let(2, none(order("numbers"), 60, empty(inner)))}},
      {"each in each in each that do nothing", {each(60, order("numbers"), {each(61, order("numbers"), inner_steps)})}},
      {"membership in a long list, over and over",
       {let(2,
            each_of(order("numbers"), 60, lit(1), op(Operator::in, lit("x"), each_of(order("numbers"), 61, lit(1)))))}},
      {"a long text searched, over and over",
       {let(2, none(order("numbers"), 60, call("contains", {order("long"), lit("b")})))}},
      {"a long text compared, over and over",
       {let(2, none(order("numbers"), 60, op(Operator::unequal, order("long"), order("long"))))}},
  };
  for (const auto& [name, steps] : cases) {
    CAPTURE(name);
    const Came came = walked(steps, event);
    CHECK_FALSE(came.died);
    CHECK(came.kind == "parked");
    CHECK_MESSAGE(came.reason.find("goes through more than 1000000 list elements") != std::string::npos, came.reason);
  }
}

TEST_CASE("an event with too many effects parks before one of them is sent") {
  const Value event = sample();
  const Came came =
      walked({each(60, order("numbers"), {each(61, order("numbers"), {each(62, order("numbers"), {log()})})})}, event);
  CHECK_FALSE(came.died);
  CHECK(came.kind == "parked");
  CHECK(came.reason ==
        "this action is reached more than 10000 times for one event; use fewer elements in `each`, or fewer `each` in "
        "one another");
  CHECK(came.line == 7);

  CHECK(go({each(60, order("numbers"), {log()})}, event, {.effects = 1000}).wants.size() == 1000);
  const Progress over = go({each(60, order("numbers"), {log()})}, event, {.effects = 999});
  CHECK(over.wants.empty());
  REQUIRE(over.ending);
  CHECK(over.ending->kind == EndingKind::parked);
}

TEST_CASE("a long line is not copied into ten thousand operations") {
  const Value event(std::string(1'000'000, 'x'));
  List thousand(1000, Value(1));
  plan::Steps steps = {each(60, call("split", {lit("1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20"), lit(",")}),
                            {each(61, call("split", {lit("1,2,3,4,5,6,7,8,9,10"), lit(",")}), {log()})})};
  const Came came = walked(steps, event);
  CHECK_FALSE(came.died);
  CHECK(came.kind == "parked");
}

TEST_CASE("a budget is for one event: what many orders need goes through") {
  const Value event = sample();
  plan::Steps steps =
      thirty([](const Expr&) { return text({order("letters"), lit("-"), order("letters")}); }, order("letters"));
  CHECK(walked(steps, event).kind == "skipped");
  CHECK(walked({let(2, call("join", {order("numbers"), lit(",")})), let(3, call("uppercase", {order("long")})),
                where(lit(false))},
               event)
            .kind == "skipped");
  CHECK(go({let(2, text({order("letters")}))}, event, {.bytes = 20}).ending->kind == EndingKind::unchanged);
  CHECK(go({let(2, text({order("letters"), order("letters"), lit("b")}))}, event, {.bytes = 20}).ending->reason ==
        "a value makes more than 20 bytes of values for one event; use fewer or shorter values");
}

TEST_CASE("an item of `each` that parks does not stop a later item that has an `each` of its own") {
  plan::Steps inner = {
      each(61, list({lit(1)}), {let(62, op(Operator::divide, lit(6), op(Operator::subtract, slot(60), lit(1))))}),
      log()};
  const Progress progress = go({each(60, list({lit(1), lit(2), lit(3)}), inner)}, sample());
  REQUIRE(progress.wants.size() == 2);
  CHECK(progress.wants[0].address == "1[2].2");
  CHECK(progress.wants[1].address == "1[3].2");
}

TEST_CASE("what an item binds is its own, and what stood outside stands there again behind the loop") {
  plan::Action told = action("sim.send", Verb::send, "", {});
  told.keys.clear();
  told.text = text({slot(2), lit("/"), op(Operator::otherwise, slot(3), lit("nothing"))});
  plan::Steps inner = {step(told, "log"), let(2, slot(60)), let(3, slot(60))};
  const Progress progress =
      go({let(2, lit("outside")), each(60, list({lit(1), lit(2)}), inner), step(told, "log")}, sample());
  REQUIRE(progress.wants.size() == 2);
  CHECK(progress.wants[0].operation.text == "outside/nothing");
  CHECK(progress.wants[1].operation.text == "outside/nothing");
}

TEST_CASE("the walk over n items takes time in proportion to n, however much is bound (engine C)") {
  // Each item once copied every slot: with a long text bound outside, a thousand items copied it a thousand times.
  plan::Steps steps;
  for (int i = 0; i < 12; ++i) steps.push_back(let(2 + i, order("long")));
  List many(100'000, Value(1));
  Record fields = *sample().record();
  fields.emplace_back("many", Value(many));
  steps.push_back(each(60, order("many"), {let(61, slot(60)), where(lit(false))}));
  const Came came = walked(steps, Value(fields));
  CHECK_FALSE(came.died);  // two minutes: 4.8 TB of copies are not made in that time
  CHECK(came.kind == "skipped");
}

}  // namespace pipewright::engine
