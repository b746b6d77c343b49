#include "engine/inspect.hpp"

#include <fmt/format.h>

#include "dsl/codes.hpp"

namespace pipewright::engine {
namespace {

constexpr Duration longest_pause = std::chrono::seconds(3);

using Inspect = std::function<Task<Inspection>(Connection&, Uses, Calls&)>;

Task<Page> look(Inspect inspect, Connection& connection, Uses uses, Inspection& into, Calls& calls) {
  auto asking = inspect(connection, std::move(uses), calls);
  into = co_await asking;
  co_return Page();
}

}  // namespace

Task<CallResult> ask(Request request, Judged judged, int tries, Calls& calls) {
  request.timeout = std::min(request.timeout, patience);
  CallResult answer = co_await calls.send(request);
  for (int tried = 1; tried < tries; ++tried) {
    const std::optional<Failure> failure = judged(answer);
    if (!failure || failure->kind != Failure::Kind::transient || failure->not_before > longest_pause) break;
    CallResult again = co_await calls.send(request);
    // Nothing was sent any more: the patience is over, and the earlier answer says more.
    if (!again && again.error().delivery == Delivery::not_sent && answer) break;
    answer = std::move(again);
  }
  co_return answer;
}

Finding finding_at(const Uses::Node& node, const dsl::Code& code, std::string message, std::string help) {
  Finding finding;
  finding.code = &code;
  finding.place = node.place;
  finding.message = std::move(message);
  finding.help = std::move(help);
  return finding;
}

std::string used_as(const Uses::Node& node) {
  return node.verb ? fmt::format("{} {}", node.name, dsl::plan::verb_text(*node.verb)) : node.name;
}

Finding silent(const Uses& uses, const std::string& connection, const Failure& failure) {
  Finding finding;
  finding.code = &dsl::codes::account_silent;
  if (!uses.nodes.empty()) finding.place = uses.nodes.front().place;
  finding.message = fmt::format("`{}` cannot be asked: {}", connection, failure.reason);
  finding.note = "nothing else of this account was checked";
  finding.help = failure.help;
  if (failure.not_before > longest_pause)
    finding.help = fmt::format("it wants no call for {}: ask again then",
                               duration_text(std::chrono::ceil<std::chrono::seconds>(failure.not_before)));
  else if (finding.help.empty())
    finding.help = fmt::format("check the address in [connections.{}] and the network, or ask again later", connection);
  return finding;
}

std::shared_ptr<const Runnable> inspecting(const std::map<std::string, Uses>& uses, const Registry& registry,
                                           const Connections& connections, std::map<std::string, Inspection>& into) {
  auto plan = std::make_shared<dsl::plan::Plan>();
  auto known = std::make_shared<Registry>(registry);
  auto runnable = std::make_shared<Runnable>();
  plan->hash = "inspection";
  for (const auto& [name, used] : uses) {
    const auto connection = connections.find(name);
    if (connection == connections.end()) continue;
    const ConnectionType* type = registry.connection_type(connection->second->settings().type);
    if (type == nullptr || !type->inspect) continue;
    SourceNode node;
    node.name = "inspect " + name;
    node.look = [inspect = type->inspect, wanted = used, found = &into[name]](Connection& account, const Look&,
                                                                              Calls& calls) {
      return look(inspect, account, wanted, *found, calls);
    };
    dsl::plan::Source source;
    source.connection = name;
    source.node = node.name;
    known->put(std::move(node));
    dsl::plan::Pipeline pipeline;
    pipeline.name = name;
    pipeline.sources.push_back(std::move(source));
    plan->pipelines.push_back(std::move(pipeline));
    runnable->connections.insert(*connection);
  }
  runnable->plan = std::move(plan);
  runnable->registry = std::move(known);
  return runnable;
}

}  // namespace pipewright::engine
