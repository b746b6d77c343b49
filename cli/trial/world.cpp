#include "cli/trial/world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "cli/in_process.hpp"
#include "engine/json.hpp"
#include "engine/run/virtual.hpp"

namespace pipewright::cli {
namespace {

using engine::Answer;
using engine::CallResult;
using engine::Lost;
using engine::Record;
using engine::Request;
using engine::Value;
using engine::http::Reply;
using engine::http::ServerRequest;
using Fault = dsl::plan::TestFault;
using Json = nlohmann::json;

Answer json_answer(int status, const Json& body) {
  Answer answer;
  answer.status = status;
  answer.headers.emplace_back("content-type", "application/json");
  answer.body = body.dump();
  return answer;
}

// Each system says no in its own form.
Answer refusal(const std::string& node, const std::string& words) {
  if (node.starts_with("crm.")) return json_answer(400, {{"success", false}, {"errorMsg", words}});
  if (node.starts_with("wb.")) return json_answer(409, {{"code", words}, {"message", words}});
  Answer answer;
  answer.status = 422;
  answer.body = words;
  return answer;
}

// The calls that are about the node itself: an order may need its client first.
bool concerns(const std::string& node, const Request& request) {
  if (request.node != node) return false;
  if (node.starts_with("crm.order")) return request.url.find("/orders") != std::string::npos;
  if (node == "crm.client") return request.url.find("/customers") != std::string::npos;
  return true;
}

std::string supplier_status(const Value& status) {
  static const std::map<std::string, std::string> numbers = {{"0", "new"},    {"1", "confirm"}, {"2", "complete"},
                                                             {"3", "cancel"}, {"5", "deliver"}, {"6", "receive"},
                                                             {"7", "reject"}, {"8", "confirm"}, {"9", "prepare"}};
  const auto word = numbers.find(status.id_text());
  return word == numbers.end() ? status.id_text() : word->second;
}

}  // namespace

std::optional<wb::sandbox::Scheme> scheme_of(std::string_view node) {
  using wb::sandbox::Scheme;
  if (node.starts_with("wb.fbs.")) return Scheme::fbs;
  if (node.starts_with("wb.dbs.")) return Scheme::dbs;
  if (node.starts_with("wb.dbw.")) return Scheme::dbw;
  if (node.starts_with("wb.pickup.")) return Scheme::pickup;
  return std::nullopt;
}

struct TrialWorld::Account {
  std::unique_ptr<wb::sandbox::Sandbox> wildberries;
  std::unique_ptr<crm::sandbox::Sandbox> retailcrm;
  std::string url;

  Reply answer(const ServerRequest& request) const {
    return wildberries ? wildberries->answer(request) : retailcrm->answer(request);
  }

  /// Whether the CRM has the one of that name.
  [[nodiscard]] bool has(const std::string& what, const std::string& by, const std::string& name) const {
    if (name.empty()) return false;
    ServerRequest request;
    request.method = "GET";
    request.path = request.raw_path = "/api/v5/" + what + "/" + name;
    request.parameters = {{"by", by}};
    request.query = "by=" + by;
    request.headers = {{"x-api-key", retailcrm->credential()}};
    return retailcrm->answer(request).status == 200;
  }

  void task(wb::sandbox::Scheme scheme, const Value& id, const std::string& supplier, const std::string& wb) const {
    const auto number = Decimal::parse(id.id_text());
    if (!number || !number->integer()) return;
    const std::int64_t task = *number->integer();
    wildberries->add_tasks(scheme, 1, {{"id", task}});
    // An FBS task is confirmed by standing in a supply.
    if (scheme == wb::sandbox::Scheme::fbs && (supplier == "confirm" || supplier == "complete")) {
      const auto call = [&](const char* method, const std::string& path, const Json& body) {
        ServerRequest request;
        request.method = method;
        request.path = request.raw_path = path;
        request.headers = {{"authorization", wildberries->credential()}, {"content-type", "application/json"}};
        request.body = body.dump();
        return wildberries->answer(request).body;
      };
      const Json supply = Json::parse(call("POST", "/api/v3/supplies", {{"name", "given"}}), nullptr, false);
      const std::string name = supply.is_object() ? supply.value("id", "") : "";
      call("PATCH", "/api/marketplace/v3/supplies/" + name + "/orders", {{"orders", {task}}});
      if (supplier == "complete") call("PATCH", "/api/v3/supplies/" + name + "/deliver", Json::object());
    }
    wildberries->set_status(task, supplier, wb);
  }
};

TrialWorld::TrialWorld(engine::Config& config, Instant begins, const std::set<std::string>& closed)
    : now_(std::make_shared<Instant>(begins)), zone_(config.time_zone) {
  const auto clock = [now = now_] { return std::chrono::system_clock::time_point(now->time_since_epoch()); };
  std::uint16_t port = 1;
  for (auto& [name, settings] : config.connections) {
    auto made = std::make_unique<Account>();
    if (settings.type == "wildberries") {
      wb::sandbox::Options options;
      options.listen = false;
      options.port = port++;
      options.clock = clock;
      options.open_tasks = !closed.contains(name);
      made->wildberries = std::make_unique<wb::sandbox::Sandbox>(options);
      made->url = made->wildberries->url();
      for (const char* host : {"marketplace", "statistics", "analytics", "content", "prices", "common"})
        settings.values[std::string(host) + "_url"] = Value(made->url);
      settings.secrets["token"] = Secret(made->wildberries->credential());
    } else if (settings.type == "retailcrm") {
      crm::sandbox::Options options;
      options.listen = false;
      options.port = port++;
      options.clock = clock;
      options.time_zone = config.time_zone;
      options.open_dictionaries = true;
      if (const std::string site = settings.text("site"); !site.empty()) options.sites = {site};
      made->retailcrm = std::make_unique<crm::sandbox::Sandbox>(options);
      made->url = made->retailcrm->url();
      settings.values["url"] = Value(made->url);
      settings.secrets["key"] = Secret(made->retailcrm->credential());
    } else {
      continue;
    }
    settings.rates.clear();
    accounts_.emplace_back(name, std::move(made));
  }
}

TrialWorld::~TrialWorld() = default;

TrialWorld::Account* TrialWorld::account(const std::string& connection) {
  for (auto& [name, made] : accounts_) {
    if (name == connection) return made.get();
  }
  return nullptr;
}

wb::sandbox::Sandbox* TrialWorld::wildberries(const std::string& connection) {
  const Account* at = account(connection);
  return at == nullptr ? nullptr : at->wildberries.get();
}

crm::sandbox::Sandbox* TrialWorld::retailcrm(const std::string& connection) {
  const Account* at = account(connection);
  return at == nullptr ? nullptr : at->retailcrm.get();
}

Result<void> TrialWorld::exists(const std::string& connection, const std::string& node, const Record& fields) {
  const Value whole(fields);
  if (node == "http.request") {
    Answer answer;
    const Decimal* status = whole["status"].number();
    answer.status = status == nullptr ? 200 : static_cast<int>(status->integer().value_or(200));
    if (const Record* headers = whole["headers"].record()) {
      for (const auto& [name, value] : *headers) answer.headers.emplace_back(lowercase(name), value.display());
    }
    const Value& body = whole["body"];
    if (!body.is_null()) answer.body = body.text() != nullptr ? *body.text() : engine::write_json(body);
    answers_.push_back(std::move(answer));
    return {};
  }
  Account* at = account(connection);
  if (at != nullptr && at->retailcrm && node.starts_with("crm.")) {
    try {
      if (node == "crm.client") {
        at->retailcrm->add_customer(as_retailcrm(fields, zone_));
        return {};
      }
      Json order = as_retailcrm(fields, zone_);
      if (order.contains("customer") && !at->has("customers", "id", order["customer"]["id"].dump()))
        at->retailcrm->add_customer({{"id", order["customer"]["id"]}});
      at->retailcrm->add_order(order);
      return {};
    } catch (const std::runtime_error& refused) {
      return fail(fmt::format("this `{}` cannot exist: {}", node, refused.what()));
    }
  }
  if (const auto scheme = scheme_of(node); at != nullptr && at->wildberries && scheme) {
    at->task(*scheme, whole["id"], supplier_status(whole["status"]), "");
    return {};
  }
  return fail(fmt::format("`{}` keeps nothing that could be there beforehand", node));
}

void TrialWorld::known(const std::string& connection, const std::string& record_type, const Record& given) {
  Account* at = account(connection);
  const Value whole(given);
  if (at == nullptr) return;
  if (const auto scheme = scheme_of(record_type); at->wildberries && scheme) {
    if (whole["id"].is_null()) return;
    const auto word = [&](const char* field) {
      return whole[field].is_null() ? std::string() : whole[field].display();
    };
    at->task(*scheme, whole["id"], word("supplier_status"), word("wb_status"));
  }
  if (!at->retailcrm || record_type != "crm.order") return;
  const std::string id = whole["id"].id_text();
  const std::string external_id = whole["external_id"].id_text();
  if (!at->has("orders", "id", id) && !at->has("orders", "externalId", external_id))
    (void)exists(connection, "crm.order", given);  // what the sandbox refuses is not there
}

CallResult TrialWorld::answer(const std::string& connection, const Request& request, Instant now) {
  *now_ = now;
  TrialFault* loses = nullptr;
  for (TrialFault& fault : faults_) {
    if (fault.connection != connection || fault.left <= 0 || !concerns(fault.node, request)) continue;
    if (fault.kind != Fault::Kind::answers && !request.write) continue;
    if (fault.kind == Fault::Kind::loses) {
      loses = &fault;
      break;
    }
    fault.struck = true;
    if (fault.kind == Fault::Kind::refuses) return refusal(fault.node, fault.text);
    --fault.left;
    return json_answer(fault.status,
                       {{"success", false}, {"errorMsg", fmt::format("the test answers {}", fault.status)}});
  }
  CallResult result = target_answer(connection, request);
  // Only what happened can lose its answer.
  if (loses == nullptr || !result || result->status >= 300) return result;
  --loses->left;
  loses->struck = true;
  return tl::unexpected<Lost>(Lost{engine::Delivery::unknown, "the answer was lost"});
}

// The sandbox's, or what `given http.request` says.
CallResult TrialWorld::target_answer(const std::string& connection, const Request& request) {
  const Account* at = account(connection);
  if (at != nullptr && request.url.starts_with(at->url)) return call_result(at->answer(server_request(request)));
  if (answers_.empty()) return json_answer(200, Json::object());
  CallResult result = answers_.front();
  if (answers_.size() > 1) answers_.erase(answers_.begin());
  return result;
}

Result<void> TrialWorld::run(const std::shared_ptr<const engine::Runnable>& runnable, engine::Journal& journal,
                             engine::Observer& observer, const engine::Options& options, Instant& now, Duration longest,
                             const Listener& listener) {
  engine::VirtualLoop loop(
      journal,
      [&](const std::string& connection, const Request& request, Instant at) {
        if (listener) listener(connection, request);
        return answer(connection, request, at);
      },
      now, 1);
  engine::Core core(loop, observer, options);
  const Result<bool> drained = loop.run(core, runnable, now + longest);
  now = loop.now();
  if (!drained) return fail(drained.error());
  if (!*drained) return fail(fmt::format("the events have not ended after {} of virtual time", duration_text(longest)));
  return {};
}

}  // namespace pipewright::cli
