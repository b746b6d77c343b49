#include "tests/support/openapi.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace pipewright::tests {
namespace {

using Json = nlohmann::json;

Json scalar_of(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return text;  // it was quoted
  if (text == "true") return true;
  if (text == "false") return false;
  if (text == "null" || text == "~" || text.empty()) return nullptr;
  const bool numeric = text.find_first_not_of("0123456789.-+eE") == std::string::npos &&
                       text.find_first_of("0123456789") != std::string::npos;
  if (!numeric) return text;
  const Json number = Json::parse(text, nullptr, false);
  return number.is_number() ? number : Json(text);
}

Json json_of(const YAML::Node& node) {
  if (node.IsMap()) {
    Json map = Json::object();
    for (const auto& entry : node) map[entry.first.Scalar()] = json_of(entry.second);
    return map;
  }
  if (node.IsSequence()) {
    Json list = Json::array();
    for (const auto& entry : node) list.push_back(json_of(entry));
    return list;
  }
  return node.IsScalar() ? scalar_of(node) : Json();
}

std::vector<std::string> segments_of(const std::string& path) {
  std::vector<std::string> segments;
  std::size_t at = 0;
  while (at < path.size()) {
    const std::size_t end = path.find('/', at + 1);
    segments.push_back(path.substr(at + 1, end == std::string::npos ? end : end - at - 1));
    at = end == std::string::npos ? path.size() : end;
  }
  return segments;
}

bool is_variable(const std::string& segment) { return segment.starts_with('{'); }

/// A schema at work on a value; what it finds goes to `problems`.
struct Check {
  const Json& document;
  std::vector<std::string>& problems;

  void say(const std::string& where, const std::string& what) { problems.push_back(where + ": " + what); }

  Json resolved(Json schema) const {
    while (schema.is_object() && schema.contains("$ref")) {
      schema = document.at(Json::json_pointer(schema["$ref"].get<std::string>().substr(1)));
    }
    return schema;
  }

  bool passes(const Json& schema, const Json& value, const std::string& where) const {
    std::vector<std::string> found;
    Check inner{document, found};
    inner.value(schema, value, where);
    return found.empty();
  }

  bool allows_null(const Json& given) const {
    const Json schema = resolved(given);
    if (!schema.is_object() || schema.empty()) return true;
    if (schema.contains("nullable")) return schema["nullable"] == true;
    for (const char* key : {"allOf", "oneOf", "anyOf"}) {
      if (!schema.contains(key)) continue;
      return std::ranges::any_of(schema[key],
                                 [&](const Json& part) { return resolved(part).value("nullable", false); });
    }
    return !schema.contains("type");
  }

  void value(const Json& given, const Json& value, const std::string& where) {
    const Json schema = resolved(given);
    if (!schema.is_object()) return;
    if (value.is_null()) {
      if (!allows_null(schema)) say(where, "null where the schema allows none");
      return;
    }
    for (const Json& part : schema.value("allOf", Json::array())) this->value(part, value, where);
    for (const char* key : {"oneOf", "anyOf"}) {
      if (!schema.contains(key)) continue;
      const bool any = std::ranges::any_of(schema[key], [&](const Json& part) { return passes(part, value, where); });
      if (!any) say(where, "none of the alternatives fits " + value.dump());
    }
    kind(schema, value, where);
    if (!schema.contains("enum")) return;
    if (std::ranges::find(schema["enum"], value) == schema["enum"].end())
      say(where, value.dump() + " is not in the enum");
  }

  void kind(const Json& schema, const Json& value, const std::string& where) {
    const std::string type = schema.value("type", schema.contains("properties") ? "object" : "");
    if (type == "object") return object(schema, value, where);
    if (type == "array") return array(schema, value, where);
    const bool whole = value.is_number_integer() ||
                       (value.is_number_float() && std::floor(value.get<double>()) == value.get<double>());
    const bool fits = type == "string"    ? value.is_string()
                      : type == "integer" ? whole
                      : type == "number"  ? value.is_number()
                      : type == "boolean" ? value.is_boolean()
                                          : true;
    if (!fits) return say(where, "expected " + type + ", found " + value.dump());
    if (value.is_number()) bounds(schema, value, where);
    if (value.is_string()) length(schema, value, where);
  }

  void bounds(const Json& schema, const Json& value, const std::string& where) {
    if (schema.contains("minimum") && schema["minimum"].is_number() && value < schema["minimum"])
      say(where, "below the minimum");
    if (schema.contains("maximum") && schema["maximum"].is_number() && value > schema["maximum"])
      say(where, "above the maximum");
  }

  void length(const Json& schema, const Json& value, const std::string& where) {
    std::size_t characters = 0;
    for (const char c : value.get_ref<const std::string&>())
      characters += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
    if (schema.contains("maxLength") && characters > schema["maxLength"].get<std::size_t>()) say(where, "too long");
    if (schema.contains("minLength") && characters < schema["minLength"].get<std::size_t>()) say(where, "too short");
  }

  void object(const Json& schema, const Json& value, const std::string& where) {
    if (!value.is_object()) return say(where, "expected object, found " + value.dump().substr(0, 60));
    const Json required = schema.value("required", Json::array());
    for (const Json& name : required.is_array() ? required : Json::array()) {
      if (!value.contains(name.get<std::string>())) say(where, "required `" + name.get<std::string>() + "` is missing");
    }
    const Json properties = schema.value("properties", Json::object());
    for (const auto& [name, part] : properties.items()) {
      if (value.contains(name)) this->value(part, value[name], where + "." + name);
    }
  }

  void array(const Json& schema, const Json& value, const std::string& where) {
    if (!value.is_array()) return say(where, "expected array, found " + value.dump().substr(0, 60));
    if (schema.contains("minItems") && value.size() < schema["minItems"].get<std::size_t>())
      say(where, "too few elements");
    if (schema.contains("maxItems") && value.size() > schema["maxItems"].get<std::size_t>())
      say(where, "too many elements");
    for (std::size_t i = 0; i < value.size(); ++i) {
      this->value(schema.value("items", Json::object()), value[i], where + "[" + std::to_string(i) + "]");
    }
  }
};

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// A query value as the schema's type wants to see it.
Json typed(const Json& schema, const std::string& text) {
  const std::string type = schema.value("type", "string");
  if (type != "integer" && type != "number" && type != "boolean") return text;
  const Json value = Json::parse(text, nullptr, false);
  return value.is_primitive() && !value.is_discarded() ? value : Json(text);
}

/// The schema of the media type that was sent, else of the first one described.
const Json* schema_in(const Json& holder, const std::string& content_type) {
  if (!holder.contains("content") || holder["content"].empty()) return nullptr;
  const std::string media = content_type.substr(0, content_type.find(';'));
  const Json& content = holder["content"];
  const Json& described = content.contains(media) ? content[media] : content.begin().value();
  return described.contains("schema") ? &described["schema"] : nullptr;
}

}  // namespace

std::optional<OpenApi> OpenApi::load(const std::filesystem::path& directory) {
  std::error_code absent;
  OpenApi api;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory, absent)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  for (const auto& file : files) {
    api.documents_.push_back(json_of(YAML::LoadFile(file)));
    for (const auto& [path, item] : api.documents_.back()["paths"].items()) {
      api.paths_.push_back({api.documents_.size() - 1, path, segments_of(path), item});
    }
  }
  return files.empty() ? std::nullopt : std::optional(std::move(api));
}

/// Fewer variables win: `/orders/new` before `/orders/{id}`.
const OpenApi::Path* OpenApi::path_for(const std::string& method, const std::string& path) const {
  const std::vector<std::string> asked = segments_of(path);
  const Path* best = nullptr;
  std::ptrdiff_t fewest = 0;
  for (const Path& known : paths_) {
    if (known.segments.size() != asked.size() || !known.item.contains(lower(method))) continue;
    const bool fits = std::ranges::equal(
        known.segments, asked, [](const std::string& a, const std::string& b) { return is_variable(a) || a == b; });
    const std::ptrdiff_t variables = std::ranges::count_if(known.segments, is_variable);
    if (!fits || (best != nullptr && variables >= fewest)) continue;
    best = &known;
    fewest = variables;
  }
  return best;
}

bool OpenApi::knows(const std::string& method, const std::string& path) const {
  return path_for(method, path) != nullptr;
}

std::vector<std::string> OpenApi::accepted(std::vector<std::string> problems) const {
  std::erase_if(problems, [&](const std::string& problem) {
    return std::ranges::any_of(tolerated_,
                               [&](const std::string& part) { return problem.find(part) != std::string::npos; });
  });
  return problems;
}

std::vector<std::string> OpenApi::request_problems(const std::string& method, const std::string& path,
                                                   const std::vector<std::pair<std::string, std::string>>& query,
                                                   const std::string& body) const {
  std::vector<std::string> problems;
  const Path* known = path_for(method, path);
  const std::string name = method + " " + path;
  if (known == nullptr) return accepted({name + ": not in the description"});
  const Json& operation = known->item[lower(method)];
  Check check{documents_[known->document], problems};
  Json parameters = operation.value("parameters", Json::array());
  for (const Json& shared : known->item.value("parameters", Json::array())) parameters.push_back(shared);
  for (const Json& given : parameters) {
    const Json parameter = check.resolved(given);
    if (parameter.value("in", "") != "query") continue;
    const auto found =
        std::ranges::find(query, parameter["name"].get<std::string>(), &std::pair<std::string, std::string>::first);
    const std::string where = name + " ?" + parameter["name"].get<std::string>();
    if (found == query.end()) {
      if (parameter.value("required", false)) check.say(where, "required parameter is missing");
      continue;
    }
    const Json schema = check.resolved(parameter.value("schema", Json::object()));
    check.value(schema, typed(schema, found->second), where);
  }
  if (!operation.contains("requestBody")) return accepted(std::move(problems));
  const Json holder = check.resolved(operation["requestBody"]);
  const Json* schema = schema_in(holder, "application/json");
  const Json value = Json::parse(body, nullptr, false);
  if (value.is_discarded()) {
    check.say(name, "the body is no JSON");
  } else if (schema != nullptr) {
    check.value(*schema, value, name + " body");
  }
  return accepted(std::move(problems));
}

std::vector<std::string> OpenApi::response_problems(const std::string& method, const std::string& path, long status,
                                                    const std::string& content_type, const std::string& body) const {
  std::vector<std::string> problems;
  const Path* known = path_for(method, path);
  const std::string name = method + " " + path + " " + std::to_string(status);
  if (known == nullptr) return accepted({name + ": not in the description"});
  const Json& responses = known->item[lower(method)]["responses"];
  Check check{documents_[known->document], problems};
  const std::string key = std::to_string(status);
  if (!responses.contains(key)) return accepted({name + ": the description has no such status"});
  const Json holder = check.resolved(responses[key]);
  const Json* schema = schema_in(holder, content_type);
  if (schema == nullptr) return accepted(std::move(problems));
  const Json value = Json::parse(body, nullptr, false);
  if (value.is_discarded()) {
    check.say(name, "the body is no JSON");
  } else {
    check.value(*schema, value, name);
  }
  return accepted(std::move(problems));
}

std::vector<std::string> OpenApi::operations() const {
  std::vector<std::string> all;
  for (const Path& path : paths_) {
    for (const char* method : {"get", "post", "put", "patch", "delete"}) {
      if (path.item.contains(method)) all.push_back(std::string(method) + " " + path.text);
    }
  }
  return all;
}

}  // namespace pipewright::tests
