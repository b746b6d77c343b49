// Requests of the engine answered by a sandbox in this process, without a socket.
#pragma once

#include "engine/http/server.hpp"
#include "engine/node.hpp"

namespace pipewright::tests {

engine::http::ServerRequest server_request(const engine::Request& request);
engine::CallResult result_of(engine::http::Reply reply);

}  // namespace pipewright::tests
