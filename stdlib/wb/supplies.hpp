// Supplies of FBS tasks: which one a task is in, an open one for a group of tasks, moving tasks between them
// (api.md 7.3).
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "stdlib/wb/tasks.hpp"

namespace pipewright::wb {

/// Tasks that may share a supply: one warehouse, cargo type, crossing of the border and kind of buyer.
std::string group_of(const Value& task);
/// The group whose supplies have that name; empty: it is none of ours.
std::string group_named(const std::string& supply_name);

struct OpenSupplies {
  std::map<std::string, std::string> by_order;             ///< order → supply
  std::map<std::string, std::vector<std::string>> orders;  ///< supply → its orders
  std::map<std::string, std::string> name;                 ///< supply → name
};

/// All open supplies and what is in them. Closed ones that were walked over once are not walked over again.
engine::Task<tl::expected<OpenSupplies, Failure>> open_supplies(Account& account, engine::Calls& calls);

/// The supply as it is shown now.
engine::Task<tl::expected<Value, Failure>> read_supply(Account& account, std::string supply, engine::Calls& calls);

/// The orders in a supply.
engine::Task<tl::expected<std::vector<std::string>, Failure>> orders_in(Account& account, std::string supply,
                                                                        engine::Calls& calls);

/// An open supply for the group: one that is there by its name, else a new one. Those of `avoid` are not taken.
/// `items`: the batch's operations on whose behalf.
engine::Task<tl::expected<std::string, Failure>> supply_for(Account& account, std::string group,
                                                            std::set<std::string> avoid, std::vector<std::size_t> items,
                                                            engine::Calls& calls);

/// How an addition ended: every order is in one of the two.
struct Added {
  std::set<std::string> in;
  std::map<std::string, Failure> failed;
};
/// Puts orders into a supply, a hundred in a call. A refusal does not say which one it means, and costs ten calls: the
/// supply and the statuses are read first, then what is left is halved.
engine::Task<Added> add_to_supply(Account& account, std::string supply, std::vector<std::string> ids,
                                  std::vector<std::size_t> items, engine::Calls& calls);

}  // namespace pipewright::wb
