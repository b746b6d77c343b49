// Pages that the program prints, and what it does when nobody reads on.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/support/program.hpp"

using namespace pipewright;
using test::Finished;
using test::Shop;

TEST_CASE("docs/nodes.md is what `pipewright nodes --format md` prints") {
  Shop shop;
  const Finished page = shop.run({"nodes", "--format", "md"});
  REQUIRE(page.status == 0);
  std::ifstream in(PIPEWRIGHT_SOURCE_DIR "/docs/nodes.md");
  std::ostringstream kept;
  kept << in.rdbuf();
  CHECK_MESSAGE(page.out == kept.str(), "stale: pipewright nodes --format md > docs/nodes.md");
}

TEST_CASE("a reader who stops reading is no crash") {
  Shop shop;
  const std::string command = std::string("sh -c '" PIPEWRIGHT_BINARY " nodes --format md 2>") + shop.path("err") +
                              "; echo $? >" + shop.path("status") + "' | head -1 >" + shop.path("out");
  for (int i = 0; i < 5; ++i) {
    REQUIRE(std::system(command.c_str()) == 0);
    CHECK(shop.read("out") == "# Nodes\n");
    CHECK(shop.read("err").empty());
    const std::string status = shop.read("status");
    CHECK((status == "0\n" || status == "141\n"));
  }
}
