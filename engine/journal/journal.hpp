// The journal as the core knows it: whole transactions in, facts out. SQLite and a memory one stand behind it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "engine/interpret.hpp"
#include "engine/node.hpp"

namespace pipewright::engine {

using EventId = std::int64_t;  ///< ascending in the order of receipt; never reused

/// An event as it lies in the journal.
struct StoredEvent {
  EventId id = 0;  ///< given by the journal
  std::string pipeline;
  std::string source;    ///< `wb wb.fbs.new`, or `on NAME`
  std::string identity;  ///< unique per pipeline: a known one is not a second event
  std::string account;   ///< with `key`: order per key, across pipelines
  std::string key;       ///< may be empty: no order
  Value record;
  Value before;
  Instant received_at;
  std::string plan;       ///< hash
  std::string commit;     ///< of the integrator's git repository; may be empty
  bool verify = false;    ///< retried with another plan: recorded outcomes count only for equal work
  bool doubtful = false;  ///< retried: its first effects may have happened
};

/// A request and its answer, as people may read it: secrets out, bodies shortened.
struct Exchange {
  std::string method;
  std::string url;
  std::string request_body;
  int status = 0;           ///< 0: no answer
  std::string answer_body;  ///< or why there was none
  Instant at;
  Duration took{0};
  bool write = false;  ///< not kept: for who is told of the ending
};

struct StoredOutcome {
  EventId event = 0;
  Address address;
  std::string connection;
  std::string node;
  std::string verb;
  std::string input;  ///< fingerprint of the operation
  Outcome outcome;
  Instant at;
  std::vector<std::size_t> exchanges;  ///< indices into the transaction's exchanges
};

struct StoredEnding {
  EventId event = 0;
  std::string pipeline;
  EndingKind kind = EndingKind::unchanged;
  std::string reason;
  std::string place;  ///< `fbs.pipe:12: where order.user_status == 1`
  std::vector<std::string> warnings;
  Instant at;
};

struct CursorMove {
  std::string pipeline;
  std::string source;
  std::string cursor;
};
struct SeenRow {
  std::string pipeline;
  std::string source;
  Seen seen;
};
struct PlanText {
  std::string hash;
  std::string commit;
  std::vector<std::pair<std::string, std::string>> files;
  Instant at;
};
/// What `status` says of a connection or a source until it is told otherwise; an empty text removes it.
struct Notice {
  std::string subject;
  std::string text;
  Instant at;
};
struct SinkPosition {
  std::string connection;
  std::string node;
  std::string target;
  std::string position;
};
/// Events of rereadable sources that are not kept one by one.
struct Bulk {
  std::string pipeline;
  std::int64_t received = 0, written = 0, unchanged = 0, skipped = 0;
};
/// An `unasked` effect is about to be sent.
struct Intent {
  EventId event = 0;
  Address address;
};
/// A parked event begins again.
struct Reopen {
  EventId event = 0;
  std::string plan;
  bool verify = false;
  std::vector<Address> forget;  ///< outcomes to be made again
};

/// All or nothing.
struct Transaction {
  std::vector<StoredEvent> events;
  std::vector<std::pair<std::size_t, StoredEnding>>
      ended_events;  ///< endings of `events` of this transaction, by their index
  std::vector<CursorMove> cursors;
  std::vector<SeenRow> seen;
  std::vector<Exchange> exchanges;
  std::vector<StoredOutcome> outcomes;
  std::vector<StoredEnding> endings;
  std::vector<Intent> intents;
  std::vector<PlanText> plans;
  std::vector<Notice> notices;
  std::vector<SinkPosition> positions;
  std::vector<Bulk> bulks;
  std::vector<Reopen> reopened;
  /// By target: what must be durable before this is committed. Whoever commits runs them first, in the same thread.
  /// When one fails nothing is committed.
  std::map<std::string, std::function<Result<void>()>> settle;

  [[nodiscard]] bool empty() const {
    return events.empty() && cursors.empty() && seen.empty() && outcomes.empty() && endings.empty() &&
           intents.empty() && plans.empty() && notices.empty() && positions.empty() && bulks.empty() &&
           reopened.empty();
  }
};

struct Committed {
  std::vector<EventId> ids;  ///< of the transaction's events, in their order; 0: the identity was known
};

/// The books: received = written + unchanged + skipped + parked + in flight.
struct Counters {
  std::int64_t received = 0, written = 0, unchanged = 0, skipped = 0, parked = 0;
  [[nodiscard]] std::int64_t in_flight() const { return received - written - unchanged - skipped - parked; }
  [[nodiscard]] std::int64_t done() const { return written + unchanged; }
};

/// How a pipeline goes; of what is journaled one by one.
struct Pace {
  std::optional<Instant> last_received;
  std::optional<Instant> last_done;    ///< an event ended, and not parked
  std::optional<Instant> oldest_open;  ///< received, and not ended yet
};

struct ListedEvent {
  EventId id = 0;
  std::string pipeline, key, identity;
  std::optional<EndingKind> outcome;  ///< absent: in flight
  std::string reason, place, plan, commit;
  Instant received_at;
  std::optional<Instant> ended_at;
  std::vector<std::string> warnings;
};

struct EventFilter {
  bool all = false;  ///< else only what is parked
  EventId after = 0;
  std::size_t limit = 1000;
};

struct ListedOutcome {
  StoredOutcome stored;  ///< its `exchanges` are not filled
  std::vector<Exchange> exchanges;
};

/// What was committed, read at any time.
class JournalReader {
 public:
  virtual ~JournalReader() = default;

  /// Unfinished events of the pipeline with an id over `after` that no earlier unfinished event of their (account, key)
  /// precedes, in order.
  [[nodiscard]] virtual std::vector<StoredEvent> ready(const std::string& pipeline, EventId after,
                                                       std::size_t limit) const = 0;
  /// The first unfinished event of this key.
  [[nodiscard]] virtual std::optional<StoredEvent> first_of(const std::string& account,
                                                            const std::string& key) const = 0;
  [[nodiscard]] virtual std::map<Address, Recorded> outcomes(EventId event) const = 0;
  [[nodiscard]] virtual std::vector<Address> intents(EventId event) const = 0;
  [[nodiscard]] virtual std::vector<std::string> pipelines_in_flight() const = 0;
  [[nodiscard]] virtual EventId last_id() const = 0;

  [[nodiscard]] virtual std::string cursor(const std::string& pipeline, const std::string& source) const = 0;
  [[nodiscard]] virtual std::map<std::string, Seen> seen(const std::string& pipeline, const std::string& source,
                                                         const std::vector<std::string>& keys) const = 0;
  [[nodiscard]] virtual std::vector<Seen> open_seen(const std::string& pipeline, const std::string& source,
                                                    const std::string& after, std::size_t limit) const = 0;
  [[nodiscard]] virtual std::optional<PlanText> plan(const std::string& hash) const = 0;
  [[nodiscard]] virtual std::vector<SinkPosition> positions() const = 0;

  [[nodiscard]] virtual std::map<std::string, Counters> counters() const = 0;  ///< by pipeline
  [[nodiscard]] virtual std::map<std::string, Pace> paces() const = 0;         ///< by pipeline
  [[nodiscard]] virtual std::vector<Notice> notices() const = 0;
  [[nodiscard]] virtual std::vector<ListedEvent> events(const EventFilter& filter) const = 0;
  [[nodiscard]] virtual std::optional<StoredEvent> event(EventId id) const = 0;
  [[nodiscard]] virtual std::optional<ListedEvent> listed(EventId id) const = 0;
  [[nodiscard]] virtual std::vector<ListedOutcome> story(EventId id) const = 0;
  /// Whether an event of this key with a greater id was written.
  [[nodiscard]] virtual bool written_after(const std::string& account, const std::string& key, EventId id) const = 0;
};

class Journal : public JournalReader {
 public:
  /// Durable when it returns. Several transactions may become one commit of the disk; each is all or nothing.
  virtual Result<std::vector<Committed>> commit(std::span<const Transaction> transactions) = 0;
  /// Payloads of what ended before `before` go, identities stay. Returns how many events were emptied; call again while
  /// it is `limit`.
  virtual Result<std::size_t> prune(Instant before, std::size_t limit) = 0;
};

/// An outcome as text, for journals that keep texts.
std::string encode_outcome(const Outcome& outcome);
Outcome decode_outcome(const std::string& text);

}  // namespace pipewright::engine
