#include "stdlib/wb/sandbox/token.hpp"

namespace pipewright::wb::sandbox {
namespace {

std::string encoded(std::string_view bytes, const char* alphabet) {
  std::string text;
  std::uint32_t bits = 0;
  int count = 0;
  for (const unsigned char byte : bytes) {
    bits = (bits << 8U) | byte;
    count += 8;
    while (count >= 6) {
      count -= 6;
      text += alphabet[(bits >> count) & 63U];
    }
  }
  if (count > 0) text += alphabet[(bits << (6 - count)) & 63U];
  return text;
}

std::string base64url(std::string_view bytes) {
  return encoded(bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
}

}  // namespace

std::string base64(std::string_view bytes) {
  std::string text = encoded(bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
  while (text.size() % 4 != 0) text += '=';
  return text;
}

Claims claims_of(const TokenOptions& options, std::string id, std::string sid, Time now) {
  Claims claims{.id = std::move(id), .sid = std::move(sid), .kind = options.kind};
  claims.expires =
      std::chrono::duration_cast<std::chrono::seconds>((now + options.valid_for).time_since_epoch()).count();
  for (const int bit : options.categories) claims.scopes |= std::uint64_t{1} << bit;
  if (options.read_only) claims.scopes |= std::uint64_t{1} << read_only_bit;
  return claims;
}

std::string jwt_of(const Claims& claims, std::string_view noise) {
  const Json header{{"alg", "ES256"}, {"kid", "20260302v1"}, {"typ", "JWT"}};
  Json payload{{"acc", static_cast<int>(claims.kind)},
               {"ent", 1},
               {"exp", claims.expires},
               {"id", claims.id},
               {"s", claims.scopes},
               {"sid", claims.sid},
               {"t", claims.kind == TokenOptions::Kind::test}};
  if (claims.kind == TokenOptions::Kind::personal) payload["for"] = "self";
  if (claims.kind == TokenOptions::Kind::service) payload["for"] = "asid:" + claims.sid;
  return base64url(header.dump()) + '.' + base64url(payload.dump()) + '.' + base64url(noise);
}

}  // namespace pipewright::wb::sandbox
