#include "stdlib/crm/sandbox/filters.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>

namespace pipewright::crm::sandbox {
namespace {

std::string folded(const std::string& text) {
  utf8proc_uint8_t* mapped = nullptr;
  const auto length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &mapped, static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD));
  if (length < 0) return text;
  std::string result(reinterpret_cast<char*>(mapped), static_cast<std::size_t>(length));
  std::free(mapped);
  return result;
}

}  // namespace

bool is_among(const Json& list, const Json& value) {
  const Json text = value.is_string() ? value : Json(value.dump());
  return std::ranges::find(list, text) != list.end();
}

bool is_too_long(const Json& value) {
  if (!value.is_string()) return std::ranges::any_of(value, [](const Json& inner) { return is_too_long(inner); });
  const auto& text = value.get_ref<const std::string&>();
  return std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }) > 255;
}

bool has_substring(const std::string& text, const std::string& part) {
  return folded(text).find(folded(part)) != std::string::npos;
}

std::vector<const Json*> filtered(Call& call, const std::map<std::int64_t, Json>& entities, const Filters& filters,
                                  Reply& refused) {
  std::vector<const Json*> passed;
  const Json given = call.query.value("filter", Json::object());
  Json errors = Json::object();
  for (const auto& [name, value] : given.items()) {
    const auto known = filters.find(name);
    const bool shaped =
        known != filters.end() && (known->second.shape == Filter::Shape::list ? value.is_array() : !value.is_array());
    if (is_too_long(value))
      errors["children[" + name + "]"] = "This value is too long. It should have 255 characters or less.";
    else if (!shaped)
      errors["children[" + name + "]"] =
          known == filters.end() ? "This form should not contain extra fields." : "This value is not valid.";
  }
  if (!errors.empty()) {
    refused = failure(400, "Errors in the input parameters", errors);
    return passed;
  }
  for (const auto& [id, entity] : entities) {
    if (entity.contains("site") && !call.sees(entity["site"])) continue;
    const bool passes = std::ranges::all_of(given.items(), [&, &one = entity](const auto& item) {
      return filters.at(item.key()).passes(call.world, one, item.value());
    });
    if (passes) passed.push_back(&entity);
  }
  return passed;
}

}  // namespace pipewright::crm::sandbox
