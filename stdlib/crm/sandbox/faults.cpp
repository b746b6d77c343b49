#include "stdlib/crm/sandbox/faults.hpp"

#include <array>
#include <utility>

namespace pipewright::crm::sandbox {
namespace {

using Kind = Fault::Kind;

constexpr std::array<std::pair<Kind, const char*>, 7> kinds{{{Kind::status, "status"},
                                                             {Kind::drop, "drop"},
                                                             {Kind::reset_before, "reset_before"},
                                                             {Kind::truncate, "truncate"},
                                                             {Kind::delay, "delay"},
                                                             {Kind::html, "html"},
                                                             {Kind::body, "body"}}};

std::optional<Kind> kind_from(const std::string& name) {
  for (const auto& [kind, text] : kinds) {
    if (name == text) return kind;
  }
  return std::nullopt;
}

int default_status(Kind kind) {
  if (kind == Kind::body) return 200;
  return kind == Kind::html ? 502 : 500;
}

std::string default_body(Kind kind) {
  if (kind == Kind::html)
    return "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>";
  return kind == Kind::status ? R"({"success":false,"errorMsg":"Internal Server Error"})" : "";
}

}  // namespace

std::string name_of(Kind kind) {
  for (const auto& [known, text] : kinds) {
    if (known == kind) return text;
  }
  return {};
}

bool Fault::commits() const { return after_commit || kind == Kind::truncate || kind == Kind::delay; }

engine::http::Reply Fault::spoil(engine::http::Reply honest) const {
  honest.delay = wait;
  switch (kind) {
    case Kind::drop:
    case Kind::reset_before:
      honest.drop = true;
      return honest;
    case Kind::truncate:
      honest.truncate = true;
      return honest;
    case Kind::delay:
      return honest;
    case Kind::status:
    case Kind::html:
    case Kind::body:
      break;
  }
  engine::http::Reply reply{.status = status, .headers = {{"Content-Type", content_type}}, .body = body, .delay = wait};
  if (!location.empty()) reply.headers.emplace_back("Location", location);
  return reply;
}

tl::expected<Fault, std::string> fault_from(const nlohmann::json& json) {
  if (!json.is_object()) return tl::make_unexpected(std::string("a fault is an object"));
  try {
    Fault fault;
    const std::optional<Kind> kind = kind_from(json.value("kind", std::string("status")));
    if (!kind) return tl::make_unexpected("no fault is called `" + json.value("kind", std::string()) + "`");
    fault.kind = *kind;
    fault.match = json.value("match", std::string());
    fault.method = json.value("method", std::string());
    fault.every = std::max(1, json.value("every", 1));
    fault.skip = json.value("skip", 0);
    fault.times = json.value("times", json.contains("every") ? 0 : 1);
    fault.forever = fault.times == 0;
    fault.after_commit = json.value("after_commit", false);
    fault.status = json.value("status", default_status(*kind));
    fault.body = default_body(*kind);
    if (json.contains("body")) {
      fault.body = json["body"].is_string() ? json["body"].get<std::string>() : json["body"].dump();
    }
    const char* type = *kind == Kind::html ? "text/html; charset=utf-8" : "application/json";
    fault.location = json.value("location", std::string());
    fault.content_type = json.value("content_type", std::string(type));
    fault.wait = std::chrono::milliseconds(json.value("ms", *kind == Kind::delay ? 1000 : 0));
    return fault;
  } catch (const nlohmann::json::exception& error) {
    return tl::make_unexpected(std::string(error.what()));
  }
}

std::optional<Fault> Faults::strike(const std::string& method, const std::string& path) {
  std::optional<Fault> struck;
  for (Fault& fault : faults_) {
    if (path.find(fault.match) == std::string::npos) continue;
    if (!fault.method.empty() && fault.method != method) continue;
    ++fault.seen;
    const bool due = fault.seen > fault.skip && (fault.seen - fault.skip) % fault.every == 0;
    if (struck || !due || (!fault.forever && fault.times <= 0)) continue;
    if (!fault.forever) --fault.times;
    struck = fault;
  }
  return struck;
}

}  // namespace pipewright::crm::sandbox
