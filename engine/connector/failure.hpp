// Failures, as a connector judges them.
#pragma once

#include <string>

#include "engine/connector/call.hpp"

namespace pipewright::engine {

struct Failure {
  enum class Kind {
    transient,    ///< timeouts, resets, 429, 5xx: tried again with back-off for `retry_for`, then parked
    credentials,  ///< the key or token is bad: the connection waits and is asked again by itself, its events wait too
    permanent,    ///< validation, not found, forbidden: parks at once with the answer in full
  };
  Kind kind = Kind::transient;
  std::string reason;                     ///< "Wildberries: SupplyShippingRequired «Specify shipping point …»"
  std::string help;                       ///< what to do; may be empty
  Delivery delivery = Delivery::unknown;  ///< of the write that failed; unknown: ask before repeating
  Duration not_before{0};                 ///< the server's own word on when to come again
};

}  // namespace pipewright::engine
