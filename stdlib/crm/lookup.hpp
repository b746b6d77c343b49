// Lists of the CRM read to their end: pages of 100, keys by the hundred (api.md 3, 5.2, 7).
#pragma once

#include "stdlib/crm/account.hpp"

namespace pipewright::crm {

using Listed = tl::expected<std::vector<Value>, Failure>;

/// All pages of a list; `member` is the answer's field that holds them. Fifty pages at most.
Task<Listed> list_all(Account& account, std::string path, Pairs query, std::string member, Calls& calls);
/// The same for many values of one parameter (`filter[externalIds][]`): a hundred in a call, fewer when the URL would
/// grow too long.
Task<Listed> list_by(Account& account, std::string path, std::string parameter, std::vector<std::string> values,
                     Pairs more, std::string member, Calls& calls);

/// `filter[sites][]`, when a site is known.
Pairs site_filter(const std::string& site);
/// The smallest id, which is the oldest.
const Value* oldest(const std::vector<Value>& records);

}  // namespace pipewright::crm
