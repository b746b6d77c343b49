// What a program wants of each account: its nodes, and the literals that meet the account's own words. Pure.
#pragma once

#include <map>
#include <string>

#include "dsl/catalog.hpp"
#include "engine/node.hpp"

namespace pipewright::engine {

/// By connection; each node and each word once.
std::map<std::string, Uses> uses_of(const dsl::plan::Plan& plan, const dsl::Catalog& catalog);

}  // namespace pipewright::engine
