// The parts of the inspection that judge what the key may do. Only inspect.cpp and inspect_rights.cpp include this.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "stdlib/crm/account.hpp"

namespace pipewright::crm {

/// What GET /api/credentials says of the key.
struct Key {
  std::set<std::string> scopes;
  std::vector<std::string> sites;  ///< codes of the stores that it sees; empty: all, or not said
};

/// An error names what the response lacks.
Result<Key> key_of(const Value& credentials);

/// Scopes that the nodes need and the key has not: each is reported at the first node that needs it.
void judge_scopes(const Account& account, const engine::Uses& uses, const Key& key, engine::Inspection& into);

}  // namespace pipewright::crm
