// An action: batches of operations, and what came of each.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dsl/plan.hpp"
#include "engine/connector/calls.hpp"
#include "engine/connector/connection.hpp"
#include "engine/connector/failure.hpp"

namespace pipewright::engine {

using dsl::plan::Verb;

/// A piece of the text after a verb: written in the program, or brought by data.
struct TextPart {
  std::string text;
  bool hole = false;  ///< the value of an expression in `{…}`
};

/// One item of a batch: what one step of one event wants done.
struct Operation {
  Verb verb = Verb::upsert;
  Record key;      ///< `by`: names and values, in order; the values stand in written or filling too
  Record written;  ///< the braces: what an existing record is changed to; nulls are left out, Clear empties
  Record filling;  ///< default mapping and `initially`: only for what is created; nulls are left out
  std::optional<std::string> text;   ///< the text after the verb: a URL, a path, a message
  std::vector<TextPart> text_parts;  ///< the same in pieces; empty when the program alone wrote it
  std::string pipeline;
  std::string event_key;                   ///< the source record's id: `13833711`
  Delivery delivery = Delivery::not_sent;  ///< of an earlier try; unknown: it may have reached the target, ask first
  std::optional<Value> assumed;        ///< dry run only: the record as an earlier event of this run would have left it
  std::optional<Value> source_record;  ///< of an action without braces: the source's record, as it is declared

  /// `written` over `filling`: a whole new record.
  [[nodiscard]] Record whole() const;
  [[nodiscard]] const Value& field(std::string_view name) const;  ///< of written, else of filling, else null
};

struct Change {
  std::string field;
  Value before;
  Value after;
};

struct Outcome {
  enum class Kind { done, unchanged, found, nothing, skipped, failed };
  Kind kind = Kind::failed;
  std::string operation = "none";     ///< what was really made: create, update, set, append, send, none
  Value result;                       ///< the record that the step's name is bound to (for `nothing`: null)
  std::vector<Change> changes;        ///< field by field, for an update
  Record record;                      ///< what was created or sent, for people and the dry run
  std::vector<std::string> warnings;  ///< carried by the event
  std::string summary;                ///< "order 1187 created", "status assembling → cancel-other"
  std::optional<Failure> failure;     ///< for `failed`
  std::string reason;                 ///< for `skipped`: why ("`id` is null")

  /// Something was changed at the target.
  [[nodiscard]] bool wrote() const { return kind == Kind::done && operation != "none"; }

  static Outcome done(std::string operation) {
    Outcome outcome;
    outcome.kind = Kind::done;
    outcome.operation = std::move(operation);
    return outcome;
  }
  static Outcome failed(Failure failure) {
    Outcome outcome;
    outcome.kind = Kind::failed;
    outcome.failure = std::move(failure);
    return outcome;
  }
  static Outcome nothing() {
    Outcome outcome;
    outcome.kind = Kind::nothing;
    return outcome;
  }
};

using Batch = std::vector<Operation>;
using Outcomes = std::vector<Outcome>;  ///< one per item of the batch, in its order

/// After a lost answer or a restart (docs: engine.md, "After a doubt, ask").
enum class Repeat {
  keyed,    ///< run again: it begins by looking the key up and writes only what differs (it reads
            ///< Operation::delivery)
  probed,   ///< Delivery::unknown makes the node look for it by its content first
  unasked,  ///< cannot be asked: at_most_once parks, at_least_once sends again; the intent is journaled before sending
};

/// How far a sink got at one of its targets.
struct SinkReach {
  std::string target;
  std::string position;
  /// Makes it durable; run by the journal's driver, in its own thread, before the position is committed. When it fails
  /// the position must not be committed. May be empty.
  std::function<Result<void>()> settle;
};

/// What a sink has written of the items that its last batches appended.
struct SinkReport {
  std::vector<SinkReach> reached;  ///< the targets that changed
  /// Items of the last batch, by their index, that could not be written after all: a full disk. Nothing of them is left
  /// in the target. In place of their outcomes.
  std::vector<std::pair<std::size_t, Failure>> failed;
};

struct ActionNode {
  std::string name;  ///< `crm.order`
  std::map<Verb, Repeat> verbs;
  std::size_t capacity = 50;  ///< items that one batch may take
  std::size_t parallel = 2;   ///< batches of this node that may be under way at a time
  bool pure_sink = false;     ///< `log`, `file.append`: no call, no write in the sense of outcomes (log), done at once
  std::string group;          ///< the limiter's group of the first call; its effect queue waits for a token of it
  /// What the item is about at the target: two with one identity never run side by side. Empty: no identity.
  std::function<std::string(const Operation&)> identity;
  /// What its calls share beside the connection: the rate limiter and whether credentials are accepted. For
  /// `http.request` the origin of the URL. Absent or an empty text: the connection's own.
  std::function<std::string(Connection&, const Operation&)> realm;
  std::function<Task<Outcomes>(Connection&, Batch, Calls&)> work;
  /// Of a pure sink that keeps something (`file.append`): what was appended since the last time is with the system now,
  /// and this is how far each target got. Journaled with the outcomes.
  std::function<SinkReport(Connection&)> positions;
  /// Of the same: the targets opened for the first time in this life, and how long they were then. Journaled before
  /// anything is appended: a run that dies before its first record is cut back too.
  std::function<std::vector<SinkReach>(Connection&)> openings;
  /// Of the same: goes back to a position that was journaled, at the start and after a failure.
  std::function<Result<void>(Connection&, std::string target, std::string position)> resume;
  /// Of the same: nothing more is appended, and this is how far each target got. Journaled at a clean end: what stands
  /// behind it at the next start is somebody else's, and stays.
  std::function<std::vector<SinkReach>(Connection&)> closings;
};

}  // namespace pipewright::engine
