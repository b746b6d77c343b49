// What is text is compared whole: diagnostics (check/), plans (plan/), trees (tree/),
// canonical forms (format/), mends (fix/), SARIF and GitHub's commands (render/).
// PIPEWRIGHT_ACCEPT=1 rewrites what is expected.
#include <doctest/doctest.h>

#include <cstdlib>

#include "dsl/codes.hpp"
#include "dsl/fix.hpp"
#include "dsl/format.hpp"
#include "dsl/parser.hpp"
#include "dsl/render.hpp"
#include "tests/golden/declarations.hpp"
#include "tests/golden/plan_text.hpp"
#include "tests/golden/tree_text.hpp"

namespace fs = std::filesystem;
using namespace pipewright;

namespace {

const fs::path golden = fs::path(PIPEWRIGHT_SOURCE_DIR) / "tests/golden";

dsl::ProgramInput input_of(const fs::path& path) {
  dsl::ProgramInput input;
  input.files = {{path.filename().string(), tests::content_of(path).value_or("")}};
  input.load = [folder = path.parent_path()](const std::string& name) { return tests::content_of(folder / name); };
  input.connections = {{"wb", "wb"}, {"crm", "crm"}, {"wb_moscow", "wb"}};
  input.time_zone = "Europe/Moscow";
  return input;
}

dsl::Checked checked_file(const fs::path& path) { return dsl::check(input_of(path), tests::declarations()); }

void compare(const fs::path& path, const std::string& actual, const char* extension = ".expected") {
  fs::path beside = path;
  beside.replace_extension(extension);
  const char* accept = std::getenv("PIPEWRIGHT_ACCEPT");
  if (accept != nullptr && std::string(accept) == "1") {
    if (tests::content_of(beside) != actual) std::ofstream(beside, std::ios::binary) << actual;
    return;
  }
  const auto expected = tests::content_of(beside);
  INFO(path.string());
  REQUIRE_MESSAGE(expected.has_value(), "no .expected beside it: run with PIPEWRIGHT_ACCEPT=1 and read the diff");
  CHECK(actual == *expected);
}

}  // namespace

TEST_CASE("the declarations of the standard library are without mistakes") {
  const auto& read = tests::declarations_read();
  CHECK(dsl::render_text(read.diagnostics, read.catalog.sources, false) == "");
  CHECK(dsl::render_text(dsl::check_catalog(read.catalog), read.catalog.sources, false) == "");
}

TEST_CASE("diagnostics are what tests/golden/check expects") {
  for (const fs::path& path : tests::files_of(golden / "check", ".pipe")) {
    const dsl::Checked checked = checked_file(path);
    compare(path, dsl::render_text(checked.diagnostics, checked.sources, false));
  }
}

TEST_CASE("plans are what tests/golden/plan expects, and their files are without mistakes") {
  for (const fs::path& path : tests::files_of(golden / "plan", ".pipe")) {
    const dsl::Checked checked = checked_file(path);
    INFO(path.string());
    CHECK(dsl::render_text(checked.diagnostics, checked.sources, false) == "");
    compare(path, tests::plan_text(checked.plan));
  }
}

TEST_CASE("trees are what tests/golden/tree expects") {
  for (const fs::path& path : tests::files_of(golden / "tree", ".pipe")) {
    const dsl::Source source(path.filename().string(), tests::content_of(path).value_or(""));
    const dsl::Parsed parsed = dsl::parse(source, 0);
    compare(path, tests::TreeText(source).text(parsed.file));
  }
}

TEST_CASE("files are formatted as tests/golden/format expects") {
  for (const fs::path& path : tests::files_of(golden / "format", ".pipe")) {
    const dsl::Source source(path.filename().string(), tests::content_of(path).value_or(""));
    const dsl::Parsed parsed = dsl::parse(source, 0);
    INFO(path.string());
    CHECK(dsl::render_text(parsed.diagnostics, {std::make_shared<dsl::Source>(source)}, false) == "");
    compare(path, dsl::format(parsed.file, source));
  }
}

TEST_CASE("SARIF and GitHub's commands are what tests/golden/render expects") {
  const auto page = [](const dsl::Code& code) {
    return tests::content_of(fs::path(PIPEWRIGHT_SOURCE_DIR) / "dsl/errors" / (code.text() + ".md")).value_or("");
  };
  for (const fs::path& path : tests::files_of(golden / "render", ".pipe")) {
    const dsl::Checked checked = checked_file(path);
    compare(path, dsl::render_sarif(checked.diagnostics, checked.sources, "0.1.0", page) + "\n", ".sarif");
    compare(path, dsl::render_github(checked.diagnostics, checked.sources), ".github");
  }
}

TEST_CASE("mends are what tests/golden/fix expects") {
  for (const fs::path& path : tests::files_of(golden / "fix", ".pipe")) {
    const std::string name = path.filename().string();
    const std::string text = tests::content_of(path).value_or("");
    const dsl::Fixed fixed = dsl::fix(input_of(path), tests::declarations());
    std::string actual;
    for (const dsl::Fix& each : fixed.fixes)
      actual += fmt::format("{}:{}: {}: `{}` -> `{}`\n", each.file, each.line, each.message, each.before, each.after);
    actual += "----\n" + (fixed.texts.contains(name) ? fixed.texts.at(name) : "as it was\n") + "----\n";
    compare(path, actual + dsl::render_text(fixed.checked.diagnostics, fixed.checked.sources, false));
    CHECK(fixed.texts.contains(name) == !fixed.fixes.empty());
  }
}

TEST_CASE("what is fine stays byte for byte, and mending comes to an end") {
  for (const fs::path& path : tests::files_of(golden / "check", ".pipe")) {
    INFO(path.string());
    const dsl::Fixed fixed = dsl::fix(input_of(path), tests::declarations());
    if (checked_file(path).diagnostics.empty()) CHECK(fixed.texts.empty());
    dsl::ProgramInput again = input_of(path);
    for (auto& [name, text] : again.files) text = fixed.texts.contains(name) ? fixed.texts.at(name) : text;
    CHECK(dsl::fix(again, tests::declarations()).fixes.empty());
  }
}

TEST_CASE("files that are only imported are not mended") {
  dsl::ProgramInput input;
  input.files = {{"a.pipe", "import \"b.pipe\"\nlet x == 1\non wb.fbs.new -> log.info \"{x} {y}\"\n"}};
  input.load = [](const std::string&) { return "let y == 2\n"; };
  const dsl::Fixed fixed = dsl::fix(input, tests::declarations());
  CHECK(fixed.texts.size() == 1);
  CHECK(fixed.texts.contains("a.pipe"));
  REQUIRE(fixed.checked.diagnostics.size() == 1);
  CHECK(fixed.checked.sources[fixed.checked.diagnostics[0].source]->name() == "b.pipe");
}

TEST_CASE("every code has a golden that is named after it and emits it") {
  // The names of the constants stand in codes.hpp only.
  const std::string list = tests::content_of(fs::path(PIPEWRIGHT_SOURCE_DIR) / "dsl/codes.hpp").value_or("");
  std::size_t found = 0;
  const std::string prefix = "inline constexpr Code ";
  for (std::size_t at = list.find(prefix); at != std::string::npos; at = list.find(prefix, at + 1)) {
    const std::size_t begin = at + prefix.size();
    const std::size_t brace = list.find('{', begin);
    const std::string name = list.substr(begin, brace - begin);
    const std::string code = fmt::format("P{:04}", std::stoi(list.substr(brace + 1)));
    ++found;
    INFO(name);
    if (code.starts_with("P05")) continue;  // only an account gives it: tests/system/online_pages_test.cpp
    const fs::path path = golden / "check" / (name + ".pipe");
    REQUIRE(fs::exists(path));
    const auto codes = tests::codes_of(checked_file(path).diagnostics);
    REQUIRE(codes.size() == 1);
    CHECK(codes[0] == code);
  }
  CHECK(found == dsl::codes::all().size());
}

TEST_CASE("one mistake gives one message") {
  for (const fs::path& path : tests::files_of(golden / "check", ".pipe")) {
    const std::string name = path.filename().string();
    if (!name.starts_with("mistake_")) continue;
    INFO(name);
    CHECK(checked_file(path).diagnostics.size() == 1);
  }
}

TEST_CASE("twenty mistakes of different kinds are twenty diagnostics") {
  CHECK(checked_file(golden / "check/twenty_mistakes.pipe").diagnostics.size() == 20);
}

TEST_CASE("what is fine is without diagnostics") {
  for (const fs::path& path : tests::files_of(golden / "check", ".pipe")) {
    if (!path.filename().string().starts_with("fine_")) continue;
    const dsl::Checked checked = checked_file(path);
    CHECK(dsl::render_text(checked.diagnostics, checked.sources, false) == "");
  }
}

TEST_CASE("what a help can mend is mended by its edit") {
  for (const fs::path& path : tests::files_of(golden / "check", ".pipe")) {
    const std::string text = tests::content_of(path).value_or("");
    const auto first = checked_file(path).diagnostics;
    for (const dsl::Diagnostic& each : first) {
      if (!each.edit || each.source != 0) continue;
      std::string mended = text;
      mended.replace(each.edit->span.begin, each.edit->span.end - each.edit->span.begin, each.edit->text);
      dsl::ProgramInput input;
      input.files = {{path.filename().string(), mended}};
      input.load = [&](const std::string& name) { return tests::content_of(path.parent_path() / name); };
      const auto after = dsl::check(input, tests::declarations()).diagnostics;
      INFO(path.filename().string());
      INFO(each.message);
      // The mistake itself is gone. Others may come to light behind it.
      CHECK(std::none_of(after.begin(), after.end(), [&](const dsl::Diagnostic& left) {
        return left.span.begin == each.span.begin && left.code == each.code && left.message == each.message;
      }));
    }
  }
}
