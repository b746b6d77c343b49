#include "dsl/patterns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace pipewright::dsl {

std::optional<PatternFault> fault_of_time_pattern(std::string_view pattern) {
  constexpr std::string_view known = "YmdHMSzeBa";
  const std::string help = "write for example \"%d.%m.%Y %H:%M\"; there are %Y %m %d %H %M %S %z %e %B %a";
  bool any = false;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] != '%') continue;
    const std::string_view letter = pattern.substr(++at, 1);
    if (letter == "%") continue;
    if (letter.empty() || known.find(letter) == std::string_view::npos)
      return PatternFault{fmt::format("a time pattern has no `%{}`", letter), help};
    any = true;
  }
  if (any) return std::nullopt;
  return PatternFault{fmt::format("\"{}\" prints the same for every time", pattern), help};
}

std::optional<PatternFault> fault_of_number_pattern(std::string_view pattern) {
  const std::string help =
      "write `0` and `#` for digits, such as \"0.00\", \"# ##0,00\", \"00000\"; words stand beside the hole";
  const auto odd = std::find_if(pattern.begin(), pattern.end(), [](unsigned char c) {
    return c == '%' || (c < 0x80 && std::isalnum(c) != 0 && c != '0');
  });
  if (odd != pattern.end()) return PatternFault{fmt::format("a number pattern has no `{}`", *odd), help};
  if (pattern.find_first_of("0#") == std::string_view::npos)
    return PatternFault{fmt::format("\"{}\" has no place for a digit", pattern), help};
  return std::nullopt;
}

}  // namespace pipewright::dsl
