#include "engine/core/reach.hpp"

#include <charconv>

#include "base/overloaded.hpp"

namespace pipewright::engine {
namespace {

namespace plan = dsl::plan;

class Reach {
 public:
  explicit Reach(const Registry& registry) : registry_(registry) {}

  void all(const plan::Steps& steps, std::size_t from = 0) {
    for (std::size_t i = from; i < steps.size(); ++i) step(steps[i]);
  }

  // `3`, `4.else.1`, `5[2].1`: the number, then the inside of that step.
  void behind(const plan::Steps& steps, std::string_view address) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(address.data(), address.data() + address.size(), number);
    if (error != std::errc() || number == 0 || number > steps.size()) return all(steps);
    address.remove_prefix(static_cast<std::size_t>(end - address.data()));
    const plan::Step& here = steps[number - 1];
    const auto* when = std::get_if<plan::When>(&here.node);
    if (when != nullptr && address.starts_with('.'))
      branch(*when, address.substr(1));
    else
      step(here);
    all(steps, number);
  }

  std::set<std::string> connections;

 private:
  void step(const plan::Step& step) {
    std::visit(overloaded{
                   [](const plan::Where&) {},
                   [](const plan::Let&) {},
                   [&](const plan::When& node) {
                     for (const auto& branch : node.branches) all(branch.steps);
                     all(node.otherwise);
                   },
                   [&](const plan::Each& node) { all(*node.steps); },
                   [&](const plan::Action& node) {
                     const ActionNode* action = registry_.action(node.node);
                     if (action == nullptr || !action->pure_sink) connections.insert(node.connection);
                   },
               },
               step.node);
  }

  void branch(const plan::When& when, std::string_view address) {
    if (address.starts_with("else.")) return behind(when.otherwise, address.substr(5));
    const std::size_t dot = address.find('.');
    std::size_t number = 1;
    if (address.starts_with("when")) std::from_chars(address.data() + 4, address.data() + address.size(), number);
    if (dot == std::string_view::npos || number == 0 || number > when.branches.size()) {
      for (const auto& each : when.branches) all(each.steps);
      return all(when.otherwise);
    }
    behind(when.branches[number - 1].steps, address.substr(dot + 1));
  }

  const Registry& registry_;
};

}  // namespace

std::set<std::string> reachable(const plan::Steps& steps, std::string_view address, const Registry& registry) {
  Reach reach(registry);
  if (address.empty())
    reach.all(steps);
  else
    reach.behind(steps, address);
  return std::move(reach.connections);
}

}  // namespace pipewright::engine
