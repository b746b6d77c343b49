// The pages of `pipewright explain`: one for each code, with an example that emits it and the example mended.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "dsl/codes.hpp"
#include "dsl/functions.hpp"
#include "dsl/render.hpp"
#include "tests/golden/declarations.hpp"

namespace fs = std::filesystem;
using namespace pipewright;

namespace {

std::vector<std::string> pipe_blocks(const std::string& page) {
  std::vector<std::string> blocks;
  const std::string fence = "```pipe\n";
  for (std::size_t at = page.find(fence); at != std::string::npos; at = page.find(fence, at + 1)) {
    const std::size_t begin = at + fence.size();
    blocks.push_back(page.substr(begin, page.find("```", begin) - begin));
  }
  return blocks;
}

}  // namespace

TEST_CASE("every code has a page whose first example emits it alone and whose second does not") {
  for (const dsl::Code* code : dsl::codes::all()) {
    INFO(code->text());
    const auto page = tests::content_of(fs::path(PIPEWRIGHT_SOURCE_DIR) / "dsl/errors" / (code->text() + ".md"));
    REQUIRE(page.has_value());
    CHECK(page->starts_with(fmt::format("# {}: {}\n", code->text(), code->title)));
    const auto blocks = pipe_blocks(*page);
    if (dsl::codes::asked_online(*code)) {
      // What an account says is shown by tests/system/online_pages_test.cpp; without one the examples are fine.
      REQUIRE_FALSE(blocks.empty());
      for (const std::string& block : blocks) CHECK(tests::codes_of(tests::checked(block).diagnostics).empty());
      continue;
    }
    REQUIRE(blocks.size() == 2);
    const auto broken = tests::checked(blocks[0]);
    INFO(dsl::render_text(broken.diagnostics, broken.sources, false));
    CHECK(tests::codes_of(broken.diagnostics) == std::vector<std::string>{code->text()});
    const auto mended = tests::checked(blocks[1]);
    CHECK(dsl::render_text(mended.diagnostics, mended.sources, false) == "");
  }
}

TEST_CASE("there is no page of a code that does not exist") {
  for (const fs::path& path : tests::files_of(fs::path(PIPEWRIGHT_SOURCE_DIR) / "dsl/errors", ".md")) {
    const auto codes = dsl::codes::all();
    CHECK(std::any_of(codes.begin(), codes.end(),
                      [&](const dsl::Code* code) { return code->text() == path.stem().string(); }));
  }
}

TEST_CASE("numbers of codes are given once and ascend") {
  int last = 0;
  for (const dsl::Code* code : dsl::codes::all()) {
    CHECK(code->number > last);
    last = code->number;
  }
}

TEST_CASE("every pipe block of grammar.md parses and checks") {
  const auto page = tests::content_of(fs::path(PIPEWRIGHT_SOURCE_DIR) / "grammar.md");
  REQUIRE(page.has_value());
  const auto blocks = pipe_blocks(*page);
  CHECK(blocks.size() >= 9);
  for (const std::string& block : blocks) {
    const auto checked = tests::checked(block);
    CHECK(dsl::render_text(checked.diagnostics, checked.sources, false) == "");
  }
}

TEST_CASE("grammar.md names every function") {
  const std::string page = tests::content_of(fs::path(PIPEWRIGHT_SOURCE_DIR) / "grammar.md").value_or("");
  for (const dsl::FunctionSpec& function : dsl::functions())
    CHECK_MESSAGE(page.find(fmt::format("`{}`", function.signature)) != std::string::npos, std::string(function.name));
}
