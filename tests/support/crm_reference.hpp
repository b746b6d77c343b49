// retailCRM's API as its reference tells it: calls, their parameters and the fields of what is sent, read out of the
// reference's own text and examples. No OpenAPI description of it is published.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace pipewright::tests {

class CrmReference {
 public:
  using Json = nlohmann::json;
  using Pairs = std::vector<std::pair<std::string, std::string>>;

  /// `folder` holds api.md and examples/; nothing when it is absent.
  static std::optional<CrmReference> load(const std::filesystem::path& folder);

  /// `POST /orders/{key}/edit`; empty when the reference has no such call.
  [[nodiscard]] std::string call_of(const std::string& method, const std::string& path) const;

  /// What is wrong with a request, one sentence each. `form` is the decoded body: an object whose JSON documents are
  /// JSON; what is no form is a text.
  [[nodiscard]] std::vector<std::string> problems(const std::string& method, const std::string& path,
                                                  const Pairs& query, const Json& form) const;

  /// The fields that may be written to `order`, `customer`, `order.items`, …
  [[nodiscard]] const std::set<std::string>& writable(const std::string& object) const;

 private:
  struct Call {
    std::vector<std::string> segments;
    std::set<std::string> parameters;
    std::set<std::string> filters;
  };

  void read_calls(const std::string& text);
  void read_dictionaries(const std::string& text);
  void read_filters(const std::string& text);
  void read_objects(const std::string& text);
  void read_order_row(const std::vector<std::string>& cells);
  void read_examples(const std::filesystem::path& folder);
  void read_request(const std::string& path);
  void add_fields(const std::string& object, std::string text);

  [[nodiscard]] std::string known(const std::string& method, const std::vector<std::string>& segments) const;
  [[nodiscard]] std::string query_problem(const Call& call, const std::string& name) const;
  void check_document(const std::string& object, const Json& value, bool may_clear, const std::string& where,
                      std::vector<std::string>& problems) const;
  [[nodiscard]] const std::set<std::string>* kinds_of(const std::string& path) const;

  std::map<std::string, Call> calls_;                           ///< by name: `GET /orders/{key}`
  std::map<std::string, std::set<std::string>> fields_;         ///< by object
  std::map<std::string, std::set<std::string>> request_kinds_;  ///< by path: of requests.json …
  std::map<std::string, std::set<std::string>> told_kinds_;     ///< … of the text's tables …
  std::map<std::string, std::set<std::string>> answer_kinds_;   ///< … and of answers
};

}  // namespace pipewright::tests
