#include "engine/json.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/text.hpp"

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

TEST_CASE("half an emoji costs that character alone (F9)") {
  const auto text = [](const char* json) {
    const auto value = engine::parse_json(json);
    return value ? (*value)["a"].display() : "no: " + value.error().message;
  };
  CHECK(text(R"({"a":"Подъезд 2 \ud83d"})") == "Подъезд 2 \uFFFD");
  CHECK(text(R"({"a":"\uDE00 x"})") == "\uFFFD x");
  CHECK(text(R"({"a":"\ud83d\u0041"})") == "\uFFFDA");
  CHECK(text(R"({"a":"\ud83d\ud83d\ude00"})") == "\uFFFD😀");
  CHECK(text(R"({"a":"\ud83d\ude00"})") == "😀");
  CHECK(text(R"({"a":"\\ud83d"})") == "\\ud83d");  // an escaped backslash, no escape of a character
  CHECK(text(R"({"a":"\\\ud83d"})") == "\\\uFFFD");
  CHECK_FALSE(engine::parse_json(R"({"a":"\ud8"})"));
  CHECK_FALSE(engine::parse_json(R"({"a":"\uZZZZ"})"));
}

TEST_CASE("bytes that are no UTF-8 cost these characters alone, a byte order mark nothing (F6)") {
  CHECK((*engine::parse_json("{\"a\":\"x\xD0\",\"b\":1}"))["a"].display() == "x\uFFFD");
  CHECK((*engine::parse_json("\xEF\xBB\xBF{\"a\":1}"))["a"].display() == "1");
  CHECK_FALSE(engine::parse_json("\xCE\xCA, \xEF\xF0\xE8\xED\xFF\xF2\xEE"));  // windows-1251 alone is still no JSON
  CHECK(elements("\xEF\xBB\xBF{\"orders\":[{\"a\":1}]}") == Texts{"{\"a\":1}"});
  CHECK(elements("{\"orders\":[\"\xD0\"]}") == Texts{"\"\uFFFD\""});
  CHECK(elements(R"({"orders":["\ud83d"]})") == Texts{R"("\ud83d")"});
}

TEST_CASE("what is written as JSON is UTF-8 whatever stands in it") {
  const engine::Value value(engine::Record{{"a\xD0", engine::Value("\xFF")}});
  CHECK(engine::write_json(value) == "{\"a\uFFFD\":\"\uFFFD\"}");
  CHECK(valid_utf8(engine::encode(engine::Value(engine::Broken{"p\xD0", "money", "\"\xD1"}))));
}

TEST_CASE("more values, bytes or depth than the limit is an error that says so (engine A11)") {
  const auto refusal = [](const std::string& text, engine::JsonLimits limits) {
    const auto value = engine::parse_json(text, limits);
    return value ? std::string() : value.error().message;
  };
  CHECK(refusal("[{},{},{}]", {.values = 4}).empty());
  CHECK(refusal("[{},{},{},{}]", {.values = 4}) == "the JSON text has more than 4 values");
  CHECK(refusal("{\"a\":[1,2]}", {.values = 3}) == "the JSON text has more than 3 values");
  CHECK(refusal("[1,2]", {.bytes = 4}) == "the JSON text has 5 bytes, more than the 4 that are read");
  CHECK(refusal("[[1]]", {.depth = 2}).empty());
  CHECK(refusal("[[[1]]]", {.depth = 2}).starts_with("not JSON at byte"));
  std::string many = "[{}";
  for (int i = 0; i < 2'000'000; ++i) many += ",{}";
  CHECK(refusal(many + "]", {}) == "the JSON text has more than 2000000 values");
}

TEST_CASE("a value is small, and empty lists and records are shared") {
  CHECK(sizeof(engine::Value) <= 48);
  const auto value = engine::parse_json("[{},{},[],[]]");
  const engine::List& list = *value->list();
  CHECK(list[0].record() == list[1].record());
  CHECK(list[2].list() == list[3].list());
}

TEST_CASE("a record of very many fields is read in linear time, of equal names the last one wins") {
  std::string text = "{";
  for (int i = 0; i < 300'000; ++i) text += fmt::format("\"field{}\":{},", i, i);
  const auto value = engine::parse_json(text + "\"field7\":\"last\"}");
  REQUIRE(value);
  CHECK(value->record()->size() == 300'000);
  CHECK((*value)["field7"].display() == "last");
}

TEST_CASE("the beginning of a JSON text is as long as asked, and no more is written for it") {
  engine::List list(1000, engine::Value(std::string(1'000'000, 'x')));
  CHECK(engine::json_start(engine::Value(list), 20) == "[\"" + std::string(15, 'x') + "…");
  CHECK(engine::json_start(*engine::parse_json(R"({"a":[1,2]})"), 60) == R"({"a":[1,2]})");
  std::string out;
  CHECK_FALSE(engine::append_json(out, engine::Value(list), 100));
  CHECK(out.size() < 200);
}
