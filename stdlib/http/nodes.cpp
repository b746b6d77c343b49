#include "stdlib/http/nodes.hpp"

#include <fmt/format.h>

#include <charconv>

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

constexpr const char* group = "http";

class Account : public Connection {
 public:
  using Connection::Connection;
  [[nodiscard]] std::map<std::string, engine::Rate> limits() const override {
    const auto rate = settings().rates.find("");
    if (rate == settings().rates.end()) return {};
    return {{group, rate->second}};
  }
  [[nodiscard]] engine::Feedback feedback(const Request&, const Answer& answer) const override {
    engine::Feedback feedback;
    if (answer.status == 429 || answer.status == 503)
      feedback.pause = retry_after(answer).value_or(std::chrono::seconds(1));
    return feedback;
  }
  static std::optional<Duration> retry_after(const Answer& answer) {
    const auto text = answer.header("retry-after");
    int seconds = 0;
    if (!text || std::from_chars(text->data(), text->data() + text->size(), seconds).ec != std::errc() || seconds < 0)
      return std::nullopt;
    return std::chrono::seconds(seconds);
  }
};

std::string origin(const std::string& url) {
  const std::size_t scheme = url.find("://");
  return scheme == std::string::npos ? std::string() : lowercase(url.substr(0, url.find_first_of("/?#", scheme + 3)));
}

bool loopback(const std::string& url) {
  const std::string host = origin(url);
  return host.starts_with("http://127.") || host.starts_with("http://localhost") || host.starts_with("http://[::1]");
}

Failure permanent(std::string reason, std::string help = {}) {
  Failure failure;
  failure.kind = Failure::Kind::permanent;
  failure.reason = std::move(reason);
  failure.help = std::move(help);
  failure.delivery = engine::Delivery::not_sent;
  return failure;
}

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

tl::expected<Request, Failure> request_of(const Account& account, const Operation& operation) {
  Request request;
  const std::string base = account.settings().text("url");
  request.url = operation.text.value_or("");
  if (request.url.starts_with("/") && !base.empty()) request.url = base + request.url;
  if (origin(request.url).empty())
    return tl::unexpected<Failure>(permanent(fmt::format("`{}` is no address", request.url),
                                             "write \"https://…\", or set `url` of the connection"));
  if (request.url.starts_with("http://") && !loopback(request.url) && !account.settings().flag("insecure")) {
    return tl::unexpected<Failure>(permanent(fmt::format("{} is plain http to another machine", origin(request.url)),
                                             "write https://, or insecure = true in the connection"));
  }
  const auto query = pairs_of(operation.field("query"));
  if (!query.empty())
    request.url += (request.url.find('?') == std::string::npos ? "?" : "&") + engine::http::encoded(query);
  for (const auto& [name, value] : pairs_of(operation.field("headers"))) request.headers.emplace_back(name, value);
  const Value& json = operation.field("json");
  const Value& form = operation.field("form");
  const Value& text = operation.field("text");
  if (!json.is_null()) {
    request.body = engine::write_json(json);
    request.headers.emplace_back("Content-Type", "application/json");
  } else if (!form.is_null()) {
    request.body = engine::http::encoded(pairs_of(form));
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  } else if (!text.is_null()) {
    request.body = text.display();
    request.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  }
  const Value& method = operation.field("method");
  request.method = method.is_null() ? (request.body.empty() ? "GET" : "POST") : uppercase(method.display());
  request.write = request.method != "GET" && request.method != "HEAD";
  request.group = group;
  // A credential goes to the configured address and nowhere else.
  if (!base.empty() && origin(base) == origin(request.url)) {
    const auto& secrets = account.settings().secrets;
    if (const auto token = secrets.find("token"); token != secrets.end())
      request.secret_headers.emplace_back("Authorization", Secret("Bearer " + token->second.reveal()));
    if (const auto key = secrets.find("api_key"); key != secrets.end())
      request.secret_headers.emplace_back(account.settings().text("api_key_header", "X-API-KEY"), key->second);
  }
  if (const auto timeout = account.settings().values.find("timeout");
      timeout != account.settings().values.end() && timeout->second.duration() != nullptr)
    request.timeout = *timeout->second.duration();
  Record predicted;
  request.predicted = Value(std::move(predicted));
  return request;
}

Value answer_record(const Answer& answer) {
  Record record;
  record.emplace_back("status", Value(answer.status));
  Record headers;
  for (const auto& [name, value] : answer.headers) engine::set_field(headers, name, Value(value));
  record.emplace_back("headers", Value(std::move(headers)));
  const Result<Value> body = answer.json();
  record.emplace_back("body", body ? *body : Value(answer.body));
  return Value(std::move(record));
}

Outcome outcome_of(const Request& request, const CallResult& result) {
  const std::string where = origin(request.url);
  if (!result) {
    Failure failure;
    failure.reason = result.error().message;
    failure.delivery = engine::unknown_if(result.error().delivery == engine::Delivery::unknown && request.write);
    return Outcome::failed(std::move(failure));
  }
  const Answer& answer = *result;
  if (answer.status >= 400) {
    Failure failure;
    failure.reason = fmt::format("{} answered {}: {}", where, answer.status, trimmed(shortened(answer.body, 300)));
    const bool later = answer.status == 429 || answer.status >= 500;
    failure.kind = answer.status == 401 ? Failure::Kind::credentials
                   : later              ? Failure::Kind::transient
                                        : Failure::Kind::permanent;
    failure.delivery = engine::unknown_if(request.write && answer.status >= 500 && answer.status != 503);
    failure.not_before = Account::retry_after(answer).value_or(Duration(0));
    if (answer.status == 401) failure.help = "check the credentials of the connection in pipewright.toml";
    return Outcome::failed(std::move(failure));
  }
  Outcome outcome;
  outcome.kind = request.write ? Outcome::Kind::done : Outcome::Kind::found;
  outcome.operation = request.write ? "send" : "none";
  outcome.result = answer_record(answer);
  outcome.record.emplace_back("method", Value(request.method));
  outcome.record.emplace_back("url", Value(request.url));
  outcome.summary = fmt::format("{} {} → {}", request.method, where, answer.status);
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
    outcomes.push_back(outcome_of(sent, result));
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
      {.name = "api_key_header", .kind = Kind::text, .doc = "X-API-KEY without it", .technical = true},
  };
  type.make = [](engine::Settings settings) -> Result<std::unique_ptr<Connection>> {
    return std::make_unique<Account>(std::move(settings));
  };
  engine::ActionNode request;
  request.name = "http.request";
  request.verbs = {{engine::Verb::send, engine::Repeat::unasked}};
  request.capacity = 1;
  request.parallel = 8;
  request.group = group;
  request.work = send;
  return {{std::move(type)}, {}, {std::move(request)}};
}

}  // namespace pipewright::http
