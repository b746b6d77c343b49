// Every request that the CRM's connector makes, held against retailCRM's reference and its examples.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "base/embedded.hpp"
#include "dsl/catalog.hpp"
#include "engine/http/server.hpp"
#include "tests/support/crm_reference.hpp"
#include "tests/support/program.hpp"
#include "tests/support/reference.hpp"

using namespace pipewright;
using test::Json;
using test::Shop;
using wb::sandbox::Scheme;

namespace {

const std::filesystem::path sources = std::filesystem::path(PIPEWRIGHT_SOURCE_DIR);

std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Every place of the connector that makes a request, by its file and first words, and what it asks. One that is not
/// here fails the test, as does one whose calls were not seen.
const std::map<std::string, std::set<std::string>> places = {
    {"account.cpp: get \"settings\"", {"GET /settings"}},
    {"catalogue.cpp: get \"store/offers\"", {"GET /store/offers"}},
    {"catalogue.cpp: search \"store/offers\"", {"GET /store/offers"}},
    {"create.cpp: post kind.path + \"/create\"", {"POST /customers/create", "POST /orders/create"}},
    {"create.cpp: post kind.path + \"/upload\"", {"POST /customers/upload", "POST /orders/upload"}},
    {"find.cpp: list_by work.entity.kind().path", {"GET /customers", "GET /orders"}},
    {"find.cpp: search work.entity.kind().path", {"GET /customers"}},
    {"find.cpp: get path + \"/\" + engine::http::percent_encoded(id)", {"GET /customers/{key}"}},
    {"history.cpp: get \"orders/history\"", {"GET /orders/history"}},
    {"inspect.cpp: credentials )", {"GET /api/credentials"}},
    {"inspect.cpp: get \"reference/sites\"", {"GET /reference/sites"}},
    {"inspect.cpp: get dictionary.path",
     {"GET /reference/statuses", "GET /reference/order-types", "GET /reference/order-methods",
      "GET /reference/delivery-types", "GET /reference/payment-types", "GET /reference/payment-statuses",
      "GET /reference/product-statuses", "GET /reference/stores", "GET /custom-fields"}},
    {"lookup.cpp: get path", {}},  // for those who call search and list_by
    {"order_status.cpp: list_by \"orders/statuses\"", {"GET /orders/statuses"}},
    {"order_status.cpp: list_by \"orders\"", {"GET /orders"}},
    {"order_status.cpp: post fmt::format(\"orders/{}/edit\"", {"POST /orders/{key}/edit"}},
    {"payments.cpp: post \"orders/payments/\" + call",
     {"POST /orders/payments/create", "POST /orders/payments/{key}/edit"}},
    {"sources.cpp: list_by \"orders\"", {"GET /orders"}},
    {"work.cpp: post fmt::format(\"{}/{}/edit\"", {"POST /customers/{key}/edit", "POST /orders/{key}/edit"}},
};

std::set<std::string> places_of_the_sources() {
  std::set<std::string> found;
  const std::regex call(
      "(?:(?:\\.|->)(get|post|credentials)|(search|list_by))\\(\\s*(?:(?:work\\.)?account,\\s*)?([^,;]+),");
  for (const auto& entry : std::filesystem::directory_iterator(sources / "stdlib" / "crm")) {
    if (entry.path().extension() != ".cpp") continue;
    const std::string text = slurp(entry.path());
    for (std::sregex_iterator each(text.begin(), text.end(), call), end; each != end; ++each) {
      if ((*each)[3].str().find('&') != std::string::npos) continue;  // the function itself
      found.insert(entry.path().filename().string() + ": " + (*each)[1].str() + (*each)[2].str() + " " +
                   (*each)[3].str());
    }
  }
  return found;
}

constexpr const char* clients = R"(
pipeline clients
  on file.lines "clients.ndjson"
  -> crm.client upsert by external_id {
       external_id: text(line.id), first_name: "Анна & Co", last_name: "Петрова", patronymic: "Ивановна",
       email: "anna@example.com", phones: ["+79005550001", "8 (900) 555-00-02"], birthday: 1990-05-01, sex: "female",
       address: { index: "101000", country_iso: "RU", region: "Москва", city: "Москва", street: "Мясницкая", building: "1",
                  flat: "2", house: "3", housing: "4", metro: "Лубянка", notes: "код 5" },
       manager_id: 19, vip: true, bad: false, commentary: "давно с нами", custom_fields: { "size": "M" }
     }
  -> crm.client update by external_id { external_id: text(line.id), phones: ["+79005550003"], address: { flat: "{text(line.id)}" },
                                        email: clear, commentary: "ещё" }
)";

constexpr const char* orders = R"(
pipeline orders
  on file.lines "orders.ndjson"
  -> crm.order upsert by external_id {
       external_id: text(line.id), number: "N-{text(line.id)}", status: "new", status_comment: "с сайта", created_at: 2026-11-23T10:00:00+03:00,
       order_type: "main", order_method: "shopping-cart", country_iso: "RU", last_name: "Петрова", first_name: "Анна",
       patronymic: "Ивановна", phone: "+79005550001", additional_phone: "+79005550002", email: "anna@example.com", call: true,
       expired: true, manager_id: 19, customer_comment: "быстрее", manager_comment: "ждёт", discount_manual_amount: 10,
       discount_manual_percent: 5,
       items: [{ external_id: "{text(line.id)}-1", barcode: "2000000000017", quantity: 2, price: 1290.50, name: "Футболка", discount_amount: 10,
                 discount_percent: 5, purchase_price: 300, vat_rate: "20.00", status: "new", comment: "белая", properties: { "size": "M" } },
               { external_id: "{text(line.id)}-2", barcode: text(line.barcode), quantity: 1, price: 5, name: "Носки" },
               { external_id: "{text(line.id)}-3", xml_id: "2000000000017", quantity: 1, price: 5, name: "Кепка" },
               { external_id: "{text(line.id)}-4", offer_external_id: "77", quantity: 1, price: 5, name: "Шарф" }],
       delivery: { code: "courier", cost: 100, net_cost: 50, date: 2026-11-30, address: { text: "Москва, Мясницкая, 1" } },
       payments: [{ external_id: "p-{text(line.id)}", type: "bank-card", status: "paid", amount: 1290, paid_at: 2026-11-23T10:00:00+03:00, comment: "картой" }],
       shipment_store: "main", shipment_date: 2026-11-29, shipped: true, weight: 100.5, length: 10, width: 20, height: 30,
       source: { source: "wb", medium: "m", campaign: "c", keyword: "k", content: "t" }, custom_fields: { "account": "wb" }
     }
  -> crm.order update by external_id {
       external_id: text(line.id), status: "assembling", status_comment: "взяли", manager_comment: clear,
       items: [{ external_id: "{text(line.id)}-1", quantity: 3 }], delivery: { cost: 150 }, custom_fields: { "account": "wb2" },
       payments: [{ external_id: "p-{text(line.id)}", type: "bank-card", status: "fail", comment: "вернули" },
                  { external_id: "q-{text(line.id)}", type: "cash", status: "not-paid", amount: 5 }]
     }
)";

constexpr const char* searches = R"(
pipeline searches
  on file.lines "searches.ndjson"
  -> crm.client find by email { email: "Anna@example.com" } as a else null
  -> crm.client find by phones { phones: ["+7 900 555-00-02"] } as b else null
  -> crm.client find by first_name { first_name: "ООО «Ромашка»" } as c else null
  -> crm.client find by id { id: 999999 } as d else null
  -> crm.order find by id { id: 999999 } as e else null
  -> crm.order find by number { number: "N-1" } as f else null
  -> crm.order.status set { external_id: text(line.id), status: "delivering", status_comment: "в пути" } as g else null
  -> crm.order.status set { id: text(line.crm_id), status: "complete" } as h else null

pipeline history_new     on crm.order.new since 2d     -> log.info "{order.id}"
pipeline history_changed on crm.order.changed since 2d -> log.info "{order.id}"
pipeline history_status  on crm.order.status_changed   -> log.info "{order.id}"
)";

void prepare(Shop& shop) {
  shop.crm.operate("POST", "/_sandbox/custom-fields", {{"code", "account"}});
  shop.crm.operate("POST", "/_sandbox/custom-fields", {{"code", "size"}, {"entity", "customer"}});
  shop.crm.operate("POST", "/_sandbox/references",
                   {{"dictionary", "stores"}, {"code", "main"}, {"fields", {{"type", "store-type-warehouse"}}}});
  for (const char* name : {"fbo.pipe", "fbs.pipe", "statuses.pipe", "dbs.pipe"}) shop.write_example(name);
  shop.write("clients.pipe", clients);
  shop.write("orders.pipe", orders);
  shop.write("searches.pipe", searches);
  for (const char* name : {"clients.ndjson", "orders.ndjson", "searches.ndjson"}) shop.write(name, "");
}

/// Everything the connector can do, with one record and with several.
void move_everything(Shop& shop) {
  prepare(shop);
  shop.once();
  shop.write("clients.ndjson", "{\"id\":1}\n");
  shop.write("orders.ndjson", "{\"id\":1,\"barcode\":\"none\"}\n");
  shop.wb.add_tasks(Scheme::fbs, 1);
  shop.once();
  shop.write("clients.ndjson", "{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n");
  shop.write("orders.ndjson",
             "{\"id\":1,\"barcode\":\"none\"}\n{\"id\":2,\"barcode\":\"a\"}\n{\"id\":3,\"barcode\":\"b\"}\n"
             "{\"id\":4,\"barcode\":\"c\"}\n{\"id\":5,\"barcode\":\"d\"}\n");
  shop.wb.add_tasks(Scheme::fbs, 5);
  const auto dbs = shop.wb.add_tasks(Scheme::dbs, 3);
  shop.wb.add_fbo_order();
  shop.once();
  shop.crm.set_status(shop.order_id(dbs[0]), "client-confirmed");
  shop.write("searches.ndjson", "{\"id\":1,\"crm_id\":" + std::to_string(shop.order_id(2)) + "}\n");
  shop.once();
  shop.once();
  shop.run({"validate", "--online"});
}

/// Refused are only: the look-up of a client that is not there (by an id that nobody has, or of the technical client),
/// and the technical client when two pipelines make it at the same moment.
bool went_well(const Json& request) {
  if (request["status"] == 200 || request["status"] == 201) return true;
  const std::string path = request["path"];
  if (path.ends_with("/customers/create")) return request["body"]["customer"]["externalId"] == "wildberries";
  return path.ends_with("/999999") || path.ends_with("/customers/wildberries");
}

/// The record's fields as the language declares them.
std::set<std::string> declared(const std::string& record) {
  std::vector<std::pair<std::string, std::string>> files;
  for (const embedded::File& file : embedded::declarations()) files.emplace_back(file.name, file.content);
  const dsl::CatalogRead read = dsl::read_catalog(files);
  std::set<std::string> names;
  for (const auto& field : read.catalog.records.at(record)->fields) names.insert(field.name);
  return names;
}

std::string snake(const std::string& name) {
  std::string out;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') out.push_back('_');
    out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return out;
}

}  // namespace

TEST_CASE("every request to retailCRM is one of its reference") {
  const auto reference = tests::CrmReference::load(tests::reference_folder() / "retailcrm");
  if (!reference) {
    MESSAGE("SKIPPED: there is no reference of retailCRM at " << (tests::reference_folder() / "retailcrm").string());
    return;
  }
  std::set<std::string> known;
  for (const auto& [place, calls] : places) known.insert(place);
  CHECK(places_of_the_sources() == known);

  Shop shop;
  move_everything(shop);
  std::set<std::string> called;
  std::map<std::string, std::set<std::string>> written;  // by `order` and `customer`
  std::set<std::string> parameters;
  const Json log = shop.crm.log();
  for (const Json& request : log) {
    const std::string path = request["path"];
    const std::string method = request["method"];
    if (path.starts_with("/_sandbox")) continue;
    const auto query = engine::http::form_pairs(request["query"].get<std::string>());
    for (const std::string& problem : reference->problems(method, path, query, request["body"]))
      FAIL_CHECK(method << " " << path << ": " << problem);
    INFO(method << " " << path << " " << request["body"].dump());
    CHECK(went_well(request));
    called.insert(reference->call_of(method, path));
    for (const auto& [name, value] : query) parameters.insert(name);
    if (method == "GET") continue;
    for (const auto& [several, one] : {std::pair{"orders", "order"}, std::pair{"customers", "customer"}}) {
      if (request["body"].contains("by")) parameters.insert("by=" + request["body"]["by"].get<std::string>());
      for (const Json& each : request["body"].value(several, Json::array({request["body"].value(one, Json::object())})))
        for (const auto& [name, value] : each.items()) written[one].insert(snake(name));
    }
  }
  for (const auto& [place, calls] : places) {
    for (const std::string& call : calls)
      CHECK_MESSAGE(called.contains(call), place << " was not seen to ask " << call);
  }
  for (const std::string& call : called) {
    const bool told = std::ranges::any_of(places, [&](const auto& place) { return place.second.contains(call); });
    CHECK_MESSAGE(told, call << " comes from no place that is known");
  }
  for (const std::string parameter :
       {"filter[ids][]", "filter[externalIds][]", "filter[numbers][]", "filter[sites][]", "filter[name]",
        "filter[email]", "filter[active]", "filter[sinceId]", "filter[startDate]", "ids[]", "externalIds[]", "by",
        "site", "limit", "by=id", "by=externalId"})
    CHECK_MESSAGE(parameters.contains(parameter), parameter << " was not seen");
  // What the language lets one write was written, so that every name was held against the reference.
  for (const auto& [record, object] :
       {std::pair{std::string("crm.order.fields"), "order"}, std::pair{std::string("crm.client.fields"), "customer"}}) {
    for (const std::string& field : declared(record)) {
      if (field == "id" || field == "site") continue;
      CHECK_MESSAGE(written[object].contains(field == "client" ? "customer" : field),
                    record << "." << field << " was not written");
    }
  }
}

TEST_CASE("the reference of retailCRM is read so that mistakes are seen") {
  const auto reference = tests::CrmReference::load(tests::reference_folder() / "retailcrm");
  if (!reference) {
    MESSAGE("SKIPPED: there is no reference of retailCRM at " << (tests::reference_folder() / "retailcrm").string());
    return;
  }
  const auto problems = [&](const char* method, const char* path, const char* query, const Json& form) {
    return reference->problems(method, path, engine::http::form_pairs(query), form).size();
  };
  const auto order = [&](const char* path, const Json& fields) {
    return problems("POST", path, "", {{"by", "id"}, {"site", "wb"}, {"order", fields}});
  };
  CHECK(reference->call_of("GET", "/api/v5/orders/history") == "GET /orders/history");
  CHECK(reference->call_of("GET", "/api/v5/orders/7") == "GET /orders/{key}");
  CHECK(reference->call_of("POST", "/api/v5/orders").empty());
  CHECK(problems("GET", "/api/v5/orders", "filter[externalIds][]=a&filter[sites][]=wb&limit=100&page=2", "") == 0);
  CHECK(problems("GET", "/api/v5/orders", "filter[externalIds]=a", "") == 1);
  CHECK(problems("GET", "/api/v5/orders", "filter[externalId]=a", "") == 1);
  CHECK(problems("GET", "/api/v5/orders", "externalIds[]=a&limit=30", "") == 2);
  CHECK(problems("GET", "/api/v5/customers", "filter[phone]=a", "") == 1);
  CHECK(problems("GET", "/api/v5/orders/history", "filter[sinceId]=1&limit=100&page=2", "") == 2);
  CHECK(problems("GET", "/api/v5/orders/7", "", "") == 1);
  CHECK(problems("GET", "/api/v5/sites", "", "") == 1);
  CHECK(problems("POST", "/api/v5/orders/create", "", "{\"order\":{}}") == 1);
  CHECK(problems("POST", "/api/v5/orders/create", "", {{"order", {{"status", "new"}}}, {"site", "wb"}}) == 0);
  CHECK(problems("POST", "/api/v5/orders/create", "", {{"order", {{"status", nullptr}}}}) == 1);
  CHECK(problems("POST", "/api/v5/orders/create", "", {{"orders", Json::array()}}) == 1);
  CHECK(order("/api/v5/orders/7/edit", {{"status", nullptr}}) == 0);
  CHECK(order("/api/v5/orders/7/edit", {{"state", "new"}}) == 1);
  CHECK(order("/api/v5/orders/7/edit", {{"site", "wb"}}) == 1);
  CHECK(order("/api/v5/orders/7/edit", {{"summ", 1}}) == 1);
  CHECK(order("/api/v5/orders/7/edit", {{"externalId", 7}}) == 1);
  CHECK(order("/api/v5/orders/7/edit", {{"createdAt", 7}}) == 1);
  CHECK(order("/api/v5/orders/7/edit", {{"customFields", {{"any", 1}}}}) == 0);
  CHECK(order("/api/v5/orders/7/edit", {{"customer", 7}}) == 1);
  CHECK(order("/api/v5/orders/7/edit", {{"items", Json::array({{{"offer", {{"barcode", "1"}}}}})}}) == 1);
  CHECK(order("/api/v5/orders/7/edit", {{"items", Json::array({{{"initialPrice", "1"}}})}}) == 1);
  CHECK(order("/api/v5/orders/7/edit", {{"delivery", {{"address", {{"zip", "1"}}}}}}) == 1);
  CHECK(problems("POST", "/api/v5/customers/create", "", {{"customer", {{"phones", {"1"}}}}}) == 1);
  CHECK(problems("POST", "/api/v5/customers/create", "",
                 {{"customer", {{"phones", Json::array({{{"number", "1"}}})}}}}) == 0);
  CHECK(problems("POST", "/api/v5/customers/create", "", {{"customer", {{"segments", Json::array()}}}}) == 1);
}
