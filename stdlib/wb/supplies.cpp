#include "stdlib/wb/supplies.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/http/client.hpp"
#include "stdlib/wb/schemes.hpp"

namespace pipewright::wb {

using engine::Calls;
using engine::List;
using engine::Record;
using engine::Task;

namespace {

constexpr std::size_t most_added = 100;
constexpr int page_size = 1000;

std::string name_of(const std::string& group) { return "pipewright " + group; }

struct Supply {
  std::string id;
  std::string name;
};

// Oldest first, without a filter: how far only closed ones lie behind is kept.
Task<tl::expected<std::vector<Supply>, Failure>> list_open(Account& account, Calls& calls) {
  std::vector<Supply> open;
  std::string next = account.supplies_cursor;
  bool any_open_yet = false;
  for (int pages = 0; pages < 1000; ++pages) {
    Request request = account.get(group::fbs, fmt::format("/api/v3/supplies?limit={}&next={}", page_size, next));
    const CallResult answer = co_await calls.send(std::move(request));
    const auto json = json_of(answer);
    if (!json) co_return tl::unexpected<Failure>(json.error());
    const List* supplies = (*json)["supplies"].list();
    if (supplies == nullptr) break;
    for (const Value& supply : *supplies) {
      const bool* done = supply["done"].boolean();
      if (done != nullptr && *done) continue;
      any_open_yet = true;
      open.push_back({supply["id"].display(), supply["name"].display()});
    }
    const std::string following = (*json)["next"].id_text();
    if (supplies->size() < static_cast<std::size_t>(page_size) || following.empty() || following == next ||
        following == "0")
      break;
    next = following;
    if (!any_open_yet) account.supplies_cursor = next;
  }
  co_return open;
}

}  // namespace

std::string group_of(const Value& task) {
  const bool* b2b = task["options"]["isB2B"].boolean();
  return fmt::format("{}/{}/{}{}", task["warehouseId"].id_text(), task["cargoType"].id_text(),
                     task["crossBorderType"].id_text(), b2b != nullptr && *b2b ? "/b2b" : "");
}

Task<tl::expected<OpenSupplies, Failure>> open_supplies(Account& account, Calls& calls) {
  OpenSupplies result;
  auto listing = list_open(account, calls);
  const auto open = co_await listing;
  if (!open) co_return tl::unexpected<Failure>(open.error());
  for (const Supply& supply : *open) {
    result.name[supply.id] = supply.name;
    Request request = account.get(
        group::fbs, fmt::format("/api/marketplace/v3/supplies/{}/order-ids", engine::http::percent_encoded(supply.id)));
    const CallResult answer = co_await calls.send(std::move(request));
    const auto json = json_of(answer);
    if (!json) co_return tl::unexpected<Failure>(json.error());
    const List* ids = (*json)["orderIds"].list();
    if (ids == nullptr) continue;
    for (const Value& id : *ids) {
      result.by_order[id.id_text()] = supply.id;
      result.orders[supply.id].push_back(id.id_text());
    }
  }
  co_return result;
}

Task<tl::expected<std::string, Failure>> supply_for(Account& account, std::string group_name, std::string avoid,
                                                    std::vector<std::size_t> items, Calls& calls) {
  const std::string wanted = name_of(group_name);
  if (const auto known = account.supplies.find(group_name); known != account.supplies.end() && known->second != avoid) {
    // WB closes a supply by itself when its first item is scanned: look before using it.
    Request look =
        account.get(group::fbs, fmt::format("/api/v3/supplies/{}", engine::http::percent_encoded(known->second)));
    const CallResult answer = co_await calls.send(std::move(look));
    if (answer && answer->status == 404) {
      account.supplies.erase(group_name);
    } else {
      const auto json = json_of(answer);
      if (!json) co_return tl::unexpected<Failure>(json.error());
      const bool* done = (*json)["done"].boolean();
      if (done != nullptr && !*done) co_return known->second;
      account.supplies.erase(group_name);
    }
  }
  // One of ours that is open already: also after a creation whose answer was lost.
  auto listing = list_open(account, calls);
  const auto open = co_await listing;
  if (!open) co_return tl::unexpected<Failure>(open.error());
  for (const Supply& supply : *open) {
    if (supply.name != wanted || supply.id == avoid) continue;
    account.supplies[group_name] = supply.id;
    co_return supply.id;
  }
  Record body;
  body.emplace_back("name", Value(wanted));
  Request request = account.send("POST", group::fbs, "/api/v3/supplies", Value(std::move(body)));
  request.write = true;
  request.items = std::move(items);
  Record predicted;
  predicted.emplace_back("id", Value(engine::Placeholder{"(new supply)"}));
  request.predicted = Value(std::move(predicted));
  request.predicted_status = 201;
  const CallResult answer = co_await calls.send(std::move(request));
  const auto json = json_of(answer);
  if (!json) co_return tl::unexpected<Failure>(json.error());
  const std::string id = (*json)["id"].display();
  if (!calls.dry()) account.supplies[group_name] = id;
  co_return id;
}

namespace {

Task<CallResult> add(Account& account, std::string supply, std::vector<std::string> ids, std::vector<std::size_t> items,
                     Calls& calls) {
  Record body;
  body.emplace_back("orders", id_list(ids));
  Request request = account.send(
      "PATCH", group::fbs, fmt::format("/api/marketplace/v3/supplies/{}/orders", engine::http::percent_encoded(supply)),
      Value(std::move(body)));
  request.write = true;
  request.items = std::move(items);
  request.predicted = Value();
  request.predicted_status = 204;
  co_return co_await calls.send(std::move(request));
}

}  // namespace

Task<std::map<std::string, Failure>> add_to_supply(Account& account, std::string supply, std::vector<std::string> ids,
                                                   std::vector<std::size_t> items, Calls& calls) {
  std::map<std::string, Failure> failures;
  for (std::size_t from = 0; from < ids.size(); from += most_added) {
    const std::vector<std::string> part(
        ids.begin() + static_cast<std::ptrdiff_t>(from),
        ids.begin() + static_cast<std::ptrdiff_t>(std::min(ids.size(), from + most_added)));
    auto adding = add(account, supply, part, items, calls);
    const auto failure = failure_of(co_await adding);
    if (!failure) continue;
    if (failure->kind != Failure::Kind::permanent || part.size() == 1) {
      for (const std::string& id : part) failures[id] = *failure;
      continue;
    }
    // Whether the refusal was all or nothing is not said: read again, then the ones that are still new alone.
    auto asking = statuses_of(account, scheme::fbs, part, calls);
    const auto statuses = co_await asking;
    for (const std::string& id : part) {
      if (statuses) {
        const auto found = statuses->find(id);
        if (found != statuses->end() && found->second.supplier == "confirm") continue;
      }
      const std::vector<std::string> one(1, id);
      auto trying = add(account, supply, one, items, calls);
      if (auto alone = failure_of(co_await trying)) failures[id] = *alone;
    }
  }
  co_return failures;
}

}  // namespace pipewright::wb
