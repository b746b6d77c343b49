// What of pipewright.toml makes another plan of the same program, and what does not.
#include <doctest/doctest.h>

#include "engine/config.hpp"
#include "stdlib/stdlib.hpp"

namespace pipewright::engine {
namespace {

std::string meaning(const std::string& text) {
  const Registry registry = stdlib::registry();
  Surroundings surroundings;
  surroundings.variable = [](const std::string&) -> std::optional<std::string> { return "secret"; };
  surroundings.file = [](const std::string&) -> std::optional<std::string> { return "another"; };
  const ConfigRead read = read_config("pipewright.toml", text, registry, surroundings);
  for (const ConfigProblem& problem : read.problems) CHECK_MESSAGE(problem.warning, problem.message);
  return meaning_of(read.config, registry);
}

constexpr const char* base = R"(
[connections.wb]
type = "wildberries"
token = "env:TOKEN"
[connections.wb.shipping]
type = "selfShipping"
[connections.crm]
type = "retailcrm"
url = "https://shop.retailcrm.ru"
key = "env:KEY"
site = "shop"
unmatched_items = "warn"
)";

std::string with(std::string text, const std::string& what, const std::string& instead) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), instead);
}

}  // namespace

TEST_CASE("comments, secrets, limits, timeouts, certificates and the order of lines mean nothing") {
  const std::string before = meaning(base);
  CHECK(meaning(std::string("# the shop\n") + base) == before);
  CHECK(meaning(with(base, "env:TOKEN", "file:token")) == before);
  CHECK(meaning(with(base, "site = \"shop\"\n", "")) != before);
  CHECK(meaning(with(with(base, "site = \"shop\"\n", ""), "unmatched", "site = \"shop\"\nunmatched")) == before);
  CHECK(meaning(with(base, "key =", "timeout = \"7s\"\nkey =")) == before);
  CHECK(meaning(with(base, "key =", "rate = \"3/s\"\nkey =")) == before);
  CHECK(meaning(with(base, "key =", "ca_file = \"/etc/ca.pem\"\nkey =")) == before);
  CHECK(meaning(std::string("[run]\nkeep = \"9d\"\nretry_for = \"1h\"\n") + base) == before);
}

TEST_CASE("the account, its store and how things are written there mean another plan (engine B18)") {
  const std::string before = meaning(base);
  CHECK(meaning(with(base, "site = \"shop\"", "site = \"other\"")) != before);
  CHECK(meaning(with(base, "\"warn\"", "\"park\"")) != before);
  CHECK(meaning(with(base, "\"selfShipping\"", "\"transportCompany\"")) != before);
  CHECK(meaning(with(base, "shop.retailcrm", "other.retailcrm")) != before);
  CHECK(meaning(with(base, "[connections.crm]", "[connections.crm2]")) != before);
}

}  // namespace pipewright::engine
