#include "engine/config.hpp"

#include <doctest/doctest.h>

#include "engine/http/client.hpp"
#include "engine/scrub.hpp"
#include "stdlib/stdlib.hpp"

using namespace pipewright;
using engine::ConfigRead;

namespace {

ConfigRead read(const std::string& text, const std::map<std::string, std::string>& variables = {},
                const std::map<std::string, std::string>& files = {}) {
  engine::Surroundings surroundings;
  surroundings.variable = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  surroundings.file = [&](const std::string& path) -> std::optional<std::string> {
    const auto found = files.find(path);
    return found == files.end() ? std::nullopt : std::optional(found->second);
  };
  return engine::read_config("/shop/pipewright.toml", text, stdlib::registry(), surroundings);
}

std::string all_said(const ConfigRead& read) {
  std::string text;
  for (const auto& problem : read.problems) text += engine::render(problem);
  return text;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("white space around a secret is cut off, wherever the secret comes from (F3)") {
  const ConfigRead made = read(
      "[connections.crm]\nurl = \" https://shop.retailcrm.ru/ \"\nkey = \"env:KEY\"\n[connections.wb]\ntoken = "
      "\"file:tok\"\n",
      {{"KEY", " abc-123-def\r\n"}}, {{"/shop/tok", "\ttoken-0123\n\n"}});
  CHECK(all_said(made).empty());
  CHECK(made.config.connections.at("crm").secrets.at("key").reveal() == "abc-123-def");
  CHECK(made.config.connections.at("wb").secrets.at("token").reveal() == "token-0123");
  CHECK(made.config.connections.at("crm").text("url") == "https://shop.retailcrm.ru");
}

TEST_CASE("a secret that was copied with something around it is an error at its place, without its value (F3)") {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"first-line\nX-Injected: 1", "holds a line end"},
      {std::string("nul\0inside-it", 13), "holds a control character"},
      {"tab\tinside-secret", "holds a control character"},
      {"\"quoted-secret\"", "has quotes around it"},
      {"'quoted-secret'", "has quotes around it"},
      {"«quoted-secret»", "has quotes around it"},
      {"Bearer some-secret", "begins with `Bearer`"},
      {"\xEF\xBB\xBFsome-secret", "begins with a byte order mark"},
      {"esc\x1b[31m-secret", "holds a control character"},
  };
  for (const auto& [value, words] : wrong) {
    for (const bool file : {false, true}) {
      CAPTURE(words);
      const ConfigRead made =
          read(std::string("[connections.wb]\n\ntoken = \"") + (file ? "file:tok" : "env:TOK") + "\"\n",
               {{"TOK", value}}, {{"/shop/tok", value + "\n"}});
      REQUIRE(made.problems.size() == 1);
      CHECK_FALSE(made.problems[0].warning);
      CHECK_FALSE(made.problems[0].secret_missing);
      CHECK(made.problems[0].line == 3);
      CHECK(made.problems[0].column == 10);
      const std::string said = all_said(made);
      CHECK(has(said, "the token of connection `wb` " + words));
      CHECK(has(said, "/shop/pipewright.toml:3:10"));
      for (const char* part : {"secret", "first-line", "nul", "Injected"}) {
        if (value.find(part) != std::string::npos && std::string(part) != "secret") CHECK_FALSE(has(said, part));
      }
      CHECK_FALSE(has(said, "-secret"));
      CHECK(made.config.connections.at("wb").secrets.empty());
    }
  }
}

TEST_CASE("a loopback guard compares hosts whole (D) (engine B8)") {
  for (const char* url : {"http://127.0.0.1:80/x", "http://127.8.9.1", "http://localhost:9/", "http://[::1]:8080/a",
                          "HTTP://LOCALHOST/", "http://[0:0:0:0:0:0:0:1]/"}) {
    CAPTURE(url);
    REQUIRE(engine::http::origin_of(url).has_value());
    CHECK(engine::http::origin_of(url)->loopback);
  }
  for (const char* url :
       {"http://127.evil.example/", "http://localhost.evil.example/", "http://127.0.0.1.other.example:80",
        "http://127.0.0.1@other.example/", "http://localhost:pw@other.example/", "HTTP://example.com",
        "http://128.0.0.1/", "http://[::2]/", "http://localhost./"}) {
    CAPTURE(url);
    const auto origin = engine::http::origin_of(url);
    CHECK((!origin || !origin->loopback));
    const ConfigRead made =
        read(std::string("[connections.crm]\nkey = \"env:KEY\"\nurl = \"") + url + "\"\n", {{"KEY", "abc-123-def"}});
    CHECK(made.problems.size() == 1);
    CHECK_FALSE(made.config.connections.at("crm").values.contains("url"));
  }
  for (const char* url : {"gopher://h/", "http://", "https://a b/", "https://h/\r\nX: 1", "//h/", "",
                          "https://h:99999/", "http://h\\@127.0.0.1/", "file:///etc/passwd"}) {
    CAPTURE(url);
    CHECK_FALSE(engine::http::origin_of(url).has_value());
  }
  CHECK(engine::http::origin_of("HTTPS://Api.Example.com:443/x?y#z")->text() == "https://api.example.com");
  CHECK(*engine::http::origin_of("http://h") == *engine::http::origin_of("HTTP://H:80/other"));
}

TEST_CASE(
    "F12: blanks around an address are cut off, a page of the site behind it is an error that shows the address") {
  for (const char* url : {"https://shop.retailcrm.ru ", " https://shop.retailcrm.ru/", "https://shop.retailcrm.ru/api",
                          "https://shop.retailcrm.ru/api/v5/"}) {
    CAPTURE(url);
    const ConfigRead made =
        read(std::string("[connections.crm]\nkey = \"env:KEY\"\nurl = \"") + url + "\"\n", {{"KEY", "abc-123-def"}});
    CHECK(all_said(made).empty());
    CHECK(made.config.connections.at("crm").text("url").starts_with("https://shop.retailcrm.ru"));
  }
  for (const char* url : {"https://shop.retailcrm.ru/admin/orders/", "https://shop.retailcrm.ru/admin/orders/?page=2",
                          "https://shop.retailcrm.ru/#orders", "https://shop.retailcrm.ru?x=1"}) {
    CAPTURE(url);
    const ConfigRead made =
        read(std::string("[connections.crm]\nkey = \"env:KEY\"\nurl = \"") + url + "\"\n", {{"KEY", "abc-123-def"}});
    REQUIRE(made.problems.size() == 1);
    CHECK_FALSE(made.problems[0].warning);
    CHECK(has(made.problems[0].help, "write url = \"https://shop.retailcrm.ru\""));
    CHECK_FALSE(made.config.connections.at("crm").values.contains("url"));
  }
}

TEST_CASE("a timeout of nothing is an error (engine C)") {
  const ConfigRead made = read("[connections.http]\ntimeout = \"0s\"\n");
  REQUIRE(made.problems.size() == 1);
  CHECK(has(made.problems[0].message, "`timeout` of connection `http` must be longer than zero"));
  CHECK(made.problems[0].line == 2);
}

TEST_CASE("the scrubber holds every secret that the configuration resolved") {
  const ConfigRead made =
      read("[connections.crm]\nkey = \"env:KEY\"\n[connections.tg]\ntype = \"http\"\ntoken = \"env:TG\"\n",
           {{"KEY", "abc-123-def"}, {"TG", "8812:AAbb_cc"}});
  const auto scrubber = engine::scrubber_of(made.config);
  CHECK(scrubber->clean("abc-123-def 8812%3AAAbb_cc") == "*** ***");
}
