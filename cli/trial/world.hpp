// What stands behind the calls of a test: a sandbox for each account, faults that the test gives, answers for other
// systems. No socket is opened.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/trial/records.hpp"
#include "dsl/plan_test.hpp"
#include "engine/config.hpp"
#include "engine/core/core.hpp"
#include "stdlib/crm/sandbox/sandbox.hpp"
#include "stdlib/wb/sandbox/sandbox.hpp"

namespace pipewright::cli {

/// A fault that a test gives, with its words read.
struct TrialFault {
  dsl::plan::TestFault::Kind kind = dsl::plan::TestFault::Kind::loses;
  std::string connection;
  std::string node;
  std::string text;  ///< of a refusal
  int status = 0;    ///< of an answer
  int left = 1;      ///< strikes; a refusal has no end
  bool struck = false;
};

/// The scheme of tasks that a node or a record is of; nothing: it is about something else.
std::optional<wb::sandbox::Scheme> scheme_of(std::string_view node);

class TrialWorld {
 public:
  /// Points every account of `config` to a sandbox of its own and gives it a credential. At an account of `closed` only
  /// what is given exists; elsewhere a Wildberries task is there, new, as soon as somebody asks for it.
  TrialWorld(engine::Config& config, Instant begins, const std::set<std::string>& closed);
  ~TrialWorld();

  /// `given NODE { … }`: exists beforehand. The error says why it cannot.
  Result<void> exists(const std::string& connection, const std::string& node, const engine::Record& fields);
  /// What an event tells of is there at its own account too.
  void known(const std::string& connection, const std::string& record_type, const engine::Record& given);
  void add(TrialFault fault) { faults_.push_back(std::move(fault)); }
  [[nodiscard]] const std::vector<TrialFault>& faults() const { return faults_; }

  /// The sandbox behind an account; null where it is of another system.
  [[nodiscard]] wb::sandbox::Sandbox* wildberries(const std::string& connection);
  [[nodiscard]] crm::sandbox::Sandbox* retailcrm(const std::string& connection);

  using Listener = std::function<void(const std::string& connection, const engine::Request& request)>;
  /// Runs a core in virtual time, with this world behind its calls, until it is drained: from `now`, which becomes the
  /// end, for `longest` at most. `listener` hears of every call; it may be empty.
  Result<void> run(const std::shared_ptr<const engine::Runnable>& runnable, engine::Journal& journal,
                   engine::Observer& observer, const engine::Options& options, Instant& now, Duration longest,
                   const Listener& listener);

 private:
  struct Account;
  engine::CallResult answer(const std::string& connection, const engine::Request& request, Instant now);
  engine::CallResult target_answer(const std::string& connection, const engine::Request& request);
  Account* account(const std::string& connection);
  std::vector<std::pair<std::string, std::unique_ptr<Account>>> accounts_;
  std::vector<TrialFault> faults_;
  std::vector<engine::Answer> answers_;  ///< of other systems, in their order; the last one stays
  std::shared_ptr<Instant> now_;
  std::string zone_;
};

}  // namespace pipewright::cli
