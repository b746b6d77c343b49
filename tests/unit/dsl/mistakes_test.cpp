// What beginners write (mistakes.txt), each with the one message that it gets, and what `validate --fix` makes of it.
//
//   === name
//   LINE CODE MESSAGE
//   --- text
//   …
//   --- mended          absent: nothing mechanical
//   …
//
// `=== accepted` has a text alone: a habit that does no harm.
#include <doctest/doctest.h>

#include <filesystem>
#include <sstream>

#include "dsl/fix.hpp"
#include "dsl/render.hpp"
#include "tests/golden/declarations.hpp"

using namespace pipewright;

namespace {

struct Mistake {
  std::string name;
  std::string text;
  std::size_t line = 0;
  std::string code;
  std::string message;
  std::optional<std::string> mended;
};

std::vector<Mistake> read_mistakes() {
  std::vector<Mistake> all;
  std::istringstream in(
      tests::content_of(std::filesystem::path(PIPEWRIGHT_SOURCE_DIR) / "tests/unit/dsl/mistakes.txt").value_or(""));
  std::string* into = nullptr;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("=== ")) {
      all.push_back({.name = line.substr(4)});
      into = nullptr;
    } else if (line == "--- text") {
      into = &all.back().text;
    } else if (line == "--- mended") {
      into = &all.back().mended.emplace();
    } else if (into != nullptr) {
      *into += line + "\n";
    } else {
      std::istringstream head(line);
      head >> all.back().line >> all.back().code >> std::ws;
      std::getline(head, all.back().message);
    }
  }
  return all;
}

const std::vector<Mistake>& entries() {
  static const std::vector<Mistake> all = read_mistakes();
  return all;
}

bool accepted(const Mistake& each) { return each.code.empty(); }

dsl::ProgramInput program(const std::string& text) {
  dsl::ProgramInput input;
  input.files = {{"example.pipe", text}};
  return input;
}

}  // namespace

TEST_CASE("a beginner's mistake gets one message, on its line") {
  CHECK(entries().size() > 300);
  for (const Mistake& each : entries()) {
    if (accepted(each)) continue;
    const dsl::Checked checked = tests::checked(each.text);
    INFO(each.name << "\n" << each.text << dsl::render_text(checked.diagnostics, checked.sources, false));
    REQUIRE(checked.diagnostics.size() == 1);
    const dsl::Diagnostic& diagnostic = checked.diagnostics[0];
    CHECK(diagnostic.code->text() == each.code);
    CHECK(diagnostic.message == each.message);
    CHECK(checked.sources[0]->position(diagnostic.span.begin).line == each.line);
  }
}

TEST_CASE("a mechanical mistake is mended to a program that is fine") {
  std::size_t mended = 0;
  for (const Mistake& each : entries()) {
    if (!each.mended) continue;
    ++mended;
    const dsl::Fixed fixed = dsl::fix(program(each.text), tests::declarations());
    INFO(each.name << "\n" << each.text << dsl::render_text(fixed.checked.diagnostics, fixed.checked.sources, false));
    CHECK(fixed.checked.diagnostics.empty());
    REQUIRE(fixed.texts.contains("example.pipe"));
    CHECK(fixed.texts.at("example.pipe") == *each.mended);
  }
  CHECK(mended > 250);
}

TEST_CASE("a text that the end of the file cuts is told of once") {
  for (const char* text : {"on wb.fbs.new\n  -> crm.order { number: \"x", "table t {\n  \"n"}) {
    const dsl::Checked checked = tests::checked(text);
    INFO(text << "\n" << dsl::render_text(checked.diagnostics, checked.sources, false));
    REQUIRE(!checked.diagnostics.empty());
    CHECK(checked.diagnostics.back().message == "this text does not end on its line");
  }
}

TEST_CASE("no mistake is told as a rule of the grammar") {
  for (const Mistake& each : entries()) {
    INFO(each.name);
    CHECK(!each.message.starts_with("expected "));
  }
}

TEST_CASE("habits that do no harm are accepted") {
  std::size_t count = 0;
  for (const Mistake& each : entries()) {
    if (!accepted(each)) continue;
    ++count;
    const dsl::Checked checked = tests::checked(each.text);
    CHECK(dsl::render_text(checked.diagnostics, checked.sources, false) == "");
  }
  CHECK(count > 0);
}
