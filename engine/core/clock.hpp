// Two clocks: what is written down is the wall's, what is waited for is steady.
#pragma once

#include "base/time.hpp"

namespace pipewright::engine {

/// One moment on both clocks. `steady` never goes back and never jumps: intervals, back-off and limits count on it; its
/// zero is anywhere. `wall` is what people and APIs call the time, and may be set.
struct Now {
  Instant wall;
  Instant steady;
  Now(Instant wall_clock, Instant steady_clock) : wall(wall_clock), steady(steady_clock) {}
  /// Both clocks as one: virtual time.
  Now(Instant both) : wall(both), steady(both) {}
};

}  // namespace pipewright::engine
