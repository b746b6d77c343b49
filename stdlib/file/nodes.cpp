#include "stdlib/file/nodes.hpp"

#include "stdlib/file/files.hpp"

namespace pipewright::file {

engine::Nodes nodes() {
  engine::ConnectionType type;
  type.type = "file";
  type.default_name = "file";
  // All connections of the process share the targets, also across a reload: a file is one file, whoever writes to it.
  static std::weak_ptr<Targets> shared;
  auto targets = shared.lock();
  if (!targets) shared = targets = std::make_shared<Targets>();
  type.make = [targets](engine::Settings settings) -> Result<std::unique_ptr<engine::Connection>> {
    return std::make_unique<Files>(std::move(settings), targets);
  };
  engine::SourceNode lines;
  lines.name = "file.lines";
  lines.every = std::chrono::seconds(1);
  lines.rereadable = true;
  lines.look = poll_lines;
  return {{std::move(type)}, {std::move(lines)}, {append_node()}};
}

}  // namespace pipewright::file
