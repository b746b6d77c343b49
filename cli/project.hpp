// An integrator's project as the commands see it: the configuration beside the `.pipe` files, and the checked program.
// One code path for validate, dry-run and run.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.hpp"
#include "dsl/check.hpp"
#include "engine/bind.hpp"
#include "engine/config.hpp"

namespace pipewright::cli {

struct Project {
  std::shared_ptr<const engine::Registry> registry;
  dsl::Catalog catalog;
  engine::Config config;
  std::vector<engine::ConfigProblem> problems;  ///< of the configuration
  std::vector<std::string> secret_files;        ///< paths of secrets that the configuration names as `file:`
  std::vector<std::string> files;               ///< the `.pipe` files that were named, as they are shown
  dsl::ProgramInput input;                      ///< their texts, and what else was checked against
  dsl::Checked checked;
  std::string commit;  ///< of the git repository around, short; empty without one
  std::string base;    ///< what the paths are shown relative to

  [[nodiscard]] std::shared_ptr<const dsl::plan::Plan> plan() const {
    return std::make_shared<const dsl::plan::Plan>(checked.plan);
  }
};

/// Nothing when it cannot be read, or is a folder.
std::optional<std::string> read_file(const std::string& path);

/// The `.pipe` files that the paths name; a folder stands for all of its own. What is not there is told, and the status
/// returned.
std::optional<int> find_files(const std::vector<std::string>& paths, std::vector<std::string>& into);

/// The configuration alone: `events` and `status` need no program. What is wrong with it is printed, and the status
/// returned.
std::optional<int> load_config(const Options& options, Project& into);

/// Where the configuration for these files and folders stands: beside the first one, then in its parents; empty:
/// nowhere.
std::string find_config(const std::vector<std::string>& paths);

/// A configuration with this path and text; a secret that is missing is no reason to stop. Nothing is printed. The
/// paths of the secrets' files are added to `secret_files`.
engine::ConfigRead read_config(const std::string& path, const std::string& text, const engine::Registry& registry,
                               std::vector<std::string>* secret_files = nullptr);

/// The path of a connection's own certificate authority; empty: the machine's.
std::string ca_file_of(const engine::Settings& settings);

/// Checks files (path and text) with the project's catalog and configuration: what `validate` says of them.
/// `index`, when an editor wants to know what the words mean.
dsl::Checked checked(const Project& project, std::vector<std::pair<std::string, std::string>> files, dsl::Loader load,
                     dsl::Index* index = nullptr);

/// Reads and checks everything. Returns the exit status when it cannot go on (no such file, a broken configuration),
/// after telling why.
std::optional<int> load(const Options& options, Project& into);

/// For what asks the accounts: a missing secret or address is told and returns status 2; errors of the program
/// return 1.
std::optional<int> ready(const Options& options, const Project& project, bool secrets_needed);

/// The program again, from the texts that a journal keeps.
std::shared_ptr<const dsl::plan::Plan> plan_from(const std::vector<std::pair<std::string, std::string>>& files,
                                                 const Project& project);

/// Files that were read (programs, configuration, secrets, certificates) and the folders' `.pipe` files, with their
/// time of change, to see whether something was edited.
std::string fingerprint_of_files(const Project& project, const Options& options);

/// `sqlite:pipewright.db`, relative to the configuration's folder, as a path.
std::string state_path(const Options& options, const Project& project);

}  // namespace pipewright::cli
