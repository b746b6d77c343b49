// Names → behaviour and accounts: Plan + Registry + Config → Runnable. The world enters here.
#pragma once

#include <memory>

#include "base/result.hpp"
#include "engine/config.hpp"
#include "engine/core/runnable.hpp"

namespace pipewright::engine {

using Connections = std::map<std::string, std::shared_ptr<Connection>>;

/// Opens every configured connection. `opened` is the program's start, for "171 days left".
Result<Connections> open_connections(const Registry& registry, const Config& config, Instant opened);

/// `commit` is the integrator's git commit, may be empty. Connections are shared between plans, so that limits and
/// caches are too.
Result<std::shared_ptr<const Runnable>> bind(std::shared_ptr<const dsl::plan::Plan> plan,
                                             std::shared_ptr<const Registry> registry, const Config& config,
                                             const Connections& connections, const std::string& commit);

}  // namespace pipewright::engine
