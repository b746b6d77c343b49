#include "stdlib/crm/catalogue.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "stdlib/crm/lookup.hpp"
#include "stdlib/crm/records.hpp"

namespace pipewright::crm {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr auto remember_missing = minutes(5);
constexpr auto remember_closed = hours(1);
constexpr std::size_t few = 3;  // so many barcodes are asked for one by one rather than through the whole catalogue
constexpr int most_asked = 20;  // … and so often, before the catalogue is read as a whole
constexpr int most_pages = 2000;

void remember(Catalogue& catalogue, const Value& offer) {
  if (const Decimal* id = offer["id"].number(); id != nullptr && *id > catalogue.last_id) catalogue.last_id = *id;
  const std::string barcode = trimmed(offer["barcode"].id_text());
  if (barcode.empty() || offer["id"].is_null()) return;
  const auto [at, fresh] =
      catalogue.offers.try_emplace(barcode, Catalogue::Offer{offer["id"], offer["xmlId"].id_text(), false});
  if (!fresh && !(at->second.id == offer["id"])) at->second.ambiguous = true;
}

// The method may be closed by the tariff or the key's rights: then lines are free text, and it is asked again an hour
// later.
bool closes(const Failure& failure, Catalogue& catalogue, Calls& calls) {
  if (failure.kind != Failure::Kind::permanent) return false;
  catalogue.closed = calls.now();
  return true;
}

// Walks store/offers from the last id on.
Task<std::optional<Failure>> walk(Account& account, Catalogue& catalogue, std::string site, Calls& calls) {
  for (int page = 0; page < most_pages; ++page) {
    Pairs query;
    query.emplace_back("filter[active]", "1");
    const Pairs sites = site_filter(site);
    query.insert(query.end(), sites.begin(), sites.end());
    query.emplace_back("filter[sinceId]", catalogue.last_id.text());
    query.emplace_back("limit", "100");
    Request request = account.get("store/offers", query);
    const CallResult answer = co_await calls.send(std::move(request));
    const auto json = json_of(answer, false);
    if (!json) {
      if (closes(json.error(), catalogue, calls)) co_return std::nullopt;
      co_return json.error();
    }
    const std::vector<Value> offers = elements_of((*json)["offers"]);
    const Decimal before = catalogue.last_id;
    for (const Value& offer : offers) remember(catalogue, offer);
    if (offers.size() < 100 || catalogue.last_id == before) break;
  }
  catalogue.indexed = calls.now();
  co_return std::nullopt;
}

Task<std::optional<Failure>> ask_for(Account& account, Catalogue& catalogue, std::string site, std::string barcode,
                                     Calls& calls) {
  Pairs query;
  query.emplace_back("filter[name]", barcode);
  query.emplace_back("filter[active]", "1");
  const Pairs sites = site_filter(site);
  query.insert(query.end(), sites.begin(), sites.end());
  const Decimal last = catalogue.last_id;
  auto asking = list_all(account, "store/offers", query, "offers", calls);
  const Listed found = co_await asking;
  ++catalogue.asked;
  if (!found) {
    if (closes(found.error(), catalogue, calls)) co_return std::nullopt;
    co_return found.error();
  }
  for (const Value& offer : *found) {
    if (trimmed(offer["barcode"].id_text()) == barcode) remember(catalogue, offer);
  }
  catalogue.last_id = last;  // the search names single offers: the walk has not come that far
  co_return std::nullopt;
}

std::vector<std::string> unknown_of(const Catalogue& catalogue, const std::vector<std::string>& barcodes, Instant now) {
  std::vector<std::string> unknown;
  for (const std::string& barcode : barcodes) {
    if (catalogue.offers.contains(barcode)) continue;
    const auto missing = catalogue.missing.find(barcode);
    if (missing != catalogue.missing.end() && now - missing->second < remember_missing) continue;
    if (std::find(unknown.begin(), unknown.end(), barcode) == unknown.end()) unknown.push_back(barcode);
  }
  return unknown;
}

}  // namespace

std::vector<std::string> barcodes_of(const Value& barcode) {
  std::vector<std::string> barcodes;
  for (const Value& each : barcode.list() != nullptr ? *barcode.list() : List(1, barcode)) {
    std::string text = trimmed(each.id_text());
    if (!text.empty()) barcodes.push_back(std::move(text));
  }
  return barcodes;
}

const Catalogue::Offer* offer_of(const Catalogue& catalogue, const std::vector<std::string>& barcodes) {
  for (const std::string& barcode : barcodes) {
    const auto found = catalogue.offers.find(barcode);
    if (found != catalogue.offers.end()) return &found->second;
  }
  return nullptr;
}

Task<std::optional<Failure>> learn_barcodes(Account& account, std::string site, std::vector<std::string> barcodes,
                                            Calls& calls) {
  Catalogue& catalogue = account.catalogues[site];
  if (catalogue.closed && calls.now() - *catalogue.closed < remember_closed) co_return std::nullopt;
  catalogue.closed.reset();
  std::vector<std::string> unknown = unknown_of(catalogue, barcodes, calls.now());
  if (unknown.empty()) co_return std::nullopt;
  const bool one_by_one = !catalogue.indexed && unknown.size() <= few && catalogue.asked < most_asked;
  bool whole = false;
  if (!one_by_one) {
    // New offers lie behind the last id; what else changed is found by asking for the barcode, or by reading everything
    // again.
    whole = !catalogue.indexed || (unknown.size() > few && calls.now() - *catalogue.indexed > minutes(10));
    if (whole) {
      catalogue.last_id = Decimal(0);
      catalogue.offers.clear();
      catalogue.missing.clear();
    }
    auto walking = walk(account, catalogue, site, calls);
    if (auto failure = co_await walking) co_return failure;
    if (catalogue.closed) co_return std::nullopt;
    unknown = unknown_of(catalogue, barcodes, calls.now());
  }
  const bool ask = !whole && unknown.size() <= static_cast<std::size_t>(most_asked);
  for (const std::string& barcode : ask ? unknown : std::vector<std::string>()) {
    auto asking = ask_for(account, catalogue, site, barcode, calls);
    if (auto failure = co_await asking) co_return failure;
    if (catalogue.closed) co_return std::nullopt;
  }
  for (const std::string& barcode : unknown) {
    if (!catalogue.offers.contains(barcode)) catalogue.missing[barcode] = calls.now();
  }
  co_return std::nullopt;
}

}  // namespace pipewright::crm
