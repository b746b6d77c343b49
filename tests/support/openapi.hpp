// Requests and answers held against OpenAPI 3.0 files: what a contract test asks.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace pipewright::tests {

/// A directory of YAML descriptions, read once. Unknown extra fields are never a problem.
class OpenApi {
 public:
  /// Nothing when the directory is absent or holds no YAML.
  static std::optional<OpenApi> load(const std::filesystem::path& directory);

  [[nodiscard]] bool knows(const std::string& method, const std::string& path) const;

  /// What is wrong with a request, one sentence each: method, path, query parameters, JSON body.
  [[nodiscard]] std::vector<std::string> request_problems(const std::string& method, const std::string& path,
                                                          const std::vector<std::pair<std::string, std::string>>& query,
                                                          const std::string& body) const;

  /// What is wrong with an answer: status, body.
  [[nodiscard]] std::vector<std::string> response_problems(const std::string& method, const std::string& path,
                                                           long status, const std::string& content_type,
                                                           const std::string& body) const;

  /// `method path` of every operation, as the files write it.
  [[nodiscard]] std::vector<std::string> operations() const;

  /// A problem is not reported when its text holds one of these: what changed after the files were made.
  void tolerate(std::string part) { tolerated_.push_back(std::move(part)); }

 private:
  struct Path {
    std::size_t document = 0;
    std::string text;
    std::vector<std::string> segments;
    nlohmann::json item;
  };

  [[nodiscard]] const Path* path_for(const std::string& method, const std::string& path) const;
  [[nodiscard]] std::vector<std::string> accepted(std::vector<std::string> problems) const;

  std::vector<nlohmann::json> documents_;
  std::vector<Path> paths_;
  std::vector<std::string> tolerated_;
};

}  // namespace pipewright::tests
