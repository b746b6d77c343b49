// A seller with FBO orders, for the tests of wb.fbo.new and wb.fbo.changed.
#pragma once

#include <string>

#include "tests/unit/stdlib/wb/seller.hpp"

namespace pipewright::wb::tests {

inline constexpr const char* feed = "/order-feed";
inline constexpr const char* orders = "/supplier/orders";
inline constexpr const char* sales = "/supplier/sales";

/// Of a token without Analytics.
inline sandbox::Options statistics_only() {
  sandbox::Options options;
  options.token.categories = {1, 4, 5};
  return options;
}

inline std::string moscow(Instant time) { return zoned_text(time, "Europe/Moscow", "%Y-%m-%dT%H:%M:%S"); }

inline std::string srid(int i) { return "srid-" + std::to_string(i); }

/// So many orders, `srid(0)` the first.
inline void rows(Seller& seller, int count, const Json& fields = Json::object()) {
  for (int i = 0; i < count; ++i) {
    Json given = fields;
    given["srid"] = srid(i);
    seller.sandbox.add_fbo_order(given);
  }
}

}  // namespace pipewright::wb::tests
