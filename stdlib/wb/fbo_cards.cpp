// Cards: which barcodes and which article a size has. The feed names the size alone, the statistics one barcode of it.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/json.hpp"
#include "stdlib/wb/fbo.hpp"

namespace pipewright::wb {
namespace {

const char* const shared_kind = "wb.sizes";
constexpr auto good_for = std::chrono::hours(24 * 7);  // then its card is read again: barcodes are added
constexpr std::size_t few = 5;                         // articles that are searched one by one
constexpr std::size_t page_size = 100;
constexpr int most_pages = 1000;

/// What the catalogue is walked by.
struct CardCursor {
  std::string updated_at;
  Value nm_id;
};

Value cards_body(const std::string& search, const CardCursor& at) {
  Record sort;
  sort.emplace_back("ascending", Value(true));
  Record cursor;
  cursor.emplace_back("limit", Value(static_cast<int>(page_size)));
  if (!at.updated_at.empty()) {
    cursor.emplace_back("updatedAt", Value(at.updated_at));
    cursor.emplace_back("nmID", at.nm_id);
  }
  Record filter;
  filter.emplace_back("withPhoto", Value(-1));
  if (!search.empty()) filter.emplace_back("textSearch", Value(search));
  Record settings;
  settings.emplace_back("sort", Value(std::move(sort)));
  settings.emplace_back("cursor", Value(std::move(cursor)));
  settings.emplace_back("filter", Value(std::move(filter)));
  Record body;
  body.emplace_back("settings", Value(std::move(settings)));
  return Value(std::move(body));
}

std::string text_of(const Size& size) {
  List barcodes;
  for (const std::string& each : size.barcodes) barcodes.emplace_back(each);
  Record state;
  state.emplace_back("skus", Value(std::move(barcodes)));
  state.emplace_back("article", Value(size.article));
  state.emplace_back("read", Value(std::int64_t{size.read.time_since_epoch().count()}));
  return engine::write_json(Value(std::move(state)));
}

Size size_of(const std::string& text) {
  const Value state = read_cursor(text);
  Size size;
  size.article = state["article"].display();
  size.read = moment(state, "read").value_or(Instant{});
  if (const List* barcodes = state["skus"].list()) {
    for (const Value& each : *barcodes) size.barcodes.push_back(each.display());
  }
  return size;
}

/// Keys of sizes that are wanted, by article.
using Wanted = std::map<std::string, std::set<std::string>>;

// The card's sizes that are wanted are known now.
void learn(Account& account, const Value& card, Wanted& wanted, Page& page, Instant now) {
  const auto found = wanted.find(card["nmID"].id_text());
  const List* sizes = card["sizes"].list();
  if (found == wanted.end() || sizes == nullptr) return;
  for (const Value& each : *sizes) {
    std::vector<std::string> keys{each["chrtID"].id_text()};
    Size size;
    size.article = card["vendorCode"].display();
    size.read = now;
    if (const List* barcodes = each["skus"].list()) {
      for (const Value& barcode : *barcodes) {
        if (barcode.display().empty()) continue;
        size.barcodes.push_back(barcode.display());
        keys.push_back("sku " + barcode.display());
      }
    }
    for (const std::string& key : keys) {
      if (!found->second.contains(key)) continue;
      page.shared.push_back({shared_kind, {key, text_of(size), false, false}});
      account.sizes[key] = size;
    }
  }
  wanted.erase(found);
}

// The sizes of these rows that are not known, or not known for sure any more.
Task<Wanted> unknown_sizes(Account& account, const std::vector<Value>& rows, Calls& calls) {
  Wanted unknown;
  std::vector<std::string> asked;
  const Instant now = calls.now();
  const auto good = [&](const std::string& key) {
    const auto known = account.sizes.find(key);
    return known != account.sizes.end() && now - known->second.read < good_for;
  };
  for (const Value& raw : rows) {
    const std::string key = size_key(raw);
    if (!key.empty() && !good(key)) asked.push_back(key);
  }
  if (asked.empty()) co_return unknown;
  const std::map<std::string, Seen> kept = co_await calls.load_shared(shared_kind, asked);
  for (const auto& [key, seen] : kept) account.sizes[key] = size_of(seen.state);
  for (const Value& raw : rows) {
    const std::string key = size_key(raw);
    if (!key.empty() && !good(key)) unknown[raw["nmId"].id_text()].insert(key);
  }
  co_return unknown;
}

struct CardPage {
  std::vector<Value> cards;
  CardCursor next;
};

Task<tl::expected<CardPage, Failure>> card_page(Account& account, std::string search, CardCursor at, Calls& calls) {
  Request request = account.send("POST", group::cards, "/content/v2/get/cards/list?locale=ru", cards_body(search, at));
  const CallResult answer = co_await calls.send(std::move(request));
  const auto json = json_of(answer);
  if (!json) co_return tl::unexpected<Failure>(json.error());
  const List* cards = (*json)["cards"].list();
  if (cards == nullptr) co_return tl::unexpected<Failure>(another_shape(*json, "cards"));
  CardPage page;
  page.cards = *cards;
  const Value& cursor = (*json)["cursor"];
  if (cards->size() >= page_size) page.next = {cursor["updatedAt"].display(), cursor["nmID"]};
  co_return page;
}

// A few articles are searched one by one, many by walking the catalogue until all are found.
Task<std::optional<Failure>> search(Account& account, Wanted& wanted, Page& page, Calls& calls) {
  const bool one_by_one = wanted.size() <= few;
  std::vector<std::string> articles;
  for (const auto& [nm, keys] : wanted) articles.push_back(one_by_one ? nm : std::string());
  if (!one_by_one) articles.resize(1);
  for (const std::string& article : articles) {
    CardCursor at;
    for (int pages = 0; pages < most_pages; ++pages) {
      auto reading = card_page(account, article, at, calls);
      const auto read = co_await reading;
      if (!read) co_return read.error();
      for (const Value& card : read->cards) learn(account, card, wanted, page, calls.now());
      const bool same_place =
          read->next.updated_at == at.updated_at && read->next.nm_id.id_text() == at.nm_id.id_text();
      const bool found = article.empty() ? wanted.empty() : !wanted.contains(article);
      if (found || read->next.updated_at.empty() || same_place) break;
      at = read->next;
    }
  }
  co_return std::nullopt;
}

}  // namespace

Task<tl::expected<std::optional<std::string>, Failure>> read_cards(Account& account, std::vector<Value> rows,
                                                                   Page& page, Calls& calls) {
  std::optional<std::string> notice;
  const bool by_size = !rows.empty() && !rows.front()["chrtId"].is_null();
  const std::string less = by_size ? "FBO lines have no barcode" : "FBO lines have one barcode of their size";
  auto looking = unknown_sizes(account, rows, calls);
  Wanted wanted = co_await looking;
  if (wanted.empty()) co_return notice;
  if (!account.token().may(Token::content)) {
    notice = "the token has no category Content: " + less;
    co_return notice;
  }
  auto searching = search(account, wanted, page, calls);
  if (const auto failure = co_await searching) {
    // What another try may bring is waited for: an order whose line found no offer is repaired by nobody.
    if (failure->kind != Failure::Kind::permanent) co_return tl::unexpected<Failure>(*failure);
    notice = failure->reason + ": " + less;
    co_return notice;
  }
  for (const auto& [nm, keys] : wanted) {
    for (const std::string& key : keys) account.sizes[key].read = calls.now();  // not searched again at once
  }
  if (!wanted.empty() && by_size)
    notice = fmt::format("no card of article {} shows the size that was ordered: its lines have no barcode",
                         wanted.begin()->first);
  co_return notice;
}

}  // namespace pipewright::wb
