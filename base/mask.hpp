// Personal data out of what is shown (`--mask`).
#pragma once

#include <string>
#include <string_view>

namespace pipewright {

/// E-mail addresses and phones become `***`, wherever they stand; so do the values of fields that name a person or an
/// address (`firstName`, `address` …) in JSON, in JSON inside JSON, in forms and in lines such as `first_name: Anna`.
/// Linear in the length of the text.
std::string without_personal_data(std::string_view text);

}  // namespace pipewright
