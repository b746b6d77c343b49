// What decides: events, keys, effect queues, outcomes, final statuses, reload. One single-threaded state machine
// without thread, socket, disk, clock.
//
// The loop that drives it:
//
//   core.start(runnable, journal.open(), now)
//   until core.stopped() or core.broken() or (once and core.drained()):
//     wait for a response, the journal or core.wakes_at(), whatever comes first   (curl_multi_poll with that timeout;
//     wakeup from the journal's thread) for every response: core.answered(now, id, result) for every commit:
//     core.committed(now, id, result) for every query: core.replied(now, id, result) else: core.tick(now)
//
// `send` puts the request on the multi handle; `commit` and `query` go to the journal's thread in their order. Signals
// become `stop`, a changed program `swap`, the command line's wish `retry` and `skip`.
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
  bool once = false;           ///< each source is polled until it has no more; `drained` then says so
  bool poll = true;            ///< false: no source is polled; what is delivered, retried or in flight goes on
  bool keep_requests = false;  ///< operations and whole bodies in Ended::steps: dry run, tests
  std::size_t window = 2000;   ///< events in memory at a time
  std::size_t window_bytes = 64U << 20U;       ///< of their records; one event is always let in
  std::size_t page = 1000;                     ///< Look::room
  Duration give_up{std::chrono::seconds(60)};  ///< in `once`: how long what keeps failing is retried
  Reached* reached = nullptr;                  ///< what events pass is noted there, for the coverage of tests
  Duration stale_after{
      std::chrono::minutes(5)};  ///< an event that waited longer is checked at its source before its first write
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

  /// Goes on from the journal: cursors, limits, events in flight. Fails when the plan names a node or a connection that
  /// is not there, or a sink cannot go back to its position.
  Result<void> start(std::shared_ptr<const Runnable> runnable, Opening opening, Now now);
  void tick(Now now);
  void answered(Now now, CallId id, CallResult result);
  void committed(Now now, CommitId id, Result<Committed> committed);
  void replied(Now now, QueryId id, Result<Reply> reply);
  /// When `tick` is due, on the steady clock; nothing: only a response or the journal can change anything.
  [[nodiscard]] std::optional<Instant> wakes_at() const;

  /// No new call starts; those under way are awaited. What is unfinished goes on at the next start.
  void stop(Now now);
  /// After `stop`: nothing is under way any more.
  [[nodiscard]] bool stopped() const;
  /// The journal failed: nothing was decided since, and nothing is sent any more. The process has to end.
  [[nodiscard]] const Error* broken() const;
  /// In `once`: no source has more, no event is in flight, or what is left has been given up.
  [[nodiscard]] bool drained() const;
  /// What `drained` left behind, in words; empty: nothing. A refused source is among them.
  [[nodiscard]] std::vector<std::string> undrained() const;

  /// Another program: new events, and those that have done nothing yet, take it; the others finish with theirs. Sources
  /// of one name and pipeline go on at their cursor.
  Result<void> swap(std::shared_ptr<const Runnable> runnable, Now now);

  using Answers = std::function<void(std::vector<RetryAnswer>)>;
  /// Parked events begin again, waiting ones try at once; recorded outcomes that are still wanted as they are count.
  /// `stale`: also after a later event of the key has written. Answered when it is durable.
  void retry(std::vector<EventId> ids, bool as_was, bool stale, Now now, Answers answered);
  /// A person ends parked or waiting events: they become skipped, nothing more is written.
  void skip(std::vector<EventId> ids, std::string why, Now now, Answers answered);
  /// Events that come by themselves (a webhook). `stored` is called when they are durable.
  Result<void> deliver(const std::string& pipeline, std::size_t source, std::vector<NewEvent> events,
                       std::function<void()> stored, Now now);
  /// Looks for requests of people in the journal (`events retry` beside a running engine), and answers them there.
  void serve_requests(Now now);
  [[nodiscard]] std::vector<ConnectionStatus> connections() const;
  /// Plans that events in memory run under, and the current one: they stay in the journal.
  [[nodiscard]] std::vector<std::string> plans() const;
  /// Events in memory now; for tests of the bound.
  [[nodiscard]] std::size_t loaded() const;

 private:
  std::unique_ptr<Engine> engine_;
};

}  // namespace pipewright::engine
