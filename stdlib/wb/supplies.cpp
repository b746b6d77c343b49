#include "stdlib/wb/supplies.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/http/client.hpp"
#include "engine/json.hpp"
#include "stdlib/wb/schemes.hpp"

namespace pipewright::wb {

namespace {

constexpr std::size_t most_added = 100;
constexpr int page_size = 1000;

const std::string prefix = "pipewright ";

std::string name_of(const std::string& group) { return prefix + group; }

std::string path_of(const std::string& supply) { return "/api/v3/supplies/" + engine::http::percent_encoded(supply); }

struct Supply {
  std::string id;
  std::string name;
};

const char* const walked_kind = "wb.supplies";
const char* const walked_key = "walked";
constexpr std::size_t most_left_open = 50;  // behind the position, each asked for by itself

// How far the history of supplies has been walked: kept for the account, for it goes back for years.
Task<bool> load_walked(Account& account, Calls& calls) {
  if (account.supplies_loaded) co_return true;
  const auto kept = co_await calls.load_shared(walked_kind, std::vector<std::string>(1, walked_key));
  account.supplies_loaded = true;
  const auto found = kept.find(walked_key);
  if (found == kept.end()) co_return true;
  const Value state = read_cursor(found->second.state);
  if (!state["next"].is_null()) account.supplies_cursor = state["next"].id_text();
  if (const List* open = state["open"].list()) {
    for (const Value& each : *open) account.left_open.push_back(each.display());
  }
  co_return true;
}

Task<bool> store_walked(Account& account, Calls& calls) {
  List open;
  for (const std::string& each : account.left_open) open.emplace_back(each);
  Record state;
  state.emplace_back("next", Value(account.supplies_cursor));
  state.emplace_back("open", Value(std::move(open)));
  std::vector<engine::SharedState> states(1);
  states.front() = {walked_kind, {walked_key, engine::write_json(Value(std::move(state))), false, false}};
  co_return co_await calls.store_shared(std::move(states));
}

Task<tl::expected<Value, Failure>> supply_page(Account& account, std::string next, Calls& calls) {
  Request request = account.get(group::fbs, fmt::format("/api/v3/supplies?limit={}&next={}", page_size, next));
  const CallResult answer = co_await calls.send(std::move(request));
  auto json = json_of(answer);
  if (!json) co_return json;
  const Record* fields = json->record();
  const bool null =
      fields != nullptr && engine::find_field(*fields, "supplies") != nullptr && (*json)["supplies"].is_null();
  if ((*json)["supplies"].list() == nullptr && !null)
    co_return tl::unexpected<Failure>(another_shape(*json, "supplies"));
  co_return json;
}

// Those that were open when the walk passed them: who is open still is asked one by one.
Task<tl::expected<bool, Failure>> add_left_open(Account& account, std::vector<Supply>& open, Calls& calls) {
  std::vector<std::string> still;
  for (const std::string& id : account.left_open) {
    auto reading = read_supply(account, id, calls);
    const auto supply = co_await reading;
    if (!supply && supply.error().kind != Failure::Kind::permanent) co_return tl::unexpected<Failure>(supply.error());
    if (!supply || *(*supply)["done"].boolean()) continue;
    still.push_back(id);
    open.push_back({id, (*supply)["name"].display()});
  }
  const bool changed = still.size() != account.left_open.size();
  account.left_open = std::move(still);
  co_return changed;
}

// Oldest first, without a filter.
Task<tl::expected<std::vector<Supply>, Failure>> list_open(Account& account, Calls& calls) {
  auto loading = load_walked(account, calls);
  co_await loading;
  std::vector<Supply> open;
  auto adding = add_left_open(account, open, calls);
  const auto changed = co_await adding;
  if (!changed) co_return tl::unexpected<Failure>(changed.error());
  bool moved = *changed;
  std::string next = account.supplies_cursor;
  for (int pages = 0; pages < 1000; ++pages) {
    auto reading = supply_page(account, next, calls);
    const auto json = co_await reading;
    if (!json) co_return tl::unexpected<Failure>(json.error());
    const List none;
    const List& supplies = (*json)["supplies"].list() == nullptr ? none : *(*json)["supplies"].list();
    std::vector<std::string> here;
    for (const Value& supply : supplies) {
      const bool* done = supply["done"].boolean();
      if (done != nullptr && *done) continue;
      here.push_back(supply["id"].display());
      open.push_back({here.back(), supply["name"].display()});
    }
    const std::string following = (*json)["next"].id_text();
    if (supplies.size() < static_cast<std::size_t>(page_size) || following.empty() || following == next ||
        following == "0")
      break;
    // A forgotten open one does not pin the position.
    if (account.supplies_cursor == next && account.left_open.size() + here.size() <= most_left_open) {
      account.left_open.insert(account.left_open.end(), here.begin(), here.end());
      account.supplies_cursor = following;
      moved = true;
    }
    next = following;
  }
  if (moved && !calls.dry()) {
    auto storing = store_walked(account, calls);
    co_await storing;
  }
  co_return open;
}

}  // namespace

std::string group_of(const Value& task) {
  const bool* b2b = task["options"]["isB2B"].boolean();
  return fmt::format("{}/{}/{}{}", task["warehouseId"].id_text(), task["cargoType"].id_text(),
                     task["crossBorderType"].id_text(), b2b != nullptr && *b2b ? "/b2b" : "");
}

std::string group_named(const std::string& supply_name) {
  return supply_name.starts_with(prefix) ? supply_name.substr(prefix.size()) : std::string();
}

Task<tl::expected<Value, Failure>> read_supply(Account& account, std::string supply, Calls& calls) {
  Request request = account.get(group::fbs, path_of(supply));
  const CallResult answer = co_await calls.send(std::move(request));
  auto json = json_of(answer);
  if (json && (*json)["done"].boolean() == nullptr) co_return tl::unexpected<Failure>(another_shape(*json, "done"));
  co_return json;
}

Task<tl::expected<std::vector<std::string>, Failure>> orders_in(Account& account, std::string supply, Calls& calls) {
  Request request = account.get(
      group::fbs, fmt::format("/api/marketplace/v3/supplies/{}/order-ids", engine::http::percent_encoded(supply)));
  const CallResult answer = co_await calls.send(std::move(request));
  const auto json = json_of(answer);
  if (!json) co_return tl::unexpected<Failure>(json.error());
  std::vector<std::string> orders;
  const List* ids = (*json)["orderIds"].list();
  // An empty supply may say null; anything else would make us ship what we do not see.
  if (ids == nullptr && (json->record() == nullptr || engine::find_field(*json->record(), "orderIds") == nullptr ||
                         !(*json)["orderIds"].is_null()))
    co_return tl::unexpected<Failure>(another_shape(*json, "orderIds"));
  if (ids != nullptr) {
    for (const Value& id : *ids) orders.push_back(id.id_text());
  }
  co_return orders;
}

Task<tl::expected<OpenSupplies, Failure>> open_supplies(Account& account, Calls& calls) {
  OpenSupplies result;
  auto listing = list_open(account, calls);
  const auto open = co_await listing;
  if (!open) co_return tl::unexpected<Failure>(open.error());
  for (const Supply& supply : *open) {
    result.name[supply.id] = supply.name;
    auto reading = orders_in(account, supply.id, calls);
    const auto orders = co_await reading;
    if (!orders) co_return tl::unexpected<Failure>(orders.error());
    for (const std::string& id : *orders) result.by_order[id] = supply.id;
    result.orders[supply.id] = *orders;
  }
  co_return result;
}

Task<tl::expected<std::string, Failure>> supply_for(Account& account, std::string group_name,
                                                    std::set<std::string> avoid, std::vector<std::size_t> items,
                                                    Calls& calls) {
  const std::string wanted = name_of(group_name);
  if (const auto known = account.supplies.find(group_name);
      known != account.supplies.end() && !avoid.contains(known->second)) {
    // WB closes a supply by itself when its first item is scanned: it is read before it is used.
    const std::string id = known->second;
    auto reading = read_supply(account, id, calls);
    const auto supply = co_await reading;
    if (!supply && supply.error().kind != Failure::Kind::permanent) co_return tl::unexpected<Failure>(supply.error());
    if (supply && !*(*supply)["done"].boolean()) co_return id;
    account.supplies.erase(group_name);
  }
  // One of ours that is open already: also after a creation whose response was lost.
  auto listing = list_open(account, calls);
  const auto open = co_await listing;
  if (!open) co_return tl::unexpected<Failure>(open.error());
  for (const Supply& supply : *open) {
    if (supply.name != wanted || avoid.contains(supply.id)) continue;
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
  if ((*json)["id"].is_null()) co_return tl::unexpected<Failure>(another_shape(*json, "id"));
  if (!calls.dry()) {
    account.supplies[group_name] = id;
    account.fresh_supplies.insert(id);
  }
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

// The ids that the words of a refusal name.
std::set<std::string> named_in(const CallResult& answer, const std::set<std::string>& among) {
  std::set<std::string> named;
  std::string digits;
  for (const char c : (answer ? answer->body : std::string()) + " ") {
    if (c >= '0' && c <= '9') {
      digits.push_back(c);
      continue;
    }
    if (among.contains(digits)) named.insert(digits);
    digits.clear();
  }
  return named;
}

Failure again_later(Failure failure, Duration when) {
  failure.kind = Failure::Kind::transient;
  failure.delivery = engine::Delivery::not_sent;
  failure.not_before = when;
  return failure;
}

// Who got in all the same, and who cannot any more. A failure: it cannot be read, or the supply takes nobody now.
Task<std::optional<Failure>> take_stock(Account& account, std::string supply, std::vector<std::string>& part,
                                        Added& added, Calls& calls) {
  auto looking = read_supply(account, supply, calls);
  const auto shown = co_await looking;
  const bool gone = !shown && shown.error().kind == Failure::Kind::permanent;
  if (!shown && !gone) co_return shown.error();
  if (gone || *(*shown)["done"].boolean()) {
    std::erase_if(account.supplies, [&](const auto& each) { return each.second == supply; });
    Failure closed;
    closed.reason = fmt::format("Wildberries: supply {} was closed meanwhile", supply);
    co_return again_later(std::move(closed), Duration(0));
  }
  auto reading = orders_in(account, supply, calls);
  const auto inside = co_await reading;
  if (!inside) co_return inside.error();
  for (const std::string& id : *inside) {
    if (std::erase(part, id) > 0) added.in.insert(id);
  }
  if (part.empty()) co_return std::nullopt;
  auto asking = statuses_of(account, scheme::fbs, part, calls);
  const auto statuses = co_await asking;
  if (!statuses) co_return statuses.error();
  std::erase_if(part, [&](const std::string& id) {
    const auto found = statuses->find(id);
    if (found != statuses->end() && is_movable(found->second)) return false;
    added.failed[id] = permanent(found == statuses->end()
                                     ? fmt::format("Wildberries: order {} is not there any more", id)
                                     : fmt::format("Wildberries: order {} is {} ({}) and enters no supply any more", id,
                                                   found->second.supplier, found->second.wb));
    return true;
  });
  co_return std::nullopt;
}

using Parts = std::vector<std::vector<std::string>>;  ///< the last one is next

void push_halves(Parts& parts, const std::vector<std::string>& whole) {
  const auto middle = whole.begin() + static_cast<std::ptrdiff_t>((whole.size() + 1) / 2);
  if (middle != whole.end()) parts.emplace_back(middle, whole.end());
  parts.emplace_back(whole.begin(), middle);
}

// How to go on with what was refused together: without those that the words name, together once more when somebody
// has left, else in halves.
Parts parts_of(const std::vector<std::string>& left, const std::set<std::string>& named, bool fewer) {
  Parts parts;
  std::vector<std::string> blamed;
  std::vector<std::string> others;
  for (const std::string& id : left) (named.contains(id) ? blamed : others).push_back(id);
  if (!blamed.empty() && !others.empty()) {
    for (const std::string& id : blamed) parts.push_back({id});
    parts.push_back(others);
  } else if (fewer || left.size() == 1) {
    parts.push_back(left);
  } else {
    push_halves(parts, left);
  }
  return parts;
}

// A hundred at most; each refusal costs ten calls, so there are few, and who is undecided then is asked once more
// later.
Task<bool> add_part(Account& account, std::string supply, std::vector<std::string> part, std::vector<std::size_t> items,
                    Added& added, Calls& calls) {
  constexpr int most_refusals = 16;
  const auto fail_all = [&](const std::vector<std::string>& ids, const Failure& failure) {
    for (const std::string& id : ids) added.failed[id] = failure;
  };
  const auto take = [&](const std::vector<std::string>& ids) {
    account.fresh_supplies.erase(supply);
    for (const std::string& id : ids) {
      added.in.insert(id);
      account.refused_before.erase(id);
    }
  };
  auto adding = add(account, supply, part, items, calls);
  const CallResult answer = co_await adding;
  const auto refusal = failure_without_answer(answer);
  if (!refusal) {
    take(part);
    co_return true;
  }
  if (refusal->kind != Failure::Kind::permanent || answer->status == 403) {
    fail_all(part, *refusal);
    co_return false;
  }
  const std::set<std::string> named = named_in(answer, std::set<std::string>(part.begin(), part.end()));
  std::vector<std::string> left = part;
  auto standing = take_stock(account, supply, left, added, calls);
  if (const auto failure = co_await standing) {
    fail_all(left, *failure);
    co_return false;
  }
  if (left.empty()) co_return true;
  // A supply that was just made may need a moment (api.md 18).
  if (account.fresh_supplies.erase(supply) > 0 && left.size() == part.size() && named.empty()) {
    fail_all(left, again_later(*refusal, std::chrono::seconds(2)));
    co_return false;
  }
  Parts parts = parts_of(left, named, left.size() < part.size());
  int refusals = 1;
  while (!parts.empty() && refusals < most_refusals) {
    const std::vector<std::string> next = std::move(parts.back());
    parts.pop_back();
    auto trying = add(account, supply, next, items, calls);
    const auto failure = failure_without_answer(co_await trying);
    if (!failure) {
      take(next);
      continue;
    }
    ++refusals;
    if (failure->kind != Failure::Kind::permanent || next.size() == 1)
      fail_all(next, *failure);
    else
      push_halves(parts, next);
  }
  for (const std::vector<std::string>& undecided : parts) {
    for (const std::string& id : undecided)
      added.failed[id] =
          account.refused_before.insert(id).second ? again_later(*refusal, std::chrono::seconds(10)) : *refusal;
  }
  co_return true;
}

}  // namespace

Task<Added> add_to_supply(Account& account, std::string supply, std::vector<std::string> ids,
                          std::vector<std::size_t> items, Calls& calls) {
  Added added;
  for (std::size_t from = 0; from < ids.size(); from += most_added) {
    const std::vector<std::string> part(
        ids.begin() + static_cast<std::ptrdiff_t>(from),
        ids.begin() + static_cast<std::ptrdiff_t>(std::min(ids.size(), from + most_added)));
    auto adding = add_part(account, supply, part, items, added, calls);
    co_await adding;
  }
  co_return added;
}

}  // namespace pipewright::wb
