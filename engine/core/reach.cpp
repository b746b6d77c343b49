#include "engine/core/reach.hpp"

#include <charconv>

#include "base/overloaded.hpp"

namespace pipewright::engine {
namespace {

namespace plan = dsl::plan;

// The realm of an action whose text says it before the first hole; else nothing.
std::string realm_of(const ActionNode& node, const plan::Action& action, const Runnable& runnable) {
  const auto connection = runnable.connections.find(action.connection);
  if (!node.realm || !action.text || connection == runnable.connections.end()) return {};
  const auto* whole = std::get_if<plan::Literal>(&action.text->node);
  const auto* pieces = std::get_if<plan::TextOf>(&action.text->node);
  const bool begins = pieces != nullptr && !pieces->parts.empty();
  const auto* first = begins ? std::get_if<plan::Literal>(&pieces->parts[0].node) : whole;
  const auto* text = first != nullptr ? std::get_if<std::string>(&first->value) : nullptr;
  if (text == nullptr) return {};
  const auto with = [&](const char* rest) {
    Operation operation;
    operation.text = *text + rest;
    return node.realm(*connection->second, operation);
  };
  if (whole != nullptr) return with("");
  const std::string one = with("1");
  return one == with("2/x") && one == with(" 3") ? one : std::string();  // whatever comes into the hole
}

class Walk {
 public:
  explicit Walk(const Runnable& runnable) : runnable_(runnable) {}

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

  Reach reach;

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
                     const ActionNode* action = runnable_.registry->action(node.node);
                     if (action != nullptr && action->pure_sink) return;
                     reach.emplace(node.connection, action == nullptr ? "" : realm_of(*action, node, runnable_));
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

  const Runnable& runnable_;
};

}  // namespace

Reach reachable(const plan::Steps& steps, std::string_view address, const Runnable& runnable) {
  Walk walk(runnable);
  if (address.empty())
    walk.all(steps);
  else
    walk.behind(steps, address);
  return std::move(walk.reach);
}

bool conflict(const Reach& a, const Reach& b) {
  for (const auto& [connection, realm] : a) {
    for (auto at = b.lower_bound({connection, {}}); at != b.end() && at->first == connection; ++at) {
      if (realm.empty() || at->second.empty() || realm == at->second) return true;
    }
  }
  return false;
}

}  // namespace pipewright::engine
