// What can fail says so in its type: Result<T> is a value or an Error that a person can act on.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace pipewright {

/// The world's refusal, or a mistake in what the user gave us; never our own mistake (that is an assert).
struct Error {
  std::string message;  ///< what happened, lower case, no full stop
  std::string help;     ///< what to do about it; may be empty

  /// The same error, seen from further out: "CONTEXT: MESSAGE".
  [[nodiscard]] Error within(const std::string& context) const { return {context + ": " + message, help}; }
};

template <class T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }
[[nodiscard]] inline tl::unexpected<Error> fail(std::string message, std::string help = {}) {
  return tl::unexpected<Error>(Error{std::move(message), std::move(help)});
}

}  // namespace pipewright
