#include "stdlib/crm/catalogue.hpp"

#include <fmt/format.h>

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
constexpr int most_pages = 20'000;

void remember(Catalogue& catalogue, const Value& offer) {
  const std::string barcode = trimmed(offer["barcode"].id_text());
  if (barcode.empty() || offer["id"].is_null()) return;
  const bool again = catalogue.dropped.contains(offer["id"].id_text());
  const auto [at, fresh] =
      catalogue.offers.try_emplace(barcode, Catalogue::Offer{offer["id"], offer["xmlId"].id_text(), false, again});
  if (!fresh && !(at->second.id == offer["id"])) at->second.ambiguous = true;
}

// The method may be closed by the tariff or the key's rights: then lines are free text, and it is asked again an hour
// later.
bool closes(const Failure& failure, Catalogue& catalogue, Calls& calls) {
  if (failure.kind != Failure::Kind::permanent) return false;
  catalogue.closed = calls.now();
  return true;
}

Request offers_page(const Account& account, const std::string& site, const Decimal& since) {
  Pairs query;
  query.emplace_back("filter[active]", "1");
  const Pairs sites = site_filter(site);
  query.insert(query.end(), sites.begin(), sites.end());
  query.emplace_back("filter[sinceId]", since.text());
  query.emplace_back("limit", "100");
  return account.get("store/offers", query);
}

// Reads store/offers behind `read.last_id` to its end, which this walk's own ids decide.
Task<std::optional<Failure>> read_offers(Account& account, Catalogue& read, std::string site, Calls& calls) {
  for (int page = 0; page < most_pages; ++page) {
    Request request = offers_page(account, site, read.last_id);
    const CallResult answer = co_await calls.send(std::move(request));
    const auto json = json_of(answer, false);
    if (!json) co_return json.error();
    const auto offers = list_in(*json, "offers");
    if (!offers) co_return offers.error();
    const Decimal before = read.last_id;
    for (const Value& offer : *offers) {
      if (const Decimal* id = offer["id"].number(); id != nullptr && *id > read.last_id) read.last_id = *id;
      remember(read, offer);
    }
    if (offers->size() < 100) co_return std::nullopt;
    if (read.last_id == before) {
      Failure failure;
      failure.reason = fmt::format("retailCRM: store/offers shows nothing behind offer {} and does not end",
                                   before.normalized().text());
      co_return failure;
    }
  }
  Failure failure;
  failure.reason = fmt::format("retailCRM: the catalogue has more than {} offers", most_pages * 100);
  co_return failure;
}

// One walk of a store at a time: who comes meanwhile waits for it. `whole` begins at the first offer; what is known
// stays in use until the new index is complete.
Task<std::optional<Failure>> walk(Account& account, Catalogue& catalogue, std::string site, bool whole, Calls& calls) {
  const auto own = std::make_shared<CatalogueWalk>();
  catalogue.walking = own;
  Catalogue read;
  read.dropped = catalogue.dropped;
  if (!whole) read.last_id = catalogue.last_id;
  const std::size_t dropped = catalogue.dropped.size();
  auto reading = read_offers(account, read, site, calls);
  std::optional<Failure> failure = co_await reading;
  if (failure && closes(*failure, catalogue, calls)) {
    failure.reset();
  } else if (!failure) {
    if (whole && dropped == catalogue.dropped.size()) {
      catalogue.offers = std::move(read.offers);
      catalogue.missing.clear();
      catalogue.asked = 0;
    } else {  // an offer that was dropped meanwhile may stand in what was read
      for (auto& [barcode, offer] : read.offers) {
        const bool gone = catalogue.dropped.contains(offer.id.id_text()) && !offer.again;
        if (!gone) catalogue.offers.insert_or_assign(barcode, std::move(offer));
      }
    }
    catalogue.last_id = std::max(catalogue.last_id, read.last_id);
    if (whole) catalogue.indexed = calls.now();
  }
  own->failure = failure;
  catalogue.walking.reset();
  own->fire();
  co_return failure;
}

/// Whether a barcode was asked for to the end; not, when the CRM finds too much.
using Asked = tl::expected<bool, Failure>;

Task<Asked> ask_for(Account& account, Catalogue& catalogue, std::string site, std::string barcode, Calls& calls) {
  Pairs query;
  query.emplace_back("filter[name]", barcode);
  query.emplace_back("filter[active]", "1");
  const Pairs sites = site_filter(site);
  query.insert(query.end(), sites.begin(), sites.end());
  auto asking = search(account, "store/offers", query, "offers", calls);
  const Searched found = co_await asking;
  ++catalogue.asked;
  if (!found) {
    if (closes(found.error(), catalogue, calls)) co_return true;
    co_return tl::unexpected<Failure>(found.error());
  }
  for (const Value& offer : found->records) {
    if (trimmed(offer["barcode"].id_text()) == barcode) remember(catalogue, offer);
  }
  co_return found->whole || catalogue.offers.contains(barcode);
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

bool is_closed(Catalogue& catalogue, Instant now) {
  if (catalogue.closed && now - *catalogue.closed < remember_closed) return true;
  catalogue.closed.reset();
  return false;
}

// One by one, as long as that is less than the whole catalogue. What is left has to be looked for by a walk.
Task<tl::expected<std::vector<std::string>, Failure>> ask_each(Account& account, Catalogue& catalogue, std::string site,
                                                               std::vector<std::string> barcodes, Calls& calls) {
  std::vector<std::string> left;
  for (const std::string& barcode : barcodes) {
    if (catalogue.closed) break;
    auto asking = ask_for(account, catalogue, site, barcode, calls);
    const Asked asked = co_await asking;
    if (!asked) co_return tl::unexpected<Failure>(asked.error());
    if (!*asked)
      left.push_back(barcode);
    else if (!catalogue.closed && !catalogue.offers.contains(barcode))
      catalogue.missing[barcode] = calls.now();
  }
  co_return left;
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

bool drop_offer(Catalogue& catalogue, const std::string& id) {
  bool again = false;
  for (auto at = catalogue.offers.begin(); at != catalogue.offers.end();) {
    const bool same = at->second.id.id_text() == id;
    again |= same && at->second.again;
    at = same ? catalogue.offers.erase(at) : std::next(at);
  }
  catalogue.dropped.insert(id);
  return !again;
}

Task<std::optional<Failure>> learn_barcodes(Account& account, std::string site, std::vector<std::string> barcodes,
                                            Calls& calls) {
  Catalogue& catalogue = account.catalogues[site];
  std::vector<std::string> unknown;
  for (bool asked = false;;) {
    if (is_closed(catalogue, calls.now())) co_return std::nullopt;
    unknown = unknown_of(catalogue, barcodes, calls.now());
    if (unknown.empty()) co_return std::nullopt;
    if (const std::shared_ptr<CatalogueWalk> other = catalogue.walking.lock()) {
      co_await calls.wait(other);
      if (other->failure) co_return other->failure;
      continue;
    }
    if (asked || catalogue.indexed || unknown.size() > few || catalogue.asked >= most_asked) break;
    asked = true;
    auto asking = ask_each(account, catalogue, site, unknown, calls);
    const auto left = co_await asking;
    if (!left) co_return left.error();
  }
  // New offers lie behind the last id; what else changed is found by asking for the barcode, or by reading everything
  // again.
  const bool whole = !catalogue.indexed || (unknown.size() > few && calls.now() - *catalogue.indexed > minutes(10));
  auto walking = walk(account, catalogue, site, whole, calls);
  if (auto failure = co_await walking) co_return failure;
  if (catalogue.closed) co_return std::nullopt;
  unknown = unknown_of(catalogue, barcodes, calls.now());
  if (!whole && unknown.size() <= static_cast<std::size_t>(most_asked)) {
    auto asking = ask_each(account, catalogue, site, unknown, calls);
    const auto left = co_await asking;
    if (!left) co_return left.error();
    unknown = *left;
  }
  for (const std::string& barcode : catalogue.closed ? std::vector<std::string>() : unknown) {
    if (!catalogue.offers.contains(barcode)) catalogue.missing[barcode] = calls.now();
  }
  co_return std::nullopt;
}

}  // namespace pipewright::crm
