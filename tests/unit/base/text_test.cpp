#include "base/text.hpp"

#include <doctest/doctest.h>

using namespace pipewright;

TEST_CASE("letters are code points") {
  CHECK(code_points("заказ") == 5);
  CHECK(code_points("") == 0);
  CHECK(display_width("заказ") == 5);
  CHECK(display_width("漢字") == 4);
  CHECK(display_width("e\xCC\x81") == 1);
}

TEST_CASE("what is no UTF-8 is known") {
  CHECK(valid_utf8("да, «вот»"));
  for (const char* each : {"\xFF", "\xC0\x80", "\xED\xA0\x80", "\xD0", "a\x80"}) CHECK(!valid_utf8(each));
}

TEST_CASE("case is that of the language") {
  CHECK(uppercase("ёлка, café") == "ЁЛКА, CAFÉ");
  CHECK(lowercase("ЁЛКА Q") == "ёлка q");
}

TEST_CASE("names are compared without case, quotes and spaces") {
  CHECK(folded_name("ООО «Вайлдбериз»") == folded_name("ооо  \"ВАЙЛДБЕРИЗ\" "));
  CHECK(folded_name("Иванов Иван") == folded_name(" иванов   иван "));
  CHECK(folded_name("Иванов") != folded_name("Петров"));
}

TEST_CASE("the space around a text is trimmed") {
  CHECK(trimmed(" \t a b \r\n") == "a b");
  CHECK(trimmed("   ") == "");
}

TEST_CASE("spelling is counted in letters, and neighbours that changed places count once") {
  struct Case {
    const char* a;
    const char* b;
    std::size_t distance;
  };
  const Case cases[] = {{"", "", 0},    {"abc", "abc", 0},       {"abc", "abd", 1},    {"abc", "acb", 1},
                        {"abc", "", 3}, {"lenght", "length", 1}, {"заказ", "закас", 1}};
  for (const Case& each : cases) CHECK_MESSAGE(spelling_distance(each.a, each.b) == each.distance, each.a);
}

TEST_CASE("only what is really close is suggested") {
  const std::vector<std::string> words = {"external_id", "number", "status", "id"};
  CHECK(closest("externl_id", words) == "external_id");
  CHECK(closest("Status", words) == "status");
  CHECK(!closest("weight", words));
  CHECK(!closest("x", words));
  CHECK(!closest("anything", {}));
}

TEST_CASE("an API's words in snake_case") {
  struct Case {
    const char* word;
    const char* snake;
  };
  const Case cases[] = {{"isB2B", "is_b2b"},
                        {"nmId", "nm_id"},
                        {"incomeID", "income_id"},
                        {"price", "price"},
                        {"orderUid", "order_uid"},
                        {"externalId", "external_id"},
                        {"already_snake", "already_snake"}};
  for (const Case& each : cases) CHECK_MESSAGE(snake_case(each.word) == each.snake, each.word);
}

TEST_CASE("texts are joined with what stands between them") {
  CHECK(join({}, ", ") == "");
  CHECK(join({"a"}, ", ") == "a");
  CHECK(join({"a", "b", "c"}, ", ") == "a, b, c");
}

TEST_CASE("text in XML cannot end what it stands in") {
  CHECK(xml_escaped("<a b=\"c\">&\n\x01\ttail") == "&lt;a b=&quot;c&quot;&gt;&amp;&#10;\ttail");
  CHECK(xml_escaped("Кружка «300 мл»") == "Кружка «300 мл»");
}

TEST_CASE("a shortened text ends between two characters, whatever the limit") {
  const std::string text = "цена уточняется 😀 у продавца, смотрите карточку";
  for (std::size_t limit = 3; limit < text.size() + 5; ++limit) {
    const std::string made = shortened(text, limit);
    CHECK_MESSAGE(valid_utf8(made), limit);
    CHECK(made.size() <= limit);
    CHECK(made.size() + 6 >= std::min(limit, text.size()));
    CHECK((made == text || made.ends_with("…")));
  }
  CHECK(shortened("заказ", 10) == "заказ");
  CHECK(shortened("заказ", 9) == "зак…");
  CHECK(first_bytes("заказ", 3) == "з");
  CHECK(first_bytes(std::string(20, '\x80'), 10).size() == 10);  // no UTF-8 at all: cut anywhere
}

TEST_CASE("bytes that are no UTF-8 become U+FFFD one by one, the others stay") {
  CHECK(repaired_utf8("да") == "да");
  CHECK(repaired_utf8("a\xD0") == "a\xEF\xBF\xBD");
  CHECK(repaired_utf8("\xCE\xCA ok") == "\xEF\xBF\xBD\xEF\xBF\xBD ok");
  CHECK(repaired_utf8("\xED\xA0\xBD") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // half a surrogate pair
  CHECK(repaired_utf8("") == "");
}
