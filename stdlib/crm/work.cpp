#include "stdlib/crm/work.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "engine/http/client.hpp"
#include "engine/json.hpp"

namespace pipewright::crm {
namespace {

using engine::Verb;

std::string changed_names(const std::vector<engine::Change>& changes) {
  std::vector<std::string> names;
  for (const engine::Change& each : changes) names.push_back(each.field);
  return join(names, ", ");
}

std::string update_summary(const Work& work, const Item& item, const std::vector<engine::Change>& changes) {
  const std::string label = label_of(item.existing, work.entity.kind());
  if (changes.size() == 1 && changes.front().field == "status") {
    return fmt::format("{}: status {} → {}", label, changes.front().before.display(), changes.front().after.display());
  }
  return fmt::format("{} changed: {}", label, changed_names(changes));
}

Outcome standing(const Work& work, const Item& item) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::unchanged;
  outcome.result = work.entity.record(work.account, item.existing);
  outcome.summary = label_of(item.existing, work.entity.kind()) + " unchanged";
  return outcome;
}

// An earlier try of this very event made it so.
Outcome made_before(const Work& work, const Item& item, const char* operation) {
  Outcome outcome = standing(work, item);
  outcome.kind = Outcome::Kind::done;
  outcome.operation = operation;
  outcome.record = work.entity.written(work, item);
  outcome.summary = fmt::format("{} was {} by an earlier try", label_of(item.existing, work.entity.kind()),
                                std::string_view(operation) == "create" ? "created" : "changed");
  return outcome;
}

// What needs no write at all; true: settled.
bool settle_early(Work& work, Item& item) {
  const Operation& operation = work.operation(item);
  const Kind& kind = work.entity.kind();
  const bool there = !item.existing.is_null();
  if (operation.verb == Verb::find) {
    Outcome outcome = there ? standing(work, item) : Outcome::nothing();
    if (there) {
      outcome.kind = Outcome::Kind::found;
      outcome.summary = label_of(item.existing, kind) + " found";
    }
    work.settle(item, std::move(outcome));
  } else if (!there && operation.verb == Verb::update) {
    work.settle(item, Outcome::nothing());
  } else if (!there && engine::find_field(operation.key, "id") != nullptr) {
    work.fail(item, permanent(fmt::format("there is no {} with the id {}, and the CRM gives ids itself", kind.noun,
                                          operation.field("id").id_text()),
                              "write `by external_id`"));
  } else if (there && item.delivery == engine::Delivery::not_sent && operation.verb == Verb::ensure) {
    work.settle(item, standing(work, item));
  } else if (there && item.delivery == engine::Delivery::not_sent && operation.verb == Verb::create) {
    work.fail(item, permanent(fmt::format("retailCRM: {} already exists", label_of(item.existing, kind)),
                              "write `upsert` or `ensure` instead of `create`"));
  }
  return item.settled;
}

Request edit_request(const Work& work, const Item& item, const Edit& edit) {
  const Kind& kind = work.entity.kind();
  const Value& there = item.existing;
  const bool by_id = there["id"].placeholder() == nullptr || there["externalId"].is_null();
  const std::string key = by_id ? there["id"].id_text() : there["externalId"].id_text();
  const std::string site = there["site"].text() != nullptr ? *there["site"].text() : item.site;
  Pairs form;
  form.emplace_back("by", by_id ? "id" : "externalId");
  if (!site.empty()) form.emplace_back("site", site);
  form.emplace_back(kind.one, engine::write_json(Value(edit.body)));
  Record predicted;
  predicted.emplace_back("id", there["id"]);
  predicted.emplace_back(kind.one, Value(edit.after));
  std::vector<std::size_t> indexes(1, item.index);
  return work.account.post(fmt::format("{}/{}/edit", kind.path, engine::http::percent_encoded(key)), form,
                           std::move(indexes), std::move(predicted));
}

// An address may come back in the CRM's own words: written again it would be an edit each time.
void note_wording(Account& account, const Value& written, const Value& shown) {
  constexpr std::size_t most = 10'000;
  const std::string* wanted = address_text(written).text();
  const std::string* kept = address_text(shown).text();
  if (wanted == nullptr || kept == nullptr || trimmed(*wanted) == trimmed(*kept)) return;
  if (account.reworded.size() >= most) account.reworded.clear();
  account.reworded[*wanted] = *kept;
}

void settle_edited(Work& work, Item& item, Edit edit, const Value& answer) {
  const Value& shown = answer[work.entity.kind().one];
  const Value raw = shown["id"].is_null() ? Value(edit.after) : shown;
  if (!shown["id"].is_null()) {
    work.entity.shown(work, item, shown);
    note_wording(work.account, Value(edit.body), shown);
  }
  const Value* status = engine::find_field(edit.body, "status");
  if (status != nullptr && !raw["status"].is_null() && !same_value(*status, raw["status"])) {
    item.warn(
        fmt::format("the CRM left the order at the status `{}`, not `{}`", raw["status"].display(), status->display()));
  }
  Outcome outcome = Outcome::done("update");
  outcome.result = work.entity.record(work.account, raw);
  outcome.record = editable(work.operation(item), work.operation(item).written);
  for (const auto& [name, value] : work.operation(item).key) engine::set_field(outcome.record, name, value);
  outcome.summary = update_summary(work, item, edit.changes);
  outcome.changes = std::move(edit.changes);
  work.settle(item, std::move(outcome));
}

// True: done, and `shown` is what the CRM answered. Else it has failed, or `existing` is the one it was merged into.
Task<bool> send_edit(Work& work, std::size_t at, const Edit& edit, Value& shown, Calls& calls) {
  Item& item = work.items[at];
  Request request = edit_request(work, item, edit);
  const CallResult answer = co_await calls.send(std::move(request));
  auto json = json_of(answer, true);
  if (json) {
    shown = std::move(*json);
    co_return true;
  }
  Failure failure = json.error();
  if (const Value merged = combined_to(answer); !merged.is_null()) {
    auto following = merged_into(work.account, work.entity.kind().path, merged.id_text(), "id", item.site, calls);
    auto other = co_await following;
    if (other && !other->is_null()) {
      item.existing = std::move(*other);
      co_return false;
    }
    if (!other) failure = other.error();
  }
  work.entity.refused(work, item, failure);
  work.fail(item, std::move(failure));
  co_return false;
}

// Compares what is there with what is wanted, and sends what differs.
Task<bool> finish_existing(Work& work, std::size_t at, Calls& calls) {
  Item& item = work.items[at];
  const Operation& operation = work.operation(item);
  for (int hop = 0; hop < 3 && !item.settled; ++hop) {
    const bool creates = operation.verb != Verb::update;
    if (creates && item.delivery == engine::Delivery::unknown) {
      const std::vector<std::string> warnings = item.warnings;
      if (work.entity.edit(work, item, editable(operation, operation.whole())).empty()) {
        std::vector<engine::Change> changes;  // what the try before did not come to
        auto writing = work.entity.write_parts(work, item, editable(operation, operation.written), changes, calls);
        if (auto failure = co_await writing)
          work.fail(item, std::move(*failure));
        else
          work.settle(item, made_before(work, item, "create"));
        co_return true;
      }
      item.warnings = warnings;
    }
    if (operation.verb == Verb::ensure || operation.verb == Verb::create) {
      item.delivery = engine::Delivery::not_sent;
      settle_early(work, item);
      co_return true;
    }
    const Record fields = editable(operation, operation.written);
    Edit edit = work.entity.edit(work, item, fields);
    if (item.settled) co_return true;
    Value answer;
    if (!edit.empty()) {
      auto sending = send_edit(work, at, edit, answer, calls);
      const bool done = co_await sending;
      if (item.settled) co_return true;
      if (!done) continue;  // it was merged into another one, which is compared now
    }
    auto writing = work.entity.write_parts(work, item, fields, edit.changes, calls);
    if (auto failure = co_await writing)
      work.fail(item, std::move(*failure));
    else if (!edit.changes.empty())
      settle_edited(work, item, std::move(edit), answer);
    else
      work.settle(item, item.delivery == engine::Delivery::unknown && !fields.empty()
                            ? made_before(work, item, "update")
                            : standing(work, item));
  }
  if (!item.settled) work.fail(item, permanent("retailCRM: the customer was merged again and again"));
  co_return true;
}

bool is_null_key(const Operation& operation) {
  if (operation.key.empty()) return true;
  for (const auto& [name, value] : operation.key) {
    if (!present(value) || value.is_clear()) return true;
  }
  return false;
}

void settle_null_keys(Work& work) {
  for (Item& item : work.items) {
    const Operation& operation = work.operation(item);
    if (!is_null_key(operation)) continue;
    std::vector<std::string> names;
    for (const auto& [name, value] : operation.key) names.push_back(name);
    if (operation.verb == Verb::find || operation.verb == Verb::update)
      work.settle(item, Outcome::nothing());
    else
      work.fail(item,
                permanent(fmt::format("the key `{}` is null", join(names, "`, `")), "give another value with `??`"));
  }
}

void fail_all(Work& work, const Failure& failure) {
  for (Item& item : work.items) {
    if (!item.settled) work.fail(item, failure);
  }
}

}  // namespace

Work::Work(Account& of, Entity& kind, Batch given)
    : account(of), entity(kind), batch(std::move(given)), outcomes(batch.size()) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const Value& site = batch[i].field("site");
    Item item;
    item.index = i;
    item.site = present(site) ? site.id_text() : account.site();
    item.delivery = batch[i].delivery;
    items.push_back(std::move(item));
  }
}

void Work::settle(Item& item, Outcome outcome) {
  outcome.warnings.insert(outcome.warnings.end(), item.warnings.begin(), item.warnings.end());
  outcomes[item.index] = std::move(outcome);
  item.settled = true;
}

void Work::fail(Item& item, Failure failure) {
  if (failure.kind != Failure::Kind::permanent && item.delivery == engine::Delivery::unknown)
    failure.delivery = engine::Delivery::unknown;
  settle(item, Outcome::failed(std::move(failure)));
}

std::string label_of(const Value& raw, const Kind& kind) {
  return fmt::format("{} {}", kind.noun, raw["id"].id_text());
}

Record editable(const Operation& operation, const Record& fields) {
  Record kept;
  for (const auto& [name, value] : fields) {
    const bool key = engine::find_field(operation.key, name) != nullptr && name != "phones";
    if (!key && name != "id" && name != "site" && present(value)) kept.emplace_back(name, value);
  }
  return kept;
}

namespace {

// Equal for what is compared as equal: phones by their digits, names and e-mails folded.
std::string key_text(const std::string& name, const Value& value) {
  if (name == "phones") {
    std::vector<std::string> phones;
    for (const Value& each : value.list() != nullptr ? *value.list() : List(1, value))
      phones.push_back(phone_key(each.id_text()));
    std::sort(phones.begin(), phones.end());
    return join(phones, ",");
  }
  const std::string text = value.list() != nullptr ? engine::write_json(value) : value.id_text();
  return name == "first_name" || name == "email" ? folded_name(text) : text;
}

}  // namespace

std::string identity_of(const Operation& operation) {
  std::string identity;
  for (const auto& [name, value] : operation.key) {
    if (!present(value)) return {};
    identity += name + "=" + key_text(name, value) + "\x1f";
  }
  return identity.empty() ? identity : identity + operation.field("site").id_text();
}

Task<Outcomes> perform(Account& account, Entity& entity, Batch batch, Calls& calls) {
  Work work(account, entity, std::move(batch));
  auto learning = learn_zone(account, calls);
  if (auto failure = co_await learning) {
    fail_all(work, *failure);
    co_return std::move(work.outcomes);
  }
  settle_null_keys(work);
  auto finding = find_existing(work, calls);
  co_await finding;
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < work.items.size(); ++i) {
    if (!work.items[i].settled && !settle_early(work, work.items[i])) open.push_back(i);
  }
  auto preparing = entity.prepare(work, open, calls);
  co_await preparing;
  std::vector<std::size_t> fresh;
  for (const std::size_t i : open) {
    if (!work.items[i].settled && work.items[i].existing.is_null()) fresh.push_back(i);
  }
  auto creating = create_items(work, std::move(fresh), calls);
  co_await creating;
  for (const std::size_t i : open) {
    if (work.items[i].settled) continue;
    auto finishing = finish_existing(work, i, calls);
    co_await finishing;
  }
  co_return std::move(work.outcomes);
}

}  // namespace pipewright::crm
