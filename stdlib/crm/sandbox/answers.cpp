// Requests read and answers worded as retailCRM does (reference, sections 1 to 3).
#include <charconv>

#include "stdlib/crm/sandbox/world.hpp"

namespace pipewright::crm::sandbox {
namespace {

/// `filter[customFields][nps][min]` → {"filter","customFields","nps","min"}; `[]` gives "".
std::vector<std::string> steps_of(const std::string& name) {
  std::vector<std::string> steps;
  const std::size_t open = name.find('[');
  steps.push_back(name.substr(0, open));
  std::size_t at = open;
  while (at != std::string::npos && at < name.size() && name[at] == '[') {
    const std::size_t close = name.find(']', at);
    if (close == std::string::npos) break;
    steps.push_back(name.substr(at + 1, close - at - 1));
    at = close + 1;
  }
  return steps;
}

bool is_index(const std::string& step) { return step.find_first_not_of("0123456789") == std::string::npos; }

void place(Json& root, const std::vector<std::string>& steps, const std::string& value) {
  Json* at = &root;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const bool in_list = i > 0 && is_index(steps[i]);  // `[]` or `[0]`
    if (in_list) {
      if (!at->is_array()) *at = Json::array();
      at->push_back(nullptr);
      at = &at->back();
    } else {
      if (!at->is_object()) *at = Json::object();
      at = &(*at)[steps[i]];
    }
  }
  *at = value;
}

std::optional<std::size_t> count_from(const Json& text) {
  if (!text.is_string()) return std::nullopt;
  const std::string& digits = text.get_ref<const std::string&>();
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

}  // namespace

Reply success(int status, Json body) {
  body["success"] = true;
  return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = body.dump()};
}

Reply failure(int status, std::string_view message, const Json& errors, const Json& more) {
  Json body = more;
  body["success"] = false;
  body["errorMsg"] = message;
  if (!errors.is_null()) body["errors"] = errors;
  return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = body.dump()};
}

Json php_map(const Json& map) { return map.is_object() && !map.empty() ? map : Json::array(); }

Json parsed_query(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Json query = Json::object();
  for (const auto& [name, value] : pairs) place(query, steps_of(name), value);
  return query;
}

std::optional<Json> json_field(Call& call, const std::string& name, Reply& refused) {
  const auto found = call.form.find(name);
  if (found == call.form.end()) {
    refused = failure(400, "Parameter '" + name + "' is missing");
    return std::nullopt;
  }
  Json value = Json::parse(found->second, nullptr, false);
  if (value.is_object() || value.is_array()) return value;
  refused = failure(400, "Errors in the entity format", {{name, "This value is not valid."}});
  return std::nullopt;
}

std::optional<Page> page_of(Call& call, Reply& refused, bool large) {
  Page page;
  if (call.query.contains("limit")) page.limit = count_from(call.query["limit"]).value_or(0);
  if (call.query.contains("page")) page.number = count_from(call.query["page"]).value_or(0);
  const bool allowed = page.limit == 20 || page.limit == 50 || page.limit == 100 || (large && page.limit == 250);
  if (allowed && page.number > 0) return page;
  const char* which = allowed ? "page" : "limit";
  refused = failure(400, "Errors in the pagination parameters", {{which, "This value is not valid."}});
  return std::nullopt;
}

Reply paged(Page page, const char* key, const std::vector<Json>& all) {
  Json shown = Json::array();
  for (std::size_t i = (page.number - 1) * page.limit; i < all.size() && shown.size() < page.limit; ++i)
    shown.push_back(all[i]);
  return success(200, {{"pagination",
                        {{"limit", page.limit},
                         {"totalCount", all.size()},
                         {"currentPage", page.number},
                         {"totalPageCount", (all.size() + page.limit - 1) / page.limit}}},
                       {key, std::move(shown)}});
}

Reply no_such_site() { return failure(400, "Errors in the input parameters", {{"site", "This value is not valid."}}); }

std::string Call::parameter(const std::string& name) const {
  if (const auto found = form.find(name); found != form.end()) return found->second;
  return query.contains(name) && query[name].is_string() ? query[name].get<std::string>() : std::string();
}

bool Call::sees(const std::string& site) const { return std::ranges::find(key.sites, site) != key.sites.end(); }

std::optional<std::string> Call::site() const {
  const std::string asked = parameter("site");
  if (asked.empty()) return key.sites.empty() ? std::nullopt : std::optional(key.sites.front());
  return sees(asked) ? std::optional(asked) : std::nullopt;
}

}  // namespace pipewright::crm::sandbox
