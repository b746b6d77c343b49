// Functions of texts (length also of lists).
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "engine/eval.hpp"
#include "engine/functions_parts.hpp"

namespace pipewright::engine::functions {

namespace {

template <class Change>
Made changed(Arguments args, Change change) {
  const auto text = as_text(args[0]);
  if (!text) return unfit(args[0], "a text");
  return Value(change(*text));
}

}  // namespace

Made upper(Arguments args, const Surroundings&) {
  return changed(args, [](const std::string& t) { return uppercase(t); });
}
Made lower(Arguments args, const Surroundings&) {
  return changed(args, [](const std::string& t) { return lowercase(t); });
}
Made trim(Arguments args, const Surroundings&) {
  return changed(args, [](const std::string& t) { return trimmed(t); });
}

Made replace(Arguments args, const Surroundings&) {
  const auto text = as_text(args[0]);
  const auto from = as_text(args[1]);
  const auto to = as_text(args[2]);
  if (!text) return unfit(args[0], "a text");
  if (!from) return unfit(args[1], "a text");
  if (!to) return unfit(args[2], "a text");
  if (from->empty()) return Value(*text);
  std::string made;
  std::size_t at = 0;
  for (std::size_t hit = 0; (hit = text->find(*from, at)) != std::string::npos; at = hit + from->size()) {
    made.append(*text, at, hit - at);
    made += *to;
  }
  made.append(*text, at);
  return Value(std::move(made));
}

static std::vector<std::string_view> characters(std::string_view text) {
  std::vector<std::string_view> points;
  std::size_t from = 0;
  for (std::size_t i = 1; i <= text.size(); ++i) {
    if (i < text.size() && (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;
    points.push_back(text.substr(from, i - from));
    from = i;
  }
  return points;
}

Made split(Arguments args, const Surroundings&) {
  const auto text = as_text(args[0]);
  const auto separator = as_text(args[1]);
  if (!text) return unfit(args[0], "a text");
  if (!separator) return unfit(args[1], "a text");
  List parts;
  if (separator->empty()) {
    for (const std::string_view each : characters(*text)) parts.emplace_back(each);
    return Value(std::move(parts));
  }
  std::size_t at = 0;
  for (std::size_t hit = 0; (hit = text->find(*separator, at)) != std::string::npos; at = hit + separator->size()) {
    parts.emplace_back(text->substr(at, hit - at));
  }
  parts.emplace_back(text->substr(at));
  return Value(std::move(parts));
}

Made join_list(Arguments args, const Surroundings&) {
  const List* list = args[0].value.list();
  if (list == nullptr) return unfit(args[0], "a list");
  const auto separator = args.size() > 1 ? as_text(args[1]) : std::optional<std::string>("");
  if (!separator) return unfit(args[1], "a text");
  const dsl::Type* element = args[0].type != nullptr ? args[0].type->element.get() : nullptr;
  std::string made;
  bool any = false;
  for (const Value& each : *list) {
    if (each.is_null()) continue;
    if (each.broken() != nullptr) return unfit({each, nullptr, args[0].path}, "a text");
    if (any) made += *separator;
    any = true;
    made += element != nullptr ? printed(each, *element) : each.display();
  }
  return Value(std::move(made));
}

Made contains(Arguments args, const Surroundings&) {
  if (const List* list = args[0].value.list()) {
    return Value(
        std::any_of(list->begin(), list->end(), [&](const Value& each) { return equal(each, args[1].value); }));
  }
  const auto text = as_text(args[0]);
  const auto part = as_text(args[1]);
  if (!text) return unfit(args[0], "a text or a list");
  if (!part) return unfit(args[1], "a text");
  return Value(text->find(*part) != std::string::npos);
}

Made starts_with(Arguments args, const Surroundings&) {
  const auto text = as_text(args[0]);
  const auto part = as_text(args[1]);
  if (!text) return unfit(args[0], "a text");
  if (!part) return unfit(args[1], "a text");
  return Value(text->starts_with(*part));
}

Made ends_with(Arguments args, const Surroundings&) {
  const auto text = as_text(args[0]);
  const auto part = as_text(args[1]);
  if (!text) return unfit(args[0], "a text");
  if (!part) return unfit(args[1], "a text");
  return Value(text->ends_with(*part));
}

// A place in `size` things: negative ones count from the end.
static std::size_t clamped(std::int64_t at, std::size_t size) {
  const auto length = static_cast<std::int64_t>(size);
  if (at < 0) at = std::max<std::int64_t>(0, at + length);
  return static_cast<std::size_t>(std::min(at, length));
}

Made slice(Arguments args, const Surroundings&) {
  const auto from = as_index(args[1]);
  if (!from) return unfit(args[1], "a whole number");
  std::optional<std::int64_t> to;
  if (args.size() > 2) {
    to = as_index(args[2]);
    if (!to) return unfit(args[2], "a whole number");
  }
  if (const List* list = args[0].value.list()) {
    const std::size_t first = clamped(*from, list->size());
    const std::size_t last = to ? clamped(*to, list->size()) : list->size();
    List part;
    for (std::size_t i = first; i < last; ++i) part.push_back((*list)[i]);
    return Value(std::move(part));
  }
  const auto text = as_text(args[0]);
  if (!text) return unfit(args[0], "a text or a list");
  const auto points = characters(*text);
  const std::size_t first = clamped(*from, points.size());
  const std::size_t last = to ? clamped(*to, points.size()) : points.size();
  std::string part;
  for (std::size_t i = first; i < last; ++i) part += points[i];
  return Value(std::move(part));
}

Made length(Arguments args, const Surroundings&) {
  const Value& value = args[0].value;
  if (value.list() != nullptr) return Value(static_cast<std::int64_t>(value.list()->size()));
  if (value.record() != nullptr) return Value(static_cast<std::int64_t>(value.record()->size()));
  const auto text = as_text(args[0]);
  if (!text) return unfit(args[0], "a text or a list");
  return Value(static_cast<std::int64_t>(characters(*text).size()));
}

}  // namespace pipewright::engine::functions
