// What a test shows is what `run` does: each test of the example pipelines is also made true in the stand-ins, dry-run
// and run over loopback, and the three stories are compared, request by request and field by field.
#include <doctest/doctest.h>

#include <algorithm>
#include <regex>
#include <set>
#include <sstream>

#include "tests/support/program.hpp"

using namespace pipewright;
using test::Finished;
using test::has;
using test::Json;
using test::Shop;
using wb::sandbox::Scheme;

namespace {

// The pipeline alone, with the file's tables and values: what else reacts to the same orders is another story.
std::string only(const std::string& program, const std::string& pipeline) {
  std::string made;
  for (std::size_t at = 0; at < program.size();) {
    const std::size_t end = std::min(program.find("\n\n", at), program.size());
    const std::string part = program.substr(at, end - at) + "\n\n";
    if (!has(part, "\npipeline ") && !part.starts_with("pipeline "))
      made += part;
    else if (std::regex_search(part, std::regex("(^|\n)pipeline " + pipeline + "\n")))
      made += part;
    at = end + 2;
  }
  return made;
}

std::optional<Scheme> scheme_of(const std::string& path) {
  if (path.starts_with("wb.fbs.")) return Scheme::fbs;
  if (path.starts_with("wb.dbs.")) return Scheme::dbs;
  if (path.starts_with("wb.dbw.")) return Scheme::dbw;
  if (path.starts_with("wb.pickup.")) return Scheme::pickup;
  return std::nullopt;
}

std::string now_text() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

const char* supplier_word(std::int64_t status) {
  switch (status) {
    case 1:
    case 8:
      return "confirm";
    case 2:
      return "complete";
    case 3:
      return "cancel";
    case 5:
      return "deliver";
    case 9:
      return "prepare";
    default:
      return "new";
  }
}

std::int64_t number(const Json& value) {
  return value.is_string() ? std::stoll(value.get<std::string>()) : value.get<std::int64_t>();
}

/// What a test gives, made true in the stand-ins.
class Stage {
 public:
  Stage(Shop& shop, const Json& test) : shop_(shop), test_(test) {}

  void beforehand() {
    for (const Json& each : test_["exists"]) {
      const Json& record = each["record"];
      if (each["node"] == "crm.client") add_client(record);
      if (each["node"] == "crm.order") add_order(record);
      if (const auto scheme = scheme_of(each["node"])) {
        tasks_given_ = true;
        add_task(*scheme, {{"id", number(record["id"])}}, supplier_word(record["status"]), "", Json());
      }
    }
    for (const Json& each : test_["given"]) {
      const std::string source = each["source"];
      if (const auto scheme = scheme_of(source); scheme && source.ends_with(".changed")) {
        add_task(*scheme, fresh(each["raw"]), "new", "waiting", Json());
        seen_first_ = true;
      }
      if (source != "crm.order.status_changed") continue;
      Json record = each["record"];
      const bool is_task = !record["external_id"].is_null();
      record["status"] = record["status"] == "new" ? "complete" : "new";
      moves_.emplace_back(add_order(record), each["record"]["status"]);
      if (is_task && !tasks_given_) add_task(Scheme::fbs, {{"id", number(record["external_id"])}}, "new", "", Json());
    }
  }

  /// Whether anything of it has to be seen in its former state first.
  [[nodiscard]] bool moves() const { return seen_first_ || !moves_.empty(); }

  void happen() {
    for (const auto& [order, status] : moves_) shop_.crm.set_status(order, status);
    for (const Json& each : test_["given"]) {
      const std::string source = each["source"];
      if (source == "wb.fbo.new") {
        Json fields = {{"srid", each["record"]["srid"]}};
        const Json& price = each["record"]["price_with_disc"];
        fields["priceWithDisc"] = fields["sellerPrice"] = price;
        fields["barcode"] = each["record"]["barcode"].is_null() ? Json("") : each["record"]["barcode"];
        shop_.wb.add_fbo_order(fields);
      }
      const auto scheme = scheme_of(source);
      if (!scheme) continue;
      const Json& record = each["record"];
      std::string wb = record["wb_status"];
      if (record["user_status"] == 1 && wb == "waiting") wb = "declined_by_client";
      if (record["user_status"] == 2 && wb == "waiting") wb = "sold";
      const bool known = *scheme != Scheme::fbs && !record["user"].is_null();
      const std::string supplier = known ? "confirm" : record["supplier_status"].get<std::string>();
      const Json client = known ? contacts(record["user"]) : Json();
      if (source.ends_with(".changed"))
        move(*scheme, number(record["id"]), supplier, wb, client);
      else
        add_task(*scheme, fresh(each["raw"]), supplier, wb, client);
    }
  }

 private:
  static Json contacts(const Json& user) {
    const auto text = [&](const char* name) { return user[name].is_string() ? user[name].get<std::string>() : ""; };
    const std::string full =
        text("last_name").empty() ? text("first_name") : text("last_name") + " " + text("first_name");
    return {{"firstName", text("first_name")}, {"fullName", full}, {"replacementPhone", ""},
            {"phone", text("phone")},          {"phoneCode", ""},  {"additionalPhoneCodes", Json::array()}};
  }

  // As it comes, of today.
  static Json fresh(Json raw) {
    raw["createdAt"] = now_text();
    return raw;
  }

  void add_task(Scheme scheme, Json raw, const std::string& supplier, const std::string& wb, const Json& client) {
    raw["id"] = number(raw["id"]);
    shop_.wb.add_tasks(scheme, 1, raw);
    leave_out(raw["id"], raw);
    move(scheme, raw["id"], supplier, wb, client);
  }

  void move(Scheme scheme, std::int64_t id, const std::string& supplier, const std::string& wb, const Json& client) {
    if (scheme == Scheme::fbs && supplier == "confirm") confirm(id);
    Json change = {{"supplierStatus", supplier}, {"wbStatus", wb}};
    if (!client.is_null()) change["client"] = client;
    shop_.wb.operate("POST", "/_sandbox/orders/" + std::to_string(id) + "/status", change);
  }

  // What the test leaves out the stand-in does not invent.
  void leave_out(std::int64_t id, const Json& raw) {
    const Json state = shop_.wb.state();
    for (const Json& task : state["orders"]) {
      if (task["id"] != id) continue;
      Json without = Json::array();
      for (const auto& [name, value] : task["fields"].items()) {
        if (!raw.contains(name) && raw.size() > 1) without.push_back(name);
      }
      shop_.wb.operate("POST", "/_sandbox/orders/" + std::to_string(id) + "/status", {{"without", without}});
    }
  }

  // An FBS task is confirmed by standing in a supply.
  void confirm(std::int64_t task) {
    const auto call = [&](const char* method, const std::string& path, const Json& body) {
      engine::http::ServerRequest request;
      request.method = method;
      request.path = request.raw_path = path;
      request.headers = {{"authorization", shop_.wb.credential()}, {"content-type", "application/json"}};
      request.body = body.dump();
      return shop_.wb.answer(request).body;
    };
    const Json supply = Json::parse(call("POST", "/api/v3/supplies", {{"name", "given"}}));
    call("PATCH", "/api/marketplace/v3/supplies/" + supply["id"].get<std::string>() + "/orders", {{"orders", {task}}});
  }

  void add_client(const Json& record) {
    Json made = Json::object();
    if (record.contains("id")) made["id"] = number(record["id"]);
    if (record.contains("external_id")) made["externalId"] = record["external_id"];
    if (record.contains("first_name")) made["firstName"] = record["first_name"];
    shop_.crm.add_customer(made);
  }

  std::int64_t add_order(const Json& record) {
    Json made = {{"status", record["status"]}};
    for (const auto& [name, word] : {std::pair{"external_id", "externalId"}, {"number", "number"}}) {
      if (record.contains(name) && !record[name].is_null()) made[word] = record[name];
    }
    if (record.contains("client") && !record["client"].is_null()) made["customer"] = {{"id", number(record["client"])}};
    if (record.contains("items") && record["items"].is_array()) {
      made["items"] = Json::array();
      for (const Json& item : record["items"])
        made["items"].push_back({{"externalIds", {{{"code", "pipewright"}, {"value", item["external_id"]}}}},
                                 {"productName", item.value("name", "")},
                                 {"quantity", item["quantity"]},
                                 {"initialPrice", item["price"]}});
    }
    return shop_.crm.add_order(made);
  }

  Shop& shop_;
  const Json& test_;
  std::vector<std::pair<std::int64_t, std::string>> moves_;
  bool tasks_given_ = false;
  bool seen_first_ = false;
};

std::string decoded(const std::string& text) {
  std::string made;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      made.push_back(static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16)));
      i += 2;
    } else {
      made.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return made;
}

// Of a batch any order is right.
Json in_order(Json body) {
  if (!body.is_object()) return body;
  for (const char* name : {"orders", "customers"}) {
    if (!body.contains(name) || !body[name].is_array()) continue;
    std::sort(body[name].begin(), body[name].end(), [](const Json& a, const Json& b) { return a.dump() < b.dump(); });
  }
  return body;
}

// A form's fields, read as JSON where they are.
std::string body_text(const std::string& body) {
  const Json whole = Json::parse(body, nullptr, false);
  if (!whole.is_discarded() || body.empty()) return whole.is_discarded() ? "" : in_order(whole).dump();
  Json fields = Json::object();
  std::istringstream parts(body);
  for (std::string part; std::getline(parts, part, '&');) {
    const std::size_t equals = std::min(part.find('='), part.size());
    const std::string value = decoded(part.substr(std::min(equals + 1, part.size())));
    const Json read = Json::parse(value, nullptr, false);
    fields[part.substr(0, equals)] = read.is_structured() ? read : Json(value);
  }
  return in_order(fields).dump();
}

// A request as both worlds have it: the moment of an order, which a test sets and the machine's clock does not, aside.
std::string request_text(const std::string& method, const std::string& path, const std::string& body) {
  static const std::regex moments("\"createdAt\":\"[^\"]*\"");
  static const std::regex supplies("WB-GI-[0-9]+");
  static const std::regex names("\"name\":\"[^\"]*\"");
  std::string text = method + " " + path + " " + std::regex_replace(body_text(body), moments, "\"createdAt\":…");
  if (has(path, "/supplies")) text = std::regex_replace(text, names, "\"name\":…");
  return std::regex_replace(text, supplies, "WB-GI-…");
}

bool reads(const std::string& method, const std::string& path) {
  static const std::regex polls("/(orders/status|status/info|orders/client|order-feed|cards/list|orders/new)$");
  return method == "GET" || std::regex_search(path, polls);
}

using Requests = std::multiset<std::string>;

Requests of_test(const Json& test) {
  std::set<std::string> taken;  // several events may share one
  for (const Json& write : test["writes"]) {
    for (const Json& each : write["requests"]) {
      const std::string url = each["url"];
      const std::size_t path = url.find('/', url.find("://") + 3);
      taken.insert(request_text(each["method"], url.substr(path), each["body"]));
    }
  }
  return {taken.begin(), taken.end()};
}

// Answered with 2XX, or done before the answer was dropped.
bool was_done(const Json& logged) {
  const int status = logged["status"];
  return (status >= 200 && status < 300) || (status == 0 && logged["fault"] == "drop");
}

Requests of_log(const Json& log) {
  Requests made;
  for (const Json& each : log) {
    const std::string method = each["method"];
    const std::string path = each["path"];
    if (reads(method, path) || path.starts_with("/_sandbox") || !was_done(each)) continue;
    const std::string body = each["body"].is_string() ? each["body"].get<std::string>() : each["body"].dump();
    made.insert(request_text(method, path, body));
  }
  return made;
}

std::string without_moment(Json fields) {
  fields.erase("created_at");
  if (fields.contains("client")) fields["client"] = "…";  // a dry run makes none
  return fields.dump();
}

/// `node operation fields` of what is created and sent; of an update what differs from what exists already.
Requests writes_of(const Json& writes, bool dry) {
  Requests made;
  for (const Json& each : writes) {
    const std::string node = dry ? each["node"] : each["action"];
    std::string operation = each["operation"];
    if (operation == "none") continue;
    if (operation == "set") operation = "update";
    if (operation == "create") {
      made.insert(node + " create " + without_moment(dry ? each["record"] : each["fields"]));
      continue;
    }
    made.insert(node + " " + operation);
  }
  return made;
}

// An update of the dry run names the fields that change, with what they become: each as the test asks for it.
void changes_agree(const Json& dry_writes, const Json& writes) {
  for (const Json& each : dry_writes) {
    if (each["operation"] != "update" || each["node"].get<std::string>().starts_with("wb.")) continue;
    for (const auto& [field, change] : each["changes"].items()) {
      CAPTURE(field);
      CAPTURE(change.dump());
      CHECK(std::any_of(writes.begin(), writes.end(), [&, name = field, to = change](const Json& write) {
        if (write["action"] != each["node"] || !write["fields"].contains(name)) return false;
        const Json& asked = write["fields"][name];
        return asked == to[1] || asked.dump() == to[1].dump() || name == "client";
      }));
    }
  }
}

// `given crm.order answers 503 5 times`, as the stand-in has it.
void strike(Shop& shop, const std::string& given) {
  std::smatch parts;
  REQUIRE(std::regex_search(given, parts,
                            std::regex("crm\\.(order|client) (loses|answers ([0-9]+) ([0-9]+)|refuses \"(.*)\")")));
  const std::string match = parts[1] == "order" ? "/orders" : "/customers";
  if (parts[2] == "loses")
    shop.crm.add_fault({{"match", match}, {"method", "POST"}, {"times", 1}, {"after_commit", true}, {"kind", "drop"}});
  else if (parts[3].matched)
    shop.crm.add_fault({{"match", match}, {"times", std::stoi(parts[4])}, {"status", std::stoi(parts[3])}});
  else
    shop.crm.add_fault({{"match", match},
                        {"method", "POST"},
                        {"times", 0},
                        {"status", 400},
                        {"body", Json({{"success", false}, {"errorMsg", parts[5].str()}}).dump()}});
}

// What a dry run announces is what the test wrote; it sends none of it.
void compare_dry_run(Shop& shop, const Json& test) {
  const std::size_t before = of_log(shop.wb.log()).size() + of_log(shop.crm.log()).size();
  const Finished dry = shop.run({"dry-run", "--format", "json"});
  CAPTURE(dry.err);
  CHECK(of_log(shop.wb.log()).size() + of_log(shop.crm.log()).size() == before);
  Json writes = Json::array();
  std::istringstream lines(dry.out);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("{")) continue;
    const Json event = Json::parse(line);
    for (const Json& each : event["writes"]) writes.push_back(each);
  }
  CHECK(Json(writes_of(writes, true)) == Json(writes_of(test["writes"], false)));
  changes_agree(writes, test["writes"]);
}

void compare_run(Shop& shop, const Json& test) {
  Requests before = of_log(shop.wb.log());  // made by who set the stage
  shop.run({"run", "--once"});
  Requests run = of_log(shop.crm.log());
  for (const std::string& each : of_log(shop.wb.log())) {
    const auto earlier = before.find(each);
    if (earlier == before.end())
      run.insert(each);
    else
      before.erase(earlier);
  }
  CHECK(Json(run) == Json(of_test(test)));
  Requests parked_in_test, parked;
  for (const Json& each : test["events"]) {
    if (each["outcome"] == "parked") parked_in_test.insert(each["reason"]);
  }
  for (const Json& each : shop.events()) {
    if (each["outcome"] == "parked") parked.insert(each["reason"]);
  }
  CHECK(Json(parked) == Json(parked_in_test));
}

void compare(const std::string& name) {
  Shop trial;
  trial.write_example(name + ".pipe");
  trial.write_example(name + "_test.pipe");
  const Finished shown = trial.run({"test", name + "_test.pipe", "--format", "json"});
  REQUIRE(shown.status == 0);
  const std::string program = test::read_file(std::string(PIPEWRIGHT_SOURCE_DIR "/pipelines/") + name + ".pipe");
  const Json out = Json::parse(shown.out);
  REQUIRE_FALSE(out["tests"].empty());
  for (const Json& test : out["tests"]) {
    const std::string title = test["name"];
    CAPTURE(title);
    Shop::Options options;
    options.crm.open_dictionaries = true;
    Shop shop(options, only(program, test["pipeline"]));
    Stage stage(shop, test);
    stage.beforehand();
    if (stage.moves()) shop.once();
    stage.happen();
    // A dry run cannot know of what will fail.
    if (test["faults"].empty()) compare_dry_run(shop, test);
    for (const Json& each : test["faults"]) strike(shop, each);
    compare_run(shop, test);
  }
}

}  // namespace

TEST_CASE("the story of fbs.pipe is the same by test, dry run and run") { compare("fbs"); }
TEST_CASE("the story of fbo.pipe is the same by test, dry run and run") { compare("fbo"); }
TEST_CASE("the story of dbs.pipe is the same by test, dry run and run") { compare("dbs"); }
TEST_CASE("the story of dbw.pipe is the same by test, dry run and run") { compare("dbw"); }
TEST_CASE("the story of pickup.pipe is the same by test, dry run and run") { compare("pickup"); }
TEST_CASE("the story of statuses.pipe is the same by test, dry run and run") { compare("statuses"); }
