// Operators, conditions and what they show about nulls.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "dsl/check/checker.hpp"

namespace pipewright::dsl {

using Kind = Type::Kind;
using plan::Operator;

bool Checker::require(const Typed& value, const Type& type, Span span, const std::string& what) {
  if (fits(value.type, type)) return true;
  if (value.type.is(Kind::null) || (value.type.nullable && fits(value.type, type, true))) {
    report(codes::maybe_null, span, fmt::format("`{}` may be null, and {} must be there", source().text(span), what))
        .help = fmt::format("write `{} ?? …`", source().text(span));
    return false;
  }
  if (value.type.is(Kind::json)) {
    const char* function = type.is(Kind::integer)                           ? "int"
                           : type.is(Kind::decimal) || type.is(Kind::money) ? "decimal"
                           : type.is(Kind::boolean)                         ? "bool"
                           : type.is(Kind::time)                            ? "time"
                           : type.is(Kind::date)                            ? "date"
                                                                            : "text";
    Diagnostic& diagnostic = report(codes::json_unconverted, span,
                                    fmt::format("json must be converted where {} is needed", type_text(type.plain())));
    diagnostic.help = fmt::format("write `{}({})`", function, source().text(span));
    diagnostic.edit = Edit{span, fmt::format("{}({})", function, source().text(span))};
    return false;
  }
  const bool units =
      (value.type.is(Kind::kopecks) && type.is(Kind::money)) || (value.type.is(Kind::money) && type.is(Kind::kopecks));
  if (units) {
    report(codes::money_units, span,
           fmt::format("{} is {}, and {} is {}", what, type_text(type.plain()), source().text(span),
                       type_text(value.type)))
        .help = value.type.is(Kind::kopecks) ? "divide by 100" : "multiply by 100";
    return false;
  }
  Diagnostic& diagnostic =
      report(codes::wrong_type, span,
             fmt::format("{} is {}, this is {}", what, type_text(type.plain()), type_text(value.type.plain())));
  if ((type.is(Kind::text) || type.is(Kind::id)) &&
      (numeric(value.type) || value.type.is(Kind::date) || value.type.is(Kind::time))) {
    diagnostic.help =
        fmt::format("write `text({})`, or a text with a hole: \"{{{}}}\"", source().text(span), source().text(span));
  }
  if (type.is(Kind::list) && fits(value.type, *type.element, true))
    diagnostic.help = fmt::format("write `[{}]`", source().text(span));
  if (value.type.is(Kind::list) && fits(*value.type.element, type, true))
    diagnostic.help = fmt::format("write `first({})`, or go through it with `each`", source().text(span));
  return false;
}

bool Checker::condition(const ast::Expr& expr, plan::Expr& into) {
  Typed value = expression(expr);
  into = std::move(value.expr);
  if (value.type.is(Kind::unknown)) return false;
  if (require({value.type, into}, type_of(Kind::boolean), expr.span, "a condition")) return true;
  if (value.type.nullable && !value.type.is(Kind::boolean)) {
    const std::string asked = fmt::format("{} != null", source().text(expr.span));
    out.diagnostics.back().help = fmt::format("write `{}`", asked);
    out.diagnostics.back().edit = Edit{expr.span, asked};
  }
  return false;
}

Typed Checker::unary(const ast::Unary& node, Span span) {
  Typed operand = expression(*node.operand);
  if (operand.type.is(Kind::unknown)) return bad(span);
  if (node.is_not) {
    if (!require(operand, type_of(Kind::boolean), node.operand->span, "what `not` turns round")) return bad(span);
    return {type_of(Kind::boolean), {plan::Not{std::move(operand.expr)}, type_of(Kind::boolean), place(span)}};
  }
  if (operand.type.nullable) {
    require(operand, operand.type.plain(), node.operand->span, "a number");
    return bad(span);
  }
  if (!numeric(operand.type) && !operand.type.is(Kind::duration)) {
    require(operand, type_of(Kind::decimal), node.operand->span, "what `-` stands before");
    return bad(span);
  }
  const Type type = operand.type;
  if (const auto* constant = std::get_if<plan::Literal>(&operand.expr.node)) {
    if (const auto* number = std::get_if<Decimal>(&constant->value)) return literal(type.kind, number->negated(), span);
    if (const auto* duration = std::get_if<Duration>(&constant->value)) return literal(type.kind, -*duration, span);
  }
  return {type, {plan::Negate{std::move(operand.expr)}, type, place(span)}};
}

Typed Checker::binary(const ast::Binary& node, Span span) {
  switch (node.op) {
    case Operator::and_:
    case Operator::or_:
      return logic(node, span);
    case Operator::otherwise:
      return fallback(node, span);
    default:
      break;
  }
  Typed left = expression(*node.left);
  Typed right = expression(*node.right);
  want_operand(*node.right, left.type);
  want_operand(*node.left, right.type);
  if (left.type.is(Kind::unknown) || right.type.is(Kind::unknown)) return bad(span);
  switch (node.op) {
    case Operator::add:
    case Operator::subtract:
    case Operator::multiply:
    case Operator::divide:
    case Operator::remainder:
      return arithmetic(node, std::move(left), std::move(right), span);
    case Operator::in:
    case Operator::not_in:
      return membership(node, std::move(left), std::move(right), span);
    default:
      return comparison(node, std::move(left), std::move(right), span);
  }
}

namespace {

// The unit of a sum or product; nothing where the two do not go together.
std::optional<Type> arithmetic_type(Operator op, const Type& a, const Type& b) {
  const bool sum = op == Operator::add || op == Operator::subtract;
  const auto money = [](const Type& type) { return type.is(Kind::money) || type.is(Kind::kopecks); };
  if (numeric(a) && numeric(b)) {
    if (money(a) && money(b)) {
      if (a.kind != b.kind) return std::nullopt;
      if (op == Operator::divide) return type_of(Kind::decimal);
      return op == Operator::multiply ? std::nullopt : std::optional(a);
    }
    if (money(a)) return a;
    if (money(b)) return op == Operator::divide || op == Operator::remainder ? std::nullopt : std::optional(b);
    if (op == Operator::divide) return type_of(Kind::decimal);
    return a.is(Kind::decimal) || b.is(Kind::decimal) ? type_of(Kind::decimal) : type_of(Kind::integer);
  }
  const bool moment_a = a.is(Kind::time) || a.is(Kind::date);
  if (sum && moment_a && b.is(Kind::duration)) return a;
  if (op == Operator::add && a.is(Kind::duration) && (b.is(Kind::time) || b.is(Kind::date))) return b;
  if (op == Operator::subtract && moment_a && a.kind == b.kind) return type_of(Kind::duration);
  if (sum && a.is(Kind::duration) && b.is(Kind::duration)) return a;
  if (op == Operator::multiply && a.is(Kind::duration) && b.is(Kind::integer)) return a;
  if (op == Operator::multiply && a.is(Kind::integer) && b.is(Kind::duration)) return b;
  return std::nullopt;
}

}  // namespace

Typed Checker::arithmetic(const ast::Binary& node, Typed left, Typed right, Span span) {
  const auto textual = [](const Type& type) {
    return type.is(Kind::text) || type.is(Kind::enumeration) || type.is(Kind::id);
  };
  if (node.op == Operator::add && (textual(left.type) || textual(right.type))) {
    Diagnostic& diagnostic = report(codes::no_text_sum, node.op_span, "`+` does not join texts");
    const auto hole = [&](const ast::Expr& expr) {
      std::string text(source().text(expr.span));
      const auto* literal = std::get_if<ast::TextLiteral>(&expr.node);
      return literal != nullptr ? text.substr(1, text.size() - 2) : "{" + text + "}";
    };
    const std::string mended = "\"" + hole(*node.left) + hole(*node.right) + "\"";
    diagnostic.help = fmt::format("write one text: {}", mended);
    diagnostic.edit = Edit{span, mended};
    return bad(span);
  }
  for (const auto* side : {&left, &right}) {
    const Span where = side == &left ? node.left->span : node.right->span;
    if (side->type.is(Kind::json)) {
      require(*side, type_of(Kind::decimal), where, "a number");
      return bad(span);
    }
    if (side->type.nullable || side->type.is(Kind::null)) {
      report(codes::maybe_null, where,
             fmt::format("`{}` may be null, and there is no arithmetic with null", source().text(where)))
          .help = fmt::format("write `({} ?? 0)`", source().text(where));
      return bad(span);
    }
  }
  const auto type = arithmetic_type(node.op, left.type, right.type);
  if (!type) {
    const bool money = numeric(left.type) && numeric(right.type);
    report(money ? codes::money_units : codes::wrong_type, node.op_span,
           fmt::format("`{}` takes no {} and {}", source().text(node.op_span), type_text(left.type),
                       type_text(right.type)));
    return bad(span);
  }
  const auto* divisor = std::get_if<plan::Literal>(&right.expr.node);
  const auto* number = divisor == nullptr ? nullptr : std::get_if<Decimal>(&divisor->value);
  if ((node.op == Operator::divide || node.op == Operator::remainder) && number != nullptr && number->is_zero()) {
    report(codes::wrong_type, node.right->span, "division by zero parks every event").help = "divide by another number";
    return bad(span);
  }
  for (const auto* side : {&left, &right}) {
    const auto* constant = std::get_if<plan::Literal>(&side->expr.node);
    const auto* duration = constant == nullptr ? nullptr : std::get_if<Duration>(&constant->value);
    if (!type->is(Kind::date) || duration == nullptr || *duration % std::chrono::days(1) == Duration(0)) continue;
    const Span where = side == &left ? node.left->span : node.right->span;
    const Span moment = side == &left ? node.right->span : node.left->span;
    report(codes::wrong_type, where, fmt::format("a date moves by whole days, and `{}` is none", source().text(where)))
        .help =
        fmt::format("write `time({}) {} {}`", source().text(moment), source().text(node.op_span), source().text(where));
    return bad(span);
  }
  return {*type, {plan::Binary{node.op, std::move(left.expr), std::move(right.expr)}, *type, place(span)}};
}

namespace {

bool comparable(const Type& a, const Type& b) {
  if (a.is(Kind::null) || b.is(Kind::null)) return true;
  if (numeric(a) && numeric(b)) {
    const bool mixed = (a.is(Kind::kopecks) && b.is(Kind::money)) || (a.is(Kind::money) && b.is(Kind::kopecks));
    return !mixed;
  }
  const auto word = [](const Type& type) {
    return type.is(Kind::text) || type.is(Kind::enumeration) || type.is(Kind::id);
  };
  if (a.is(Kind::enumeration) && b.is(Kind::enumeration)) return a.enumeration->name == b.enumeration->name;
  if (word(a) && word(b)) return true;
  if ((a.is(Kind::id) && b.is(Kind::integer)) || (a.is(Kind::integer) && b.is(Kind::id))) return true;
  return a.kind == b.kind && !a.is(Kind::json);
}

}  // namespace

Typed Checker::comparison(const ast::Binary& node, Typed left, Typed right, Span span) {
  const bool equality = node.op == Operator::equal || node.op == Operator::unequal;
  const bool with_null = left.type.is(Kind::null) || right.type.is(Kind::null);
  for (const auto* side : {&left, &right}) {
    const Typed& other = side == &left ? right : left;
    const Span where = side == &left ? node.left->span : node.right->span;
    if (side->type.is(Kind::json) && !(equality && with_null)) {
      require(*side, other.type.is(Kind::json) ? type_of(Kind::text) : other.type.plain(), where, "what is compared");
      return bad(span);
    }
    if (!equality && (side->type.nullable || side->type.is(Kind::null))) {
      report(
          codes::maybe_null, where,
          fmt::format("`{}` may be null, and `{}` compares no null", source().text(where), source().text(node.op_span)))
          .help = fmt::format("write `{} ?? …`, or ask for `!= null` first", source().text(where));
      return bad(span);
    }
  }
  const bool ordered = equality || (has_order(left.type) && has_order(right.type));
  if (comparable(left.type, right.type) && !ordered) {
    const Typed& side = has_order(left.type) ? right : left;
    const Span where = has_order(left.type) ? node.right->span : node.left->span;
    Diagnostic& diagnostic =
        report(codes::not_comparable, span,
               fmt::format("`{}` is {}, which has no order", source().text(where), type_text(side.type.plain())));
    if (side.type.is(Kind::id) || side.type.is(Kind::enumeration))
      diagnostic.help = fmt::format("write `{}({})` to compare {}", side.type.is(Kind::id) ? "int" : "text",
                                    source().text(where), side.type.is(Kind::id) ? "it as a number" : "its letters");
    return bad(span);
  }
  if (!comparable(left.type, right.type)) {
    const bool units = numeric(left.type) && numeric(right.type);
    Diagnostic& diagnostic =
        report(units ? codes::money_units : codes::not_comparable, span,
               fmt::format("{} and {} are not compared", type_text(left.type.plain()), type_text(right.type.plain())));
    const std::string quoted(source().text(node.right->span));
    if (left.type.is(Kind::time)) {
      std::string moment = quoted.size() > 2 && quoted[0] == '"' ? quoted.substr(1, quoted.size() - 2) : quoted;
      if (parse_date(moment)) moment += "T00:00:00";
      if (parse_time(moment)) {
        diagnostic.help = fmt::format("a time is written `{}`", moment);
        diagnostic.edit = Edit{node.right->span, moment};
      }
    }
    if (numeric(left.type) && std::holds_alternative<ast::TextLiteral>(node.right->node)) {
      diagnostic.help = "write the number without quotes";
      const std::string number = quoted.size() > 2 ? quoted.substr(1, quoted.size() - 2) : "";
      if (Decimal::parse(number) && number[0] != '-' && number[0] != '+')
        diagnostic.edit = Edit{node.right->span, number};
    }
    return bad(span);
  }
  if (left.type.is(Kind::enumeration)) words_fit(left.type, *node.right);
  if (right.type.is(Kind::enumeration)) words_fit(right.type, *node.left);
  return {type_of(Kind::boolean),
          {plan::Binary{node.op, std::move(left.expr), std::move(right.expr)}, type_of(Kind::boolean), place(span)}};
}

Typed Checker::membership(const ast::Binary& node, Typed left, Typed right, Span span) {
  if (right.type.nullable || (!right.type.is(Kind::list) && !right.type.is(Kind::map) && !right.type.is(Kind::null))) {
    if (right.type.is(Kind::list)) {
      require(right, right.type.plain(), node.right->span, "a list");
    } else {
      report(codes::wrong_type, node.right->span, fmt::format("`in` takes a list, this is {}", type_text(right.type)))
          .help = fmt::format("write `[{}]`", source().text(node.right->span));
    }
    return bad(span);
  }
  if (right.type.is(Kind::list) && !right.type.element->is(Kind::unknown)) {
    const Type& element = *right.type.element;
    if (left.type.is(Kind::json) || element.is(Kind::json)) {
      require(left, type_of(Kind::text), node.left->span, "what is looked for");
      return bad(span);
    }
    if (!comparable(left.type, element)) {
      report(codes::not_comparable, span,
             fmt::format("{} is never in a list of {}", type_text(left.type.plain()), type_text(element)));
      return bad(span);
    }
    if (left.type.is(Kind::enumeration)) words_fit(left.type, *node.right);
  }
  return {type_of(Kind::boolean),
          {plan::Binary{node.op, std::move(left.expr), std::move(right.expr)}, type_of(Kind::boolean), place(span)}};
}

void Checker::words_fit(const Type& enumeration, const ast::Expr& expr) {
  if (const auto* list = std::get_if<ast::ListLiteral>(&expr.node)) {
    for (const ast::Expr& each : list->elements) words_fit(enumeration, each);
    return;
  }
  if (const auto* chosen = std::get_if<ast::Conditional>(&expr.node)) {
    words_fit(enumeration, *chosen->then);
    if (chosen->otherwise) words_fit(enumeration, **chosen->otherwise);
    return;
  }
  const auto* literal = std::get_if<ast::TextLiteral>(&expr.node);
  if (literal == nullptr || literal->parts.size() > 1) return;
  std::string word;
  if (!literal->parts.empty()) {
    const auto* run = std::get_if<std::string>(&literal->parts[0]);
    if (run == nullptr) return;
    word = *run;
  }
  mention({.kind = Mention::Kind::word,
           .span = expr.span,
           .name = word,
           .owner = enumeration.enumeration->name,
           .type = enumeration.plain()});
  if (enumeration.enumeration->open) return;
  const auto& words = enumeration.enumeration->words;
  if (std::find(words.begin(), words.end(), word) != words.end()) return;
  Diagnostic& diagnostic =
      report(codes::unknown_word, expr.span, fmt::format("`{}` is no word of {}", word, enumeration.enumeration->name));
  if (const auto near = closest(word, words)) {
    diagnostic.help = fmt::format("did you mean \"{}\"?", *near);
    diagnostic.edit = Edit{expr.span, fmt::format("\"{}\"", *near)};
  } else {
    diagnostic.help = fmt::format("it has: {}", join(words, ", "));
  }
}

Typed Checker::logic(const ast::Binary& node, Span span) {
  plan::Expr left;
  plan::Expr right;
  const bool left_good = condition(*node.left, left);
  if (!left_good && node.op == Operator::or_ && !out.diagnostics.empty()) {
    // `order.comment or "none"`
    Diagnostic& last = out.diagnostics.back();
    if (last.source == file && last.edit && last.edit->text.ends_with(" != null") &&
        last.span.begin == node.left->span.begin && last.span.end == node.left->span.end) {
      last.span = node.op_span;
      last.message = "`or` joins conditions; what stands in for null is written `??`";
      last.help = "write `??`";
      last.edit = Edit{node.op_span, "??"};
      return bad(span);
    }
  }
  // The right side is only reached when the left one is true (`and`) or false (`or`).
  const std::set<std::string> before = not_null;
  narrowings(*node.left, node.op == Operator::and_, not_null);
  const bool right_good = condition(*node.right, right);
  not_null = before;
  if (!left_good || !right_good) return bad(span);
  return {type_of(Kind::boolean),
          {plan::Binary{node.op, std::move(left), std::move(right)}, type_of(Kind::boolean), place(span)}};
}

namespace {

// Whether the text stands there as it is and is a word of the enumeration.
bool is_word(const plan::Expr& expr, const Type& type) {
  const auto* literal = std::get_if<plan::Literal>(&expr.node);
  const auto* text = literal == nullptr ? nullptr : std::get_if<std::string>(&literal->value);
  if (text == nullptr || !type.is(Kind::enumeration)) return false;
  const auto& words = type.enumeration->words;
  return type.enumeration->open || std::find(words.begin(), words.end(), *text) != words.end();
}

// The type of "one or the other".
std::optional<Type> either(const Type& a, const plan::Expr& a_expr, const Type& b, const plan::Expr& b_expr) {
  if (is_word(b_expr, a)) return a;
  if (is_word(a_expr, b)) return b;
  return common(a, b);
}

}  // namespace

Typed Checker::fallback(const ast::Binary& node, Span span) {
  Typed left = expression(*node.left);
  Typed right = expression(*node.right);
  want_operand(*node.right, left.type);
  if (left.type.is(Kind::unknown) || right.type.is(Kind::unknown)) return bad(span);
  // Only what is there counts on the left.
  const auto both = left.type.is(Kind::null) ? std::optional(right.type)
                                             : either(left.type.plain(), left.expr, right.type, right.expr);
  if (!both) {
    report(codes::wrong_type, node.right->span,
           fmt::format("`??` offers {} in place of {}", type_text(right.type), type_text(left.type.plain())));
    return bad(span);
  }
  if (left.type.is(Kind::enumeration)) words_fit(left.type, *node.right);
  Type type = *both;
  // A word beside an id or an enumeration: what fits the wider place.
  if (left.type.is(Kind::id) && !right.type.is(Kind::null)) type = type_of(Kind::id, right.type.nullable);
  return {type, {plan::Binary{node.op, std::move(left.expr), std::move(right.expr)}, type, place(span)}};
}

Typed Checker::conditional(const ast::Conditional& node, Span span, const Type* wanted) {
  plan::Expr test;
  condition(*node.condition, test);
  const std::set<std::string> before = not_null;
  narrowings(*node.condition, true, not_null);
  Typed then = expression(*node.then, wanted);
  not_null = before;
  if (!node.otherwise) {
    const Type type = then.type.or_null();
    Typed null = literal(Kind::null, std::monostate{}, span);
    return {type, {plan::Conditional{std::move(test), std::move(then.expr), std::move(null.expr)}, type, place(span)}};
  }
  narrowings(*node.condition, false, not_null);
  Typed otherwise = expression(**node.otherwise, wanted);
  not_null = before;
  const auto both = either(then.type, then.expr, otherwise.type, otherwise.expr);
  if (!both) {
    report(codes::wrong_type, (*node.otherwise)->span,
           fmt::format("`then` gives {}, `else` gives {}", type_text(then.type), type_text(otherwise.type)));
    return bad(span);
  }
  return {*both,
          {plan::Conditional{std::move(test), std::move(then.expr), std::move(otherwise.expr)}, *both, place(span)}};
}

void Checker::narrowings(const ast::Expr& expr, bool when_true, std::set<std::string>& into) {
  if (const auto* unary = std::get_if<ast::Unary>(&expr.node); unary != nullptr && unary->is_not) {
    return narrowings(*unary->operand, !when_true, into);
  }
  const auto* binary = std::get_if<ast::Binary>(&expr.node);
  if (binary == nullptr) return;
  const bool both = when_true ? binary->op == Operator::and_ : binary->op == Operator::or_;
  if (both) {
    narrowings(*binary->left, when_true, into);
    narrowings(*binary->right, when_true, into);
    return;
  }
  const auto known = [&into](const ast::Expr& side) {
    const auto path = path_of(side);
    if (!path) return;
    // `order.user.phone` is there only when `order.user` is.
    for (std::size_t dot = path->find('.'); dot != std::string::npos; dot = path->find('.', dot + 1))
      into.insert(path->substr(0, dot));
    into.insert(*path);
  };
  const bool left_null = std::holds_alternative<ast::Null>(binary->left->node);
  const bool right_null = std::holds_alternative<ast::Null>(binary->right->node);
  const Operator shows = when_true ? Operator::unequal : Operator::equal;
  if ((left_null || right_null) && binary->op == shows) known(left_null ? *binary->right : *binary->left);
  // Equal to a literal: it is there.
  const auto literal = [](const ast::Expr& side) {
    return std::holds_alternative<ast::TextLiteral>(side.node) || std::holds_alternative<ast::Number>(side.node) ||
           std::holds_alternative<ast::Bool>(side.node) || std::holds_alternative<ast::DateLiteral>(side.node) ||
           std::holds_alternative<ast::TimeLiteral>(side.node) ||
           std::holds_alternative<ast::DurationLiteral>(side.node);
  };
  const Operator equals = when_true ? Operator::equal : Operator::unequal;
  if (binary->op == equals && literal(*binary->right)) known(*binary->left);
  if (binary->op == equals && literal(*binary->left)) known(*binary->right);
  if (binary->op == (when_true ? Operator::in : Operator::not_in)) {
    const auto* list = std::get_if<ast::ListLiteral>(&binary->right->node);
    if (list != nullptr && std::all_of(list->elements.begin(), list->elements.end(), literal)) known(*binary->left);
  }
}

}  // namespace pipewright::dsl
