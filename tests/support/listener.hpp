// A server for tests that answers as it is told, and remembers what came.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "engine/http/server.hpp"

namespace pipewright::test {

/// A server that answers as it is told, and remembers what came.
class Listener {
 public:
  explicit Listener(std::function<engine::http::Reply(const engine::http::ServerRequest&)> answer)
      : server_(*engine::http::Server::start(
            [this, answer = std::move(answer)](const engine::http::ServerRequest& request) {
              const std::lock_guard lock(mutex_);
              came_.push_back(request);
              return answer(request);
            })) {}
  [[nodiscard]] std::string url(const std::string& path = "") const {
    return "http://127.0.0.1:" + std::to_string(server_.port()) + path;
  }
  [[nodiscard]] std::vector<engine::http::ServerRequest> came() {
    const std::lock_guard lock(mutex_);
    return came_;
  }

 private:
  std::mutex mutex_;
  std::vector<engine::http::ServerRequest> came_;
  engine::http::Server server_;
};

/// Lines of a file: {"n":1} …
inline std::string lines(int from, int to) {
  std::string text;
  for (int i = from; i <= to; ++i) text += "{\"n\":" + std::to_string(i) + "}\n";
  return text;
}

}  // namespace pipewright::test
