#include "base/decimal.hpp"

#include <algorithm>
#include <array>
#include <boost/multiprecision/cpp_int.hpp>

namespace pipewright {
namespace {

using Wide = boost::multiprecision::int512_t;

constexpr int longest_scale = 60;

const Wide& power_of_ten(int exponent) {
  static const auto powers = [] {
    std::array<Wide, 2 * longest_scale + 1> table;
    table[0] = 1;
    for (std::size_t i = 1; i < table.size(); ++i) table[i] = table[i - 1] * 10;
    return table;
  }();
  return powers[static_cast<std::size_t>(std::clamp(exponent, 0, 2 * longest_scale))];
}

Wide wide(Decimal::Coefficient value) {
  const bool negative = value < 0;
  __extension__ using Unsigned = unsigned __int128;
  const Unsigned magnitude = negative ? Unsigned(0) - static_cast<Unsigned>(value) : static_cast<Unsigned>(value);
  Wide result = static_cast<std::uint64_t>(magnitude >> 64);
  result <<= 64;
  result += static_cast<std::uint64_t>(magnitude);
  return negative ? Wide(-result) : result;
}

// Zeros behind the point are given up before a number is called too long.
std::optional<Decimal> narrow(Wide value, int scale) {
  const bool negative = value < 0;
  if (negative) value = -value;
  while (scale > 0 && (value >= power_of_ten(Decimal::max_digits) || scale > Decimal::max_digits) && value % 10 == 0) {
    value /= 10;
    --scale;
  }
  if (value >= power_of_ten(Decimal::max_digits) || scale > Decimal::max_digits) return std::nullopt;
  const auto low = static_cast<std::uint64_t>(value & Wide(~std::uint64_t{0}));
  const auto high = static_cast<std::uint64_t>(value >> 64);
  const auto magnitude = (static_cast<Decimal::Coefficient>(high) << 64) | static_cast<Decimal::Coefficient>(low);
  return Decimal(negative ? -magnitude : magnitude, scale);
}

struct Aligned {
  Wide a, b;
  int scale;
};

Aligned align(const Decimal& a, const Decimal& b) {
  const int scale = std::max(a.scale(), b.scale());
  return {wide(a.coefficient()) * power_of_ten(scale - a.scale()),
          wide(b.coefficient()) * power_of_ten(scale - b.scale()), scale};
}

// Most numbers are small: their arithmetic needs no wide integers.
constexpr int small_digits = 18;

constexpr std::array<std::int64_t, small_digits + 1> small_powers = [] {
  std::array<std::int64_t, small_digits + 1> table{};
  table[0] = 1;
  for (std::size_t i = 1; i < table.size(); ++i) table[i] = table[i - 1] * 10;
  return table;
}();

bool is_small(const Decimal& number) { return number.coefficient() <= INT64_MAX && number.coefficient() >= -INT64_MAX; }

std::size_t digits_of(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
  return end;
}

// Longer numbers are none that anybody means.
constexpr std::size_t longest_text = 200;

// Digits beyond what a decimal holds are given up where they are zeros: what is left fits the wide integers.
std::optional<Decimal> of_digits(std::string digits, int scale, bool negative) {
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty()) return Decimal(0, std::clamp(scale, 0, Decimal::max_digits));
  while (digits.size() > Decimal::max_digits && digits.back() == '0') {
    digits.pop_back();
    --scale;
  }
  if (digits.size() > Decimal::max_digits || scale < -Decimal::max_digits) return std::nullopt;
  Wide value = 0;
  for (const char digit : digits) value = value * 10 + (digit - '0');
  if (scale < 0) {
    value *= power_of_ten(-scale);
    scale = 0;
  }
  return narrow(negative ? Wide(-value) : value, scale);
}

}  // namespace

std::optional<Decimal> Decimal::parse(std::string_view text) {
  std::size_t at = 0;
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) at = 1;
  const std::size_t integer_end = digits_of(text, at);
  if (integer_end == at) return std::nullopt;
  if (integer_end == text.size() && integer_end - at <= 18) {  // the common case needs no wide arithmetic
    Coefficient small = 0;
    for (std::size_t i = at; i < integer_end; ++i) small = small * 10 + (text[i] - '0');
    return Decimal(negative ? -small : small, 0);
  }
  if (integer_end < text.size() && text[integer_end] == '.' && text.size() - at <= small_digits + 1) {
    const std::size_t end = digits_of(text, integer_end + 1);
    if (end == text.size() && end > integer_end + 1) {
      std::int64_t digits = 0;
      for (std::size_t i = at; i < end; ++i) {
        if (text[i] != '.') digits = digits * 10 + (text[i] - '0');
      }
      return Decimal(negative ? -digits : digits, static_cast<int>(end - integer_end - 1));
    }
  }
  if (text.size() > longest_text) return std::nullopt;
  std::string digits(text.substr(at, integer_end - at));
  at = integer_end;
  int scale = 0;
  if (at < text.size() && text[at] == '.') {
    const std::size_t end = digits_of(text, at + 1);
    if (end == at + 1) return std::nullopt;
    digits += text.substr(at + 1, end - at - 1);
    scale = static_cast<int>(end - at - 1);
    at = end;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    std::size_t from = at + 1;
    const bool minus = from < text.size() && text[from] == '-';
    if (from < text.size() && (text[from] == '-' || text[from] == '+')) ++from;
    const std::size_t end = digits_of(text, from);
    if (end == from || end - from > 3) return std::nullopt;
    int exponent = 0;
    for (std::size_t i = from; i < end; ++i) exponent = exponent * 10 + (text[i] - '0');
    scale += minus ? exponent : -exponent;
    at = end;
  }
  if (at != text.size()) return std::nullopt;
  return of_digits(std::move(digits), scale, negative);
}

std::string Decimal::text() const {
  const bool negative = coefficient_ < 0;
  if (is_small(*this)) {
    std::array<char, 64> buffer;
    char* at = buffer.data() + buffer.size();
    auto rest = static_cast<std::uint64_t>(negative ? -coefficient_ : coefficient_);
    int written = 0;
    while (rest != 0 || written <= scale_) {
      if (written == scale_ && scale_ > 0) *--at = '.';
      *--at = static_cast<char>('0' + rest % 10);
      rest /= 10;
      ++written;
    }
    if (negative) *--at = '-';
    return {at, buffer.data() + buffer.size()};
  }
  std::string digits;
  Coefficient rest = coefficient_;
  do {
    const int digit = static_cast<int>(rest % 10);
    digits.push_back(static_cast<char>('0' + (digit < 0 ? -digit : digit)));
    rest /= 10;
  } while (rest != 0);
  while (static_cast<int>(digits.size()) <= scale_) digits.push_back('0');
  if (negative) digits.push_back('-');
  std::reverse(digits.begin(), digits.end());
  if (scale_ > 0) digits.insert(digits.size() - static_cast<std::size_t>(scale_), ".");
  return digits;
}

Decimal Decimal::normalized() const {
  Decimal result = *this;
  while (result.scale_ > 0 && result.coefficient_ % 10 == 0) {
    result.coefficient_ /= 10;
    --result.scale_;
  }
  return result;
}

bool Decimal::is_integer() const { return normalized().scale_ == 0; }

std::optional<std::int64_t> Decimal::integer() const {
  const Decimal whole = normalized();
  if (whole.scale_ != 0 || whole.coefficient_ > INT64_MAX || whole.coefficient_ < INT64_MIN) return std::nullopt;
  return static_cast<std::int64_t>(whole.coefficient_);
}

std::optional<Decimal> Decimal::rounded(int scale, Rounding rounding) const {
  if (scale >= scale_) return narrow(wide(coefficient_) * power_of_ten(scale - scale_), scale);
  const Wide divisor = power_of_ten(scale_ - scale);
  const Wide value = wide(coefficient_);
  Wide quotient = value / divisor;
  const Wide rest = value % divisor;
  switch (rounding) {
    case Rounding::half_up:
      if (abs(rest) * 2 >= divisor) quotient += value < 0 ? -1 : 1;
      break;
    case Rounding::floor:
      if (rest < 0) quotient -= 1;
      break;
    case Rounding::ceiling:
      if (rest > 0) quotient += 1;
      break;
  }
  return narrow(quotient, scale);
}

std::optional<Decimal> add(const Decimal& a, const Decimal& b) {
  if (a.scale() == b.scale() && is_small(a) && is_small(b))
    return Decimal(a.coefficient() + b.coefficient(), a.scale());
  const Aligned both = align(a, b);
  return narrow(both.a + both.b, both.scale);
}
std::optional<Decimal> subtract(const Decimal& a, const Decimal& b) { return add(a, b.negated()); }
std::optional<Decimal> multiply(const Decimal& a, const Decimal& b) {
  if (is_small(a) && is_small(b) && a.scale() + b.scale() <= Decimal::max_digits) {
    return Decimal(a.coefficient() * b.coefficient(), a.scale() + b.scale());  // below 2^126, which is below 10^38
  }
  return narrow(wide(a.coefficient()) * wide(b.coefficient()), a.scale() + b.scale());
}
std::optional<Decimal> divide(const Decimal& a, const Decimal& b) {
  if (b.is_zero()) return std::nullopt;
  const Aligned both = align(a, b);
  const Wide scaled = both.a * power_of_ten(Decimal::division_scale);
  Wide quotient = scaled / both.b;
  const Wide rest = scaled % both.b;
  if (abs(rest) * 2 >= abs(both.b)) quotient += (scaled < 0) == (both.b < 0) ? 1 : -1;
  const auto rounded = narrow(quotient, Decimal::division_scale);
  return rounded ? std::optional(rounded->normalized()) : std::nullopt;
}
std::optional<Decimal> remainder(const Decimal& a, const Decimal& b) {
  if (b.is_zero()) return std::nullopt;
  const Aligned both = align(a, b);
  return narrow(both.a % both.b, both.scale);
}

std::strong_ordering operator<=>(const Decimal& a, const Decimal& b) {
  if (a.scale_ == b.scale_) return a.coefficient_ <=> b.coefficient_;
  if (is_small(a) && is_small(b) && std::max(a.scale_, b.scale_) <= small_digits) {
    const int scale = std::max(a.scale_, b.scale_);
    return a.coefficient_ * small_powers[static_cast<std::size_t>(scale - a.scale_)] <=>
           b.coefficient_ * small_powers[static_cast<std::size_t>(scale - b.scale_)];
  }
  const Aligned both = align(a, b);
  if (both.a < both.b) return std::strong_ordering::less;
  return both.a == both.b ? std::strong_ordering::equal : std::strong_ordering::greater;
}

}  // namespace pipewright
