// Runs a node's work on a batch, or one poll of a source, against the real world on loopback.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/http/client.hpp"
#include "engine/node.hpp"
#include "stdlib/stdlib.hpp"

namespace pipewright::test {

class WireCalls : public engine::Calls {
 public:
  Instant time{std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())};
  std::vector<std::string> notes;
  std::vector<engine::Request> sent;

  [[nodiscard]] Instant now() const override { return time; }
  [[nodiscard]] bool dry() const override { return false; }
  void log(engine::LogLevel, std::string text) override { notes.push_back(std::move(text)); }

 protected:
  void start(engine::Request request, std::function<void(engine::CallResult)> done) override {
    sent.push_back(request);
    engine::http::Client client;
    client.send(1, request, "");
    for (int i = 0; i < 500; ++i) {
      for (auto& [id, result] : client.poll(20)) return done(std::move(result));
    }
    done(tl::unexpected<engine::Lost>(engine::Lost{engine::Delivery::unknown, "no end within ten seconds"}));
  }
  void look_up(std::vector<std::string>, std::function<void(std::map<std::string, engine::Seen>)> done) override {
    done({});
  }
  void look_up_open(std::string, std::size_t, std::function<void(std::vector<engine::Seen>)> done) override {
    done({});
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
