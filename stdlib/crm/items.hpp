// The lines of an order: resolved to offers, and merged with the lines that are there (api.md 5.5).
#pragma once

#include "stdlib/crm/catalogue.hpp"
#include "stdlib/crm/fields.hpp"

namespace pipewright::crm {

/// One line as it is wanted.
struct Line {
  std::string external_id;            ///< its own, else the event's key and its place: equal lines stay two
  Record offer;                       ///< `{id}`, `{xmlId}` or `{externalId}`; empty: none
  bool from_barcode = false;          ///< the offer was found in the catalogue
  std::vector<std::string> barcodes;  ///< by one of these
  std::string unmatched;              ///< the barcode that no offer has; then the line is free text
  std::string name;
  bool removed = false;  ///< quantity 0
  Record fields;         ///< quantity, initialPrice … under the API's names
  std::vector<std::string> warnings;
};

/// Of a step's `items`, after learn_barcodes.
std::vector<Line> lines_of(const Value& items, const std::string& event_key, const Catalogue& catalogue,
                           const std::string& zone);
/// Every barcode that the lines need looked up: not of those that name their offer otherwise.
std::vector<std::string> wanted_barcodes(const Value& items);

/// For orders/create; removed lines are left out.
List created_lines(const std::vector<Line>& lines);

/// The place of each wanted line among those that are there: by an external id of any code, else by an offer whose line
/// has none.
std::vector<std::optional<std::size_t>> matched(const std::vector<Line>& lines, const std::vector<Value>& there);

struct Merged {
  bool changed = false;
  List sent;                 ///< the whole list for orders/edit: untouched lines by their id alone, removed ones absent
  std::vector<Value> after;  ///< as the CRM would show them
  std::vector<std::size_t> added;  ///< the wanted lines that are new
};
Merged merged(const std::vector<Line>& lines, const std::vector<Value>& there);

}  // namespace pipewright::crm
