#include "base/decimal.hpp"

#include <doctest/doctest.h>

using pipewright::Decimal;

namespace {

Decimal number(const char* text) { return Decimal::parse(text).value(); }
std::string text(const std::optional<Decimal>& value) { return value ? value->text() : "none"; }

}  // namespace

TEST_CASE("numbers are read exactly, as JSON writes them") {
  struct Case {
    const char* written;
    const char* text;
  };
  const Case cases[] = {
      {"0", "0"},
      {"-12", "-12"},
      {"1.50", "1.50"},
      {"0.1", "0.1"},
      {"-0.05", "-0.05"},
      {"1e3", "1000"},
      {"12.5E-2", "0.125"},
      {"1.5e1", "15"},
      {"99999999999999999999999999999999999999", "99999999999999999999999999999999999999"},
      {"0.00000000000000000000000000000000000001", "0.00000000000000000000000000000000000001"},
  };
  for (const Case& each : cases) CHECK_MESSAGE(text(Decimal::parse(each.written)) == each.text, each.written);
}

TEST_CASE("what is no number, or has over 38 digits, is refused") {
  for (const char* each : {"", "-", ".", "1.", ".5", "1,5", "1 000", "0x10", "1e", "nan", "inf", "1.2.3", "--1",
                           "999999999999999999999999999999999999999", "1e999999999999"}) {
    CHECK_MESSAGE(!Decimal::parse(each), each);
  }
}

TEST_CASE("arithmetic is exact") {
  CHECK(text(add(number("0.1"), number("0.2"))) == "0.3");
  CHECK(text(subtract(number("1.00"), number("0.01"))) == "0.99");
  CHECK(text(multiply(number("1039.00"), number("2"))) == "2078.00");
  CHECK(text(multiply(number("0.1"), number("0.1"))) == "0.01");
  CHECK(text(remainder(number("7"), number("3"))) == "1");
  CHECK(divide(number("1"), number("4"))->normalized().text() == "0.25");
}

TEST_CASE("a division keeps 18 decimals, and by zero there is none") {
  CHECK(text(divide(number("1"), number("3"))) == "0.333333333333333333");
  CHECK(!divide(number("1"), number("0")));
  CHECK(!remainder(number("1"), number("0.00")));
}

TEST_CASE("what would need more than 38 digits says so") {
  const Decimal large = number("99999999999999999999999999999999999999");
  CHECK(!add(large, number("1")));
  CHECK(!multiply(large, large));
}

TEST_CASE("rounding is half up, away from zero") {
  struct Case {
    const char* written;
    int scale;
    const char* rounded;
  };
  const Case cases[] = {{"2.5", 0, "3"},      {"-2.5", 0, "-3"}, {"2.4", 0, "2"},       {"1.005", 2, "1.01"},
                        {"1.004", 2, "1.00"}, {"1", 2, "1.00"},  {"-1.005", 2, "-1.01"}};
  for (const Case& each : cases)
    CHECK_MESSAGE(text(number(each.written).rounded(each.scale)) == each.rounded, each.written);
  CHECK(text(number("-1.5").rounded(0, Decimal::Rounding::floor)) == "-2");
  CHECK(text(number("-1.5").rounded(0, Decimal::Rounding::ceiling)) == "-1");
}

TEST_CASE("equal numbers are equal however they are written") {
  CHECK(number("1.50") == number("1.5"));
  CHECK(number("2.00").is_integer());
  CHECK(number("2.00").integer() == 2);
  CHECK(!number("2.01").integer());
  CHECK(number("-1") < number("0.5"));
  CHECK(number("10") > number("9.99"));
  CHECK(number("1.500").normalized().text() == "1.5");
  CHECK(number("100").normalized().text() == "100");
}

TEST_CASE("an integer beyond 64 bits is none") { CHECK(!number("9223372036854775808").integer()); }
