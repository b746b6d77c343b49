// `pipewright init` and what a new user does next; completion scripts.
#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <filesystem>

#include "tests/support/program.hpp"

using namespace pipewright;
using test::Finished;
using test::Shop;

namespace {

std::string output_of(const std::string& command) {
  std::string out;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return out;
  std::array<char, 4096> buffer{};
  for (std::size_t got = 0; (got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) out.append(buffer.data(), got);
  pclose(pipe);
  return out;
}

bool there(const std::string& program) { return !output_of("command -v " + program + " 2>/dev/null").empty(); }

}  // namespace

TEST_CASE("a new project validates, tests and dry-runs at once, with no variable set") {
  Shop shop;
  shop.environment.clear();
  const std::string mine = shop.path("mine");
  const Finished made = shop.run({"init", mine});
  INFO(made.err);
  REQUIRE(made.status == 0);
  CHECK(made.out.find("15 created, 0 kept") != std::string::npos);
  for (const char* name :
       {".gitignore", ".github/workflows/pipewright.yml", "pipewright.toml", "fbs.pipe", "fbs_test.pipe"})
    CHECK_MESSAGE(std::filesystem::exists(mine + "/" + name), name);
  CHECK(shop.run({"validate", mine, "--deny-warnings"}).status == 0);
  CHECK(shop.run({"test", mine}).status == 0);
  const Finished dry = shop.run({"dry-run", mine, "--sandbox"});
  INFO(dry.err);
  CHECK(dry.status == 0);
  CHECK(dry.out.find("\nto create 8, to update 0, unchanged 0, skipped 1, failed 0\n") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(mine + "/pipewright.db"));
  CHECK(shop.wb.log().empty());
}

TEST_CASE("init overwrites nothing") {
  Shop shop;
  shop.write("fbs.pipe", "on wb.fbs.new -> crm.order\n");
  const std::string configuration = shop.read("pipewright.toml");
  const Finished made = shop.run({"init"});
  CHECK(made.status == 0);
  CHECK(made.out.find("kept     fbs.pipe") != std::string::npos);
  CHECK(made.out.find("kept     pipewright.toml") != std::string::npos);
  CHECK(shop.read("fbs.pipe") == "on wb.fbs.new -> crm.order\n");
  CHECK(shop.read("pipewright.toml") == configuration);
  const Finished again = shop.run({"init"});
  CHECK(again.out.find("0 created, 15 kept") != std::string::npos);
  const Finished file = shop.run({"init", shop.path("fbs.pipe")});
  CHECK(file.status == 2);
  CHECK(file.err.find("is no folder") != std::string::npos);
}

TEST_CASE("--sandbox and --offline exclude one another") {
  Shop shop;
  shop.write("a.pipe", "on wb.fbs.new -> crm.order\n");
  CHECK(shop.run({"dry-run", "--sandbox", "--offline", "--input", "x"}).status == 2);
}

TEST_CASE("each shell gets a completion script that it can read") {
  Shop shop;
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    CAPTURE(shell);
    const Finished script = shop.run({"completions", shell});
    REQUIRE(script.status == 0);
    shop.write(shell, script.out);
    for (const std::string word : {"validate", "dry-run", "junit", "coverage", "wb.fbs.new"}) {
      CAPTURE(word);
      CHECK(script.out.find(word) != std::string::npos);
    }
    if (!there(shell)) {
      MESSAGE("this shell is not on this machine: its script is not read");
      continue;
    }
    CHECK(output_of(shell + " -n " + shop.path(shell) + " 2>&1; echo $?") == "0\n");
  }
  CHECK(shop.run({"completions", "tcsh"}).status == 2);
  CHECK(shop.run({"completions"}).status == 2);
}

TEST_CASE("bash completes commands, options, their values and files") {
  Shop shop;
  shop.write("bash", shop.run({"completions", "bash"}).out);
  shop.write("fbs.pipe", "");
  const auto completed = [&](const std::string& words) {
    return output_of("cd " + shop.path() + " && bash -c 'source ./bash; COMP_WORDS=(pipewright " + words +
                     "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _pipewright; echo ${COMPREPLY[@]}'");
  };
  CHECK(completed("va") == "validate\n");
  CHECK(completed("test --cov") == "--coverage\n");
  CHECK(completed("test --format j") == "json junit\n");
  CHECK(completed("validate f") == "fbs.pipe\n");
  CHECK(completed("events re") == "retry\n");
  CHECK(completed("events retry --as") == "--as-was\n");
  CHECK(completed("nodes wb.fbs.n") == "wb.fbs.new\n");
  CHECK(completed("completions f") == "fish\n");
  CHECK(completed("--ver") == "--version\n");
}
