// The pages of what only accounts say (P05xx): their first example emits the code in an account that is arranged for
// it, and alone; the last one emits nothing in the mended account.
#include <doctest/doctest.h>

#include <fstream>
#include <functional>
#include <sstream>

#include "dsl/codes.hpp"
#include "tests/support/program.hpp"

using namespace pipewright;
using test::Finished;
using test::Json;
using test::Shop;

namespace {

std::vector<std::string> examples_of(const dsl::Code& code) {
  std::ifstream in(std::string(PIPEWRIGHT_SOURCE_DIR) + "/dsl/errors/" + code.text() + ".md");
  std::ostringstream text;
  text << in.rdbuf();
  const std::string page = text.str();
  const std::string fence = "```pipe\n";
  std::vector<std::string> blocks;
  for (std::size_t at = page.find(fence); at != std::string::npos; at = page.find(fence, at + 1)) {
    const std::size_t begin = at + fence.size();
    blocks.push_back(page.substr(begin, page.find("```", begin) - begin));
  }
  return blocks;
}

using Change = std::function<void(Shop&)>;

/// What is wrong with the account, and what mends it; where the program is to blame, the account stays as it is.
struct Account {
  Change wrong;
  Change mended;
};

Change key_without(const std::string& scope) {
  return [scope](Shop& shop) {
    crm::sandbox::KeyOptions key;
    std::erase(key.scopes, scope);
    shop.environment["CRM_KEY"] = shop.crm.issue(key);
  };
}

Change token_for(std::chrono::seconds time) {
  return [time](Shop& shop) { shop.environment["WB_TOKEN"] = shop.wb.issue({.valid_for = time}); };
}

const std::map<int, Account>& accounts() {
  const Change stay = [](Shop&) {};
  static const std::map<int, Account> all = {
      {501, {[](Shop& shop) { shop.crm.stop(); }, [](Shop& shop) { shop.crm.start(); }}},
      {502,
       {[](Shop& shop) { shop.environment["CRM_KEY"] = "revoked"; },
        [](Shop& shop) { shop.environment["CRM_KEY"] = shop.crm.credential(); }}},
      {503, {token_for(std::chrono::hours(-1)), token_for(std::chrono::days(180))}},
      {504, {token_for(std::chrono::days(10)), token_for(std::chrono::days(180))}},
      {505, {key_without("order_write"), stay}},
      {506, {stay, stay}},
      {507, {stay, stay}},
      {508, {stay, stay}},
      {509,
       {[](Shop& shop) {
          shop.crm.operate("POST", "/_sandbox/references",
                           {{"dictionary", "statuses"}, {"code", "prepayed"}, {"fields", {{"active", false}}}});
        },
        stay}},
      {510, {key_without("reference_read"), stay}},
  };
  return all;
}

std::vector<std::string> told(Shop& shop, const std::string& program) {
  shop.write("shop.pipe", program);
  const Finished finished = shop.run({"validate", "--online", "--format", "json"});
  INFO(finished.out << finished.err);
  std::vector<std::string> codes;
  const Json answer = Json::parse(finished.out);
  for (const Json& each : answer["diagnostics"]) codes.push_back(each["code"]);
  return codes;
}

}  // namespace

TEST_CASE("every code of the accounts has a page whose first example emits it alone and whose last does not") {
  for (const dsl::Code* code : dsl::codes::all()) {
    if (!dsl::codes::asked_online(*code)) continue;
    INFO(code->text());
    const auto blocks = examples_of(*code);
    REQUIRE_FALSE(blocks.empty());
    REQUIRE(accounts().contains(code->number));
    const Account& account = accounts().at(code->number);
    Shop shop;
    account.wrong(shop);
    CHECK(told(shop, blocks.front()) == std::vector<std::string>{code->text()});
    account.mended(shop);
    CHECK(told(shop, blocks.back()).empty());
  }
}
