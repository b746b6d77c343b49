// A Wildberries seller in tests: calls with the token, JSON in and out.
#pragma once

#include <atomic>
#include <memory>

#include "stdlib/wb/sandbox/sandbox.hpp"
#include "tests/support/loopback.hpp"

namespace pipewright::tests {

struct Seller {
  wb::sandbox::Sandbox& sandbox;
  std::string token = sandbox.credential();

  Answer call(const std::string& method, const std::string& target, const nlohmann::json& body = nullptr) const {
    return request(method, sandbox.url() + target,
                   {{"Authorization", "Bearer " + token}, {"Content-Type", "application/json"}},
                   body.is_null() ? std::string() : body.dump());
  }
};

/// A clock that tests move; copies share the time.
class HandClock {
 public:
  explicit HandClock(std::int64_t unix_seconds = 1791446400)  // 2026-10-08T08:00:00Z
      : milliseconds_(std::make_shared<std::atomic<std::int64_t>>(unix_seconds * 1000)) {}
  std::chrono::system_clock::time_point operator()() const {
    return std::chrono::system_clock::time_point(std::chrono::milliseconds(milliseconds_->load()));
  }
  void pass(std::chrono::milliseconds time) const { *milliseconds_ += time.count(); }

 private:
  std::shared_ptr<std::atomic<std::int64_t>> milliseconds_;
};

}  // namespace pipewright::tests
