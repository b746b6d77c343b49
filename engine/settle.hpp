// What is written, as it leaves: money in whole kopecks.
#pragma once

#include "dsl/plan.hpp"
#include "engine/value.hpp"

namespace pipewright::engine {

/// Money is rounded half up to kopecks where it is written, however deep it stands: a number is money when the type of
/// the whole says so, or the literal in `expr` (which may be null) that it stands in.
Value settled(Value value, const dsl::Type& type, const dsl::plan::Expr* expr);

}  // namespace pipewright::engine
