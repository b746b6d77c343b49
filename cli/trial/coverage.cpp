#include "cli/trial/coverage.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "base/overloaded.hpp"
#include "dsl/check/facts.hpp"
#include "engine/json.hpp"

namespace pipewright::cli {
namespace {

namespace plan = dsl::plan;
using plan::Expr;

class Survey {
 public:
  Survey(const Project& project, const engine::Reached& reached)
      : files_(project.files.begin(), project.files.end()), reached_(reached) {}

  Coverage of(const plan::Plan& plan) {
    for (const plan::Table& table : plan.tables) {
      for (const plan::Table::Row& row : table.rows) {
        for (std::size_t key = 0; key < row.keys.size(); ++key)
          arm(row.place, static_cast<int>(key),
              row.keys.size() == 1 ? "no test reaches this row"
                                   : "no test looks up " + engine::write_json(engine::value_of(row.keys[key])));
        expr(row.value);
      }
      if (table.otherwise != plan::Table::Otherwise::none)
        arm(table.place, 0, "no test reaches the `else` of this table");
    }
    for (const plan::Pipeline& pipeline : plan.pipelines) steps(pipeline.steps);
    const auto order = [](const Unreached& a, const Unreached& b) {
      return std::tie(a.place.file, a.place.line, a.place.column) <
             std::tie(b.place.file, b.place.line, b.place.column);
    };
    std::stable_sort(coverage_.unreached.begin(), coverage_.unreached.end(), order);
    return std::move(coverage_);
  }

 private:
  void arm(const plan::Place& place, int number, const std::string& what) {
    if (!files_.contains(place.file)) return;
    if (!counted_.emplace(place.file, place.line, place.column, number).second) return;
    ++coverage_.total;
    if (reached_.took(place, number))
      ++coverage_.reached;
    else
      coverage_.unreached.push_back({place, what});
  }

  void steps(const plan::Steps& all) {
    for (const plan::Step& step : all) {
      std::visit(overloaded{
                     [&](const plan::Where& node) {
                       arm(step.place, 1, "no test passes here");
                       arm(step.place, 0, "no test is dropped here");
                       expr(node.condition);
                     },
                     [&](const plan::Let& node) {
                       ran(step.place);
                       expr(node.value);
                     },
                     [&](const plan::When& node) { when(node, step.place); },
                     [&](const plan::Each& node) {
                       arm(step.place, engine::Reached::some, "no test has an element for this `each`");
                       arm(step.place, engine::Reached::none, "no test has an empty list for this `each`");
                       expr(node.list);
                       steps(*node.steps);
                     },
                     [&](const plan::Action& node) { action(node, step.place); },
                 },
                 step.node);
    }
  }

  void ran(const plan::Place& place) { arm(place, engine::Reached::step, "no test runs this step"); }

  void when(const plan::When& node, const plan::Place& place) {
    int number = 0;
    for (const plan::When::Branch& branch : node.branches) {
      expr(branch.condition);
      // The branches share the step's place: what is drawn is the condition.
      branch_arm(place, number++, branch.condition.place);
      steps(branch.steps);
    }
    if (node.otherwise.empty()) return arm(place, number, "no test goes past this `when` without taking a branch");
    branch_arm(place, number, node.otherwise.front().place);
    steps(node.otherwise);
  }

  void branch_arm(const plan::Place& place, int number, const plan::Place& drawn) {
    const std::size_t before = coverage_.unreached.size();
    arm(place, number, "no test takes this branch");
    if (coverage_.unreached.size() > before) coverage_.unreached.back().place = drawn;
  }

  void action(const plan::Action& node, const plan::Place& place) {
    if (node.otherwise == plan::Action::Otherwise::park) {
      ran(place);
    } else {
      arm(place, 1, "no test finds what this action wants");
      arm(place, 0, "no test reaches the `else` of this action");
    }
    if (node.text) expr(*node.text);
    for (const plan::Field& field : node.written) expr(field.value);
    for (const plan::Field& field : node.filling) expr(field.value);
  }

  void expr(const Expr& at) {
    std::visit(overloaded{
                   [](const plan::Literal&) {},
                   [](const plan::Load&) {},
                   [](const plan::Clear&) {},
                   [&](const plan::Member& node) { expr(*node.record); },
                   [&](const plan::Element& node) {
                     expr(*node.list);
                     expr(*node.index);
                   },
                   [&](const plan::Lookup& node) { expr(*node.key); },
                   [&](const plan::Negate& node) { expr(*node.operand); },
                   [&](const plan::Not& node) { expr(*node.operand); },
                   [&](const plan::Binary& node) {
                     if (node.op == plan::Operator::otherwise) {
                       if (!dsl::unfilled(*node.left))
                         arm(node.right->place, engine::Reached::there, "no test has a value on the left of this `??`");
                       arm(node.right->place, engine::Reached::absent, "no test needs the right side of this `??`");
                     }
                     expr(*node.left);
                     expr(*node.right);
                   },
                   [&](const plan::Conditional& node) {
                     arm(at.place, 1, "no test takes `then`");
                     arm(at.place, 0, "no test takes `else`");
                     expr(*node.condition);
                     expr(*node.then);
                     expr(*node.otherwise);
                   },
                   [&](const plan::ListOf& node) {
                     for (const Expr& each : node.elements) expr(each);
                   },
                   [&](const plan::RecordOf& node) {
                     for (const auto& [name, each] : node.fields) expr(each);
                   },
                   [&](const plan::Comprehension& node) {
                     expr(*node.list);
                     if (node.condition) {
                       arm((*node.condition)->place, engine::Reached::kept, "no test has an element that passes here");
                       arm((*node.condition)->place, engine::Reached::left_out,
                           "no test has one that is left out here");
                       expr(**node.condition);
                     }
                     expr(*node.element);
                   },
                   [&](const plan::Call& node) {
                     for (const Expr& each : node.arguments) expr(each);
                   },
                   [&](const plan::TextOf& node) {
                     for (const Expr& each : node.parts) expr(each);
                   },
               },
               at.node);
  }

  std::set<std::string> files_;
  const engine::Reached& reached_;
  std::set<std::tuple<std::string, std::size_t, std::size_t, int>> counted_;
  Coverage coverage_;
};

}  // namespace

Coverage coverage_of(const Project& project, const engine::Reached& reached) {
  return Survey(project, reached).of(project.checked.plan);
}

}  // namespace pipewright::cli
