// Creating what is missing: fifty in a call, and one by one where a call gave no reason (api.md 2, 5.1, 7).
#include <fmt/format.h>

#include <map>
#include <utility>

#include "engine/http/client.hpp"
#include "engine/json.hpp"
#include "stdlib/crm/records.hpp"
#include "stdlib/crm/work.hpp"

namespace pipewright::crm {
namespace {

constexpr std::size_t most_uploaded = 50;

std::string external_id_of(const Item& item) {
  const Value* id = engine::find_field(item.body, "externalId");
  return id == nullptr ? std::string() : id->id_text();
}

// The object as the CRM would show it, as far as that can be known before.
Value predicted_object(const Work& work, const Item& item) {
  Record object = item.body;
  object.insert(object.begin(), {"id", Value(engine::Placeholder{work.entity.kind().placeholder})});
  if (!item.site.empty()) engine::set_field(object, "site", Value(item.site));
  if (work.entity.kind().one == "order" && engine::find_field(object, "status") == nullptr)
    object.emplace_back("status", Value("new"));
  return Value(std::move(object));
}

void settle_created(Work& work, Item& item, const Value& id, const Value& shown) {
  Value raw = shown;
  if (shown["id"].is_null()) {
    Record object = *predicted_object(work, item).record();
    engine::set_field(object, "id", id);
    raw = Value(std::move(object));
  }
  work.entity.shown(work, item, raw);
  Outcome outcome = Outcome::done("create");
  outcome.result = work.entity.record(work.account, raw);
  outcome.record = work.entity.written(work, item);
  outcome.summary = label_of(raw, work.entity.kind()) + " created";
  if (raw["id"].placeholder() != nullptr) outcome.summary = raw["id"].display() + " created";
  work.settle(item, std::move(outcome));
}

// ---- one
// -----------------------------------------------------------------------------------------------------------------------------

Request create_request(const Work& work, const Item& item) {
  const Kind& kind = work.entity.kind();
  Pairs form;
  if (!item.site.empty()) form.emplace_back("site", item.site);
  form.emplace_back(kind.one, engine::write_json(Value(item.body)));
  Record predicted;
  predicted.emplace_back("id", Value(engine::Placeholder{kind.placeholder}));
  predicted.emplace_back(kind.one, predicted_object(work, item));
  std::vector<std::size_t> indexes = work.on_behalf;
  if (indexes.empty()) indexes.push_back(item.index);
  return work.account.post(kind.path + "/create", form, std::move(indexes), std::move(predicted), 201);
}

// Whether the record is there now, under its external id or that of the one it was merged into.
Task<bool> appeared(Work& work, std::size_t at, Calls& calls) {
  Item& item = work.items[at];
  std::vector<std::size_t> alone(1, at);
  auto finding = find_again(work, std::move(alone), calls);
  co_await finding;
  if (!item.settled && item.existing.is_null() && work.entity.kind().one == "customer") {
    auto following =
        merged_into(work.account, work.entity.kind().path, external_id_of(item), "externalId", item.site, calls);
    auto other = co_await following;
    if (other)
      item.existing = std::move(*other);
    else
      work.fail(item, other.error());
  }
  co_return item.settled || !item.existing.is_null();
}

// A refusal may mean that the record is there by now: that is asked, whatever its words are, for they come in the
// account's language. "already exists" while nothing is there is tried once more, then it is the CRM's last word.
Task<bool> create_one(Work& work, std::size_t at, Calls& calls) {
  Item& item = work.items[at];
  for (int attempt = 0;; ++attempt) {
    Request request = create_request(work, item);
    const CallResult answer = co_await calls.send(std::move(request));
    const auto json = json_of(answer, true);
    if (json) {
      settle_created(work, item, (*json)["id"], (*json)[work.entity.kind().one]);
      co_return true;
    }
    if (answer && answer->status == 400 && json.error().kind == Failure::Kind::permanent &&
        !external_id_of(item).empty()) {
      // It was not there a moment ago: one that is there now and equal is ours (a transport may send twice).
      const engine::Delivery before = std::exchange(item.delivery, engine::Delivery::unknown);
      auto asking = appeared(work, at, calls);
      if (co_await asking) co_return true;
      item.delivery = before;
      if (attempt == 0 && already_exists(answer)) continue;
    }
    Failure failure = json.error();
    work.entity.refused(work, item, failure);
    work.fail(item, std::move(failure));
    co_return true;
  }
}

// ---- fifty
// ---------------------------------------------------------------------------------------------------------------------------

Request upload_request(const Work& work, const std::vector<std::size_t>& members) {
  const Kind& kind = work.entity.kind();
  List bodies;
  List uploaded;
  List objects;
  std::vector<std::size_t> indexes;
  for (const std::size_t i : members) {
    const Item& item = work.items[i];
    indexes.push_back(item.index);
    bodies.emplace_back(item.body);
    Record entry;
    entry.emplace_back("id", Value(engine::Placeholder{kind.placeholder}));
    entry.emplace_back("externalId", Value(external_id_of(item)));
    uploaded.emplace_back(std::move(entry));
    objects.push_back(predicted_object(work, item));
  }
  Pairs form;
  const std::string& site = work.items[members.front()].site;
  if (!site.empty()) form.emplace_back("site", site);
  form.emplace_back(kind.path, engine::write_json(Value(std::move(bodies))));
  Record predicted;
  predicted.emplace_back(kind.uploaded, Value(std::move(uploaded)));
  if (kind.one == "order") predicted.emplace_back(kind.path, Value(std::move(objects)));
  return work.account.post(kind.path + "/upload", form, std::move(indexes), std::move(predicted), 201);
}

// The CRM's ids by our external ids; entries without one count only when all were taken.
std::map<std::string, Value> saved_by(const Work& work, const std::vector<std::size_t>& members, const Value& body) {
  std::map<std::string, Value> saved;
  const std::vector<Value> uploaded = elements_of(body[work.entity.kind().uploaded]);
  for (std::size_t i = 0; i < uploaded.size(); ++i) {
    const Value& own = uploaded[i]["externalId"];
    if (!own.is_null())
      saved[own.id_text()] = uploaded[i]["id"];
    else if (uploaded.size() == members.size())
      saved[external_id_of(work.items[members[i]])] = uploaded[i]["id"];
  }
  return saved;
}

// A refusal of the whole upload that concerns its contents: each entry is asked alone then.
bool about_contents(const Failure& failure, const CallResult& answer) {
  return answer && failure.kind == Failure::Kind::permanent &&
         (answer->status == 400 || answer->status == 460 || answer->status < 300);
}

Task<bool> upload(Work& work, std::vector<std::size_t> members, Calls& calls) {
  Request request = upload_request(work, members);
  const CallResult answer = co_await calls.send(std::move(request));
  const auto failure = failure_of(answer, true);
  if (failure && !about_contents(*failure, answer)) {
    for (const std::size_t i : members) work.fail(work.items[i], *failure);
    co_return true;
  }
  const Value body = *answer->json();
  const std::map<std::string, Value> saved = saved_by(work, members, body);
  std::map<std::string, Value> shown;
  for (const Value& each : elements_of(body[work.entity.kind().path])) shown[each["externalId"].id_text()] = each;
  std::vector<std::size_t> rest;
  for (const std::size_t i : members) {
    Item& item = work.items[i];
    const auto found = saved.find(external_id_of(item));
    if (found == saved.end())
      rest.push_back(i);
    else
      settle_created(work, item, found->second, shown[found->first]);
  }
  if (rest.empty()) co_return true;
  // Some may have been saved without being named: whoever is there now and equal was made by this call.
  for (const std::size_t i : rest) work.items[i].delivery = engine::Delivery::unknown;
  auto finding = find_again(work, rest, calls);
  co_await finding;
  for (const std::size_t i : rest) {
    if (work.items[i].settled || !work.items[i].existing.is_null()) continue;
    auto creating = create_one(work, i, calls);
    co_await creating;
  }
  co_return true;
}

}  // namespace

Task<bool> create_items(Work& work, std::vector<std::size_t> items, Calls& calls) {
  std::map<std::string, std::vector<std::size_t>> by_site;
  std::vector<std::size_t> alone;
  for (const std::size_t i : items) {
    Item& item = work.items[i];
    item.body = work.entity.creation(work, item);
    if (item.settled) continue;
    if (external_id_of(item).empty())
      alone.push_back(i);
    else
      by_site[item.site].push_back(i);
  }
  for (const auto& [site, members] : by_site) {
    for (std::size_t from = 0; from < members.size(); from += most_uploaded) {
      const std::size_t to = std::min(members.size(), from + most_uploaded);
      std::vector<std::size_t> part(members.begin() + static_cast<std::ptrdiff_t>(from),
                                    members.begin() + static_cast<std::ptrdiff_t>(to));
      if (part.size() == 1) {
        alone.push_back(part.front());  // its refusal names the reason at once
        continue;
      }
      auto uploading = upload(work, std::move(part), calls);
      co_await uploading;
    }
  }
  // Who is found by no id may be who was made a moment ago, by another spelling of the key.
  std::vector<std::size_t> made;
  for (const std::size_t i : alone) {
    if (choose_among(work, i, made)) continue;
    auto creating = create_one(work, i, calls);
    co_await creating;
    if (external_id_of(work.items[i]).empty()) made.push_back(i);
  }
  co_return true;
}

}  // namespace pipewright::crm
