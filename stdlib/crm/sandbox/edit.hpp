// Writing into entities: values are checked, what really changed is remembered for history (sections 5.3 and 5.6).
#pragma once

#include "stdlib/crm/sandbox/world.hpp"

namespace pipewright::crm::sandbox {

enum class Kind { text, email, number, integer, boolean, date, date_time, object };

/// How a value stands in history: as it is, `{code}` or `{id}`.
enum class Wrap { none, code, id };

struct Field {
  const char* key;
  const char* history;
  Kind kind = Kind::text;
  Wrap wrap = Wrap::none;
  const char* dictionary = nullptr;
};

/// A write in progress: nothing is kept when `errors` is not empty.
struct Edit {
  World& world;
  Json errors = Json::object();  ///< path → text
  std::vector<Change> changes;

  void error(const std::string& path, const std::string& text) { errors[path] = text; }
};

/// The value as it is kept, or nothing when it is not valid. Numbers are taken for text, numeric text for numbers.
std::optional<Json> normal(Kind kind, const Json& value);

/// null and "" clear; a key the patch does not have is left alone.
void apply(Edit& edit, Json& entity, const Json& patch, const Field& field, const std::string& path = "");

/// Remembers a change unless nothing changed.
void note(Edit& edit, const std::string& field, const Json& before, const Json& after,
          const Json& extra = Json::object());

void apply_custom_fields(Edit& edit, Json& entity, const Json& patch, const std::string& kind);

/// Parts of an address, one history entry each.
void apply_address(Edit& edit, Json& address, const Json& patch, const std::string& prefix, const Json& extra);

// orders
void apply_items(Edit& edit, Json& order, const Json& incoming);
void apply_payment(Edit& edit, Json& order, Json& payment, const Json& patch, const std::string& path);
/// summ, totalSumm, prepaySum, purchaseSumm, fullPaidAt.
void recount(World& world, Json& order);

/// An order made or edited, by whichever hand. The error is the answer.
tl::expected<std::int64_t, Reply> create_order(World& world, const Actor& actor, const std::string& site,
                                               const Json& patch);
tl::expected<void, Reply> edit_order(World& world, const Actor& actor, Json& order, const Json& patch);
tl::expected<std::int64_t, Reply> create_customer(World& world, const Actor& actor, const std::string& site,
                                                  const Json& patch);
tl::expected<void, Reply> edit_customer(World& world, const Actor& actor, Json& customer, const Json& patch);
tl::expected<std::int64_t, Reply> create_corporate(World& world, const Actor& actor, const std::string& site,
                                                   const Json& patch);

}  // namespace pipewright::crm::sandbox
