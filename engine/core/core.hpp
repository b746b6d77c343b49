// What decides: events, keys, stations, outcomes, endings, reload. One single-threaded state machine without thread,
// socket, disk, clock.
//
// The loop that drives it:
//
//   core.start(runnable, now)
//   until core.stopped() or (once and core.drained()):
//     wait for an answer, a commit or core.wakes_at(), whatever comes first   (curl_multi_poll with that timeout;
//     wakeup from the writer) for every answer:  core.answered(now, id, result) for every commit:  core.committed(now,
//     id, committed) else:              core.tick(now)
//
// `send` puts the request on the multi handle, `commit` hands the transaction to the journal's thread (or commits at
// once and keeps the result for the loop's next round). Signals become `stop`, a changed program `swap`, the command
// line's wish `retry`.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/ports.hpp"

namespace pipewright::engine {

struct Options {
  bool dry = false;            ///< writes are taken down and answered with their prediction
  bool once = false;           ///< each source looks until it has no more; `drained` then says so
  bool poll = true;            ///< false: no source looks; what is delivered, retried or in flight goes on
  bool keep_requests = false;  ///< bodies whole in Ended::steps, for the dry run
  std::size_t window = 2000;   ///< events in memory at a time
  std::size_t page = 1000;     ///< Look::room
  Duration give_up{std::chrono::seconds(60)};  ///< in `once`: how long what keeps failing is retried
  Reached* reached = nullptr;                  ///< what events pass is noted there, for the coverage of tests
  Duration stale_after{
      std::chrono::minutes(5)};  ///< an event that waited longer is looked at again before its first write
};

struct RetryAnswer {
  EventId id = 0;
  bool accepted = false;
  std::string reason;  ///< of a refusal
};

struct ConnectionStatus {
  std::string name;
  bool down = false;
  std::string reason;
  std::map<std::string, int> headroom;  ///< by group: calls that could go at once
  std::map<std::string, Rate> rates;    ///< of the same groups
};

class Engine;

class Core {
 public:
  Core(Ports& ports, Observer& observer, Options options);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  /// Goes on from the journal: cursors, events in flight (each counts as possibly sent). Fails when the plan names a
  /// node or a connection that is not there, or a sink cannot go back to its position.
  Result<void> start(std::shared_ptr<const Runnable> runnable, Instant now);
  void tick(Instant now);
  void answered(Instant now, CallId id, CallResult result);
  void committed(Instant now, CommitId id, const Committed& committed);
  /// When `tick` is due; nothing: only an answer or a commit can change anything.
  [[nodiscard]] std::optional<Instant> wakes_at() const;

  /// No new call starts; those under way are awaited. What is unfinished goes on at the next start.
  void stop(Instant now);
  /// After `stop`: nothing is under way any more.
  [[nodiscard]] bool stopped() const;
  /// In `once`: no source has more, no event is in flight, or what is left has been given up.
  [[nodiscard]] bool drained() const;
  /// What `drained` left behind, in words; empty: nothing. A refused source is among them.
  [[nodiscard]] std::vector<std::string> undrained() const;

  /// New events take the new plan, those in flight keep theirs. Sources of one name and pipeline go on at their cursor.
  Result<void> swap(std::shared_ptr<const Runnable> runnable, Instant now);
  /// Parked events begin again; recorded outcomes that are still wanted as they are count. `stale`: also after a later
  /// event of the key has written.
  std::vector<RetryAnswer> retry(const std::vector<EventId>& ids, bool as_was, bool stale, Instant now);
  /// Events that come by themselves (a webhook). `stored` is called when they are durable.
  Result<void> deliver(const std::string& pipeline, std::size_t source, std::vector<NewEvent> events,
                       std::function<void()> stored, Instant now);
  [[nodiscard]] std::vector<ConnectionStatus> connections() const;
  /// Events in memory now; for tests of the bound.
  [[nodiscard]] std::size_t loaded() const;

 private:
  std::unique_ptr<Engine> engine_;
};

}  // namespace pipewright::engine
