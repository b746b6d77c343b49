#include "number.hpp"

#include <algorithm>
#include <cctype>

namespace pipewright::soundness {
namespace {

constexpr int most_digits = 38;

Integer ten_to(int exponent) { return boost::multiprecision::pow(Integer(10), static_cast<unsigned>(exponent)); }

Integer units_at(const Number& number, int scale) { return number.units * ten_to(scale - number.scale); }

bool too_long(const Number& number) { return number.scale > most_digits || abs(number.units) >= ten_to(most_digits); }

}  // namespace

std::optional<Number> number_of(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point < text.size() ? text.substr(point + 1) : std::string_view();
  const auto digits = [](std::string_view part) {
    return !part.empty() && std::all_of(part.begin(), part.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  };
  if (!digits(whole) || (point < text.size() && !digits(fraction))) return std::nullopt;
  Number made{0, static_cast<int>(fraction.size())};
  for (const std::string_view part : {whole, fraction}) {
    for (const char digit : part) made.units = made.units * 10 + (digit - '0');
  }
  if (negative) made.units = -made.units;
  return made;
}

std::string text_of(const Number& number) {
  std::string digits = Integer(abs(number.units)).str();
  const auto scale = static_cast<std::size_t>(number.scale);
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  if (scale > 0) digits.insert(digits.size() - scale, ".");
  return (number.units < 0 ? "-" : "") + digits;
}

Number shortest(Number number) {
  while (number.scale > 0 && number.units % 10 == 0) {
    number.units /= 10;
    --number.scale;
  }
  return number;
}

bool is_whole(const Number& number) { return shortest(number).scale == 0; }

int order_of(const Number& a, const Number& b) {
  const int scale = std::max(a.scale, b.scale);
  return units_at(a, scale).compare(units_at(b, scale));
}

std::optional<Number> fitting(Number number) {
  while (too_long(number) && number.scale > 0 && number.units % 10 == 0) {
    number.units /= 10;
    --number.scale;
  }
  return too_long(number) ? std::nullopt : std::optional(number);
}

Number rounded(const Number& number, int scale, Towards towards) {
  if (scale >= number.scale) return {units_at(number, scale), scale};
  const Integer step = ten_to(number.scale - scale);
  Integer units = number.units / step;  // towards zero
  const Integer left = number.units - units * step;
  const int away = number.units < 0 ? -1 : 1;
  if (towards == Towards::nearest && abs(left) * 2 >= step) units += away;
  if (towards == Towards::below && left < 0) units -= 1;
  if (towards == Towards::above && left > 0) units += 1;
  return {units, scale};
}

Number sum(const Number& a, const Number& b) {
  const int scale = std::max(a.scale, b.scale);
  return {units_at(a, scale) + units_at(b, scale), scale};
}

Number negated(Number number) {
  number.units = -number.units;
  return number;
}

Number product(const Number& a, const Number& b) { return {a.units * b.units, a.scale + b.scale}; }

Number quotient(const Number& a, const Number& b) {
  const int scale = std::max(a.scale, b.scale);
  constexpr int behind = 18;
  const Integer over = units_at(a, scale) * ten_to(behind);
  const Integer by = units_at(b, scale);
  Integer units = abs(over) / abs(by);
  if ((abs(over) % abs(by)) * 2 >= abs(by)) units += 1;
  return shortest({(over < 0) == (by < 0) ? units : Integer(-units), behind});
}

Number rest(const Number& a, const Number& b) {
  const int scale = std::max(a.scale, b.scale);
  return {units_at(a, scale) % units_at(b, scale), scale};
}

}  // namespace pipewright::soundness
