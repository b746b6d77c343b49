// What the functions are made of; private to engine/functions*.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "engine/functions.hpp"

namespace pipewright::engine::functions {

using Made = tl::expected<Value, std::string>;
using Arguments = std::span<const Argument>;
using Function = Made (*)(Arguments, const CallContext&);

tl::unexpected<std::string> no(std::string reason);
/// Why an argument will not do, with its path and what was found.
tl::unexpected<std::string> unfit(const Argument& argument, std::string_view wanted);
/// Why a function makes nothing: the event's budget does not allow it.
tl::unexpected<std::string> exceeded(const CallContext& around);
/// A single value as text; nothing for null, lists and records.
std::optional<std::string> as_text(const Argument& argument);
std::optional<std::int64_t> as_index(const Argument& argument);

// texts (functions_text.cpp)
Made upper(Arguments args, const CallContext&);
Made lower(Arguments args, const CallContext&);
Made trim(Arguments args, const CallContext&);
Made replace(Arguments args, const CallContext&);
Made split(Arguments args, const CallContext&);
Made join_list(Arguments args, const CallContext&);
Made contains(Arguments args, const CallContext&);
Made starts_with(Arguments args, const CallContext&);
Made ends_with(Arguments args, const CallContext&);
Made slice(Arguments args, const CallContext&);
Made length(Arguments args, const CallContext&);

}  // namespace pipewright::engine::functions
