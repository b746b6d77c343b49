// `test` blocks written in a test: run by the real executable, read back as JSON.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/program.hpp"

namespace pipewright::test {

/// `pipewright test` on this text.
inline Finished tried(Shop& shop, const std::string& text, std::vector<std::string> more = {}) {
  shop.write("shop.pipe", text);
  more.insert(more.begin(), "test");
  return shop.run(more);
}

/// One test around `items`; the JSON of its result.
inline Json outcome(const std::string& pipelines, const std::string& of, const std::string& items) {
  Shop shop;
  const Finished finished =
      tried(shop, pipelines + "\ntest \"t\" of " + of + " {\n" + items + "\n}\n", {"--format", "json"});
  INFO(finished.err);
  INFO(finished.out);
  REQUIRE(finished.status <= 1);
  return Json::parse(finished.out);
}

/// Whether the one test passes.
inline bool passes(const std::string& pipelines, const std::string& of, const std::string& items) {
  const Json out = outcome(pipelines, of, items);
  INFO(out.dump(1));
  CHECK(out["tests"].size() == 1);
  return out["failed"] == 0 && out["passed"] == 1;
}

}  // namespace pipewright::test
