// The frame of the house, read from the #includes: layers point down, connectors do not see one another, a library is
// known to one place.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace fs = std::filesystem;

namespace {

const std::vector<std::string> layers = {"base", "dsl", "engine", "stdlib", "cli"};

struct Include {
  std::string file;  ///< relative to the project
  std::string path;  ///< between the quotes or brackets
  bool quoted = false;
};

std::vector<Include> includes() {
  const fs::path root = PIPEWRIGHT_SOURCE_DIR;
  std::vector<Include> found;
  for (const std::string& layer : layers) {
    if (!fs::exists(root / layer)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / layer)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".hpp" && extension != ".cpp") continue;
      std::ifstream file(entry.path());
      for (std::string line; std::getline(file, line);) {
        if (!line.starts_with("#include ")) continue;
        const bool quoted = line.find('"') != std::string::npos;
        const std::size_t begin = line.find_first_of("\"<") + 1;
        const std::size_t end = line.find_first_of("\">", begin);
        found.push_back({entry.path().lexically_relative(root).string(), line.substr(begin, end - begin), quoted});
      }
    }
  }
  return found;
}

std::string first_folder(const std::string& path) { return path.substr(0, path.find('/')); }

std::string folder_of(const std::string& path) { return fs::path(path).parent_path().string(); }

/// `wb` of `stdlib/wb/tasks.hpp`; empty for a file of stdlib itself.
std::string connector_of(const std::string& path) {
  if (!path.starts_with("stdlib/")) return {};
  const std::string rest = path.substr(7);
  return rest.find('/') == std::string::npos ? std::string() : first_folder(rest);
}

bool in_sandbox(const std::string& path) { return path.find("/sandbox/") != std::string::npos; }

std::size_t place_of(const std::string& layer) {
  return static_cast<std::size_t>(std::find(layers.begin(), layers.end(), layer) - layers.begin());
}

}  // namespace

TEST_CASE("there is something to read") { CHECK(includes().size() > 100); }

TEST_CASE("layers see what lies below them and nothing above: base, dsl, engine, stdlib, cli") {
  for (const Include& each : includes()) {
    const std::size_t to = place_of(first_folder(each.path));
    if (!each.quoted || to == layers.size()) continue;
    CHECK_MESSAGE(to <= place_of(first_folder(each.file)), each.file, " includes ", each.path);
  }
}

TEST_CASE("what is included in quotes is named from the project's root") {
  for (const Include& each : includes()) {
    if (!each.quoted) continue;
    CHECK_MESSAGE(place_of(first_folder(each.path)) < layers.size(), each.file, " includes ", each.path);
  }
}

TEST_CASE("connectors do not see one another") {
  for (const Include& each : includes()) {
    const std::string from = connector_of(each.file);
    const std::string to = connector_of(each.path);
    if (from.empty() || to.empty()) continue;
    CHECK_MESSAGE(from == to, each.file, " includes ", each.path);
  }
}

TEST_CASE("a sandbox sees no connector, and of the engine the HTTP server alone") {
  for (const Include& each : includes()) {
    if (!in_sandbox(each.file)) continue;
    if (each.path.starts_with("stdlib/"))
      CHECK_MESSAGE(folder_of(each.path) == folder_of(each.file), each.file, " includes ", each.path);
    if (each.path.starts_with("engine/"))
      CHECK_MESSAGE(each.path == "engine/http/server.hpp", each.file, " includes ", each.path);
  }
}

TEST_CASE("a connector does not see its sandbox") {
  for (const Include& each : includes()) {
    if (in_sandbox(each.file) || !each.file.starts_with("stdlib/")) continue;
    CHECK_MESSAGE(!in_sandbox(each.path), each.file, " includes ", each.path);
  }
}

TEST_CASE("a library is known to one place") {
  const std::vector<std::pair<std::string, std::string>> places = {
      {"tao/", "dsl/grammar_words.hpp"},
      {"simdjson", "engine/json.cpp"},
      {"curl/", "engine/http/client.cpp"},
      {"sqlite3", "engine/journal/sqlite"},
      {"toml++", "engine/config.cpp"},
      {"microhttpd", "engine/http/server.cpp"},
      {"CLI/", "cli/main.cpp"},
      {"utf8proc", "base/text"},
      {"date/", "base/time.cpp"},
      {"boost/", "base/decimal.cpp"},
  };
  for (const Include& each : includes()) {
    // A sandbox is a world of its own: it shares no understanding of time and text with what it tests.
    if (each.quoted || in_sandbox(each.file)) continue;
    for (const auto& [library, place] : places) {
      if (each.path.starts_with(library))
        CHECK_MESSAGE(each.file.starts_with(place), each.file, " includes ", each.path);
    }
  }
}

TEST_CASE("a header is guarded and opens with a sentence on what it is for") {
  const fs::path root = PIPEWRIGHT_SOURCE_DIR;
  for (const std::string& layer : layers) {
    if (!fs::exists(root / layer)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / layer)) {
      if (entry.path().extension() != ".hpp") continue;
      std::ifstream file(entry.path());
      std::string first;
      std::getline(file, first);
      const std::string name = entry.path().lexically_relative(root).string();
      CHECK_MESSAGE(first.starts_with("// "), name);
      bool guarded = false;
      for (std::string line; std::getline(file, line);) guarded = guarded || line == "#pragma once";
      CHECK_MESSAGE(guarded, name);
    }
  }
}
