#include "engine/json.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace pipewright;

namespace {

std::vector<std::string> elements(std::string text) {
  const auto texts = engine::element_texts(text, "orders");
  if (!texts) return {"no: " + texts.error().message};
  return {texts->begin(), texts->end()};
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("the elements of a long list are their own texts") {
  CHECK(elements(R"({"orders":[]})").empty());
  CHECK(elements(R"({"next":7,"orders":[{"id":1,"a":[1,{"b":"]"}]},{"id":18446744073709551616}],"more":{}})") ==
        Texts{R"({"id":1,"a":[1,{"b":"]"}]})", R"({"id":18446744073709551616})"});
  CHECK(elements(" { \"orders\" : [ 1 , \"a,\\\"]\" , null , [ 2 ] ] } ") ==
        Texts{"1", "\"a,\\\"]\"", "null", "[ 2 ]"});
  CHECK(elements("{\"inner\":{\"orders\":[1]},\"orders\":[\n{}\n]}") == Texts{"{}"});
}

TEST_CASE("what holds no such list, or breaks off, is told") {
  for (const char* text : {"", "x", "\"x\"", "[]", "[1]", "{}", R"({"orders":null})", R"({"orders":{"id":1}})",
                           R"({"orders":"x"})", R"({"order":[1]})", R"({"orders":[{"id":1})", R"({"orders":[{"id":1},)",
                           R"({"orders":["x)", R"({"orders":[)", R"({"orders")"}) {
    const auto found = elements(text);
    CHECK_MESSAGE((found.size() == 1 && found.front().starts_with("no: ")), std::string(text));
  }
}

TEST_CASE("an element is parsed alone, whatever stands in the others") {
  std::string text = R"({"orders":[{"id":1},{"id":tru},{"id":3}]})";
  const auto texts = engine::element_texts(text, "orders");
  REQUIRE(texts);
  REQUIRE(texts->size() == 3);
  CHECK((*engine::parse_json((*texts)[0]))["id"].id_text() == "1");
  CHECK_FALSE(engine::parse_json((*texts)[1]));
  CHECK((*engine::parse_json((*texts)[2]))["id"].id_text() == "3");
}
