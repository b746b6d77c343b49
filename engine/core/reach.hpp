// What an event may yet reach: what order per key is decided by.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "dsl/plan.hpp"
#include "engine/core/runnable.hpp"

namespace pipewright::engine {

/// Connections, each with the realm (of `http.request` the origin) as far as the program tells it; empty: any.
using Reach = std::set<std::pair<std::string, std::string>>;

/// Of the actions that may still come: all of `steps` without an address, else the step at the address and what stands
/// behind it, of a branch that was taken that branch alone. Sinks (`log`, `file.append`) make nobody wait.
Reach reachable(const dsl::plan::Steps& steps, std::string_view address, const Runnable& runnable);

/// Whether both may reach the same.
bool conflict(const Reach& a, const Reach& b);

}  // namespace pipewright::engine
