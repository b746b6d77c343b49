#include "engine/bind.hpp"

#include <fmt/format.h>

#include "base/overloaded.hpp"
#include "engine/normalise.hpp"
#include "engine/scrub.hpp"

namespace pipewright::engine {
namespace {

// What the plan names and is not there. A checked plan has none: a declaration without behaviour fails the tests.
Result<void> known(const dsl::plan::Steps& steps, const Registry& registry, const Connections& connections) {
  for (const dsl::plan::Step& step : steps) {
    Result<void> fine = std::visit(
        overloaded{
            [&](const dsl::plan::Action& action) -> Result<void> {
              if (registry.action(action.node) == nullptr)
                return fail(fmt::format("`{}` has no behaviour in this program", action.node));
              if (!connections.contains(action.connection))
                return fail(fmt::format("there is no connection `{}`", action.connection));
              return {};
            },
            [&](const dsl::plan::When& when) -> Result<void> {
              for (const auto& branch : when.branches) {
                if (Result<void> inner = known(branch.steps, registry, connections); !inner) return inner;
              }
              return known(when.otherwise, registry, connections);
            },
            [&](const dsl::plan::Each& each) -> Result<void> { return known(*each.steps, registry, connections); },
            [](const auto&) -> Result<void> { return {}; },
        },
        step.node);
    if (!fine) return fine;
  }
  return {};
}

}  // namespace

Result<Connections> open_connections(const Registry& registry, const Config& config, Instant opened) {
  Connections connections;
  std::map<std::string, std::set<std::string>> accounts;  // by type
  for (const auto& [name, configured] : config.connections) {
    if (const std::string url = configured.text("url"); !url.empty()) accounts[configured.type].insert(url);
  }
  for (const auto& [name, configured] : config.connections) {
    const ConnectionType* type = registry.connection_type(configured.type);
    if (type == nullptr)
      return fail(fmt::format("connection `{}` has the type `{}`, which is not there", name, configured.type));
    Settings settings = configured;
    settings.opened = opened;
    settings.accounts = std::max<std::size_t>(1, accounts[configured.type].size());
    auto made = type->make(std::move(settings));
    if (!made) return fail(made.error().within(fmt::format("connection `{}`", name)));
    connections[name] = std::move(*made);
  }
  return connections;
}

Result<std::shared_ptr<const Runnable>> bind(std::shared_ptr<const dsl::plan::Plan> plan,
                                             std::shared_ptr<const Registry> registry, const Config& config,
                                             const Connections& connections, const std::string& commit) {
  for (const dsl::plan::Pipeline& pipeline : plan->pipelines) {
    for (const dsl::plan::Source& source : pipeline.sources) {
      if (registry->source(source.node) == nullptr)
        return fail(fmt::format("pipeline `{}`: `{}` has no behaviour in this program", pipeline.name, source.node));
      if (!connections.contains(source.connection))
        return fail(fmt::format("pipeline `{}`: there is no connection `{}`", pipeline.name, source.connection));
    }
    if (Result<void> fine = known(pipeline.steps, *registry, connections); !fine)
      return fail(fine.error().within(fmt::format("pipeline `{}`", pipeline.name)));
  }
  auto runnable = std::make_shared<Runnable>();
  runnable->plan = std::move(plan);
  runnable->registry = std::move(registry);
  runnable->connections = connections;
  runnable->normalise = [](const dsl::plan::Source& source, const Connection& connection, const NewEvent& event) {
    return normalise(event.raw, event.derived, source.record, connection.name(), connection.account_zone());
  };
  runnable->time_zone = config.time_zone;
  runnable->retry_for = config.retry_for;
  runnable->commit = commit;
  runnable->scrubber = scrubber_of(config);
  return std::shared_ptr<const Runnable>(std::move(runnable));
}

}  // namespace pipewright::engine
