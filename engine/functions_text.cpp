// Functions of texts (length also of lists).
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "engine/eval.hpp"
#include "engine/functions_parts.hpp"

namespace pipewright::engine::functions {

namespace {

bool inside(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

// Where the character behind the one at `at` begins.
std::size_t next_character(std::string_view text, std::size_t at) {
  do ++at;
  while (inside(text, at));
  return at;
}

std::size_t count_characters(std::string_view text) {
  std::size_t count = text.empty() ? 0 : 1;
  for (std::size_t i = 1; i < text.size(); ++i) count += inside(text, i) ? 0 : 1;
  return count;
}

// Where the character number `count` begins.
std::size_t place_of(std::string_view text, std::size_t count) {
  std::size_t at = 0;
  for (; count > 0 && at < text.size(); --count) at = next_character(text, at);
  return at;
}

std::size_t hits(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string_view::npos; at += part.size()) ++count;
  return count;
}

template <class Change>
Made changed(Arguments args, const CallContext& around, Change change) {
  const auto text = as_text(args[0]);
  if (!text) return unfit(args[0], "a text");
  if (!around.budget->make(text->size())) return exceeded(around);
  return Value(change(*text));
}

}  // namespace

Made upper(Arguments args, const CallContext& around) {
  return changed(args, around, [](const std::string& t) { return uppercase(t); });
}
Made lower(Arguments args, const CallContext& around) {
  return changed(args, around, [](const std::string& t) { return lowercase(t); });
}
Made trim(Arguments args, const CallContext& around) {
  return changed(args, around, [](const std::string& t) { return trimmed(t); });
}

Made replace(Arguments args, const CallContext& around) {
  const auto text = as_text(args[0]);
  const auto from = as_text(args[1]);
  const auto to = as_text(args[2]);
  if (!text) return unfit(args[0], "a text");
  if (!from) return unfit(args[1], "a text");
  if (!to) return unfit(args[2], "a text");
  const std::size_t count = from->empty() ? 0 : hits(*text, *from);
  const std::size_t size = text->size() - count * from->size();
  // Two texts of 64 MB each cannot overflow this product.
  if (!around.budget->make(size + count * to->size())) return exceeded(around);
  if (count == 0) return Value(*text);
  std::string made;
  made.reserve(size + count * to->size());
  std::size_t at = 0;
  for (std::size_t hit = 0; (hit = text->find(*from, at)) != std::string::npos; at = hit + from->size()) {
    made.append(*text, at, hit - at);
    made += *to;
  }
  made.append(*text, at);
  return Value(std::move(made));
}

Made split(Arguments args, const CallContext& around) {
  const auto text = as_text(args[0]);
  const auto separator = as_text(args[1]);
  if (!text) return unfit(args[0], "a text");
  if (!separator) return unfit(args[1], "a text");
  const std::size_t count = separator->empty() ? count_characters(*text) : hits(*text, *separator) + 1;
  if (!around.budget->walk(count) || !around.budget->make(text->size() + count * sizeof(Value)))
    return exceeded(around);
  List parts;
  parts.reserve(count);
  if (separator->empty()) {
    for (std::size_t at = 0; at < text->size();) {
      const std::size_t next = next_character(*text, at);
      parts.emplace_back(text->substr(at, next - at));
      at = next;
    }
    return Value(std::move(parts));
  }
  std::size_t at = 0;
  for (std::size_t hit = 0; (hit = text->find(*separator, at)) != std::string::npos; at = hit + separator->size()) {
    parts.emplace_back(text->substr(at, hit - at));
  }
  parts.emplace_back(text->substr(at));
  return Value(std::move(parts));
}

Made join_list(Arguments args, const CallContext& around) {
  const List* list = args[0].value.list();
  if (list == nullptr) return unfit(args[0], "a list");
  const auto separator = args.size() > 1 ? as_text(args[1]) : std::optional<std::string>("");
  if (!separator) return unfit(args[1], "a text");
  static const dsl::Type plain;
  const dsl::Type* element = args[0].type != nullptr ? args[0].type->element.get() : nullptr;
  std::string made;
  bool any = false;
  for (const Value& each : *list) {
    if (each.is_null()) continue;
    if (each.broken() != nullptr) return unfit({each, nullptr, args[0].path}, "a text");
    if (any) {
      if (!around.budget->make(separator->size())) return exceeded(around);
      made += *separator;
    }
    any = true;
    if (!append_printed(made, each, element != nullptr ? *element : plain, *around.budget)) return exceeded(around);
  }
  return Value(std::move(made));
}

Made contains(Arguments args, const CallContext&) {
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

Made starts_with(Arguments args, const CallContext&) {
  const auto text = as_text(args[0]);
  const auto part = as_text(args[1]);
  if (!text) return unfit(args[0], "a text");
  if (!part) return unfit(args[1], "a text");
  return Value(text->starts_with(*part));
}

Made ends_with(Arguments args, const CallContext&) {
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

Made slice(Arguments args, const CallContext& around) {
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
    for (std::size_t i = first; i < last; ++i) {
      const std::string* text = (*list)[i].text();
      if (!around.budget->make(sizeof(Value) + (text != nullptr ? text->size() : 0))) return exceeded(around);
      part.push_back((*list)[i]);
    }
    return Value(std::move(part));
  }
  const auto text = as_text(args[0]);
  if (!text) return unfit(args[0], "a text or a list");
  const std::size_t size = count_characters(*text);
  const std::size_t first = place_of(*text, clamped(*from, size));
  const std::size_t last = to ? place_of(*text, clamped(*to, size)) : text->size();
  if (last <= first) return Value("");
  if (!around.budget->make(last - first)) return exceeded(around);
  return Value(text->substr(first, last - first));
}

Made length(Arguments args, const CallContext&) {
  const auto text = as_text(args[0]);
  if (!text) return unfit(args[0], "a text");
  return Value(static_cast<std::int64_t>(count_characters(*text)));
}

}  // namespace pipewright::engine::functions
