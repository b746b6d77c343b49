// The history of orders (api.md 6): the only way to learn what changed. Cursor: the id of the last entry, never a page
// or a date.
#pragma once

#include "stdlib/crm/account.hpp"

namespace pipewright::crm {

/// One change, as far as the sources need it.
struct Entry {
  std::string id;
  std::string order;  ///< the CRM's id of the order
  std::string external_id;
  std::string site;
  std::string field;  ///< the history's own word: `status`, `manager`, `order_product.quantity`
  std::string at;     ///< createdAt, the account's wall clock
  Value before;       ///< oldValue
  Value after;        ///< newValue
  bool created = false;
  bool deleted = false;
  bool own = false;  ///< made with this connection's key
};

/// Where a source stands: behind an entry, or, before the first entry was seen, at a moment. JSON in the cursor.
struct Position {
  std::optional<Decimal> id;
  std::optional<Instant> from;
  std::optional<Decimal> probe;  ///< a page without entries: how far behind `id` it has been searched
};
Position read_position(const std::string& cursor);
std::string cursor_of(const Position& position);

struct Walk {
  std::vector<Entry> entries;
  Position position;
  bool more = false;                 ///< there is more than one poll takes
  std::optional<Instant> generated;  ///< the CRM's clock when it answered first
  std::optional<std::string> notice;
  std::optional<Failure> failure;
};

/// Reads on from `position`, a hundred entries in a call, until the end or until about `most` are there.
Task<Walk> walk_history(Account& account, Position position, std::size_t most, Calls& calls);

/// The field of `crm.order` that a history's field belongs to: `manager` is `manager_id`, `order_product.quantity` is
/// `items`.
std::string record_field(const std::string& history_field);
/// A history's value as the order's field would hold it: `{"code":"new"}` is "new", `{"id":19}` is 19.
Value plain_value(const Value& value);

engine::SourceNode order_new();
engine::SourceNode order_changed();
engine::SourceNode order_status_changed();

}  // namespace pipewright::crm
