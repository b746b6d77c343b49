// wb.dbs.status set: confirm, deliver, receive, reject, cancel; a thousand tasks in a call, each with an answer of its
// own (api.md 8, 12).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "engine/json.hpp"
#include "stdlib/wb/schemes.hpp"

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

// Words of the target; v2's numbers stand for them (api.md 13: 2 has no step of its own in DBS and means deliver).
std::optional<std::string> target_of(const std::string& word) {
  static const std::map<std::string, std::string> targets = {{"1", "confirm"}, {"2", "deliver"}, {"5", "deliver"},
                                                             {"6", "receive"}, {"7", "reject"},  {"3", "cancel"}};
  if (const auto found = targets.find(word); found != targets.end()) return found->second;
  for (const auto& [number, name] : targets) {
    if (name == word) return name;
  }
  return word == "complete" ? std::optional<std::string>("deliver") : std::nullopt;
}

/// The steps from a status to a target; nothing: illegal. Empty: there already.
std::optional<std::vector<std::string>> way(const std::string& from, const std::string& to) {
  if (from == to) return std::vector<std::string>{};
  if (to == "cancel") {
    if (from == "new" || from == "confirm") return std::vector<std::string>{"cancel"};
    return std::nullopt;
  }
  static const std::array<std::string, 3> line = {"new", "confirm", "deliver"};
  const auto at = std::find(line.begin(), line.end(), from);
  if (at == line.end())
    return from == "receive" && (to == "confirm" || to == "deliver") ? std::optional(std::vector<std::string>{})
                                                                     : std::nullopt;
  const auto end = std::find(line.begin(), line.end(), to);
  std::vector<std::string> steps;
  if (end != line.end()) {
    for (auto step = at; step < end; ++step) steps.push_back(*(step + 1));
    return steps;  // nothing to do when it is past the target already
  }
  for (auto step = at + 1; step < line.end(); ++step) steps.push_back(*step);
  steps.push_back(to);
  return steps;
}

struct Item {
  std::size_t index;
  std::string id;
  std::string target;
  std::string from;
  std::string now;
  std::vector<std::string> steps;
  Value code;
};

Outcome reached(const Item& item, bool changed) {
  Outcome outcome;
  outcome.kind = changed ? Outcome::Kind::done : Outcome::Kind::unchanged;
  outcome.operation = changed ? "set" : "none";
  Record result;
  result.emplace_back("id", Value(item.id));
  result.emplace_back("status", Value(item.target));
  outcome.result = Value(result);
  outcome.record = std::move(result);
  if (changed) outcome.changes.push_back({"supplier_status", Value(item.from), Value(item.target)});
  outcome.summary = changed ? fmt::format("Wildberries {}: {} → {}", item.id, item.from, item.target)
                            : fmt::format("Wildberries {} is {} already", item.id, item.from);
  return outcome;
}

Value body_of(const std::string& step, const std::vector<Item*>& items) {
  Record body;
  List list;
  if (step == "receive" || step == "reject") {
    for (const Item* item : items) {
      Record entry;
      entry.emplace_back("orderId", Value(*Decimal::parse(item->id)));
      if (!item->code.is_null()) entry.emplace_back("code", item->code);
      list.emplace_back(std::move(entry));
    }
    body.emplace_back("orders", Value(std::move(list)));
  } else {
    for (const Item* item : items) list.emplace_back(*Decimal::parse(item->id));
    body.emplace_back("ordersIds", Value(std::move(list)));
  }
  return Value(std::move(body));
}

std::vector<Value> results_of(const Value& json) {
  const List* results = json["results"].list();
  return results == nullptr ? std::vector<Value>() : *results;
}

// A 200 that is no success: what each item's own answer says.
std::map<std::string, std::string> item_errors(const Value& json) {
  std::map<std::string, std::string> errors;
  for (const Value& result : results_of(json)) {
    const bool* is_error = result["isError"].boolean();
    if (is_error == nullptr || !*is_error) continue;
    std::string text;
    if (const List* details = result["errors"].list()) {
      for (const Value& detail : *details)
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", detail["code"].id_text(), detail["detail"].display());
    }
    errors[result["orderId"].id_text()] = text.empty() ? "refused" : text;
  }
  return errors;
}

// One step for all that stand before it. Items that were refused are read again: they may stand at the wanted status.
Task<bool> take_step(Account& account, std::string step, std::vector<Item*> items, Outcomes& outcomes,
                     std::vector<bool>& settled, Calls& calls) {
  Request request = account.send("POST", "marketplace.dbs_" + step, "/api/marketplace/v3/dbs/orders/status/" + step,
                                 body_of(step, items));
  request.write = true;
  for (const Item* item : items) request.items.push_back(item->index);
  Record predicted;
  predicted.emplace_back("results", Value(List{}));
  request.predicted = Value(std::move(predicted));
  const CallResult answer = co_await calls.send(std::move(request));
  const auto json = json_of(answer);
  if (!json) {
    for (const Item* item : items) {
      outcomes[item->index] = Outcome::failed(json.error());
      settled[item->index] = true;
    }
    co_return false;
  }
  const std::map<std::string, std::string> errors = item_errors(*json);
  std::set<std::string> named;
  for (const Value& result : results_of(*json)) named.insert(result["orderId"].id_text());
  tl::expected<Statuses, Failure> statuses = Statuses();
  if (!errors.empty()) {
    std::vector<std::string> ids;
    for (const auto& [id, text] : errors) ids.push_back(id);
    auto asking = statuses_of(account, scheme::dbs, ids, calls);
    statuses = co_await asking;
  }
  for (Item* item : items) {
    const auto error = errors.find(item->id);
    if (error == errors.end() && (calls.dry() || named.contains(item->id))) {
      item->now = step;
      continue;
    }
    if (error == errors.end()) {  // success that is said of others only: the next try asks where it stands
      Failure unsaid;
      unsaid.reason = fmt::format("Wildberries: the answer to {} says nothing of order {}", step, item->id);
      unsaid.maybe_done = true;
      outcomes[item->index] = Outcome::failed(unsaid);
      settled[item->index] = true;
      continue;
    }
    settled[item->index] = true;
    if (!statuses) {  // where it stands is not known: the next try asks
      Failure unread = statuses.error();
      unread.maybe_done = item->now != item->from;  // the refused step was not taken, an earlier one may have been
      outcomes[item->index] = Outcome::failed(std::move(unread));
      continue;
    }
    const auto found = statuses->find(item->id);
    if (found != statuses->end() && found->second.supplier == item->target) {
      const bool written = item->now != item->from;  // by an earlier step, somebody else took the last one
      if (!written) item->from = found->second.supplier;
      outcomes[item->index] = reached(*item, written);
    } else {
      const std::string stands = found == statuses->end() ? item->now : found->second.supplier;
      outcomes[item->index] = Outcome::failed(permanent(
          fmt::format("Wildberries: {} «order {} is {} and cannot become {}»", error->second, item->id, stands, step)));
    }
  }
  co_return true;
}

Task<Outcomes> set_status(Connection& connection, Batch batch, Calls& calls) {
  auto& account = static_cast<Account&>(connection);
  Outcomes outcomes(batch.size());
  std::vector<bool> settled(batch.size(), false);
  const auto settle = [&](std::size_t index, Outcome outcome) {
    outcomes[index] = std::move(outcome);
    settled[index] = true;
  };
  std::vector<Item> items;
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const Value& id = batch[i].field("id");
    const std::string word = batch[i].field("status").id_text();
    const auto target = target_of(word);
    if (id.is_null()) {
      Outcome skipped;
      skipped.kind = Outcome::Kind::skipped;
      skipped.reason = "`id` is null";
      settle(i, std::move(skipped));
    } else if (!target) {
      settle(i, Outcome::failed(permanent(fmt::format("the status `{}` cannot be set for a DBS order", word),
                                          "write 1 (confirm), 5 (deliver), 6 (receive), 7 (reject) or 3 (cancel)")));
    } else if (!is_task_id(id.id_text())) {
      settle(i, Outcome::nothing());
    } else {
      items.push_back({i, id.id_text(), *target, "", "", {}, batch[i].field("code")});
      ids.push_back(id.id_text());
    }
  }
  if (items.empty()) co_return outcomes;
  auto asking = statuses_of(account, scheme::dbs, ids, calls);
  const auto statuses = co_await asking;
  if (!statuses) {
    Failure failure = statuses.error();
    failure.maybe_done = false;
    for (const Item& item : items) settle(item.index, Outcome::failed(failure));
    co_return outcomes;
  }
  for (Item& item : items) {
    const auto found = statuses->find(item.id);
    if (found == statuses->end()) {
      settle(item.index, Outcome::nothing());
      continue;
    }
    item.from = item.now = found->second.supplier;
    const bool cancelled = is_cancelled(found->second.supplier, found->second.wb);
    const auto steps = cancelled && item.target == "cancel" ? std::optional(std::vector<std::string>{})
                       : cancelled                          ? std::nullopt
                                                            : way(item.from, item.target);
    if (!steps) {
      settle(item.index, Outcome::failed(permanent(fmt::format("Wildberries: order {} is {} ({}) and cannot become {}",
                                                               item.id, item.from, found->second.wb, item.target))));
    } else if (steps->empty()) {
      settle(item.index, reached(item, batch[item.index].possibly_sent && item.from == item.target));
    } else {
      item.steps = *steps;
    }
  }
  for (const std::string step : {"cancel", "confirm", "deliver", "receive", "reject"}) {
    std::vector<Item*> taking;
    for (Item& item : items) {
      if (!settled[item.index] && std::find(item.steps.begin(), item.steps.end(), step) != item.steps.end())
        taking.push_back(&item);
    }
    if (taking.empty()) continue;
    auto stepping = take_step(account, step, taking, outcomes, settled, calls);
    co_await stepping;
  }
  for (const Item& item : items) {
    if (!settled[item.index]) settle(item.index, reached(item, true));
  }
  co_return outcomes;
}

}  // namespace

engine::ActionNode dbs_status() {
  engine::ActionNode node;
  node.name = "wb.dbs.status";
  node.verbs = {{engine::Verb::set, engine::Repeat::keyed}};
  node.capacity = 1000;
  node.parallel = 1;
  node.group = group::dbs;
  node.identity = [](const Operation& operation) { return operation.field("id").id_text(); };
  node.work = set_status;
  return node;
}

}  // namespace pipewright::wb
