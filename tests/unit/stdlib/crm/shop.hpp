// A connector's test: nodes driven call by call against the local retailCRM.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/http/client.hpp"
#include "engine/json.hpp"
#include "engine/node.hpp"
#include "stdlib/crm/account.hpp"
#include "stdlib/crm/nodes.hpp"
#include "stdlib/crm/sandbox/sandbox.hpp"

namespace pipewright::crm::tests {

using engine::Operation;
using engine::Outcome;
using engine::Record;
using engine::Value;
using engine::Verb;
using Kind = engine::Outcome::Kind;

/// The world without limits or retries: a call is made when it is asked for.
class DirectCalls : public engine::Calls {
 public:
  Instant time = Instant(std::chrono::milliseconds(1795600000000));
  bool takes_down = false;  ///< a dry run
  std::vector<engine::Request> sent;
  std::vector<std::string> notes;
  /// Instead of the network, when it gives an answer.
  std::function<std::optional<engine::CallResult>(const engine::Request&)> instead;

  [[nodiscard]] Instant now() const override { return time; }
  [[nodiscard]] bool dry() const override { return takes_down; }
  void log(engine::LogLevel, std::string text) override { notes.push_back(std::move(text)); }
  [[nodiscard]] std::size_t count(const std::string& part) const;

 protected:
  void start(engine::Request request, std::function<void(engine::CallResult)> done) override;
  void look_up(std::vector<std::string>, std::function<void(std::map<std::string, engine::Seen>)> done) override {
    done({});
  }
  void look_up_open(std::string, std::size_t, std::function<void(std::vector<engine::Seen>)> done) override {
    done({});
  }

 private:
  engine::http::Client client_;
};

/// A sandbox, a connection to its store `wb` and the nodes.
struct Shop {
  explicit Shop(crm::sandbox::Options options = {}, std::map<std::string, std::string> settings = {},
                std::string key = {});

  crm::sandbox::Sandbox sandbox;
  engine::Nodes nodes = crm::nodes();
  std::unique_ptr<engine::Connection> connection;
  DirectCalls calls;

  engine::Outcomes act(const std::string& node, engine::Batch batch);
  Outcome one(const std::string& node, Operation operation);
  engine::Page look(const std::string& node, const std::string& cursor, const dsl::plan::Source* source = nullptr);
  void fault(const nlohmann::json& fault) { sandbox.add_fault(fault); }
  [[nodiscard]] nlohmann::json orders() const { return sandbox.state()["orders"]; }
  [[nodiscard]] nlohmann::json customers() const { return sandbox.state()["customers"]; }
  /// The form's field of the last write to a path, decoded.
  [[nodiscard]] nlohmann::json last_form(const std::string& path, const std::string& field) const;
};

Value value_of(const nlohmann::json& json);
Record record_of(const nlohmann::json& json);
/// `by` one key that stands in `written`.
Operation operation(Verb verb, const std::string& key, const nlohmann::json& written,
                    const nlohmann::json& filling = nlohmann::json::object());

}  // namespace pipewright::crm::tests
