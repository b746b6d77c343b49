// Customers (reference, section 7).
#include <algorithm>
#include <array>

#include "stdlib/crm/sandbox/edit.hpp"
#include "stdlib/crm/sandbox/filters.hpp"

namespace pipewright::crm::sandbox {
namespace {

using Shape = Filter::Shape;

constexpr std::array<Field, 13> fields{{{"externalId", "external_id"},
                                        {"lastName", "last_name"},
                                        {"firstName", "first_name"},
                                        {"patronymic", "patronymic"},
                                        {"sex", "sex"},
                                        {"email", "email", Kind::email},
                                        {"birthday", "birthday", Kind::date},
                                        {"isContact", "is_contact", Kind::boolean},
                                        {"vip", "vip", Kind::boolean},
                                        {"bad", "bad", Kind::boolean},
                                        {"managerId", "manager", Kind::integer, Wrap::id},
                                        {"createdAt", "created_at", Kind::date_time},
                                        {"commentary", "commentary"}}};

bool has_phone(const Json& phones, const Json& number) {
  return std::ranges::any_of(phones, [&](const Json& phone) { return phone["number"] == number; });
}

void apply_phones(Edit& edit, Json& customer, const Json& patch) {
  if (!patch.contains("phones")) return;
  if (!patch["phones"].is_array()) return edit.error("phones", "This value is not valid.");
  const Json before = customer["phones"];
  Json after = edit.world.options.phones_replace ? Json::array() : before;
  for (const Json& phone : patch["phones"]) {
    const auto number = normal(Kind::text, phone.is_object() ? phone.value("number", Json()) : Json());
    if (!number || *number == "") return edit.error("phones", "This value should not be blank.");
    if (!has_phone(after, *number)) after.push_back({{"number", *number}});
  }
  customer["phones"] = after;
  for (const Json& phone : after) {
    if (!has_phone(before, phone["number"])) note(edit, "phones", nullptr, phone["number"]);
  }
  for (const Json& phone : before) {
    if (!has_phone(after, phone["number"])) note(edit, "phones", phone["number"], nullptr);
  }
}

void apply_all(Edit& edit, Json& customer, const Json& patch) {
  for (const Field& field : fields) apply(edit, customer, patch, field);
  apply_phones(edit, customer, patch);
  apply_custom_fields(edit, customer, patch, "customer");
  for (const char* key : {"contragent", "source", "browserId"}) {
    if (patch.contains(key) && !patch[key].is_null()) customer[key] = patch[key];
  }
  if (!patch.contains("address") || !patch["address"].is_object()) return;
  Json& address = customer["address"];
  if (!address.is_object()) address = {{"id", edit.world.next_part++}};
  const Json where{{"address", {{"id", address["id"]}, {"isMain", true}}}};
  apply_address(edit, address, patch["address"], "address.", where);
}

Json blank(const World& world, const std::string& site) {
  return {{"type", "customer"},
          {"site", site},
          {"isContact", false},
          {"createdAt", world.local_now()},
          {"vip", false},
          {"bad", false},
          {"contragent", {{"contragentType", "individual"}}},
          {"tags", Json::array()},
          {"personalDiscount", 0},
          {"cumulativeDiscount", 0},
          {"phones", Json::array()},
          {"customFields", Json::object()}};
}

/// Full name or phone, by any part.
bool has_name(const World&, const Json& customer, const Json& part) {
  const std::string full =
      customer.value("lastName", "") + ' ' + customer.value("firstName", "") + ' ' + customer.value("patronymic", "");
  const std::string turned = customer.value("firstName", "") + ' ' + customer.value("lastName", "");
  if (has_substring(full, part) || has_substring(turned, part)) return true;
  return std::ranges::any_of(
      customer["phones"], [&](const Json& phone) { return has_substring(phone["number"].get<std::string>(), part); });
}

bool is_contact(const World&, const Json& customer, const Json& wanted) {
  return customer.value("isContact", false) == (wanted == "1" || wanted == "true");
}

bool has_custom_values(const World&, const Json& customer, const Json& wanted) {
  for (const auto& [code, value] : wanted.items()) {
    const Json own = customer["customFields"].value(code, Json());
    if (value.is_array() ? !is_among(value, own) : own != value && own.dump() != value) return false;
  }
  return true;
}

const Filters& customer_filters() {
  static const Filters filters{{"ids", {Shape::list, &among<keys::id>}},
                               {"externalIds", {Shape::list, &among<keys::external_id>}},
                               {"sites", {Shape::list, &among<keys::site>}},
                               {"managers", {Shape::list, &among<keys::manager_id>}},
                               {"name", {Shape::scalar, &has_name}},
                               {"email", {Shape::scalar, &equals<keys::email>}},
                               {"isContact", {Shape::scalar, &is_contact}},
                               {"dateFrom", {Shape::scalar, &from_day<keys::created_at>}},
                               {"dateTo", {Shape::scalar, &to_day<keys::created_at>}},
                               {"customFields", {Shape::scalar, &has_custom_values}}};
  return filters;
}

Reply list(Call& call) {
  Reply refused;
  const auto page = page_of(call, refused);
  if (!page) return refused;
  refused.status = 0;
  std::vector<const Json*> found = filtered(call, call.world.customers, customer_filters(), refused);
  if (refused.status != 0) return refused;
  std::ranges::reverse(found);
  std::vector<Json> shown;
  for (const Json* customer : found) shown.push_back(shown_customer(call.world, *customer));
  return paged(*page, "customers", shown);
}

/// A customer that was merged into another one is named with it.
Reply not_found(Call& call) {
  const Json* merged = find_by(call.world.merged, call, "externalId");
  if (merged == nullptr) return failure(404, "Not found");
  return failure(404, "Not found", nullptr, {{"combinedTo", (*merged)["combinedTo"]}});
}

Reply read(Call& call) {
  const Json* customer = find_by(call.world.customers, call, "externalId");
  if (customer == nullptr) return not_found(call);
  return success(200, {{"customer", shown_customer(call.world, *customer)}});
}

Reply create(Call& call) {
  Reply refused;
  const auto given = json_field(call, "customer", refused);
  if (!given) return refused;
  const auto site = call.site();
  if (!site) return no_such_site();
  const auto id = create_customer(call.world, call.actor(), *site, *given);
  return id ? success(201, {{"id", *id}}) : id.error();
}

Reply edit(Call& call) {
  Reply refused;
  const auto given = json_field(call, "customer", refused);
  if (!given) return refused;
  if (!call.site()) return no_such_site();
  Json* customer = find_by(call.world.customers, call, "externalId");
  if (customer == nullptr) return not_found(call);
  if (const auto done = edit_customer(call.world, call.actor(), *customer, *given); !done) return done.error();
  return success(200, {{"id", (*customer)["id"]}});
}

Reply upload(Call& call) {
  Reply refused;
  const auto given = json_field(call, "customers", refused);
  if (!given) return refused;
  const auto site = call.site();
  if (!site) return no_such_site();
  if (given->size() > 50)
    return failure(400, "Errors in the entity format",
                   {{"customers", "This collection should contain 50 elements or less."}});
  Json uploaded = Json::array();
  Json failed = Json::array();
  Json errors = Json::array();
  for (const Json& entry : *given) {
    Json short_entry = Json::object();
    if (entry.contains("externalId")) short_entry["externalId"] = entry["externalId"];
    const auto id = create_customer(call.world, call.actor(), *site, entry);
    if (id) {
      short_entry["id"] = *id;
      uploaded.push_back(short_entry);
      continue;
    }
    failed.push_back(short_entry);
    const Json refusal = Json::parse(id.error().body);
    for (const Json& text : refusal.value("errors", Json::object())) errors.push_back(text);
  }
  if (failed.empty()) return success(201, {{"uploadedCustomers", uploaded}, {"failedCustomers", failed}});
  if (call.world.options.upload_existing_is_201) {
    return success(201, {{"uploadedCustomers", uploaded}, {"failedCustomers", Json::array()}});
  }
  return failure(460, "Customers are loaded with errors", errors,
                 {{"uploadedCustomers", uploaded}, {"failedCustomers", failed}});
}

Reply fix_external_ids(Call& call) {
  Reply refused;
  const auto given = json_field(call, "customers", refused);
  if (!given) return refused;
  for (const Json& entry : *given) {
    const auto customer = call.world.customers.find(entry.value("id", std::int64_t{0}));
    if (customer == call.world.customers.end()) return failure(404, "Not found");
    const Json patch{{"externalId", entry.value("externalId", Json())}};
    if (const auto done = edit_customer(call.world, call.actor(), customer->second, patch); !done) return done.error();
  }
  return success(200, Json::object());
}

std::optional<std::string> taken(World& world, const Json& patch, const std::string& site, const Json& own) {
  const auto external = normal(Kind::text, patch.value("externalId", Json()));
  if (!external || *external == "") return std::nullopt;
  const Json* other = by_external(world.customers, *external, site);
  if (other == nullptr || (*other)["id"] == own) return std::nullopt;
  return "Customer with externalId=" + external->get<std::string>() + " already exists";
}

}  // namespace

tl::expected<std::int64_t, Reply> create_customer(World& world, const Actor& actor, const std::string& site,
                                                  const Json& patch) {
  if (!patch.is_object())
    return tl::make_unexpected(failure(400, "Errors in the entity format", {{"customer", "This value is not valid."}}));
  Edit edit{world};
  Json customer = blank(world, site);
  if (const auto text = taken(world, patch, site, nullptr)) edit.error("externalId", *text);
  apply_all(edit, customer, patch);
  if (!edit.errors.empty()) return tl::make_unexpected(failure(400, "Errors in the entity format", edit.errors));
  // The operator may choose the number: a story is easier to tell with one.
  const bool chosen = actor.source == "user" && patch.contains("id") && patch["id"].is_number_integer();
  const std::int64_t id = chosen ? patch["id"].get<std::int64_t>() : world.next_customer;
  world.next_customer = std::max(world.next_customer, id + 1);
  customer["id"] = id;
  const Json& kept = world.customers.emplace(id, std::move(customer)).first->second;
  write_customer_created(world, world.customer_history, actor, kept);
  return id;
}

tl::expected<void, Reply> edit_customer(World& world, const Actor& actor, Json& customer, const Json& patch) {
  if (!patch.is_object())
    return tl::make_unexpected(failure(400, "Errors in the entity format", {{"customer", "This value is not valid."}}));
  Edit edit{world};
  Json after = customer;
  if (const auto text = taken(world, patch, customer["site"], customer["id"])) edit.error("externalId", *text);
  apply_all(edit, after, patch);
  if (!edit.errors.empty()) return tl::make_unexpected(failure(400, "Errors in the entity format", edit.errors));
  customer = std::move(after);
  write_customer_history(world, world.customer_history, actor, customer, std::move(edit.changes));
  return {};
}

std::vector<Route> customer_routes() {
  return {{"GET", "/api/v5/customers", "customer_read", &list},
          {"POST", "/api/v5/customers/create", "customer_write", &create},
          {"POST", "/api/v5/customers/upload", "customer_write", &upload},
          {"POST", "/api/v5/customers/fix-external-ids", "customer_write", &fix_external_ids},
          {"GET", "/api/v5/customers/{key}", "customer_read", &read},
          {"POST", "/api/v5/customers/{key}/edit", "customer_write", &edit}};
}

}  // namespace pipewright::crm::sandbox
