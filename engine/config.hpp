// pipewright.toml → connections, state, run. The only place that knows toml++. Mistakes are data, with their place;
// secrets never stand in one.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/node.hpp"

namespace pipewright::engine {

struct ConfigProblem {
  std::string message;  ///< "connection `crm` has no key"
  std::string file;
  std::size_t line = 0;  ///< from 1
  std::size_t column = 0;
  std::size_t width = 1;  ///< of what is underlined
  std::string shown;      ///< the line's text; empty where it could hold a secret
  std::string note;       ///< beside the underline
  std::string help;
  bool warning = false;
  bool secret_missing = false;  ///< fatal only where the network is used
};

struct Config {
  std::string path;  ///< empty: there is none, everything has its default
  std::string directory = ".";
  std::map<std::string, Settings> connections;
  std::string state = "sqlite:pipewright.db";
  std::string time_zone = "Europe/Moscow";
  Duration retry_for = std::chrono::hours(24);
  Duration keep = std::chrono::hours(24 * 90);
};

struct ConfigRead {
  Config config;
  std::vector<ConfigProblem> problems;
};

/// What lies outside: the environment and small files that hold secrets.
struct Surroundings {
  std::function<std::optional<std::string>(const std::string& name)> variable;
  std::function<std::optional<std::string>(const std::string& path)> file;
};

/// `path` is used for messages and relative paths. A connection type that nobody configured gets a connection of its
/// default name.
ConfigRead read_config(const std::string& path, const std::string& text, const Registry& registry,
                       const Surroundings& surroundings);
/// Without a file: every connection type with its defaults.
Config default_config(const Registry& registry, const std::string& directory);

/// The connections' types and those of their settings that decide what is written: the same text for configurations
/// that mean the same (another secret, limit, timeout, comment or order of lines).
std::string meaning_of(const Config& config, const Registry& registry);

/// The drawing of screens.md.
std::string render(const ConfigProblem& problem);

}  // namespace pipewright::engine
