// What a connector implements: types of connection, sources that look, actions that work on batches; and all of them by
// name. Everything that a node sees of the world stands behind Calls.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/connector/action.hpp"
#include "engine/connector/inspection.hpp"
#include "engine/connector/source.hpp"

namespace pipewright::engine {

struct Nodes {
  std::vector<ConnectionType> connections;
  std::vector<SourceNode> sources;
  std::vector<ActionNode> actions;
};

/// All that is there, by name.
class Registry {
 public:
  explicit Registry(std::vector<Nodes> parts);
  /// In place of the one of that name, for who puts another world behind a node.
  void put(SourceNode node) { sources_[node.name] = std::move(node); }
  void put(ActionNode node) { actions_[node.name] = std::move(node); }
  [[nodiscard]] const SourceNode* source(const std::string& name) const;
  [[nodiscard]] const ActionNode* action(const std::string& name) const;
  [[nodiscard]] const ConnectionType* connection_type(const std::string& type) const;
  [[nodiscard]] const std::vector<ConnectionType>& connection_types() const { return connections_; }
  [[nodiscard]] std::vector<std::string> node_names() const;

 private:
  std::vector<ConnectionType> connections_;
  std::map<std::string, SourceNode> sources_;
  std::map<std::string, ActionNode> actions_;
};

}  // namespace pipewright::engine
