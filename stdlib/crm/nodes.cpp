#include "stdlib/crm/nodes.hpp"

#include <memory>

#include "stdlib/crm/clients.hpp"
#include "stdlib/crm/history.hpp"
#include "stdlib/crm/inspect.hpp"
#include "stdlib/crm/orders.hpp"

namespace pipewright::crm {

engine::Nodes nodes() {
  using Kind = engine::SettingKey::Kind;
  engine::ConnectionType type;
  type.type = "retailcrm";
  type.default_name = "crm";
  type.keys = {
      {.name = "url",
       .kind = Kind::url,
       .required = true,
       .doc = "the account's address: https://shop.retailcrm.ru",
       .values = {"/api", "/api/v5"}},
      {.name = "key",
       .kind = Kind::secret,
       .required = true,
       .doc = "the API key, one of pipewright's own: changes made with it are known as ours"},
      {.name = "site", .kind = Kind::text, .doc = "the store's code; needed when the key sees several"},
      {.name = "unmatched_items",
       .kind = Kind::text,
       .doc = "a barcode that no offer has: a free-text line and a warning, or the event parks",
       .values = {"warn", "park"}},
      {.name = "client",
       .kind = Kind::text,
       .doc = "the external id of the client that orders without one hang on; \"wildberries\" without it"},
  };
  type.make = [](engine::Settings settings) -> Result<std::unique_ptr<engine::Connection>> {
    return std::make_unique<Account>(std::move(settings));
  };
  type.inspect = inspect;
  return {{std::move(type)},
          {order_new(), order_changed(), order_status_changed()},
          {client_node(), order_node(), order_status_node()}};
}

}  // namespace pipewright::crm
