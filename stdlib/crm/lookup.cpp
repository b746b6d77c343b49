#include "stdlib/crm/lookup.hpp"

#include <fmt/format.h>

#include <deque>

#include "base/text.hpp"
#include "engine/http/client.hpp"
#include "stdlib/crm/records.hpp"

namespace pipewright::crm {
namespace {

constexpr std::size_t page_size = 100;
constexpr std::size_t most_values = 100;
constexpr std::size_t longest_query = 6000;  // the URL stays under 8 KB
constexpr std::size_t longest_value = 255;   // characters of a filter (api.md 3)
constexpr int most_pages = 50;
constexpr int most_refusals = 12;  // without a response among them: it is not one value that is to blame

std::optional<std::int64_t> page_count(const Value& body) {
  const Decimal* count = body["pagination"]["totalPageCount"].number();
  return count == nullptr ? std::nullopt : count->integer();
}

/// A failure, and whether the CRM refused what it was asked with.
struct Refusal {
  Failure failure;
  bool of_the_values = false;
};

Task<tl::expected<Found, Refusal>> read_pages(Account& account, std::string path, Pairs query, std::string member,
                                              bool pages, Calls& calls) {
  Found all;
  for (int page = 1;; ++page) {
    Pairs asked = query;
    if (pages) asked.emplace_back("limit", std::to_string(page_size));
    if (page > 1) asked.emplace_back("page", std::to_string(page));
    Request request = account.get(path, asked);
    const CallResult answer = co_await calls.send(std::move(request));
    const auto json = json_of(answer, false);
    if (!json)
      co_return tl::unexpected<Refusal>(
          {json.error(), json.error().kind == Failure::Kind::permanent && answer && answer->status == 400});
    auto found = list_in(*json, member);
    if (!found) co_return tl::unexpected<Refusal>({found.error(), false});
    all.records.insert(all.records.end(), found->begin(), found->end());
    const auto count = page_count(*json);
    if (!pages || found->empty() || (count ? page >= *count : found->size() < page_size)) co_return all;
    if (count.value_or(page) > most_pages || page >= most_pages) {
      all.whole = false;
      co_return all;
    }
  }
}

Failure too_long(const std::string& value) {
  return permanent(fmt::format("`{}` has {} characters, and retailCRM finds nothing by more than {}",
                               shortened(value, 40), code_points(value), longest_value),
                   "give a shorter key");
}

// As many of the values as fit into one URL.
std::vector<std::string> next_list(std::deque<std::string>& values, const std::string& parameter) {
  std::vector<std::string> list;
  std::size_t length = 0;
  while (!values.empty() && list.size() < most_values) {
    const std::size_t longer =
        engine::http::percent_encoded(parameter).size() + engine::http::percent_encoded(values.front()).size() + 2;
    if (!list.empty() && length + longer > longest_query) break;
    length += longer;
    list.push_back(std::move(values.front()));
    values.pop_front();
  }
  return list;
}

}  // namespace

Task<Searched> search(Account& account, std::string path, Pairs query, std::string member, Calls& calls) {
  auto reading = read_pages(account, path, std::move(query), member, true, calls);
  auto found = co_await reading;
  if (!found) co_return tl::unexpected<Failure>(std::move(found.error().failure));
  co_return std::move(*found);
}

Task<ListedBy> list_by(Account& account, std::string path, std::string parameter, std::vector<std::string> values,
                       Pairs more, std::string member, Calls& calls, bool pages) {
  Listed all;
  std::deque<std::string> left;
  for (std::string& value : values) {
    if (code_points(value) > longest_value)
      all.refused.emplace(value, too_long(value));
    else
      left.push_back(std::move(value));
  }
  std::deque<std::vector<std::string>> lists;
  while (!left.empty()) lists.push_back(next_list(left, parameter));
  int refusals = 0;
  bool answered = false;
  while (!lists.empty()) {
    const std::vector<std::string> list = std::move(lists.front());
    lists.pop_front();
    Pairs query;
    for (const std::string& value : list) query.emplace_back(parameter, value);
    query.insert(query.end(), more.begin(), more.end());
    auto reading = read_pages(account, path, std::move(query), member, pages, calls);
    auto found = co_await reading;
    if (found && !found->whole) {
      Failure failure;
      failure.reason =
          fmt::format("retailCRM: {} finds over {} records by {} keys", path, most_pages * page_size, list.size());
      co_return tl::unexpected<Failure>(std::move(failure));
    }
    if (found) {
      answered = true;
      all.records.insert(all.records.end(), found->records.begin(), found->records.end());
    } else if (!found.error().of_the_values) {
      co_return tl::unexpected<Failure>(std::move(found.error().failure));
    } else if (++refusals; list.size() == 1 || (!answered && refusals > most_refusals)) {
      for (const std::string& value : list) all.refused.emplace(value, found.error().failure);
    } else {
      const auto middle = list.begin() + static_cast<std::ptrdiff_t>(list.size() / 2);
      lists.emplace_front(middle, list.end());
      lists.emplace_front(list.begin(), middle);
    }
  }
  co_return all;
}

Pairs site_filter(const std::string& site) {
  Pairs filter;
  if (!site.empty()) filter.emplace_back("filter[sites][]", site);
  return filter;
}

const Value* oldest(const std::vector<Value>& records) {
  const Value* first = nullptr;
  for (const Value& each : records) {
    const Decimal* id = each["id"].number();
    if (first == nullptr || (id != nullptr && (*first)["id"].number() != nullptr && *id < *(*first)["id"].number()))
      first = &each;
  }
  return first;
}

}  // namespace pipewright::crm
