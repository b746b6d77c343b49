// Patterns of `format`: which ones the language has. What they print is engine/functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pipewright::dsl {

struct PatternFault {
  std::string what;
  std::string help;
};

/// Of times and dates: text with at least one of `%Y %m %d %H %M %S %z %e %B %a`, and `%%`. Nothing: it is right.
std::optional<PatternFault> fault_of_time_pattern(std::string_view pattern);
/// Of numbers: `0` and `#` with separators, no letters and no `%`.
std::optional<PatternFault> fault_of_number_pattern(std::string_view pattern);

}  // namespace pipewright::dsl
