// The core in virtual time: a call is answered by a function, waits pass at once, nothing leaves the process. For
// `pipewright test`.
#pragma once

#include <deque>
#include <functional>
#include <random>
#include <variant>

#include "engine/core/core.hpp"
#include "engine/journal/journal.hpp"

namespace pipewright::engine {

class VirtualLoop : public Ports {
 public:
  /// What the world says to a call, made at `now`.
  using Answerer = std::function<CallResult(const std::string& connection, const Request& request, Instant now)>;

  /// `seed` of the jitter: the same test runs the same way every time.
  VirtualLoop(Journal& journal, Answerer answerer, Instant begins, std::uint64_t seed)
      : journal_(journal), answerer_(std::move(answerer)), now_(begins), random_(seed) {}

  /// Starts the core and runs until it is drained. An error is our own mistake or a commit that failed; false: it was
  /// not drained by `until`, or it turns round and round.
  Result<bool> run(Core& core, std::shared_ptr<const Runnable> runnable, Instant until);
  /// The two halves of `run`.
  Result<void> start(Core& core, std::shared_ptr<const Runnable> runnable);
  Result<bool> drain(Core& core, Instant until);
  [[nodiscard]] Instant now() const { return now_; }

  void send(CallId id, const std::string& connection, const Request& request) override;
  void commit(CommitId id, Transaction transaction) override;
  void query(QueryId id, Query query) override;
  double jitter() override;

 private:
  struct Sent {
    CallId id;
    std::string connection;
    Request request;
  };
  Journal& journal_;
  Answerer answerer_;
  Instant now_;
  std::mt19937_64 random_;
  std::deque<Sent> calls_;
  std::deque<std::pair<std::uint64_t, std::variant<Transaction, Query>>> journal_work_;
};

}  // namespace pipewright::engine
