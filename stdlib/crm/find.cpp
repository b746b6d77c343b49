// Finding clients and orders by the keys of `by` (api.md 5.2, 7).
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "engine/http/client.hpp"
#include "stdlib/crm/records.hpp"
#include "stdlib/crm/work.hpp"

namespace pipewright::crm {
namespace {

struct Batched {
  const char* key;
  const char* parameter;
};
constexpr Batched batched[] = {
    {"id", "filter[ids][]"}, {"external_id", "filter[externalIds][]"}, {"number", "filter[numbers][]"}};
constexpr const char* searched[] = {"email", "phones", "first_name"};

std::string full_name(const Value& last, const Value& first, const Value& patronymic) {
  return folded_name(fmt::format("{} {} {}", last.display(), first.display(), patronymic.display()));
}

// How well a name fits: 0 exactly, 1 with case, quotes and spaces aside, 2 the first name alone; nothing: not at all.
std::optional<int> name_rank(const Value& raw, const Operation& operation, const std::string& name) {
  const Value& last = operation.field("last_name");
  const Value& patronymic = operation.field("patronymic");
  const std::string wanted = full_name(last, Value(name), patronymic);
  const std::string held = full_name(raw["lastName"], raw["firstName"], raw["patronymic"]);
  if (wanted == held) return raw["firstName"].display() == name ? 0 : 1;
  const bool first = folded_name(raw["firstName"].display()) == folded_name(name);
  const bool last_fits = !present(last) || !present(raw["lastName"]) ||
                         folded_name(raw["lastName"].display()) == folded_name(last.display());
  return first && last_fits ? std::optional(2) : std::nullopt;
}

std::vector<std::string> wanted_phones(const Value& value) {
  std::vector<std::string> phones;
  for (const Value& each : value.list() != nullptr ? *value.list() : List(1, value)) {
    if (!trimmed(each.id_text()).empty()) phones.push_back(each.id_text());
  }
  return phones;
}

std::optional<int> key_rank(const Value& raw, const Operation& operation, const std::string& key, const Value& value) {
  const auto fits = [](bool holds) { return holds ? std::optional(0) : std::nullopt; };
  if (key == "first_name") return name_rank(raw, operation, value.id_text());
  if (key == "email") return fits(folded_name(raw["email"].display()) == folded_name(value.id_text()));
  if (key == "phones") {
    const std::vector<std::string> held = phones_of(raw);
    const std::vector<std::string> wanted = wanted_phones(value);
    return fits(std::any_of(wanted.begin(), wanted.end(), [&](const std::string& phone) {
      return std::any_of(held.begin(), held.end(), [&](const std::string& each) { return same_phone(each, phone); });
    }));
  }
  return fits(raw[camel_case(key)].id_text() == value.id_text());
}

// Only those that fit every key and the store; of them the best, of these the oldest.
void choose(Work& work, Item& item, const std::vector<Value>& candidates) {
  const Operation& operation = work.operation(item);
  std::vector<Value> best;
  int best_rank = 100;
  for (const Value& each : candidates) {
    const bool other_site = !item.site.empty() && each["site"].text() != nullptr && *each["site"].text() != item.site;
    int rank = 0;
    bool fits = !other_site;
    for (const auto& [key, value] : operation.key) {
      const auto own = fits ? key_rank(each, operation, key, value) : std::nullopt;
      fits = own.has_value();
      rank += own.value_or(0);
    }
    if (!fits || rank > best_rank) continue;
    if (rank < best_rank) best.clear();
    best_rank = rank;
    const bool known =
        std::any_of(best.begin(), best.end(), [&](const Value& held) { return held["id"] == each["id"]; });
    if (!known) best.push_back(each);
  }
  if (best.empty()) return;
  item.existing = *oldest(best);
  if (best.size() > 1) {
    item.warn(fmt::format("{} {}s match {} `{}`: the oldest one, {}, is taken", best.size(), work.entity.kind().noun,
                          operation.key.front().first, operation.key.front().second.display(),
                          item.existing["id"].id_text()));
  }
}

// Which key is asked for: ids first, searches last.
const std::pair<std::string, Value>* asked_key(const Operation& operation) {
  const auto named = [&](const char* name) -> const std::pair<std::string, Value>* {
    for (const auto& each : operation.key) {
      if (each.first == name) return &each;
    }
    return nullptr;
  };
  for (const Batched& each : batched) {
    if (const auto* found = named(each.key)) return found;
  }
  for (const char* each : searched) {
    if (const auto* found = named(each)) return found;
  }
  return nullptr;
}

Task<bool> find_batched(Work& work, std::string key, std::string parameter, std::vector<std::size_t> items,
                        Calls& calls) {
  std::map<std::string, std::vector<std::size_t>> by_site;
  for (const std::size_t i : items) by_site[work.items[i].site].push_back(i);
  for (const auto& [site, members] : by_site) {
    std::vector<std::string> values;
    for (const std::size_t i : members) values.push_back(work.operation(work.items[i]).field(key).id_text());
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    auto asking = list_by(work.account, work.entity.kind().path, parameter, std::move(values), site_filter(site),
                          work.entity.kind().path, calls);
    const ListedBy found = co_await asking;
    std::map<std::string, std::vector<Value>> by_key;
    for (const Value& each : found ? found->records : std::vector<Value>())
      by_key[each[camel_case(key)].id_text()].push_back(each);
    for (const std::size_t i : members) {
      Item& item = work.items[i];
      const std::string value = work.operation(item).field(key).id_text();
      if (!found)
        work.fail(item, found.error());
      else if (const auto refused = found->refused.find(value); refused != found->refused.end())
        work.fail(item, refused->second);
      else
        choose(work, item, by_key[value]);
    }
  }
  co_return true;
}

std::string without_quotes(const std::string& name) {
  // The CRM searches for a substring: quotes and spaces differ between spellings, a word does not.
  std::string longest;
  std::string word;
  const std::string folded = folded_name(name) + " ";
  for (const char c : folded) {
    if (c != ' ' && c != '"' && c != '\'') {
      word.push_back(c);
      continue;
    }
    if (word.size() > longest.size()) longest = word;
    word.clear();
  }
  return longest.empty() ? name : longest;
}

// What is asked, one after the other, until something fits.
std::vector<Pairs> searches(const std::string& key, const Value& value) {
  std::vector<Pairs> all;
  const auto add = [&all](const char* parameter, std::string text) {
    all.push_back(Pairs(1, std::make_pair(std::string(parameter), std::move(text))));
  };
  if (key == "email") {
    add("filter[email]", value.id_text());
    if (lowercase(value.id_text()) != value.id_text()) add("filter[email]", lowercase(value.id_text()));
  } else if (key == "first_name") {
    add("filter[name]", value.id_text());
    if (without_quotes(value.id_text()) != folded_name(value.id_text()))
      add("filter[name]", without_quotes(value.id_text()));
  } else {
    for (const std::string& phone : wanted_phones(value)) {
      add("filter[name]", phone);
      const std::string digits = phone_digits(phone);
      if (digits.size() >= 10) add("filter[name]", digits.substr(digits.size() - 10));
    }
  }
  return all;
}

Failure too_many(const Work& work, const std::pair<std::string, Value>& key) {
  return permanent(fmt::format("over 5 000 {}s match {} `{}`: it is not clear which one is meant",
                               work.entity.kind().noun, key.first, key.second.display()),
                   "find it by another key: external_id, phones or email");
}

Task<bool> find_searched(Work& work, std::size_t at, std::map<std::string, Searched>& asked, Calls& calls) {
  Item& item = work.items[at];
  const auto* key = asked_key(work.operation(item));
  bool cut_short = false;
  for (Pairs& query : searches(key->first, key->second)) {
    const Pairs more = site_filter(item.site);
    query.insert(query.end(), more.begin(), more.end());
    const std::string name = engine::http::encoded(query);
    auto known = asked.find(name);
    if (known == asked.end()) {
      auto asking = search(work.account, work.entity.kind().path, query, work.entity.kind().path, calls);
      Searched found = co_await asking;
      known = asked.emplace(name, std::move(found)).first;
    }
    if (!known->second) {
      work.fail(item, known->second.error());
      co_return false;
    }
    // Of some of very many it cannot be said which is the oldest, nor that nobody fits.
    if (!known->second->whole) {
      cut_short = true;
      continue;
    }
    choose(work, item, known->second->records);
    if (!item.existing.is_null()) co_return true;
  }
  if (cut_short) work.fail(item, too_many(work, *key));
  co_return true;
}

// In a dry run an earlier event of it may have left the record otherwise than the CRM has it; an id that is to come
// finds nothing.
bool known_without_asking(Item& item, const Operation& operation, const std::pair<std::string, Value>& key) {
  if (operation.assumed && (*operation.assumed)["raw"].record() != nullptr) {
    item.existing = (*operation.assumed)["raw"];
    return true;
  }
  if (key.first == "id" && key.second.placeholder() == nullptr && !Decimal::parse(key.second.id_text()))
    return true;  // the CRM's ids are numbers
  if (key.second.placeholder() == nullptr) return false;
  const bool may_write = operation.verb != engine::Verb::find && operation.verb != engine::Verb::update;
  if (key.first == "id" && may_write) {
    Record unknown;
    unknown.emplace_back("id", key.second);
    item.existing = Value(std::move(unknown));
  }
  return true;
}

}  // namespace

Task<tl::expected<Value, Failure>> merged_into(Account& account, std::string path, std::string id, std::string by,
                                               std::string site, Calls& calls) {
  for (int hop = 0; hop < 5; ++hop) {
    Pairs query;
    query.emplace_back("by", by);
    if (!site.empty()) query.emplace_back("site", site);
    Request request = account.get(path + "/" + engine::http::percent_encoded(id), query);
    const CallResult answer = co_await calls.send(std::move(request));
    const auto good = json_of(answer, false);
    if (good) co_return (*good)["customer"];
    const Value other = combined_to(answer);
    if (other.is_null()) {
      if (good.error().kind == Failure::Kind::permanent && answer && answer->status == 404) break;  // there is none
      co_return tl::unexpected<Failure>(good.error());
    }
    id = other.id_text();
    by = "id";
  }
  co_return Value();
}

bool choose_among(Work& work, std::size_t at, const std::vector<std::size_t>& created) {
  std::vector<Value> candidates;
  for (const std::size_t i : created) {
    const Outcome& outcome = work.outcomes[work.items[i].index];
    if (outcome.kind != Outcome::Kind::failed) candidates.push_back(outcome.result["raw"]);
  }
  if (!candidates.empty()) choose(work, work.items[at], candidates);
  return !work.items[at].existing.is_null();
}

Task<bool> find_again(Work& work, std::vector<std::size_t> items, Calls& calls) {
  if (items.empty()) co_return true;
  std::map<std::string, std::vector<std::size_t>> by_site;
  for (const std::size_t i : items) by_site[work.items[i].site].push_back(i);
  for (const auto& [site, members] : by_site) {
    std::vector<std::string> values;
    for (const std::size_t i : members)
      values.push_back(engine::find_field(work.items[i].body, "externalId")->id_text());
    auto asking = list_by(work.account, work.entity.kind().path, "filter[externalIds][]", std::move(values),
                          site_filter(site), work.entity.kind().path, calls);
    const ListedBy found = co_await asking;
    for (const std::size_t i : members) {
      Item& item = work.items[i];
      const std::string id = engine::find_field(item.body, "externalId")->id_text();
      if (!found || found->refused.contains(id)) {
        work.fail(item, found ? found->refused.at(id) : found.error());
        continue;
      }
      for (const Value& each : found->records) {
        const bool other_site = !site.empty() && each["site"].text() != nullptr && *each["site"].text() != site;
        if (each["externalId"].id_text() == id && !other_site && item.existing.is_null()) item.existing = each;
      }
    }
  }
  co_return true;
}

namespace {

// A buyer who was merged into another one is not in the list any more, his key leads to the other one (api.md 2). Asked
// where finding nobody would be the last word; who is to be made is followed when the CRM refuses to make him.
Task<bool> follow_merged(Work& work, std::string key, std::vector<std::size_t> items, Calls& calls) {
  for (const std::size_t i : items) {
    Item& item = work.items[i];
    const Operation& operation = work.operation(item);
    const bool makes = operation.verb == engine::Verb::create || operation.verb == engine::Verb::upsert;
    if (item.settled || !item.existing.is_null() || (key != "id" && makes)) continue;
    auto following = merged_into(work.account, "customers", operation.field(key).id_text(),
                                 key == "id" ? "id" : "externalId", item.site, calls);
    auto other = co_await following;
    if (!other)
      work.fail(item, other.error());
    else
      item.existing = std::move(*other);
  }
  co_return true;
}

}  // namespace

Task<bool> find_existing(Work& work, Calls& calls) {
  std::map<std::string, std::vector<std::size_t>> groups;
  std::vector<std::size_t> singles;
  for (std::size_t i = 0; i < work.items.size(); ++i) {
    Item& item = work.items[i];
    if (item.settled) continue;
    const auto* key = asked_key(work.operation(item));
    if (key == nullptr)
      work.fail(item, permanent(fmt::format("a {} cannot be found by that key", work.entity.kind().noun)));
    else if (known_without_asking(item, work.operation(item), *key))
      continue;
    else if (std::any_of(std::begin(batched), std::end(batched),
                         [&](const Batched& each) { return each.key == key->first; }))
      groups[key->first].push_back(i);
    else
      singles.push_back(i);
  }
  for (const Batched& each : batched) {
    const auto group_of_key = groups.find(each.key);
    if (group_of_key == groups.end()) continue;
    auto finding = find_batched(work, each.key, each.parameter, group_of_key->second, calls);
    co_await finding;
  }
  std::map<std::string, Searched> asked;
  for (const std::size_t i : singles) {
    auto finding = find_searched(work, i, asked, calls);
    co_await finding;
  }
  if (work.entity.kind().path == "customers") {
    for (const char* key : {"id", "external_id"}) {
      auto following = follow_merged(work, key, groups[key], calls);
      co_await following;
    }
  }
  co_return true;
}

}  // namespace pipewright::crm
