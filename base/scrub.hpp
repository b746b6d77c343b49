// Takes secrets out of text that came from outside, whatever encoding they are in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"

namespace pipewright {

/// Replaces every secret in a text by `***`: as it is, percent-encoded (also twice), JSON-escaped (also twice), and in
/// base64 or base64url at any alignment; mixtures of these too. A secret of fewer than 6 bytes is replaced only where
/// it is a whole token. Text that was valid JSON stays so: inside a number the digits are replaced by other digits.
/// Linear in the length of the text. Immutable, so that threads may share one.
class Scrubber {
 public:
  Scrubber() = default;
  explicit Scrubber(const std::vector<Secret>& secrets);

  [[nodiscard]] std::string clean(std::string text) const;
  /// True when there is no secret to look for.
  [[nodiscard]] bool empty() const { return patterns_.empty(); }

 private:
  struct Pattern {
    std::string text;
    std::size_t anchor = 0;  ///< bytes that have to match; what follows is taken as far as it matches
    bool whole_token = false;
  };
  struct Span {
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  void add(std::string text, bool whole_token);
  void build();
  void find(std::string_view text, std::vector<Span>& into) const;

  std::vector<Pattern> patterns_;
  // Aho-Corasick over the anchors.
  std::vector<std::uint32_t> next_;     ///< state * 256 + byte → state
  std::vector<std::int32_t> pattern_;   ///< the pattern whose anchor ends in the state; -1: none
  std::vector<std::uint32_t> shorter_;  ///< the next state whose anchor ends here too; 0: none
};

}  // namespace pipewright
