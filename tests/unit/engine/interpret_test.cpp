#include <doctest/doctest.h>

#include "build.hpp"
#include "engine/interpret.hpp"
#include "engine/json.hpp"

namespace pipewright::engine {
namespace {

using namespace build;
using plan::Operator;

struct Walked {
  plan::Plan plan;
  plan::Pipeline pipeline;
  CompiledTables tables;
  EventData event;
  std::map<Address, Recorded> recorded;

  explicit Walked(plan::Steps steps,
                  const char* json = R"({"id":5,"user_status":2,"price":1250.505,"skus":["a","b"]})") {
    pipeline = build::pipeline("p", "sim.new", std::move(steps));
    event.record = *parse_json(json);
    event.pipeline = "p";
    event.key = "5";
  }
  Progress go() { return advance(pipeline, plan, tables, event, recorded); }
  void answer(const Address& address, Outcome outcome) { recorded[address] = Recorded{std::move(outcome), {}, true}; }
};

Outcome written() {
  return Outcome::done("update");
}

plan::Action upsert() { return action("sim.order", Verb::upsert, "order", {{"external_id", order("id")}}); }

}  // namespace

TEST_CASE("a filter that drops says why, with the values") {
  const std::vector<std::pair<Expr, std::string>> cases = {
      {op(Operator::equal, order("user_status"), lit(1)), "user_status is 2, not 1"},
      {op(Operator::in, order("user_status"), list({lit(1), lit(3)})), "user_status is 2, not one of [1,3]"},
      {op(Operator::unequal, order("none"), null()), "none is null"},
      {op(Operator::greater_or_equal, order("price"), lit(10000)), "price is 1250.505, less than 10000"},
      {op(Operator::and_, op(Operator::equal, order("user_status"), lit(2)), op(Operator::equal, order("id"), lit(6))),
       "id is 5, not 6"},
  };
  for (const auto& [condition, reason] : cases) {
    Walked walked({where(condition)});
    const Progress progress = walked.go();
    REQUIRE(progress.ending);
    CHECK(progress.ending->kind == EndingKind::skipped);
    CHECK(progress.ending->reason == reason);
    CHECK(progress.ending->place->line == 7);
    CHECK_FALSE(progress.ending->reached_end);
  }
}

TEST_CASE("money is rounded half up where it is written, nulls are left out, clear stays") {
  plan::Action made = upsert();
  made.written.push_back({"price", order("price", Type::Kind::money)});
  made.written.push_back(
      {"items", list({record({{"price", order("price", Type::Kind::money)}, {"raw", order("price")}})})});
  made.written.push_back({"mail", order("none")});
  made.written.push_back({"phone", at(plan::Clear{})});
  Walked walked({step(made, "upsert")});
  const Progress progress = walked.go();
  REQUIRE(progress.wants.size() == 1);
  const Operation& operation = progress.wants[0].operation;
  CHECK(progress.wants[0].address == "1");
  CHECK(write_json(Value(operation.written)) ==
        R"({"external_id":5,"price":1250.51,"items":[{"price":1250.51,"raw":1250.505}],"phone":null})");
  CHECK(operation.field("phone").is_clear());
  CHECK(write_json(Value(operation.key)) == R"({"external_id":5})");
}

TEST_CASE("a null key finds nothing and the action does as its else says; a set without id is skipped") {
  plan::Action find = action("sim.client", Verb::find, "client", {{"external_id", order("none")}});
  CHECK(Walked({step(find, "find")}).go().ending->kind == EndingKind::parked);
  find.otherwise = plan::Action::Otherwise::skip;
  CHECK(Walked({step(find, "find")}).go().ending->reason == "no sim.client found: `external_id` is null");
  find.otherwise = plan::Action::Otherwise::null;
  find.result = 2;
  CHECK(Walked({step(find, "find"), where(op(Operator::equal, slot(2), null()))}).go().ending->kind ==
        EndingKind::unchanged);
  plan::Action set = action("sim.status", Verb::set, "x", {{"id", order("none")}, {"status", lit(1)}});
  set.keys.clear();
  const Progress skipped = Walked({step(set, "set")}).go();
  CHECK(skipped.ending->kind == EndingKind::skipped);
  CHECK(skipped.ending->reason == "`id` is null");
  CHECK(Walked({step(action("sim.order", Verb::upsert, "x", {{"external_id", order("none")}}), "upsert")})
            .go()
            .ending->kind == EndingKind::parked);
}

TEST_CASE("items of each go side by side; a skip ends one, a park does not stop the others") {
  plan::Steps inner;
  inner.push_back(where(op(Operator::unequal, slot(3), lit("a"))));
  inner.push_back(step(action("sim.order", Verb::upsert, "x", {{"external_id", slot(3)}}), "upsert"));
  Walked walked({step(plan::Each{3, order("skus"), Box<plan::Steps>(inner)}, "each")}, R"({"skus":["a","b","c","d"]})");
  const Progress first = walked.go();
  REQUIRE(first.wants.size() == 3);
  CHECK(first.wants[0].address == "1[2].2");
  walked.answer("1[2].2", Outcome::failed({Failure::Kind::permanent, "no", "ask"}));
  CHECK(walked.go().wants.size() == 2);
  walked.answer("1[3].2", written());
  walked.answer("1[4].2", written());
  const Progress last = walked.go();
  REQUIRE(last.ending);
  CHECK(last.ending->kind == EndingKind::parked);
  CHECK(last.ending->reason == "no (ask)");
}

TEST_CASE("branches have addresses of their own, outcomes end by the worst") {
  plan::When when;
  when.branches.push_back({op(Operator::equal, order("id"), lit(6)), {}});
  when.branches.push_back({op(Operator::equal, order("id"), lit(7)), {}});
  when.otherwise = {step(upsert(), "upsert")};
  Walked walked({step(upsert(), "upsert"), step(when, "when"), where(lit(false))});
  CHECK(walked.go().wants[0].address == "1");
  Outcome same;
  same.kind = Outcome::Kind::unchanged;
  same.warnings = {"two match"};
  walked.answer("1", same);
  CHECK(walked.go().wants[0].address == "2.else.1");
  walked.answer("2.else.1", written());
  const Progress last = walked.go();
  CHECK(last.ending->kind == EndingKind::written);
  CHECK_FALSE(last.ending->reached_end);
  CHECK(last.ending->warnings == std::vector<std::string>{"two match"});
}

TEST_CASE("a recorded outcome of another plan counts for equal work, wherever that stands now, and once") {
  Walked walked({step(upsert(), "upsert"), step(upsert(), "the same again")});
  const Progress wanted = walked.go();
  const std::string input = fingerprint(*wanted.wants[0].action, wanted.wants[0].operation);
  walked.recorded["~1:7"] = Recorded{written(), input, true};
  REQUIRE(walked.go().wants.size() == 1);
  CHECK(walked.go().wants[0].address == "2");  // the first step has taken it
  walked.recorded["~1:8"] = Recorded{written(), input, true};
  CHECK(walked.go().ending->kind == EndingKind::written);
  walked.recorded["~1:7"].input = walked.recorded["~1:8"].input = "something else";
  CHECK(walked.go().wants[0].address == "1");
}

TEST_CASE("an outcome that cannot be read is none: its effect is wanted again") {
  Walked walked({step(upsert(), "upsert")});
  walked.recorded["1"] = Recorded{written(), {}, false};
  CHECK(walked.go().wants.size() == 1);
}

}  // namespace pipewright::engine
