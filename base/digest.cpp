#include "base/digest.hpp"

#include <openssl/sha.h>

#include <array>

namespace pipewright {

std::string digest(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> bytes{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), bytes.data());
  constexpr std::string_view digits = "0123456789abcdef";
  std::string made;
  for (std::size_t i = 0; i < 16; ++i) {
    made.push_back(digits[bytes[i] >> 4U]);
    made.push_back(digits[bytes[i] & 15U]);
  }
  return made;
}

}  // namespace pipewright
