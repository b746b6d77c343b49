// Large programs, whatever shape they have.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/golden/declarations.hpp"

using namespace pipewright;

namespace {

// How long it takes is measured in bench/large.sh.
bool fine(const std::string& program) { return !dsl::has_errors(tests::checked(program).diagnostics); }

}  // namespace

TEST_CASE("C: a table of 20 000 rows on one line is checked") {
  std::string rows;
  for (int i = 0; i < 20'000; ++i) rows += fmt::format("\"ключ {}\" -> \"v{}\", ", i, i);
  CHECK(fine("table t { " + rows + "else skip }\npipeline p on wb.fbs.new -> log.info \"{t[order.order_uid]}\"\n"));
}

TEST_CASE("pipelines of thousands of steps are checked") {
  std::string filters = "pipeline p on wb.fbs.new\n";
  std::string branches = filters;
  std::string bindings = filters;
  for (int i = 0; i < 5'000; ++i) {
    filters += fmt::format("  -> where order.id != {}\n", i);
    if (i % 2 == 0) bindings += fmt::format("  -> let a{} = order.id\n  -> log.info \"{{a{}}}\"\n", i, i);
    if (i % 10 == 0)
      branches +=
          fmt::format("  -> where order.order_uid != \"{}\"\n  -> when order.id == {} {{ -> log.info \"x\" }}\n", i, i);
  }
  CHECK(fine(filters));
  CHECK(fine(bindings));
  CHECK(fine(branches));
}

TEST_CASE("columns within a long line are counted in characters") {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += i % 7 == 0 ? "ж" : i % 11 == 0 ? "😀" : "a";
  for (const std::string& head : {std::string(), std::string("\xEF\xBB\xBF"), std::string("first\n")}) {
    const dsl::Source source("long.pipe", head + text + "\n" + text);
    const bool second = head == "first\n";
    for (std::size_t at = 0, column = 1; at < text.size(); ++column) {
      const auto place = source.position(static_cast<std::uint32_t>(head.size() + at));
      if (place.column != column || place.line != (second ? 2 : 1)) FAIL("byte " << at);
      do ++at;
      while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80);
    }
    const auto last = source.position(static_cast<std::uint32_t>(head.size() + 2 * text.size() + 1));
    CHECK(last.column == 5001);
    CHECK(last.line == (second ? 3 : 2));
    CHECK(source.position(0).column == 1);
  }
}
