#include "dsl/render.hpp"

#include <doctest/doctest.h>

#include <sstream>

#include "base/text.hpp"
#include "tests/golden/declarations.hpp"

using namespace pipewright;

namespace {

std::vector<std::string> drawn(const std::string& program, std::size_t width) {
  dsl::ProgramInput input;
  input.files = {{"a.pipe", program}};
  const dsl::Checked checked = dsl::check(input, tests::declarations());
  REQUIRE(checked.diagnostics.size() == 1);
  std::istringstream text(dsl::render_text(checked.diagnostics, checked.sources, false, width));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  REQUIRE(lines.size() > 4);
  return lines;
}

// What stands above the carets.
std::string underlined(const std::vector<std::string>& lines) {
  const std::size_t from = lines[4].find('^');
  const std::size_t to = lines[4].rfind('^');
  REQUIRE(from != std::string::npos);
  std::string word;
  std::size_t column = 0;
  for (std::size_t at = 0; at < lines[3].size();) {
    std::size_t end = at + 1;
    while (end < lines[3].size() && (static_cast<unsigned char>(lines[3][end]) & 0xC0) == 0x80) ++end;
    if (column >= from && column <= to) word += lines[3].substr(at, end - at);
    column += display_width(lines[3].substr(at, end - at));
    at = end;
  }
  return word;
}

}  // namespace

TEST_CASE("a long line is cut around what is underlined, wherever that stands") {
  const std::string filler = " -> log.info \"Покупатель Wildberries {order.id} и ещё много слов\"";
  for (const int before : {0, 1, 3}) {
    for (const int behind : {0, 1, 3}) {
      std::string program = "on wb.fbs.new";
      for (int i = 0; i < before; ++i) program += filler;
      program += " -> log.info \"{order.prise}\"";
      for (int i = 0; i < behind; ++i) program += filler;
      program += "\n";
      for (const std::size_t width : {40, 60, 79, 120}) {
        CAPTURE(before);
        CAPTURE(behind);
        CAPTURE(width);
        const auto lines = drawn(program, width);
        CHECK(display_width(lines[3]) <= width);
        CHECK(underlined(lines) == "prise");
      }
      CHECK(underlined(drawn(program, 0)) == "prise");
      CHECK(drawn(program, 0)[3] == " 1 | " + program.substr(0, program.size() - 1));
    }
  }
}

TEST_CASE("what is underlined and longer than the screen is cut itself") {
  dsl::ProgramInput input;
  input.files = {
      {"a.pipe", "on wb.fbs.new -> where 1 == 1 and \"" + std::string(150, 'x') + "\" != \"y\" -> log.info \"x\"\n"}};
  const dsl::Checked checked = dsl::check(input, tests::declarations());
  REQUIRE(checked.diagnostics.size() == 1);
  std::istringstream text(dsl::render_text(checked.diagnostics, checked.sources, false, 60));
  for (std::string line; std::getline(text, line);) CHECK(display_width(line) <= 60);
}
