#include "stdlib/crm/account.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "base/embedded.hpp"
#include "base/text.hpp"
#include "dsl/catalog.hpp"
#include "engine/http/client.hpp"
#include "engine/json.hpp"
#include "stdlib/crm/records.hpp"

namespace pipewright::crm {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Declared read_declared() {
  std::vector<std::pair<std::string, std::string>> files;
  for (const embedded::File& file : embedded::declarations()) {
    if (file.name == "crm/records.pipe") files.emplace_back(file.name, file.content);
  }
  const dsl::CatalogRead read = dsl::read_catalog(files);
  const auto type = [&read](const char* name) {
    const auto found = read.catalog.records.find(name);
    assert(found != read.catalog.records.end());
    return dsl::record_of(found->second);
  };
  return {type("crm.client"), type("crm.order"), type("crm.item")};
}

std::string without_end(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  for (const std::string_view path : {"/api/v5", "/api"}) {
    if (url.ends_with(path)) url.resize(url.size() - path.size());
  }
  return url;
}

std::string host_of(const std::string& url) {
  const std::size_t scheme = url.find("://");
  const std::size_t from = scheme == std::string::npos ? 0 : scheme + 3;
  return lowercase(url.substr(from, url.find('/', from) - from));
}

bool is_success(const Answer& answer, const Result<Value>& body) {
  if (answer.status >= 300 || !body) return false;
  const bool* success = (*body)["success"].boolean();
  return success != nullptr && *success;
}

// The CRM's own refusal says `success: false`, with 4XX or with 200 (api.md 2).
bool is_refusal(const Answer& answer, const Result<Value>& body) {
  const bool* success = body ? (*body)["success"].boolean() : nullptr;
  return success != nullptr && !*success && (answer.status < 300 || answer.status >= 400);
}

bool rejected_key(const std::string& words) {
  return words.find("Wrong \"apiKey\"") != std::string::npos ||
         words.find("\"apiKey\" is missing") != std::string::npos;
}

void judge_refusal(Failure& failure, int status, const std::string& words) {
  failure.delivery = engine::Delivery::not_sent;
  failure.kind = Failure::Kind::permanent;
  if (rejected_key(words) || status == 401) {
    failure.kind = Failure::Kind::credentials;
    failure.help = "make a key in the CRM (Settings → Integration → API keys) and put it under `key` of the connection";
  } else if (status == 403) {
    failure.help =
        "the key lacks the right for this call or the store: check its rights and its list of stores in the CRM";
  } else if (words.find("Account does not exist") != std::string::npos) {
    failure.kind = Failure::Kind::credentials;  // nothing is wrong with the event: the connection waits
    failure.help = "check `url` of the connection";
  } else if (lowercase(words).find("status") != std::string::npos) {
    failure.help = "check the codes: GET /reference/statuses";
  }
}

}  // namespace

Account::Account(engine::Settings given)
    : Connection(std::move(given)),
      base_(without_end(settings().text("url"))),
      host_(host_of(base_)),
      declared_(read_declared()) {}

std::map<std::string, engine::Rate> Account::limits() const {
  const auto own = settings().rates.find("");
  if (own != settings().rates.end()) return {{group, own->second}};
  // The CRM counts by the address that asks: accounts share it (api.md 3).
  const int accounts = static_cast<int>(std::clamp<std::size_t>(settings().accounts, 1, 100));
  return {{group, engine::Rate{milliseconds(125) * accounts, std::max(1, 8 / accounts)}}};
}

engine::Feedback Account::feedback(const Request&, const Answer& answer) const {
  engine::Feedback feedback;
  // The CRM itself sends no header that says how long (api.md 3); what stands before it may.
  if (answer.status == 503 || answer.status == 429)
    feedback.pause = engine::http::retry_after(answer).value_or(seconds(1));
  feedback.unreadable = answer.instead_of_json();
  return feedback;
}

std::string Account::summary() const {
  if (base_.empty()) return "no url";
  if (!settings().secrets.contains("key")) return host_ + ", no key";
  return host_ + (site().empty() ? ", every store that the key sees" : ", store " + site());
}

std::string Account::account() const { return host_.empty() ? name() : "retailcrm " + host_; }

std::string Account::account_zone() const { return zone.empty() ? Connection::account_zone() : zone; }

Request Account::request(const std::string& method, const std::string& path) const {
  Request request;
  request.method = method;
  request.url = base_ + "/api/v5/" + path;
  request.group = group;
  request.headers.emplace_back("Accept", "application/json");
  if (const auto key = settings().secrets.find("key"); key != settings().secrets.end())
    request.secret_headers.emplace_back("X-API-KEY", key->second);
  const auto timeout = settings().values.find("timeout");
  if (timeout != settings().values.end() && timeout->second.duration() != nullptr)
    request.timeout = *timeout->second.duration();
  return request;
}

Request Account::get(const std::string& path, const Pairs& query) const {
  Request made = request("GET", path);
  if (!query.empty()) made.url += "?" + engine::http::encoded(query);
  return made;
}

Request Account::credentials() const {
  Request made = request("GET", {});
  made.url = base_ + "/api/credentials";
  return made;
}

Request Account::post(const std::string& path, const Pairs& form, std::vector<std::size_t> items, Record predicted,
                      int status) const {
  Request made = request("POST", path);
  made.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  made.body = engine::http::encoded(form);
  made.write = true;
  made.items = std::move(items);
  predicted.insert(predicted.begin(), {"success", Value(true)});
  made.predicted = Value(std::move(predicted));
  made.predicted_status = status;
  return made;
}

// ---- responses
// -----------------------------------------------------------------------------------------------------------------------

std::string words_of(const Answer& answer) {
  const Result<Value> body = answer.json();
  if (!body) return body.error().message;
  if (!is_refusal(answer, body) && answer.status < 500) {
    const std::string instead = answer.instead_of_json();
    if (!instead.empty()) return instead;
    return fmt::format("HTTP {} with JSON of another shape: {}", answer.status, engine::json_start(*body, 100));
  }
  std::string words = (*body)["errorMsg"].display();
  if (words.empty()) words = fmt::format("HTTP {} without an errorMsg", answer.status);
  const Value& errors = (*body)["errors"];
  std::vector<std::string> parts;
  if (const List* list = errors.list()) {
    for (const Value& each : *list) parts.push_back(each.display());
  } else if (const Record* map = errors.record()) {
    for (const auto& [field, text] : *map) parts.push_back(field + ": " + text.display());
  } else if (!errors.is_null()) {
    parts.push_back(errors.display());
  }
  return parts.empty() ? words : fmt::format("{} «{}»", words, join(parts, "; "));
}

std::optional<Failure> failure_of(const CallResult& result, bool write) {
  Failure failure;
  if (!result) {
    failure.reason = "retailCRM: " + result.error().message;
    failure.delivery = engine::unknown_if(write && result.error().delivery == engine::Delivery::unknown);
    if (result.error().cause == engine::Lost::Cause::certificate) {
      failure.kind = Failure::Kind::credentials;
      failure.help = engine::http::certificate_help;
    } else if (result.error().cause == engine::Lost::Cause::malformed) {
      failure.kind = Failure::Kind::permanent;
    }
    return failure;
  }
  const Answer& answer = *result;
  const Result<Value> body = answer.json();
  if (is_success(answer, body)) return std::nullopt;
  const std::string words = words_of(answer);
  failure.reason = "retailCRM: " + words;
  if (answer.status == 429 || answer.status == 503) {
    failure.delivery = engine::Delivery::not_sent;
    failure.not_before = engine::http::retry_after(answer).value_or(seconds(1));
  } else if (answer.status >= 500) {
    failure.delivery = engine::unknown_if(write);
  } else if (is_refusal(answer, body)) {
    judge_refusal(failure, answer.status, words);
  } else {  // a proxy's page, a redirect, another system: what stood behind it is not known
    failure.delivery = engine::unknown_if(write && answer.status < 400);
  }
  return failure;
}

tl::expected<Value, Failure> json_of(const CallResult& result, bool write) {
  if (auto failure = failure_of(result, write)) return tl::unexpected<Failure>(std::move(*failure));
  return *result->json();
}

Value combined_to(const CallResult& result) {
  if (!result || result->status != 404) return {};
  const Result<Value> body = result->json();
  return body ? (*body)["combinedTo"]["id"] : Value();
}

tl::expected<std::vector<Value>, Failure> list_in(const Value& body, const std::string& member) {
  const Value& listed = body[member];
  if (listed.list() != nullptr || listed.record() != nullptr) return elements_of(listed);
  Failure failure;
  failure.reason = fmt::format("retailCRM: the response has {} in place of the list `{}`",
                               listed.is_null() ? "nothing" : "«" + shortened(listed.display(), 60) + "»", member);
  return tl::unexpected<Failure>(std::move(failure));
}

bool already_exists(const CallResult& result) {
  return result && result->status == 400 && words_of(*result).find("already exists") != std::string::npos;
}

Failure permanent(std::string reason, std::string help) {
  Failure failure;
  failure.kind = Failure::Kind::permanent;
  failure.reason = std::move(reason);
  failure.help = std::move(help);
  failure.delivery = engine::Delivery::not_sent;
  return failure;
}

Task<std::optional<Failure>> learn_zone(Account& account, Calls& calls) {
  if (!account.zone.empty()) co_return std::nullopt;
  Request request = account.get("settings", Pairs());
  const CallResult answer = co_await calls.send(std::move(request));
  const auto json = json_of(answer, false);
  const std::string own = account.settings().time_zone.empty() ? "UTC" : account.settings().time_zone;
  if (!json) {
    if (json.error().kind != Failure::Kind::permanent) co_return json.error();
    calls.note(fmt::format("the account's time zone is not known ({}): {} is used", json.error().reason, own));
    account.zone = own;
    co_return std::nullopt;
  }
  const std::string zone = (*json)["settings"]["timezone"]["value"].display();
  account.zone = zone_exists(zone) ? zone : own;
  if (!zone_exists(zone)) {
    calls.log(engine::LogLevel::warning,
              fmt::format("the account's time zone is not known (settings.timezone.value is {}): {} is used",
                          zone.empty() ? "not there" : "«" + shortened(zone, 40) + "»", own));
  }
  co_return std::nullopt;
}

}  // namespace pipewright::crm
