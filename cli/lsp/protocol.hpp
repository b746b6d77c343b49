// The wire of the language server protocol: headers and JSON, in and out, and the numbers of its failures.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace pipewright::cli::lsp {

using Json = nlohmann::json;

enum class Code : int {
  parse_error = -32700,
  invalid_request = -32600,
  method_not_found = -32601,
  invalid_params = -32602,
  internal_error = -32603,
  not_initialized = -32002,
  cancelled = -32800,
  request_failed = -32803,
};

struct Refusal {
  Code code;
  std::string message;
};

/// What a request is answered with.
using Answer = std::variant<Json, Refusal>;

/// Takes messages out of a stream of bytes, however it is cut. A header that says no length is skipped and told.
class Unframer {
 public:
  struct Frame {
    std::string content;
    bool broken = false;  ///< a header that cannot be read; `content` says why
  };

  void feed(std::string_view bytes) { pending_ += bytes; }
  std::optional<Frame> next();

 private:
  std::string pending_;
};

/// With its header. What is no UTF-8 in it is replaced.
std::string framed(const Json& message);

Json response(const Json& id, const Answer& answer);
Json notification(const std::string& method, Json params);

}  // namespace pipewright::cli::lsp
