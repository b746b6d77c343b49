// What evaluation is made of; private to engine/eval*.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/eval.hpp"

namespace pipewright::engine::evaluation {

/// The event parks at this place, with this reason.
tl::unexpected<Halt> halt(const dsl::plan::Expr& at, std::string reason);
/// The text of the program that makes the value, or the path that stands for it; empty where there is neither.
std::string path_of(const dsl::plan::Expr& expr);
/// The path in backticks, or "a value".
std::string named(const dsl::plan::Expr& expr);
/// A field did not have the type that its declaration says.
tl::unexpected<Halt> broken(const dsl::plan::Expr& at, const Broken& value);
/// The value is null, or not what is `wanted`.
tl::unexpected<Halt> wrong(const dsl::plan::Expr& at, const Value& value, std::string_view wanted);
/// The event's budget does not allow the value.
tl::unexpected<Halt> exceeded(const dsl::plan::Expr& at, const Scope& scope);

// operators (eval_operators.cpp)
Evaluated arithmetic(const dsl::plan::Expr& expr, const dsl::plan::Binary& node, const Value& left, const Value& right);
/// Times, dates and durations; nothing where the operands are others.
std::optional<Evaluated> calendar(const dsl::plan::Expr& expr, const dsl::plan::Binary& node, const Value& left,
                                  const Value& right);
/// `<`, `<=`, `>`, `>=`.
Evaluated ordered(const dsl::plan::Expr& expr, const dsl::plan::Binary& node, const Value& left, const Value& right);

}  // namespace pipewright::engine::evaluation
