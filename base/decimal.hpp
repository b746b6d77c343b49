// Exact decimal numbers: money is never binary floating point. Integers are decimals of scale 0.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pipewright {

/// coefficient / 10^scale, exact, up to 38 digits. Arithmetic that would need more says so by `nullopt`.
class Decimal {
 public:
  __extension__ using Coefficient = __int128;
  static constexpr int max_digits = 38;
  static constexpr int division_scale = 18;  ///< digits that `/` keeps behind the point

  constexpr Decimal() = default;
  constexpr Decimal(std::int64_t integer) : coefficient_(integer) {}  // NOLINT(google-explicit-constructor)
  constexpr Decimal(Coefficient coefficient, int scale) : coefficient_(coefficient), scale_(scale) {}

  /// Reads `-12`, `1.50`, `1e3`, `12.5E-2`, as JSON writes numbers; nothing if it is none or has over 38 digits.
  static std::optional<Decimal> parse(std::string_view text);

  [[nodiscard]] std::string text() const;  ///< all digits of its scale: 1.50 stays "1.50"
  [[nodiscard]] bool is_integer() const;   ///< 2.00 is one
  [[nodiscard]] std::optional<std::int64_t> integer() const;
  [[nodiscard]] int scale() const { return scale_; }
  [[nodiscard]] Coefficient coefficient() const { return coefficient_; }
  [[nodiscard]] bool is_zero() const { return coefficient_ == 0; }
  [[nodiscard]] bool is_negative() const { return coefficient_ < 0; }
  [[nodiscard]] Decimal normalized() const;  ///< without zeros at the end: 1.50 is 1.5

  enum class Rounding { half_up, floor, ceiling };
  /// Rounded to `scale` digits behind the point; half_up rounds away from zero, as money is. A shorter number is
  /// widened.
  [[nodiscard]] std::optional<Decimal> rounded(int scale, Rounding rounding = Rounding::half_up) const;

  [[nodiscard]] Decimal negated() const { return {-coefficient_, scale_}; }
  friend std::optional<Decimal> add(const Decimal& a, const Decimal& b);
  friend std::optional<Decimal> subtract(const Decimal& a, const Decimal& b);
  friend std::optional<Decimal> multiply(const Decimal& a, const Decimal& b);
  friend std::optional<Decimal> divide(const Decimal& a, const Decimal& b);  ///< nothing for a zero divisor too
  friend std::optional<Decimal> remainder(const Decimal& a, const Decimal& b);

  friend std::strong_ordering operator<=>(const Decimal& a, const Decimal& b);
  friend bool operator==(const Decimal& a, const Decimal& b) { return (a <=> b) == 0; }

 private:
  Coefficient coefficient_ = 0;
  int scale_ = 0;
};

}  // namespace pipewright
