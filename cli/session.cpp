#include "cli/session.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pipewright::cli {
namespace {

bool same_settings(const engine::Settings& a, const engine::Settings& b) {
  const auto same_rate = [](const auto& left, const auto& right) {
    return left.first == right.first && left.second.interval == right.second.interval &&
           left.second.burst == right.second.burst;
  };
  const auto same_secret = [](const auto& left, const auto& right) {
    return left.first == right.first && left.second.reveal() == right.second.reveal();
  };
  return a.type == b.type && a.values == b.values && a.time_zone == b.time_zone && a.directory == b.directory &&
         std::equal(a.rates.begin(), a.rates.end(), b.rates.begin(), b.rates.end(), same_rate) &&
         std::equal(a.secrets.begin(), a.secrets.end(), b.secrets.begin(), b.secrets.end(), same_secret);
}

}  // namespace

Result<void> Session::bind() {
  auto runnable = engine::bind(project_->plan(), project_->registry, project_->config, connections_, project_->commit);
  if (!runnable) return fail(runnable.error());
  runnable_ = std::move(*runnable);
  *current_ = {project_, connections_};
  return {};
}

Result<std::unique_ptr<Session>> Session::open(const Project& project) {
  std::unique_ptr<Session> session(new Session(project));
  auto connections = engine::open_connections(*project.registry, project.config, engine::Loop::now());
  if (!connections) return fail(connections.error());
  session->connections_ = std::move(*connections);
  if (Result<void> bound = session->bind(); !bound) return fail(bound.error());
  return session;
}

Result<std::unique_ptr<Session>> Session::changed(const Project& project) const {
  auto session = open(project);
  if (!session) return session;
  for (auto& [name, connection] : (*session)->connections_) {
    const auto same = connections_.find(name);
    if (same != connections_.end() && same_settings(same->second->settings(), connection->settings()))
      connection = same->second;
  }
  if (Result<void> bound = (*session)->bind(); !bound) return fail(bound.error());
  return session;
}

void Session::succeed(const Session& former) {
  const std::shared_ptr<Current> handed_out = former.current_;
  Current next{project_, connections_};
  next.connections.insert(handed_out->connections.begin(), handed_out->connections.end());
  *handed_out = std::move(next);
  current_ = handed_out;
}

engine::Loop::Hooks Session::hooks(std::function<void(engine::LogLevel, const std::string&)> log) const {
  engine::Loop::Hooks hooks;
  hooks.log = std::move(log);
  const std::shared_ptr<const Current> current = current_;
  hooks.revive = [current](const engine::PlanText& text) -> std::shared_ptr<const engine::Runnable> {
    const Project& project = *current->project;
    auto plan = plan_from(text.files, project);
    if (plan == nullptr) return nullptr;
    auto runnable = engine::bind(plan, project.registry, project.config, current->connections, text.commit);
    return runnable ? *runnable : nullptr;
  };
  hooks.ca_file = [current](const std::string& name) {
    const auto found = current->connections.find(name);
    return found == current->connections.end() ? std::string() : ca_file_of(found->second->settings());
  };
  return hooks;
}

void print_log(engine::LogLevel level, const std::string& text) {
  fmt::print(stderr, "{}{}\n", level == engine::LogLevel::warning ? "warning: " : "", text);
}

bool same_configuration(const engine::Config& a, const engine::Config& b) {
  const auto same_connection = [](const auto& left, const auto& right) {
    return left.first == right.first && same_settings(left.second, right.second);
  };
  return a.state == b.state && a.time_zone == b.time_zone && a.retry_for == b.retry_for && a.keep == b.keep &&
         std::equal(a.connections.begin(), a.connections.end(), b.connections.begin(), b.connections.end(),
                    same_connection);
}

Result<void> drain(engine::Core& core, engine::Loop& loop, const std::function<bool()>& enough) {
  while (!core.drained() && !enough()) {
    if (Result<void> fine = loop.round(core, std::chrono::milliseconds(200)); !fine) return fine;
  }
  return {};
}

}  // namespace pipewright::cli
