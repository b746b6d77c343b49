// Phone numbers, by libphonenumber.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pipewright {

/// A phone number in E.164 (`+79871234567`), or nothing where the text is none. `region` (`RU`) reads numbers without a
/// country.
std::optional<std::string> phone_number(std::string_view text, const std::string& region);

/// Whether numbers without a country can be read as numbers of this one: two capital letters of ISO 3166.
bool is_phone_region(const std::string& region);

}  // namespace pipewright
