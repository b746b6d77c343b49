#include "engine/node.hpp"

#include <fmt/format.h>

#include "engine/json.hpp"

namespace pipewright::engine {

std::optional<std::string> Answer::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return std::nullopt;
}

Result<Value> Answer::json() const {
  if (predicted) return *predicted;
  if (body.empty()) return fail(fmt::format("HTTP {} with an empty body, expected JSON", status));
  Result<Value> parsed = parse_json(body);
  if (parsed) return parsed;
  const std::size_t start = body.find_first_not_of(" \t\r\n");
  const bool markup = start != std::string::npos && body[start] == '<';
  if (markup) return fail(fmt::format("HTTP {} with HTML, expected JSON", status));
  return fail(fmt::format("HTTP {}, expected JSON: {}", status, parsed.error().message));
}

Record Operation::whole() const {
  Record all = written;
  for (const auto& [name, value] : filling) {
    if (find_field(all, name) == nullptr) all.emplace_back(name, value);
  }
  std::erase_if(all, [](const auto& field) { return field.second.is_null() || field.second.is_clear(); });
  return all;
}

const Value& Operation::field(std::string_view name) const {
  static const Value null;
  if (const Value* found = find_field(written, name)) return *found;
  const Value* found = find_field(filling, name);
  return found == nullptr ? null : *found;
}

Registry::Registry(std::vector<Nodes> parts) {
  for (Nodes& part : parts) {
    for (ConnectionType& type : part.connections) connections_.push_back(std::move(type));
    for (SourceNode& source : part.sources) sources_.emplace(source.name, source);
    for (ActionNode& action : part.actions) actions_.emplace(action.name, action);
  }
}

const SourceNode* Registry::source(const std::string& name) const {
  const auto found = sources_.find(name);
  return found == sources_.end() ? nullptr : &found->second;
}

const ActionNode* Registry::action(const std::string& name) const {
  const auto found = actions_.find(name);
  return found == actions_.end() ? nullptr : &found->second;
}

const ConnectionType* Registry::connection_type(const std::string& type) const {
  for (const ConnectionType& each : connections_) {
    if (each.type == type) return &each;
  }
  return nullptr;
}

std::vector<std::string> Registry::node_names() const {
  std::vector<std::string> names;
  for (const auto& [name, source] : sources_) names.push_back(name);
  for (const auto& [name, action] : actions_) names.push_back(name);
  return names;
}

}  // namespace pipewright::engine
