// The world of a node in a test, without limits and retries: what it sends and notes stays to be read, and the test may
// give a response in the place of the system.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/node.hpp"

namespace pipewright::test {

class RecordedCalls : public engine::Calls {
 public:
  using Done = std::function<void(engine::CallResult)>;

  /// In the place of the system, when it gives a response.
  std::function<std::optional<engine::CallResult>(const engine::Request&)> instead;
  std::vector<engine::Request> sent;
  std::vector<std::string> notes;
  bool takes_down = false;  ///< a dry run

  [[nodiscard]] bool dry() const override { return takes_down; }
  void log(engine::LogLevel, std::string text) override { notes.push_back(std::move(text)); }
  /// How many requests had this in `METHOD url`.
  [[nodiscard]] std::size_t count(const std::string& part) const {
    return static_cast<std::size_t>(std::count_if(sent.begin(), sent.end(), [&](const engine::Request& each) {
      return (each.method + " " + each.url).find(part) != std::string::npos;
    }));
  }

 protected:
  /// The system's own response.
  virtual void reach(engine::Request request, Done done) = 0;

  void start(engine::Request request, Done done) override {
    sent.push_back(request);
    if (instead) {
      if (auto response = instead(request)) return done(std::move(*response));
    }
    if (takes_down && request.write) {
      engine::Answer predicted;
      predicted.status = request.predicted_status;
      predicted.predicted = request.predicted;
      return done(std::move(predicted));
    }
    reach(std::move(request), std::move(done));
  }
  void look_up(std::vector<std::string>, std::function<void(std::map<std::string, engine::Seen>)> done) override {
    done({});
  }
  void look_up_open(std::string, std::size_t, std::function<void(std::vector<engine::Seen>)> done) override {
    done({});
  }
};

}  // namespace pipewright::test
