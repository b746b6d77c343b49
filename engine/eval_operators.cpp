// Operators of expressions, and the reasons why one has no value.
#include <fmt/format.h>

#include "base/text_order.hpp"
#include "engine/eval_parts.hpp"
#include "engine/json.hpp"

namespace pipewright::engine::evaluation {
namespace {

namespace plan = dsl::plan;
using plan::Expr;
using plan::Operator;

std::string shown(const Value& value) { return json_start(value, 80); }

constexpr std::int64_t furthest = std::int64_t{1} << 52;  // milliseconds: a hundred thousand years
constexpr Instant first_moment{std::chrono::sys_days(std::chrono::year(1) / 1 / 1)};
constexpr Instant end_of_time{std::chrono::sys_days(std::chrono::year(10'000) / 1 / 1)};

bool far(Duration span) { return span.count() > furthest || span.count() < -furthest; }

std::chrono::sys_days days_of(const Date& date) {
  using namespace std::chrono;
  return sys_days(year(date.year) / month(date.month) / day(date.day));
}

Date date_of(std::chrono::sys_days days) {
  const std::chrono::year_month_day date(days);
  return {static_cast<int>(date.year()), static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day())};
}

// A duration and a whole number; nothing where the operands are others.
std::optional<Evaluated> multiplied(const Expr& expr, const Value& left, const Value& right) {
  const Duration* span = left.duration() != nullptr ? left.duration() : right.duration();
  const Decimal* times = left.number() != nullptr ? left.number() : right.number();
  if (span == nullptr || times == nullptr) return std::nullopt;
  const auto product = multiply(Decimal(static_cast<std::int64_t>(span->count())), *times);
  const auto made = product && product->is_integer() ? product->integer() : std::nullopt;
  if (!made || far(Duration(*made))) return Evaluated(halt(expr, fmt::format("{} is out of range", named(expr))));
  return Evaluated(Value(Duration(*made)));
}

}  // namespace

tl::unexpected<Halt> halt(const Expr& at, std::string reason) {
  return tl::unexpected<Halt>(Halt{Halt::Kind::fail, std::move(reason), &at.place});
}

std::string path_of(const Expr& expr) {
  if (!expr.place.text.empty()) return expr.place.text;
  if (const auto* member = std::get_if<plan::Member>(&expr.node)) {
    const std::string outer = path_of(*member->record);
    return outer.empty() ? member->name : outer + "." + member->name;
  }
  return {};
}

std::string named(const Expr& expr) {
  const std::string path = path_of(expr);
  return path.empty() ? "a value" : fmt::format("`{}`", path);
}

tl::unexpected<Halt> broken(const Expr& at, const Broken& value) { return halt(at, value.reason()); }

tl::unexpected<Halt> wrong(const Expr& at, const Value& value, std::string_view wanted) {
  if (value.is_null()) return halt(at, fmt::format("{} is null", named(at)));
  return halt(at, fmt::format("{} is {}, not {}", named(at), shown(value), wanted));
}

tl::unexpected<Halt> exceeded(const Expr& at, const Scope& scope) {
  return halt(at, fmt::format("{} {}", named(at), scope.budget.reason()));
}

Evaluated arithmetic(const Expr& expr, const plan::Binary& node, const Value& left, const Value& right) {
  const Decimal* a = left.number();
  const Decimal* b = right.number();
  if (a == nullptr || b == nullptr)
    return a == nullptr ? wrong(*node.left, left, "a number") : wrong(*node.right, right, "a number");
  std::optional<Decimal> result;
  switch (node.op) {
    case Operator::add:
      result = add(*a, *b);
      break;
    case Operator::subtract:
      result = subtract(*a, *b);
      break;
    case Operator::multiply:
      result = multiply(*a, *b);
      break;
    case Operator::divide:
      if (b->is_zero()) return halt(expr, fmt::format("{} divides by zero", named(expr)));
      result = divide(*a, *b);
      break;
    default:
      if (b->is_zero()) return halt(expr, fmt::format("{} divides by zero", named(expr)));
      result = remainder(*a, *b);
  }
  if (!result) return halt(expr, fmt::format("{} needs more than {} digits", named(expr), Decimal::max_digits));
  return Value(*result);
}

// Times, dates and durations; nothing where the operands are others.
std::optional<Evaluated> calendar(const Expr& expr, const plan::Binary& node, const Value& left, const Value& right) {
  if (node.op == Operator::multiply) return multiplied(expr, left, right);
  if (node.op != Operator::add && node.op != Operator::subtract) return std::nullopt;
  // A duration and a moment: the moment moves, wherever it stands.
  if (node.op == Operator::add && left.duration() != nullptr && (right.time() != nullptr || right.date() != nullptr))
    return calendar(expr, node, right, left);
  const bool plus = node.op == Operator::add;
  const Duration* span = right.duration();
  if (span != nullptr && far(*span)) return Evaluated(halt(expr, fmt::format("{} is out of range", named(expr))));
  const Duration step = span == nullptr ? Duration(0) : (plus ? *span : -*span);
  if (span != nullptr && left.time() != nullptr) {
    const Instant moved = far(left.time()->time_since_epoch()) ? Instant::max() : *left.time() + step;
    if (moved < first_moment || moved >= end_of_time)
      return Evaluated(halt(expr, fmt::format("{} is out of range", named(expr))));
    return Evaluated(Value(moved));
  }
  if (span != nullptr && left.duration() != nullptr && !far(*left.duration()))
    return Evaluated(Value(*left.duration() + step));
  if (span != nullptr && left.date() != nullptr) {
    if (step % std::chrono::days(1) != Duration(0))
      return Evaluated(
          halt(expr, fmt::format("{} moves a date by {}, which are no whole days", named(expr), duration_text(*span))));
    const auto moved = days_of(*left.date()) + std::chrono::duration_cast<std::chrono::days>(step);
    const Date date = date_of(std::chrono::sys_days(moved.time_since_epoch()));
    if (date.year < 1 || date.year > 9999) return Evaluated(halt(expr, fmt::format("{} is out of range", named(expr))));
    return Evaluated(Value(date));
  }
  if (!plus && left.time() != nullptr && right.time() != nullptr)
    return Evaluated(Value(Duration(*left.time() - *right.time())));
  if (!plus && left.date() != nullptr && right.date() != nullptr) {
    return Evaluated(Value(std::chrono::duration_cast<Duration>(days_of(*left.date()) - days_of(*right.date()))));
  }
  return std::nullopt;
}

Evaluated ordered(const Expr& expr, const plan::Binary& node, const Value& left, const Value& right) {
  if (left.is_null()) return wrong(*node.left, left, "");
  if (right.is_null()) return wrong(*node.right, right, "");
  std::optional<std::strong_ordering> order;
  if (left.number() && right.number()) order = *left.number() <=> *right.number();
  if (left.time() && right.time())
    order = left.time()->time_since_epoch().count() <=> right.time()->time_since_epoch().count();
  if (left.date() && right.date()) order = *left.date() <=> *right.date();
  if (left.duration() && right.duration()) order = left.duration()->count() <=> right.duration()->count();
  if (left.text() && right.text()) order = compare_texts(*left.text(), *right.text()) <=> 0;
  if (!order) return halt(expr, fmt::format("{} and {} have no order", shown(left), shown(right)));
  switch (node.op) {
    case Operator::less:
      return Value(*order < 0);
    case Operator::less_or_equal:
      return Value(*order <= 0);
    case Operator::greater:
      return Value(*order > 0);
    default:
      return Value(*order >= 0);
  }
}

}  // namespace pipewright::engine::evaluation
