// The local HTTP server driver: webhooks, the status page and the sandboxes are answered by it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace pipewright::engine::http {

/// A request as it came in, whole.
struct ServerRequest {
  std::string method;
  std::string path;                                             ///< percent-decoded
  std::string raw_path;                                         ///< as sent: tells `%2F` inside a segment from `/`
  std::string query;                                            ///< after `?`, as sent
  std::vector<std::pair<std::string, std::string>> parameters;  ///< decoded query pairs in the order sent
  std::map<std::string, std::string> headers;                   ///< names in lower case
  std::string body;
  std::string peer;

  /// The header's value, or "" when it is absent; `name` in lower case.
  [[nodiscard]] std::string header(std::string_view name) const;
};

/// An answer. The faults are for sandboxes: the handler has done its work by then, so the change is kept and the answer
/// lost.
struct Reply {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool drop = false;                   ///< close the connection without any answer
  bool truncate = false;               ///< announce the whole length, send half, close
  std::chrono::milliseconds delay{0};  ///< wait before answering; other connections are served meanwhile
};

struct ServerOptions {
  std::uint16_t port = 0;  ///< 0: any free one
  std::size_t body_limit = std::size_t{32} << 20;
};

using ServerHandler = std::function<Reply(const ServerRequest&)>;

/// Percent-decoding; `+` is a space in queries and forms, itself in paths.
std::string url_decoded(std::string_view text, bool plus_is_space);

/// `a=1&b=2` (a query string or a form) as decoded pairs in order.
std::vector<std::pair<std::string, std::string>> form_pairs(std::string_view text);

/// Listens on 127.0.0.1 until destroyed. One thread calls the handler: it must not block for long.
class Server {
 public:
  /// Fails when the port is taken.
  [[nodiscard]] static Result<Server> start(ServerHandler handler, ServerOptions options = {});

  Server(Server&&) noexcept;
  Server& operator=(Server&&) noexcept;
  ~Server();

  [[nodiscard]] std::uint16_t port() const;

  /// Closes the listening socket and all connections, delayed answers included.
  void stop();

 private:
  struct Driver;
  explicit Server(std::unique_ptr<Driver> driver);
  std::unique_ptr<Driver> driver_;
};

}  // namespace pipewright::engine::http
