// wb.fbo.new and wb.fbo.changed: out of the order feed where the token has the Analytics bit, else out of
// supplier/orders and supplier/sales (api.md 11). The one place where Moscow wall clocks and roubles of the statistics
// become instants and money.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/http/client.hpp"
#include "engine/json.hpp"
#include "engine/normalise.hpp"
#include "stdlib/wb/tasks.hpp"

namespace pipewright::wb {
namespace {

using engine::Calls;
using engine::Connection;
using engine::List;
using engine::Look;
using engine::NewEvent;
using engine::Page;
using engine::Record;
using engine::Seen;
using engine::Task;
using std::chrono::hours;

const char* const moscow = "Europe/Moscow";
constexpr int feed_limit = 10000;
constexpr auto reach_back = hours(2);
constexpr auto first_look_back = hours(24);

/// One row of either API, in one shape.
struct Row {
  std::string srid;
  std::string status;  ///< the feed's words
  Instant created;
  Instant updated;
  Value price;
  Value raw;
};

struct Rows {
  std::vector<Row> rows;
  std::optional<Instant> newest;
  std::optional<std::string> notice;
  std::optional<Failure> failure;
};

Instant moscow_time(const Value& text) {
  return text.text() == nullptr ? Instant{} : parse_time(*text.text(), moscow).value_or(Instant{});
}

// ---- the order feed
// ------------------------------------------------------------------------------------------------------------------

Row feed_row(const Value& raw) {
  Row row;
  row.srid = raw["srid"].id_text();
  row.status = raw["status"].display();
  const auto time = [&](const char* field) {
    return raw[field].text() == nullptr ? Instant{} : parse_time(*raw[field].text(), moscow).value_or(Instant{});
  };
  row.created = time("createdAt");
  row.updated = time("updatedAt");
  row.price = raw["sellerPrice"];
  row.raw = raw;
  return row;
}

Value feed_body(Instant start, Instant end, const std::string& snapshot, int offset) {
  Record period;
  period.emplace_back("start", Value(zoned_text(start, moscow, "%Y-%m-%dT%H:%M:%S%z")));
  period.emplace_back("end", Value(zoned_text(end, moscow, "%Y-%m-%dT%H:%M:%S%z")));
  Record pagination;
  if (!snapshot.empty()) pagination.emplace_back("snapshotTime", Value(snapshot));
  pagination.emplace_back("offset", Value(offset));
  pagination.emplace_back("limit", Value(feed_limit));
  Record body;
  body.emplace_back("selectedPeriod", Value(std::move(period)));
  body.emplace_back("pagination", Value(std::move(pagination)));
  return Value(std::move(body));
}

Task<tl::expected<std::vector<Value>, Failure>> read_feed(Account& account, Instant start, Calls& calls) {
  const Instant now = calls.now();
  // One call a minute: two pipelines of one account share what came within it.
  const Duration shared = std::chrono::ceil<Duration>(account.limits().at(group::feed).interval);
  if (account.recent_feed && account.recent_feed->start <= start &&
      now - account.recent_feed->fetched < std::min<Duration>(shared, std::chrono::minutes(1))) {
    co_return account.recent_feed->rows;
  }
  std::vector<Value> rows;
  std::string snapshot;
  for (int offset = 0; offset < 100 * feed_limit; offset += feed_limit) {
    Request request = account.send("POST", group::feed, "/api/analytics/v1/order-feed",
                                   feed_body(start, now + std::chrono::seconds(1), snapshot, offset));
    const CallResult answer = co_await calls.send(std::move(request));
    const auto json = json_of(answer);
    if (!json) co_return tl::unexpected<Failure>(json.error());
    const Value& data = (*json)["data"];
    const List* page = data["orders"].list();
    if (page == nullptr || page->empty()) break;
    rows.insert(rows.end(), page->begin(), page->end());
    snapshot = data["snapshotTime"].display();
    if (page->size() < static_cast<std::size_t>(feed_limit)) break;
  }
  account.recent_feed = Account::Feed{now, start, rows};
  co_return rows;
}

// ---- statistics
// ------------------------------------------------------------------------------------------------------------------------

Row statistics_row(const Value& raw, bool sales) {
  Row row;
  row.srid = raw["srid"].id_text();
  row.created = moscow_time(raw["date"]);
  row.updated = moscow_time(raw["lastChangeDate"]);
  row.price = raw["priceWithDisc"];
  row.raw = raw;
  row.status = "created";
  if (sales)
    row.status = raw["saleID"].display().starts_with("R") ? "return" : "buyout";
  else if (raw["isCancel"].boolean() != nullptr && *raw["isCancel"].boolean())
    row.status = "cancel";
  return row;
}

// `lastChangeDate >= dateFrom`, so the last row comes back again: go on from it until nothing new comes.
Task<Rows> read_statistics(Account& account, bool sales, Instant start, Calls& calls) {
  Rows result;
  std::set<std::string> known;
  std::string from = zoned_text(start, moscow, "%Y-%m-%dT%H:%M:%S");
  const std::string path = sales ? "/api/v1/supplier/sales" : "/api/v1/supplier/orders";
  const std::string limiter = sales ? group::sales : group::orders;
  for (int pages = 0; pages < 1000; ++pages) {
    Request request = account.get(limiter, path + "?dateFrom=" + engine::http::percent_encoded(from) + "&flag=0");
    const CallResult answer = co_await calls.send(std::move(request));
    const auto json = json_of(answer);
    if (!json) {
      result.failure = json.error();
      co_return result;
    }
    const List* list = json->list();
    if (list == nullptr) {
      Failure failure;
      failure.reason = "Wildberries: " + path + " answered no list";
      result.failure = failure;
      co_return result;
    }
    bool anything_new = false;
    for (const Value& raw : *list) {
      const std::string key =
          raw["srid"].id_text() + "|" + raw["saleID"].display() + "|" + raw["lastChangeDate"].display();
      if (!known.insert(key).second) continue;
      anything_new = true;
      const std::string kind = raw["warehouseType"].display();
      if (kind == "Склад продавца") continue;
      if (kind != "Склад WB") {
        result.notice = fmt::format("warehouseType «{}» is not known: its rows are left out", kind);
        continue;
      }
      result.rows.push_back(statistics_row(raw, sales));
    }
    if (!anything_new) break;
    const std::string last = list->back()["lastChangeDate"].display();
    if (last.empty()) break;
    from = last;
  }
  co_return result;
}

// ---- both
// --------------------------------------------------------------------------------------------------------------------------------

Task<Rows> read_rows(Account& account, Instant start, bool with_sales, Calls& calls) {
  Rows result;
  if (account.token().may(Token::analytics)) {
    auto reading = read_feed(account, start, calls);
    auto feed = co_await reading;
    if (!feed) {
      result.failure = feed.error();
      co_return result;
    }
    for (const Value& raw : *feed) {
      const bool* seller_warehouse = raw["isMp"].boolean();
      if (seller_warehouse == nullptr || *seller_warehouse) continue;
      result.rows.push_back(feed_row(raw));
    }
  } else if (account.token().may(Token::statistics)) {
    auto reading = read_statistics(account, false, start, calls);
    result = co_await reading;
    if (result.failure) co_return result;
    if (with_sales) {
      auto selling = read_statistics(account, true, start, calls);
      Rows sales = co_await selling;
      if (sales.failure) co_return sales;
      result.rows.insert(result.rows.end(), sales.rows.begin(), sales.rows.end());
      if (sales.notice) result.notice = sales.notice;
    }
  } else {
    Failure failure;
    failure.kind = Failure::Kind::permanent;
    failure.reason = "Wildberries: the token has neither Analytics nor Statistics, and FBO orders stand only there";
    failure.help = "make a token with the category Analytics (order feed) or Statistics";
    result.failure = failure;
    co_return result;
  }
  std::stable_sort(result.rows.begin(), result.rows.end(),
                   [](const Row& a, const Row& b) { return a.updated < b.updated; });
  for (const Row& row : result.rows) result.newest = std::max(result.newest.value_or(row.updated), row.updated);
  co_return result;
}

// Barcode and article of the feed's sizes, from their cards, a call for each article that is not known yet.
Task<std::optional<std::string>> read_cards(Account& account, std::vector<Value> rows, Calls& calls) {
  std::set<std::string> asked;
  for (const Value& raw : rows) {
    const std::string chrt = raw["chrtId"].id_text();
    const std::string nm = raw["nmId"].id_text();
    if (chrt.empty() || account.sizes.contains(chrt) || !asked.insert(nm).second) continue;
    if (!account.token().may(Token::content)) co_return "the token has no category Content: FBO lines have no barcode";
    Record sort;
    sort.emplace_back("ascending", Value(true));
    Record cursor;
    cursor.emplace_back("limit", Value(100));
    Record filter;
    filter.emplace_back("withPhoto", Value(-1));
    filter.emplace_back("textSearch", Value(nm));
    Record settings;
    settings.emplace_back("sort", Value(std::move(sort)));
    settings.emplace_back("cursor", Value(std::move(cursor)));
    settings.emplace_back("filter", Value(std::move(filter)));
    Record body;
    body.emplace_back("settings", Value(std::move(settings)));
    Request request =
        account.send("POST", group::cards, "/content/v2/get/cards/list?locale=ru", Value(std::move(body)));
    const CallResult answer = co_await calls.send(std::move(request));
    const auto json = json_of(answer);
    if (!json) co_return json.error().reason;
    const List* cards = (*json)["cards"].list();
    if (cards == nullptr) continue;
    for (const Value& card : *cards) {  // the search is by text: compare the article exactly
      const List* sizes = card["sizes"].list();
      if (card["nmID"].id_text() != nm || sizes == nullptr) continue;
      for (const Value& size : *sizes) {
        const List* barcodes = size["skus"].list();
        account.sizes[size["chrtID"].id_text()] = {
            barcodes == nullptr || barcodes->empty() ? "" : barcodes->front().display(), card["vendorCode"].display()};
      }
    }
  }
  co_return std::nullopt;
}

int user_status(const std::string& status) {
  if (status == "cancel") return 1;
  if (status == "buyout") return 2;
  if (status == "return") return 3;
  return status == "returnDefective" ? 5 : 4;
}

Value money(const Value& price) {
  if (price.number() == nullptr)
    return Value(engine::Broken{"price", "money", price.is_null() ? "missing" : engine::json_start(price, 60)});
  return Value(price.number()->scale() < 2 ? price.number()->rounded(2).value_or(*price.number()) : *price.number());
}

Record derived(const Row& row, const Account& account) {
  Record fields;
  fields.emplace_back("id", Value(row.srid));
  fields.emplace_back("srid", Value(row.srid));
  fields.emplace_back("status", Value(row.status));
  fields.emplace_back("user_status", Value(user_status(row.status)));
  fields.emplace_back("price", money(row.price));
  fields.emplace_back("price_with_disc", money(row.price));
  fields.emplace_back("created_at", Value(row.created));
  fields.emplace_back("updated_at", Value(row.updated));
  fields.emplace_back("user", Value());
  Value barcode = row.raw["barcode"];
  Value article = row.raw["supplierArticle"];
  if (const auto size = account.sizes.find(row.raw["chrtId"].id_text()); size != account.sizes.end()) {
    if (barcode.is_null() && !size->second.barcode.empty()) barcode = Value(size->second.barcode);
    if (article.is_null() && !size->second.article.empty()) article = Value(size->second.article);
  }
  const auto text_or_null = [](const Value& value) {
    return value.text() != nullptr && !value.text()->empty() ? value : Value();
  };
  fields.emplace_back("barcode", text_or_null(barcode));
  fields.emplace_back("supplier_article", text_or_null(article));
  return fields;
}

struct Start {
  Instant from;
  std::optional<Instant> newest;
};

Start start_of_look(const Look& look, const Value& cursor, Instant now) {
  const auto newest = moment(cursor, "newest");
  if (newest) return {*newest - reach_back, newest};
  Instant from = now - first_look_back;
  if (look.source != nullptr && look.source->since) from = now - *look.source->since;
  if (look.source != nullptr && look.source->since_time) from = *look.source->since_time;
  return {from, std::nullopt};
}

std::string cursor_text(const Start& start, const Rows& rows) {
  const auto newest = rows.newest && start.newest ? std::max(*rows.newest, *start.newest)
                      : rows.newest               ? rows.newest
                                                  : start.newest;
  // Nothing yet: the next look begins where this one did.
  const Instant at = newest.value_or(start.from + reach_back);
  return fmt::format("{{\"newest\":{}}}", at.time_since_epoch().count());
}

Task<std::map<std::string, Seen>> known_rows(Rows& rows, Calls& calls) {
  std::vector<std::string> keys;
  for (const Row& row : rows.rows) keys.push_back(row.srid);
  co_return co_await calls.recall(keys);
}

Task<Page> look_new(Connection& connection, Look look, Calls& calls) {
  auto& account = static_cast<Account&>(connection);
  const Start start = start_of_look(look, read_cursor(look.cursor), calls.now());
  Page page;
  auto reading = read_rows(account, start.from, false, calls);
  Rows rows = co_await reading;
  if (rows.failure) {
    page.cursor = look.cursor;
    page.failure = rows.failure;
    co_return page;
  }
  page.notice = rows.notice;
  auto recalling = known_rows(rows, calls);
  const std::map<std::string, Seen> seen = co_await recalling;
  std::vector<Row> fresh;
  std::set<std::string> here;
  for (const Row& row : rows.rows) {
    if (row.srid.empty() || seen.contains(row.srid) || !here.insert(row.srid).second) continue;
    page.seen.push_back({row.srid, row.status, false, false});
    if (row.status != "cancel") fresh.push_back(row);  // cancelled when first seen: not new
  }
  std::vector<Value> raws;
  for (const Row& row : fresh) raws.push_back(row.raw);
  auto enriching = read_cards(account, raws, calls);
  if (auto notice = co_await enriching) page.notice = notice;
  for (const Row& row : fresh) {
    NewEvent event;
    event.identity = row.srid;
    event.key = row.srid;
    event.raw = row.raw;
    event.derived = derived(row, account);
    page.events.push_back(std::move(event));
  }
  page.cursor = cursor_text(start, rows);
  co_return page;
}

Task<Page> look_changed(Connection& connection, Look look, Calls& calls) {
  auto& account = static_cast<Account&>(connection);
  Start start = start_of_look(look, read_cursor(look.cursor), calls.now());
  if (look.cursor.empty() && look.source != nullptr && !look.source->since && !look.source->since_time)
    start.from = calls.now() - hours(24 * 7);
  Page page;
  auto reading = read_rows(account, start.from, true, calls);
  Rows rows = co_await reading;
  if (rows.failure) {
    page.cursor = look.cursor;
    page.failure = rows.failure;
    co_return page;
  }
  page.notice = rows.notice;
  auto recalling = known_rows(rows, calls);
  const std::map<std::string, Seen> seen = co_await recalling;
  std::map<std::string, std::pair<std::string, Value>> last;  // status and state by srid, as it stands now
  std::map<std::string, int> count;
  std::vector<std::pair<Row, Value>> changed;
  for (const auto& [key, each] : seen) {
    const Value state = read_cursor(each.state);
    last[key] = {state["status"].display(), state};
    const Decimal* changes = state["changes"].number();
    count[key] = changes == nullptr ? 0 : static_cast<int>(changes->integer().value_or(0));
  }
  for (const Row& row : rows.rows) {
    if (row.srid.empty()) continue;
    const auto known = last.find(row.srid);
    const bool fresh = known == last.end();
    // An order row of supplier/orders says `created` also after the sale was told: what ended does not begin again.
    const bool back = !fresh && row.status == "created" && known->second.first != "created";
    if (back || (!fresh && known->second.first == row.status)) continue;
    const Value before = fresh ? Value() : known->second.second["raw"];
    if (fresh ? row.status != "created" : true) {
      ++count[row.srid];
      changed.emplace_back(row, before);
    }
    Record state;
    state.emplace_back("status", Value(row.status));
    state.emplace_back("changes", Value(count[row.srid]));
    state.emplace_back("raw", row.raw);
    last[row.srid] = {row.status, Value(std::move(state))};
    page.seen.push_back({row.srid, engine::write_json(last[row.srid].second), false, false});
  }
  std::vector<Value> raws;
  for (const auto& [row, before] : changed) raws.push_back(row.raw);
  auto enriching = read_cards(account, raws, calls);
  if (auto notice = co_await enriching) page.notice = notice;
  std::map<std::string, int> told;
  for (const auto& [key, changes] : count) told[key] = changes;
  std::map<std::string, int> pending;
  for (const auto& [row, before] : changed) ++pending[row.srid];
  for (const auto& [row, before] : changed) {
    NewEvent event;
    event.identity = fmt::format("{}#{}", row.srid, told[row.srid] - --pending[row.srid]);
    event.key = row.srid;
    event.raw = row.raw;
    event.derived = derived(row, account);
    if (!before.is_null() && look.source != nullptr) {
      Row earlier = before["saleID"].is_null() && before["sellerPrice"].is_null() ? statistics_row(before, false)
                    : before["sellerPrice"].is_null()                             ? statistics_row(before, true)
                                                                                  : feed_row(before);
      event.before = engine::normalise(before, derived(earlier, account), look.source->record, account.name());
    }
    page.events.push_back(std::move(event));
  }
  page.cursor = cursor_text(start, rows);
  co_return page;
}

}  // namespace

engine::SourceNode fbo_new() {
  engine::SourceNode node;
  node.name = "wb.fbo.new";
  node.every = std::chrono::minutes(30);
  node.look = look_new;
  return node;
}

engine::SourceNode fbo_changed() {
  engine::SourceNode node;
  node.name = "wb.fbo.changed";
  node.every = std::chrono::minutes(30);
  node.look = look_changed;
  return node;
}

}  // namespace pipewright::wb
