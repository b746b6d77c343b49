// A small HTTP client for tests: one request, one answer, loopback only.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace pipewright::tests {

struct Answer {
  long status = 0;                             ///< 0: no answer came
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  std::string error;  ///< why no whole answer came; "" when it did

  /// null when the body is no JSON.
  [[nodiscard]] nlohmann::json json() const;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

/// Gives up after two seconds.
Answer request(const std::string& method, const std::string& url, const Headers& headers = {},
               const std::string& body = "");

std::string url_encoded(const std::string& text);

/// `a=1&b=%7B...`
std::string form_of(const std::vector<std::pair<std::string, std::string>>& fields);

}  // namespace pipewright::tests
