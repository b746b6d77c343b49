// Records as the language writes them ↔ objects as the API takes them, and what differs between a wish and what is
// there (api.md 5.3, 5.6, 7).
#pragma once

#include "stdlib/crm/account.hpp"

namespace pipewright::crm {

/// `manager_id` is `managerId`.
std::string camel_case(std::string_view name);

/// A value as JSON takes it: times by the wall clock of `zone`, records in camelCase, nulls and empty texts left out,
/// Clear kept.
Value api_value(const Value& value, const std::string& zone);
/// The fields of a client or an order under the API's names, in its shapes (`phones`, ids as texts, `customFields`).
/// Left out: `id`, `site`, and of orders `client`, `items`, `payments`, which have rules of their own.
Record api_fields(const Record& fields, const std::string& zone);
/// Without Clear, at any depth: for what is being created.
Record without_clear(const Record& fields);

/// Not null, not "", not empty.
bool present(const Value& value);
/// Whether writing `wanted` would change nothing: numbers by value, "5" is 5, nothing is false and 0, of records only
/// the wanted fields count.
bool same_value(const Value& wanted, const Value& there);
/// The same for the field of that name under the API's words: sums are equal to the kopeck, for responses hold doubles.
bool same_field_value(const std::string& field, const Value& wanted, const Value& there);
bool same_number(const std::string& field, const Decimal& a, const Decimal& b);
/// What distinguishes numbers: the digits and the extension; of a text without digits the text.
std::string phone_key(std::string_view phone);
/// The digits of a number without its extension, +7 and 8 alike.
std::string phone_digits(std::string_view phone);
/// The same number, with the same extension.
bool same_phone(std::string_view a, std::string_view b);

/// The text of the address in a client or in an order's delivery; null: there is none.
const Value& address_text(const Value& object);
/// Puts what is there in place of a text that the CRM is known to keep in those words.
void accept_wording(Record& wanted, const Value& there, const std::map<std::string, std::string>& reworded);

/// What an edit would send.
struct Edit {
  Record body;                          ///< only what differs; a null empties
  std::vector<engine::Change> changes;  ///< for people, in snake_case
  Record after;                         ///< the CRM's object as it would be

  [[nodiscard]] bool empty() const { return body.empty(); }
};

/// `wanted` under the API's names, `there` the CRM's object. Custom fields are compared by key, phones added, an
/// address sent whole.
Edit difference(const Record& wanted, const Value& there);

}  // namespace pipewright::crm
