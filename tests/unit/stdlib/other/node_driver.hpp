// Runs a node's work on a batch, or one poll of a source, against the real world on loopback.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/http/client.hpp"
#include "engine/node.hpp"
#include "stdlib/stdlib.hpp"
#include "tests/support/recorded_calls.hpp"

namespace pipewright::test {

class WireCalls : public RecordedCalls {
 public:
  Instant time{std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())};

  [[nodiscard]] Instant now() const override { return time; }

 protected:
  void reach(engine::Request request, Done done) override {
    engine::http::Client client;
    client.send(1, request, "");
    for (int i = 0; i < 500; ++i) {
      for (auto& [id, result] : client.poll(20)) return done(std::move(result));
    }
    done(tl::unexpected<engine::Lost>(engine::Lost{engine::Delivery::unknown, "no end within ten seconds"}));
  }
};

/// A node of the standard library with a connection of its own.
struct Node {
  explicit Node(const std::string& type, engine::Settings settings = {}) {
    settings.type = type;
    if (settings.name.empty()) settings.name = type;
    connection = *registry.connection_type(type)->make(std::move(settings));
  }
  engine::Outcomes work(const std::string& name, engine::Batch batch) {
    engine::Task<engine::Outcomes> task = registry.action(name)->work(*connection, std::move(batch), calls);
    task.start();
    return task.finished() ? task.take() : engine::Outcomes();
  }

  engine::Registry registry = stdlib::registry();
  std::unique_ptr<engine::Connection> connection;
  WireCalls calls;
};

}  // namespace pipewright::test
