#include "stdlib/wb/sandbox/world.hpp"

#include <fmt/format.h>

#include <charconv>

namespace pipewright::wb::sandbox {
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

/// The variables of the pattern, or nothing when the path does not follow it.
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

struct Known {
  Route route;
  std::vector<std::string> pattern;
};

/// A literal segment wins over a variable: `/supplies/orders/reshipment` stands before `/supplies/{id}/...` in its
/// family.
const std::vector<Known>& known_routes() {
  static const std::vector<Known> routes = [] {
    std::vector<Known> all;
    for (const auto& family : {fbs_routes(), supply_routes(), meta_routes(), dbs_routes(), dbw_routes(),
                               pickup_routes(), batch_meta_routes(), statistics_routes(), catalogue_routes()}) {
      for (const Route& route : family) all.push_back({route, segments_of(route.path)});
    }
    return all;
  }();
  return routes;
}

struct Found {
  const Route* route = nullptr;
  std::vector<std::string> at;
  bool path_known = false;
};

Found route_for(const ServerRequest& request) {
  const std::vector<std::string> path = segments_of(request.raw_path);
  Found found;
  for (const Known& known : known_routes()) {
    std::optional<std::vector<std::string>> at = matched(known.pattern, path);
    if (!at) continue;
    found.path_known = true;
    if (known.route.method != request.method) continue;
    return {&known.route, std::move(*at), true};
  }
  return found;
}

const Claims* claims_for(const World& world, const ServerRequest& request) {
  std::string token = request.header("authorization");
  if (token.starts_with("Bearer ")) token.erase(0, 7);
  const auto found = world.tokens.find(token);
  return found == world.tokens.end() ? nullptr : &found->second;
}

/// Section 3: why the token does not open this route, or nothing.
std::optional<std::string> closed(const World& world, const Claims* claims, const ServerRequest& request,
                                  const Route* route) {
  if (request.header("authorization").empty()) return "empty Authorization header";
  if (claims == nullptr) return "token problem; token is malformed: could not base64 decode signature";
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(world.now().time_since_epoch()).count();
  if (claims->expires <= now) return "token problem; token is expired";
  if (route == nullptr) return std::nullopt;
  if (route->category != 0 && !claims->has(route->category)) return "token scope not allowed for this route";
  if (claims->has(read_only_bit) && route->method != "GET" && !route->reads) {
    return "read-only token scope not allowed for this route";
  }
  return std::nullopt;
}

bool is_penalised(const std::string& group) {
  for (const char* prefix : {"fbs", "dbs", "dbw", "pickup", "stocks", "warehouses"}) {
    if (group.starts_with(prefix)) return true;
  }
  return false;
}

Reply too_many(World& world, const Verdict& verdict) {
  Reply reply = problem(world, 429, "too many requests", "limited by " + world.uuid());
  reply.headers.emplace_back("X-Ratelimit-Retry", std::to_string(verdict.retry));
  reply.headers.emplace_back("X-Ratelimit-Limit", std::to_string(verdict.limit));
  reply.headers.emplace_back("X-Ratelimit-Reset", std::to_string(verdict.reset));
  return reply;
}

Reply worked(World& world, const ServerRequest& request, const Found& found) {
  Call call{world, request, *found.route, found.at, nullptr};
  if (found.route->takes_body) {
    call.body = Json::parse(request.body, nullptr, false);
    if (!call.body.is_object()) return bad_request(call, "Некорректное тело запроса");
  }
  return found.route->handler(call);
}

Reply limited(World& world, const ServerRequest& request, const Found& found, TokenOptions::Kind kind) {
  if (world.options.limits == Limits::off) {
    Reply reply = worked(world, request, found);
    reply.headers.emplace_back("X-Ratelimit-Remaining", "20");
    return reply;
  }
  const std::string& group = found.route->group;
  Policy policy = policy_of(group, kind);
  policy.interval *= world.options.limit_scale;
  const Verdict verdict = world.buckets.take(group, policy, world.now());
  if (!verdict.allowed) return too_many(world, verdict);
  Reply reply = worked(world, request, found);
  const bool costly = reply.status >= 400 && reply.status < 500 && is_penalised(group);
  if (costly && world.options.penalty) world.buckets.charge(group, 9);
  reply.headers.emplace_back("X-Ratelimit-Remaining", std::to_string(world.buckets.remaining(group)));
  return reply;
}

Reply honest_answer(World& world, const ServerRequest& request) {
  const Found found = route_for(request);
  const Claims* claims = claims_for(world, request);
  if (const std::optional<std::string> why = closed(world, claims, request, found.route)) {
    return problem(world, 401, "unauthorized", *why);
  }
  if (found.route == nullptr && found.path_known) return problem(world, 405, "method not allowed", request.method);
  if (found.route == nullptr) {
    return problem(world, 404, "path not found",
                   "Please consult the https://dev.wildberries.ru/openapi/api-information");
  }
  return limited(world, request, found, claims->kind);
}

}  // namespace

bool Task::is_final() const {
  for (const char* status : {"sold", "canceled", "canceled_by_client", "declined_by_client", "defect",
                             "canceled_by_missed_call", "canceled_by_carrier"}) {
    if (wb_status == status) return true;
  }
  return false;
}

World::World(Options given) : options(std::move(given)), random(options.seed) {
  sid = uuid();
  next_task = options.first_task_id;
  shipping_forgotten = options.shipping_forgotten;
  credential = issue(options.token);
  make_warehouses(*this);
}

Task* World::task(std::int64_t id, Scheme scheme) {
  auto found = tasks.find(id);
  if (found == tasks.end() && options.open_tasks) {
    make_task(*this, scheme, {{"id", id}}, fmt::format("{}_{}", 165918930 + dice(1000000), hex(30)));
    found = tasks.find(id);
  }
  return found == tasks.end() || found->second.scheme != scheme ? nullptr : &found->second;
}

Supply* World::supply(const std::string& id) {
  for (auto& [number, supply] : supplies) {
    if (supply.id == id) return &supply;
  }
  return nullptr;
}

std::string World::hex(std::size_t digits) {
  std::string text;
  while (text.size() < digits) text += fmt::format("{:x}", dice(16));
  return text;
}

std::string World::uuid() { return fmt::format("{}-{}-4{}-a{}-{}", hex(8), hex(4), hex(3), hex(3), hex(12)); }

std::string World::issue(const TokenOptions& token) {
  const Claims claims = claims_of(token, uuid(), sid, now());
  const std::string text = jwt_of(claims, hex(64));
  tokens[text] = claims;
  return text;
}

Reply World::answer(const ServerRequest& request) {
  const std::scoped_lock lock(mutex);
  if (request.path.starts_with("/_sandbox")) {
    return operate(*this, request.method, request.path,
                   request.body.empty() ? Json::object() : Json::parse(request.body, nullptr, false));
  }
  const std::optional<Fault> fault = faults.strike(request.method, request.path);
  for (const Json& move : fault ? fault->moves : Json::array())
    operate(*this, "POST", "/_sandbox/orders/" + std::to_string(move["id"].get<std::int64_t>()) + "/status", move);
  Reply reply = fault && !fault->commits() ? Reply() : honest_answer(*this, request);
  if (fault) reply = fault->spoil(std::move(reply));
  Json body = Json::parse(request.body, nullptr, false);
  if (body.is_discarded()) body = request.body;
  Json entry{{"n", log.size() + 1},    {"method", request.method}, {"path", request.path},
             {"query", request.query}, {"body", std::move(body)},  {"status", reply.drop ? 0 : reply.status},
             {"time", utc_text(now())}};
  if (fault) entry["fault"] = name_of(fault->kind);
  log.push_back(std::move(entry));
  return reply;
}

Reply new_tasks(Call& call, Scheme scheme, std::initializer_list<const char*> hidden) {
  Json orders = Json::array();
  for (const auto& [id, task] : call.world.tasks) {
    if (task.scheme != scheme || task.supplier_status != "new" || task.is_final()) continue;
    orders.push_back(without(task.fields, hidden));
  }
  return json_reply(200, {{"orders", std::move(orders)}});
}

namespace {

struct Window {
  std::int64_t limit, next, from, to;
};

constexpr std::int64_t day = 86400;

/// `limit` and `next` are mandatory everywhere, the dates only where `dated`.
std::optional<Window> window_of(const Call& call, bool dated) {
  const auto limit = call.number("limit");
  const auto next = call.number("next");
  const std::int64_t now =
      std::chrono::duration_cast<std::chrono::seconds>(call.world.now().time_since_epoch()).count();
  if (!limit || !next || *limit < 1 || *limit > 1000 || *next < 0) return std::nullopt;
  for (const char* name : {"dateFrom", "dateTo"}) {
    if ((dated || call.query(name)) && !call.number(name)) return std::nullopt;
  }
  Window window{*limit, *next, 0, call.number("dateTo").value_or(now + day)};
  window.from = call.number("dateFrom").value_or(call.number("dateTo").value_or(now) - 30 * day);
  const bool wide = call.number("dateTo") && call.number("dateFrom") && window.to - window.from > 30 * day;
  if (wide || window.from > window.to) return std::nullopt;
  window.from = std::max(window.from, now - 92 * day);
  return window;
}

Reply tasks_page(Call& call, Scheme scheme, std::initializer_list<const char*> hidden, bool finished_only) {
  const std::optional<Window> window = window_of(call, finished_only);
  if (!window) return refusal(400, "IncorrectParameter", "Передан некорректный параметр");
  Json orders = Json::array();
  std::int64_t last = call.world.options.zero_next_at_end ? 0 : window->next;
  bool more = false;
  for (auto at = call.world.tasks.upper_bound(window->next); at != call.world.tasks.end(); ++at) {
    const Task& task = at->second;
    const auto created = std::chrono::duration_cast<std::chrono::seconds>(task.created.time_since_epoch()).count();
    if (task.scheme != scheme || created < window->from || created > window->to) continue;
    if (finished_only && !task.is_final()) continue;
    if (orders.size() == static_cast<std::size_t>(window->limit)) {
      more = true;
      break;
    }
    Json shown = without(task.fields, hidden);
    if (!task.supply.empty()) shown["supplyId"] = task.supply;
    last = task.id;
    orders.push_back(std::move(shown));
  }
  if (!more && call.world.options.zero_next_at_end) last = 0;
  return json_reply(200, {{"next", last}, {"orders", std::move(orders)}});
}

}  // namespace

Reply finished_tasks(Call& call, Scheme scheme, std::initializer_list<const char*> hidden) {
  return tasks_page(call, scheme, hidden, scheme != Scheme::fbs);
}

}  // namespace pipewright::wb::sandbox
