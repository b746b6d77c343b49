// Histories of orders, customers and corporate customers (reference, section 6).
#include <algorithm>
#include <charconv>

#include "stdlib/crm/sandbox/world.hpp"

namespace pipewright::crm::sandbox {
namespace {

Json short_order(const Json& order) {
  Json shown = Json::object();
  for (const char* key : {"id", "externalId", "managerId", "site", "status"}) {
    if (order.contains(key)) shown[key] = order[key];
  }
  return shown;
}

/// Ids are shared by everything in the account, so others' entries leave gaps.
void append(World& world, std::vector<Entry>& history, const Actor& actor, Json shown) {
  world.next_entry += static_cast<std::int64_t>(world.random() % 4);
  const std::int64_t id = world.next_entry++;
  shown["id"] = id;
  shown["createdAt"] = world.local_now();
  shown["source"] = actor.source;
  if (actor.source == "user") shown["user"] = {{"id", actor.user}};
  history.push_back({id, actor, std::move(shown)});
}

Json as_entry(const Change& change) {
  Json shown{{"field", change.field}, {"oldValue", change.before}, {"newValue", change.after}};
  shown.update(change.extra);
  return shown;
}

struct Filter {
  std::int64_t since = -1;
  std::string start, end;
  std::string id, external_id;
  bool has_since = false;
};

/// Reads the filter; `wrong` names the first one that is not valid.
Filter filter_of(const Json& given, const std::string& what, std::string& wrong) {
  Filter filter;
  for (const auto& [name, value] : given.items()) {
    if (!value.is_string()) {
      wrong = name;
      continue;
    }
    const std::string text = value;
    if (name == "sinceId") {
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), filter.since);
      filter.has_since = true;
      if (error != std::errc() || end != text.data() + text.size()) wrong = name;
    } else if (name == "startDate" || name == "endDate") {
      (name == "startDate" ? filter.start : filter.end) = text;
      if (text.size() != 19 || text[4] != '-' || text[10] != ' ') wrong = name;
    } else if (name == what + "Id") {
      filter.id = text;
    } else if (name == what + "ExternalId") {
      filter.external_id = text;
    } else {
      wrong = name;
    }
  }
  return filter;
}

bool passes(const Entry& entry, const Filter& filter, const std::string& what) {
  const Json& entity = entry.shown[what];
  const std::string created = entry.shown["createdAt"];
  if (entry.id <= filter.since) return false;
  if (!filter.start.empty() && created < filter.start) return false;
  if (!filter.end.empty() && created > filter.end) return false;
  if (!filter.id.empty() && entity["id"].dump() != filter.id) return false;
  return filter.external_id.empty() || entity.value("externalId", "") == filter.external_id;
}

Reply read(Call& call, const std::vector<Entry>& history, const std::string& what) {
  Reply refused;
  const auto page = page_of(call, refused);
  if (!page) return refused;
  std::string wrong;
  const Filter filter = filter_of(call.query.value("filter", Json::object()), what, wrong);
  if (!wrong.empty()) {
    return failure(400, "Errors in the input parameters", {{"children[" + wrong + "]", "This value is not valid."}});
  }
  if (page->number > 1 && (filter.has_since || page->number > 100)) {
    return failure(400, "Use the shift of the `filter[sinceId]` instead of `page` parameter");
  }
  std::vector<Json> entries;
  for (const Entry& entry : history) {
    if (!passes(entry, filter, what) || !call.sees(entry.shown[what].value("site", ""))) continue;
    Json shown = entry.shown;
    if (entry.actor.source == "api") shown["apiKey"] = {{"current", entry.actor.key == call.key.text}};
    entries.push_back(std::move(shown));
  }
  Reply reply = paged(*page, "history", entries);
  Json body = Json::parse(reply.body);
  body["generatedAt"] = call.world.local_now();
  return success(200, std::move(body));
}

Reply of_orders(Call& call) { return read(call, call.world.order_history, "order"); }
Reply of_customers(Call& call) { return read(call, call.world.customer_history, "customer"); }
Reply of_corporate(Call& call) { return read(call, call.world.corporate_history, "customer"); }

Json short_customer(const Json& customer) {
  Json shown = Json::object();
  for (const char* key : {"id", "externalId", "site"}) {
    if (customer.contains(key)) shown[key] = customer[key];
  }
  return shown;
}

}  // namespace

/// `order.status` of an entry is the status after it: entries before the status change still have the old one.
void write_order_history(World& world, const Actor& actor, const Json& order, std::vector<Change> changes) {
  std::ranges::stable_sort(changes, {}, [](const Change& change) { return change.field == "status" ? 0 : 1; });
  for (const Change& change : changes) {
    Json shown = as_entry(change);
    shown["order"] = short_order(order);
    append(world, world.order_history, actor, std::move(shown));
    if (change.field == "status") pull_trigger(world, order);
  }
}

void write_order_created(World& world, const Actor& actor, const Json& order) {
  append(world, world.order_history, actor,
         {{"created", true},
          {"field", "status"},
          {"oldValue", nullptr},
          {"newValue", {{"code", order["status"]}}},
          {"order", shown_order(world, order, Payments::list)}});
  const auto& owners = order["customer"].value("type", "") == "customer_corporate" ? world.corporate : world.customers;
  const auto owner = owners.find(order["customer"].value("id", std::int64_t{0}));
  if (owner != owners.end()) {
    append(world, world.order_history, {.source = "code"},
           {{"field", "customer"},
            {"oldValue", nullptr},
            {"newValue", short_customer(owner->second)},
            {"order", short_order(order)}});
  }
  pull_trigger(world, order);
}

void write_order_deleted(World& world, const Actor& actor, const Json& order) {
  append(world, world.order_history, actor,
         {{"deleted", true},
          {"field", "id"},
          {"oldValue", order["id"]},
          {"newValue", nullptr},
          {"order", short_order(order)}});
}

void write_customer_history(World& world, std::vector<Entry>& history, const Actor& actor, const Json& customer,
                            std::vector<Change> changes) {
  for (const Change& change : changes) {
    Json shown = as_entry(change);
    shown["customer"] = short_customer(customer);
    append(world, history, actor, std::move(shown));
  }
}

void write_customer_created(World& world, std::vector<Entry>& history, const Actor& actor, const Json& customer) {
  const bool corporate = customer["type"] == "customer_corporate";
  append(world, history, actor,
         {{"created", true},
          {"field", "id"},
          {"oldValue", nullptr},
          {"newValue", customer["id"]},
          {"customer", corporate ? shown_corporate(world, customer) : shown_customer(world, customer)}});
}

std::vector<Route> history_routes() {
  return {{"GET", "/api/v5/orders/history", "order_read", &of_orders},
          {"GET", "/api/v5/customers/history", "customer_read", &of_customers},
          {"GET", "/api/v5/customers-corporate/history", "customer_read", &of_corporate}};
}

}  // namespace pipewright::crm::sandbox
