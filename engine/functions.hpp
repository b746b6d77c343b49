// The functions of the language, by name: values in, a value out.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "base/time.hpp"
#include "dsl/types.hpp"
#include "engine/budget.hpp"
#include "engine/value.hpp"

namespace pipewright::engine {

/// One argument with what its call needs to say of it.
struct Argument {
  const Value& value;
  const dsl::Type* type;  ///< static; money prints with two decimals
  std::string_view path;  ///< its source text, for the message
};

/// What a call may know beside its arguments.
struct CallContext {
  Instant now;
  const std::string* time_zone = nullptr;
  Budget* budget = nullptr;  ///< asked before anything large is made
};

/// The value, or why there is none, in words that name the argument's path.
tl::expected<Value, std::string> call_function(std::string_view name, std::span<const Argument> arguments,
                                               const CallContext& around);

}  // namespace pipewright::engine
