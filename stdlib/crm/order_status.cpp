// crm.order.status set: where the orders stand is asked by the hundred, and only those are moved that stand elsewhere
// (api.md 5.1).
#include <fmt/format.h>

#include <map>

#include "engine/http/client.hpp"
#include "engine/json.hpp"
#include "stdlib/crm/orders.hpp"
#include "stdlib/crm/records.hpp"
#include "stdlib/crm/work.hpp"

namespace pipewright::crm {
namespace {

using engine::Repeat;
using engine::Verb;

struct Wish {
  std::size_t index = 0;
  bool by_id = false;
  std::string key;
  std::string status;
  Value standing;                  ///< {id, externalId, status}
  std::optional<Failure> refused;  ///< the CRM cannot be asked for this key
};

std::optional<Wish> wish_of(const Operation& operation, std::size_t index) {
  Wish wish;
  wish.index = index;
  wish.status = operation.field("status").id_text();
  const bool wants_id = engine::find_field(operation.key, "id") != nullptr;
  const Value& external_id = operation.field("external_id");
  const Value& id = operation.field("id");
  wish.by_id = wants_id || !present(external_id);
  const Value& key = wish.by_id ? id : external_id;
  if (!present(key) || key.is_clear()) return std::nullopt;
  wish.key = key.id_text();
  return wish;
}

Outcome skipped(const Operation& operation) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::skipped;
  const bool only_id =
      engine::find_field(operation.key, "id") != nullptr || engine::find_field(operation.written, "id") != nullptr;
  outcome.reason = only_id && engine::find_field(operation.written, "external_id") == nullptr ? "`id` is null"
                                                                                              : "`external_id` is null";
  return outcome;
}

Outcome standing(const Account& account, const Wish& wish, bool written_before) {
  Outcome outcome;
  outcome.kind = written_before ? Outcome::Kind::done : Outcome::Kind::unchanged;
  outcome.operation = written_before ? "set" : "none";
  outcome.result = order_record(account, wish.standing);
  if (written_before) outcome.record.emplace_back("status", Value(wish.status));
  outcome.summary = fmt::format("order {}: status {}{}", wish.standing["id"].id_text(), wish.status,
                                written_before ? ", set by an earlier try" : ", unchanged");
  return outcome;
}

// Asks where they stand. The response names no store: an external id that two stores have is asked for in the
// connection's one.
Task<std::optional<Failure>> learn_standings(Account& account, std::vector<Wish>& wishes, bool by_id, Calls& calls) {
  std::vector<std::string> keys;
  for (const Wish& wish : wishes) {
    const bool known = !wish.standing.is_null() || (by_id && !Decimal::parse(wish.key));
    if (wish.by_id == by_id && !known) keys.push_back(wish.key);
  }
  if (keys.empty()) co_return std::nullopt;
  auto asking = list_by(account, "orders/statuses", by_id ? "ids[]" : "externalIds[]", std::move(keys), Pairs(),
                        "orders", calls, false);
  const ListedBy found = co_await asking;
  if (!found) co_return found.error();
  std::map<std::string, std::vector<Value>> by_key;
  for (const Value& each : found->records) by_key[each[by_id ? "id" : "externalId"].id_text()].push_back(each);
  std::vector<std::string> doubles;
  for (Wish& wish : wishes) {
    if (wish.by_id != by_id || !wish.standing.is_null()) continue;
    const std::vector<Value>& own = by_key[wish.key];
    if (const auto refused = found->refused.find(wish.key); refused != found->refused.end())
      wish.refused = refused->second;
    else if (own.size() == 1)
      wish.standing = own.front();
    else if (own.size() > 1)
      doubles.push_back(wish.key);
  }
  if (doubles.empty()) co_return std::nullopt;
  auto listing =
      list_by(account, "orders", "filter[externalIds][]", doubles, site_filter(account.site()), "orders", calls);
  const ListedBy orders = co_await listing;
  if (!orders) co_return orders.error();
  for (Wish& wish : wishes) {
    std::vector<Value> own;
    for (const Value& each : orders->records) {
      if (each["externalId"].id_text() == wish.key) own.push_back(each);
    }
    if (!wish.by_id && wish.standing.is_null() && !own.empty()) wish.standing = *oldest(own);
    const auto refused = orders->refused.find(wish.key);
    if (!wish.by_id && wish.standing.is_null() && refused != orders->refused.end()) wish.refused = refused->second;
  }
  co_return std::nullopt;
}

Request move_request(const Account& account, const Wish& wish, const Operation& operation) {
  // An id with a slash does not survive in a path.
  const bool by_id = wish.by_id || wish.key.find('/') != std::string::npos;
  Record order;
  order.emplace_back("status", Value(wish.status));
  const Value& comment = operation.field("status_comment");
  if (comment.is_clear())
    order.emplace_back("statusComment", Value());
  else if (present(comment))
    order.emplace_back("statusComment", comment);
  Pairs form;
  form.emplace_back("by", by_id ? "id" : "externalId");
  if (!account.site().empty()) form.emplace_back("site", account.site());
  form.emplace_back("order", engine::write_json(Value(order)));
  Record after = *wish.standing.record();
  engine::set_field(after, "status", Value(wish.status));
  Record predicted;
  predicted.emplace_back("id", wish.standing["id"]);
  predicted.emplace_back("order", Value(std::move(after)));
  std::vector<std::size_t> indexes(1, wish.index);
  const std::string key = by_id ? wish.standing["id"].id_text() : wish.key;
  return account.post(fmt::format("orders/{}/edit", engine::http::percent_encoded(key)), form, std::move(indexes),
                      std::move(predicted));
}

Outcome moved(const Account& account, const Wish& wish, const Value& answer) {
  Value raw = answer["order"];
  Outcome outcome = Outcome::done("set");
  if (raw["id"].is_null()) {
    Record order = *wish.standing.record();
    engine::set_field(order, "status", Value(wish.status));
    raw = Value(std::move(order));
  }
  if (present(raw["status"]) && raw["status"].display() != wish.status)
    outcome.warnings.push_back(
        fmt::format("the CRM left the order at the status `{}`, not `{}`", raw["status"].display(), wish.status));
  outcome.result = order_record(account, raw);
  outcome.changes.push_back({"status", wish.standing["status"], Value(wish.status)});
  outcome.record.emplace_back(wish.by_id ? "id" : "external_id", Value(wish.key));
  outcome.record.emplace_back("status", Value(wish.status));
  outcome.summary = fmt::format("order {}: status {} → {}", wish.standing["id"].id_text(),
                                wish.standing["status"].display(), wish.status);
  return outcome;
}

Task<Outcome> move(Account& account, Wish wish, Operation operation, Calls& calls) {
  if (wish.refused) co_return Outcome::failed(*wish.refused);
  if (wish.standing.is_null()) co_return Outcome::nothing();
  if (wish.standing["status"].display() == wish.status)
    co_return standing(account, wish, operation.delivery == engine::Delivery::unknown);
  Request request = move_request(account, wish, operation);
  const CallResult answer = co_await calls.send(std::move(request));
  const auto json = json_of(answer, true);
  if (json) co_return moved(account, wish, *json);
  // Deleted meanwhile, or an order of another store with the same external id.
  if (answer && answer->status == 404 && json.error().kind == Failure::Kind::permanent) co_return Outcome::nothing();
  co_return Outcome::failed(json.error());
}

Task<Outcomes> set_statuses(engine::Connection& connection, Batch batch, Calls& calls) {
  auto& account = static_cast<Account&>(connection);
  Outcomes outcomes(batch.size());
  std::vector<Wish> wishes;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    auto wish = wish_of(batch[i], i);
    if (!wish) {
      outcomes[i] = skipped(batch[i]);
    } else if (!present(Value(wish->status))) {
      outcomes[i] = Outcome::failed(permanent("the status to set is null"));
    } else {
      if (batch[i].assumed && (*batch[i].assumed)["raw"].record() != nullptr)
        wish->standing = (*batch[i].assumed)["raw"];
      wishes.push_back(std::move(*wish));
    }
  }
  auto learning = learn_zone(account, calls);
  std::optional<Failure> failure = co_await learning;
  for (const bool by_id : {false, true}) {
    if (failure) break;
    auto asking = learn_standings(account, wishes, by_id, calls);
    failure = co_await asking;
  }
  for (const Wish& wish : wishes) {
    if (failure) {
      outcomes[wish.index] = Outcome::failed(*failure);
      continue;
    }
    auto moving = move(account, wish, batch[wish.index], calls);
    outcomes[wish.index] = co_await moving;
  }
  co_return outcomes;
}

std::string status_identity(const Operation& operation) {
  const auto wish = wish_of(operation, 0);
  return wish ? (wish->by_id ? "id=" : "external_id=") + wish->key : std::string();
}

}  // namespace

engine::ActionNode order_status_node() {
  engine::ActionNode node;
  node.name = "crm.order.status";
  node.verbs = {{Verb::set, Repeat::keyed}};
  node.capacity = 100;
  node.group = group;
  node.identity = status_identity;
  node.work = set_statuses;
  return node;
}

}  // namespace pipewright::crm
