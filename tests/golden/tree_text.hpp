// The tree of a file as text that people compare: each construct with the source of its parts.
#pragma once

#include <fmt/format.h>

#include <string>
#include <type_traits>

#include "base/overloaded.hpp"
#include "dsl/ast.hpp"
#include "dsl/source.hpp"

namespace pipewright::tests {

class TreeText {
 public:
  explicit TreeText(const dsl::Source& source) : source_(source) {}

  std::string text(const dsl::ast::File& file) {
    for (const auto& statement : file.statements) add_statement(statement);
    for (const dsl::Span span : file.comments) line(0, fmt::format("comment {} `{}`", at(span), source_.text(span)));
    return out_;
  }

 private:
  using Expr = dsl::ast::Expr;

  void line(int depth, const std::string& text) {
    out_ += std::string(static_cast<std::size_t>(depth) * 2, ' ') + text + "\n";
  }

  std::string at(dsl::Span span) const {
    const dsl::Position begin = source_.position(span.begin);
    const dsl::Position end = source_.position(span.end);
    return fmt::format("{}:{}-{}:{}", begin.line, begin.column, end.line, end.column);
  }

  static const char* kind(const Expr& expr) {
    using namespace dsl::ast;
    return std::visit(overloaded{
                          [](const Bad&) { return "bad"; },
                          [](const Null&) { return "null"; },
                          [](const Clear&) { return "clear"; },
                          [](const Bool&) { return "bool"; },
                          [](const Number&) { return "number"; },
                          [](const DurationLiteral&) { return "duration"; },
                          [](const DateLiteral&) { return "date"; },
                          [](const TimeLiteral&) { return "time"; },
                          [](const TextLiteral&) { return "text"; },
                          [](const Reference&) { return "name"; },
                          [](const Member&) { return "member"; },
                          [](const Element&) { return "element"; },
                          [](const Call&) { return "call"; },
                          [](const Unary&) { return "unary"; },
                          [](const Binary&) { return "binary"; },
                          [](const Conditional&) { return "if"; },
                          [](const ListLiteral&) { return "list"; },
                          [](const Comprehension&) { return "comprehension"; },
                          [](const RecordLiteral&) { return "record"; },
                      },
                      expr.node);
  }

  void add(const std::string& what, const Expr& expr, int depth) {
    using namespace dsl::ast;
    line(depth,
         fmt::format("{}{} {} `{}`", what.empty() ? "" : what + " ", kind(expr), at(expr.span), one_line(expr.span)));
    const auto inner = [&](const Expr& each) { add("", each, depth + 1); };
    std::visit(overloaded{
                   [&](const TextLiteral& node) {
                     for (const auto& part : node.parts) {
                       if (const auto* hole = std::get_if<Box<Expr>>(&part)) inner(**hole);
                     }
                   },
                   [&](const Member& node) { inner(*node.record); },
                   [&](const Element& node) {
                     inner(*node.list);
                     inner(*node.index);
                   },
                   [&](const Call& node) {
                     for (const Expr& each : node.arguments) inner(each);
                   },
                   [&](const Unary& node) { inner(*node.operand); },
                   [&](const Binary& node) {
                     inner(*node.left);
                     inner(*node.right);
                   },
                   [&](const Conditional& node) {
                     inner(*node.condition);
                     inner(*node.then);
                     if (node.otherwise) inner(**node.otherwise);
                   },
                   [&](const ListLiteral& node) {
                     for (const Expr& each : node.elements) inner(each);
                   },
                   [&](const Comprehension& node) {
                     inner(*node.element);
                     inner(*node.list);
                     if (node.condition) inner(**node.condition);
                   },
                   [&](const RecordLiteral& node) { add_fields("", node.fields, depth + 1); },
                   [](const auto&) {},
               },
               expr.node);
  }

  void add_fields(const std::string& what, const std::vector<dsl::ast::RecordField>& fields, int depth) {
    for (const auto& field : fields) {
      if (field.value)
        add(what + field.name.text + ":", *field.value, depth);
      else
        line(depth, what + field.name.text);
    }
  }

  void add_steps(const dsl::ast::Steps& steps, int depth) {
    for (const auto& step : steps) add_step(step, depth);
  }

  void add_step(const dsl::ast::Step& step, int depth) {
    using namespace dsl::ast;
    std::visit(overloaded{
                   [&](const Where& node) { add("where", node.condition, depth); },
                   [&](const Let& node) { add("let " + node.name.text + " =", node.value, depth); },
                   [&](const When& node) {
                     for (const auto& branch : node.branches) {
                       add("when", branch.condition, depth);
                       add_steps(branch.steps, depth + 1);
                     }
                     if (!node.otherwise) return;
                     line(depth, "else");
                     add_steps(*node.otherwise, depth + 1);
                   },
                   [&](const Each& node) {
                     add("each " + node.name.text + " in", node.list, depth);
                     add_steps(node.steps, depth + 1);
                   },
                   [&](const Action& node) { add_action(node, step.span, depth); },
                   [&](const BadStep&) { line(depth, "bad step " + at(step.span)); },
               },
               step.node);
  }

  void add_action(const dsl::ast::Action& node, dsl::Span span, int depth) {
    std::string text = fmt::format("action {} {}", node.path.text(), at(span));
    if (node.verb) text += " " + node.verb->text;
    for (const auto& key : node.keys) text += " by " + key.text;
    if (node.only) text += " only";
    if (node.as) text += " as " + node.as->text;
    if (node.otherwise) text += " else " + node.otherwise->text;
    if (node.delivery) text += " " + node.delivery->text;
    line(depth, text);
    if (node.text) add("", *node.text, depth + 1);
    if (node.fields) add_fields("", node.fields->fields, depth + 1);
    if (node.initially) add_fields("initially ", node.initially->fields, depth + 1);
  }

  std::string one_line(dsl::Span span) const {
    std::string out;
    for (const char c : source_.text(span)) {
      const bool blank = c == '\n' || c == '\r' || c == '\t' || c == ' ';
      if (!blank)
        out.push_back(c);
      else if (!out.empty() && out.back() != ' ')
        out.push_back(' ');
    }
    return out;
  }

  void add_statement(const dsl::ast::Statement& statement) {
    using namespace dsl::ast;
    const std::string where = " " + at(statement.span);
    std::visit(
        overloaded{
            [&](const Import& node) { line(0, fmt::format("import \"{}\"{}", node.path, where)); },
            [&](const Let& node) { add("let " + node.name.text + " =", node.value, 0); },
            [&](const Table& node) { add_table(node, where); },
            [&](const Pipeline& node) { add_pipeline(node, where); },
            [&](const Test& node) {
              line(0, fmt::format("test \"{}\" of {}, {} items{}", node.name, node.of.text, node.items.size(), where));
            },
            [&](const EnumDeclaration& node) {
              line(0, fmt::format("enum {}, {} words{}", node.name.text(), node.words.size(), where));
            },
            [&](const RecordDeclaration& node) {
              line(0, fmt::format("record {}, {} fields{}", node.name.text(), node.fields.size(), where));
            },
            [&](const SourceDeclaration& node) {
              line(0, fmt::format("source {} gives {}{}", node.name.text(), node.noun.text, where));
            },
            [&](const ActionDeclaration& node) {
              line(0, fmt::format("action {} gives {}{}", node.name.text(), node.noun.text, where));
            },
            [&](const MappingDeclaration& node) {
              line(0, fmt::format("mapping {} -> {}{}", node.from.text(), node.to.text(), where));
              add_fields("", node.fields.fields, 1);
            },
        },
        statement.node);
    if (!statement.doc.empty()) line(1, "doc: " + statement.doc);
  }

  void add_table(const dsl::ast::Table& node, const std::string& where) {
    line(0, "table " + node.name.text() + where);
    for (const auto& row : node.rows) {
      line(1, "row " + at(row.span));
      for (const Expr& key : row.keys) add("key", key, 2);
      add("value", row.value, 2);
    }
    if (!node.otherwise) return;
    line(1, "else " + one_line(node.otherwise->span));
  }

  void add_pipeline(const dsl::ast::Pipeline& node, const std::string& where) {
    line(0, fmt::format("pipeline {}{}", node.name ? node.name->text : "(unnamed)", where));
    for (const auto& use : node.sources) {
      std::string text = fmt::format("source {} {}", use.path.text(), at(use.span));
      for (const auto& field : use.of) text += " of " + field.text;
      if (use.every) text += " every " + one_line(use.every->span);
      if (use.since) text += " since " + one_line(use.since->span);
      line(1, text);
      if (use.text) add("", *use.text, 2);
      if (use.options) add_fields("", use.options->fields, 2);
    }
    add_steps(node.steps, 1);
  }

  const dsl::Source& source_;
  std::string out_;
};

}  // namespace pipewright::tests
