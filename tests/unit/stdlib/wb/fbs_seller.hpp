// A seller with FBS tasks that are confirmed and shipped, for the tests of wb.fbs.status.
#pragma once

#include <string>
#include <vector>

#include "tests/unit/stdlib/wb/seller.hpp"

namespace pipewright::wb::tests {

inline constexpr const char* node = "wb.fbs.status";

inline std::vector<std::int64_t> confirmed(Seller& seller, int count, const Json& fields = Json::object()) {
  const auto ids = seller.tasks(Scheme::fbs, count, fields);
  for (const Outcome& outcome : seller.set(node, ids, "1")) REQUIRE(outcome.wrote());
  return ids;
}

inline Outcome set_one(Seller& seller, std::int64_t id, const std::string& status) {
  return seller.set(node, std::vector<std::int64_t>{id}, status).front();
}

inline bool transient(const Outcome& outcome) {
  return outcome.failure && outcome.failure->kind == engine::Failure::Kind::transient;
}

}  // namespace pipewright::wb::tests
