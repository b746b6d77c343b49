// A clock that was ahead leaves moments in a source's cursor that lie in the future: what comes until then would never
// be seen.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/node.hpp"

namespace pipewright::engine {

using Poll = std::function<Task<Page>(Connection&, Look, Calls&)>;

/// The poll, with the moments of its cursor (fields of a JSON object, milliseconds since 1970) that lie more than a
/// minute after now taken as now. The page says so in its notice.
Poll clamped(Poll poll, std::vector<std::string> moments);

/// A cursor's text so; empty `what` when nothing was changed.
struct Clamped {
  std::string cursor;
  std::string what;  ///< "2026-11-23T10:00:00Z": the moment that was kept
};
Clamped clamped_cursor(const std::string& cursor, const std::vector<std::string>& moments, Instant now);

}  // namespace pipewright::engine
