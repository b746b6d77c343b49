// crm.order.new, crm.order.changed, crm.order.status_changed: the history says which orders, the orders themselves say
// how they are (api.md 6).
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/clamp.hpp"
#include "engine/normalise.hpp"
#include "stdlib/crm/fields.hpp"
#include "stdlib/crm/history.hpp"
#include "stdlib/crm/lookup.hpp"
#include "stdlib/crm/records.hpp"

namespace pipewright::crm {
namespace {

using engine::Connection;
using engine::Look;
using engine::NewEvent;
using engine::Page;
using engine::SourceNode;

constexpr std::size_t most_entries = 2000;  // of one poll
constexpr auto clocks_agree = std::chrono::minutes(1);
constexpr auto before_start = std::chrono::minutes(10);  // the clocks of both sides need not agree

bool wants_own(const Look& look) {
  if (look.source == nullptr) return false;
  for (const auto& [name, value] : look.source->options) {
    if (name == "own") return std::holds_alternative<bool>(value) && std::get<bool>(value);
  }
  return false;
}

struct Start {
  Position position;
  bool fresh = false;   ///< the first poll: the position is a moment by our own clock
  bool silent = false;  ///< … without `since`, or with `since now`: what is there already is no event
};

Start start_of_look(const Look& look, Instant now) {
  Start start;
  start.position = read_position(look.cursor);
  if (start.position.id || start.position.from) return start;
  start.position.from = now - before_start;
  start.fresh = start.silent = true;
  if (look.source == nullptr || (!look.source->since && !look.source->since_time)) return start;
  if (look.source->since && look.source->since->count() == 0) return start;
  start.position.from = look.source->since_time ? *look.source->since_time : now - *look.source->since;
  start.silent = false;
  return start;
}

Page page_of(const Walk& walk, const std::string& old_cursor) {
  Page page;
  page.cursor = walk.position.id || walk.position.from ? cursor_of(walk.position) : old_cursor;
  page.more = walk.more;
  page.notice = walk.notice;
  page.failure = walk.failure;
  return page;
}

bool of_our_site(const Account& account, const std::string& site) {
  return account.site().empty() || site.empty() || site == account.site();
}

// Orders as they are now, by the CRM's id.
using Orders = std::map<std::string, Value>;
Task<tl::expected<Orders, Failure>> read_orders(Account& account, std::vector<std::string> ids, Calls& calls) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  auto listing = list_by(account, "orders", "filter[ids][]", std::move(ids), Pairs(), "orders", calls);
  const ListedBy found = co_await listing;
  if (!found) co_return tl::unexpected<Failure>(found.error());
  if (!found->refused.empty())  // an order that cannot be asked for is not one that is gone
    co_return tl::unexpected<Failure>(found->refused.begin()->second);
  Orders orders;
  for (const Value& each : found->records) {
    if (of_our_site(account, each["site"].display())) orders.emplace(each["id"].id_text(), each);
  }
  co_return orders;
}

void add_notice(Page& page, const std::string& text) { page.notice = page.notice ? *page.notice + "; " + text : text; }

void tell_deleted(Page& page, const std::vector<std::string>& gone) {
  if (gone.empty()) return;
  std::string ids;
  for (std::size_t i = 0; i < gone.size() && i < 10; ++i) ids += (i == 0 ? "" : ", ") + gone[i];
  if (gone.size() > 10) ids += " …";
  add_notice(page,
             fmt::format("{} of the changed orders are not there any more and are left out: {}", gone.size(), ids));
}

NewEvent event_of(const Account& account, const std::string& entry, const Value& order) {
  NewEvent event;
  event.identity = "history " + entry;
  event.key = present(order["externalId"]) ? order["externalId"].id_text() : "№" + order["id"].id_text();
  event.raw = order;
  event.derived = derived_of_order(account, order);
  return event;
}

// An order with some fields as they were (history's names → values); the declared record.
Value record_with(const Account& account, const Look& look, const Value& order,
                  const std::map<std::string, Value>& fields) {
  Record raw = *order.record();
  for (const auto& [field, value] : fields) {
    const std::string name = record_field(field);
    const Value plain = plain_value(value);
    if (name == "custom_fields") {
      Record custom = order["customFields"].record() == nullptr ? Record() : *order["customFields"].record();
      const std::string code = field.substr(std::string("custom_").size());
      for (auto& [own, held] : custom) {
        if (camel_case(own) == camel_case(code) || own == code) held = plain;
      }
      engine::set_field(raw, "customFields", Value(std::move(custom)));
    } else if (name == "client") {
      engine::set_field(raw, "customer", value);
    } else if (name != "items" && name != "payments" && name != "delivery") {
      engine::set_field(raw, camel_case(name), plain);
    }
  }
  const Value old(std::move(raw));
  const dsl::Type& type =
      look.source != nullptr && look.source->record.record != nullptr ? look.source->record : account.declared().order;
  return engine::normalise(old, derived_of_order(account, old), type, account.name(), account.account_zone());
}

// The beginning of every poll: the zone, the walk, and nothing to report at the first one.
struct Begun {
  Walk walk;
  bool silent = false;
  std::vector<Entry> entries;  ///< those that count: of our store, not deleted
};
// The history is asked from a moment by the CRM's clock until its first entry is seen. Where that one is not ours, what
// happens would lie before the moment for as long as it is behind.
std::optional<Instant> by_their_clock(const Start& start, const Walk& walk, Calls& calls) {
  if (!start.fresh || !walk.generated || !start.position.from) return std::nullopt;
  const Duration ahead = *walk.generated - calls.now();
  const bool back = ahead < -clocks_agree;
  if (!back && (ahead < clocks_agree || start.silent)) return std::nullopt;  // who is passed in silence exists already
  calls.note(fmt::format("the CRM's clock is {} {} this machine's: its history is read by its own clock",
                         duration_text(std::chrono::floor<std::chrono::seconds>(back ? -ahead : ahead)),
                         back ? "behind" : "ahead of"));
  return std::min(*start.position.from + ahead, calls.now());
}

Task<Begun> begin(Account& account, Look look, Calls& calls) {
  Begun begun;
  auto learning = learn_zone(account, calls);
  if (auto failure = co_await learning) {
    begun.walk.failure = *failure;
    co_return begun;
  }
  const Start start = start_of_look(look, calls.now());
  begun.silent = start.silent;
  const std::size_t most =
      start.silent ? most_entries * 10 : std::min(most_entries, std::max<std::size_t>(look.room, 100));
  auto walking = walk_history(account, start.position, most, calls);
  begun.walk = co_await walking;
  if (const auto from = by_their_clock(start, begun.walk, calls)) {
    Position position;
    position.from = from;
    auto again = walk_history(account, position, most, calls);
    begun.walk = co_await again;
  }
  if (begun.silent) {
    // Failing half way would make what was passed an event or not by chance: begin again.
    if (begun.walk.failure) begun.walk.position = Position();
    co_return begun;
  }
  for (const Entry& entry : begun.walk.entries) {
    if (!entry.deleted && !entry.order.empty() && of_our_site(account, entry.site)) begun.entries.push_back(entry);
  }
  co_return begun;
}

// ---- crm.order.new
// -------------------------------------------------------------------------------------------------------------------

Task<Page> look_new(Connection& connection, Look look, Calls& calls) {
  auto& account = static_cast<Account&>(connection);
  auto beginning = begin(account, look, calls);
  const Begun begun = co_await beginning;
  Page page = page_of(begun.walk, look.cursor);
  const bool own = wants_own(look);
  std::vector<Entry> created;
  std::vector<std::string> ids;
  for (const Entry& entry : begun.entries) {
    if (!entry.created || (entry.own && !own)) continue;
    created.push_back(entry);
    ids.push_back(entry.order);
  }
  if (created.empty()) co_return page;
  auto reading = read_orders(account, std::move(ids), calls);
  const auto orders = co_await reading;
  if (!orders) {
    page.cursor = look.cursor;
    page.failure = orders.error();
    co_return page;
  }
  std::vector<std::string> gone;
  for (const Entry& entry : created) {
    const auto order = orders->find(entry.order);
    if (order == orders->end())
      gone.push_back(entry.external_id.empty() ? "№" + entry.order : entry.external_id);
    else
      page.events.push_back(event_of(account, entry.id, order->second));
  }
  tell_deleted(page, gone);
  co_return page;
}

// ---- crm.order.changed
// ---------------------------------------------------------------------------------------------------------------

/// What becomes one event: a change of one field, or all changes of an order.
struct Group {
  std::string order;
  std::string external_id;
  std::string last;                     ///< the entry that names it
  std::map<std::string, Value> before;  ///< by history's field: the value before the first change
  std::map<std::string, Value> after;   ///< … and after the last
};

bool concerns(const Look& look, const Entry& entry) {
  if (look.source == nullptr || look.source->of.empty()) return true;
  const std::string field = record_field(entry.field);
  const auto& of = look.source->of;
  const auto names = [&](const char* name) { return std::find(of.begin(), of.end(), name) != of.end(); };
  if (field == "client" && names("customer")) return true;
  const bool sums = field == "items" || field == "delivery" || field.starts_with("discount");
  if (sums && (names("total_summ") || (names("summ") && field != "delivery"))) return true;
  return names(field.c_str());
}

std::vector<Group> groups_of(const Look& look, const std::vector<Entry>& entries) {
  const bool each_change = look.source != nullptr && !look.source->of.empty();
  const bool own = wants_own(look);
  std::vector<Group> groups;
  std::map<std::string, std::size_t> open;
  for (const Entry& entry : entries) {
    const bool of_creation = entry.created || (entry.field == "customer" && entry.before.is_null());
    if (of_creation || (entry.own && !own) || !concerns(look, entry)) continue;
    // The lines of one save are many entries and one change.
    const std::string field = record_field(entry.field);
    const bool compound = field == "items" || field == "payments" || field == "delivery";
    const std::string name = !each_change ? entry.order
                             : compound   ? entry.order + "\x1f" + field + "\x1f" + entry.at
                                          : entry.order + "\x1f" + entry.id;
    const auto [at, fresh] = open.try_emplace(name, groups.size());
    if (fresh) groups.push_back({entry.order, entry.external_id, {}, {}, {}});
    Group& group = groups[at->second];
    group.last = entry.id;
    group.before.try_emplace(entry.field, entry.before);
    group.after.insert_or_assign(entry.field, entry.after);
  }
  return groups;
}

Task<Page> look_changed(Connection& connection, Look look, Calls& calls) {
  auto& account = static_cast<Account&>(connection);
  auto beginning = begin(account, look, calls);
  const Begun begun = co_await beginning;
  Page page = page_of(begun.walk, look.cursor);
  const std::vector<Group> groups = groups_of(look, begun.entries);
  if (groups.empty()) co_return page;
  std::vector<std::string> ids;
  for (const Group& group : groups) ids.push_back(group.order);
  auto reading = read_orders(account, std::move(ids), calls);
  const auto orders = co_await reading;
  if (!orders) {
    page.cursor = look.cursor;
    page.failure = orders.error();
    co_return page;
  }
  const bool each_change = look.source != nullptr && !look.source->of.empty();
  std::vector<std::string> gone;
  for (const Group& group : groups) {
    const auto order = orders->find(group.order);
    if (order == orders->end()) {
      gone.push_back(group.external_id.empty() ? "№" + group.order : group.external_id);
      continue;
    }
    NewEvent event = event_of(account, group.last, order->second);
    // Each change shows its own value: paid → refunded → paid are two events that differ.
    if (each_change) {
      const Value then = record_with(account, look, order->second, group.after);
      for (const auto& [field, value] : group.after) {
        const std::string name = record_field(field);
        if (name != "items" && name != "payments" && name != "delivery" && !then[name].is_null())
          engine::set_field(event.derived, name, then[name]);
      }
    }
    event.before = record_with(account, look, order->second, group.before);
    page.events.push_back(std::move(event));
  }
  tell_deleted(page, gone);
  co_return page;
}

// ---- crm.order.status_changed
// --------------------------------------------------------------------------------------------------------

/// The last word on an order's status within a poll.
struct Standing {
  std::string external_id;
  std::string entry;  ///< of the last change by somebody else; empty: a write of our own is newer
  Value before;
  std::string status;
};
using Standings = std::map<std::string, Standing>;

void note_statuses(Standings& standings, const std::vector<Entry>& entries, bool own_too) {
  for (const Entry& entry : entries) {
    if (entry.field != "status" || entry.created) continue;
    Standing& standing = standings[entry.order];
    standing.external_id = entry.external_id;
    if (entry.own && !own_too) {
      standing.entry.clear();
      continue;
    }
    if (standing.entry.empty()) standing.before = plain_value(entry.before);
    standing.entry = entry.id;
    standing.status = plain_value(entry.after).id_text();
  }
  std::erase_if(standings, [](const auto& each) { return each.second.entry.empty(); });
}

bool any_differs(const Standings& standings, const Orders& orders) {
  return std::any_of(standings.begin(), standings.end(), [&](const auto& each) {
    const auto order = orders.find(each.first);
    return order != orders.end() && order->second["status"].display() != each.second.status;
  });
}

Task<Page> look_status_changed(Connection& connection, Look look, Calls& calls) {
  auto& account = static_cast<Account&>(connection);
  auto beginning = begin(account, look, calls);
  Begun begun = co_await beginning;
  Standings standings;
  note_statuses(standings, begun.entries, wants_own(look));
  Page page = page_of(begun.walk, look.cursor);
  Orders orders;
  // Twice: between the history and the orders somebody may have moved one on; then the history has an entry more.
  for (int round = 0; round < 2 && !standings.empty(); ++round) {
    std::vector<std::string> ids;
    for (const auto& [id, standing] : standings) ids.push_back(id);
    auto reading = read_orders(account, std::move(ids), calls);
    auto read = co_await reading;
    if (!read) {
      page.cursor = look.cursor;
      page.failure = read.error();
      co_return page;
    }
    orders = std::move(*read);
    if (round > 0 || begun.walk.more || begun.walk.failure || !any_differs(standings, orders)) break;
    auto walking = walk_history(account, begun.walk.position, most_entries, calls);
    Walk later = co_await walking;
    if (later.entries.empty()) break;
    std::vector<Entry> ours;
    for (const Entry& entry : later.entries) {
      if (!entry.deleted && of_our_site(account, entry.site)) ours.push_back(entry);
    }
    note_statuses(standings, ours, wants_own(look));
    begun.walk.position = later.position;
    begun.walk.more = later.more;
    begun.walk.failure = later.failure;
    page = page_of(begun.walk, look.cursor);
  }
  std::vector<std::string> gone;
  for (const auto& [id, standing] : standings) {
    const auto order = orders.find(id);
    if (order == orders.end()) {
      gone.push_back(standing.external_id.empty() ? "№" + id : standing.external_id);
      continue;
    }
    const bool moved_on = order->second["status"].display() != standing.status;
    if (moved_on && (begun.walk.more || begun.walk.failure)) continue;  // what moved it is still to be read
    NewEvent event = event_of(account, standing.entry, order->second);
    if (moved_on) event.derived.emplace_back("status", Value(standing.status));
    std::map<std::string, Value> before;
    before.emplace("status", standing.before);
    event.before = record_with(account, look, order->second, before);
    page.events.push_back(std::move(event));
  }
  tell_deleted(page, gone);
  co_return page;
}

SourceNode source(std::string name, int seconds, std::function<Task<Page>(Connection&, Look, Calls&)> look) {
  SourceNode node;
  node.name = std::move(name);
  node.every = std::chrono::seconds(seconds);
  node.look = engine::clamped(std::move(look), {"from"});
  return node;
}

}  // namespace

SourceNode order_new() { return source("crm.order.new", 60, look_new); }
SourceNode order_changed() { return source("crm.order.changed", 60, look_changed); }
SourceNode order_status_changed() { return source("crm.order.status_changed", 30, look_status_changed); }

}  // namespace pipewright::crm
