// The thin loop around the core: curl's multi handle, the journal's writer thread, the clock. It does and decides
// nothing.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <thread>

#include "engine/core/core.hpp"
#include "engine/http/client.hpp"
#include "engine/journal/journal.hpp"

namespace pipewright::engine {

class Loop : public Ports {
 public:
  struct Hooks {
    std::function<void(const std::string&)> log;                             ///< a remark of a node
    std::function<std::shared_ptr<const Runnable>(const PlanText&)> revive;  ///< a plan that only the journal remembers
    std::function<std::string(const std::string& connection)> ca_file;       ///< of a connection; may be empty
  };

  Loop(Journal& journal, Hooks hooks);
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// One round: waits at most `longest` for answers, commits or the core's next wish, and hands over what came. An
  /// error is a commit that failed: the end of the process.
  Result<void> round(Core& core, Duration longest);
  [[nodiscard]] static Instant now();
  /// Payloads of what ended before go, in the writer's thread, when it has nothing else to do.
  void prune(Instant before);

  void send(CallId id, const std::string& connection, const Request& request) override;
  void commit(CommitId id, Transaction transaction) override;
  double jitter() override;
  [[nodiscard]] const JournalReader& journal() const override { return journal_; }
  std::shared_ptr<const Runnable> revive(const PlanText& plan) override;
  void log(const std::string& text) override;

 private:
  struct Finished {
    CommitId id;
    Result<std::vector<Committed>> result;
  };
  void write();
  Result<void> take_commits(Core& core);

  Journal& journal_;
  Hooks hooks_;
  http::Client client_;
  std::mt19937_64 random_;
  std::mutex mutex_;
  std::condition_variable wanted_;
  std::deque<std::pair<CommitId, Transaction>> waiting_;
  std::deque<Finished> finished_;
  bool ending_ = false;
  std::optional<Instant> prune_before_;
  std::thread writer_;
};

}  // namespace pipewright::engine
