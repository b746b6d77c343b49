// A connector's test: Wildberries' nodes driven poll by poll and batch by batch against the sandbox in this process, in
// a time of the test's own. What sources remember is kept between polls as the journal would.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "dsl/catalog.hpp"
#include "engine/json.hpp"
#include "engine/node.hpp"
#include "stdlib/wb/account.hpp"
#include "stdlib/wb/sandbox/sandbox.hpp"
#include "tests/support/recorded_calls.hpp"

namespace pipewright::wb::tests {

using engine::Operation;
using engine::Outcome;
using engine::Record;
using engine::Value;
using Json = nlohmann::json;
using Kind = engine::Outcome::Kind;
using sandbox::Scheme;

/// What the journal would hold of one source, or of one kind of an account's states.
using States = std::map<std::string, engine::Seen>;

/// Of a node of Wildberries: the sandbox, and what sources remember.
class SandboxCalls : public test::RecordedCalls {
 public:
  SandboxCalls(sandbox::Sandbox& sandbox, Instant& time) : sandbox_(sandbox), time_(time) {}

  States* own = nullptr;  ///< of the source that is polled
  std::map<std::string, States> shared;

  [[nodiscard]] Instant now() const override { return time_; }

 protected:
  void reach(engine::Request request, Done done) override;
  void look_up(std::vector<std::string> keys, std::function<void(States)> done) override;
  void look_up_open(std::string after, std::size_t limit, std::function<void(std::vector<engine::Seen>)> done) override;
  void look_up_shared(std::string kind, std::vector<std::string> keys, std::function<void(States)> done) override;
  void look_up_shared_open(std::string kind, std::string after, std::size_t limit,
                           std::function<void(std::vector<engine::Seen>)> done) override;
  void store(std::vector<engine::SharedState> states, std::function<void(bool)> done) override;

 private:
  sandbox::Sandbox& sandbox_;
  Instant& time_;
};

/// One pipeline's source: its cursor and what it remembers.
struct Source {
  std::string node;
  std::string pipeline = "p";
  std::string cursor;
  States states;
  dsl::plan::Source declared;
};

/// What one poll brought, to its last page.
struct Polled {
  std::vector<engine::NewEvent> events;
  std::vector<std::string> notices;
  std::optional<engine::Failure> failure;  ///< of the last page
  std::size_t pages = 0;

  [[nodiscard]] std::vector<std::string> keys() const;
  /// A field of the event's record, as the language shows it.
  [[nodiscard]] std::string field(std::size_t event, const std::string& name) const;
};

struct Seller {
  explicit Seller(sandbox::Options options = {}, std::map<std::string, Value> settings = {}, std::string token = {},
                  std::string client_secret = {});

  Instant time{std::chrono::milliseconds(1795600000000)};  ///< 2026-11-25
  sandbox::Sandbox sandbox;
  engine::Nodes nodes = wb::nodes();
  engine::Settings settings;  ///< as they are read by `restart`
  std::unique_ptr<engine::Connection> connection;
  SandboxCalls calls;

  /// The process ends and starts again: what the connection held in memory is gone.
  void restart();
  engine::Outcomes act(const std::string& node, engine::Batch batch);
  /// `set` one status on each task.
  engine::Outcomes set(const std::string& node, const std::vector<std::string>& ids, const std::string& status,
                       engine::Delivery delivery = engine::Delivery::not_sent);
  engine::Outcomes set(const std::string& node, const std::vector<std::int64_t>& ids, const std::string& status);
  Source source(const std::string& node, std::optional<Duration> since = {});
  /// Page by page until there is no more, or one fails.
  Polled poll(Source& source, std::size_t room = 1000);
  [[nodiscard]] const engine::SourceNode& node(const std::string& name) const;
  std::vector<std::int64_t> tasks(Scheme scheme, int count, const Json& fields = Json::object());
  void pass(Duration time_passes) { time += time_passes; }

  [[nodiscard]] std::string supplier_status(std::int64_t task) const;
  [[nodiscard]] std::string supply_of(std::int64_t task) const;
  [[nodiscard]] std::vector<std::int64_t> shipped() const;  ///< tasks in `complete`
  [[nodiscard]] std::vector<std::string> supply_names() const;
  [[nodiscard]] std::size_t answered(int status) const;  ///< requests of the sandbox's log with that status
};

/// A fault of the sandbox: so many answers of that path have this body.
Json body_fault(const std::string& match, const std::string& body, int times = 1);
std::vector<std::string> texts(const std::vector<std::int64_t>& ids);
std::string why(const Outcome& outcome);

}  // namespace pipewright::wb::tests
