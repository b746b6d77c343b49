// Plans for tests, built by hand.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dsl/plan.hpp"
#include "engine/core/runnable.hpp"

namespace pipewright::engine::build {

namespace plan = dsl::plan;
using dsl::Type;
using plan::Expr;

inline Type kind(Type::Kind wanted) {
  Type type;
  type.kind = wanted;
  return type;
}
inline Expr at(decltype(Expr::node) node, std::string text = {}, Type::Kind type = Type::Kind::unknown) {
  return Expr{std::move(node), kind(type), {"test.pipe", 1, 1, std::move(text)}};
}
inline Expr lit(const char* text) { return at(plan::Literal{std::string(text)}, {}, Type::Kind::text); }
inline Expr lit(int number) { return at(plan::Literal{Decimal(number)}, {}, Type::Kind::integer); }
inline Expr num(const char* text) { return at(plan::Literal{*Decimal::parse(text)}, {}, Type::Kind::decimal); }
inline Expr lit(bool truth) { return at(plan::Literal{truth}, {}, Type::Kind::boolean); }
inline Expr null() { return at(plan::Literal{std::monostate{}}, "null", Type::Kind::null); }
inline Expr slot(int number) { return at(plan::Load{number}); }
inline Expr field(Expr record, std::string name, Type::Kind type = Type::Kind::unknown) {
  const auto* load = std::get_if<plan::Load>(&record.node);
  std::string text = load != nullptr ? (load->slot == 0 ? "order." : "it.") + name : record.place.text + "." + name;
  return at(plan::Member{std::move(record), std::move(name)}, std::move(text), type);
}
inline Expr order(std::string name, Type::Kind type = Type::Kind::unknown) {
  return field(slot(0), std::move(name), type);
}
inline Expr op(plan::Operator which, Expr left, Expr right) {
  return at(plan::Binary{which, std::move(left), std::move(right)}, "the sum");
}
inline Expr call(std::string name, std::vector<Expr> arguments) {
  return at(plan::Call{std::move(name), std::move(arguments)});
}
inline Expr text(std::vector<Expr> parts) { return at(plan::TextOf{std::move(parts)}, {}, Type::Kind::text); }
inline Expr list(std::vector<Expr> elements) { return at(plan::ListOf{std::move(elements)}); }
inline Expr record(std::vector<plan::Field> fields) { return at(plan::RecordOf{std::move(fields)}); }

inline plan::Step step(decltype(plan::Step::node) node, std::string text) {
  return {std::move(node), {"test.pipe", 7, 3, std::move(text)}};
}
inline plan::Step where(Expr condition) { return step(plan::Where{std::move(condition)}, "where …"); }
inline plan::Action action(std::string node, plan::Verb verb, std::string kind_of_record,
                           std::vector<plan::Field> written) {
  plan::Action made;
  made.connection = "sim";
  made.node = std::move(node);
  made.verb = verb;
  made.text = lit(kind_of_record.c_str());
  made.written = std::move(written);
  made.keys = {"external_id"};
  return made;
}
inline plan::Pipeline pipeline(std::string name, std::string source, plan::Steps steps, int slots = 8) {
  plan::Pipeline made;
  made.name = std::move(name);
  if (!source.empty()) {
    plan::Source from;
    from.connection = "sim";
    from.node = std::move(source);
    made.sources.push_back(std::move(from));
  }
  made.slots = slots;
  made.steps = std::move(steps);
  return made;
}

}  // namespace pipewright::engine::build
