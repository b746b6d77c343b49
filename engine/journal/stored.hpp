// What lies in the journal: plain data that every implementation of it stores and gives back.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "engine/interpret.hpp"
#include "engine/node.hpp"

namespace pipewright::engine {

using EventId = std::int64_t;  ///< ascending in the order of receipt; never reused
/// Who owns the journal: each process that opens it to write gets the next number. A commit of an earlier owner fails.
using Epoch = std::int64_t;

/// The place of an event in the order of its key: by receipt, a retried one behind those that were there then.
using Rank = std::tuple<EventId, bool, EventId>;

struct StoredEvent {
  EventId id = 0;  ///< given by the journal
  std::string pipeline;
  std::string source;    ///< `wb wb.fbs.new`, or `on NAME`
  std::string identity;  ///< unique per pipeline and account: a known one is not a second event
  std::string account;   ///< with `key`: order per key, across pipelines
  std::string key;       ///< may be empty: no order
  Value record;
  Value before;
  Instant received_at;
  std::string plan;            ///< hash of the plan that it runs under
  std::string commit;          ///< of the integrator's git repository; may be empty
  EventId origin = 0;          ///< of a listener's event: the event at the beginning of its chain; 0: itself
  EventId reopened_after = 0;  ///< retried: the greatest event id then; it stands behind those in the order of its key
  bool as_was = false;         ///< retried with the plan that it began with, even when its pipeline is gone
  bool stale_allowed = false;  ///< retried although a later event of its key has written

  [[nodiscard]] EventId origin_id() const { return origin != 0 ? origin : id; }
  [[nodiscard]] Rank rank() const { return {std::max(id, reopened_after), reopened_after > 0, id}; }
};

/// A request and its response, as people may read it: secrets out, bodies shortened.
struct Exchange {
  std::string method;
  std::string url;
  std::string request_body;
  int status = 0;           ///< 0: no response
  std::string answer_body;  ///< or why there was none
  Instant at;
  Duration took{0};
  bool write = false;  ///< not kept: for the observer
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

/// Compare and set: a cursor that is no longer `from` was moved by somebody else, and the commit fails.
struct CursorMove {
  std::string pipeline;
  std::string source;
  std::string from;
  std::string to;
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
/// What `status` says of a connection or a source until it is over; an empty text removes it.
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
/// An `unasked` effect is about to be sent. It stays until its outcome is known; found after a restart it means
/// Delivery::unknown.
struct Intent {
  EventId event = 0;
  Address address;
  std::string input;  ///< fingerprint of the operation; empty in journals of version 1
};
/// A parked event begins again.
struct Reopen {
  EventId event = 0;
  std::string plan;
  bool as_was = false;
  bool stale_allowed = false;
  std::vector<Address> forget;  ///< outcomes to be made again
  bool set_aside = false;       ///< the plan is another one: what is recorded counts by what it did, not where it stood
};
/// The newest changes of a key that were written to a connection, by whichever pipeline: the last one, and the last
/// of another identity. A pipeline that was added later takes an old change late; it does not hide the newer one.
struct NewestWrite {
  EventId event = 0;     ///< StoredEvent::origin_id of the event that wrote it
  std::string identity;  ///< of the change
  EventId other_event = 0;
  std::string other_identity;

  void note(EventId origin, const std::string& change) {
    if (change == identity) {
      event = std::max(event, origin);
      return;
    }
    if (origin > event) {
      std::swap(event, other_event);
      std::swap(identity, other_identity);
      event = origin;
      identity = change;
    } else if (origin > other_event) {
      other_event = origin;
      other_identity = change;
    }
  }
  /// The event of a newer change than that one; 0: there is none. Another pipeline's event of the same change is not.
  [[nodiscard]] EventId newer_than(EventId origin, const std::string& change) const {
    const EventId newest = change == identity ? other_event : event;
    return newest > origin ? newest : 0;
  }
};
/// An event in flight goes on with another plan.
struct Replan {
  EventId event = 0;
  std::string plan;
  bool set_aside = false;  ///< as in Reopen
};
/// A person ends a parked event: it becomes skipped.
struct SkipParked {
  EventId event = 0;
  std::string reason;
  Instant at;
};
/// Why an event in flight does not go on; an empty reason removes it.
struct Waiting {
  EventId event = 0;
  std::string reason;  ///< "connection `crm`: …", "behind event 8027 of stickers"
  Instant since;
  bool failing = false;  ///< since then it is retried; else it is only not its turn
};
/// A rate limiter's tokens: a restart never begins with more than it has.
struct BucketState {
  std::string connection;  ///< that used it last, for people
  std::string account;
  std::string group;
  std::int64_t tokens = 0;  ///< below zero after a penalty
  int burst = 1;
  std::int64_t interval = 0;  ///< between two tokens, microseconds
  Instant at;                 ///< when that was so
  Instant paused_until;       ///< by the server's word; before `at`: not
};
/// What a person asks of an event while `run` holds the journal.
struct EventRequest {
  enum class Kind { retry, skip };
  std::int64_t id = 0;  ///< given by the journal
  Kind kind = Kind::retry;
  EventId event = 0;
  bool as_was = false;
  bool stale = false;
  std::string why;  ///< of a skip
};
struct RequestAnswer {
  std::int64_t request = 0;
  EventId event = 0;
  bool accepted = false;
  std::string reason;  ///< of a refusal
};
/// The process ends in order: events that it has not begun are in no doubt at the next start.
struct Release {
  std::vector<EventId> begun;  ///< those that may have been sent something
};

/// All or nothing.
struct Transaction {
  std::vector<StoredEvent> events;
  std::vector<std::pair<std::size_t, StoredEnding>>
      ended_events;  ///< final statuses of `events` of this transaction, by their index
  std::vector<CursorMove> cursors;
  std::vector<SeenRow> seen;
  std::vector<Exchange> exchanges;
  std::vector<StoredOutcome> outcomes;
  std::vector<StoredEnding> endings;
  std::vector<Intent> intents;
  std::vector<Intent> withdrawn;  ///< intents of which nothing left
  std::vector<PlanText> plans;
  std::vector<Notice> notices;
  std::vector<SinkPosition> positions;
  std::vector<Bulk> bulks;
  std::vector<Reopen> reopened;
  std::vector<Replan> replanned;
  std::vector<SkipParked> skipped;
  std::vector<Waiting> waiting;
  std::vector<BucketState> buckets;
  std::vector<RequestAnswer> answers;
  std::optional<Release> release;
  /// By target: what must be durable before this is committed. Whoever commits runs them first, in the same thread.
  /// When one fails nothing is committed.
  std::map<std::string, std::function<Result<void>()>> settle;

  [[nodiscard]] bool empty() const {
    return events.empty() && cursors.empty() && seen.empty() && outcomes.empty() && endings.empty() &&
           intents.empty() && withdrawn.empty() && plans.empty() && notices.empty() && positions.empty() &&
           bulks.empty() && reopened.empty() && replanned.empty() && skipped.empty() && waiting.empty() &&
           buckets.empty() && answers.empty() && !release;
  }
};

struct Committed {
  std::vector<EventId> ids;  ///< of the transaction's events, in their order; 0: the identity was known
};

/// Counters whose sum must match: received = written + unchanged + skipped + parked + in flight.
struct Counters {
  std::int64_t received = 0, written = 0, unchanged = 0, skipped = 0, parked = 0;
  [[nodiscard]] std::int64_t in_flight() const { return received - written - unchanged - skipped - parked; }
  [[nodiscard]] std::int64_t done() const { return written + unchanged; }
};

/// Timestamps for `status`; of what is journaled one by one.
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
  std::string waits_for;  ///< of one in flight, when `run` has said so
};

struct EventFilter {
  bool all = false;  ///< else what is parked, and what waits
  EventId after = 0;
  std::size_t limit = 1000;
};

struct ListedOutcome {
  StoredOutcome stored;  ///< its `exchanges` are not filled
  std::vector<Exchange> exchanges;
};

}  // namespace pipewright::engine
