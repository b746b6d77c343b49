// A plan as text that people compare: pipelines, sources, steps, what is written and what is only filled in.
#pragma once

#include <fmt/format.h>

#include <string>

#include "base/overloaded.hpp"
#include "dsl/plan.hpp"

namespace pipewright::tests {

class PlanText {
 public:
  explicit PlanText(const dsl::plan::Plan& plan) : plan_(plan) {}

  std::string text() {
    for (const auto& table : plan_.tables) add_table(table);
    for (const auto& pipeline : plan_.pipelines) add_pipeline(pipeline);
    return out_;
  }

 private:
  using Expr = dsl::plan::Expr;

  void line(int depth, const std::string& text) {
    out_ += std::string(static_cast<std::size_t>(depth) * 2, ' ') + text + "\n";
  }

  static std::string constant(const dsl::plan::Constant& value) {
    return std::visit(overloaded{
                          [](const std::monostate&) -> std::string { return "null"; },
                          [](const bool& is) -> std::string { return is ? "true" : "false"; },
                          [](const Decimal& number) { return number.text(); },
                          [](const std::string& text) { return fmt::format("\"{}\"", text); },
                          [](const Duration& duration) { return duration_text(duration); },
                          [](const Date& date) { return date_text(date); },
                          [](const Instant& instant) { return utc_text(instant); },
                      },
                      value);
  }

  static std::string sign(dsl::plan::Operator op) {
    using dsl::plan::Operator;
    switch (op) {
      case Operator::add:
        return "+";
      case Operator::subtract:
        return "-";
      case Operator::multiply:
        return "*";
      case Operator::divide:
        return "/";
      case Operator::remainder:
        return "%";
      case Operator::equal:
        return "==";
      case Operator::unequal:
        return "!=";
      case Operator::less:
        return "<";
      case Operator::less_or_equal:
        return "<=";
      case Operator::greater:
        return ">";
      case Operator::greater_or_equal:
        return ">=";
      case Operator::in:
        return "in";
      case Operator::not_in:
        return "not in";
      case Operator::and_:
        return "and";
      case Operator::or_:
        return "or";
      case Operator::otherwise:
        return "??";
    }
    return {};
  }

  template <class List>
  std::string joined(const List& list) {
    std::string out;
    for (const Expr& each : list) out += (out.empty() ? "" : ", ") + expression(each);
    return out;
  }

  std::string expression(const Expr& expr) {
    using namespace dsl::plan;
    return std::visit(
        overloaded{
            [](const Literal& node) { return constant(node.value); },
            [](const Load& node) { return fmt::format("${}", node.slot); },
            [&](const Member& node) { return expression(*node.record) + "." + node.name; },
            [&](const Element& node) { return fmt::format("{}[{}]", expression(*node.list), expression(*node.index)); },
            [&](const Lookup& node) {
              return fmt::format("{}[{}]", plan_.tables[node.table].name, expression(*node.key));
            },
            [&](const Negate& node) { return "-" + expression(*node.operand); },
            [&](const Not& node) { return fmt::format("(not {})", expression(*node.operand)); },
            [&](const Binary& node) {
              return fmt::format("({} {} {})", expression(*node.left), sign(node.op), expression(*node.right));
            },
            [&](const Conditional& node) {
              return fmt::format("(if {} then {} else {})", expression(*node.condition), expression(*node.then),
                                 expression(*node.otherwise));
            },
            [&](const ListOf& node) { return fmt::format("[{}]", joined(node.elements)); },
            [&](const RecordOf& node) {
              std::string out;
              for (const auto& [name, value] : node.fields)
                out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", name, expression(value));
              return fmt::format("{{{}}}", out);
            },
            [&](const Comprehension& node) {
              const std::string where = node.condition ? " where " + expression(**node.condition) : "";
              return fmt::format("[{} for ${} in {}{}]", expression(*node.element), node.slot, expression(*node.list),
                                 where);
            },
            [&](const Call& node) { return fmt::format("{}({})", node.function, joined(node.arguments)); },
            [&](const TextOf& node) { return fmt::format("text<{}>", joined(node.parts)); },
            [](const Clear&) -> std::string { return "clear"; },
        },
        expr.node);
  }

  std::string typed(const Expr& expr) { return fmt::format("{}  : {}", expression(expr), dsl::type_text(expr.type)); }

  void add_table(const dsl::plan::Table& table) {
    line(0, "table " + table.name);
    for (const auto& row : table.rows) {
      std::string keys;
      for (const auto& key : row.keys) keys += (keys.empty() ? "" : ", ") + constant(key);
      line(1, fmt::format("{} -> {}", keys, expression(row.value)));
    }
    using Otherwise = dsl::plan::Table::Otherwise;
    switch (table.otherwise) {
      case Otherwise::none:
        break;
      case Otherwise::value:
        line(1, "else " + expression(*table.otherwise_value));
        break;
      case Otherwise::skip:
        line(1, "else skip");
        break;
      case Otherwise::fail:
        line(1, "else fail");
        break;
      case Otherwise::keep:
        line(1, "else keep");
        break;
    }
  }

  void add_pipeline(const dsl::plan::Pipeline& pipeline) {
    line(0, fmt::format("pipeline {} ({}), {} slots", pipeline.name, pipeline.noun, pipeline.slots));
    for (const auto& source : pipeline.sources) {
      std::string text = fmt::format("source {} of {}", source.node, source.connection);
      if (source.text) text += fmt::format(" \"{}\"", *source.text);
      for (const auto& field : source.of) text += " of " + field;
      if (source.every) text += " every " + duration_text(*source.every);
      if (source.since) text += " since " + duration_text(*source.since);
      if (source.since_time) text += " since " + utc_text(*source.since_time);
      for (const auto& [name, value] : source.options) text += fmt::format(" {}: {}", name, constant(value));
      line(1, text + (source.has_before ? " with before" : ""));
    }
    for (const auto& upstream : pipeline.upstream) line(1, "on " + upstream);
    add_steps(pipeline.steps, 1);
  }

  void add_steps(const dsl::plan::Steps& steps, int depth) {
    for (const auto& step : steps) add_step(step, depth);
  }

  void add_step(const dsl::plan::Step& step, int depth) {
    using namespace dsl::plan;
    std::visit(overloaded{
                   [&](const Where& node) { line(depth, "where " + expression(node.condition)); },
                   [&](const Let& node) { line(depth, fmt::format("let ${} = {}", node.slot, typed(node.value))); },
                   [&](const When& node) {
                     for (const auto& branch : node.branches) {
                       line(depth, "when " + expression(branch.condition));
                       add_steps(branch.steps, depth + 1);
                     }
                     if (!node.otherwise.empty()) line(depth, "else");
                     add_steps(node.otherwise, depth + 1);
                   },
                   [&](const Each& node) {
                     line(depth, fmt::format("each ${} in {}", node.slot, expression(node.list)));
                     add_steps(*node.steps, depth + 1);
                   },
                   [&](const Action& node) { add_action(node, depth); },
               },
               step.node);
  }

  void add_action(const dsl::plan::Action& action, int depth) {
    using Otherwise = dsl::plan::Action::Otherwise;
    using Delivery = dsl::plan::Action::Delivery;
    std::string text = fmt::format("{} {} of {}", action.node, dsl::plan::verb_text(action.verb), action.connection);
    if (action.text) text += " " + expression(*action.text);
    for (const auto& key : action.keys) text += " by " + key;
    text += fmt::format(" as ${} {}", action.result, action.result_name);
    if (action.otherwise != Otherwise::park)
      text += action.otherwise == Otherwise::skip   ? " else skip"
              : action.otherwise == Otherwise::fail ? " else fail"
                                                    : " else null";
    if (action.delivery != Delivery::unstated)
      text += action.delivery == Delivery::at_most_once ? " at_most_once" : " at_least_once";
    line(depth, text);
    for (const auto& field : action.written)
      line(depth + 1, fmt::format("writes {}: {}", field.name, typed(field.value)));
    for (const auto& field : action.filling)
      line(depth + 1, fmt::format("fills {}: {}", field.name, typed(field.value)));
  }

  const dsl::plan::Plan& plan_;
  std::string out_;
};

inline std::string plan_text(const dsl::plan::Plan& plan) { return PlanText(plan).text(); }

}  // namespace pipewright::tests
