#include "base/text.hpp"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>

namespace pipewright {
namespace {

// Takes the first code point off a text; U+FFFD for a byte that is none.
utf8proc_int32_t next_point(std::string_view& text) {
  utf8proc_int32_t point = 0;
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const utf8proc_ssize_t used = utf8proc_iterate(at, static_cast<utf8proc_ssize_t>(text.size()), &point);
  text.remove_prefix(used < 0 ? 1 : static_cast<std::size_t>(used));
  return used < 0 ? 0xFFFD : point;
}

std::vector<utf8proc_int32_t> decoded(std::string_view text) {
  std::vector<utf8proc_int32_t> points;
  points.reserve(text.size());
  while (!text.empty()) points.push_back(next_point(text));
  return points;
}

void append(std::string& out, utf8proc_int32_t point) {
  utf8proc_uint8_t bytes[4];
  const auto used = utf8proc_encode_char(point, bytes);
  out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(used));
}

template <class Change>
std::string mapped(std::string_view text, Change change) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) append(out, change(next_point(text)));
  return out;
}

bool is_quote(utf8proc_int32_t point) {
  switch (point) {
    case '"':
    case '\'':
    case 0xAB:
    case 0xBB:
    case 0x2018:
    case 0x2019:
    case 0x201A:
    case 0x201C:
    case 0x201D:
    case 0x201E:
      return true;
    default:
      return false;
  }
}

bool is_space(utf8proc_int32_t point) {
  return point == ' ' || (point >= 9 && point <= 13) || point == 0xA0 ||
         utf8proc_category(point) == UTF8PROC_CATEGORY_ZS;
}

}  // namespace

bool valid_utf8(std::string_view text) {
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    utf8proc_int32_t point = 0;
    const auto used = utf8proc_iterate(at, left, &point);
    if (used < 0) return false;
    at += used;
    left -= used;
  }
  return true;
}

std::string repaired_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 8);
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    utf8proc_int32_t point = 0;
    const auto used = utf8proc_iterate(at, left, &point);
    if (used < 0)
      out += "\xEF\xBF\xBD";
    else
      out.append(reinterpret_cast<const char*>(at), static_cast<std::size_t>(used));
    at += used < 0 ? 1 : used;
    left -= used < 0 ? 1 : used;
  }
  return out;
}

std::string_view first_bytes(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  const auto inside = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; };
  std::size_t end = limit;
  while (end > 0 && limit - end < 3 && inside(end)) --end;
  return text.substr(0, inside(end) ? limit : end);  // a character has four bytes at most: else it is no UTF-8
}

std::string shortened(std::string_view text, std::size_t limit) {
  constexpr std::string_view ellipsis = "…";
  if (text.size() <= limit) return std::string(text);
  return std::string(first_bytes(text, limit - std::min(limit, ellipsis.size()))).append(ellipsis);
}

std::string beginning(std::string_view text, std::size_t bytes) {
  const std::string_view part = first_bytes(text, bytes);
  return valid_utf8(part) ? std::string(part) : repaired_utf8(part);
}

std::size_t code_points(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) next_point(text);
  return count;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) width += static_cast<std::size_t>(std::max(0, utf8proc_charwidth(next_point(text))));
  return width;
}

std::string uppercase(std::string_view text) { return mapped(text, utf8proc_toupper); }
std::string lowercase(std::string_view text) { return mapped(text, utf8proc_tolower); }

std::string trimmed(std::string_view text) {
  std::string out;
  std::size_t end = 0;  // behind the last character that is no space
  while (!text.empty()) {
    const auto point = next_point(text);
    const bool space = is_space(point);
    if (space && out.empty()) continue;
    append(out, point);
    if (!space) end = out.size();
  }
  out.resize(end);
  return out;
}

std::string folded_name(std::string_view text) {
  utf8proc_uint8_t* raw = nullptr;
  const auto size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &raw, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD));
  if (size < 0) return std::string(text);
  const std::string normal(reinterpret_cast<const char*>(raw), static_cast<std::size_t>(size));
  std::free(raw);
  std::string out;
  bool space = false;
  for (const auto point : decoded(normal)) {
    if (is_space(point)) {
      space = !out.empty();
      continue;
    }
    if (space) out.push_back(' ');
    space = false;
    append(out, is_quote(point) ? '"' : point);
  }
  return out;
}

std::size_t spelling_distance(std::string_view a, std::string_view b) {
  const auto left = decoded(a);
  const auto right = decoded(b);
  std::vector<std::vector<std::size_t>> cost(left.size() + 1, std::vector<std::size_t>(right.size() + 1));
  for (std::size_t i = 0; i <= left.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= right.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t same = left[i - 1] == right[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + same});
      if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[left.size()][right.size()];
}

std::optional<std::string> closest(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string wanted = lowercase(word);
  std::size_t best = std::max<std::size_t>(1, code_points(word) / 3) + 1;
  std::optional<std::string> found;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = spelling_distance(wanted, lowercase(candidate));
    if (distance < best) {
      best = distance;
      found = candidate;
    }
  }
  return found;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty() || &part != &parts.front()) out += separator;
    out += part;
  }
  return out;
}

std::string snake_case(std::string_view word) {
  const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  std::string out;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    const bool starts = upper(c) && i > 0 && lower(word[i - 1]);
    const bool ends_run = upper(c) && i > 1 && upper(word[i - 1]) && i + 1 < word.size() && lower(word[i + 1]);
    if ((starts || ends_run) && out.back() != '_') out.push_back('_');
    out.push_back(upper(c) ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return out;
}

std::string printable(std::string_view text) {
  const auto plain = [](char c) { return (c >= ' ' && c <= '~') || c == '\n' || c == '\t'; };
  if (std::all_of(text.begin(), text.end(), plain)) return std::string(text);
  std::string out;
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    utf8proc_int32_t point = 0;
    const utf8proc_ssize_t used = utf8proc_iterate(at, left, &point);
    const bool control = point < 0x20 || (point >= 0x7F && point < 0xA0);
    const bool reverses = point == 0x061C || point == 0x200E || point == 0x200F ||
                          (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
    if (used < 0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(*at));
    } else if (point == '\r') {
      out += "\\r";
    } else if (control && point != '\n' && point != '\t') {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(point));
    } else if (reverses) {
      out += fmt::format("\\u{{{:x}}}", static_cast<unsigned>(point));
    } else {
      append(out, point);
    }
    at += std::max<utf8proc_ssize_t>(1, used);
    left -= std::max<utf8proc_ssize_t>(1, used);
  }
  return out;
}

std::string xml_escaped(std::string_view text) {
  std::string made;
  for (const char c : text) {
    if (c == '&')
      made += "&amp;";
    else if (c == '<')
      made += "&lt;";
    else if (c == '>')
      made += "&gt;";
    else if (c == '"')
      made += "&quot;";
    else if (c == '\n')
      made += "&#10;";
    else if (static_cast<unsigned char>(c) >= 0x20 || c == '\t')
      made.push_back(c);
  }
  return made;
}

}  // namespace pipewright
