#include "stdlib/wb/account.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "engine/http/client.hpp"
#include "engine/json.hpp"

namespace pipewright::wb {
namespace {

using engine::Rate;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

std::optional<std::string> base64url(std::string_view text) {
  std::string out;
  unsigned buffer = 0;
  int bits = 0;
  for (const char c : text) {
    int value = 0;
    if (c >= 'A' && c <= 'Z')
      value = c - 'A';
    else if (c >= 'a' && c <= 'z')
      value = c - 'a' + 26;
    else if (c >= '0' && c <= '9')
      value = c - '0' + 52;
    else if (c == '-' || c == '+')
      value = 62;
    else if (c == '_' || c == '/')
      value = 63;
    else if (c == '=')
      break;
    else
      return std::nullopt;
    buffer = (buffer << 6U) | static_cast<unsigned>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<char>((buffer >> static_cast<unsigned>(bits)) & 0xFFU));
    }
  }
  return out;
}

std::string host_of(const std::string& group) { return group.substr(0, group.find('.')); }

// The server's own word, with a second for its rounding; never longer than the client waits.
std::optional<Duration> wait_of(const Answer& answer) {
  if (const auto retry = answer.header("x-ratelimit-retry")) {
    if (const auto wait = engine::http::seconds_to_wait(*retry))
      return std::min<Duration>(*wait + seconds(1), engine::http::longest_wait);
  }
  return engine::http::retry_after(answer);
}

std::string one_line(const Value& value) {
  if (const std::string* text = value.text()) return *text;
  if (value.is_null()) return {};
  return engine::write_json(value);
}

}  // namespace

Token read_token(const std::string& text) {
  Token token;
  const std::size_t first = text.find('.');
  const std::size_t second = first == std::string::npos ? first : text.find('.', first + 1);
  if (second == std::string::npos) return token;
  const auto payload = base64url(std::string_view(text).substr(first + 1, second - first - 1));
  if (!payload) return token;
  const Result<Value> claims = engine::parse_json(*payload);
  if (!claims || claims->record() == nullptr) return token;
  token.readable = true;
  token.seller = (*claims)["sid"].id_text();
  if (const Decimal* expires = (*claims)["exp"].number(); expires != nullptr && expires->integer())
    token.expires = Instant(seconds(*expires->integer()));
  if (const Decimal* mask = (*claims)["s"].number(); mask != nullptr && mask->integer())
    token.categories = static_cast<std::uint64_t>(*mask->integer());
  const Decimal* kind = (*claims)["acc"].number();
  const bool test = (*claims)["t"].boolean() != nullptr && *(*claims)["t"].boolean();
  if (kind != nullptr && kind->integer() && *kind->integer() >= 1 && *kind->integer() <= 4)
    token.kind = static_cast<Token::Kind>(*kind->integer());
  if (test) token.kind = Token::Kind::test;
  return token;
}

Account::Account(engine::Settings given) : Connection(std::move(given)) {
  const auto secret = settings().secrets.find("token");
  if (secret != settings().secrets.end()) token_ = read_token(secret->second.reveal());
}

std::string Account::account() const { return token_.seller.empty() ? name() : "wildberries " + token_.seller; }

std::string Account::summary() const {
  if (!settings().secrets.contains("token")) return "no token";
  if (!token_.readable) return "the token is not a JWT; its permissions cannot be read";
  static const std::vector<std::pair<int, const char*>> names = {
      {4, "Marketplace"}, {5, "Statistics"}, {2, "Analytics"}, {1, "Content"}, {3, "Prices"}};
  std::string allowed;
  for (const auto& [bit, name] : names) {
    if (token_.may(bit)) allowed += (allowed.empty() ? "" : " ") + std::string(name);
  }
  static const std::map<Token::Kind, const char*> kinds = {{Token::Kind::basic, "basic"},
                                                           {Token::Kind::test, "test"},
                                                           {Token::Kind::personal, "personal"},
                                                           {Token::Kind::service, "service"}};
  std::string text = fmt::format("{} token, {}", kinds.at(token_.kind), allowed);
  if (token_.may(Token::read_only)) text += ", read-only";
  if (token_.expires) {
    const auto left = std::chrono::duration_cast<hours>(*token_.expires - settings().opened).count() / 24;
    text += *token_.expires < settings().opened ? ", expired" : fmt::format(", {} days left", left);
  }
  return text;
}

// A basic token with the service's secret has the service's limits.
bool Account::rationed() const {
  return token_.kind == Token::Kind::basic && !settings().secrets.contains("client_secret");
}

bool Account::tries_out() const { return settings().flag("sandbox") || token_.kind == Token::Kind::test; }

std::map<std::string, Rate> Account::limits() const {
  std::map<std::string, Rate> rates = {
      {group::fbs, {milliseconds(200), 20}},    {group::fbs_cancel, {milliseconds(600), 20}},
      {group::dbs, {milliseconds(200), 20}},    {group::dbw, {milliseconds(200), 20}},
      {group::pickup, {milliseconds(200), 20}}, {group::pickup_info, {seconds(1), 10}},
      {group::orders, {minutes(1), 10}},        {group::sales, {minutes(1), 1}},
      {group::feed, {minutes(1), 1}},           {group::cards, {milliseconds(600), 5}},
  };
  for (const char* host : {"marketplace", "statistics", "analytics", "content"})
    rates[std::string(host) + group::ping] = {seconds(10), 3};
  for (const char* step : {"confirm", "deliver", "receive", "reject", "cancel"})
    rates[fmt::format("marketplace.dbs_{}", step)] = {seconds(1), 10};
  for (const char* step : {"confirm", "prepare", "receive", "reject", "cancel"})
    rates[fmt::format("marketplace.pickup_{}", step)] = {seconds(1), 10};
  if (rationed()) {
    rates[group::orders] = rates[group::feed] = {hours(3), 1};
    rates[group::sales] = {hours(2), 1};
    for (const char* reads : {group::fbs, group::dbs, group::dbw, group::pickup})
      rates[reads] = {milliseconds(400), 10};
    rates[group::dbw_cancel] = {minutes(6), 1};
  }
  if (tries_out()) {  // one a second in total: all share one group, see get()
    for (auto& [name, rate] : rates) {
      if (host_of(name) == "marketplace") rate = {};
    }
    rates[group::tried_out] = {seconds(1), 1};
  }
  for (auto& [name, rate] : rates) {
    const auto own = settings().rates.find(host_of(name));
    const auto all = settings().rates.find("");
    if (own != settings().rates.end())
      rate = own->second;
    else if (all != settings().rates.end())
      rate = all->second;
  }
  return rates;
}

engine::Feedback Account::feedback(const Request& request, const Answer& answer) const {
  engine::Feedback feedback;
  const auto number = [&](const char* header) -> std::optional<int> {
    const auto text = answer.header(header);
    int value = 0;
    if (!text || std::from_chars(text->data(), text->data() + text->size(), value).ec != std::errc())
      return std::nullopt;
    return value;
  };
  feedback.remaining = number("x-ratelimit-remaining");
  // Any 4XX costs ten calls in the Marketplace groups, whether a 429 too is not said: assumed.
  const bool ping = request.group.ends_with(group::ping);
  if (host_of(request.group) == "marketplace" && !ping && answer.status >= 400 && answer.status < 500)
    feedback.cost = 10;
  if (answer.status == 429) {
    const auto rates = limits();
    const auto rate = rates.find(request.group);
    const auto whole = rate == rates.end() ? seconds(1) : rate->second.interval * rate->second.burst;
    feedback.pause = wait_of(answer).value_or(std::max<Duration>(std::chrono::ceil<Duration>(whole), seconds(1)));
  }
  return feedback;
}

std::string Account::base_url(const std::string& host) const {
  const std::string configured = settings().text(host + "_url");
  if (!configured.empty()) return configured;
  static const std::map<std::string, std::string> hosts = {
      {"marketplace", "marketplace-api"}, {"statistics", "statistics-api"},   {"analytics", "seller-analytics-api"},
      {"content", "content-api"},         {"prices", "discounts-prices-api"}, {"common", "common-api"}};
  const bool has_sandbox = host != "analytics" && host != "common";
  return fmt::format("https://{}{}.wildberries.ru", hosts.at(host), tries_out() && has_sandbox ? "-sandbox" : "");
}

Request Account::get(const std::string& group, const std::string& path) const {
  Request request;
  request.method = "GET";
  request.url = base_url(host_of(group)) + path;
  const bool one_group = tries_out() && host_of(group) == "marketplace" && !group.ends_with(group::ping);
  request.group = one_group ? group::tried_out : group;
  request.headers.emplace_back("Accept", "application/json");
  if (const auto secret = settings().secrets.find("token"); secret != settings().secrets.end()) {
    const std::string prefix = settings().text("token_prefix", "Bearer ");
    request.secret_headers.emplace_back("Authorization", Secret(prefix + secret->second.reveal()));
  }
  if (const auto secret = settings().secrets.find("client_secret"); secret != settings().secrets.end())
    request.secret_headers.emplace_back("X-Client-Secret", secret->second);
  const auto timeout = settings().values.find("timeout");
  if (timeout != settings().values.end() && timeout->second.duration() != nullptr)
    request.timeout = *timeout->second.duration();
  return request;
}

Request Account::send(const std::string& method, const std::string& group, const std::string& path,
                      const Value& body) const {
  Request request = get(group, path);
  request.method = method;
  if (!body.is_null()) {
    request.body = engine::write_json(body);
    request.headers.emplace_back("Content-Type", "application/json");
  }
  return request;
}

// ---- responses
// -----------------------------------------------------------------------------------------------------------------------

std::string code_of(const Answer& answer) {
  const Result<Value> body = answer.json();
  if (!body) return {};
  const Value& error = body->list() != nullptr && !body->list()->empty() ? body->list()->front() : *body;
  return one_line(error["code"]);
}

std::string words_of(const Answer& answer) {
  const Result<Value> body = answer.json();
  if (!body) {
    std::string start = trimmed(shortened(answer.body, 200));
    if (start.starts_with("<")) return fmt::format("HTTP {} with HTML", answer.status);
    return start.empty() ? fmt::format("HTTP {}", answer.status) : fmt::format("HTTP {} «{}»", answer.status, start);
  }
  const Value& error = body->list() != nullptr && !body->list()->empty() ? body->list()->front() : *body;
  const std::string code = one_line(error["code"]);
  for (const char* field : {"message", "detail", "errors", "title", "errorText"}) {
    const std::string text = one_line(error[field]);
    if (text.empty()) continue;
    const bool gateway = !one_line(error["requestId"]).empty();
    return code.empty() || gateway ? fmt::format("HTTP {} «{}»", answer.status, text)
                                   : fmt::format("{} «{}»", code, text);
  }
  return code.empty() ? fmt::format("HTTP {}", answer.status) : code;
}

std::optional<Failure> failure_of(const CallResult& result) {
  Failure failure;
  if (!result) {
    failure.reason = "Wildberries: " + result.error().message;
    failure.delivery = engine::unknown_if(result.error().delivery == engine::Delivery::unknown);
    if (result.error().cause == engine::Lost::Cause::certificate) {
      failure.kind = Failure::Kind::credentials;
      failure.help = engine::http::certificate_help;
    } else if (result.error().cause == engine::Lost::Cause::malformed) {
      failure.kind = Failure::Kind::permanent;
    }
    return failure;
  }
  const Answer& answer = *result;
  if (answer.status >= 200 && answer.status < 300) return std::nullopt;
  const std::string words = words_of(answer);
  failure.reason = "Wildberries: " + words;
  failure.delivery = engine::unknown_if(answer.status >= 500);
  if (answer.status == 401) {
    const bool read_only = words.find("read-only") != std::string::npos;
    failure.kind = read_only ? Failure::Kind::permanent : Failure::Kind::credentials;
    failure.help = read_only ? "this token may only read: make one that may write, with the category Marketplace"
                             : "make a new token in the seller's cabinet (Settings → API access) with the categories "
                               "that the pipelines need";
  } else if (answer.status < 400) {  // not followed: the token would go wherever it points
    const std::string where = answer.header("location").value_or("");
    failure.reason = fmt::format("Wildberries: HTTP {}{}", answer.status,
                                 where.empty() ? std::string() : " to " + shortened(where, 200));
    failure.delivery = engine::Delivery::unknown;
    failure.help = "check the addresses (`…_url`) of the connection in pipewright.toml";
  } else if (answer.status == 429 || answer.status >= 500) {
    failure.kind = Failure::Kind::transient;
    failure.not_before = wait_of(answer).value_or(Duration(0));
  } else {
    failure.kind = Failure::Kind::permanent;
    if (answer.status == 403) failure.help = "the token's kind or categories do not allow this call";
    if (answer.status == 402) failure.help = "the service's balance at Wildberries is empty";
  }
  return failure;
}

std::optional<Failure> failure_without_answer(const CallResult& result) {
  if (auto failure = failure_of(result)) return failure;
  if (result->status == 204 || result->predicted || trimmed(result->body).empty()) return std::nullopt;
  Failure doubt;
  doubt.reason = fmt::format("Wildberries: {} in place of an empty response; the delivery is unknown and is checked",
                             words_of(*result));
  doubt.delivery = engine::Delivery::unknown;
  return doubt;
}

Failure another_shape(const Value& body, const std::string& expected) {
  Failure failure;
  failure.reason =
      fmt::format("Wildberries: the response has no valid `{}`: {}", expected, engine::json_start(body, 80));
  return failure;
}

Failure unreadable(const Error& error) {
  Failure failure;
  failure.reason = "Wildberries: " + error.message;
  return failure;
}

Failure permanent(std::string reason, std::string help) {
  Failure failure;
  failure.kind = Failure::Kind::permanent;
  failure.reason = std::move(reason);
  failure.help = std::move(help);
  failure.delivery = engine::Delivery::not_sent;
  return failure;
}

tl::expected<Value, Failure> json_of(const CallResult& result) {
  if (auto failure = failure_of(result)) return tl::unexpected<Failure>(std::move(*failure));
  Result<Value> body = result->json();
  if (!body) return tl::unexpected<Failure>(unreadable(body.error()));
  return std::move(*body);
}

// ---- statuses
// ------------------------------------------------------------------------------------------------------------------------

std::optional<int> status_code(const std::string& supplier_status, const std::string& wb_status,
                               std::string_view scheme) {
  if (scheme == "fbs" && wb_status == "sold") return 6;
  if (scheme == "fbs" && wb_status == "canceled_by_client") return 7;
  if (scheme == "pickup" && supplier_status == "confirm") return 8;
  static const std::map<std::string, int> codes = {{"new", 0},
                                                   {"confirm", 1},
                                                   {"complete", 2},
                                                   {"cancel", 3},
                                                   {"cancel_carrier", 3},
                                                   {"cancel_missed_call", 3},
                                                   {"cancel_shelf_life", 3},
                                                   {"deliver", 5},
                                                   {"receive", 6},
                                                   {"reject", 7},
                                                   {"prepare", 9}};
  const auto found = codes.find(supplier_status);
  return found == codes.end() ? std::nullopt : std::optional(found->second);
}

std::optional<int> user_status_code(const std::string& supplier_status, const std::string& wb_status) {
  if (wb_status == "canceled") return supplier_status == "cancel" ? 0 : 1;
  static const std::map<std::string, int> codes = {{"declined_by_client", 1},
                                                   {"canceled_by_client", 1},
                                                   {"canceled_by_missed_call", 1},
                                                   {"canceled_by_carrier", 1},
                                                   {"sold", 2},
                                                   {"waiting", 4},
                                                   {"sorted", 4},
                                                   {"ready_for_pickup", 4},
                                                   {"postponed_delivery", 4},
                                                   {"accepted_by_carrier", 4},
                                                   {"sent_to_carrier", 4},
                                                   {"defect", 5}};
  const auto found = codes.find(wb_status);
  return found == codes.end() ? std::nullopt : std::optional(found->second);
}

bool is_final(const std::string& wb_status) {
  static const std::vector<std::string> final_words = {"sold",
                                                       "canceled",
                                                       "declined_by_client",
                                                       "canceled_by_client",
                                                       "defect",
                                                       "canceled_by_carrier",
                                                       "canceled_by_missed_call"};
  return std::find(final_words.begin(), final_words.end(), wb_status) != final_words.end();
}

bool is_cancelled(const std::string& supplier_status, const std::string& wb_status) {
  if (supplier_status.starts_with("cancel")) return true;
  static const std::vector<std::string> words = {
      "canceled", "declined_by_client", "canceled_by_client", "canceled_by_carrier", "canceled_by_missed_call",
      "defect"};  // defect: cancelled because defective (api.md 7.1)
  return std::find(words.begin(), words.end(), wb_status) != words.end();
}

}  // namespace pipewright::wb
