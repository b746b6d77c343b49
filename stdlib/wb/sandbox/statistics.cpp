// Statistics and the order feed (reference, section 11), ping and seller-info (section 3).
#include <algorithm>

#include "stdlib/wb/sandbox/world.hpp"

namespace pipewright::wb::sandbox {
namespace {

std::string text_of(const Json& row, const char* key) {
  return row.contains(key) && row[key].is_string() ? row[key].get<std::string>() : std::string();
}

/// flag=0: changed at dateFrom or later, in pages; flag=1: the whole day.
Reply rows_since(Call& call, std::vector<Json> rows) {
  const std::optional<std::string> from = call.query("dateFrom");
  if (!from) return json_reply(400, {{"errors", {"dateFrom: field required"}}});
  const std::optional<Time> time = time_from(*from);
  if (!time) return json_reply(400, {{"errors", "dateFrom: Value not validated"}});
  const std::string since = moscow_text(*time);
  const bool whole_day = call.number("flag").value_or(0) == 1;
  std::erase_if(rows, [&](const Json& row) {
    if (whole_day) return text_of(row, "date").substr(0, 10) != since.substr(0, 10);
    return text_of(row, "lastChangeDate") < since;
  });
  std::ranges::stable_sort(rows, {}, [](const Json& row) { return text_of(row, "lastChangeDate"); });
  if (!whole_day && rows.size() > call.world.options.statistics_page) rows.resize(call.world.options.statistics_page);
  return json_reply(200, rows);
}

Reply supplier_orders(Call& call) {
  std::vector<Json> rows;
  for (const Row& row : call.world.rows) rows.push_back(row.order);
  return rows_since(call, std::move(rows));
}

Reply supplier_sales(Call& call) {
  std::vector<Json> rows;
  for (const Row& row : call.world.rows) rows.insert(rows.end(), row.sales.begin(), row.sales.end());
  return rows_since(call, std::move(rows));
}

struct FeedQuery {
  Time start, end, snapshot;
  std::size_t offset = 0, limit = 50;
};

std::optional<Time> time_at(const Json& body, const Json::json_pointer& where) {
  const Json value = body.value(where, Json());
  return value.is_string() ? time_from(value.get<std::string>()) : std::nullopt;
}

/// The error is what the refusal says.
tl::expected<FeedQuery, std::string> feed_query(const Json& body, Time now) {
  const auto start = time_at(body, "/selectedPeriod/start"_json_pointer);
  if (!start) return tl::make_unexpected(std::string("selectedPeriod.start is required"));
  if (*start < now - std::chrono::days(31)) return tl::make_unexpected(std::string("start is older than 31 days"));
  FeedQuery query{.start = *start, .end = now, .snapshot = now};
  if (body.contains("/selectedPeriod/end"_json_pointer)) {
    const auto end = time_at(body, "/selectedPeriod/end"_json_pointer);
    if (!end || *end < *start) return tl::make_unexpected(std::string("selectedPeriod.end is not valid"));
    query.end = *end;
  }
  const Json page = body.value("pagination", Json::object());
  const Json offset = page.value("offset", Json(0));
  const Json limit = page.value("limit", Json(50));
  if (!offset.is_number_integer() || !limit.is_number_integer() || offset < 0 || limit < 1 || limit > 10000) {
    return tl::make_unexpected(std::string("pagination is not valid"));
  }
  query.offset = offset;
  query.limit = limit;
  const auto snapshot = time_at(body, "/pagination/snapshotTime"_json_pointer);
  if (!snapshot && query.offset > 0) return tl::make_unexpected(std::string("pagination.snapshotTime is required"));
  query.snapshot = snapshot.value_or(now);
  return query;
}

bool is_asked(const Json& body, const Row& row) {
  const Json ids = body.value("nmIds", Json::array());
  return !ids.is_array() || ids.empty() || std::ranges::find(ids, row.feed["nmId"]) != ids.end();
}

Reply order_feed(Call& call) {
  const auto query = feed_query(call.body, call.world.now());
  if (!query) return bad_request(call, query.error());
  std::vector<const Row*> rows;
  // A snapshot is told in seconds, so what happened within its last second belongs to it.
  const Time until = std::min(query->end, query->snapshot + std::chrono::seconds(1));
  for (const Row& row : call.world.rows) {
    if (row.updated >= query->start && row.updated <= until && is_asked(call.body, row)) rows.push_back(&row);
  }
  std::ranges::stable_sort(rows, std::ranges::greater(), &Row::updated);
  Json orders = Json::array();
  for (std::size_t i = query->offset; i < rows.size() && orders.size() < query->limit; ++i)
    orders.push_back(rows[i]->feed);
  return json_reply(200,
                    {{"data", {{"snapshotTime", utc_text(query->snapshot)}, {"currency", "RUB"}, {"orders", orders}}}});
}

Reply ping(Call& call) { return json_reply(200, {{"TS", moscow_text(call.world.now()) + "+03:00"}, {"Status", "OK"}}); }

Reply seller_info(Call& call) {
  return json_reply(200,
                    {{"name", "ИП Продавец"}, {"sid", call.world.sid}, {"tin", "770000000000"}, {"tradeMark", "Тест"}});
}

}  // namespace

std::vector<Route> statistics_routes() {
  return {
      {"GET", "/api/v1/supplier/orders", 5, "orders", Dialect::statistics, &supplier_orders},
      {"GET", "/api/v1/supplier/sales", 5, "sales", Dialect::statistics, &supplier_sales},
      {"POST", "/api/analytics/v1/order-feed", 2, "feed", Dialect::analytics, &order_feed, true, true},
      {"GET", "/ping", 0, "ping", Dialect::common, &ping},
      {"GET", "/api/v1/seller-info", 0, "seller", Dialect::common, &seller_info},
  };
}

}  // namespace pipewright::wb::sandbox
