// A document's text and its places: an editor counts UTF-16 units on lines, the program bytes in the text.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "dsl/source.hpp"

namespace pipewright::cli::lsp {

struct Position {
  std::uint32_t line = 0;       ///< from 0
  std::uint32_t character = 0;  ///< UTF-16 units from the line's start
  bool operator==(const Position&) const = default;
};

/// Lines end with `\n`, `\r\n` or `\r`, as the protocol has it.
class Text {
 public:
  explicit Text(std::string text);

  [[nodiscard]] const std::string& text() const { return text_; }
  /// A place behind a line's end means its end, one inside a letter its beginning, one behind the text the text's end.
  [[nodiscard]] std::uint32_t offset(Position position) const;
  [[nodiscard]] Position position(std::uint32_t offset) const;
  [[nodiscard]] std::string_view line(std::size_t number) const;  ///< from 0, without its end
  [[nodiscard]] std::size_t lines() const { return starts_.size(); }

  [[nodiscard]] nlohmann::json range(dsl::Span span) const;
  [[nodiscard]] dsl::Span span(const nlohmann::json& range) const;

 private:
  std::string text_;
  std::vector<std::uint32_t> starts_;
};

nlohmann::json json_of(Position position);
Position position_of(const nlohmann::json& position);

/// UTF-16 units of a UTF-8 text.
std::uint32_t units(std::string_view text);

/// One entry of `contentChanges`: a range and its new text, or a whole new text.
std::string changed(const Text& before, const nlohmann::json& change);

}  // namespace pipewright::cli::lsp
