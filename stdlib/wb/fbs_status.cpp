// wb.fbs.status set: 1 confirm (into an open supply), 2 complete (its supply is delivered), 3 cancel (api.md 7, 12,
// 13).
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "stdlib/wb/fbs_work.hpp"
#include "stdlib/wb/schemes.hpp"
#include "stdlib/wb/supplies.hpp"

namespace pipewright::wb {

const char* word_of(Target target) {
  return target == Target::confirm ? "confirm" : target == Target::complete ? "complete" : "cancel";
}

void Work::settle(std::size_t index, engine::Outcome outcome) {
  outcomes[index] = std::move(outcome);
  settled[index] = true;
}

void Work::fail(const std::vector<Item>& items, const Failure& failure) {
  for (const Item& item : items) {
    if (!settled[item.index]) settle(item.index, engine::Outcome::failed(failure));
  }
}

std::vector<std::size_t> indexes_of(const std::vector<Item>& items) {
  std::vector<std::size_t> indexes;
  for (const Item& item : items) indexes.push_back(item.index);
  return indexes;
}

std::vector<std::string> ids_of(const std::vector<Item>& items) {
  std::vector<std::string> ids;
  for (const Item& item : items) ids.push_back(item.id);
  return ids;
}

engine::Outcome reached(const Item& item, bool changed, const std::string& from) {
  engine::Outcome outcome;
  outcome.kind = changed ? engine::Outcome::Kind::done : engine::Outcome::Kind::unchanged;
  outcome.operation = changed ? "set" : "none";
  engine::Record result;
  result.emplace_back("id", Value(item.id));
  result.emplace_back("status", Value(word_of(item.target)));
  outcome.result = Value(result);
  outcome.record = std::move(result);
  const bool by_earlier_try = changed && from == word_of(item.target);
  if (changed) {
    outcome.changes.push_back({"supplier_status", by_earlier_try ? Value() : Value(from), Value(word_of(item.target))});
    outcome.summary = by_earlier_try
                          ? fmt::format("Wildberries {}: {}, by an earlier try", item.id, word_of(item.target))
                          : fmt::format("Wildberries {}: {} → {}", item.id, from, word_of(item.target));
  } else {
    outcome.summary = fmt::format("Wildberries {}: {}, unchanged", item.id, from);
  }
  return outcome;
}

namespace {

std::optional<Target> target_of(const std::string& word) {
  if (word == "1" || word == "confirm") return Target::confirm;
  if (word == "2" || word == "complete") return Target::complete;
  if (word == "3" || word == "cancel") return Target::cancel;
  return std::nullopt;
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
    const bool final_word = item.target != Target::cancel && now == word_of(item.target);
    const auto illegal = [&](const std::string& why) {
      work.settle(item.index,
                  Outcome::failed(permanent(fmt::format("Wildberries: order {} is {} ({}) and cannot become {}",
                                                        item.id, now, item.status.wb, word_of(item.target)),
                                            why)));
    };
    const bool there = item.target == Target::cancel    ? cancelled
                       : item.target == Target::confirm ? now == "confirm" || now == "complete"
                                                        : now == "complete";
    if (there && (!cancelled || item.target == Target::cancel || final_word)) {
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
  if (auto failure = failure_without_answer(answer))
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
    const std::vector<std::size_t> indexes = indexes_of(members);
    auto finding = supply_for(account, name, std::set<std::string>(), indexes, calls);
    const auto supply = co_await finding;
    if (!supply) {
      work.fail(members, supply.error());
      continue;
    }
    const std::vector<std::string> ids = ids_of(members);
    auto adding = add_to_supply(account, *supply, ids, indexes, calls);
    const Added added = co_await adding;
    for (const Item& item : members) {
      const auto failed = added.failed.find(item.id);
      if (failed != added.failed.end())
        work.settle(item.index, Outcome::failed(failed->second));
      else if (item.target == Target::confirm)
        work.settle(item.index, reached(item, true, item.status.supplier));
    }
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
  std::vector<Item> fresh;
  for (const Item& item : items) {
    const bool advances = item.target != Target::cancel && item.status.supplier == "new";
    if (advances && !work.settled[item.index]) fresh.push_back(item);
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
  // One call each, and a rate of their own: last, so that nothing else waits for them.
  for (const Item& item : items) {
    if (item.target != Target::cancel) continue;
    auto cancelling = cancel(account, work, item, calls);
    co_await cancelling;
  }
  Failure forgotten;
  forgotten.reason = "Wildberries: nothing was said of the order";
  work.fail(items, forgotten);
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
