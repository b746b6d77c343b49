// Asking the accounts what only they know, for `validate --online`: the same core, limiter and loop as `run`, over a
// plan whose only sources are the questions.
#pragma once

#include "engine/bind.hpp"

namespace pipewright::engine {

/// How long an account may take to answer, and how long one that keeps failing is asked again.
inline constexpr Duration patience = std::chrono::seconds(8);

/// What an answer that is no success means; nothing: it is one.
using Judged = std::function<std::optional<Failure>(const CallResult&)>;

/// A question that changes nothing: asked again while it fails for now, `tries` times at most, and not when the server
/// wants a longer pause than a person waits for.
Task<CallResult> ask(Request request, Judged judged, int tries, Calls& calls);

/// A finding about the node as a whole.
Finding finding_at(const Uses::Node& node, const dsl::Code& code, std::string message, std::string help);
/// `crm.order upsert`; of a source its name.
std::string used_as(const Uses::Node& node);

/// An account that did not answer, or not as its API does, told at the first node that uses it.
Finding silent(const Uses& uses, const std::string& connection, const Failure& failure);

/// One source for each connection, which fills its `into` and gives no event. Connections whose type has nothing to
/// ask are left out. `into` outlives what is returned.
std::shared_ptr<const Runnable> inspecting(const std::map<std::string, Uses>& uses, const Registry& registry,
                                           const Connections& connections, std::map<std::string, Inspection>& into);

}  // namespace pipewright::engine
