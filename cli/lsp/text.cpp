#include "cli/lsp/text.hpp"

#include <algorithm>

namespace pipewright::cli::lsp {
namespace {

// Bytes of the letter that begins here; one byte for what is no UTF-8.
std::size_t letter_length(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  const std::size_t length = first < 0x80 ? 1 : first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  return std::min(length, text.size() - at);
}

}  // namespace

std::uint32_t units(std::string_view text) {
  std::uint32_t count = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = letter_length(text, at);
    count += length == 4 ? 2 : 1;
    at += length;
  }
  return count;
}

Text::Text(std::string text) : text_(std::move(text)) {
  starts_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    const bool end = text_[i] == '\n' || (text_[i] == '\r' && (i + 1 == text_.size() || text_[i + 1] != '\n'));
    if (end) starts_.push_back(static_cast<std::uint32_t>(i + 1));
  }
}

std::string_view Text::line(std::size_t number) const {
  if (number >= starts_.size()) return {};
  const std::size_t begin = starts_[number];
  std::size_t end = number + 1 < starts_.size() ? starts_[number + 1] : text_.size();
  while (end > begin && (text_[end - 1] == '\n' || text_[end - 1] == '\r')) --end;
  return std::string_view(text_).substr(begin, end - begin);
}

std::uint32_t Text::offset(Position position) const {
  if (position.line >= starts_.size()) return static_cast<std::uint32_t>(text_.size());
  const std::string_view on = line(position.line);
  std::size_t at = 0;
  std::uint32_t left = position.character;
  while (at < on.size() && left > 0) {
    const std::size_t length = letter_length(on, at);
    const std::uint32_t wide = length == 4 ? 2 : 1;
    if (wide > left) break;
    left -= wide;
    at += length;
  }
  return starts_[position.line] + static_cast<std::uint32_t>(at);
}

Position Text::position(std::uint32_t offset) const {
  offset = std::min(offset, static_cast<std::uint32_t>(text_.size()));
  const auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
  const auto number = static_cast<std::uint32_t>(after - starts_.begin() - 1);
  const std::string_view on = line(number);
  const std::size_t bytes = std::min<std::size_t>(offset - starts_[number], on.size());
  return {number, units(on.substr(0, bytes))};
}

nlohmann::json Text::range(dsl::Span span) const {
  return {{"start", json_of(position(span.begin))}, {"end", json_of(position(span.end))}};
}

dsl::Span Text::span(const nlohmann::json& range) const {
  const std::uint32_t begin = offset(position_of(range.at("start")));
  return {begin, std::max(begin, offset(position_of(range.at("end"))))};
}

nlohmann::json json_of(Position position) { return {{"line", position.line}, {"character", position.character}}; }

Position position_of(const nlohmann::json& position) {
  const auto number = [&](const char* key) {
    const auto value = position.at(key).get<std::int64_t>();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, 0, UINT32_MAX));
  };
  return {number("line"), number("character")};
}

std::string changed(const Text& before, const nlohmann::json& change) {
  const std::string& text = change.at("text").get_ref<const std::string&>();
  const auto range = change.find("range");
  if (range == change.end() || range->is_null()) return text;
  const dsl::Span span = before.span(*range);
  std::string after = before.text().substr(0, span.begin);
  after += text;
  after.append(before.text(), span.end);
  return after;
}

}  // namespace pipewright::cli::lsp
