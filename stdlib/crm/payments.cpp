#include "stdlib/crm/payments.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "engine/http/client.hpp"
#include "engine/json.hpp"
#include "stdlib/crm/records.hpp"

namespace pipewright::crm {
namespace {

std::string name_of(const Value& payment) {
  return payment["externalId"].is_null() ? payment["type"].display() : payment["externalId"].id_text();
}

/// The payment that is there, null when there is none; nothing when it is not clear which one is meant.
std::optional<Value> matched(const Value& wanted, const std::vector<Value>& there) {
  const bool by_id = !wanted["externalId"].is_null();
  std::vector<Value> found;
  for (const Value& each : there) {
    const bool same = by_id ? each["externalId"].id_text() == wanted["externalId"].id_text()
                            : each["type"].id_text() == wanted["type"].id_text();
    if (same) found.push_back(each);
  }
  if (found.size() > 1 || (found.empty() && !by_id)) return std::nullopt;
  return found.empty() ? Value() : found.front();
}

Request payment_request(const Work& work, const Item& item, const std::string& call, const char* by, Record payment,
                        Record predicted) {
  Pairs form;
  if (*by != '\0') form.emplace_back("by", by);
  const Value& site = item.existing["site"];
  if (site.text() != nullptr || !item.site.empty())
    form.emplace_back("site", site.text() != nullptr ? *site.text() : item.site);
  form.emplace_back("payment", engine::write_json(Value(std::move(payment))));
  std::vector<std::size_t> indexes(1, item.index);
  return work.account.post("orders/payments/" + call, form, std::move(indexes), std::move(predicted));
}

Request creation(const Work& work, const Item& item, const Value& wanted) {
  Record payment = *wanted.record();
  Record order;
  order.emplace_back("id", item.existing["id"]);
  payment.emplace_back("order", Value(std::move(order)));
  Record predicted;
  predicted.emplace_back("id", Value(engine::Placeholder{"(new payment)"}));
  return payment_request(work, item, "create", "", std::move(payment), std::move(predicted));
}

Request edit(const Work& work, const Item& item, const Value& there, Record differing) {
  const bool by_id = !there["id"].is_null();
  const std::string key = there[by_id ? "id" : "externalId"].id_text();
  Record predicted;
  predicted.emplace_back("id", there["id"]);
  return payment_request(work, item, engine::http::percent_encoded(key) + "/edit", by_id ? "id" : "externalId",
                         std::move(differing), std::move(predicted));
}

}  // namespace

Task<std::optional<Failure>> write_payments(Work& work, Item& item, Value wanted, std::vector<engine::Change>& changes,
                                            Calls& calls) {
  const std::vector<Value> there = elements_of(item.existing["payments"]);
  for (const Value& each : elements_of(wanted)) {
    const auto held = matched(each, there);
    if (!held) {
      item.warn(fmt::format("payment {} is not written: give it an `external_id`, by which it is known again",
                            name_of(each)));
      continue;
    }
    Record differing;
    std::vector<engine::Change> changed;
    for (const auto& [field, value] : *each.record()) {
      if (same_field_value(field, value, (*held)[field])) continue;
      differing.emplace_back(field, value);
      changed.push_back({fmt::format("payments.{}.{}", name_of(each), snake_case(field)), (*held)[field], value});
    }
    if (differing.empty()) continue;
    Request request = held->is_null() ? creation(work, item, each) : edit(work, item, *held, std::move(differing));
    const CallResult answer = co_await calls.send(std::move(request));
    if (auto failure = failure_of(answer, true)) co_return failure;
    changes.insert(changes.end(), changed.begin(), changed.end());
  }
  co_return std::nullopt;
}

}  // namespace pipewright::crm
