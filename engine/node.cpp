#include "engine/node.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "engine/json.hpp"

namespace pipewright::engine {

std::optional<std::string> Answer::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return std::nullopt;
}

namespace {

constexpr std::string_view blanks = " \t\r\n";

// Without the byte order mark and the white space around it.
std::string_view content_of(std::string_view body) {
  if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);
  const std::size_t from = body.find_first_not_of(blanks);
  if (from == std::string_view::npos) return {};
  return body.substr(from, body.find_last_not_of(blanks) + 1 - from);
}

std::string kind_of(std::string_view content) {
  if (content.empty()) return "an empty response";
  if (content.front() == '<') return lowercase(content.substr(0, 5)) == "<?xml" ? "XML" : "HTML";
  const bool json = content.front() == '{' || content.front() == '[';
  return json ? "a broken-off text" : fmt::format("the text «{}»", printable(beginning(content, 60)));
}

}  // namespace

Result<Value> Answer::json() const {
  if (predicted) return *predicted;
  Result<Value> parsed = parse_json(body);
  if (parsed) return parsed;
  if (std::string instead = instead_of_json(); !instead.empty()) return fail(std::move(instead));
  return fail(fmt::format("HTTP {} with a text that is no JSON: {}", status, parsed.error().message));
}

std::string Answer::instead_of_json() const {
  if (predicted) return {};
  if (status >= 300 && status < 400) {
    const std::string target = header("location").value_or("");
    return target.empty() ? fmt::format("HTTP {} without a location", status)
                          : fmt::format("HTTP {} to {}", status, printable(beginning(target, 200)));
  }
  const std::string_view content = content_of(body);
  const bool object = content.starts_with('{') && content.ends_with('}');
  const bool list = content.starts_with('[') && content.ends_with(']');
  if (object || list) return {};
  const std::string what = kind_of(content) + " instead of JSON";
  return status >= 200 && status < 300 ? what : fmt::format("HTTP {} with {}", status, what);
}

Record Operation::whole() const {
  Record all = written;
  for (const auto& [name, value] : filling) {
    if (find_field(all, name) == nullptr) all.emplace_back(name, value);
  }
  std::erase_if(all, [](const auto& field) { return field.second.is_null() || field.second.is_clear(); });
  return all;
}

const Value& Operation::field(std::string_view name) const {
  static const Value null;
  if (const Value* found = find_field(written, name)) return *found;
  const Value* found = find_field(filling, name);
  return found == nullptr ? null : *found;
}

Registry::Registry(std::vector<Nodes> parts) {
  for (Nodes& part : parts) {
    for (ConnectionType& type : part.connections) connections_.push_back(std::move(type));
    for (SourceNode& source : part.sources) sources_.emplace(source.name, source);
    for (ActionNode& action : part.actions) actions_.emplace(action.name, action);
  }
}

const SourceNode* Registry::source(const std::string& name) const {
  const auto found = sources_.find(name);
  return found == sources_.end() ? nullptr : &found->second;
}

const ActionNode* Registry::action(const std::string& name) const {
  const auto found = actions_.find(name);
  return found == actions_.end() ? nullptr : &found->second;
}

const ConnectionType* Registry::connection_type(const std::string& type) const {
  for (const ConnectionType& each : connections_) {
    if (each.type == type) return &each;
  }
  return nullptr;
}

std::vector<std::string> Registry::node_names() const {
  std::vector<std::string> names;
  for (const auto& [name, source] : sources_) names.push_back(name);
  for (const auto& [name, action] : actions_) names.push_back(name);
  return names;
}

}  // namespace pipewright::engine
