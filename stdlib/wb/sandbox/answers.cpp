// How Wildberries words its answers, its refusals (section 5) and its times (section 6).
#include <date/date.h>
#include <fmt/format.h>

#include <charconv>
#include <sstream>

#include "stdlib/wb/sandbox/world.hpp"

namespace pipewright::wb::sandbox {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// Moscow has kept UTC+3 since 2014, without summer time.
constexpr hours moscow{3};

std::string status_text(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 429:
      return "Too Many Requests";
    default:
      return "Internal Server Error";
  }
}

std::optional<seconds> offset_from(std::string_view text) {
  if (text == "Z" || text == "z") return seconds(0);
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  int hour = 0;
  int minute = 0;
  std::from_chars(text.data() + 1, text.data() + 3, hour);
  std::from_chars(text.data() + 4, text.data() + 6, minute);
  const seconds offset = hours(hour) + minutes(minute);
  return text[0] == '-' ? -offset : offset;
}

}  // namespace

Reply json_reply(int status, const Json& body) {
  return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = body.dump()};
}

Reply no_content() { return {.status = 204}; }

Reply refusal(int status, std::string_view code, std::string_view message, const Json& data) {
  Json body{{"code", code}, {"message", message}};
  if (!data.is_null()) body["data"] = data;
  return json_reply(status, body);
}

Reply problem(World& world, int status, std::string_view title, std::string_view detail) {
  const Json body{{"title", title},
                  {"detail", detail},
                  {"code", world.hex(8) + "--" + world.hex(12) + "-[UK-x]"},
                  {"requestId", world.hex(32)},
                  {"origin", "ag-marketplace"},
                  {"status", status},
                  {"statusText", status_text(status)},
                  {"timestamp", utc_text(world.now())}};
  return {.status = status, .headers = {{"Content-Type", "application/problem+json"}}, .body = body.dump()};
}

Reply bad_request(Call& call, const std::string& what) {
  World& world = call.world;
  switch (call.route.dialect) {
    case Dialect::single:
      return refusal(400, call.route.takes_body ? "IncorrectRequestBody" : "IncorrectParameter", what);
    case Dialect::batch:
      return json_reply(400, {{"title", "Bad Request"},
                              {"detail", {{"message", what}}},
                              {"origin", "dbs-api"},
                              {"requestId", world.hex(32)}});
    case Dialect::statistics:
      return json_reply(400, {{"errors", what}});
    case Dialect::analytics:
      return json_reply(400, {{"title", "Invalid request body"},
                              {"detail", what},
                              {"requestId", world.uuid()},
                              {"origin", "analytics-open-api"}});
    case Dialect::content:
      return json_reply(400, {{"data", nullptr}, {"error", true}, {"errorText", what}, {"additionalErrors", nullptr}});
    case Dialect::common:
      break;
  }
  return problem(world, 400, "bad request", what);
}

std::string utc_text(Time time) { return date::format("%FT%TZ", date::floor<seconds>(time)); }

std::string moscow_text(Time time) { return date::format("%FT%T", date::floor<seconds>(time) + moscow); }

std::optional<Time> time_from(std::string_view text) {
  std::string head(text.substr(0, 19));
  if (head.size() == 10) head += "T00:00:00";
  std::istringstream stream(head);
  date::sys_seconds read;
  if (!(stream >> date::parse("%FT%T", read)) || head.size() != 19) return std::nullopt;
  std::string_view rest = text.size() > 19 ? text.substr(19) : std::string_view();
  if (rest.starts_with('.')) {
    const std::size_t end = rest.find_first_not_of("0123456789", 1);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end);
  }
  if (rest.empty()) return Time(read - moscow);
  const std::optional<seconds> offset = offset_from(rest);
  if (!offset) return std::nullopt;
  return Time(read - *offset);
}

std::optional<std::string> Call::query(std::string_view name) const {
  for (const auto& [key, value] : request.parameters) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::optional<std::int64_t> Call::number(std::string_view name) const {
  const std::optional<std::string> text = query(name);
  if (!text || text->empty()) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return value;
}

std::optional<std::vector<std::int64_t>> ids_in(const Json& body, const char* key, std::size_t least,
                                                std::size_t most) {
  if (!body.is_object() || !body.contains(key) || !body[key].is_array()) return std::nullopt;
  std::vector<std::int64_t> ids;
  for (const Json& id : body[key]) {
    // As the API declares them: what no int64 holds makes the whole body unreadable.
    if (!id.is_number_integer() || (id.is_number_unsigned() && id.get<std::uint64_t>() > INT64_MAX))
      return std::nullopt;
    ids.push_back(id.get<std::int64_t>());
  }
  if (ids.size() < least || ids.size() > most) return std::nullopt;
  return ids;
}

Json without(Json fields, std::initializer_list<const char*> names) {
  for (const char* name : names) fields.erase(name);
  return fields;
}

}  // namespace pipewright::wb::sandbox
