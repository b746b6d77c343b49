// What identifies an effect: its place in the plan, and what it does.
#include "engine/interpret.hpp"
#include "engine/json.hpp"

namespace pipewright::engine {

namespace plan = dsl::plan;

std::string fingerprint(const plan::Action& action, const Operation& operation) {
  std::string text = action.connection + " " + action.node + " " + plan::verb_text(operation.verb);
  if (operation.text) {
    text += ' ';
    append_json_text(text, *operation.text);
  }
  text += encode(Value(operation.key));
  text += encode(Value(operation.written));
  text += encode(Value(operation.filling));
  return text;
}

const plan::Step* step_at(const plan::Steps& steps, std::string_view address) {
  const auto number = [&] {
    std::size_t value = 0;
    while (!address.empty() && address.front() >= '0' && address.front() <= '9') {
      value = value * 10 + static_cast<std::size_t>(address.front() - '0');
      address.remove_prefix(1);
    }
    return value;
  };
  const std::size_t index = number();
  if (index == 0 || index > steps.size()) return nullptr;
  const plan::Step& step = steps[index - 1];
  if (address.empty()) return &step;
  if (const auto* each = std::get_if<plan::Each>(&step.node); each != nullptr && address.starts_with('[')) {
    address.remove_prefix(1);
    number();
    if (!address.starts_with("].")) return nullptr;
    return step_at(*each->steps, address.substr(2));
  }
  const auto* when = std::get_if<plan::When>(&step.node);
  if (when == nullptr || !address.starts_with('.')) return nullptr;
  address.remove_prefix(1);
  if (address.starts_with("else.")) return step_at(when->otherwise, address.substr(5));
  std::size_t branch = 1;
  if (address.starts_with("then")) {
    address.remove_prefix(4);
  } else if (address.starts_with("when")) {
    address.remove_prefix(4);
    branch = number();
  }
  if (branch == 0 || branch > when->branches.size() || !address.starts_with('.')) return nullptr;
  return step_at(when->branches[branch - 1].steps, address.substr(1));
}

std::string ending_text(EndingKind kind) {
  switch (kind) {
    case EndingKind::skipped:
      return "skipped";
    case EndingKind::unchanged:
      return "unchanged";
    case EndingKind::written:
      return "written";
    case EndingKind::parked:
      return "parked";
  }
  return {};
}

}  // namespace pipewright::engine
