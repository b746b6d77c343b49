#include "stdlib/crm/inspect.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "dsl/codes.hpp"
#include "engine/inspect.hpp"
#include "stdlib/crm/inspect_rights.hpp"
#include "stdlib/crm/lookup.hpp"
#include "stdlib/crm/records.hpp"

namespace pipewright::crm {
namespace {

namespace codes = dsl::codes;
using engine::Finding;
using engine::finding_at;
using engine::Inspection;
using engine::Uses;

constexpr int tries = 3;
constexpr std::size_t most_named = 8;

/// A list of codes that an account has.
struct Dictionary {
  const char* path;    ///< behind /api/v5/
  const char* member;  ///< of the response
  const char* noun;
  const char* scope;
  std::vector<const char*> fields;  ///< whose words are its codes
  const char* entity = "";          ///< of custom fields
};

const std::vector<Dictionary>& dictionaries() {
  static const std::vector<Dictionary> all = {
      {"reference/statuses", "statuses", "order status", "reference_read", {"crm.order_status"}},
      {"reference/order-types",
       "orderTypes",
       "order type",
       "reference_read",
       {"crm.order.fields.order_type", "crm.order.order_type"}},
      {"reference/order-methods",
       "orderMethods",
       "order method",
       "reference_read",
       {"crm.order.fields.order_method", "crm.order.order_method"}},
      {"reference/delivery-types", "deliveryTypes", "delivery type", "reference_read", {"crm.delivery.fields.code"}},
      {"reference/payment-types", "paymentTypes", "payment type", "reference_read", {"crm.payment.fields.type"}},
      {"reference/payment-statuses",
       "paymentStatuses",
       "payment status",
       "reference_read",
       {"crm.payment.fields.status"}},
      {"reference/product-statuses",
       "productStatuses",
       "item status",
       "reference_read",
       {"crm.item.fields.status", "crm.item.status"}},
      {"reference/stores",
       "stores",
       "warehouse",
       "reference_read",
       {"crm.order.fields.shipment_store", "crm.order.shipment_store"}},
      {"custom-fields",
       "customFields",
       "order custom field",
       "custom_fields_read",
       {"crm.order.fields.custom_fields"},
       "order"},
      {"custom-fields",
       "customFields",
       "client custom field",
       "custom_fields_read",
       {"crm.client.fields.custom_fields"},
       "customer"},
  };
  return all;
}

// Nothing that is asked here writes.
std::optional<Failure> refusal(const CallResult& result) { return failure_of(result, false); }

std::vector<Uses::Word> words_of(const Uses& uses, const std::vector<const char*>& fields) {
  std::vector<Uses::Word> words;
  for (const Uses::Word& word : uses.words) {
    if (std::find(fields.begin(), fields.end(), word.field) != fields.end()) words.push_back(word);
  }
  return words;
}

std::string some_of(const std::vector<std::string>& codes) {
  if (codes.empty()) return "it has none";
  std::vector<std::string> few(codes.begin(),
                               codes.begin() + static_cast<std::ptrdiff_t>(std::min(codes.size(), most_named)));
  return fmt::format("it has {}{}", join(few, ", "), codes.size() > few.size() ? ", …" : "");
}

// As it stands in the program: a custom field is a name there, everything else a text.
std::string quoted(const Uses::Word& word, const std::string& text) {
  return word.field.ends_with(".custom_fields") ? text : fmt::format("\"{}\"", text);
}

// The word as it stands in the program; of a standard table or mapping it stands nowhere there.
Finding finding_of(const Uses::Word& word, const dsl::Code& code, std::string message) {
  Finding finding;
  finding.code = &code;
  finding.place = word.place;
  if (!word.standard) finding.word = quoted(word, word.text);
  finding.message = std::move(message);
  return finding;
}

// ---- codes

/// The codes of a dictionary, and whether each is switched on.
using Codes = std::vector<std::pair<std::string, bool>>;

tl::expected<Codes, Failure> codes_of(const Value& answer, const char* member) {
  const Value& listed = answer[member];
  Failure failure;
  failure.kind = Failure::Kind::permanent;
  failure.reason = fmt::format("retailCRM: the response holds no list `{}`", member);
  if (listed.list() == nullptr && listed.record() == nullptr) return tl::unexpected<Failure>(failure);
  Codes codes;
  for (const Value& each : elements_of(listed)) {
    const Value& given = each["code"];
    const std::string code = given.text() != nullptr || given.number() != nullptr ? given.id_text() : std::string();
    const bool* active = each["active"].boolean();
    failure.reason = fmt::format("retailCRM: an entry of `{}` has no `code`", member);
    if (code.empty()) return tl::unexpected<Failure>(failure);
    codes.emplace_back(code, active == nullptr || *active);
  }
  return codes;
}

void judge_word(const Account& account, const Dictionary& dictionary, const Codes& known, const Uses::Word& word,
                Inspection& into) {
  const auto found =
      std::find_if(known.begin(), known.end(), [&](const auto& code) { return code.first == word.text; });
  if (found != known.end()) {
    if (found->second || !word.written) return;
    Finding finding =
        finding_of(word, codes::inactive_code,
                   fmt::format("the {} `{}` is switched off in `{}`", dictionary.noun, word.text, account.name()));
    finding.help = "switch it on in the CRM (Settings → Reference books), or write another one";
    into.findings.push_back(std::move(finding));
    return;
  }
  if (!word.written && word.standard) return;  // a standard table knows more words than an account has
  std::vector<std::string> names;
  for (const auto& [code, active] : known) names.push_back(code);
  Finding finding = finding_of(word, word.written ? codes::unknown_code : codes::unmatched_code,
                               fmt::format("`{}` has no {} `{}`", account.name(), dictionary.noun, word.text));
  if (word.standard) {
    finding.note = "a standard table or mapping gives it here";
    finding.help = "make it in the CRM, or write a table of your own";
  } else if (const auto near = closest(word.text, names)) {
    finding.help = fmt::format("did you mean `{}`?", *near);
    finding.instead = quoted(word, *near);
  } else {
    finding.help = some_of(names);
  }
  if (!word.written) finding.note = "nothing that comes from there is ever this";
  into.findings.push_back(std::move(finding));
}

Task<std::optional<Failure>> judge_dictionary(Account& account, const Dictionary& dictionary,
                                              std::vector<Uses::Word> words, Calls& calls, Inspection& into) {
  Pairs query;
  if (*dictionary.entity != '\0') query = {{"filter[entity]", dictionary.entity}, {"limit", "100"}};
  Codes known;
  for (int page = 1; page <= 50; ++page) {
    Pairs asked = query;
    if (page > 1) asked.emplace_back("page", std::to_string(page));
    const engine::Judged judged = refusal;
    auto asking = engine::ask(account.get(dictionary.path, asked), judged, tries, calls);
    const CallResult answer = co_await asking;
    const auto json = json_of(answer, false);
    if (!json) co_return json.error();
    const auto more = codes_of(*json, dictionary.member);
    if (!more) co_return more.error();
    known.insert(known.end(), more->begin(), more->end());
    const Decimal* pages = (*json)["pagination"]["totalPageCount"].number();
    if (more->empty() || pages == nullptr || Decimal(page) >= *pages) break;
  }
  const bool statuses = std::string_view(dictionary.member) == "statuses";
  if (statuses) into.facts.push_back(fmt::format("{} {}", known.size(), known.size() == 1 ? "status" : "statuses"));
  for (const Uses::Word& word : words) judge_word(account, dictionary, known, word, into);
  co_return std::nullopt;
}

Finding not_looked_up(const Account& account, const Dictionary& dictionary, const std::vector<Uses::Word>& words) {
  Finding finding = finding_of(words.front(), codes::useful_right,
                               fmt::format("{} {} of `{}` {} not looked up: the key lacks the scope `{}`", words.size(),
                                           words.size() == 1 ? "code" : "codes", account.name(),
                                           words.size() == 1 ? "was" : "were", dictionary.scope));
  finding.note = fmt::format("is there such {} {}?",
                             dictionary.noun[0] == 'o' || dictionary.noun[0] == 'i' ? "an" : "a", dictionary.noun);
  finding.help = fmt::format("give the key `{}` in the CRM: it changes nothing with it", dictionary.scope);
  return finding;
}

Finding unavailable(const Account& account, const Uses& uses, const std::string& what, const Failure& failure) {
  Finding finding = engine::silent(uses, account.name(), failure);
  finding.message = fmt::format("`{}` does not give its {}: {}", account.name(), what, failure.reason);
  finding.note.clear();
  return finding;
}

// False: the account did not give everything; once it has gone silent it is not asked on.
Task<bool> judge_codes(Account& account, Uses uses, Key key, Calls& calls, Inspection& into) {
  bool whole = true;
  for (const Dictionary& dictionary : dictionaries()) {
    const std::vector<Uses::Word> words = words_of(uses, dictionary.fields);
    if (words.empty()) continue;
    if (!key.scopes.contains(dictionary.scope)) {
      into.findings.push_back(not_looked_up(account, dictionary, words));
      continue;
    }
    auto judging = judge_dictionary(account, dictionary, words, calls, into);
    const std::optional<Failure> failure = co_await judging;
    if (!failure) continue;
    Finding finding = unavailable(account, uses, fmt::format("{} codes", dictionary.noun), *failure);
    finding.place = words.front().place;
    into.findings.push_back(std::move(finding));
    whole = false;
    if (failure->kind == Failure::Kind::transient) break;
  }
  co_return whole;
}

// ---- stores

struct Stores {
  std::vector<std::string> codes;
  bool known = false;  ///< false: the key may not read them

  [[nodiscard]] bool have(const std::string& code) const {
    return std::find(codes.begin(), codes.end(), code) != codes.end();
  }
};

std::string hidden(const Account& account, const std::string& site) {
  return fmt::format("`{}` has no store `{}`, or the key may not see it", account.name(), site);
}

// The connection's own store.
void judge_site(const Account& account, const Uses& uses, const Stores& stores, Inspection& into) {
  const std::string site = account.site();
  if (!stores.known || stores.have(site)) return into.facts.push_back("store " + site);
  into.facts.push_back("no store " + site);
  const auto near = closest(site, stores.codes);
  const std::string help =
      near ? fmt::format("did you mean `{}`? Write site = \"{}\" into [connections.{}]", *near, *near, account.name())
           : fmt::format("the key sees {}: write one into [connections.{}]", join(stores.codes, ", "), account.name());
  Finding finding = finding_at(uses.nodes.front(), codes::unknown_store, hidden(account, site), help);
  finding.note = fmt::format("`site` of [connections.{}]", account.name());
  into.findings.push_back(std::move(finding));
}

// A history is read of all stores; what looks something up or writes it has to name one where there are several.
void judge_siteless(const Account& account, const Uses& uses, const Stores& stores, Inspection& into) {
  if (stores.known) into.facts.push_back(fmt::format("stores {}", join(stores.codes, " ")));
  const auto node = std::find_if(uses.nodes.begin(), uses.nodes.end(),
                                 [](const Uses::Node& each) { return each.verb && !each.fields.contains("site"); });
  if (stores.codes.size() < 2 || node == uses.nodes.end()) return;
  into.findings.push_back(
      finding_at(*node, codes::unknown_store,
                 fmt::format("the key of `{}` sees the stores {}, and `{}` names none", account.name(),
                             join(stores.codes, ", "), node->name),
                 fmt::format("write site = \"{}\" into [connections.{}]", stores.codes.front(), account.name())));
}

void judge_stores(const Account& account, const Uses& uses, const Stores& stores, Inspection& into) {
  if (account.site().empty())
    judge_siteless(account, uses, stores, into);
  else
    judge_site(account, uses, stores, into);
  if (!stores.known) return;
  for (const Uses::Word& word : words_of(uses, {"crm.order.fields.site", "crm.client.fields.site"})) {
    if (stores.have(word.text)) continue;
    Finding finding = finding_of(word, codes::unknown_store, hidden(account, word.text));
    const auto near = closest(word.text, stores.codes);
    finding.help = near ? fmt::format("did you mean `{}`?", *near) : some_of(stores.codes);
    if (near) finding.instead = quoted(word, *near);
    into.findings.push_back(std::move(finding));
  }
}

// The key itself says which stores it sees, unless it sees all.
Task<tl::expected<Stores, Failure>> stores_of(Account& account, Key key, Calls& calls) {
  Stores stores;
  stores.codes = key.sites;
  stores.known = !key.sites.empty();
  if (stores.known || !key.scopes.contains("reference_read")) co_return stores;
  const engine::Judged judged = refusal;
  auto asking = engine::ask(account.get("reference/sites", Pairs()), judged, tries, calls);
  const CallResult answer = co_await asking;
  const auto json = json_of(answer, false);
  if (!json) co_return tl::unexpected<Failure>(json.error());
  const auto listed = codes_of(*json, "sites");
  if (!listed) co_return tl::unexpected<Failure>(listed.error());
  for (const auto& [code, active] : *listed) stores.codes.push_back(code);
  stores.known = true;
  co_return stores;
}

// ---- the key

Finding refused(const Account& account, const Uses& uses, const CallResult& answer, const Failure& failure) {
  const bool key = failure.reason.find("apiKey") != std::string::npos || (answer && answer->status == 401);
  if (!key) return engine::silent(uses, account.name(), failure);
  return finding_at(uses.nodes.front(), codes::credential_refused,
                    fmt::format("the key of `{}` is not accepted: {}", account.name(), failure.reason), failure.help);
}

std::optional<Failure> read_key(const CallResult& answer, Key& into) {
  const auto json = json_of(answer, false);
  if (!json) return json.error();
  Result<Key> key = key_of(*json);
  if (key) {
    into = std::move(*key);
    return std::nullopt;
  }
  Failure failure;
  failure.kind = Failure::Kind::permanent;
  failure.reason = "retailCRM: " + key.error().message;
  return failure;
}

}  // namespace

Task<Inspection> inspect(engine::Connection& connection, Uses uses, Calls& calls) {
  auto& account = static_cast<Account&>(connection);
  Inspection inspection;
  if (uses.nodes.empty()) co_return inspection;
  const engine::Judged judged = refusal;
  auto asking = engine::ask(account.credentials(), judged, tries, calls);
  const CallResult answer = co_await asking;
  Key key;
  if (const auto failure = read_key(answer, key)) {
    inspection.findings.push_back(refused(account, uses, answer, *failure));
    const bool asked = inspection.findings.back().code == &codes::credential_refused;
    inspection.facts = {asked ? "not accepted" : "not asked", account.summary()};
    co_return inspection;
  }
  inspection.facts.emplace_back("accepted");
  judge_scopes(account, uses, key, inspection);
  auto asking_stores = stores_of(account, key, calls);
  const auto stores = co_await asking_stores;
  bool whole = stores.has_value();
  if (stores) {
    judge_stores(account, uses, *stores, inspection);
  } else {
    inspection.findings.push_back(unavailable(account, uses, "stores", stores.error()));
  }
  if (stores || stores.error().kind != Failure::Kind::transient) {
    auto asking_codes = judge_codes(account, uses, key, calls, inspection);
    whole = co_await asking_codes && whole;
  }
  if (!whole) inspection.facts.emplace_back("some of it could not be checked");
  co_return inspection;
}

}  // namespace pipewright::crm
