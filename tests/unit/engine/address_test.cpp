#include <doctest/doctest.h>

#include "dsl/check.hpp"
#include "engine/interpret.hpp"
#include "stdlib/stdlib.hpp"

using namespace pipewright;

TEST_CASE("an address leads to its step") {
  dsl::ProgramInput input;
  input.files.emplace_back("a.pipe",
                           "pipeline p on wb.fbs.new\n"
                           "  -> log.info \"line 2\"\n"
                           "  -> when order.price > 1 {\n"
                           "       -> log.info \"line 4\"\n"
                           "     } else when order.price > 0.5 {\n"
                           "       -> log.info \"line 6\"\n"
                           "     } else {\n"
                           "       -> each sku in order.skus {\n"
                           "            -> log.info \"line 9 {sku}\"\n"
                           "            -> log.info \"line 10\"\n"
                           "          }\n"
                           "     }\n");
  const dsl::Checked checked = dsl::check(input, stdlib::catalog());
  REQUIRE(checked.diagnostics.empty());
  const auto& steps = checked.plan.pipelines[0].steps;
  const auto line = [&](const char* address) {
    const auto* step = engine::step_at(steps, address);
    return step == nullptr ? std::size_t{0} : step->place.line;
  };
  CHECK(line("1") == 2);
  CHECK(line("2") == 3);
  CHECK(line("2.then.1") == 4);
  CHECK(line("2.when2.1") == 6);
  CHECK(line("2.else.1") == 8);
  CHECK(line("2.else.1[7].1") == 9);
  CHECK(line("2.else.1[1].2") == 10);
  for (const char* nothing :
       {"", "0", "3", "1.then.1", "2.then.2", "2.when3.1", "2.else.1[1].3", "2.else.1[1]", "x", "2."})
    CHECK_MESSAGE(line(nothing) == 0, std::string(nothing));
}
