// HTTP over libcurl's multi interface: one thread, many calls. The only place that knows curl. It does and decides
// nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/node.hpp"

namespace pipewright::engine::http {

struct ClientOptions {
  std::size_t live = 64;  ///< calls under way at a time; the rest wait in a queue of our own
  std::string user_agent = "pipewright";
};

class Client {
 public:
  explicit Client(ClientOptions options = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// `ca_file`: a certificate authority besides the system's; empty: the system's alone. Certificates are always
  /// verified, redirects are never followed, only http and https are spoken, and a loopback address is never reached
  /// through a proxy. A request that would break the protocol (control characters, a malformed URL) is not sent.
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

/// Where a URL points to, parsed whole.
struct Origin {
  std::string scheme;  ///< http or https
  std::string host;    ///< in lower case; an IPv6 address in brackets
  std::uint16_t port = 0;
  bool user = false;      ///< the URL holds a user or a password
  bool loopback = false;  ///< 127.0.0.0/8, ::1 or localhost, exactly
  /// `https://api.example.com`, with the port where it is not the scheme's own.
  [[nodiscard]] std::string text() const;
  friend bool operator==(const Origin& a, const Origin& b) {
    return a.scheme == b.scheme && a.host == b.host && a.port == b.port;
  }
};
/// Nothing when the URL is malformed, holds anything but printable ASCII, or is neither http nor https.
std::optional<Origin> origin_of(const std::string& url);

/// No wait is longer than this, whatever a server says; then it is asked again.
constexpr Duration longest_wait = std::chrono::minutes(15);
/// What to do about Lost::Cause::certificate.
inline constexpr const char* certificate_help =
    "renew the server's certificate, or name its authority with `ca_file` of the connection; events wait until then";

/// A header's number of seconds as a wait: capped, never negative; nothing when it is no number.
std::optional<Duration> seconds_to_wait(std::string_view text);
/// The wait that `Retry-After` asks for, in seconds or as a date (counted from the response's own `Date`), capped.
std::optional<Duration> retry_after(const Answer& answer);

/// Whether it may stand in a header: its name is a token, its value holds no control character but the tab.
bool valid_header(std::string_view name, std::string_view value);
/// Whether it is a method: letters, digits and `-_`.
bool valid_method(std::string_view method);

/// `a=1&b=%D0%90`: percent-encoded pairs.
std::string encoded(const std::vector<std::pair<std::string, std::string>>& pairs);
std::string percent_encoded(std::string_view text);

}  // namespace pipewright::engine::http
