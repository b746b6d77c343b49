// A source: looks, and pages of events.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dsl/plan.hpp"
#include "engine/connector/calls.hpp"
#include "engine/connector/connection.hpp"
#include "engine/connector/failure.hpp"

namespace pipewright::engine {

struct NewEvent {
  std::string identity;  ///< `13833711`, `13833711#3`, `history 7044`: an identity already there is not a second event
  std::string key;       ///< the entity: order per key, across pipelines of the account
  Value raw;             ///< what came, in the API's own spelling; normalised by the declared record
  Record derived;        ///< declared fields that the API does not have, ready (`status`, `user_status`, `user`)
  std::optional<Value> before;  ///< the record as last known, normalised already; for sources that bind `before`
};

struct Look {
  const dsl::plan::Source* source = nullptr;
  std::string cursor;       ///< what the last look returned; empty at the first
  bool once = false;        ///< `--once`: the next look may be a day away
  std::size_t room = 1000;  ///< about how many events are welcome
};

struct Page {
  std::vector<NewEvent> events;
  std::string cursor;  ///< stored with the events in one transaction
  std::vector<Seen> seen;
  std::vector<SharedState> shared;  ///< of the account; in the same transaction
  bool more = false;                ///< look again at once: there is a next page
  /// Of the first page of a new pipeline: how many records that exist will come, this page's among them, when the
  /// source knows that without another call. Else the page's own are counted.
  std::optional<std::size_t> total{};
  std::optional<Failure>
      failure;  ///< the look failed (what is in the page all the same counts): asked again with back-off
  std::optional<std::string> notice;  ///< told on standard error and in `status` until the next look has none
};

struct SourceNode {
  std::string name;  ///< `wb.fbs.new`
  Duration every{std::chrono::seconds(60)};
  bool rereadable = false;  ///< a file is its own journal: the cursor is a position to return to
  std::function<Task<Page>(Connection&, Look, Calls&)> look;
  /// Events that waited over five minutes and have written nothing yet are checked again, many at once: for each of the
  /// records a reason to skip it, or nothing (also when the source does not answer).
  std::function<Task<std::vector<std::optional<std::string>>>(Connection&, std::vector<Value> records, Calls&)>
      still_wanted;
};

}  // namespace pipewright::engine
