// Pages of rows: how they are asked for, and how several pipelines share one response.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "engine/http/client.hpp"
#include "engine/json.hpp"
#include "engine/json_parts.hpp"
#include "stdlib/wb/fbo.hpp"

namespace pipewright::wb {
namespace {

constexpr auto shared_for = std::chrono::minutes(1);
constexpr std::size_t most_shared = 8U << 20U;  // bytes of a page
constexpr std::size_t most_read = 256U << 20U;  // the documented page has 80 000 rows of about 900 bytes
constexpr std::size_t most_pages_shared = 4;

constexpr auto feed_keeps = std::chrono::hours(24 * 31) - std::chrono::minutes(5);  // clocks differ
constexpr int most_feed_pages = 8;                                                  // that one start is good for

// How long a call for the feed waits for the one before it.
Duration feed_turn(const Account& account) {
  const auto rate = account.limit_of(group::feed);
  return rate ? std::chrono::ceil<Duration>(rate->interval) : Duration(0);
}

const char* group_of(Part part) {
  return part == Part::feed ? group::feed : part == Part::orders ? group::orders : group::sales;
}

// Without an end: it is now by Wildberries' clock, not by ours.
Value feed_body(const PageRequest& request) {
  Record period;
  period.emplace_back("start", Value(zoned_text(request.start, moscow_zone, "%Y-%m-%dT%H:%M:%S%z")));
  Record pagination;
  if (!request.snapshot.empty()) pagination.emplace_back("snapshotTime", Value(request.snapshot));
  pagination.emplace_back("offset", Value(request.offset));
  pagination.emplace_back("limit", Value(feed_limit));
  Record body;
  body.emplace_back("selectedPeriod", Value(std::move(period)));
  body.emplace_back("pagination", Value(std::move(pagination)));
  return Value(std::move(body));
}

Request request_for(Account& account, const PageRequest& page) {
  if (page.part == Part::feed)
    return account.send("POST", group::feed, "/api/analytics/v1/order-feed", feed_body(page));
  const std::string path = page.part == Part::sales ? "/api/v1/supplier/sales" : "/api/v1/supplier/orders";
  return account.get(group_of(page.part), path + "?dateFrom=" + engine::http::percent_encoded(page.from) + "&flag=0");
}

// An API's own "nothing": an empty list, null in its place, an empty object.
bool says_nothing(const Value& body, Part part) {
  if (body.is_null()) return part != Part::feed;
  if (body.record() != nullptr && body.record()->empty()) return true;
  const Value& data = body["data"];
  return part == Part::feed && data.record() != nullptr &&
         (data.record()->empty() ||
          (engine::find_field(*data.record(), "orders") != nullptr && data["orders"].is_null()));
}

tl::expected<std::shared_ptr<RowPage>, Failure> parts_of(std::shared_ptr<const std::string> body, Part part) {
  auto page = std::make_shared<RowPage>();
  page->body = std::move(body);
  const std::string_view text = *page->body;
  const auto list = part == Part::feed ? engine::value_text(text, {"data", "orders"}) : engine::value_text(text, {});
  auto rows = list ? engine::list_texts(*list) : std::nullopt;
  if (rows) {
    page->rows = std::move(*rows);
    // The feed's newest rows come first: read from the end, they go out as they happened.
    if (part == Part::feed) std::reverse(page->rows.begin(), page->rows.end());
    const auto snapshot = engine::value_text(text, {"data", "snapshotTime"});
    if (snapshot && snapshot->size() > 2) page->snapshot = std::string(snapshot->substr(1, snapshot->size() - 2));
    return page;
  }
  engine::Answer answer;
  answer.status = 200;
  answer.body = std::string(text);
  const auto json = json_of(answer);
  if (!json) return tl::unexpected<Failure>(json.error());
  if (says_nothing(*json, part)) return page;
  return tl::unexpected<Failure>(another_shape(*json, part == Part::feed ? "data.orders" : "list of rows"));
}

}  // namespace

Duration feed_reach(const Account& account) { return feed_keeps - most_feed_pages * feed_turn(account); }

bool is_out_of_reach(const Account& account, Instant start, Instant now) {
  return start < now - feed_keeps + feed_turn(account);
}

Instant shared_start(Account& account, Part part, Instant start, Instant now) {
  Account::Asked& asked = account.asked[group_of(part)];
  const bool fresh = asked.under_way > 0 || (now >= asked.at && now - asked.at < shared_for);
  if (fresh && asked.start <= start) return asked.start;
  asked.start = start;
  asked.at = now;
  return start;
}

Task<tl::expected<std::shared_ptr<RowPage>, Failure>> read_page(Account& account, PageRequest wanted, Calls& calls) {
  Request request = request_for(account, wanted);
  request.max_body = most_read;
  const std::string key = request.url + " " + request.body;
  const Instant now = calls.now();
  // Without a limit there is nothing to save.
  const auto rate = account.limit_of(request.group);
  const bool limited = rate && rate->interval.count() > 0;
  std::erase_if(account.pages, [&](const auto& each) {
    return !limited || now < each.second.at || now - each.second.at >= shared_for;
  });
  if (const auto known = account.pages.find(key); known != account.pages.end())
    co_return parts_of(known->second.body, wanted.part);
  Account::Asked& asked = account.asked[group_of(wanted.part)];
  // Others may join a poll; what is read of orders that wait begins elsewhere.
  const bool of_a_poll = wanted.start == asked.start;
  if (of_a_poll) ++asked.under_way;
  CallResult answer = co_await calls.send(std::move(request));
  if (of_a_poll) --asked.under_way;
  if (auto failure = failure_of(answer)) co_return tl::unexpected<Failure>(std::move(*failure));
  auto body = std::make_shared<const std::string>(std::move(answer->body));
  auto page = parts_of(body, wanted.part);
  if (page && limited && body->size() <= most_shared && account.pages.size() < most_pages_shared)
    account.pages[key] = {now, std::move(body)};
  co_return page;
}

}  // namespace pipewright::wb
