// An assembly task, whatever its scheme: its statuses, what a source remembers of it, its buyer, and new ones out of a
// long response.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/task.hpp"
#include "stdlib/wb/account.hpp"

namespace pipewright::wb {

struct Status {
  std::string supplier;
  std::string wb;
  std::optional<bool> cancellable;
  friend bool operator==(const Status& a, const Status& b) { return a.supplier == b.supplier && a.wb == b.wb; }
};

/// Whether a supply may still take it: alive, and not on its way.
bool is_movable(const Status& status);

/// By task; a task that Wildberries does not know is absent.
using Statuses = std::map<std::string, Status>;

/// `[1, 2]` for a body; an id that is no number is left out.
Value id_list(const std::vector<std::string>& ids);
/// A task's id is a whole number; CRM orders of other shops have others.
bool is_task_id(const std::string& id);

/// What a source remembers of a task: what came, its statuses, its buyer, and how many changes were reported.
struct Known {
  Value raw;
  Status status;
  Value buyer;  ///< as the API gave it; null until known
  int changes = 0;
  bool seen_status = false;
};
std::string text_of(const Known& known);
Known known_of(const std::string& text);

/// The declared fields that the API does not have: statuses as words and numbers, the buyer.
engine::Record derived_fields(const Known& known, std::string_view scheme);
/// The record of `wb.buyer` out of `/client`'s response; null when it names nobody.
Value buyer_record(const Value& contact, const Value& checkout);
Value buyer_of(const Known& known);

/// The list under `orders` of a response; one that holds something else there is not to be trusted.
tl::expected<std::vector<Value>, Failure> orders_of(const Value& body);

std::string id_of(const Value& task);
Instant created_at(const Value& task, Instant otherwise);

/// The cursor of a source is a JSON object of its own.
Value read_cursor(const std::string& text);
std::optional<Instant> moment(const Value& cursor, const char* field);
std::int64_t unix_seconds(Instant instant);

engine::SourceNode fbs_new();
engine::SourceNode fbs_changed();
/// Of DBS, DBW and pickup.
std::vector<engine::SourceNode> unlisted_sources();
engine::SourceNode fbo_new();
engine::SourceNode fbo_changed();
engine::ActionNode fbs_status();
engine::ActionNode dbs_status();
engine::ActionNode dbw_status();
engine::ActionNode pickup_status();

}  // namespace pipewright::wb
