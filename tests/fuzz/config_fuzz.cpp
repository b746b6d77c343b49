// Any bytes are a configuration: reading it ends with problems whose places can be shown.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/config.hpp"
#include "stdlib/stdlib.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pipewright;
  static const engine::Registry registry = stdlib::registry();
  engine::Surroundings surroundings;
  surroundings.variable = [](const std::string& name) -> std::optional<std::string> {
    if (name == "SET") return "hidden-secret-value";
    return std::nullopt;
  };
  surroundings.file = [](const std::string&) -> std::optional<std::string> { return std::nullopt; };
  const std::string text(data, data + size);
  const auto read = engine::read_config("pipewright.toml", text, registry, surroundings);
  for (const engine::ConfigProblem& each : read.problems) {
    // What the environment holds never stands in a message, unless the file itself spells it out.
    const std::string shown = engine::render(each);
    if (shown.find("hidden-secret-value") != std::string::npos && text.find("hidden-secret-value") == std::string::npos)
      std::abort();
  }
  return 0;
}
