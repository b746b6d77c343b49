// Rows of the order feed and of the statistics, in one shape.
#include <fmt/format.h>

#include "engine/json.hpp"
#include "stdlib/wb/fbo.hpp"

namespace pipewright::wb {
namespace {

using engine::Broken;

std::optional<Instant> time_of(const Value& value) {
  if (value.text() == nullptr) return std::nullopt;
  const auto time = parse_time(*value.text(), moscow_zone);
  return time ? std::optional<Instant>(*time) : std::nullopt;
}

std::optional<Row> feed_row(Value raw, std::optional<std::string>& notice) {
  const bool* seller_warehouse = raw["isMp"].boolean();
  if (seller_warehouse == nullptr) {
    notice = fmt::format("isMp {} is neither true nor false: such rows of the order feed are left out",
                         engine::json_start(raw["isMp"], 60));
    return std::nullopt;
  }
  if (*seller_warehouse) return std::nullopt;
  Row row;
  row.status = raw["status"].display();
  row.created = time_of(raw["createdAt"]);
  row.updated = time_of(raw["updatedAt"]);
  row.price = raw["sellerPrice"];
  row.feed = true;
  row.raw = std::move(raw);
  return row;
}

std::optional<Row> statistics_row(Value raw, bool sales, std::optional<std::string>& notice) {
  const std::string kind = raw["warehouseType"].display();
  if (kind == "Склад продавца") return std::nullopt;
  if (kind != "Склад WB") {
    notice = fmt::format("warehouseType «{}» is not known: its rows are left out", kind);
    return std::nullopt;
  }
  Row row;
  row.created = time_of(raw["date"]);
  row.updated = time_of(raw["lastChangeDate"]);
  row.price = raw["priceWithDisc"];
  row.status = "created";
  const std::string sale = raw["saleID"].display();
  if (sales) {
    if (!sale.starts_with('S') && !sale.starts_with('R')) {
      notice = fmt::format("saleID «{}» is neither a sale nor a return: such rows are left out", sale);
      return std::nullopt;
    }
    row.status = sale.starts_with('R') ? "return" : "buyout";
  } else if (raw["isCancel"].boolean() != nullptr && *raw["isCancel"].boolean()) {
    row.status = "cancel";
  }
  row.raw = std::move(raw);
  return row;
}

int rank_of(const std::string& status) {
  if (status == "created") return 0;
  return status == "return" || status == "returnDefective" ? 2 : 1;
}

Value user_status(const std::string& status) {
  static const std::map<std::string, int> codes = {
      {"created", 4}, {"cancel", 1}, {"buyout", 2}, {"return", 3}, {"returnDefective", 5}};
  const auto found = codes.find(status);
  if (found != codes.end()) return Value(found->second);
  return Value(Broken{"status", "a known status", engine::json_start(Value(status), 60)});
}

Value money(const Value& price, const char* path) {
  if (price.number() == nullptr)
    return Value(Broken{path, "money", price.is_null() ? "missing" : engine::json_start(price, 60)});
  return Value(price.number()->scale() < 2 ? price.number()->rounded(2).value_or(*price.number()) : *price.number());
}

Value time_or_broken(const std::optional<Instant>& time, const Value& raw, const char* path) {
  if (time) return Value(*time);
  return Value(Broken{path, "a time", raw[path].is_null() ? "missing" : engine::json_start(raw[path], 60)});
}

}  // namespace

std::optional<Row> row_of(Part part, Value raw, std::optional<std::string>& notice) {
  const std::string srid = raw["srid"].id_text();
  if (srid.empty()) {
    notice = fmt::format("a row without a srid is left out: {}", engine::json_start(raw, 120));
    return std::nullopt;
  }
  auto row = part == Part::feed ? feed_row(std::move(raw), notice)
                                : statistics_row(std::move(raw), part == Part::sales, notice);
  if (row) row->srid = srid;
  return row;
}

KnownRow known_row(const std::string& state) {
  const Value read = read_cursor(state);
  KnownRow known;
  known.status = read["status"].display();
  known.raw = read["raw"];
  known.updated = moment(read, "updated");
  if (const Decimal* changes = read["changes"].number(); changes != nullptr)
    known.changes = static_cast<int>(changes->integer().value_or(0));
  return known;
}

std::string text_of(const KnownRow& known) {
  Record state;
  state.emplace_back("status", Value(known.status));
  state.emplace_back("changes", Value(known.changes));
  if (known.updated) state.emplace_back("updated", Value(std::int64_t{known.updated->time_since_epoch().count()}));
  state.emplace_back("raw", known.raw);
  return engine::write_json(Value(std::move(state)));
}

bool follows(const Row& row, const KnownRow& known) {
  if (row.status == known.status) return false;
  const bool older = row.updated && known.updated && *row.updated < *known.updated;
  if (row.feed) return !older;  // one row a unit: its status now
  const int rank = rank_of(row.status);
  const int before = rank_of(known.status);
  return rank > before || (rank == before && rank > 0 && !older);
}

std::string size_key(const Value& raw) {
  const std::string size = raw["chrtId"].id_text();
  if (!size.empty()) return size;
  const std::string* barcode = raw["barcode"].text();
  return barcode == nullptr || barcode->empty() ? std::string() : "sku " + *barcode;
}

Record derived_fields(const Row& row, const Account& account) {
  Record fields;
  const char* const price = row.feed ? "sellerPrice" : "priceWithDisc";
  fields.emplace_back("id", Value(row.srid));
  fields.emplace_back("srid", Value(row.srid));
  fields.emplace_back("status", Value(row.status));
  fields.emplace_back("user_status", user_status(row.status));
  fields.emplace_back("price", money(row.price, price));
  fields.emplace_back("price_with_disc", money(row.price, price));
  fields.emplace_back("created_at", time_or_broken(row.created, row.raw, row.feed ? "createdAt" : "date"));
  fields.emplace_back("updated_at", time_or_broken(row.updated, row.raw, row.feed ? "updatedAt" : "lastChangeDate"));
  fields.emplace_back("user", Value());
  const auto text_or_null = [](const Value& value) {
    return value.text() != nullptr && !value.text()->empty() ? value : Value();
  };
  Value barcode = text_or_null(row.raw["barcode"]);
  Value article = text_or_null(row.raw["supplierArticle"]);
  List skus;
  if (!barcode.is_null()) skus.push_back(barcode);
  if (const auto size = account.sizes.find(size_key(row.raw)); size != account.sizes.end()) {
    for (const std::string& each : size->second.barcodes) {
      if (barcode.text() == nullptr || *barcode.text() != each) skus.emplace_back(each);
    }
    if (barcode.is_null() && !skus.empty()) barcode = skus.front();
    if (article.is_null() && !size->second.article.empty()) article = Value(size->second.article);
  }
  fields.emplace_back("barcode", std::move(barcode));
  fields.emplace_back("skus", Value(std::move(skus)));
  fields.emplace_back("supplier_article", std::move(article));
  return fields;
}

Record derived_fields(const Value& raw, const Account& account) {
  const Part part = !raw["sellerPrice"].is_null() ? Part::feed : raw["saleID"].is_null() ? Part::orders : Part::sales;
  std::optional<std::string> notice;
  const auto row = row_of(part, raw, notice);
  return row ? derived_fields(*row, account) : Record{};
}

}  // namespace pipewright::wb
