// The journal as the core knows it: whole transactions in, queries and their replies out. Every read can fail, comes
// later, and serves many events at once. SQLite stands behind it, and a memory one; a third touches nothing above.
#pragma once

#include <span>
#include <variant>

#include "base/result.hpp"
#include "engine/journal/stored.hpp"

namespace pipewright::engine {

using Cursors = std::map<std::pair<std::string, std::string>, std::string>;  ///< by pipeline and source

/// What a core begins with.
struct Opening {
  Epoch epoch = 0;
  EventId last_id = 0;
  Cursors cursors;
  std::vector<std::string> pipelines_in_flight;
  std::vector<Notice> notices;
  std::vector<SinkPosition> positions;
  std::vector<BucketState> buckets;
};

// ---- queries of the core

/// Unfinished events of a pipeline that were not handed out yet, oldest first, with what stands before them in the
/// order of their keys. `events` and `bytes` bound the reply; one event is always in it.
struct ClaimPipeline {
  std::string pipeline;
  std::size_t events = 1000;
  std::size_t bytes = 64U << 20U;
};
/// The first unfinished ones of a key.
struct ClaimKey {
  std::string account;
  std::string key;
};
/// One event, with what stands before it; nothing when it has ended.
struct ClaimEvent {
  EventId id = 0;
};
/// What a source knows of these keys (absent: nothing).
struct LoadStates {
  std::string pipeline;
  std::string source;
  std::vector<std::string> keys;
};
/// The open ones with a key greater than `after`, in the order of their keys.
struct LoadOpenStates {
  std::string pipeline;
  std::string source;
  std::string after;
  std::size_t limit = 1000;
};
/// All that is known of events, to decide on a retry or a skip.
struct LoadEvents {
  std::vector<EventId> ids;
};
/// What people ask for, and was not answered yet.
struct LoadRequests {};
using Query = std::variant<ClaimPipeline, ClaimKey, ClaimEvent, LoadStates, LoadOpenStates, LoadEvents, LoadRequests>;

// ---- replies

struct ClaimedEvent {
  StoredEvent stored;
  std::string unreadable;                     ///< its record cannot be read: why. It parks
  std::size_t bytes = 0;                      ///< of its record, as stored
  Delivery delivery = Delivery::not_sent;     ///< unknown: an earlier owner may have begun it
  std::map<Address, Recorded> outcomes;       ///< an unreadable one is there, and possibly done
  std::vector<Intent> intents;                ///< `unasked` effects whose delivery is unknown
  std::map<std::string, NewestWrite> newest;  ///< of its key, by connection
  std::optional<Instant> failing_since;       ///< an earlier owner said that it waits since then
  std::optional<EndingKind> ended;            ///< only in a reply to LoadEvents
};
struct Claimed {
  std::vector<ClaimedEvent> events;  ///< in the order of their keys; some may have been handed out before
  std::vector<PlanText> plans;       ///< that they name
  std::vector<std::pair<std::string, std::string>> deeper;  ///< account and key: more unfinished ones stand behind
  bool more = false;                                        ///< of ClaimPipeline: not all were handed out
};
using Reply = std::variant<Claimed, std::map<std::string, Seen>, std::vector<Seen>, std::vector<ClaimedEvent>,
                           std::vector<EventRequest>>;

/// How many events of one key are in memory at a time.
inline constexpr std::size_t key_depth = 32;

/// What was committed, for commands and screens.
class JournalReader {
 public:
  virtual ~JournalReader() = default;

  [[nodiscard]] virtual Result<std::map<std::string, Counters>> counters() const = 0;  ///< by pipeline
  [[nodiscard]] virtual Result<std::map<std::string, Pace>> paces() const = 0;         ///< by pipeline
  [[nodiscard]] virtual Result<std::vector<Notice>> notices() const = 0;
  [[nodiscard]] virtual Result<std::vector<BucketState>> buckets() const = 0;
  [[nodiscard]] virtual Result<std::vector<ListedEvent>> events(const EventFilter& filter) const = 0;
  [[nodiscard]] virtual Result<std::optional<StoredEvent>> event(EventId id) const = 0;
  [[nodiscard]] virtual Result<std::optional<ListedEvent>> listed(EventId id) const = 0;
  [[nodiscard]] virtual Result<std::vector<ListedOutcome>> story(EventId id) const = 0;
  [[nodiscard]] virtual Result<std::optional<PlanText>> plan(const std::string& hash) const = 0;
  [[nodiscard]] virtual Result<Cursors> cursors() const = 0;
  [[nodiscard]] virtual Result<std::map<std::string, Seen>> states(const LoadStates& query) const = 0;
  [[nodiscard]] virtual Result<std::vector<Seen>> open_states(const LoadOpenStates& query) const = 0;
};

class Journal : public JournalReader {
 public:
  /// Takes the journal over: the next epoch, and nothing counts as handed out.
  virtual Result<Opening> open() = 0;
  /// Durable when it returns. Several transactions may become one commit of the disk; each is all or nothing. Fails
  /// when another owner has taken over, or a cursor is not where it was.
  virtual Result<std::vector<Committed>> commit(std::span<const Transaction> transactions) = 0;
  virtual Result<Reply> query(const Query& query) = 0;
  /// A request of a person, for whoever owns the journal; no ownership is needed.
  virtual Result<std::int64_t> ask(const EventRequest& request) = 0;
  /// The answer, once there is one.
  [[nodiscard]] virtual Result<std::optional<RequestAnswer>> answer(std::int64_t request) const = 0;
  /// Payloads of what ended before `before` go, identities stay, and so do the plans named in `keep`. Returns how many
  /// events were emptied; call again while it is `limit`.
  virtual Result<std::size_t> prune(Instant before, std::size_t limit, const std::vector<std::string>& keep) = 0;
};

/// The address of an outcome that was made under another plan: it counts by what it did. `round` keeps two apart.
Address set_aside(const Address& address, std::size_t round);
[[nodiscard]] bool is_set_aside(const Address& address);

/// An outcome as text, for journals that keep texts. What cannot be read is an error: the effect was possibly done.
std::string encode_outcome(const Outcome& outcome);
Result<Outcome> decode_outcome(const std::string& text);

}  // namespace pipewright::engine
