// Which connections an event may yet reach: what order per key is decided by.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "dsl/plan.hpp"
#include "engine/node.hpp"

namespace pipewright::engine {

/// The connections of the actions that may still come: all of `steps` without an address, else the step at the address
/// and what stands behind it, of a branch that was taken that branch alone. Sinks (`log`, `file.append`) make nobody
/// wait.
std::set<std::string> reachable(const dsl::plan::Steps& steps, std::string_view address, const Registry& registry);

}  // namespace pipewright::engine
