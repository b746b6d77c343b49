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
  std::uint32_t start = starts_[line - 1];
  if (line == 1 && text_.starts_with("\xEF\xBB\xBF") && offset >= 3) start = 3;  // a byte order mark takes no column
  return {line, code_points(std::string_view(text_).substr(start, offset - start)) + 1};
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
