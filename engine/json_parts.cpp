#include "engine/json_parts.hpp"

namespace pipewright::engine {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Walks over a text. At its end every question is answered with no.
class Walk {
 public:
  explicit Walk(std::string_view text) : text_(text) {}

  void blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  bool take(char c) {
    blanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  /// What stands between the quotes, escapes as they are written.
  std::optional<std::string_view> string() {
    if (!take('"')) return std::nullopt;
    const std::size_t begin = at_;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\')
        ++at_;
      else if (text_[at_] == '"')
        return text_.substr(begin, at_++ - begin);
    }
    return std::nullopt;
  }
  std::optional<std::string_view> value() {
    blanks();
    const std::size_t begin = at_;
    if (at_ >= text_.size()) return std::nullopt;
    const bool whole = text_[at_] == '"' ? string().has_value() : nested() || scalar();
    if (!whole || at_ == begin) return std::nullopt;
    return text_.substr(begin, at_ - begin);
  }

 private:
  bool scalar() {
    while (at_ < text_.size() && !is_blank(text_[at_]) &&
           std::string_view(",]}:[{\"").find(text_[at_]) == std::string_view::npos)
      ++at_;
    return true;
  }
  // An object or a list, to the bracket that closes it.
  bool nested() {
    if (text_[at_] != '{' && text_[at_] != '[') return false;
    const std::size_t begin = at_;
    int depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        if (!string()) break;
        continue;
      }
      ++at_;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) return true;
    }
    at_ = begin;  // it breaks off
    text_ = text_.substr(0, begin);
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::optional<std::string_view> member(std::string_view object, std::string_view name) {
  Walk walk(object);
  if (!walk.take('{')) return std::nullopt;
  do {
    const auto key = walk.string();
    if (!key || !walk.take(':')) return std::nullopt;
    const auto value = walk.value();
    if (!value) return std::nullopt;
    if (*key == name) return value;
  } while (walk.take(','));
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> value_text(std::string_view text, std::initializer_list<std::string_view> names) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  auto found = Walk(text).value();
  for (const std::string_view name : names) {
    if (!found) return std::nullopt;
    found = member(*found, name);
  }
  return found;
}

std::optional<std::vector<std::string_view>> list_texts(std::string_view list) {
  Walk walk(list);
  if (!walk.take('[')) return std::nullopt;
  std::vector<std::string_view> elements;
  if (walk.take(']')) return elements;
  do {
    const auto element = walk.value();
    if (!element) return std::nullopt;
    elements.push_back(*element);
  } while (walk.take(','));
  if (!walk.take(']')) return std::nullopt;
  return elements;
}

}  // namespace pipewright::engine
