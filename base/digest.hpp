// A digest of text, for telling texts apart. The only place that knows libcrypto.
#pragma once

#include <string>
#include <string_view>

namespace pipewright {

/// The first 128 bits of SHA-256, as 32 hexadecimal digits.
std::string digest(std::string_view text);

}  // namespace pipewright
