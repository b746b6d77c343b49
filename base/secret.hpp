// A secret is a type of its own: it cannot be printed, compared by accident or turned into text without saying
// `reveal`.
#pragma once

#include <string>
#include <utility>

namespace pipewright {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  /// The text itself, for the one line that puts it on the wire.
  [[nodiscard]] const std::string& reveal() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }

  template <class Stream>
  friend Stream& operator<<(Stream&, const Secret&) = delete;

 private:
  std::string text_;
};

}  // namespace pipewright
