// What Wildberries has: the type of connection, its sources and actions.
#include <memory>

#include "stdlib/wb/inspect.hpp"
#include "stdlib/wb/tasks.hpp"

namespace pipewright::wb {

engine::Nodes nodes() {
  using Kind = engine::SettingKey::Kind;
  engine::ConnectionType type;
  type.type = "wildberries";
  type.default_name = "wb";
  type.keys = {
      {.name = "token", .kind = Kind::secret, .required = true, .doc = "the API token of the seller's cabinet"},
      {.name = "token_prefix",
       .kind = Kind::text,
       .doc = "what stands before the token in the header; \"Bearer \" without it",
       .technical = true},
      {.name = "client_secret", .kind = Kind::secret, .doc = "the service secret of a basic token with secret"},
      {.name = "sandbox", .kind = Kind::boolean, .doc = "Wildberries' own sandbox hosts"},
      {.name = "marketplace_url", .kind = Kind::url, .doc = "FBS, DBS, DBW, pickup: marketplace-api.wildberries.ru"},
      {.name = "statistics_url", .kind = Kind::url, .doc = "orders and sales: statistics-api.wildberries.ru"},
      {.name = "analytics_url", .kind = Kind::url, .doc = "the order feed: seller-analytics-api.wildberries.ru"},
      {.name = "content_url", .kind = Kind::url, .doc = "cards: content-api.wildberries.ru"},
      {.name = "prices_url", .kind = Kind::url, .doc = "discounts-prices-api.wildberries.ru"},
      {.name = "common_url", .kind = Kind::url, .doc = "common-api.wildberries.ru"},
      {.name = "shipping.type",
       .kind = Kind::text,
       .doc = "how supplies are shipped; transportCompany needs a waybill, attached in the cabinet",
       .values = {"selfShipping", "transportCompany"}},
      {.name = "shipping.point", .kind = Kind::text, .doc = "the shipping point's id"},
      {.name = "shipping.days_ahead", .kind = Kind::integer, .doc = "days from today, counted in Moscow"},
  };
  type.make = [](engine::Settings settings) -> Result<std::unique_ptr<engine::Connection>> {
    return std::make_unique<Account>(std::move(settings));
  };
  type.inspect = inspect;
  std::vector<engine::SourceNode> sources = unlisted_sources();
  for (engine::SourceNode& source : std::vector{fbs_new(), fbs_changed(), fbo_new(), fbo_changed()})
    sources.push_back(std::move(source));
  return {{std::move(type)}, std::move(sources), {fbs_status(), dbs_status(), dbw_status(), pickup_status()}};
}

}  // namespace pipewright::wb
