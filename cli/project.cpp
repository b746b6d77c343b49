#include "cli/project.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/terminal.hpp"
#include "dsl/render.hpp"
#include "stdlib/stdlib.hpp"

namespace pipewright::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* config_name = "pipewright.toml";

std::string git_commit(const std::string& folder) {
  // The head is read from the files themselves: no program is started.
  std::error_code error;
  for (fs::path at = fs::absolute(folder, error); !at.empty(); at = at.parent_path()) {
    const fs::path git = at / ".git";
    if (fs::is_directory(git, error)) {
      const auto head = read_file((git / "HEAD").string());
      if (!head) return {};
      std::string text = head->substr(0, head->find('\n'));
      if (text.starts_with("ref: ")) {
        const std::string name = text.substr(5);
        const auto ref = read_file((git / name).string());
        if (ref) {
          text = ref->substr(0, ref->find('\n'));
        } else {
          const auto packed = read_file((git / "packed-refs").string());
          const std::size_t found = packed ? packed->find(" " + name) : std::string::npos;
          if (found == std::string::npos || found < 40) return {};
          text = packed->substr(found - 40, 40);
        }
      }
      return text.size() >= 7 ? text.substr(0, 7) : std::string();
    }
    if (at == at.parent_path()) break;
  }
  return {};
}

void fill_registry(Project& into) {
  into.registry = std::make_shared<const engine::Registry>(stdlib::registry());
  into.catalog = stdlib::catalog();
}

}  // namespace

std::optional<std::string> read_file(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return std::nullopt;
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::optional<int> find_files(const std::vector<std::string>& named, std::vector<std::string>& into) {
  std::vector<std::string> paths = named;
  if (paths.empty()) paths.emplace_back(".");
  std::error_code error;
  for (const std::string& path : paths) {
    if (fs::is_directory(path, error)) {
      std::vector<std::string> found;
      for (const auto& entry : fs::directory_iterator(path, error)) {
        if (entry.path().extension() != ".pipe") continue;
        const std::string name = entry.path().lexically_normal().string();
        if (entry.is_regular_file(error)) {
          found.push_back(name);
        } else if (entry.is_symlink(error) && !fs::exists(entry.path(), error) &&
                   !entry.path().filename().string().starts_with(".")) {  // `.#x.pipe` is an editor's lock
          tell_error(fmt::format("{} is a link to {}, which does not exist", name,
                                 fs::read_symlink(entry.path(), error).string()),
                     "restore the file that it points to, or remove the link");
          return Status::usage;
        }
      }
      if (found.empty()) {
        tell_error(fmt::format("{} holds no .pipe file", path == "." ? "this folder" : path),
                   "name a file or a folder: pipewright validate my-shop/");
        return Status::usage;
      }
      std::sort(found.begin(), found.end());
      into.insert(into.end(), found.begin(), found.end());
    } else if (fs::exists(path, error)) {
      into.push_back(fs::path(path).lexically_normal().string());
    } else {
      tell_error(fmt::format("there is no file or folder {}", path), "name a .pipe file, or a folder that holds some");
      return Status::usage;
    }
  }
  return std::nullopt;
}

std::string find_config(const std::vector<std::string>& paths) {
  std::error_code error;
  const fs::path first = paths.empty() ? fs::path(".") : fs::path(paths.front());
  fs::path folder = fs::is_directory(first, error) ? first : first.parent_path();
  if (folder.empty()) folder = ".";
  if (fs::exists(folder / config_name, error)) return (folder / config_name).lexically_normal().string();
  for (fs::path at = fs::absolute(folder, error).lexically_normal(); !at.empty(); at = at.parent_path()) {
    if (fs::exists(at / config_name, error)) return (at / config_name).string();
    if (at == at.parent_path()) break;
  }
  return {};
}

std::string ca_file_of(const engine::Settings& settings) {
  const std::string file = settings.text("ca_file");
  return file.empty() || file.starts_with("/") ? file : (fs::path(settings.directory) / file).string();
}

engine::ConfigRead read_config(const std::string& path, const std::string& text, const engine::Registry& registry,
                               std::vector<std::string>* secret_files) {
  engine::Surroundings surroundings;
  surroundings.variable = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  surroundings.file = [secret_files](const std::string& file) {
    if (secret_files != nullptr) secret_files->push_back(file);
    return read_file(file);
  };
  return engine::read_config(path, text, registry, surroundings);
}

namespace {

dsl::ProgramInput input_of(const Project& project, std::vector<std::pair<std::string, std::string>> files,
                           dsl::Loader load) {
  dsl::ProgramInput input;
  input.files = std::move(files);
  input.load = std::move(load);
  input.time_zone = project.config.time_zone;
  input.version = PIPEWRIGHT_VERSION;
  input.meaning = engine::meaning_of(project.config, *project.registry);
  for (const auto& [name, settings] : project.config.connections)
    input.connections[name] = project.registry->connection_type(settings.type)->default_name;
  return input;
}

}  // namespace

dsl::Checked checked(const Project& project, std::vector<std::pair<std::string, std::string>> files, dsl::Loader load,
                     dsl::Index* index) {
  const dsl::ProgramInput input = input_of(project, std::move(files), std::move(load));
  return index == nullptr ? dsl::check(input, project.catalog) : dsl::check(input, project.catalog, *index);
}

std::optional<int> load_config(const Options& options, Project& into) {
  if (!into.registry) fill_registry(into);
  if (!options.state.starts_with("sqlite:") && options.state.find(':') != std::string::npos) {
    tell_error(fmt::format("`{}` is no place for the state", options.state), "write --state sqlite:FILE");
    return Status::usage;
  }
  const std::string path = options.config.empty() ? find_config(options.paths) : options.config;
  if (path.empty()) {
    std::error_code error;
    const fs::path first = options.paths.empty() ? fs::path(".") : fs::path(options.paths.front());
    const fs::path folder = fs::is_directory(first, error) ? first : first.parent_path();
    into.config = engine::default_config(*into.registry, folder.empty() ? "." : folder.string());
    return std::nullopt;
  }
  const auto text = read_file(path);
  if (!text) {
    tell_error(fmt::format("{} cannot be read", path), "give the configuration's path with --config, or leave it out");
    return Status::usage;
  }
  engine::ConfigRead read = read_config(path, *text, *into.registry, &into.secret_files);
  into.config = std::move(read.config);
  into.problems = std::move(read.problems);
  bool broken = false;
  for (const engine::ConfigProblem& problem : into.problems) {
    if (problem.secret_missing) continue;
    fmt::print(stderr, "{}", engine::render(problem));
    broken = broken || !problem.warning;
  }
  if (broken) return Status::usage;
  return std::nullopt;
}

std::optional<int> load(const Options& options, Project& into) {
  if (const auto stopped = find_files(options.paths, into.files)) return stopped;
  if (const auto stopped = load_config(options, into)) return stopped;
  std::vector<std::pair<std::string, std::string>> files;
  for (const std::string& file : into.files) {
    const auto text = read_file(file);
    if (!text) {
      tell_error(fmt::format("{} cannot be read", file), "may this user read it?");
      return Status::usage;
    }
    files.emplace_back(file, *text);
  }
  into.input = input_of(into, std::move(files), read_file);
  into.checked = dsl::check(into.input, into.catalog);
  into.base = options.paths.empty() ? "." : options.paths.front();
  into.commit = git_commit(into.config.directory);
  return std::nullopt;
}

std::optional<int> ready(const Options& options, const Project& project, bool secrets_needed) {
  if (dsl::has_errors(project.checked.diagnostics)) {
    fmt::print(stderr, "{}",
               dsl::render_text(project.checked.diagnostics, project.checked.sources, colors(options.color, 2),
                                screen_width(2)));
    fmt::print(stderr, "{}\n", dsl::count_text(project.checked.diagnostics, project.checked.sources.size()));
    return Status::wrong;
  }
  if (!secrets_needed) return std::nullopt;
  // Only the accounts that the program speaks to have to be complete.
  std::set<std::string> used;
  const std::function<void(const dsl::plan::Steps&)> walk = [&](const dsl::plan::Steps& steps) {
    for (const dsl::plan::Step& step : steps) {
      if (const auto* action = std::get_if<dsl::plan::Action>(&step.node)) used.insert(action->connection);
      if (const auto* each = std::get_if<dsl::plan::Each>(&step.node)) walk(*each->steps);
      if (const auto* when = std::get_if<dsl::plan::When>(&step.node)) {
        for (const auto& branch : when->branches) walk(branch.steps);
        walk(when->otherwise);
      }
    }
  };
  for (const dsl::plan::Pipeline& pipeline : project.checked.plan.pipelines) {
    for (const dsl::plan::Source& source : pipeline.sources) used.insert(source.connection);
    walk(pipeline.steps);
  }
  bool missing = false;
  for (const engine::ConfigProblem& problem : project.problems) {
    if (!problem.secret_missing) continue;
    const std::size_t quote = problem.message.find('`');
    const std::string name = problem.message.substr(quote + 1, problem.message.find('`', quote + 1) - quote - 1);
    if (!used.contains(name)) continue;
    fmt::print(stderr, "{}", engine::render(problem));
    missing = true;
  }
  for (const std::string& name : used) {
    const auto settings = project.config.connections.find(name);
    if (settings == project.config.connections.end()) continue;
    const engine::ConnectionType* type = project.registry->connection_type(settings->second.type);
    for (const engine::SettingKey& key : type->keys) {
      const bool there = settings->second.values.contains(key.name) || settings->second.secrets.contains(key.name);
      const bool told =
          std::any_of(project.problems.begin(), project.problems.end(), [&](const engine::ConfigProblem& problem) {
            return problem.secret_missing &&
                   problem.message == fmt::format("connection `{}` has no {}", name, key.name);
          });
      if (!key.required || there || told) continue;
      tell_error(fmt::format("connection `{}` has no {}", name, key.name),
                 fmt::format("write [connections.{}] with {} = \"…\" into pipewright.toml{}", name, key.name,
                             project.config.path.empty() ? " beside the .pipe files" : ""));
      missing = true;
    }
  }
  if (missing) return Status::usage;
  return std::nullopt;
}

std::shared_ptr<const dsl::plan::Plan> plan_from(const std::vector<std::pair<std::string, std::string>>& files,
                                                 const Project& project) {
  const auto load = [files](const std::string& path) -> std::optional<std::string> {
    for (const auto& [name, text] : files) {
      if (fs::path(name).lexically_normal() == fs::path(path).lexically_normal()) return text;
    }
    return std::nullopt;
  };
  dsl::Checked program = checked(project, files, load);
  if (dsl::has_errors(program.diagnostics)) return nullptr;
  return std::make_shared<const dsl::plan::Plan>(std::move(program.plan));
}

std::string fingerprint_of_files(const Project& project, const Options& options) {
  std::string print;
  const auto add = [&](const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
      print += path + " gone;";
    } else {
      print += fmt::format("{} {} {} {}.{};", path, status.st_ino, status.st_size, status.st_mtim.tv_sec,
                           status.st_mtim.tv_nsec);
    }
  };
  std::error_code error;
  for (const std::string& path : options.paths.empty() ? std::vector<std::string>{"."} : options.paths) {
    if (!fs::is_directory(path, error)) continue;
    for (const auto& entry : fs::directory_iterator(path, error)) {
      if (entry.path().extension() == ".pipe") add(entry.path().string());
    }
  }
  for (const auto& source : project.checked.sources) add(source->name());
  if (!project.config.path.empty()) add(project.config.path);
  if (project.config.path.empty() && options.config.empty()) print += find_config(options.paths);
  for (const std::string& file : project.secret_files) add(file);
  for (const auto& [name, settings] : project.config.connections) {
    if (const std::string file = ca_file_of(settings); !file.empty()) add(file);
  }
  return print;
}

std::string state_path(const Options& options, const Project& project) {
  std::string url = options.state.empty() ? project.config.state : options.state;
  if (url.starts_with("sqlite:")) url = url.substr(7);
  const fs::path path(url);
  if (path.is_absolute() || !options.state.empty()) return path.string();
  return (fs::path(project.config.directory) / path).lexically_normal().string();
}

}  // namespace pipewright::cli
