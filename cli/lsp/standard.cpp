#include "cli/lsp/standard.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cli/project.hpp"

namespace pipewright::cli::lsp {
namespace {

namespace fs = std::filesystem;

fs::path cache_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  if (cache != nullptr && cache[0] == '/') return fs::path(cache) / "pipewright";
  if (home != nullptr && home[0] == '/') return fs::path(home) / ".cache" / "pipewright";
  std::error_code error;
  return fs::temp_directory_path(error) / "pipewright";
}

}  // namespace

std::optional<std::string> standard_file(const std::string& name, const std::string& text) {
  const fs::path path = cache_folder() / name;
  if (read_file(path.string()) == text) return path.string();
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  const fs::path fresh = path.string() + ".new";
  {
    std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
    out << text;
    if (!out.flush()) return std::nullopt;
  }
  using enum fs::perms;
  fs::permissions(fresh, owner_read | group_read | others_read, error);
  fs::rename(fresh, path, error);
  if (error) return std::nullopt;
  return path.string();
}

bool is_standard(const std::string& path) { return path.starts_with((cache_folder() / "stdlib" / "").string()); }

}  // namespace pipewright::cli::lsp
