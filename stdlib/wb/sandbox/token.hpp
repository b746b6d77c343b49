// Tokens: JWTs with the published claims and a signature nobody can check.
#pragma once

#include <string>

#include "stdlib/wb/sandbox/sandbox.hpp"

namespace pipewright::wb::sandbox {

struct Claims {
  std::string id;   ///< of the token
  std::string sid;  ///< of the seller
  std::int64_t expires = 0;
  std::uint64_t scopes = 0;
  TokenOptions::Kind kind = TokenOptions::Kind::personal;

  [[nodiscard]] bool has(int bit) const { return ((scopes >> bit) & 1U) != 0; }
};

inline constexpr int read_only_bit = 30;

Claims claims_of(const TokenOptions& options, std::string id, std::string sid, Time now);

/// `noise` stands for the signature: any text, encoded as the third part.
std::string jwt_of(const Claims& claims, std::string_view noise);

std::string base64(std::string_view bytes);

}  // namespace pipewright::wb::sandbox
