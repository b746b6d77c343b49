// The thin loop around the core: curl's multi handle, the journal's thread, the clocks. It does and decides nothing.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <variant>

#include "engine/core/core.hpp"
#include "engine/http/client.hpp"
#include "engine/journal/journal.hpp"

namespace pipewright::engine {

class Loop : public Ports {
 public:
  struct Hooks {
    std::function<void(LogLevel, const std::string&)> log;                   ///< a remark of a node
    std::function<std::shared_ptr<const Runnable>(const PlanText&)> revive;  ///< a plan that only the journal remembers
    std::function<std::string(const std::string& connection)> ca_file;       ///< of a connection; may be empty
  };

  Loop(Journal& journal, Hooks hooks);
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Takes the journal over and starts the core from it.
  Result<void> start(Core& core, std::shared_ptr<const Runnable> runnable);
  /// One round: waits at most `longest` for responses, the journal or the core's next wish, and hands over what came.
  /// An error is a journal that failed: the end of the process.
  Result<void> round(Core& core, Duration longest);
  /// Rounds until nothing is under way any more, `patience` at most; what has not come back by then counts as unknown
  /// at the next start.
  Result<void> stop(Core& core, Duration patience);
  [[nodiscard]] static Instant now();  ///< the wall clock
  [[nodiscard]] static Now clock();
  /// Payloads of what ended before go, in the journal's thread, when it has nothing else to do.
  void prune(Instant before, std::vector<std::string> keep);

  void send(CallId id, const std::string& connection, const Request& request) override;
  void commit(CommitId id, Transaction transaction) override;
  void query(QueryId id, Query query) override;
  double jitter() override;
  std::shared_ptr<const Runnable> revive(const PlanText& plan) override;
  void log(LogLevel level, const std::string& text) override;

 private:
  struct Wanted {
    std::uint64_t id;
    std::variant<Transaction, Query> work;
  };
  struct Finished {
    std::uint64_t id;
    std::variant<Result<Committed>, Result<Reply>> result;
  };
  void work();
  [[nodiscard]] Finished worked(Wanted wanted);
  void want(Wanted wanted);
  Result<void> hand_over(Core& core);

  Journal& journal_;
  Hooks hooks_;
  http::Client client_;
  std::mt19937_64 random_;
  std::mutex mutex_;
  std::condition_variable wanted_;
  std::deque<Wanted> waiting_;
  std::deque<Finished> finished_;
  bool ending_ = false;
  std::optional<Instant> prune_before_;
  std::vector<std::string> prune_keeps_;
  std::thread worker_;
};

}  // namespace pipewright::engine
