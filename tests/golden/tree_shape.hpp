// The whole tree of a file without its places: equal for two texts that mean the same.
#pragma once

#include <fmt/format.h>

#include <string>

#include "base/overloaded.hpp"
#include "dsl/ast.hpp"

namespace pipewright::tests {

class TreeShape {
 public:
  static std::string of(const dsl::ast::File& file) {
    std::string out;
    for (const auto& statement : file.statements)
      out += fmt::format("{}{}\n", shape(statement.node), named("doc", statement.doc));
    return out;
  }

 private:
  using Expr = dsl::ast::Expr;

  static std::string named(const char* what, const std::string& text) {
    return text.empty() ? "" : fmt::format(" {}=<{}>", what, text);
  }
  static std::string shape(const dsl::ast::Name& name) { return "`" + name.text + "`"; }
  static std::string shape(const dsl::ast::Path& path) { return path.text(); }
  static std::string shape(const std::string& text) { return "<" + text + ">"; }
  template <class T>
  static std::string shape(const Box<T>& value) {
    return shape(*value);
  }
  template <class T>
  static std::string shape(const std::optional<T>& value) {
    return value ? shape(*value) : "-";
  }
  template <class T>
  static std::string shape(const std::vector<T>& values) {
    std::string out = "[";
    for (const T& each : values) out += shape(each) + " ";
    return out + "]";
  }
  template <class... T>
  static std::string shape(const std::variant<T...>& value) {
    return std::visit([](const auto& each) { return shape(each); }, value);
  }
  template <class... T>
  static std::string all(const char* what, const T&... parts) {
    std::string out = std::string("(") + what;
    ((out += " " + shape(parts)), ...);
    return out + ")";
  }

  static std::string shape(const Expr& expr) {
    using namespace dsl::ast;
    return std::visit(
        overloaded{
            [](const Bad&) { return std::string("bad"); },
            [](const Null&) { return std::string("null"); },
            [](const Clear&) { return std::string("clear"); },
            [](const Bool& node) { return std::string(node.value ? "true" : "false"); },
            [](const Number& node) { return node.value.text(); },
            [](const DurationLiteral& node) { return fmt::format("{}ms", node.value.count()); },
            [](const DateLiteral& node) { return date_text(node.value); },
            [](const TimeLiteral& node) { return node.text; },
            [](const TextLiteral& node) { return all("text", node.parts); },
            [](const Reference& node) { return shape(node.name); },
            [](const Member& node) { return all("member", node.record, node.name); },
            [](const Element& node) { return all("element", node.list, node.index); },
            [](const Call& node) { return all("call", node.function, node.arguments); },
            [](const Unary& node) { return all(node.is_not ? "not" : "minus", node.operand); },
            [](const Binary& node) {
              return fmt::format("(op{} {} {})", static_cast<int>(node.op), shape(node.left), shape(node.right));
            },
            [](const Conditional& node) { return all("if", node.condition, node.then, node.otherwise); },
            [](const ListLiteral& node) { return all("list", node.elements); },
            [](const Comprehension& node) { return all("for", node.element, node.name, node.list, node.condition); },
            [](const RecordLiteral& node) { return all("record", node.fields); },
        },
        expr.node);
  }

  static std::string shape(const dsl::ast::RecordField& field) { return all(":", field.name, field.value); }
  static std::string shape(const dsl::ast::Record& record) { return shape(record.fields); }
  static std::string shape(const dsl::ast::Import& node) { return all("import", node.path); }
  static std::string shape(const dsl::ast::Let& node) { return all("let", node.name, node.value); }
  static std::string shape(const dsl::ast::Otherwise& node) {
    return fmt::format("(else {} {})", static_cast<int>(node.kind), shape(node.value));
  }
  static std::string shape(const dsl::ast::Table::Row& row) { return all("row", row.keys, row.value); }
  static std::string shape(const dsl::ast::Table& node) { return all("table", node.name, node.rows, node.otherwise); }
  static std::string shape(const dsl::ast::SourceUse& node) {
    return all("source", node.path, node.text, node.of, node.every, node.since, node.options);
  }
  static std::string shape(const dsl::ast::Where& node) { return all("where", node.condition); }
  static std::string shape(const dsl::ast::When::Branch& node) { return all("branch", node.condition, node.steps); }
  static std::string shape(const dsl::ast::When& node) { return all("when", node.branches, node.otherwise); }
  static std::string shape(const dsl::ast::Each& node) { return all("each", node.name, node.list, node.steps); }
  static std::string shape(const dsl::ast::Action& node) {
    return all(node.only ? "only" : "action", node.path, node.verb, node.text, node.keys, node.fields, node.initially,
               node.as, node.otherwise, node.delivery);
  }
  static std::string shape(const dsl::ast::BadStep&) { return "bad step"; }
  static std::string shape(const dsl::ast::Step& step) { return shape(step.node); }
  static std::string shape(const dsl::ast::Pipeline& node) {
    return all("pipeline", node.name, node.sources, node.steps);
  }
  static std::string shape(const dsl::ast::Fault& node) { return all("fault", node.kind, node.argument, node.times); }
  static std::string shape(const dsl::ast::Given& node) {
    return all("given", node.subject, node.record, node.now, node.fault);
  }
  static std::string shape(const dsl::ast::Expect& node) {
    return all("expect", node.kind, node.node, node.operation, node.times, node.record, node.text);
  }
  static std::string shape(const dsl::ast::ForEach& node) { return all("each", node.name, node.cases, node.items); }
  static std::string shape(const dsl::ast::Test& node) { return all("test", node.name, node.of, node.items); }
  static std::string shape(const dsl::ast::TypeName& type) {
    return all(type.map ? "map" : "type", type.path, type.element) + (type.nullable ? "?" : "");
  }
  static std::string shape(const dsl::ast::DeclaredField& field) {
    return all("field", field.name, field.type, field.from, field.flags, field.example) + named("doc", field.doc);
  }
  static std::string shape(const dsl::ast::EnumDeclaration& node) {
    return all(node.open ? "open" : "enum", node.name, node.words) + named("doc", node.doc);
  }
  static std::string shape(const dsl::ast::RecordDeclaration& node) {
    return all("record", node.name, node.fields) + named("doc", node.doc);
  }
  static std::string shape(const dsl::ast::Attribute& node) {
    return all("attribute", node.word, node.names, node.path, node.value, node.fields);
  }
  static std::string shape(const dsl::ast::SourceDeclaration& node) {
    return all("source", node.name, node.noun, node.record, node.attributes) + named("doc", node.doc);
  }
  static std::string shape(const dsl::ast::ActionDeclaration& node) {
    return all("action", node.name, node.noun, node.result, node.attributes) + named("doc", node.doc);
  }
  static std::string shape(const dsl::ast::MappingDeclaration& node) {
    return all("mapping", node.from, node.to, node.fields);
  }
};

}  // namespace pipewright::tests
