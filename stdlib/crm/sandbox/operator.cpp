// The operator's surface: what the account's staff and its bad days do, on request. Not part of any real API.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "stdlib/crm/sandbox/edit.hpp"

namespace pipewright::crm::sandbox {
namespace {

Reply refused(int status, const std::string& why) {
  return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = Json{{"error", why}}.dump()};
}

Reply given(int status, const Json& body) {
  return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = body.dump()};
}

/// `user` in the body names the member of staff.
Actor staff(const Json& body) { return {.source = "user", .key = "", .user = body.value("user", 19)}; }

std::string site_of(const World& world, const Json& body) {
  const std::string site = body.value("site", "");
  return site.empty() ? world.options.sites.front() : site;
}

Json fields_of(Json body) {
  if (body.contains("fields")) return body["fields"];
  body.erase("user");
  body.erase("site");
  return body;
}

/// {status, statusComment?, user?}
Reply set_status(World& world, Json& order, const Json& body) {
  if (!body.contains("status")) return refused(400, "status is missing");
  Json patch{{"status", body["status"]}};
  if (body.contains("statusComment")) patch["statusComment"] = body["statusComment"];
  const auto done = edit_order(world, staff(body), order, patch);
  return done ? given(200, {{"id", order["id"]}, {"status", order["status"]}}) : done.error();
}

Reply on_order(World& world, const std::string& method, const std::vector<std::string>& words, const Json& body) {
  std::int64_t id = 0;
  std::from_chars(words[2].data(), words[2].data() + words[2].size(), id);
  const auto order = world.orders.find(id);
  if (order == world.orders.end()) return refused(404, "no such order");
  if (method == "DELETE" && words.size() == 3) {
    const Json gone = order->second;
    world.orders.erase(order);
    write_order_deleted(world, staff(body), gone);
    return given(200, {{"id", id}});
  }
  if (method != "POST" || words.size() != 4) return refused(404, "the operator has no such command");
  if (words[3] == "status") return set_status(world, order->second, body);
  if (words[3] != "edit") return refused(404, "the operator has no such command");
  const auto done = edit_order(world, staff(body), order->second, fields_of(body));
  return done ? given(200, shown_order(world, order->second, Payments::by_id)) : done.error();
}

/// {into: id}: as a person merges two customers. The orders go along.
Reply merge_customer(World& world, Json customer, std::int64_t into) {
  const auto other = world.customers.find(into);
  if (other == world.customers.end() || other->second["id"] == customer["id"])
    return refused(404, "no other customer to merge into");
  const std::int64_t id = customer["id"];
  for (auto& [number, order] : world.orders) {
    if (order["customer"].value("id", std::int64_t{0}) == id) order["customer"]["id"] = into;
  }
  customer["combinedTo"] = {{"id", into}};
  if (other->second.contains("externalId")) customer["combinedTo"]["externalId"] = other->second["externalId"];
  world.customers.erase(id);
  world.merged[id] = std::move(customer);
  return given(200, Json::object());
}

Reply on_customer(World& world, const std::vector<std::string>& words, const Json& body) {
  std::int64_t id = 0;
  std::from_chars(words[2].data(), words[2].data() + words[2].size(), id);
  const auto customer = world.customers.find(id);
  if (customer == world.customers.end() || words.size() != 4) return refused(404, "no such customer");
  if (words[3] == "merge") return merge_customer(world, customer->second, body.value("into", std::int64_t{0}));
  if (words[3] != "edit") return refused(404, "no such command for a customer");
  const auto done = edit_customer(world, staff(body), customer->second, fields_of(body));
  return done ? given(200, shown_customer(world, customer->second)) : done.error();
}

Reply made(const tl::expected<std::int64_t, Reply>& id) { return id ? given(201, {{"id", *id}}) : id.error(); }

/// {code, name?, group?}: one more status, also in its group's list.
Reply add_status(World& world, const Json& body) {
  const std::string code = body.at("code");
  const std::string group = body.value("group", "new");
  world.dictionaries["statuses"][code] = {
      {"name", body.value("name", code)}, {"code", code}, {"active", true}, {"ordering", 990}, {"group", group}};
  if (world.dictionaries["statusGroups"].contains(group))
    world.dictionaries["statusGroups"][group]["statuses"].push_back(code);
  return given(201, world.dictionaries["statuses"][code]);
}

/// {code, entity?: order, name?, type?: string, dictionary?}
Reply add_custom_field(World& world, const Json& body) {
  Json field{{"name", body.at("code")},   {"required", false},     {"inFilter", true},  {"inList", true},
             {"inGroupActions", false},   {"type", "string"},      {"entity", "order"}, {"ordering", 50},
             {"displayArea", "customer"}, {"viewMode", "editable"}};
  field.update(body);
  world.custom_fields.push_back(field);
  return given(201, field);
}

/// {dictionary: key of its answer, code, fields}: any other reference entry.
Reply add_reference(World& world, const Json& body) {
  Json& entries = world.dictionaries.at(body.at("dictionary").get<std::string>());
  const std::string code = body.at("code");
  Json entry{{"code", code}, {"name", code}, {"active", true}};
  entry.update(body.value("fields", Json::object()));
  if (entries.is_array()) {
    entries.push_back(entry);
  } else {
    entries[code] = entry;
  }
  return given(201, entry);
}

Reply add_fault(World& world, const Json& body) {
  auto fault = fault_from(body);
  if (!fault) return refused(400, fault.error());
  world.faults.add(std::move(*fault));
  return given(201, Json::object());
}

Reply add(World& world, const std::string& what, const Json& body) {
  if (what == "orders") return made(create_order(world, staff(body), site_of(world, body), fields_of(body)));
  if (what == "customers") return made(create_customer(world, staff(body), site_of(world, body), fields_of(body)));
  if (what == "customers-corporate")
    return made(create_corporate(world, staff(body), site_of(world, body), fields_of(body)));
  if (what == "offers") return given(201, {{"id", make_offer(world, fields_of(body))["id"]}});
  if (what == "statuses") return add_status(world, body);
  if (what == "custom-fields") return add_custom_field(world, body);
  if (what == "references") return add_reference(world, body);
  if (what == "faults") return add_fault(world, body);
  return refused(404, "the operator has no such command");
}

std::vector<std::string> words_of(std::string_view path) {
  std::vector<std::string> words;
  while (!path.empty()) {
    const std::size_t end = path.find('/', 1);
    words.emplace_back(path.substr(1, end == std::string_view::npos ? end : end - 1));
    path = end == std::string_view::npos ? std::string_view() : path.substr(end);
  }
  return words;
}

Reply routed(World& world, const std::string& method, const std::vector<std::string>& words, const Json& body) {
  const std::string& what = words.size() > 1 ? words[1] : words[0];
  if (method == "GET" && what == "state") return given(200, state_of(world));
  if (method == "GET" && what == "log") return given(200, world.log);
  if (method == "DELETE" && what == "log") {
    world.log = Json::array();
    return given(200, Json::object());
  }
  if (method == "DELETE" && what == "faults") {
    world.faults.clear();
    return given(200, Json::object());
  }
  if (words.size() > 2 && what == "orders") return on_order(world, method, words, body);
  if (words.size() > 2 && what == "customers" && method == "POST") return on_customer(world, words, body);
  if (words.size() == 3 && what == "offers" && method == "DELETE") {
    const bool gone =
        std::erase_if(world.offers, [&](const auto& each) { return std::to_string(each.first) == words[2]; });
    return gone ? given(200, Json::object()) : refused(404, "no such offer");
  }
  if (words.size() == 2 && method == "POST") return add(world, what, body);
  return refused(404, "the operator has no such command");
}

Json entries_of(const std::vector<Entry>& history) {
  Json shown = Json::array();
  for (const Entry& entry : history) shown.push_back(entry.shown);
  return shown;
}

}  // namespace

Reply operate(World& world, const std::string& method, const std::string& path, const Json& body) {
  if (!body.is_object()) return refused(400, "the body is a JSON object");
  try {
    return routed(world, method, words_of(path), body);
  } catch (const Json::exception& error) {
    return refused(400, error.what());
  }
}

Json state_of(const World& world) {
  Json state{
      {"orders", Json::array()}, {"customers", Json::array()}, {"corporate", Json::array()}, {"offers", Json::array()}};
  for (const auto& [id, order] : world.orders) state["orders"].push_back(shown_order(world, order, Payments::list));
  for (const auto& [id, customer] : world.customers) state["customers"].push_back(shown_customer(world, customer));
  for (const auto& [id, customer] : world.corporate) state["corporate"].push_back(shown_corporate(world, customer));
  for (const auto& [id, offer] : world.offers) state["offers"].push_back(shown_offer(world, offer, false));
  state["history"] = entries_of(world.order_history);
  state["customerHistory"] = entries_of(world.customer_history);
  return state;
}

}  // namespace pipewright::crm::sandbox
