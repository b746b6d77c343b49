// pipewright explain: a diagnostic at length, and the list of all.
#include <fmt/format.h>

#include "base/embedded.hpp"
#include "base/text.hpp"
#include "cli/options.hpp"
#include "cli/terminal.hpp"
#include "dsl/codes.hpp"

namespace pipewright::cli {
namespace {

// `p203`, `0203`, `error[P0203]`: the digits tell; nothing when there are none, or other letters.
std::string code_text(std::string_view written) {
  if (const std::size_t bracket = written.find('['); bracket != std::string_view::npos)
    written = written.substr(bracket + 1, written.find(']') - bracket - 1);
  if (written.starts_with('P') || written.starts_with('p')) written.remove_prefix(1);
  const bool digits =
      !written.empty() && written.size() <= 4 && written.find_first_not_of("0123456789") == std::string_view::npos;
  return digits ? "P" + std::string(4 - written.size(), '0') + std::string(written) : std::string();
}

std::string page_of(const std::string& code) {
  for (const embedded::File& file : embedded::explanations()) {
    if (file.name == code + ".md") return file.content;
  }
  return {};
}

// The page for people: the title, examples set off, paragraphs in the terminal's width.
void show(const std::string& page, bool color) {
  const std::size_t width = std::min<std::size_t>(terminal_width(1), 100);
  const auto styled = [&](const char* style, const std::string& text) {
    return color ? fmt::format("\033[{}m{}\033[0m", style, text) : text;
  };
  std::string paragraph;
  const auto flush = [&] {
    std::string line;
    std::size_t at = 0;
    while (at < paragraph.size()) {
      const std::size_t end = std::min(paragraph.find(' ', at), paragraph.size());
      const std::string word = paragraph.substr(at, end - at);
      if (!line.empty() && display_width(line) + 1 + display_width(word) > width) {
        fmt::print("{}\n", line);
        line.clear();
      }
      line += (line.empty() ? "" : " ") + word;
      at = end + 1;
    }
    if (!line.empty()) fmt::print("{}\n", line);
    paragraph.clear();
  };
  bool example = false;
  for (std::size_t at = 0; at < page.size();) {
    const std::size_t end = std::min(page.find('\n', at), page.size());
    const std::string line = page.substr(at, end - at);
    at = end + 1;
    if (line.starts_with("```")) {
      flush();
      example = !example;
    } else if (example) {
      fmt::print("    {}\n", styled("36", line));
    } else if (line.starts_with("# ")) {
      fmt::print("{}\n", styled("1", line.substr(2)));
    } else if (line.empty()) {
      flush();
      fmt::print("\n");
    } else {
      paragraph += (paragraph.empty() ? "" : " ") + line;
    }
  }
  flush();
}

}  // namespace

int explain(const Options& options) {
  if (options.code.empty()) {
    for (const dsl::Code* code : dsl::codes::all())
      fmt::print("{}  {}{}\n", code->text(), code->title,
                 code->severity == dsl::Severity::warning ? " (a warning)" : "");
    return Status::fine;
  }
  const std::string code = code_text(options.code);
  const std::string page = page_of(code);
  if (page.empty()) {
    std::vector<std::string> known;
    for (const dsl::Code* each : dsl::codes::all()) known.push_back(each->text());
    const auto near = closest(code.empty() ? uppercase(options.code) : code, known);
    tell_error(fmt::format("there is no diagnostic `{}`", options.code),
               near ? fmt::format("did you mean `{}`? `pipewright explain` lists them", *near)
                    : std::string("`pipewright explain` lists them"));
    return Status::usage;
  }
  if (is_terminal(1) || options.color == "always")
    show(page, colors(options.color, 1));
  else
    fmt::print("{}", page);
  return Status::fine;
}

}  // namespace pipewright::cli
