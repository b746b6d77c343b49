// The standard library's declarations, read from the tree as it is, and a program checked against them; for tests of
// the language.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "dsl/catalog.hpp"
#include "dsl/check.hpp"

namespace pipewright::tests {

inline std::optional<std::string> content_of(const std::filesystem::path& path) {
  const std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

/// The files below `folder` whose names end with `extension`, in the order of their names.
inline std::vector<std::filesystem::path> files_of(const std::filesystem::path& folder, const std::string& extension,
                                                   bool deep = false) {
  std::vector<std::filesystem::path> found;
  const auto take = [&](const std::filesystem::directory_entry& entry) {
    if (entry.is_regular_file() && entry.path().extension() == extension) found.push_back(entry.path());
  };
  if (!std::filesystem::exists(folder)) return found;
  if (deep) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) take(entry);
  } else {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) take(entry);
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// Name and text of each file that declares the standard library.
inline std::vector<std::pair<std::string, std::string>> declarations_texts() {
  const std::filesystem::path folder = std::filesystem::path(PIPEWRIGHT_SOURCE_DIR) / "stdlib";
  std::vector<std::pair<std::string, std::string>> files;
  for (const auto& path : files_of(folder, ".pipe", true)) {
    files.emplace_back(path.lexically_relative(folder).string(), content_of(path).value_or(""));
  }
  return files;
}

inline const dsl::CatalogRead& declarations_read() {
  static const dsl::CatalogRead read = dsl::read_catalog(declarations_texts());
  return read;
}

inline const dsl::Catalog& declarations() { return declarations_read().catalog; }

/// A program of one text, without imports.
inline dsl::Checked checked(const std::string& text, const std::string& name = "example.pipe") {
  dsl::ProgramInput input;
  input.files = {{name, text}};
  return dsl::check(input, declarations());
}

inline std::vector<std::string> codes_of(const dsl::Diagnostics& diagnostics) {
  std::vector<std::string> codes;
  for (const dsl::Diagnostic& each : diagnostics) codes.push_back(each.code->text());
  return codes;
}

}  // namespace pipewright::tests
