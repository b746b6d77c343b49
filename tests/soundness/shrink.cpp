#include "shrink.hpp"

#include <utility>

namespace pipewright::soundness {
namespace {

using Kind = dsl::Type::Kind;

// Walks a program and makes the one change with the number that is wanted.
class Change {
 public:
  explicit Change(std::size_t wanted) : left_(wanted) {}

  /// False: there are not so many.
  bool make(Program& program) {
    drop_one(program.pipelines);
    drop_one(program.tables);
    drop_one(program.lets);
    for (Pipeline& each : program.pipelines) chain(each.chain);
    for (auto& [name, value] : program.lets) node(value);
    for (Table& each : program.tables) {
      if (each.rows.size() > 1) drop_one(each.rows);
      for (auto& [keys, value] : each.rows) {
        if (keys.size() > 1) drop_one(keys);
        node(value);
      }
      if (each.value) node(*each.value);
    }
    return made_;
  }

 private:
  bool here() {
    if (made_) return false;
    if (left_ > 0) {
      --left_;
      return false;
    }
    made_ = true;
    return true;
  }

  template <class Things>
  void drop_one(Things& things) {
    for (std::size_t i = 0; i < things.size(); ++i) {
      if (!here()) continue;
      things.erase(things.begin() + static_cast<std::ptrdiff_t>(i));
      return;
    }
  }

  void chain(Chain& steps) {
    if (steps.size() > 1) drop_one(steps);
    for (std::size_t i = 0; i < steps.size() && !made_; ++i) {
      for (std::size_t inner = 0; inner < steps[i].chains.size(); ++inner) {
        if (!here()) continue;
        const Chain hoisted = steps[i].chains[inner];
        steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(i));
        steps.insert(steps.begin() + static_cast<std::ptrdiff_t>(i), hoisted.begin(), hoisted.end());
        return;
      }
      step(steps[i]);
    }
  }

  void step(Step& step) {
    if (step.has_else && here()) {
      step.has_else = false;
      step.chains.pop_back();
      return;
    }
    if (step.kind == Step::Kind::when && step.parts.size() > 1 && here()) {
      step.parts.erase(step.parts.begin());
      step.chains.erase(step.chains.begin());
      return;
    }
    for (Node& each : step.parts) node(each);
    for (Chain& each : step.chains) chain(each);
    Action& action = step.action;
    if (action.fields.size() > 1) drop_one(action.fields);
    drop_one(action.initially);
    for (Field& each : action.fields) node(each.value);
    for (Field& each : action.initially) node(each.value);
    if (action.text) node(*action.text);
  }

  static std::string simplest(Kind kind) {
    switch (kind) {
      case Kind::integer:
        return "1";
      case Kind::decimal:
        return "0.5";
      case Kind::boolean:
        return "true";
      case Kind::duration:
        return "1d";
      case Kind::date:
        return "2026-11-23";
      case Kind::time:
        return "2026-11-23T10:00:00Z";
      default:
        return "";
    }
  }

  static dsl::Type bare(dsl::Type type) {
    type.nullable = false;
    return type;
  }

  void literal(Node& node) {
    static const std::vector<std::pair<Kind, Node::Kind>> kinds = {
        {Kind::integer, Node::Kind::number},    {Kind::decimal, Node::Kind::number},
        {Kind::boolean, Node::Kind::boolean},   {Kind::text, Node::Kind::text},
        {Kind::duration, Node::Kind::duration}, {Kind::date, Node::Kind::date},
        {Kind::time, Node::Kind::time}};
    for (const auto& [type, kind] : kinds) {
      if (node.type.kind != type || node.parts.empty() || !here()) continue;
      dsl::Type plain = node.type;
      plain.nullable = false;
      node = Node{kind, simplest(type), {}, {}, plain};
      return;
    }
  }

  void node(Node& node) {
    if (made_) return;
    if (!in_list_) literal(node);
    for (std::size_t i = 0; i < node.parts.size() && !made_; ++i) {
      const dsl::Type& part = node.parts[i].type;
      const bool empty = node.parts[i].kind == Node::Kind::list && node.parts[i].parts.empty();  // says no type
      if (empty || node.kind == Node::Kind::list || dsl::type_text(bare(part)) != dsl::type_text(bare(node.type)) ||
          (part.nullable && !node.type.nullable) || !here())
        continue;
      Node only = node.parts[i];
      node = std::move(only);
      return;
    }
    if (node.kind == Node::Kind::record) {
      for (std::size_t i = 0; i < node.parts.size() && !made_; ++i) {
        if (!here()) continue;
        node.parts.erase(node.parts.begin() + static_cast<std::ptrdiff_t>(i));
        node.names.erase(node.names.begin() + static_cast<std::ptrdiff_t>(i));
        return;
      }
    }
    const bool list = node.kind == Node::Kind::list || node.kind == Node::Kind::joined;
    // Two elements keep the type that they have together.
    if (list && node.parts.size() > 2) drop_one(node.parts);
    if (node.kind == Node::Kind::comprehension && node.parts.size() == 3 && here()) node.parts.pop_back();
    // A list keeps the type that its elements have together.
    const bool outside = std::exchange(in_list_, in_list_ || node.kind == Node::Kind::list);
    for (Node& each : node.parts) this->node(each);
    in_list_ = outside;
  }

  std::size_t left_;
  bool made_ = false;
  bool in_list_ = false;
};

}  // namespace

Program smallest(Program program, const std::function<bool(const Program&)>& fails) {
  std::size_t tries = 20'000;
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (std::size_t at = 0; tries > 0; --tries) {
      Program changed = program;
      if (!Change(at).make(changed)) break;
      if (fails(changed)) {
        program = std::move(changed);
        smaller = true;
      } else {
        ++at;
      }
    }
  }
  return program;
}

}  // namespace pipewright::soundness
