#include "stdlib/http/nodes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "engine/http/client.hpp"
#include "engine/json.hpp"

namespace pipewright::http {
namespace {

using engine::Answer;
using engine::Batch;
using engine::CallResult;
using engine::Calls;
using engine::Connection;
using engine::Failure;
using engine::List;
using engine::Operation;
using engine::Outcome;
using engine::Outcomes;
using engine::Record;
using engine::Request;
using engine::Task;
using engine::Value;

namespace wire = engine::http;

constexpr const char* group = "http";
constexpr std::size_t largest_body = std::size_t{4} << 20U;

class Account : public Connection {
 public:
  explicit Account(engine::Settings given) : Connection(std::move(given)) {
    const std::string base = settings().text("url");
    if (!base.empty()) own_ = wire::origin_of(base);
  }
  [[nodiscard]] std::map<std::string, engine::Rate> limits() const override {
    const auto rate = settings().rates.find("");
    if (rate == settings().rates.end()) return {};
    return {{group, rate->second}};
  }
  // Each origin has a bucket of its own: one that asks for patience does not hold up the others.
  [[nodiscard]] std::optional<engine::Rate> limit_of(const std::string&) const override {
    const auto rate = settings().rates.find("");
    return rate == settings().rates.end() ? std::nullopt : std::optional(rate->second);
  }
  [[nodiscard]] engine::Feedback feedback(const Request&, const Answer& answer) const override {
    engine::Feedback feedback;
    if (answer.status == 429 || answer.status == 503)
      feedback.pause = wire::retry_after(answer).value_or(std::chrono::seconds(1));
    return feedback;
  }
  /// Whether the connection's credentials belong to this origin.
  [[nodiscard]] bool has_credentials_for(const wire::Origin& origin) const {
    return own_ && *own_ == origin && !settings().secrets.empty();
  }

 private:
  std::optional<wire::Origin> own_;  ///< of `url`
};

Failure permanent(std::string reason, std::string help = {}) {
  Failure failure;
  failure.kind = Failure::Kind::permanent;
  failure.reason = std::move(reason);
  failure.help = std::move(help);
  failure.delivery = engine::Delivery::not_sent;
  return failure;
}

// ---- the request
// ----------------------------------------------------------------------------------------------------------------------

std::vector<std::pair<std::string, std::string>> pairs_of(const Value& value) {
  std::vector<std::pair<std::string, std::string>> pairs;
  const Record* record = value.record();
  if (record == nullptr) return pairs;
  for (const auto& [name, field] : *record) {
    if (const List* list = field.list()) {
      for (const Value& each : *list) pairs.emplace_back(name, each.display());
    } else if (!field.is_null()) {
      pairs.emplace_back(name, field.display());
    }
  }
  return pairs;
}

// An address as people write it: blanks and letters beyond ASCII are encoded, control characters stay and are refused.
std::string typed_address(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || std::string_view(" \"<>\\^`{|}").find(c) != std::string_view::npos)
      out += wire::percent_encoded(std::string_view(&c, 1));
    else
      out.push_back(c);
  }
  return out;
}

bool steps_aside(const std::string& url) {
  const std::size_t authority = url.find("://");
  if (authority == std::string::npos) return false;
  std::size_t at = std::min(url.find_first_of("/?#", authority + 3), url.size());
  const std::size_t end = std::min(url.find_first_of("?#", at), url.size());
  while (at < end) {
    const std::size_t next = std::min(url.find('/', at + 1), end);
    const std::string_view segment = std::string_view(url).substr(at + 1, next - at - 1);
    if (segment == "." || segment == "..") return true;
    at = next;
  }
  return false;
}

// What data brings is encoded: it cannot add a parameter, leave its place in the path or name another host.
tl::expected<std::string, Failure> address_of(const Account& account, const Operation& operation) {
  std::string url;
  if (operation.text_parts.empty()) url = typed_address(trimmed(operation.text.value_or("")));
  for (std::size_t i = 0; i < operation.text_parts.size(); ++i) {
    const engine::TextPart& part = operation.text_parts[i];
    url +=
        part.hole && i > 0 ? wire::percent_encoded(part.text) : typed_address(i == 0 ? trimmed(part.text) : part.text);
  }
  if (const std::string base = account.settings().text("url"); url.starts_with("/") && !base.empty()) url = base + url;
  url.resize(std::min(url.find('#'), url.size()));  // never sent
  if (!operation.text_parts.empty() && steps_aside(url))
    return tl::unexpected<Failure>(permanent(fmt::format("`{}` has `..` in its path", printable(url)),
                                             "data must not lead to another path: check the record"));
  const auto origin = wire::origin_of(url);
  if (!origin)
    return tl::unexpected<Failure>(permanent(fmt::format("`{}` is not an http or https address", printable(url)),
                                             "write \"https://…\", or set `url` of the connection"));
  if (origin->user)
    return tl::unexpected<Failure>(
        permanent(fmt::format("the address of {} holds a user or a password", origin->text()),
                  "set `token` or `api_key` of the connection, or write a header"));
  if (origin->scheme == "http" && !origin->loopback && !account.settings().flag("insecure"))
    return tl::unexpected<Failure>(permanent(fmt::format("{} is plain http to another machine", origin->text()),
                                             "write https://, or insecure = true in the connection"));
  return url;
}

bool has_header(const Request& request, std::string_view name) {
  return std::any_of(request.headers.begin(), request.headers.end(),
                     [&](const auto& each) { return lowercase(each.first) == lowercase(name); });
}

std::optional<Failure> fill_headers(const Operation& operation, Request& request) {
  for (const auto& [name, value] : pairs_of(operation.field("headers"))) {
    if (!wire::valid_header(name, value))
      return permanent(fmt::format("the header `{}` holds a line end or another control character", printable(name)),
                       "a header is one line; put the text into the body, or take line ends out of it");
    const std::string known = lowercase(name);
    if (known == "content-length" || known == "transfer-encoding")
      return permanent(fmt::format("the header `{}` cannot be set", name), "it follows from the body");
    request.headers.emplace_back(name, value);
  }
  return std::nullopt;
}

// An own Content-Type stands in place of ours.
std::optional<Failure> fill_body(const Operation& operation, Request& request) {
  const Value& json = operation.field("json");
  const Value& form = operation.field("form");
  const Value& text = operation.field("text");
  if (int{!json.is_null()} + int{!form.is_null()} + int{!text.is_null()} > 1)
    return permanent("`json`, `form` and `text` exclude one another", "a request has one body");
  const char* type = nullptr;
  if (!json.is_null()) {
    request.body = engine::write_json(json);
    type = "application/json";
  } else if (!form.is_null()) {
    request.body = wire::encoded(pairs_of(form));
    type = "application/x-www-form-urlencoded";
  } else if (!text.is_null()) {
    request.body = text.display();
    type = "text/plain; charset=utf-8";
  }
  if (type != nullptr && !has_header(request, "content-type")) request.headers.emplace_back("Content-Type", type);
  return std::nullopt;
}

tl::expected<Request, Failure> request_of(const Account& account, const Operation& operation) {
  auto url = address_of(account, operation);
  if (!url) return tl::unexpected<Failure>(std::move(url.error()));
  Request request;
  request.url = std::move(*url);
  const auto query = pairs_of(operation.field("query"));
  if (!query.empty()) request.url += (request.url.find('?') == std::string::npos ? "?" : "&") + wire::encoded(query);
  if (auto failure = fill_headers(operation, request)) return tl::unexpected<Failure>(std::move(*failure));
  if (auto failure = fill_body(operation, request)) return tl::unexpected<Failure>(std::move(*failure));
  const Value& method = operation.field("method");
  request.method = method.is_null() ? (request.body.empty() ? "GET" : "POST") : uppercase(method.display());
  if (!wire::valid_method(request.method) || request.method == "CONNECT")
    return tl::unexpected<Failure>(
        permanent(fmt::format("`{}` is not an HTTP method", printable(request.method)), "GET, POST, PUT, PATCH …"));
  if (request.method == "HEAD" && !request.body.empty())
    return tl::unexpected<Failure>(permanent("a HEAD request carries no body", "leave the body out, or use GET"));
  // The pipeline chose at_most_once or at_least_once: what a request does is its target's matter, whatever the method.
  request.write = true;
  const auto origin = wire::origin_of(request.url);
  request.group = fmt::format("{} {}", group, origin->text());
  request.max_body = largest_body;
  // A credential goes to the configured address and nowhere else.
  if (account.has_credentials_for(*origin)) {
    const auto& secrets = account.settings().secrets;
    if (const auto token = secrets.find("token"); token != secrets.end() && !has_header(request, "authorization"))
      request.secret_headers.emplace_back("Authorization", Secret("Bearer " + token->second.reveal()));
    const std::string name = account.settings().text("api_key_header", "X-API-KEY");
    if (const auto key = secrets.find("api_key"); key != secrets.end() && !has_header(request, name))
      request.secret_headers.emplace_back(name, key->second);
  }
  if (const auto timeout = account.settings().values.find("timeout");
      timeout != account.settings().values.end() && timeout->second.duration() != nullptr)
    request.timeout = *timeout->second.duration();
  request.predicted = Value(Record{});
  return request;
}

// ---- the response
// ---------------------------------------------------------------------------------------------------------------------

// Credentials of a session are none of the journal's business.
bool withheld(const std::string& name) {
  return name == "set-cookie" || name == "set-cookie2" || name == "authorization" || name == "proxy-authorization" ||
         name == "cookie";
}

Value answer_record(const Answer& answer) {
  Record record;
  record.emplace_back("status", Value(answer.status));
  Record headers;
  for (const auto& [name, value] : answer.headers) {
    if (!withheld(name))
      engine::set_field(headers, beginning(name, name.size()), Value(beginning(value, value.size())));
  }
  record.emplace_back("headers", Value(std::move(headers)));
  const Result<Value> body = answer.json();
  record.emplace_back("body", body ? *body : Value(beginning(answer.body, answer.body.size())));
  return Value(std::move(record));
}

Failure failure_of(const engine::Lost& lost) {
  Failure failure;
  failure.reason = lost.message;
  failure.delivery = engine::unknown_if(lost.delivery == engine::Delivery::unknown);
  switch (lost.cause) {
    case engine::Lost::Cause::network:
      break;
    case engine::Lost::Cause::certificate:
      failure.kind = Failure::Kind::credentials;
      failure.help = wire::certificate_help;
      break;
    case engine::Lost::Cause::too_large:
      failure.kind = Failure::Kind::permanent;
      failure.help = "the request was sent; let the server answer with less";
      break;
    case engine::Lost::Cause::malformed:
      failure.kind = Failure::Kind::permanent;
      break;
  }
  return failure;
}

Failure failure_of(const Account& account, const wire::Origin& origin, const Answer& answer) {
  Failure failure;
  const std::string words = trimmed(beginning(answer.body, 300));
  failure.reason = fmt::format("{} answered {}{}{}", origin.text(), answer.status, words.empty() ? "" : ": ", words);
  failure.delivery = engine::unknown_if(answer.status >= 500 && answer.status != 503);
  failure.not_before = wire::retry_after(answer).value_or(Duration(0));
  const bool later = answer.status == 429 || answer.status >= 500;
  failure.kind = later ? Failure::Kind::transient : Failure::Kind::permanent;
  if (answer.status < 400) {
    const std::string location = answer.header("location").value_or("");
    failure.reason = fmt::format("{} answered {}, a redirect to {}", origin.text(), answer.status,
                                 location.empty() ? "nowhere" : beginning(location, 300));
    failure.help = "redirects are not followed: write the address that it names";
  } else if (answer.status == 401 && account.has_credentials_for(origin)) {
    failure.kind = Failure::Kind::credentials;
    failure.help = fmt::format("check the credentials in [connections.{}]", account.name());
  } else if (answer.status == 401) {
    failure.help = fmt::format(
        "no credentials were sent: [connections.{}] sends its `token` or `api_key` to the origin of its `url` alone",
        account.name());
  }
  return failure;
}

Outcome outcome_of(const Account& account, const Request& request, const CallResult& result) {
  if (!result) return Outcome::failed(failure_of(result.error()));
  const wire::Origin origin = *wire::origin_of(request.url);
  if (result->status < 200 || result->status >= 300) return Outcome::failed(failure_of(account, origin, *result));
  Outcome outcome = Outcome::done("send");
  outcome.result = answer_record(*result);
  outcome.record.emplace_back("method", Value(request.method));
  outcome.record.emplace_back("url", Value(request.url));
  outcome.summary = fmt::format("{} {} → {}", request.method, origin.text(), result->status);
  return outcome;
}

Task<Outcomes> send(Connection& connection, Batch batch, Calls& calls) {
  auto& account = static_cast<Account&>(connection);
  Outcomes outcomes;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    auto request = request_of(account, batch[i]);
    if (!request) {
      outcomes.push_back(Outcome::failed(request.error()));
      continue;
    }
    request->items.push_back(i);
    const Request sent = *request;
    const CallResult result = co_await calls.send(std::move(*request));
    outcomes.push_back(outcome_of(account, sent, result));
  }
  co_return outcomes;
}

}  // namespace

engine::Nodes nodes() {
  using Kind = engine::SettingKey::Kind;
  engine::ConnectionType type;
  type.type = "http";
  type.default_name = "http";
  type.keys = {
      {.name = "url", .kind = Kind::url, .doc = "where paths begin, and the only address that gets the credentials"},
      {.name = "token", .kind = Kind::secret, .doc = "sent as Authorization: Bearer"},
      {.name = "api_key", .kind = Kind::secret, .doc = "sent in the header `api_key_header`"},
      {.name = "api_key_header", .kind = Kind::text, .doc = "X-API-KEY without it"},
  };
  type.make = [](engine::Settings settings) -> Result<std::unique_ptr<Connection>> {
    return std::make_unique<Account>(std::move(settings));
  };
  engine::ActionNode request;
  request.name = "http.request";
  request.verbs = {{engine::Verb::send, engine::Repeat::unasked}};
  request.capacity = 1;
  request.parallel = 8;
  request.realm = [](Connection& connection, const Operation& operation) {
    const auto url = address_of(static_cast<const Account&>(connection), operation);
    return url ? wire::origin_of(*url)->text() : std::string();
  };
  request.work = send;
  return {{std::move(type)}, {}, {std::move(request)}};
}

}  // namespace pipewright::http
