#include "stdlib/crm/sandbox/edit.hpp"

#include <date/date.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <sstream>

namespace pipewright::crm::sandbox {
namespace {

std::optional<Json> number_from(const Json& value, bool whole) {
  if (value.is_number()) return whole && value.is_number_float() ? std::nullopt : std::optional(value);
  if (!value.is_string()) return std::nullopt;
  const Json read = Json::parse(value.get_ref<const std::string&>(), nullptr, false);
  if (!read.is_number() || (whole && read.is_number_float())) return std::nullopt;
  return read;
}

bool is_date(const std::string& text, const char* form, std::size_t length) {
  std::istringstream stream(text);
  date::sys_seconds read;
  return text.size() == length && static_cast<bool>(stream >> date::parse(form, read));
}

std::optional<Json> boolean_from(const Json& value) {
  if (value.is_boolean()) return value;
  if (value == 1 || value == "1" || value == "true") return Json(true);
  if (value == 0 || value == "0" || value == "false") return Json(false);
  return std::nullopt;
}

std::optional<Json> text_from(const Json& value) {
  if (value.is_string()) return value;
  if (value.is_number() || value.is_boolean()) return Json(value.dump());
  return std::nullopt;
}

bool is_email(const std::string& text) {
  const std::size_t at = text.find('@');
  return at != std::string::npos && at > 0 && text.find('.', at) != std::string::npos &&
         text.find_first_of(" ,;") == std::string::npos;
}

bool is_empty(const Json& value) { return value.is_null() || value == ""; }

Json wrapped(const Json& value, Wrap wrap) {
  if (value.is_null() || wrap == Wrap::none) return value;
  return {{wrap == Wrap::code ? "code" : "id", value}};
}

bool is_same(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number())
    return std::abs(a.get<double>() - b.get<double>()) < 1e-9 && a.dump().size() < 16 ? true : a == b;
  return a == b;
}

/// "OrderType" for `orderType`, as the error texts have it.
std::string class_of(std::string key) {
  if (!key.empty()) key[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(key[0])));
  return key;
}

}  // namespace

std::optional<Json> normal(Kind kind, const Json& value) {
  switch (kind) {
    case Kind::text:
      return text_from(value);
    case Kind::email:
      return value.is_string() && is_email(value.get_ref<const std::string&>()) ? std::optional(value) : std::nullopt;
    case Kind::number:
      return number_from(value, false);
    case Kind::integer:
      return number_from(value, true);
    case Kind::boolean:
      return boolean_from(value);
    case Kind::date:
      return value.is_string() && is_date(value, "%F", 10) ? std::optional(value) : std::nullopt;
    case Kind::date_time:
      return value.is_string() && is_date(value, "%F %T", 19) ? std::optional(value) : std::nullopt;
    case Kind::object:
      return value.is_object() ? std::optional(value) : std::nullopt;
  }
  return std::nullopt;
}

void note(Edit& edit, const std::string& field, const Json& before, const Json& after, const Json& extra) {
  if (is_same(before, after) && !edit.world.options.same_value_writes_history) return;
  edit.changes.push_back({field, before, after, extra});
}

void apply(Edit& edit, Json& entity, const Json& patch, const Field& field, const std::string& path) {
  if (!patch.contains(field.key)) return;
  const Json& given = patch[field.key];
  const Json before = entity.value(field.key, Json());
  if (is_empty(given)) {
    entity.erase(field.key);
    if (!before.is_null()) note(edit, field.history, wrapped(before, field.wrap), nullptr);
    return;
  }
  const std::optional<Json> value = normal(field.kind, given);
  if (!value) return edit.error(path + field.key, "This value is not valid.");
  if (field.dictionary != nullptr &&
      written_entry(edit.world, field.dictionary, value->get<std::string>()) == nullptr) {
    return edit.error(path + field.key, "\"" + class_of(field.key) + "\" with \"code\"=\"" + value->get<std::string>() +
                                            "\" does not exist.");
  }
  entity[field.key] = *value;
  note(edit, field.history, wrapped(before, field.wrap), wrapped(*value, field.wrap));
}

void apply_custom_fields(Edit& edit, Json& entity, const Json& patch, const std::string& kind) {
  if (!patch.contains("customFields") || is_empty(patch["customFields"])) return;
  const Json& given = patch["customFields"];
  if (given.is_array() && given.empty()) return;
  if (!given.is_object()) return edit.error("customFields", "This value is not valid.");
  for (const auto& [code, value] : given.items()) {
    if (!has_custom_field(edit.world, kind, code) && edit.world.options.open_dictionaries)
      edit.world.custom_fields.push_back({{"code", code}, {"name", code}, {"entity", kind}, {"type", "string"}});
    if (!has_custom_field(edit.world, kind, code)) {
      if (edit.world.options.refuse_unknown_custom_fields) {
        edit.error("customFields." + code, "Custom field with code \"" + code + "\" does not exist.");
      }
      continue;
    }
    Json& fields = entity["customFields"];
    const Json before = fields.is_object() ? fields.value(code, Json()) : Json();
    if (is_empty(value)) {
      if (fields.is_object()) fields.erase(code);
    } else {
      fields[code] = value;
    }
    std::string lower = code;
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    note(edit, "custom_" + lower, before, is_empty(value) ? Json() : value);
  }
}

void apply_address(Edit& edit, Json& address, const Json& patch, const std::string& prefix, const Json& extra) {
  if (!address.is_object()) address = Json::object();
  for (const auto& [part, value] : patch.items()) {
    if (part == "id") continue;
    const Json before = address.value(part, Json());
    if (is_empty(value)) {
      address.erase(part);
    } else {
      address[part] = value;
    }
    note(edit, prefix + part, before, is_empty(value) ? Json() : value, extra);
  }
}

}  // namespace pipewright::crm::sandbox
