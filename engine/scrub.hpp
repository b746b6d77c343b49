// The secrets of a configuration, taken out of what comes from outside and of what is recorded.
#pragma once

#include <memory>

#include "base/scrub.hpp"
#include "engine/config.hpp"

namespace pipewright::engine {

/// Of every secret that the configuration resolved. Never null.
std::shared_ptr<const Scrubber> scrubber_of(const Config& config);

/// A response before anybody sees it: body, header values and, when it was lost, the message.
void scrub(const Scrubber& scrubber, CallResult& result);
/// What is recorded of a request: its URL and body. Never the request that is sent.
void scrub_record(const Scrubber& scrubber, Request& request);

}  // namespace pipewright::engine
