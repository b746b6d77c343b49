// Corporate customers (reference, section 7.1).
#include <algorithm>

#include "stdlib/crm/sandbox/edit.hpp"
#include "stdlib/crm/sandbox/filters.hpp"

namespace pipewright::crm::sandbox {
namespace {

using Shape = Filter::Shape;

bool has_company(const World&, const Json& customer, const Json& part) {
  return std::ranges::any_of(customer["companies"],
                             [&](const Json& company) { return has_substring(company.value("name", ""), part); });
}

bool has_nick(const World&, const Json& customer, const Json& names) {
  return std::ranges::any_of(names,
                             [&](const Json& name) { return has_substring(customer.value("nickName", ""), name); });
}

template <const char* key>
bool has_contragent(const World&, const Json& customer, const Json& value) {
  return std::ranges::any_of(customer["companies"], [&](const Json& company) {
    return company.value("contragent", Json::object()).value(key, Json()) == value;
  });
}

constexpr char inn[] = "INN";
constexpr char kpp[] = "KPP";

const Filters& corporate_filters() {
  static const Filters filters{{"ids", {Shape::list, &among<keys::id>}},
                               {"externalIds", {Shape::list, &among<keys::external_id>}},
                               {"sites", {Shape::list, &among<keys::site>}},
                               {"nickName", {Shape::list, &has_nick}},
                               {"companyName", {Shape::scalar, &has_company}},
                               {"contragentInn", {Shape::scalar, &has_contragent<inn>}},
                               {"contragentKpp", {Shape::scalar, &has_contragent<kpp>}}};
  return filters;
}

Json part_reference(const Json& customer) {
  Json shown = Json::object();
  for (const char* key : {"site", "id", "externalId", "type"}) {
    if (customer.contains(key)) shown[key] = customer[key];
  }
  return shown;
}

Json company_of(World& world, const Json& customer, const Json& given, bool first) {
  Json company{{"isMain", first},
               {"active", true},
               {"createdAt", world.local_now()},
               {"customer", part_reference(customer)},
               {"contragent", {{"contragentType", "legal-entity"}}},
               {"marginSumm", 0},
               {"totalSumm", 0},
               {"averageSumm", 0},
               {"ordersCount", 0},
               {"costSumm", 0},
               {"customFields", Json::array()}};
  company.update(given);
  company["id"] = world.next_part++;
  return company;
}

void apply_parts(Edit& edit, Json& customer, const Json& patch) {
  World& world = edit.world;
  for (const char* list : {"companies", "customerContacts", "addresses"}) {
    if (!patch.contains(list)) continue;
    if (!patch[list].is_array()) return edit.error(list, "This value is not valid.");
    for (const Json& given : patch[list]) {
      const bool first = customer[list].empty();
      if (std::string_view(list) == "companies") {
        if (given.value("name", "").empty()) edit.error("companies", "This value should not be blank.");
        customer[list].push_back(company_of(world, customer, given, first));
        continue;
      }
      Json part = given;
      part["id"] = world.next_part++;
      if (!part.contains("isMain")) part["isMain"] = first;
      customer[list].push_back(part);
    }
  }
}

void apply_all(Edit& edit, Json& customer, const Json& patch) {
  for (const Field& field : {Field{"externalId", "external_id"}, Field{"nickName", "nick_name"},
                             Field{"managerId", "manager", Kind::integer, Wrap::id}}) {
    apply(edit, customer, patch, field);
  }
  apply_custom_fields(edit, customer, patch, "customer_corporate");
}

Reply list(Call& call) {
  Reply refused;
  const auto page = page_of(call, refused);
  if (!page) return refused;
  refused.status = 0;
  const std::vector<const Json*> found = filtered(call, call.world.corporate, corporate_filters(), refused);
  if (refused.status != 0) return refused;
  std::vector<Json> shown;
  for (const Json* customer : found) shown.push_back(shown_corporate(call.world, *customer));
  return paged(*page, "customersCorporate", shown);
}

Reply read(Call& call) {
  const Json* customer = find_by(call.world.corporate, call, "externalId");
  if (customer == nullptr) return failure(404, "Not found");
  return success(200, {{"customerCorporate", shown_corporate(call.world, *customer)}});
}

Reply create(Call& call) {
  Reply refused;
  const auto given = json_field(call, "customerCorporate", refused);
  if (!given) return refused;
  const auto site = call.site();
  if (!site) return no_such_site();
  const auto id = create_corporate(call.world, call.actor(), *site, *given);
  return id ? success(201, {{"id", *id}}) : id.error();
}

Reply edit(Call& call) {
  Reply refused;
  const auto given = json_field(call, "customerCorporate", refused);
  if (!given) return refused;
  Json* customer = find_by(call.world.corporate, call, "externalId");
  if (customer == nullptr) return failure(404, "Not found");
  Edit edit{call.world};
  Json after = *customer;
  apply_all(edit, after, *given);
  if (!edit.errors.empty()) return failure(400, "Errors in the entity format", edit.errors);
  *customer = std::move(after);
  write_customer_history(call.world, call.world.corporate_history, call.actor(), *customer, edit.changes);
  return success(200, {{"id", (*customer)["id"]}});
}

Reply upload(Call& call) {
  Reply refused;
  const auto given = json_field(call, "customersCorporate", refused);
  if (!given) return refused;
  const auto site = call.site();
  if (!site) return no_such_site();
  Json uploaded = Json::array();
  Json failed = Json::array();
  Json errors = Json::array();
  for (const Json& entry : *given) {
    Json short_entry = Json::object();
    if (entry.contains("externalId")) short_entry["externalId"] = entry["externalId"];
    const auto id = create_corporate(call.world, call.actor(), *site, entry);
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
  return failure(460, "Customers are loaded with errors", errors,
                 {{"uploadedCustomers", uploaded}, {"failedCustomers", failed}});
}

Reply parts(Call& call, const char* kept, const char* shown_as) {
  Reply refused;
  const auto page = page_of(call, refused);
  if (!page) return refused;
  const Json* customer = find_by(call.world.corporate, call, "externalId");
  if (customer == nullptr) return failure(404, "Not found");
  const Json list = (*customer)[kept];
  return paged(*page, shown_as, std::vector<Json>(list.begin(), list.end()));
}

Reply companies(Call& call) { return parts(call, "companies", "companies"); }
Reply contacts(Call& call) { return parts(call, "customerContacts", "contacts"); }
Reply addresses(Call& call) { return parts(call, "addresses", "addresses"); }

}  // namespace

tl::expected<std::int64_t, Reply> create_corporate(World& world, const Actor& actor, const std::string& site,
                                                   const Json& patch) {
  if (!patch.is_object()) {
    return tl::make_unexpected(
        failure(400, "Errors in the entity format", {{"customerCorporate", "This value is not valid."}}));
  }
  Edit edit{world};
  Json customer{{"type", "customer_corporate"},
                {"site", site},
                {"createdAt", world.local_now()},
                {"vip", false},
                {"bad", false},
                {"tags", Json::array()},
                {"personalDiscount", 0},
                {"customFields", Json::object()},
                {"companies", Json::array()},
                {"customerContacts", Json::array()},
                {"addresses", Json::array()}};
  const auto external = normal(Kind::text, patch.value("externalId", Json()));
  if (external && *external != "" && by_external(world.corporate, *external, site) != nullptr) {
    edit.error("externalId", "Customer with externalId=" + external->get<std::string>() + " already exists");
  }
  if (patch.value("nickName", Json("")) == "") edit.error("nickName", "This value should not be blank.");
  apply_all(edit, customer, patch);
  customer["id"] = world.next_customer;
  apply_parts(edit, customer, patch);
  if (!edit.errors.empty()) return tl::make_unexpected(failure(400, "Errors in the entity format", edit.errors));
  const std::int64_t id = world.next_customer++;
  const Json& kept = world.corporate.emplace(id, std::move(customer)).first->second;
  write_customer_created(world, world.corporate_history, actor, kept);
  return id;
}

std::vector<Route> corporate_routes() {
  return {{"GET", "/api/v5/customers-corporate", "customer_read", &list},
          {"POST", "/api/v5/customers-corporate/create", "customer_write", &create},
          {"POST", "/api/v5/customers-corporate/upload", "customer_write", &upload},
          {"GET", "/api/v5/customers-corporate/{key}/companies", "customer_read", &companies},
          {"GET", "/api/v5/customers-corporate/{key}/contacts", "customer_read", &contacts},
          {"GET", "/api/v5/customers-corporate/{key}/addresses", "customer_read", &addresses},
          {"GET", "/api/v5/customers-corporate/{key}", "customer_read", &read},
          {"POST", "/api/v5/customers-corporate/{key}/edit", "customer_write", &edit}};
}

}  // namespace pipewright::crm::sandbox
