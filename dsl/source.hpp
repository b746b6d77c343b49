// Source text, places in it, and how imports are read.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pipewright::dsl {

/// Byte offsets into a source; lines and columns are computed when something is printed.
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  [[nodiscard]] bool empty() const { return begin == end; }
};

/// Line and column from 1; columns in code points.
struct Position {
  std::size_t line = 1;
  std::size_t column = 1;
};

class Source {
 public:
  Source(std::string name, std::string text);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::string_view text(Span span) const;
  [[nodiscard]] Position position(std::uint32_t offset) const;
  [[nodiscard]] std::string_view line(std::size_t number) const;  ///< from 1, without its end
  [[nodiscard]] std::size_t lines() const { return starts_.size(); }

 private:
  std::string name_;
  std::string text_;
  struct Mark {
    std::uint32_t offset;
    std::uint32_t points;  // code points between the beginning of its line and there
  };
  void mark(std::uint32_t begin, std::uint32_t end);
  [[nodiscard]] std::uint32_t first_column(std::size_t line) const;  // where the columns of a line are counted from

  std::vector<std::uint32_t> starts_;
  std::vector<Mark> marks_;  // within long lines: columns are counted from the last one
};

/// Which file a span is in: an index into Program::sources.
using SourceId = std::uint32_t;

/// Reads a file for `import`, by its path; nothing when it cannot be read. The outside brings it, so that the phases
/// stay pure.
using Loader = std::function<std::optional<std::string>(const std::string& path)>;

/// `import "x.pipe"` in a file at `importer`: beside it.
std::string import_path(const std::string& importer, const std::string& written);

}  // namespace pipewright::dsl
