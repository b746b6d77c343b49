#include "base/decimal.hpp"

#include <doctest/doctest.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <random>

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
  // 20 digits and 18 behind the point are 38: the digit that is rounded away needs no room.
  CHECK(text(divide(number("12345678901234567890.0001"), number("0.3"))) == "41152263004115226300.000333333333333333");
  CHECK(text(divide(number("-2"), number("3"))) == "-0.666666666666666667");
  CHECK(text(divide(number("2"), number("-3"))) == "-0.666666666666666667");
  CHECK(text(divide(number("-0.000000000000000001"), number("2"))) == "-0.000000000000000001");
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

namespace {

using Exact = boost::multiprecision::cpp_int;

Exact ten_to(int exponent) { return boost::multiprecision::pow(Exact(10), static_cast<unsigned>(exponent)); }

// The number times 10^76: whole for every decimal and every product of two.
Exact scaled(const Decimal& number) {
  std::string digits = number.negated().is_negative() ? number.text() : number.negated().text();
  digits.erase(std::remove(digits.begin(), digits.end(), '.'), digits.end());
  const std::size_t first = digits.find_first_not_of('0');
  const Exact value = first == std::string::npos ? Exact(0) : Exact(digits.substr(first));
  return (number.is_negative() ? -value : value) * ten_to(76 - number.scale());
}

Decimal random_number(std::mt19937_64& chance) {
  std::string digits;
  for (auto count = 1 + chance() % 38; count > 0; --count)
    digits.push_back(static_cast<char>('0' + (chance() % 3 == 0 ? 9 : chance() % 10)));
  const auto scale = chance() % (digits.size() + 1);
  if (scale == digits.size())
    digits = "0." + digits;
  else if (scale > 0)
    digits.insert(digits.size() - scale, ".");
  return Decimal::parse((chance() % 2 == 0 ? "-" : "") + digits).value();
}

}  // namespace

TEST_CASE("a number is read as it is or not at all, however wide it is (engine C)") {
  Exact power = 1;
  for (int bits = 1; bits <= 660; ++bits) {
    power *= 2;
    for (const Exact& value : {Exact(power + 5), Exact(power - 1), power}) {
      const std::string digits = value.str();
      const auto read = Decimal::parse(digits);
      CHECK_MESSAGE(read.has_value() == (digits.size() <= 38), digits);
      if (read) CHECK(read->text() == digits);
      const auto fraction = Decimal::parse("0." + digits);
      if (fraction) CHECK(fraction->text() == "0." + digits);
      CHECK(fraction.has_value() == (digits.size() <= 38));
    }
  }
  CHECK(*Decimal::parse("1" + std::string(120, '0') + "e-120") == Decimal(1));
  CHECK(text(Decimal::parse("1." + std::string(150, '0'))).starts_with("1.000"));
  CHECK(*Decimal::parse("1." + std::string(150, '0')) == Decimal(1));
  CHECK(text(Decimal::parse(std::string(150, '0') + "7")) == "7");
  CHECK(text(Decimal::parse("0.5" + std::string(170, '0') + "e1")).starts_with("5.00"));
  CHECK(text(Decimal::parse("1e37")) == "1" + std::string(37, '0'));
  CHECK_FALSE(Decimal::parse("1e38"));
  CHECK_FALSE(Decimal::parse("123e37"));
  CHECK_FALSE(Decimal::parse("1e-39"));
  CHECK_FALSE(Decimal::parse("1" + std::string(300, '0')));
}

TEST_CASE("near the width arithmetic is exact or refuses") {
  std::mt19937_64 chance(7);
  const Exact one = ten_to(76);
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Decimal a = random_number(chance);
    const Decimal b = random_number(chance);
    CAPTURE(a.text());
    CAPTURE(b.text());
    const auto sum = add(a, b);
    if (sum) CHECK(scaled(*sum) == scaled(a) + scaled(b));
    const auto difference = subtract(a, b);
    if (difference) CHECK(scaled(*difference) == scaled(a) - scaled(b));
    const auto product = multiply(a, b);
    if (product) CHECK(scaled(*product) * one == scaled(a) * scaled(b));
    refused += sum && difference && product ? 0 : 1;
    CHECK(((a <=> b) < 0) == (scaled(a) < scaled(b)));
    if (b.is_zero()) continue;
    if (const auto rest = remainder(a, b)) CHECK(scaled(*rest) == scaled(a) % scaled(b));
    if (const auto quotient = divide(a, b)) {  // within half of the last digit kept
      const Exact off = abs(scaled(*quotient) * scaled(b) - scaled(a) * one) * 2;
      CHECK(off <= abs(scaled(b)) * ten_to(76 - Decimal::division_scale));
    }
    const int digits = static_cast<int>(chance() % 39);
    if (const auto rounded = a.rounded(digits)) CHECK(abs(scaled(*rounded) - scaled(a)) * 2 <= ten_to(76 - digits));
  }
  CHECK(refused > 100);
  CHECK(refused < 15'000);
}
