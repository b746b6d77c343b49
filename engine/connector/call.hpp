// One call of a system: what is asked, what is answered, what is known when no answer came.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "engine/value.hpp"

namespace pipewright::engine {

/// What is known of a write. After a lost answer or a restart it is unknown: the target is asked before anything is
/// repeated.
enum class Delivery {
  not_sent,  ///< nothing has left: it may be sent freely
  unknown,   ///< it may have happened
  sent,      ///< its answer was read
};
constexpr Delivery unknown_if(bool maybe) { return maybe ? Delivery::unknown : Delivery::not_sent; }

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method = "GET";
  std::string url;  ///< absolute, with the query, percent-encoded
  Headers headers;
  std::vector<std::pair<std::string, Secret>> secret_headers;  ///< sent, never recorded
  std::string body;
  std::string group;               ///< the limiter's bucket within the connection; see Connection::limits
  std::string node;                ///< whose work it is, `crm.order`: filled in by the engine
  bool write = false;              ///< changes something at the target: a dry run takes it down instead of sending it
  std::vector<std::size_t> items;  ///< the items of the batch that it is for, for the record; empty: all
  std::optional<Value>
      predicted;  ///< a write's answer in a dry run (a Placeholder for what only the target could give)
  int predicted_status = 200;
  Duration timeout = std::chrono::seconds(60);
  std::size_t max_body = std::size_t{64} << 20U;  ///< bytes of the response's body, uncompressed; more is Lost
};

struct Answer {
  int status = 0;
  Headers headers;  ///< lower-case names
  std::string body;
  std::optional<Value> predicted;  ///< in a dry run, instead of the body

  [[nodiscard]] std::optional<std::string> header(std::string_view lower_case_name) const;
  [[nodiscard]] Result<Value> json()
      const;  ///< the prediction, or the body parsed; an error names what came instead (HTML, nothing …)
  /// What came in place of JSON: "HTTP 301 to https://…", "HTML instead of JSON", "HTTP 404 with an empty response
  /// instead of JSON". Empty: it begins and ends like an object or a list (it is not parsed). For the `feedback` of a
  /// connection whose every response of that kind is JSON, and for the reason of a failure.
  [[nodiscard]] std::string instead_of_json() const;
};

/// No answer came.
struct Lost {
  enum class Cause {
    network,      ///< no connection, a time-out, a connection that broke: worth another try
    certificate,  ///< the server's certificate cannot be verified: waits for a person, like bad credentials
    too_large,    ///< the response was longer than Request::max_body: the next one will be too
    malformed,    ///< the request itself cannot be sent: its URL, method or headers
  };
  Delivery delivery = Delivery::unknown;  ///< not_sent: no connection, refused, bad name; never `sent`
  std::string message;
  Cause cause = Cause::network;
};
using CallResult = tl::expected<Answer, Lost>;

}  // namespace pipewright::engine
