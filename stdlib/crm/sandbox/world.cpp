#include "stdlib/crm/sandbox/world.hpp"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>

#include "stdlib/crm/sandbox/dictionaries.hpp"

namespace pipewright::crm::sandbox {
namespace {

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = path.find('/');
    segments.push_back(engine::http::url_decoded(path.substr(0, end), false));
    path = end == std::string_view::npos ? std::string_view() : path.substr(end);
  }
  return segments;
}

struct Known {
  Route route;
  std::vector<std::string> pattern;
};

/// In this order: `/orders/history` must be asked before `/orders/{key}`.
const std::vector<Known>& known_routes() {
  static const std::vector<Known> routes = [] {
    std::vector<Known> all;
    for (const auto& family : {history_routes(), account_routes(), reference_routes(), store_routes(), payment_routes(),
                               order_write_routes(), order_routes(), customer_routes(), corporate_routes()}) {
      for (const Route& route : family) all.push_back({route, segments_of(route.path)});
    }
    return all;
  }();
  return routes;
}

std::optional<std::vector<std::string>> matched(const std::vector<std::string>& pattern,
                                                const std::vector<std::string>& path) {
  if (pattern.size() != path.size()) return std::nullopt;
  std::vector<std::string> variables;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (pattern[i].starts_with('{')) {
      variables.push_back(path[i]);
    } else if (pattern[i] != path[i]) {
      return std::nullopt;
    }
  }
  return variables;
}

/// Features an account does not have are paths that do not exist.
bool is_closed(const World& world, const std::string& path) {
  if (!world.options.corporate && path.starts_with("/api/v5/customers-corporate")) return true;
  return !world.options.catalogue && path.starts_with("/api/v5/store/");
}

bool take(World& world, Key& key) {
  if (!world.options.limits) return true;
  const std::chrono::duration<double> passed = world.now() - key.at;
  key.tokens =
      std::min(world.options.per_second, key.tokens + std::max(0.0, passed.count()) * world.options.per_second);
  key.at = world.now();
  if (key.tokens < 1) return false;
  key.tokens -= 1;
  return true;
}

Reply limited(const World& world) {
  if (!world.options.html_when_limited) return failure(503, "Rate limit exceeded");
  return {.status = 503,
          .headers = {{"Content-Type", "text/html"}},
          .body = "<html><head><title>503 Service Temporarily Unavailable</title></head></html>"};
}

std::map<std::string, std::string> form_of(const ServerRequest& request) {
  std::map<std::string, std::string> form;
  if (!request.header("content-type").starts_with("application/x-www-form-urlencoded")) return form;
  for (auto& [name, value] : engine::http::form_pairs(request.body)) form[name] = value;
  return form;
}

std::string key_text(const ServerRequest& request, const Json& query, const std::map<std::string, std::string>& form) {
  if (const std::string header = request.header("x-api-key"); !header.empty()) return header;
  if (query.contains("apiKey") && query["apiKey"].is_string()) return query["apiKey"];
  const auto found = form.find("apiKey");
  return found == form.end() ? std::string() : found->second;
}

Reply routed(Call& call) {
  const std::vector<std::string> path = segments_of(call.request.raw_path);
  bool path_known = false;
  if (is_closed(call.world, call.request.path)) return failure(404, "API method not found");
  for (const Known& known : known_routes()) {
    std::optional<std::vector<std::string>> at = matched(known.pattern, path);
    if (!at) continue;
    path_known = true;
    if (known.route.method != call.request.method) continue;
    if (!known.route.scope.empty() && !call.key.scopes.contains(known.route.scope))
      return failure(403, "Access denied.");
    call.at = std::move(*at);
    return known.route.handler(call);
  }
  return path_known ? failure(405, "Method Not Allowed") : failure(404, "API method not found");
}

Reply honest_answer(World& world, const ServerRequest& request, const std::map<std::string, std::string>& form) {
  Json query = parsed_query(request.parameters);
  const std::string text = key_text(request, query, form);
  if (text.empty()) return failure(400, "\"apiKey\" is missing.");
  const auto key = world.keys.find(text);
  if (key == world.keys.end()) return failure(403, "Wrong \"apiKey\" value.");
  if (!take(world, key->second)) return limited(world);
  Call call{world, request, key->second, {}, std::move(query), form};
  return routed(call);
}

/// The form as a person would want to read it: JSON in its fields is shown as JSON.
Json readable(const std::map<std::string, std::string>& form, const std::string& body) {
  if (form.empty()) return body;
  Json shown = Json::object();
  for (const auto& [name, value] : form) {
    if (name == "apiKey") continue;
    Json inner = Json::parse(value, nullptr, false);
    shown[name] = inner.is_structured() ? inner : Json(value);
  }
  return shown;
}

}  // namespace

World::World(Options given) : options(std::move(given)), random(options.seed) {
  next_order = options.first_order_id;
  dictionaries = fresh_dictionaries();
  int number = 0;
  for (const std::string& code : options.sites) {
    dictionaries["sites"][code] = {{"id", 100 + number},
                                   {"name", code},
                                   {"code", code},
                                   {"url", "https://example.com/" + code},
                                   {"defaultForCrm", number == 0},
                                   {"loadFromYml", false},
                                   {"countryIso", "RU"},
                                   {"currency", "RUB"},
                                   {"catalogId", "main"},
                                   {"isCatalogMainSite", number == 0},
                                   {"isDemo", false},
                                   {"ordering", 989}};
    ++number;
  }
  credential = issue(options.key);
  if (options.seed_catalogue) seed_catalogue(*this);
}

std::string World::local(Time time) const {
  const auto instant = date::floor<std::chrono::seconds>(time);
  try {
    return date::format("%F %T", date::make_zoned(options.time_zone, instant));
  } catch (const std::runtime_error&) {  // the library does not know the zone
    return date::format("%F %T", instant);
  }
}

std::string World::issue(const KeyOptions& key) {
  std::string text;
  while (text.size() < 32) text += "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[random() % 62];
  Key& kept = keys[text];
  kept.text = text;
  kept.scopes = {key.scopes.begin(), key.scopes.end()};
  kept.sites = key.sites.empty() ? options.sites : key.sites;
  kept.tokens = options.per_second;
  kept.at = now();
  return text;
}

Reply World::answer(const ServerRequest& request) {
  const std::scoped_lock lock(mutex);
  if (request.path.starts_with("/_sandbox")) {
    return operate(*this, request.method, request.path,
                   request.body.empty() ? Json::object() : Json::parse(request.body, nullptr, false));
  }
  const std::map<std::string, std::string> form = form_of(request);
  const std::optional<Fault> fault = faults.strike(request.method, request.path);
  Reply reply = fault && !fault->commits() ? Reply() : honest_answer(*this, request, form);
  if (fault) reply = fault->spoil(std::move(reply));
  Json entry{{"n", log.size() + 1},
             {"method", request.method},
             {"path", request.path},
             {"query", request.query},
             {"body", readable(form, request.body)},
             {"status", reply.drop ? 0 : reply.status},
             {"time", local_now()}};
  if (fault) entry["fault"] = name_of(fault->kind);
  log.push_back(std::move(entry));
  return reply;
}

Json* by_external(std::map<std::int64_t, Json>& entities, const std::string& external_id, const std::string& site) {
  for (auto& [id, entity] : entities) {
    if (entity.value("externalId", "") == external_id && (site.empty() || entity.value("site", "") == site))
      return &entity;
  }
  return nullptr;
}

Json* find_by(std::map<std::int64_t, Json>& entities, Call& call, const std::string& default_by) {
  std::string by = call.parameter("by");
  if (by.empty()) by = default_by;
  Json* found = nullptr;
  if (by == "id") {
    for (auto& [id, entity] : entities) {
      if (std::to_string(id) == call.at[0]) found = &entity;
    }
  } else if (const auto site = call.site()) {
    found = by_external(entities, call.at[0], *site);
  }
  return found != nullptr && call.sees(found->value("site", "")) ? found : nullptr;
}

const Json* dictionary_entry(const World& world, const char* dictionary, const std::string& code) {
  const Json& entries = world.dictionaries.at(dictionary);
  for (const Json& entry : entries) {
    if (entry.is_object() && entry.value("code", "") == code) return &entry;
  }
  return nullptr;
}

const Json* written_entry(World& world, const char* dictionary, const std::string& code) {
  const Json* known = dictionary_entry(world, dictionary, code);
  if (known != nullptr || !world.options.open_dictionaries || code.empty()) return known;
  Json entry{{"code", code}, {"name", code}, {"active", true}};
  if (dictionary == std::string_view("paymentTypes")) {
    entry["paymentStatuses"] = Json::array();
    for (const Json& status : world.dictionaries["paymentStatuses"])
      entry["paymentStatuses"].push_back(status.value("code", ""));
  }
  Json& entries = world.dictionaries[dictionary];
  if (entries.is_array())
    entries.push_back(std::move(entry));
  else
    entries[code] = std::move(entry);
  return dictionary_entry(world, dictionary, code);
}

std::string group_of(const World& world, const std::string& status) {
  const Json* entry = dictionary_entry(world, "statuses", status);
  return entry == nullptr ? std::string() : entry->value("group", "");
}

bool has_custom_field(const World& world, const std::string& entity, const std::string& code) {
  return std::ranges::any_of(world.custom_fields, [&](const Json& field) {
    return field.value("entity", "") == entity && field.value("code", "") == code;
  });
}

}  // namespace pipewright::crm::sandbox
