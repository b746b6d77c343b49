// The catalogue, stocks and prices (reference, section 9).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "stdlib/crm/sandbox/filters.hpp"

namespace pipewright::crm::sandbox {
namespace {

using Shape = Filter::Shape;

const Json& product_of(const World& world, const Json& offer) {
  static const Json none = Json::object();
  const auto product = world.products.find(offer.value("productId", std::int64_t{0}));
  return product == world.products.end() ? none : product->second;
}

/// Product name and article, offer article and barcode.
bool has_name(const World& world, const Json& offer, const Json& part) {
  const Json& product = product_of(world, offer);
  for (const std::string& text : {offer.value("name", ""), offer.value("article", ""), offer.value("barcode", ""),
                                  product.value("name", ""), product.value("article", "")}) {
    if (has_substring(text, part)) return true;
  }
  return false;
}

std::int64_t whole(const Json& text) {
  std::int64_t value = -1;
  const std::string digits = text;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

bool is_after(const World&, const Json& entity, const Json& since) {
  return entity["id"].get<std::int64_t>() > whole(since);
}

bool is_active(const World&, const Json& entity, const Json& wanted) {
  return entity.value("active", true) == (wanted == "1");
}

bool is_on_sites(const World&, const Json& offer, const Json& sites) {
  return !offer.contains("site") || is_among(sites, offer["site"]);
}

bool has_properties(const World&, const Json& offer, const Json& wanted) {
  return std::ranges::all_of(wanted.items(), [&](const auto& item) {
    return offer.value("properties", Json::object()).value(item.key(), Json()) == item.value();
  });
}

template <const char* key>
bool offer_among(const World& world, const Json& product, const Json& value) {
  return std::ranges::any_of(world.offers, [&](const auto& entry) {
    return entry.second.value("productId", Json()) == product["id"] && entry.second.value(key, Json()) == value;
  });
}

template <const char* key>
bool product_is(const World& world, const Json& offer, const Json& value) {
  return product_of(world, offer).value(key, Json()) == value;
}

bool product_has_name(const World& world, const Json& product, const Json& part) {
  if (has_substring(product.value("name", ""), part) || has_substring(product.value("article", ""), part)) return true;
  return std::ranges::any_of(world.offers, [&](const auto& entry) {
    return entry.second.value("productId", Json()) == product["id"] && has_name(world, entry.second, part);
  });
}

bool passes_always(const World&, const Json&, const Json&) { return true; }

const Filters& offer_filters() {
  static const Filters filters{
      {"ids", {Shape::list, &among<keys::id>}},         {"externalIds", {Shape::list, &among<keys::external_id>}},
      {"xmlIds", {Shape::list, &among<keys::xml_id>}},  {"name", {Shape::scalar, &has_name}},
      {"active", {Shape::scalar, &is_active}},          {"sites", {Shape::list, &is_on_sites}},
      {"properties", {Shape::scalar, &has_properties}}, {"sinceId", {Shape::scalar, &is_after}}};
  return filters;
}

const Filters& product_filters() {
  static const Filters filters{{"ids", {Shape::list, &among<keys::id>}},
                               {"externalId", {Shape::scalar, &equals<keys::external_id>}},
                               {"offerExternalId", {Shape::scalar, &offer_among<keys::external_id>}},
                               {"offerXmlId", {Shape::scalar, &offer_among<keys::xml_id>}},
                               {"name", {Shape::scalar, &product_has_name}},
                               {"active", {Shape::scalar, &is_active}},
                               {"sites", {Shape::list, &is_on_sites}},
                               {"sinceId", {Shape::scalar, &is_after}},
                               {"sinceUpdatedAt", {Shape::scalar, &passes_always}}};
  return filters;
}

const Filters& inventory_filters() {
  static const Filters filters{{"ids", {Shape::list, &among<keys::id>}},
                               {"offerExternalId", {Shape::list, &among<keys::external_id>}},
                               {"offerXmlId", {Shape::list, &among<keys::xml_id>}},
                               {"offerArticle", {Shape::list, &among<keys::article>}},
                               {"productExternalId", {Shape::scalar, &product_is<keys::external_id>}},
                               {"productActive", {Shape::scalar, &passes_always}},
                               {"offerActive", {Shape::scalar, &is_active}},
                               {"sites", {Shape::list, &is_on_sites}},
                               {"details", {Shape::scalar, &passes_always}}};
  return filters;
}

/// `shown` draws one entity of the page.
template <class Show>
Reply listed(Call& call, const std::map<std::int64_t, Json>& entities, const Filters& filters, const char* key,
             Show shown) {
  Reply refused;
  const auto page = page_of(call, refused);
  if (!page) return refused;
  refused.status = 0;
  const std::vector<const Json*> found = filtered(call, entities, filters, refused);
  if (refused.status != 0) return refused;
  std::vector<Json> all(found.size());  // a catalogue has thousands: what is not on the page is not drawn
  const std::size_t from = std::min(all.size(), (page->number - 1) * page->limit);
  for (std::size_t i = from; i < std::min(all.size(), from + page->limit); ++i) all[i] = shown(*found[i]);
  return paged(*page, key, all);
}

Reply offers(Call& call) {
  return listed(call, call.world.offers, offer_filters(), "offers",
                [&](const Json& offer) { return shown_offer(call.world, offer, true); });
}

Reply products(Call& call) {
  return listed(call, call.world.products, product_filters(), "products", [&](const Json& product) {
    Json shown = product;
    shown["offers"] = Json::array();
    for (const auto& [id, offer] : call.world.offers) {
      if (offer.value("productId", Json()) == product["id"])
        shown["offers"].push_back(shown_offer(call.world, offer, false));
    }
    return shown;
  });
}

Reply inventories(Call& call) {
  const bool details = call.query.value("/filter/details"_json_pointer, Json("")) == "1";
  return listed(call, call.world.offers, inventory_filters(), "offers", [&](const Json& offer) {
    Json shown{{"id", offer["id"]},
               {"site", call.world.options.sites.front()},
               {"quantity", offer.value("quantity", Json(0))}};
    for (const char* key : {"externalId", "xmlId", "purchasePrice"}) {
      if (offer.contains(key)) shown[key] = offer[key];
    }
    if (!details) return shown;
    shown["stores"] = Json::array();
    const Json stocks = offer.value("stocks", Json::object());
    for (const auto& [code, stock] : stocks.items()) {
      shown["stores"].push_back({{"store", code},
                                 {"quantity", stock["available"]},
                                 {"purchasePrice", stock.value("purchasePrice", Json(0))}});
    }
    return shown;
  });
}

Json* offer_named(World& world, const Json& given) {
  for (auto& [id, offer] : world.offers) {
    if (given.contains("id")
            ? given["id"] == id
            : (given.contains("externalId") && offer.value("externalId", Json()) == given["externalId"]) ||
                  (given.contains("xmlId") && offer.value("xmlId", Json()) == given["xmlId"])) {
      return &offer;
    }
  }
  return nullptr;
}

Json naming(const Json& given) {
  Json shown = Json::object();
  for (const char* key : {"id", "externalId", "xmlId"}) {
    if (given.contains(key)) shown[key] = given[key];
  }
  return shown;
}

/// 200 even when some were not found.
Reply uploaded(Call& call, const char* field, void (*work)(Json& offer, const Json& given)) {
  Reply refused;
  const auto given = json_field(call, field, refused);
  if (!given) return refused;
  if (given->size() > 250)
    return failure(400, "Errors in the entity format",
                   {{field, "This collection should contain 250 elements or less."}});
  Json missing = Json::array();
  std::size_t done = 0;
  for (const Json& entry : *given) {
    Json* offer = offer_named(call.world, entry);
    if (offer == nullptr) {
      missing.push_back(naming(entry));
      continue;
    }
    work(*offer, entry);
    ++done;
  }
  return success(200, {{"processedOffersCount", done}, {"notFoundOffers", std::move(missing)}});
}

Reply inventories_upload(Call& call) {
  return uploaded(call, "offers", [](Json& offer, const Json& given) {
    for (const Json& store : given.value("stores", Json::array())) offer["stocks"][store.value("code", "main")] = store;
    double sum = 0;
    for (const auto& [code, stock] : offer["stocks"].items()) sum += stock.value("available", 0.0);
    offer["quantity"] = sum;
  });
}

Reply prices_upload(Call& call) {
  return uploaded(call, "prices", [](Json& offer, const Json& given) {
    for (const Json& price : given.value("prices", Json::array())) {
      auto& prices = offer["prices"].get_ref<Json::array_t&>();
      std::erase_if(prices, [&](const Json& one) { return one["priceType"] == price.value("code", Json()); });
      if (price.value("remove", false)) continue;
      prices.push_back(
          {{"priceType", price.value("code", "base")}, {"price", price.value("price", Json(0))}, {"ordering", 991}});
    }
  });
}

}  // namespace

Json& make_offer(World& world, const Json& fields) {
  const std::int64_t product = world.next_product++;
  const std::int64_t id = fields.value("id", world.next_offer);
  world.next_offer = std::max(world.next_offer, id + 1);
  Json offer{{"id", id},
             {"productId", product},
             {"name", "Товар"},
             {"images", Json::array()},
             {"prices",
              Json::array({{{"priceType", "base"}, {"price", fields.value("price", Json(1000))}, {"ordering", 991}}})},
             {"vatRate", "none"},
             {"properties", Json::object()},
             {"quantity", 5},
             {"active", true},
             {"unit", {{"code", "pc"}, {"name", "Штука"}, {"sym", "шт."}}}};
  Json given = fields;
  given.erase("price");
  offer.update(given);
  const Json price = offer["prices"].empty() ? Json(0) : offer["prices"][0]["price"];
  world.products[product] = {{"id", product},           {"minPrice", price},     {"maxPrice", price},
                             {"type", "product"},       {"name", offer["name"]}, {"url", "https://example.com"},
                             {"groups", Json::array()}, {"active", true},        {"quantity", offer["quantity"]},
                             {"markable", false}};
  for (const char* key : {"article", "externalId"}) {
    if (offer.contains(key)) world.products[product][key] = offer[key];
  }
  return world.offers.insert_or_assign(id, std::move(offer)).first->second;
}

void seed_catalogue(World& world) {
  make_offer(world, {{"name", "Футболка белая M"},
                     {"externalId", "77"},
                     {"xmlId", "2000000000017"},
                     {"article", "TSHIRT-W-M"},
                     {"barcode", "2000000000017"},
                     {"price", 1290}});
  make_offer(world, {{"name", "Кружка 300 мл"},
                     {"externalId", "78"},
                     {"xmlId", "mug-01"},
                     {"article", "MUG-01"},
                     {"barcode", "2043227963145"},
                     {"price", 1039}});
  make_offer(world, {{"name", "Диван угловой"},
                     {"externalId", "79"},
                     {"xmlId", "sofa-7"},
                     {"article", "SOFA-7"},
                     {"barcode", "6665956397512"},
                     {"price", 45000}});
}

std::vector<Route> store_routes() {
  return {{"GET", "/api/v5/store/offers", "store_read", &offers},
          {"GET", "/api/v5/store/products", "store_read", &products},
          {"GET", "/api/v5/store/inventories", "store_read", &inventories},
          {"POST", "/api/v5/store/inventories/upload", "store_write", &inventories_upload},
          {"POST", "/api/v5/store/prices/upload", "store_write", &prices_upload}};
}

}  // namespace pipewright::crm::sandbox
