// A connector's test: nodes driven call by call against the local retailCRM.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/http/client.hpp"
#include "engine/interpret.hpp"
#include "engine/json.hpp"
#include "engine/node.hpp"
#include "stdlib/crm/account.hpp"
#include "stdlib/crm/nodes.hpp"
#include "stdlib/crm/sandbox/sandbox.hpp"
#include "tests/support/recorded_calls.hpp"

namespace pipewright::crm::tests {

using engine::Answer;
using engine::CallResult;
using engine::EndingKind;
using engine::Operation;
using engine::Outcome;
using engine::Record;
using engine::Request;
using engine::Value;
using engine::Verb;
using Kind = engine::Outcome::Kind;

/// A call is made when it is asked for.
class DirectCalls : public test::RecordedCalls {
 public:
  Instant time = Instant(std::chrono::milliseconds(1795600000000));

  [[nodiscard]] Instant now() const override { return time; }

 protected:
  void reach(engine::Request request, Done done) override;

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
