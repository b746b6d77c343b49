#include "stdlib/crm/history.hpp"

#include <fmt/format.h>

#include <map>

#include "engine/json.hpp"
#include "stdlib/crm/records.hpp"

namespace pipewright::crm {
namespace {

constexpr std::size_t page_size = 100;
constexpr int most_probes = 20;

struct HistoryPage {
  std::vector<Value> entries;
  std::size_t total = 0;             ///< entries behind the cursor, by the CRM's count
  std::optional<Instant> generated;  ///< the CRM's clock
};
using PageResult = tl::expected<HistoryPage, Failure>;

Decimal plus(const Decimal& id, std::int64_t more) { return add(id, Decimal(more)).value_or(id); }

// By the cursor alone once there is one: `page` together with it is refused.
Task<PageResult> read_page(Account& account, Position position, Calls& calls) {
  Pairs query;
  if (position.id)
    query.emplace_back("filter[sinceId]", position.id->text());
  else if (position.from)
    query.emplace_back("filter[startDate]", zoned_text(*position.from, account.account_zone()));
  query.emplace_back("limit", std::to_string(page_size));
  Request request = account.get("orders/history", query);
  const CallResult answer = co_await calls.send(std::move(request));
  const auto json = json_of(answer, false);
  if (!json) co_return tl::unexpected<Failure>(json.error());
  HistoryPage page;
  auto listed = list_in(*json, "history");
  if (!listed) co_return tl::unexpected<Failure>(std::move(listed.error()));
  page.entries = std::move(*listed);
  page.generated = parse_time((*json)["generatedAt"].display(), account.account_zone());
  const Decimal* total = (*json)["pagination"]["totalCount"].number();
  page.total = total != nullptr && total->integer()
                   ? static_cast<std::size_t>(std::max<std::int64_t>(0, *total->integer()))
                   : page.entries.size() + (page.entries.size() >= page_size ? 1 : 0);
  co_return page;
}

bool is_own(const Value& entry) {
  const bool* current = entry["apiKey"]["current"].boolean();
  return entry["source"].display() == "api" && current != nullptr && *current;
}

bool flag(const Value& value) { return value.boolean() != nullptr && *value.boolean(); }

Entry entry_of(const Value& raw) {
  Entry entry;
  entry.id = raw["id"].id_text();
  entry.order = raw["order"]["id"].id_text();
  entry.external_id = raw["order"]["externalId"].id_text();
  entry.site = raw["order"]["site"].display();
  entry.field = raw["field"].display();
  entry.at = raw["createdAt"].display();
  entry.before = raw["oldValue"];
  entry.after = raw["newValue"];
  entry.created = flag(raw["created"]);
  entry.deleted = flag(raw["deleted"]);
  entry.own = is_own(raw);
  return entry;
}

void take(Walk& walk, const std::vector<Value>& entries) {
  for (const Value& raw : entries) {
    const Decimal* id = raw["id"].number();
    if (id == nullptr || (walk.position.id && *id <= *walk.position.id)) continue;
    walk.position.id = *id;
    walk.entries.push_back(entry_of(raw));
  }
  walk.position.from.reset();
  walk.position.probe.reset();
}

std::string gap_notice(const Position& position, std::size_t total) {
  return fmt::format(
      "the CRM counts {} entries of its history behind {} and shows none: the position stays until they come", total,
      position.id ? position.id->text() : "the start");
}

// A page that shows nothing while entries are counted. Entries that the key may not see stand in the way: at most a
// page of them lies within a page's width of ids, so the search goes on by that width and passes nothing over.
Task<std::optional<HistoryPage>> behind_gap(Account& account, Walk& walk, std::size_t total, Calls& calls) {
  auto again = read_page(account, walk.position, calls);
  PageResult same = co_await again;  // it may have been a slip
  if (same && !same->entries.empty()) co_return std::move(*same);
  if (!same || !walk.position.id) {
    if (!same) walk.failure = same.error();
    walk.notice = gap_notice(walk.position, total);
    co_return std::nullopt;
  }
  Position further;
  further.id = walk.position.probe.value_or(*walk.position.id);
  for (int i = 0; i < most_probes; ++i) {
    further.id = plus(*further.id, static_cast<std::int64_t>(page_size));
    auto asking = read_page(account, further, calls);
    PageResult page = co_await asking;
    if (!page) {
      walk.failure = page.error();
      break;
    }
    if (page->total == 0 && page->entries.empty()) {  // nothing lies behind: those that are counted are not to be seen
      walk.position.probe.reset();
      walk.notice = gap_notice(walk.position, total);
      co_return std::nullopt;
    }
    if (!page->entries.empty()) {
      // Before the jump: what was counted here may have come to light meanwhile.
      auto last = read_page(account, walk.position, calls);
      PageResult once_more = co_await last;
      if (once_more && !once_more->entries.empty()) co_return std::move(*once_more);
      co_return std::move(*page);
    }
    walk.position.probe = further.id;
  }
  walk.notice = gap_notice(walk.position, total);
  co_return std::nullopt;
}

const std::map<std::string, std::string>& named_fields() {
  static const std::map<std::string, std::string> names = {{"manager", "manager_id"},
                                                           {"country", "country_iso"},
                                                           {"customer", "client"},
                                                           {"integration_delivery_data.track_number", "track_number"},
                                                           {"prepay_sum", "prepay_sum"}};
  return names;
}

}  // namespace

Position read_position(const std::string& cursor) {
  Position position;
  if (cursor.empty()) return position;
  const Result<Value> read = engine::parse_json(cursor);
  if (!read) return position;
  if (const Decimal* id = (*read)["id"].number()) position.id = *id;
  if (const Decimal* probe = (*read)["probe"].number()) position.probe = *probe;
  if (const Decimal* from = (*read)["from"].number(); from != nullptr && from->integer())
    position.from = Instant(Duration(*from->integer()));
  return position;
}

std::string cursor_of(const Position& position) {
  Record cursor;
  if (position.id) cursor.emplace_back("id", Value(*position.id));
  if (position.probe) cursor.emplace_back("probe", Value(*position.probe));
  if (!position.id && position.from)
    cursor.emplace_back("from", Value(static_cast<std::int64_t>(position.from->time_since_epoch().count())));
  return engine::write_json(Value(std::move(cursor)));
}

Task<Walk> walk_history(Account& account, Position position, std::size_t most, Calls& calls) {
  Walk walk;
  walk.position = position;
  while (true) {
    auto asking = read_page(account, walk.position, calls);
    PageResult page = co_await asking;
    if (!page) {
      walk.failure = page.error();
      break;
    }
    if (!walk.generated) walk.generated = page->generated;
    if (page->entries.empty()) {
      if (page->total == 0) {
        walk.position.probe.reset();
        break;
      }
      const std::size_t total = page->total;
      auto reaching = behind_gap(account, walk, total, calls);
      std::optional<HistoryPage> found = co_await reaching;
      if (!found) break;
      page = std::move(*found);
    }
    const std::size_t before = walk.entries.size();
    take(walk, page->entries);
    if (walk.entries.size() == before) break;        // nothing new: a repeated page
    if (page->entries.size() >= page->total) break;  // the end
    if (walk.entries.size() >= most) {
      walk.more = true;
      break;
    }
  }
  co_return walk;
}

std::string record_field(const std::string& history_field) {
  const auto named = named_fields().find(history_field);
  if (named != named_fields().end()) return named->second;
  if (history_field.starts_with("custom_")) return "custom_fields";
  if (history_field.starts_with("order_product")) return "items";
  if (history_field.starts_with("payments")) return "payments";
  if (history_field.starts_with("delivery") || history_field.starts_with("integration_delivery_data"))
    return "delivery";
  return history_field;
}

Value plain_value(const Value& value) {
  if (value.record() == nullptr) return value;
  if (!value["code"].is_null()) return value["code"];
  if (!value["id"].is_null()) return value["id"];
  return value;
}

}  // namespace pipewright::crm
