#include "stdlib/log/nodes.hpp"

namespace pipewright::log {
namespace {

using engine::Batch;
using engine::Calls;
using engine::Connection;
using engine::Outcome;
using engine::Outcomes;
using engine::Task;
using engine::Value;

Outcomes logged(const Batch& batch, Calls& calls, engine::LogLevel level) {
  Outcomes outcomes;
  for (const engine::Operation& operation : batch) {
    const std::string text = operation.text.value_or("");
    calls.log(level, operation.pipeline + ": " + text);
    Outcome outcome;
    outcome.kind = Outcome::Kind::unchanged;
    engine::Record line;
    line.emplace_back("text", Value(text));
    outcome.result = Value(std::move(line));
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

Task<Outcomes> info(Connection&, Batch batch, Calls& calls) { co_return logged(batch, calls, engine::LogLevel::info); }
Task<Outcomes> warn(Connection&, Batch batch, Calls& calls) {
  co_return logged(batch, calls, engine::LogLevel::warning);
}

engine::ActionNode node(const char* name, decltype(engine::ActionNode::work) work) {
  engine::ActionNode result;
  result.name = name;
  result.verbs = {{engine::Verb::send, engine::Repeat::keyed}};
  result.capacity = 1000;
  result.pure_sink = true;
  result.work = std::move(work);
  return result;
}

}  // namespace

engine::Nodes nodes() {
  engine::ConnectionType type;
  type.type = "log";
  type.default_name = "log";
  type.make = [](engine::Settings settings) -> Result<std::unique_ptr<Connection>> {
    return std::make_unique<Connection>(std::move(settings));
  };
  return {{std::move(type)}, {}, {node("log.info", info), node("log.warn", warn)}};
}

}  // namespace pipewright::log
