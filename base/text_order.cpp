#include "base/text_order.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <cstdint>

namespace pipewright {
namespace {

// Twice the code point, so that there is room behind each.
std::int64_t place_of(std::string_view text, std::size_t at) {
  if (at >= text.size()) return -1;
  utf8proc_int32_t point = 0;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at);
  if (utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size() - at), &point) < 0)
    return std::int64_t{static_cast<unsigned char>(text[at])} * 2;
  if (point == 0x401) return 0x415 * 2 + 1;  // Ё
  if (point == 0x451) return 0x435 * 2 + 1;  // ё
  return std::int64_t{point} * 2;
}

}  // namespace

int compare_texts(std::string_view a, std::string_view b) {
  const auto differ = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  auto at = static_cast<std::size_t>(differ.first - a.begin());
  if (at == a.size() && at == b.size()) return 0;
  const auto inside = [](std::string_view text, std::size_t place) {  // a code point that began before
    return place < text.size() && (static_cast<unsigned char>(text[place]) & 0xC0U) == 0x80U;
  };
  while (at > 0 && (inside(a, at) || inside(b, at))) --at;
  const std::int64_t left = place_of(a, at);
  const std::int64_t right = place_of(b, at);
  return left < right ? -1 : left > right ? 1 : a.compare(b);
}

}  // namespace pipewright
