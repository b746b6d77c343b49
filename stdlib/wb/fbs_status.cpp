// wb.fbs.status set: 1 confirm (into an open supply), 2 complete (its supply is delivered), 3 cancel (api.md 7, 12,
// 13).
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/http/client.hpp"
#include "engine/json.hpp"
#include "stdlib/wb/schemes.hpp"
#include "stdlib/wb/supplies.hpp"

namespace pipewright::wb {
namespace {

using engine::Batch;
using engine::Calls;
using engine::Connection;
using engine::List;
using engine::Operation;
using engine::Outcome;
using engine::Outcomes;
using engine::Record;
using engine::Task;

enum class Target { confirm, complete, cancel };

std::optional<Target> target_of(const std::string& word) {
  if (word == "1" || word == "confirm") return Target::confirm;
  if (word == "2" || word == "complete") return Target::complete;
  if (word == "3" || word == "cancel") return Target::cancel;
  return std::nullopt;
}

const char* word_of(Target target) {
  return target == Target::confirm ? "confirm" : target == Target::complete ? "complete" : "cancel";
}

/// One item under way.
struct Item {
  std::size_t index;
  std::string id;
  Target target;
  Status status;
  engine::Delivery delivery;  ///< of earlier tries
};

struct Work {
  Batch batch;
  Outcomes outcomes;
  std::vector<bool> settled;

  explicit Work(Batch given) : batch(std::move(given)), outcomes(batch.size()), settled(batch.size(), false) {}

  void settle(std::size_t index, Outcome outcome) {
    outcomes[index] = std::move(outcome);
    settled[index] = true;
  }
  void fail(const std::vector<Item>& items, const Failure& failure) {
    for (const Item& item : items) {
      if (!settled[item.index]) settle(item.index, Outcome::failed(failure));
    }
  }
};

Outcome reached(const Item& item, bool changed, const std::string& from) {
  Outcome outcome;
  outcome.kind = changed ? Outcome::Kind::done : Outcome::Kind::unchanged;
  outcome.operation = changed ? "set" : "none";
  Record result;
  result.emplace_back("id", Value(item.id));
  result.emplace_back("status", Value(word_of(item.target)));
  outcome.result = Value(result);
  outcome.record = std::move(result);
  if (changed) {
    outcome.changes.push_back({"supplier_status", Value(from), Value(word_of(item.target))});
    outcome.summary = fmt::format("Wildberries {}: {} → {}", item.id, from, word_of(item.target));
  } else {
    outcome.summary = fmt::format("Wildberries {} is {} already", item.id, from);
  }
  return outcome;
}

// What can be said before any call changes anything.
std::vector<Item> readable_items(Work& work) {
  std::vector<Item> items;
  for (std::size_t i = 0; i < work.batch.size(); ++i) {
    const Operation& operation = work.batch[i];
    const Value& id = operation.field("id");
    if (id.is_null()) {
      Outcome skipped;
      skipped.kind = Outcome::Kind::skipped;
      skipped.reason = "`id` is null";
      work.settle(i, std::move(skipped));
      continue;
    }
    const std::string word = operation.field("status").id_text();
    const auto target = target_of(word);
    if (!target) {
      work.settle(i, Outcome::failed(permanent(fmt::format("the status `{}` cannot be set for an FBS order", word),
                                               "write 1 (confirm), 2 (complete) or 3 (cancel)")));
    } else if (!is_task_id(id.id_text())) {
      work.settle(i, Outcome::nothing());  // an order of another shop
    } else {
      items.push_back({i, id.id_text(), *target, {}, operation.delivery});
    }
  }
  return items;
}

// Already there, illegal, or still to do.
void judge(Work& work, std::vector<Item>& items, const Statuses& statuses) {
  std::vector<Item> open;
  for (Item& item : items) {
    const auto found = statuses.find(item.id);
    if (found == statuses.end()) {
      work.settle(item.index, Outcome::nothing());
      continue;
    }
    item.status = found->second;
    const std::string& now = item.status.supplier;
    const bool cancelled = is_cancelled(now, item.status.wb);
    const auto illegal = [&](const std::string& why) {
      work.settle(item.index,
                  Outcome::failed(permanent(fmt::format("Wildberries: order {} is {} ({}) and cannot become {}",
                                                        item.id, now, item.status.wb, word_of(item.target)),
                                            why)));
    };
    const bool there = item.target == Target::cancel    ? cancelled
                       : item.target == Target::confirm ? now == "confirm" || now == "complete"
                                                        : now == "complete";
    if (there && !(cancelled && item.target != Target::cancel)) {
      // A try before this one may be what moved it: then it was this event that wrote.
      work.settle(item.index,
                  reached(item, item.delivery == engine::Delivery::unknown && now == word_of(item.target), now));
    } else if (cancelled) {
      illegal("the order was cancelled: move the CRM order to a cancelled status");
    } else if (item.target == Target::cancel && item.status.cancellable && !*item.status.cancellable) {
      illegal("Wildberries says that it cannot be cancelled any more");
    } else if (now != "new" && now != "confirm" && !(now == "complete" && item.target == Target::cancel)) {
      illegal("move it in the seller's cabinet");
    } else {
      open.push_back(std::move(item));
    }
  }
  items = std::move(open);
}

Task<bool> cancel(Account& account, Work& work, Item item, Calls& calls) {
  Request request = account.send("PATCH", group::fbs_cancel, fmt::format("/api/v3/orders/{}/cancel", item.id), Value());
  request.write = true;
  request.items.push_back(item.index);
  request.predicted = Value();
  request.predicted_status = 204;
  const CallResult answer = co_await calls.send(std::move(request));
  if (auto failure = failure_of(answer))
    work.settle(item.index, Outcome::failed(std::move(*failure)));
  else
    work.settle(item.index, reached(item, true, item.status.supplier));
  co_return true;
}

// new → confirm: each group of tasks into its open supply. Which group a task belongs to stands in /orders/new.
Task<bool> confirm(Account& account, Work& work, std::vector<Item> items, Calls& calls) {
  Request request = account.get(group::fbs, "/api/v3/orders/new");
  const CallResult answer = co_await calls.send(std::move(request));
  const auto json = json_of(answer);
  if (!json) {
    work.fail(items, json.error());
    co_return false;
  }
  std::map<std::string, std::string> groups;
  const auto fresh = orders_of(*json);
  if (!fresh) {
    work.fail(items, fresh.error());
    co_return false;
  }
  for (const Value& task : *fresh) groups[id_of(task)] = group_of(task);
  std::map<std::string, std::vector<Item>> by_group;
  for (const Item& item : items) {
    const auto found = groups.find(item.id);
    if (found != groups.end()) {
      by_group[found->second].push_back(item);
      continue;
    }
    Failure moved;  // between two calls it left `new`: read its status again
    moved.reason = fmt::format("Wildberries: order {} is not among the new ones any more", item.id);
    moved.delivery = engine::Delivery::not_sent;
    work.settle(item.index, Outcome::failed(moved));
  }
  for (const auto& [name, members] : by_group) {
    std::vector<std::size_t> indexes;
    for (const Item& item : members) indexes.push_back(item.index);
    auto finding = supply_for(account, name, "", indexes, calls);
    const auto supply = co_await finding;
    if (!supply) {
      work.fail(members, supply.error());
      continue;
    }
    std::vector<std::string> ids;
    for (const Item& item : members) ids.push_back(item.id);
    auto adding = add_to_supply(account, *supply, ids, indexes, calls);
    const std::map<std::string, Failure> failures = co_await adding;
    for (const Item& item : members) {
      const auto failed = failures.find(item.id);
      if (failed != failures.end())
        work.settle(item.index, Outcome::failed(failed->second));
      else if (item.target == Target::confirm)
        work.settle(item.index, reached(item, true, item.status.supplier));
    }
  }
  co_return true;
}

// ---- complete
// ------------------------------------------------------------------------------------------------------------------------------

Task<std::optional<Failure>> ship(Account& account, std::string supply, std::vector<std::size_t> items, Calls& calls) {
  const std::string point = account.settings().text("shipping.point");
  const std::string type = account.settings().text("shipping.type");
  if (type.empty() && point.empty()) co_return std::nullopt;
  std::int64_t days = 0;
  const auto ahead = account.settings().values.find("shipping.days_ahead");
  if (ahead != account.settings().values.end() && ahead->second.number() != nullptr)
    days = ahead->second.number()->integer().value_or(0);
  const Instant day = calls.now() + std::chrono::hours(24 * days);
  Record entry;
  entry.emplace_back("supplyId", Value(supply));
  entry.emplace_back("shippingType", Value(type.empty() ? std::string("selfShipping") : type));
  entry.emplace_back("shippingDt", Value(date_text(date_in(day, account.settings().time_zone))));
  if (const auto number = Decimal::parse(point)) entry.emplace_back("shippingPointId", Value(*number));
  List data;
  data.emplace_back(std::move(entry));
  Record body;
  body.emplace_back("data", Value(std::move(data)));
  Request request =
      account.send("PATCH", group::fbs, "/api/marketplace/v3/fbs/supplies/shipping-method", Value(std::move(body)));
  request.write = true;
  request.items = std::move(items);
  Record predicted;
  predicted.emplace_back("results", Value(List{}));
  request.predicted = Value(std::move(predicted));
  const CallResult answer = co_await calls.send(std::move(request));
  const auto json = json_of(answer);
  if (!json) co_return json.error();
  const List* results = (*json)["results"].list();
  if (results == nullptr) co_return std::nullopt;
  for (const Value& result : *results) {
    const Value& error = result["error"];
    if (error.is_null()) continue;
    const std::string detail = error["detail"].display();
    if (detail == "SupplyAlreadyScanned") continue;  // on its way already
    co_return permanent(fmt::format("Wildberries: {} «the shipping parameters of supply {}»", detail, supply),
                        "check [connections." + account.name() + ".shipping] in pipewright.toml");
  }
  co_return std::nullopt;
}

Task<CallResult> deliver(Account& account, std::string supply, std::vector<std::size_t> items, Calls& calls) {
  Request request = account.send(
      "PATCH", group::fbs, fmt::format("/api/v3/supplies/{}/deliver", engine::http::percent_encoded(supply)), Value());
  request.write = true;
  request.items = std::move(items);
  request.predicted = Value();
  request.predicted_status = 204;
  co_return co_await calls.send(std::move(request));
}

// The tasks whose marking is missing or wrong, with what is.
std::map<std::string, std::string> marking_problems(const CallResult& answer) {
  std::map<std::string, std::string> problems;
  if (!answer || code_of(*answer) != "MetaValidationFail") return problems;
  const Result<Value> body = answer->json();
  const List* orders = body ? (*body)["data"]["orders"].list() : nullptr;
  if (orders == nullptr) return problems;
  for (const Value& order : *orders) {
    std::string text;
    if (const List* details = order["metaDetails"].list()) {
      for (const Value& detail : *details)
        text +=
            fmt::format("{}{}: {}", text.empty() ? "" : ", ", detail["key"].display(), detail["decision"].display());
    }
    problems[order["id"].id_text()] = text;
  }
  return problems;
}

Failure delivery_failure(Failure failure, const CallResult& answer) {
  const std::string code = answer ? code_of(*answer) : std::string();
  if (code == "SupplyShippingRequired" || code == "WaybillUUIDConflict") {
    failure.help = "add [connections.wb.shipping] to pipewright.toml: type, point, days_ahead";
  }
  return failure;
}

// Ships exactly `members`: whatever else is in the supply is moved to another one first.
Task<bool> deliver_supply(Account& account, Work& work, std::string supply, std::vector<Item> members,
                          std::vector<std::string> others, std::string name, Calls& calls) {
  const std::string rest_group = name.starts_with("pipewright ") ? name.substr(11) + " rest" : supply + " rest";
  std::vector<std::string> out = std::move(others);
  for (int attempt = 0; attempt < 2 && !members.empty(); ++attempt) {
    std::vector<std::size_t> indexes;
    for (const Item& item : members) indexes.push_back(item.index);
    if (!out.empty()) {
      auto finding = supply_for(account, rest_group, supply, indexes, calls);
      const auto rest = co_await finding;
      if (!rest) {
        work.fail(members, rest.error());
        co_return false;
      }
      auto moving = add_to_supply(account, *rest, out, indexes, calls);
      const std::map<std::string, Failure> failures = co_await moving;
      if (!failures.empty()) {
        work.fail(members, failures.begin()->second);
        co_return false;
      }
      out.clear();
    }
    auto shipping = ship(account, supply, indexes, calls);
    if (auto failure = co_await shipping) {
      work.fail(members, *failure);
      co_return false;
    }
    auto delivering = deliver(account, supply, indexes, calls);
    const CallResult answer = co_await delivering;
    auto failure = failure_of(answer);
    if (!failure) {
      for (const Item& item : members) work.settle(item.index, reached(item, true, item.status.supplier));
      co_return true;
    }
    // Some lack their marking: they park and step out, the others go.
    const std::map<std::string, std::string> problems = marking_problems(answer);
    std::vector<Item> good;
    for (const Item& item : members) {
      const auto problem = problems.find(item.id);
      if (problem == problems.end()) {
        good.push_back(item);
        continue;
      }
      work.settle(item.index,
                  Outcome::failed(permanent(fmt::format("Wildberries: MetaValidationFail «{}»", problem->second),
                                            "attach the marking in the seller's cabinet, then retry")));
      out.push_back(item.id);
    }
    if (good.size() == members.size()) {
      work.fail(members, delivery_failure(*failure, answer));
      co_return false;
    }
    members = std::move(good);
  }
  co_return true;
}

Task<bool> complete(Account& account, Work& work, std::vector<Item> items, Calls& calls) {
  auto reading = open_supplies(account, calls);
  const auto supplies = co_await reading;
  if (!supplies) {
    work.fail(items, supplies.error());
    co_return false;
  }
  std::map<std::string, std::vector<Item>> by_supply;
  for (const Item& item : items) {
    const auto found = supplies->by_order.find(item.id);
    if (found != supplies->by_order.end()) {
      by_supply[found->second].push_back(item);
      continue;
    }
    if (calls.dry() && item.status.supplier == "new") {  // its supply would have been made a moment ago
      by_supply["(new supply)"].push_back(item);
      continue;
    }
    Failure failure;
    failure.reason = fmt::format("Wildberries: order {} is in no open supply", item.id);
    failure.delivery = engine::Delivery::unknown;
    work.settle(item.index, Outcome::failed(failure));
  }
  for (const auto& [supply, members] : by_supply) {
    std::vector<std::string> others;
    const auto inside = supplies->orders.find(supply);
    if (inside != supplies->orders.end()) {
      for (const std::string& id : inside->second) {
        const bool wanted =
            std::any_of(members.begin(), members.end(), [&](const Item& item) { return item.id == id; });
        if (!wanted) others.push_back(id);
      }
    }
    const auto name = supplies->name.find(supply);
    auto delivering =
        deliver_supply(account, work, supply, members, others, name == supplies->name.end() ? "" : name->second, calls);
    co_await delivering;
  }
  co_return true;
}

Task<Outcomes> set_status(Connection& connection, Batch batch, Calls& calls) {
  auto& account = static_cast<Account&>(connection);
  Work work(std::move(batch));
  std::vector<Item> items = readable_items(work);
  std::vector<std::string> ids;
  for (const Item& item : items) ids.push_back(item.id);
  if (ids.empty()) co_return work.outcomes;
  auto asking = statuses_of(account, scheme::fbs, ids, calls);
  const auto statuses = co_await asking;
  if (!statuses) {
    Failure failure = statuses.error();
    failure.delivery = engine::Delivery::not_sent;  // nothing was written: only asked
    work.fail(items, failure);
    co_return work.outcomes;
  }
  judge(work, items, *statuses);
  for (const Item& item : items) {
    if (item.target != Target::cancel) continue;
    auto cancelling = cancel(account, work, item, calls);
    co_await cancelling;
  }
  std::vector<Item> fresh;
  for (const Item& item : items) {
    if (!work.settled[item.index] && item.status.supplier == "new") fresh.push_back(item);
  }
  if (!fresh.empty()) {
    auto confirming = confirm(account, work, fresh, calls);
    co_await confirming;
  }
  std::vector<Item> leaving;
  for (const Item& item : items) {
    if (!work.settled[item.index] && item.target == Target::complete) leaving.push_back(item);
  }
  if (!leaving.empty()) {
    auto completing = complete(account, work, leaving, calls);
    co_await completing;
  }
  co_return work.outcomes;
}

}  // namespace

engine::ActionNode fbs_status() {
  engine::ActionNode node;
  node.name = "wb.fbs.status";
  node.verbs = {{engine::Verb::set, engine::Repeat::keyed}};
  node.capacity = 1000;
  node.parallel = 1;  // batches would fight over supplies
  node.group = group::fbs;
  node.identity = [](const Operation& operation) { return operation.field("id").id_text(); };
  node.work = set_status;
  return node;
}

}  // namespace pipewright::wb
