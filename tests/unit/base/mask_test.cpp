#include "base/mask.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"

using namespace pipewright;

TEST_CASE("personal data is masked where it stands by itself and where a field says so") {
  const auto mask = [](const char* text) { return without_personal_data(text); };
  CHECK(mask("write to anna.k+1@mail.example.ru, or +7 (987) 123-45-67") == "write to ***@***, or ***");
  CHECK(mask("order 13833711 of 2026") == "order 13833711 of 2026");
  CHECK(mask(R"({"firstName":"Анна","n":1,"lastName" : "О\"Нил","phone":79871234567})") ==
        R"({"firstName":"***","n":1,"lastName" : "***","phone":0})");
  CHECK(mask(R"({"delivery":{"address":{"text":"Москва, \"Ц\" 5","flat":7}},"sum":5})") ==
        R"({"delivery":{"address":"***"},"sum":5})");
  CHECK(mask(R"({"phones":[{"number":"8 987 123 45 67"}],"firstName":null})") ==
        R"({"phones":"***","firstName":null})");
  CHECK(mask(R"({"body":"{\"firstName\":\"Анна\",\"n\":1}"})") == R"({"body":"{\"firstName\":\"***\",\"n\":1}"})");
  CHECK(mask("customer=%7B%22firstName%22%3A%22%D0%90%D0%BD%22%2C%22n%22%3A1%7D") ==
        "customer=%7B%22firstName%22%3A%22***%22%2C%22n%22%3A1%7D");
  CHECK(mask("firstName=Anna&n=1&filter[email]=a") == "firstName=***&n=1&filter[email]=a");
  CHECK(mask("first_name: Анна, n: 1\nfull_name: Анна К\nproduct: чай") ==
        "first_name: ***, n: 1\nfull_name: ***\nproduct: чай");
  CHECK(mask("the first name is missing; address not found") == "the first name is missing; address not found");
}

TEST_CASE("masking takes no stack, whatever repeats") {
  for (const char* unit :
       {"a", "1", "1 ", "@", "a@", "{", "firstName", "\"firstName\":", "phone:[", "+", "\\", "\\\"", "(1)"}) {
    CAPTURE(unit);
    std::string text;
    while (text.size() < 300'000) text += unit;
    const std::string masked = without_personal_data(text);
    CHECK(masked.size() <= text.size() * 4);
  }
}

TEST_CASE("what comes from outside moves no cursor and reverses no text on a terminal") {
  CHECK(printable("plain, Привет, чай\tи\nкофе") == "plain, Привет, чай\tи\nкофе");
  CHECK(printable("\x1b[31mred\x1b[0m \x07 \x7f") == "\\x1b[31mred\\x1b[0m \\x07 \\x7f");
  CHECK(printable("a\rb") == "a\\rb");
  CHECK(printable("\xC2\x9B"
                  "31m") == "\\x9b31m");
  CHECK(printable("a\xE2\x80\xAE"
                  "b") == "a\\u{202e}b");
  CHECK(printable("a\xFF"
                  "b") == "a\\xffb");
}

TEST_CASE("the beginning of a text is cut between letters") {
  CHECK(beginning("цена", 5) == "це");
  CHECK(beginning("цена", 4) == "це");
  CHECK(beginning("цена", 8) == "цена");
  CHECK(beginning("a\xFFz", 9) == "a\xEF\xBF\xBDz");
  CHECK(beginning("", 3).empty());
}
