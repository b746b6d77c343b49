#include "dsl/source.hpp"

#include <algorithm>
#include <filesystem>

#include "base/text.hpp"

namespace pipewright::dsl {

Source::Source(std::string name, std::string text) : name_(std::move(name)), text_(std::move(text)) {
  starts_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') starts_.push_back(static_cast<std::uint32_t>(i + 1));
  }
  for (std::size_t line = 1; line <= starts_.size(); ++line) {
    const std::size_t end = line < starts_.size() ? starts_[line] : text_.size();
    mark(first_column(line), static_cast<std::uint32_t>(end));
  }
}

void Source::mark(std::uint32_t begin, std::uint32_t end) {
  constexpr std::uint32_t apart = 256;
  std::uint32_t points = 0;
  while (end - begin > apart) {
    const std::string_view part = first_bytes(std::string_view(text_).substr(begin), apart);
    begin += static_cast<std::uint32_t>(part.size());
    points += static_cast<std::uint32_t>(code_points(part));
    marks_.push_back({begin, points});
  }
}

std::uint32_t Source::first_column(std::size_t line) const {
  const bool marked = line == 1 && text_.starts_with("\xEF\xBB\xBF");  // a byte order mark takes no column
  return marked ? 3 : starts_[line - 1];
}

std::string_view Source::text(Span span) const {
  const std::size_t begin = std::min<std::size_t>(span.begin, text_.size());
  const std::size_t end = std::clamp<std::size_t>(span.end, begin, text_.size());
  return std::string_view(text_).substr(begin, end - begin);
}

Position Source::position(std::uint32_t offset) const {
  offset = std::min(offset, static_cast<std::uint32_t>(text_.size()));
  const auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
  const auto line = static_cast<std::size_t>(after - starts_.begin());
  std::uint32_t start = std::min(first_column(line), offset);
  std::uint32_t points = 0;
  const auto next = std::upper_bound(marks_.begin(), marks_.end(), offset,
                                     [](std::uint32_t at, const Mark& mark) { return at < mark.offset; });
  if (next != marks_.begin() && std::prev(next)->offset >= start) {
    start = std::prev(next)->offset;
    points = std::prev(next)->points;
  }
  return {line, points + code_points(std::string_view(text_).substr(start, offset - start)) + 1};
}

std::string_view Source::line(std::size_t number) const {
  if (number == 0 || number > starts_.size()) return {};
  std::size_t begin = starts_[number - 1];
  if (number == 1 && text_.starts_with("\xEF\xBB\xBF")) begin = 3;
  std::size_t end = number < starts_.size() ? starts_[number] : text_.size();
  while (end > begin && (text_[end - 1] == '\n' || text_[end - 1] == '\r')) --end;
  return std::string_view(text_).substr(begin, end - begin);
}

std::string import_path(const std::string& importer, const std::string& written) {
  const std::filesystem::path path(written);
  if (path.is_absolute()) return path.lexically_normal().string();
  return (std::filesystem::path(importer).parent_path() / path).lexically_normal().string();
}

}  // namespace pipewright::dsl
