// Calls that are answered inside this process: a connector's request as a sandbox sees it, and its reply as a response.
#pragma once

#include "engine/http/server.hpp"
#include "engine/node.hpp"

namespace pipewright::cli {

engine::http::ServerRequest server_request(const engine::Request& request);
/// A reply that breaks off is a response that was lost.
engine::CallResult call_result(const engine::http::Reply& reply);

}  // namespace pipewright::cli
