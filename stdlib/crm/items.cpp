#include "stdlib/crm/items.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "stdlib/crm/records.hpp"

namespace pipewright::crm {
namespace {

constexpr const char* code = "pipewright";  // ours among a line's external ids

struct Named {
  const char* name;
  const char* api;
};
constexpr Named line_fields[] = {{"quantity", "quantity"},
                                 {"price", "initialPrice"},
                                 {"discount_amount", "discountManualAmount"},
                                 {"discount_percent", "discountManualPercent"},
                                 {"purchase_price", "purchasePrice"},
                                 {"vat_rate", "vatRate"},
                                 {"status", "status"},
                                 {"comment", "comment"}};

Value properties_of(const Value& properties) {
  List list;
  if (const Record* map = properties.record()) {
    for (const auto& [name, value] : *map) {
      if (!present(value) || value.is_clear()) continue;
      Record property;
      property.emplace_back("code", Value(name));
      property.emplace_back("name", Value(name));
      property.emplace_back("value", Value(value.id_text()));
      list.emplace_back(std::move(property));
    }
  }
  return Value(std::move(list));
}

void resolve_offer(Line& line, const Value& item, const Catalogue& catalogue) {
  if (present(item["offer_id"])) {
    const auto number = Decimal::parse(item["offer_id"].id_text());
    line.offer.emplace_back("id", number ? Value(*number) : item["offer_id"]);
  } else if (present(item["xml_id"])) {
    line.offer.emplace_back("xmlId", Value(item["xml_id"].id_text()));
  } else if (present(item["offer_external_id"])) {
    line.offer.emplace_back("externalId", Value(item["offer_external_id"].id_text()));
  } else {
    const std::vector<std::string> barcodes = barcodes_of(item["barcode"]);
    if (barcodes.empty()) return;
    const Catalogue::Offer* offer = offer_of(catalogue, barcodes);
    if (offer == nullptr) {
      line.unmatched = barcodes.front();
      return;
    }
    line.from_barcode = true;
    line.barcodes = barcodes;
    line.offer.emplace_back("id", offer->id);
    if (offer->ambiguous)
      line.warnings.push_back(
          fmt::format("several offers have the barcode {}: {} is taken", barcodes.front(), offer->id.id_text()));
  }
}

Value sent_line(const Line& line) {
  Record sent;
  Record id;
  id.emplace_back("code", Value(code));
  id.emplace_back("value", Value(line.external_id));
  sent.emplace_back("externalIds", Value(List(1, Value(std::move(id)))));
  if (!line.offer.empty()) sent.emplace_back("offer", Value(line.offer));
  // An offer named by a foreign id may turn out not to be there: then the name is what is left.
  const bool certain = engine::find_field(line.offer, "id") != nullptr;
  const std::string name = !line.name.empty() ? line.name : line.unmatched;
  // A line with neither an offer nor a name says to nobody what was sold, and may be refused.
  const std::string shown = name.empty() && line.offer.empty() ? line.external_id : name;
  if (!certain && !shown.empty()) sent.emplace_back("productName", Value(shown));
  if (engine::find_field(line.fields, "quantity") == nullptr) sent.emplace_back("quantity", Value(1));
  for (const auto& [field, value] : line.fields) {
    if (!value.is_clear()) sent.emplace_back(field, value);
  }
  return Value(std::move(sent));
}

// ---- what differs
// --------------------------------------------------------------------------------------------------------------------

// Answers show the discounts themselves, not what they were made from.
std::optional<Decimal> manual_discount(const Value& there) {
  std::optional<Decimal> amount;
  for (const Value& each : elements_of(there["discounts"])) {
    if (each["type"].display() != "manual_product" || each["amount"].number() == nullptr) continue;
    amount = add(amount.value_or(Decimal(0)), *each["amount"].number());
  }
  return amount;
}

bool same_discount(const std::string& field, const Value& wanted, const Value& there) {
  if (present(there[field])) return same_field_value(field, wanted, there[field]);
  const Decimal shown = manual_discount(there).value_or(Decimal(0));
  if (wanted.number() == nullptr) return shown.is_zero();
  if (field == "discountManualAmount") return same_number(field, *wanted.number(), shown);
  const Decimal* price = there["initialPrice"].number();
  const auto share = price == nullptr ? std::nullopt : multiply(*price, *wanted.number());
  const auto amount = share ? divide(*share, Decimal(100)) : std::nullopt;
  return amount && amount->rounded(2) == shown.rounded(2);
}

bool same_properties(const Value& wanted, const Value& there) {
  const std::vector<Value> held = elements_of(there["properties"]);
  const std::vector<Value> list = elements_of(wanted);
  return std::all_of(list.begin(), list.end(), [&](const Value& each) {
    return std::any_of(held.begin(), held.end(), [&](const Value& other) {
      return each["code"] == other["code"] && same_value(each["value"], other["value"]);
    });
  });
}

bool same_rate(const Value& wanted, const Value& there) {
  const auto a = Decimal::parse(wanted.id_text());
  const auto b = Decimal::parse(there.id_text());
  return a && b ? *a == *b : same_value(wanted, there);
}

bool same_field(const std::string& field, const Value& wanted, const Value& there) {
  if (field.starts_with("discount")) return same_discount(field, wanted, there);
  if (field == "properties") return same_properties(wanted, there);
  if (field == "vatRate") return same_rate(wanted, there[field]);
  return wanted.is_clear() ? !present(there[field]) : same_field_value(field, wanted, there[field]);
}

// What of a line that is there would change.
Record line_changes(const Line& line, const Value& there) {
  Record changes;
  for (const auto& [field, value] : line.fields) {
    if (!same_field(field, value, there)) changes.emplace_back(field, value.is_clear() ? Value() : value);
  }
  for (const auto& [field, value] : line.offer) {
    if (!same_value(value, there["offer"][field])) changes.emplace_back("offer", Value(line.offer));
  }
  const bool free_text = there["offer"]["id"].is_null() && line.offer.empty();
  if (free_text && !line.name.empty() && present(there["productName"]) &&
      !same_value(Value(line.name), there["productName"]))
    changes.emplace_back("productName", Value(line.name));
  return changes;
}

bool same_offer(const Line& line, const Value& there) {
  return !line.offer.empty() && std::all_of(line.offer.begin(), line.offer.end(), [&](const auto& field) {
    return present(there["offer"][field.first]) && same_value(field.second, there["offer"][field.first]);
  });
}

}  // namespace

std::vector<std::string> wanted_barcodes(const Value& items) {
  std::vector<std::string> all;
  for (const Value& item : elements_of(items)) {
    if (present(item["offer_id"]) || present(item["xml_id"]) || present(item["offer_external_id"])) continue;
    const std::vector<std::string> own = barcodes_of(item["barcode"]);
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

std::vector<Line> lines_of(const Value& items, const std::string& event_key, const Catalogue& catalogue,
                           const std::string& zone) {
  std::vector<Line> lines;
  std::set<std::string> taken;
  const std::vector<Value> wanted = elements_of(items);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const Value& item = wanted[i];
    Line line;
    line.external_id =
        present(item["external_id"]) ? item["external_id"].id_text() : fmt::format("{}-{}", event_key, i + 1);
    while (!taken.insert(line.external_id).second)
      line.external_id += fmt::format("-{}", i + 1);  // unique within an order
    if (present(item["name"]) && !item["name"].is_clear()) line.name = item["name"].id_text();
    const Decimal* quantity = item["quantity"].number();
    line.removed = quantity != nullptr && quantity->is_zero();
    for (const Named& field : line_fields) {
      const Value value = api_value(item[field.name], zone);
      if (present(value)) line.fields.emplace_back(field.api, value);
    }
    Value properties = properties_of(item["properties"]);
    if (present(properties)) line.fields.emplace_back("properties", std::move(properties));
    resolve_offer(line, item, catalogue);
    lines.push_back(std::move(line));
  }
  return lines;
}

List created_lines(const std::vector<Line>& lines) {
  List created;
  for (const Line& line : lines) {
    if (!line.removed) created.push_back(sent_line(line));
  }
  return created;
}

std::vector<std::optional<std::size_t>> matched(const std::vector<Line>& lines, const std::vector<Value>& there) {
  std::vector<std::optional<std::size_t>> places(lines.size());
  std::vector<bool> used(there.size(), false);
  const auto take = [&](std::size_t line, std::size_t place) {
    places[line] = place;
    used[place] = true;
  };
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (std::size_t place = 0; place < there.size() && !places[i]; ++place) {
      const std::vector<std::string> ids = external_ids_of(there[place]);
      if (!used[place] && std::find(ids.begin(), ids.end(), lines[i].external_id) != ids.end()) take(i, place);
    }
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (std::size_t place = 0; place < there.size() && !places[i]; ++place) {
      if (!used[place] && external_ids_of(there[place]).empty() && same_offer(lines[i], there[place])) take(i, place);
    }
  }
  return places;
}

Merged merged(const std::vector<Line>& lines, const std::vector<Value>& there) {
  Merged result;
  const auto places = matched(lines, there);
  for (std::size_t place = 0; place < there.size(); ++place) {
    const auto line = std::find(places.begin(), places.end(), std::optional(place));
    const Line* wanted = line == places.end() ? nullptr : &lines[static_cast<std::size_t>(line - places.begin())];
    if (wanted != nullptr && wanted->removed) {
      result.changed = true;
      continue;
    }
    Record sent;
    sent.emplace_back("id", there[place]["id"]);
    Record after = there[place].record() == nullptr ? Record() : *there[place].record();
    for (const auto& [field, value] : wanted == nullptr ? Record() : line_changes(*wanted, there[place])) {
      result.changed = true;
      engine::set_field(sent, field, value);
      engine::set_field(after, field, value);
    }
    result.sent.emplace_back(std::move(sent));
    result.after.emplace_back(std::move(after));
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (places[i] || lines[i].removed) continue;
    result.changed = true;
    result.added.push_back(i);
    result.sent.push_back(sent_line(lines[i]));
    result.after.push_back(result.sent.back());
  }
  return result;
}

}  // namespace pipewright::crm
