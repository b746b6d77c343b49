#include "stdlib/crm/lookup.hpp"

#include <fmt/format.h>

#include "engine/http/client.hpp"
#include "stdlib/crm/records.hpp"

namespace pipewright::crm {
namespace {

constexpr std::size_t most_values = 100;
constexpr std::size_t longest_query = 6000;  // the URL stays under 8 KB
constexpr int most_pages = 50;

std::int64_t page_count(const Value& body) {
  const Decimal* count = body["pagination"]["totalPageCount"].number();
  return count == nullptr ? 1 : count->integer().value_or(1);
}

}  // namespace

Task<Listed> list_all(Account& account, std::string path, Pairs query, std::string member, Calls& calls) {
  std::vector<Value> all;
  for (int page = 1; page <= most_pages; ++page) {
    Pairs asked = query;
    asked.emplace_back("limit", "100");
    if (page > 1) asked.emplace_back("page", std::to_string(page));
    Request request = account.get(path, asked);
    const CallResult answer = co_await calls.send(std::move(request));
    const auto json = json_of(answer, false);
    if (!json) co_return tl::unexpected<Failure>(json.error());
    const Value& listed = (*json)[member];
    if (listed.list() == nullptr && listed.record() == nullptr) {  // "nothing found" would make what is there again
      Failure failure;
      failure.reason = fmt::format("retailCRM: the answer holds no list `{}`", member);
      co_return tl::unexpected<Failure>(failure);
    }
    const std::vector<Value> found = elements_of(listed);
    if (found.empty()) break;
    all.insert(all.end(), found.begin(), found.end());
    if (page >= page_count(*json)) break;
  }
  co_return all;
}

Task<Listed> list_by(Account& account, std::string path, std::string parameter, std::vector<std::string> values,
                     Pairs more, std::string member, Calls& calls) {
  std::vector<Value> all;
  for (std::size_t at = 0; at < values.size();) {
    Pairs query;
    std::size_t length = 0;
    while (at < values.size() && query.size() < most_values) {
      const std::size_t longer =
          engine::http::percent_encoded(parameter).size() + engine::http::percent_encoded(values[at]).size() + 2;
      if (!query.empty() && length + longer > longest_query) break;
      length += longer;
      query.emplace_back(parameter, values[at++]);
    }
    query.insert(query.end(), more.begin(), more.end());
    auto asking = list_all(account, path, std::move(query), member, calls);
    Listed part = co_await asking;
    if (!part) co_return tl::unexpected<Failure>(part.error());
    all.insert(all.end(), part->begin(), part->end());
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
