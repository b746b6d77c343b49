// HTTP over libcurl's multi interface: one thread, many calls. The only place that knows curl. It does and decides
// nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/node.hpp"

namespace pipewright::engine::http {

struct ClientOptions {
  std::size_t live = 64;                  ///< calls under way at a time; the rest wait in a queue of our own
  std::size_t largest_body = 64U << 20U;  ///< bytes of an answer; more is an answer that was lost
  std::string user_agent = "pipewright";
};

class Client {
 public:
  explicit Client(ClientOptions options = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// `ca_file`: a certificate authority besides the system's; empty: the system's alone. Certificates are always
  /// verified, redirects are never followed, only http and https are spoken.
  void send(std::uint64_t id, const Request& request, const std::string& ca_file);
  /// Waits for answers, `wake` or the time's end (milliseconds), whichever comes first, and returns what is finished.
  std::vector<std::pair<std::uint64_t, CallResult>> poll(int timeout);
  /// From any thread: ends a `poll` that waits.
  void wake();
  [[nodiscard]] std::size_t under_way() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// `a=1&b=%D0%90`: percent-encoded pairs.
std::string encoded(const std::vector<std::pair<std::string, std::string>>& pairs);
std::string percent_encoded(std::string_view text);

}  // namespace pipewright::engine::http
