// A folder of a test's own, and what file nodes need to work in it.
#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/unit/stdlib/other/node_driver.hpp"

namespace pipewright::test {

namespace fs = std::filesystem;

struct Folder {
  fs::path path = fs::temp_directory_path() / fmt::format("pipewright-file-{}-{}", ::getpid(), ++count);
  static inline int count = 0;
  Folder() { fs::create_directories(path); }
  ~Folder() {
    std::error_code error;
    fs::remove_all(path, error);
  }
  void write(const std::string& name, const std::string& text, bool append = false) const {
    std::ofstream out(path / name, append ? std::ios::app : std::ios::trunc);
    out << text;
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream in(path / name);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
  [[nodiscard]] std::vector<std::string> cuts() const {
    std::vector<std::string> found;
    for (const auto& each : fs::directory_iterator(path)) {
      if (each.path().filename().string().find(".cut-") != std::string::npos)
        found.push_back(each.path().filename().string());
    }
    return found;
  }
};

inline engine::Settings in(const Folder& folder) {
  engine::Settings settings;
  settings.directory = folder.path.string();
  return settings;
}

inline std::string numbered(int from, int to) {
  std::string text;
  for (int i = from; i <= to; ++i) text += fmt::format("{{\"n\":{}}}\n", i);
  return text;
}

inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace pipewright::test
