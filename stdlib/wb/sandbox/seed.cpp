// Making tasks, statistics rows, cards and warehouses: invented values in the published shapes.
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "stdlib/wb/sandbox/world.hpp"

namespace pipewright::wb::sandbox {
namespace {

struct Product {
  const char* article;
  const char* title;
  const char* subject;
  std::int64_t nm;
  std::uint64_t chrt;
  const char* barcode;
  std::int64_t price;  // kopecks
};

constexpr std::array<Product, 4> products{{
    {"MUG-01", "Кружка 300 мл", "Кружки", 123456789, 987654321, "2043227963145", 103900},
    {"TSHIRT-W-M", "Футболка белая M", "Футболки", 123456790, 987654322, "2000000000017", 129000},
    {"SOFA-7", "Диван угловой", "Диваны", 123456791, 987654323, "6665956397512", 4500000},
    {"TYRE-1", "Шина летняя", "Шины", 123456792, 987654324, "2041546265353", 1400000},
}};

/// The warehouse of each scheme, see make_warehouses.
std::int64_t warehouse_of(Scheme scheme) {
  switch (scheme) {
    case Scheme::fbs:
      return 658434;
    case Scheme::dbs:
      return 700001;
    case Scheme::dbw:
      return 700002;
    case Scheme::pickup:
      return 1162157;
  }
  return 0;
}

Json common_fields(World& world, const Product& product, std::int64_t id, Scheme scheme, std::int64_t price) {
  const std::int64_t final_price = price - price / 50;
  return {{"id", id},
          {"rid", fmt::format("{}.0.0", 5044304527000000000 + static_cast<std::int64_t>(world.dice(1000000000000)))},
          {"createdAt", utc_text(world.now())},
          {"warehouseId", warehouse_of(scheme)},
          {"nmId", product.nm},
          {"chrtId", product.chrt},
          {"skus", {product.barcode}},
          {"article", product.article},
          {"salePrice", price + price / 4},
          {"price", price},
          {"finalPrice", final_price},
          {"convertedPrice", price},
          {"convertedFinalPrice", final_price},
          {"currencyCode", 643},
          {"convertedCurrencyCode", 643},
          {"cargoType", 1},
          {"isZeroOrder", false},
          {"requiredMeta", Json::array()}};
}

Json home_address() {
  return {{"fullAddress", "г. Челябинск, ул. Труда, д. 1, кв. 2"}, {"longitude", 61.40}, {"latitude", 55.16}};
}

void add_scheme_fields(World& world, Json& fields, Scheme scheme, const std::string& checkout) {
  if (scheme == Scheme::pickup) {
    fields.update({{"orderCode", checkout},
                   {"payMode", "prepaid"},
                   {"warehouseAddress", "Москва, Софийская наб., 4"},
                   {"ddate", "06.10.2026"},
                   {"tireService", false},
                   {"options", {{"isB2b", false}}}});
    return;
  }
  fields["orderUid"] = checkout;
  fields["comment"] = "";
  fields["colorCode"] = "";
  if (scheme == Scheme::fbs) {
    fields.update({{"address", nullptr},
                   {"scanPrice", nullptr},
                   {"optionalMeta", {"sgtin"}},
                   {"deliveryType", "fbs"},
                   {"offices", {"Коледино"}},
                   {"officeId", 15},
                   {"crossBorderType", 0},
                   {"isPickupPointShipmentAllowed", true},
                   {"options", {{"isB2B", false}}}});
    return;
  }
  fields["address"] = home_address();
  fields["groupId"] = world.uuid();
  fields["options"] = {{"isB2b", false}};
  if (scheme == Scheme::dbs) fields["deliveryType"] = "dbs";
}

std::uint64_t chrt_of(const Json& fields) {
  return fields.contains("chrtId") && fields["chrtId"].is_number_integer() ? fields["chrtId"].get<std::uint64_t>() : 0;
}

template <class T>
T field_or(const Json& fields, const char* key, T otherwise) {
  try {
    return fields.contains(key) ? fields[key].get<T>() : otherwise;
  } catch (const Json::exception&) {  // an override of another type: the poison a test asked for
    return otherwise;
  }
}

/// A card for the article, or one more size of it.
void make_card(World& world, const Json& fields, const std::string& barcode, const std::string& article) {
  const auto nm = field_or<std::int64_t>(fields, "nmId", 0);
  Json& card = world.cards[nm];
  const Product* known = nullptr;
  for (const Product& product : products) {
    if (product.nm == nm) known = &product;
  }
  if (card.is_null()) {
    card = {{"nmID", nm},
            {"imtID", nm + 1000000},
            {"nmUUID", world.uuid()},
            {"subjectID", 7771},
            {"subjectName", known != nullptr ? known->subject : "Кружки"},
            {"vendorCode", article},
            {"brand", "Тест"},
            {"title", known != nullptr ? known->title : article.c_str()},
            {"description", ""},
            {"needKiz", false},
            {"kizMarked", false},
            {"photos", Json::array()},
            {"video", ""},
            {"dimensions", {{"length", 10}, {"width", 10}, {"height", 12}, {"weightBrutto", 0.4}, {"isValid", true}}},
            {"characteristics", Json::array({{{"id", 14177449}, {"name", "Цвет"}, {"value", {"белый"}}}})},
            {"sizes", Json::array()},
            {"tags", Json::array()},
            {"createdAt", "2025-01-01T10:00:00Z"},
            {"updatedAt", utc_text(world.now())}};
  }
  for (const Json& size : card["sizes"]) {
    if (size["chrtID"] == chrt_of(fields)) return;
  }
  card["sizes"].push_back({{"chrtID", chrt_of(fields)}, {"techSize", "0"}, {"wbSize", ""}, {"skus", {barcode}}});
}

Json statistics_row(World& world, const Product& product) {
  const double sale = std::round(static_cast<double>(product.price) * 1.25) / 100;
  return {{"date", moscow_text(world.now())},
          {"lastChangeDate", moscow_text(world.now())},
          {"warehouseName", "Склад WB РФ"},
          {"warehouseType", "Склад WB"},
          {"countryName", "Россия"},
          {"oblastOkrugName", "Центральный федеральный округ"},
          {"regionName", "Московская"},
          {"supplierArticle", product.article},
          {"nmId", product.nm},
          {"barcode", product.barcode},
          {"category", "Дом"},
          {"subject", product.subject},
          {"brand", "Тест"},
          {"techSize", "0"},
          {"incomeID", 56735459},
          {"isSupply", false},
          {"isRealization", true},
          {"totalPrice", std::round(sale * 1.5)},
          {"discountPercent", 18},
          {"spp", 26},
          {"finishedPrice", static_cast<double>(product.price) / 100},
          {"priceWithDisc", sale},
          {"isCancel", false},
          {"cancelDate", "0001-01-01T00:00:00"},
          {"sticker", ""},
          {"gNumber", fmt::format("3434346{:013}", world.dice(10000000000000))},
          {"srid", fmt::format("11.r{}.3.0", world.hex(32))}};
}

Json feed_entry(World& world, const Json& row, std::uint64_t chrt) {
  const bool own = row.value("warehouseType", "") != "Склад WB";
  return {{"nmId", row["nmId"]},
          {"chrtId", chrt},
          {"srid", row["srid"]},
          {"createdAt", moscow_text(world.now()) + "+03:00"},
          {"updatedAt", moscow_text(world.now()) + "+03:00"},
          {"status", "created"},
          {"warehouseName", own ? "Мой склад" : "Склад WB"},
          {"warehouseRegion", ""},
          {"isMp", own},
          {"destinationCity", "Казань"},
          {"destinationDistrict", "Приволжский"},
          {"sellerPrice", row["priceWithDisc"]},
          {"isB2b", false}};
}

void mirror_in_statistics(World& world, const Task& task) {
  Json fields{{"warehouseName", "Склад продавца"}, {"warehouseType", "Склад продавца"}};
  for (const auto& [from, to] : {std::pair{"rid", "srid"}, {"article", "supplierArticle"}, {"nmId", "nmId"}}) {
    if (task.fields.contains(from)) fields[to] = task.fields[from];
  }
  if (task.fields.contains("chrtId")) fields["chrtId"] = task.fields["chrtId"];
  const Json& skus = task.fields.value("skus", Json::array());
  if (skus.is_array() && !skus.empty()) fields["barcode"] = skus[0];
  make_row(world, fields);
}

}  // namespace

Task& make_task(World& world, Scheme scheme, const Json& fields, const std::string& checkout) {
  const Product& product = products[world.dice(2) + (scheme == Scheme::fbs ? 0 : 2)];
  Task task{.scheme = scheme};
  world.next_task += 1 + static_cast<std::int64_t>(world.dice(7));
  const auto price = field_or<std::int64_t>(fields, "price", product.price);
  task.fields = common_fields(world, product, world.next_task, scheme, price);
  add_scheme_fields(world, task.fields, scheme, checkout);
  task.fields.update(fields);
  task.id = field_or<std::int64_t>(task.fields, "id", world.next_task);
  task.created = time_from(field_or<std::string>(task.fields, "createdAt", "")).value_or(world.now());
  const Json& skus = task.fields.value("skus", Json::array());
  const std::string barcode = skus.is_array() && !skus.empty() && skus[0].is_string() ? skus[0] : Json("");
  make_card(world, task.fields, barcode, field_or<std::string>(task.fields, "article", ""));
  Task& kept = world.tasks.insert_or_assign(task.id, std::move(task)).first->second;
  if (world.options.tasks_in_statistics) mirror_in_statistics(world, kept);
  return kept;
}

Row& make_row(World& world, const Json& fields) {
  const Product& product = products[world.dice(2)];
  Row row{.order = statistics_row(world, product), .updated = world.now()};
  Json given = fields;
  const std::uint64_t chrt = given.contains("chrtId") ? chrt_of(given) : product.chrt;
  given.erase("chrtId");
  const Json feed = given.value("feed", Json::object());
  given.erase("feed");
  row.order.update(given);
  row.updated = time_from(field_or<std::string>(row.order, "lastChangeDate", "")).value_or(world.now());
  row.feed = feed_entry(world, row.order, chrt);
  const auto ordered = time_from(field_or<std::string>(row.order, "date", "")).value_or(world.now());
  row.feed["createdAt"] = moscow_text(ordered) + "+03:00";
  row.feed["updatedAt"] = moscow_text(row.updated) + "+03:00";
  row.feed.update(feed);
  Json shown = row.order;
  shown["chrtId"] = chrt;
  make_card(world, shown, field_or<std::string>(row.order, "barcode", ""),
            field_or<std::string>(row.order, "supplierArticle", ""));
  world.rows.push_back(std::move(row));
  return world.rows.back();
}

void change_row(World& world, Row& row, std::string_view change) {
  const std::string now = moscow_text(world.now());
  row.updated = world.now();
  row.feed["updatedAt"] = now + "+03:00";
  row.feed["status"] = change;
  if (change == "cancel") {
    row.order.update({{"isCancel", true}, {"cancelDate", now}, {"lastChangeDate", now}});
    row.feed["cancelType"] = "app";
    return;
  }
  Json sale = without(row.order, {"isCancel", "cancelDate"});
  const bool back = change == "return";
  const double sign = back ? -1 : 1;
  sale.update({{"date", now},
               {"lastChangeDate", now},
               {"paymentSaleAmount", 0},
               {"forPay", sign * 0.83 * field_or<double>(row.order, "priceWithDisc", 0)},
               {"saleID", fmt::format("{}{}", back ? 'R' : 'S', world.next_sale++)}});
  row.order["lastChangeDate"] = now;
  row.sales.push_back(std::move(sale));
}

void make_warehouses(World& world) {
  const auto warehouse = [](const char* name, std::int64_t id, int delivery) {
    return Json{{"name", name},        {"officeId", 15},       {"id", id}, {"cargoType", 1}, {"deliveryType", delivery},
                {"isDeleting", false}, {"isProcessing", false}};
  };
  world.warehouses = {warehouse("Основной", 658434, 1), warehouse("Доставка силами продавца", 700001, 2),
                      warehouse("Курьер WB", 700002, 3), warehouse("Магазин", 1162157, 5)};
  world.offices = {{{"address", "Московская обл., д. Коледино"},
                    {"name", "Коледино"},
                    {"city", "Коледино"},
                    {"id", 15},
                    {"longitude", 37.55},
                    {"latitude", 55.38},
                    {"cargoType", 1},
                    {"deliveryType", 1},
                    {"federalDistrict", "Центральный"},
                    {"selected", true}}};
}

}  // namespace pipewright::wb::sandbox
