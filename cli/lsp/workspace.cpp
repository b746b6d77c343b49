#include "cli/lsp/workspace.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "stdlib/stdlib.hpp"

namespace pipewright::cli::lsp {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_files = 2000;  // of a workspace: what is more is somebody's whole disk
constexpr int deepest_folder = 8;

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool inside(const std::string& path, const std::string& folder) {
  return path.size() > folder.size() && path.starts_with(folder) &&
         (folder.ends_with('/') || path[folder.size()] == '/');
}

bool broken(const engine::ConfigRead& read) {
  return std::any_of(read.problems.begin(), read.problems.end(),
                     [](const engine::ConfigProblem& each) { return !each.warning && !each.secret_missing; });
}

}  // namespace

std::string path_of_uri(const std::string& uri) {
  constexpr std::string_view scheme = "file://";
  if (!uri.starts_with(scheme)) return uri;
  const std::size_t slash = uri.find('/', scheme.size());  // behind the host, which is empty or localhost
  if (slash == std::string::npos) return uri;
  std::string path;
  for (std::size_t i = slash; i < uri.size(); ++i) {
    if (uri[i] == '%' && i + 2 < uri.size() && hex(uri[i + 1]) >= 0 && hex(uri[i + 2]) >= 0) {
      path.push_back(static_cast<char>(hex(uri[i + 1]) * 16 + hex(uri[i + 2])));
      i += 2;
    } else {
      path.push_back(uri[i]);
    }
  }
  return fs::path(path).lexically_normal().string();
}

std::string uri_of_path(const std::string& path) {
  if (!path.starts_with('/')) return path;
  std::string uri = "file://";
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("/-._~").find(c) != std::string_view::npos;
    uri += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri;
}

Workspace::Workspace() {
  auto bare = std::make_shared<Project>();
  bare->registry = std::make_shared<const engine::Registry>(stdlib::registry());
  bare->catalog = stdlib::catalog();
  bare_ = std::move(bare);
  places_ = dsl::catalog_places(bare_->catalog);
}

void Workspace::use_config(const std::string& path) {
  std::error_code error;
  config_ = fs::absolute(path, error).lexically_normal().string();
}

void Workspace::add_folder(const std::string& uri) {
  std::string path = path_of_uri(uri);
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (std::find(folders_.begin(), folders_.end(), path) == folders_.end()) folders_.push_back(path);
}

void Workspace::remove_folder(const std::string& uri) {
  std::string path = path_of_uri(uri);
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  std::erase(folders_, path);
}

void Workspace::open(const std::string& uri, std::int64_t version, std::string text) {
  const std::string path = path_of_uri(uri);
  documents_[path] = {uri, path, version, ++revisions_, std::make_shared<const Text>(std::move(text))};
}

void Workspace::change(Document& document, std::int64_t version, std::string text) {
  document.version = version;
  document.revision = ++revisions_;
  document.text = std::make_shared<const Text>(std::move(text));
}

void Workspace::close(const std::string& uri) {
  documents_.erase(path_of_uri(uri));
  analyses_.erase(path_of_uri(uri));
}

Document* Workspace::document(const std::string& uri) {
  const auto found = documents_.find(path_of_uri(uri));
  return found == documents_.end() ? nullptr : &found->second;
}

std::optional<std::string> Workspace::text_of(const std::string& path) const {
  if (const auto other = trial_.find(path); other != trial_.end()) return other->second;
  if (const auto open = documents_.find(path); open != documents_.end()) return open->second.text->text();
  return read_file(path);
}

std::string Workspace::uri_of(const std::string& path) const {
  const auto open = documents_.find(path);
  return open == documents_.end() ? uri_of_path(path) : open->second.uri;
}

std::string Workspace::stamp(const std::string& path) const {
  if (const auto open = documents_.find(path); open != documents_.end())
    return fmt::format("open {}", open->second.revision);
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return "gone";
  return fmt::format("{} {} {}.{}", status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

// A document that was not saved yet belongs to the workspace.
std::string Workspace::place_of(const std::string& path) const {
  return path.starts_with('/') || folders_.empty() ? path : folders_.front() + "/" + path;
}

// The innermost folder of the workspace, else the file's own: `validate` is run there.
std::string Workspace::folder_of(const std::string& path) const {
  std::string best;
  for (const std::string& folder : folders_) {
    if (inside(path, folder) && folder.size() > best.size()) best = folder;
  }
  return best.empty() ? fs::path(path).parent_path().string() : best;
}

std::shared_ptr<const Project> Workspace::project_of(const std::string& path, std::vector<std::string>& read) {
  const std::string folder = fs::path(path).parent_path().string();
  const std::string config = !config_.empty() ? config_ : path.starts_with('/') ? find_config({path}) : std::string();
  if (!config_.empty()) read.push_back(config_);
  // A configuration that appears on the way changes everything.
  for (fs::path at = folder; !at.empty(); at = at.parent_path()) {
    const std::string candidate = (at / "pipewright.toml").string();
    read.push_back(candidate);
    if (candidate == config || at == at.parent_path()) break;
  }
  const std::string key = config.empty() ? folder : config;
  const std::string looks = config.empty() ? "none" : stamp(config);
  if (const auto kept = projects_.find(key); kept != projects_.end() && kept->second.first == looks)
    return kept->second.second;
  auto project = std::make_shared<Project>(*bare_);
  const auto text = config.empty() ? std::nullopt : text_of(config);
  if (!text) {
    project->config = engine::default_config(*project->registry, folder.empty() ? "." : folder);
  } else {
    engine::ConfigRead result = read_config(config, *text, *project->registry);
    project->config = std::move(result.config);
    project->problems = std::move(result.problems);
    project->config.path = config;
  }
  projects_[key] = {looks, project};
  return project;
}

std::shared_ptr<const Analysis> Workspace::made(const std::string& path, const std::string& text,
                                                std::vector<std::string>& read, std::optional<std::uint32_t> probe) {
  auto result = std::make_shared<Analysis>();
  result->project = project_of(place_of(path), read);
  result->config_broken = broken({{}, result->project->problems});
  result->folder = folder_of(place_of(path));
  const std::string place = place_of(path);
  const auto absolute = [&](const std::string& name) {
    return place.starts_with('/') ? (fs::path(result->folder) / name).lexically_normal().string() : name;
  };
  const auto load = [&](const std::string& name) {
    read.push_back(absolute(name));
    return text_of(read.back());
  };
  const std::string name = path.starts_with('/') ? fs::path(path).lexically_relative(result->folder).string() : path;
  read.push_back(path);
  if (probe) result->index.probe = {0, *probe};
  result->checked = checked(*result->project, {{name, text}}, load, &result->index);
  for (const auto& source : result->checked.sources) {
    result->paths.push_back(result->paths.empty() ? path : absolute(source->name()));
    const auto open = documents_.find(result->paths.back());
    const bool same = open != documents_.end() && open->second.text->text() == source->text();
    result->texts.push_back(same ? open->second.text : std::make_shared<const Text>(source->text()));
  }
  return result;
}

std::shared_ptr<const Analysis> Workspace::analysis(const std::string& path) {
  const auto kept = analyses_.find(path);
  if (kept != analyses_.end() && std::all_of(kept->second.stamps.begin(), kept->second.stamps.end(),
                                             [this](const auto& each) { return stamp(each.first) == each.second; }))
    return kept->second.analysis;
  const auto text = text_of(path);
  if (!text) return nullptr;
  std::vector<std::string> read;
  Kept fresh{made(path, *text, read, std::nullopt), {}};
  for (const std::string& each : read) fresh.stamps.emplace_back(each, stamp(each));
  return (analyses_[path] = std::move(fresh)).analysis;
}

std::shared_ptr<const Analysis> Workspace::analysis_with(const std::string& path,
                                                         std::map<std::string, std::string> texts,
                                                         std::optional<std::uint32_t> probe) {
  trial_ = std::move(texts);
  const auto text = text_of(path);
  std::vector<std::string> read;
  auto result = text ? made(path, *text, read, probe) : nullptr;
  trial_.clear();
  return result;
}

const dsl::Declared* Workspace::standard_place(const std::string& key) const {
  const auto found = places_.find(key);
  return found == places_.end() ? nullptr : &found->second;
}

std::vector<std::string> Workspace::files() const {
  std::vector<std::string> found;
  for (const auto& [path, document] : documents_) found.push_back(path);
  for (const std::string& folder : folders_) {
    std::error_code error;
    auto at = fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied, error);
    for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
      const std::string name = at->path().filename().string();
      std::error_code ignored;
      if (at->is_directory(ignored)) {
        if (name.starts_with('.') || name == "node_modules" || at.depth() >= deepest_folder)
          at.disable_recursion_pending();
        continue;
      }
      if (at->path().extension() == ".pipe") found.push_back(at->path().string());
      if (found.size() >= most_files) break;
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace pipewright::cli::lsp
