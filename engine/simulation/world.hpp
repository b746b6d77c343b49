// A world in virtual time, from a seed: a target that keeps records, answers that get lost, a process that dies at any
// boundary.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "engine/core/core.hpp"
#include "engine/journal/memory.hpp"

namespace pipewright::engine::simulation {

/// How often what happens to a call, of 1.
struct Faults {
  double answer_lost = 0;   ///< done, but nobody hears of it
  double request_lost = 0;  ///< not done
  double server_error = 0;  ///< 503, not done
  double too_many = 0;      ///< 429, not done
  Duration least_delay{5};
  Duration most_delay{200};
};

/// The far side: records by kind; creating twice makes two, as real systems do.
struct Target {
  struct Kept {
    std::int64_t id = 0;
    Record fields;
  };
  std::map<std::string, std::vector<Kept>> kinds;
  std::map<std::string, std::vector<std::string>> history;  ///< of `kind key`: the `n` of each write
  std::vector<std::string> sent;                            ///< what `sim.send` got
  std::int64_t next_id = 1;
  std::map<std::string, std::size_t> calls;  ///< by path

  Answer handle(const Request& request);
};

/// What the source will say: one event a time from `at` on.
struct Scripted {
  Instant at;
  std::string identity;
  std::string key;
  Record record;
};

/// The ports of a core, and the loop that drives it. Survives crashes: journal and target stay.
class World : public Ports, public Observer {
 public:
  World(std::uint64_t seed, Faults faults) : random_(seed), faults_(faults) {}

  enum class End { drained, idle, crashed, late, broken, stopped };
  /// Takes the journal over and starts the core from it.
  Result<void> start(Core& core, std::shared_ptr<const Runnable> runnable);
  /// Drives until `once` is drained, nothing can happen any more, the crash, or `until`.
  End run(Core& core, Instant until);
  /// The process dies at the n-th boundary from now (before a commit, after it, before an answer is heard); 0: never.
  void crash_at(std::size_t n) {
    crash_at_ = n;
    boundary_ = 0;
  }
  /// What was under way is gone.
  void restart();

  void send(CallId id, const std::string& connection, const Request& request) override;
  void commit(CommitId id, Transaction transaction) override;
  void query(QueryId id, Query query) override;
  double jitter() override { return std::uniform_real_distribution<double>(0, 1)(random_); }
  std::shared_ptr<const Runnable> revive(const PlanText& text) override {
    const auto found = plans.find(text.hash);
    return found == plans.end() ? nullptr : found->second;
  }
  void ended(const Ended& ended) override { endings.push_back(ended); }
  void connection_down(const std::string&, const Failure&) override { ++downs; }
  void connection_up(const std::string&) override { ++ups; }

  Instant now{Duration(1'795'000'000'000)};
  Target target;
  std::vector<Scripted> script;  ///< in the order of their times
  std::map<std::string, std::shared_ptr<const Runnable>> plans;
  std::vector<Ended> endings;
  std::size_t boundary_count() const { return boundary_; }
  std::size_t commits = 0;
  std::size_t most_loaded = 0;
  int downs = 0, ups = 0;
  std::function<std::optional<CallResult>(const Request&)> fate;         ///< decides instead of chance
  std::function<std::optional<std::string>(const Value&)> still_wanted;  ///< of events that waited long
  MemoryJournal journal_;

 private:
  bool boundary() { return ++boundary_ == crash_at_; }
  CallResult answer_to(const Request& request);

  struct Pending {
    Instant at;
    CallId id;
    CallResult result;
  };
  std::mt19937_64 random_;
  Faults faults_;
  std::size_t crash_at_ = 0;
  std::size_t boundary_ = 0;
  std::vector<Pending> answers_;
  std::deque<std::pair<std::uint64_t, std::variant<Transaction, Query>>> journal_work_;
};

/// `sim.new` (script), `sim.lines` (script, rereadable); `sim.client`, `sim.order`, `sim.line`, `sim.copy` (keyed
/// upsert, update, ensure, find: 100 look-ups, 50 writes a call), `sim.send` (unasked), `sim.log` (a pure sink).
std::shared_ptr<const Registry> registry(World& world);

/// Connections `sim` and `other`; `rate` limits the group `api`.
std::map<std::string, std::shared_ptr<Connection>> connections(Rate rate = {});

/// What must hold whatever happened: each record once, no older write after a newer one, books that balance. Empty: all
/// is well.
std::vector<std::string> broken_promises(const World& world);

}  // namespace pipewright::engine::simulation
