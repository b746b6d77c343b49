#include "mutate.hpp"

namespace pipewright::soundness {
namespace {

void nodes_of(Node& node, std::vector<Node*>& into) {
  into.push_back(&node);
  for (Node& each : node.parts) nodes_of(each, into);
}

void walk(Chain& steps, std::vector<Node*>& nodes, std::vector<std::pair<Chain*, std::size_t>>& filters) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    Step& step = steps[i];
    if (step.kind == Step::Kind::where && steps.size() > 1) filters.emplace_back(&steps, i);
    for (Node& each : step.parts) nodes_of(each, nodes);
    if (step.action.text) {
      for (Node& each : step.action.text->parts) nodes_of(each, nodes);
    }
    for (Field& each : step.action.fields) nodes_of(each.value, nodes);
    for (Field& each : step.action.initially) nodes_of(each.value, nodes);
    for (Chain& each : step.chains) walk(each, nodes, filters);
  }
}

bool is_value(const Node& node) { return node.kind != Node::Kind::clear && node.kind != Node::Kind::from_mapping; }

}  // namespace

Program mutated(Program program, Random& random) {
  std::vector<Node*> nodes;
  std::vector<std::pair<Chain*, std::size_t>> filters;
  for (Pipeline& each : program.pipelines) walk(each.chain, nodes, filters);
  if (!filters.empty() && random.one_in(5)) {
    const auto& [chain, at] = random.pick(filters);
    chain->erase(chain->begin() + static_cast<std::ptrdiff_t>(at));
    return program;
  }
  if (nodes.size() < 2) return program;
  Node& target = *random.pick(nodes);
  if (!is_value(target)) return program;
  if (target.kind == Node::Kind::call && random.one_in(2)) {
    static const std::vector<std::string> functions = {"text",  "int",   "decimal", "bool",   "date", "time",
                                                       "round", "first", "size",    "unique", "sort", "sum",
                                                       "abs",   "min",   "length",  "trim",   "last", "max"};
    target.word = random.pick(functions);
    return program;
  }
  if (target.kind == Node::Kind::binary && random.one_in(2)) {
    static const std::vector<std::string> operators = {"+", "-", "*", "/", "%", "==", "!=", "<", ">=", "in", "??"};
    target.word = random.pick(operators);
    return program;
  }
  const Node donor = *random.pick(nodes);
  if (is_value(donor)) target = donor;
  return program;
}

}  // namespace pipewright::soundness
