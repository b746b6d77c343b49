// Lists of the CRM read to their end: pages of 100, keys by the hundred (api.md 3, 5.2, 7).
#pragma once

#include <map>

#include "stdlib/crm/account.hpp"

namespace pipewright::crm {

/// What a search found: all of it, or its first page when it finds more than 5 000.
struct Found {
  std::vector<Value> records;
  bool whole = true;
};
using Searched = tl::expected<Found, Failure>;
/// All pages of a list; `member` is the response's field that holds them.
Task<Searched> search(Account& account, std::string path, Pairs query, std::string member, Calls& calls);

/// What was found by many keys. One that the CRM takes no list with stands among the refused ones, by its value.
struct Listed {
  std::vector<Value> records;
  std::map<std::string, Failure> refused;
};
using ListedBy = tl::expected<Listed, Failure>;
/// Asks by many values of one parameter (`filter[externalIds][]`): a hundred in a call, fewer when the URL would grow
/// too long. A refused list is halved until the value that is to blame stands alone: the others do not suffer for it.
/// `pages` false: the method has no limit and no pages (`orders/statuses`).
Task<ListedBy> list_by(Account& account, std::string path, std::string parameter, std::vector<std::string> values,
                       Pairs more, std::string member, Calls& calls, bool pages = true);

/// `filter[sites][]`, when a site is known.
Pairs site_filter(const std::string& site);
/// The smallest id, which is the oldest.
const Value* oldest(const std::vector<Value>& records);

}  // namespace pipewright::crm
