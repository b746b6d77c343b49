// Exact decimals of the naive evaluator: as long as they need to be, and a question whether the language has room for
// them.
#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace pipewright::soundness {

using Integer = boost::multiprecision::cpp_int;

/// units / 10^scale
struct Number {
  Integer units;
  int scale = 0;
};

enum class Towards { nearest, below, above };

/// `-12`, `1.50`; nothing where the text is another.
std::optional<Number> number_of(std::string_view text);
std::string text_of(const Number& number);
/// Without zeros behind the point at its end.
Number shortest(Number number);
bool is_whole(const Number& number);
/// Below, equal, above: negative, 0, positive.
int order_of(const Number& a, const Number& b);
/// 38 digits at most (grammar.md, 2); zeros at the end behind the point are given up first. Nothing: too long.
std::optional<Number> fitting(Number number);
/// `nearest` is half up, away from zero.
Number rounded(const Number& number, int scale, Towards towards = Towards::nearest);

Number sum(const Number& a, const Number& b);
Number negated(Number number);
Number product(const Number& a, const Number& b);
/// 18 digits behind the point; `b` is not zero.
Number quotient(const Number& a, const Number& b);
Number rest(const Number& a, const Number& b);

}  // namespace pipewright::soundness
