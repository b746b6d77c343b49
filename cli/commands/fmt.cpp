// pipewright fmt: one canonical form, in place.
#include <fmt/format.h>

#include <iostream>
#include <iterator>
#include <set>

#include "cli/project.hpp"
#include "cli/rewrite.hpp"
#include "cli/terminal.hpp"
#include "dsl/format.hpp"
#include "dsl/parser.hpp"
#include "dsl/render.hpp"

namespace pipewright::cli {
namespace {

constexpr const char* standard_input = "<stdin>";

// Nothing for a text that does not parse: that is told.
std::optional<std::string> canonical(const std::string& name, const std::string& text, const Options& options) {
  const auto source = std::make_shared<const dsl::Source>(name, text);
  const dsl::Parsed parsed = dsl::parse(*source);
  if (parsed.diagnostics.empty()) return dsl::format(parsed.file, *source);
  fmt::print(stderr, "{}{} does not parse and is left as it is\n",
             dsl::render_text(parsed.diagnostics, {source}, colors(options.color, 2), screen_width(2)), name);
  return std::nullopt;
}

int format_input(const Options& options) {
  const std::string text{std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
  const auto formatted = canonical(standard_input, text, options);
  if (!formatted) return Status::wrong;
  if (!options.check) {
    fmt::print("{}", *formatted);
    return Status::fine;
  }
  if (*formatted == text) return Status::fine;
  fmt::print("{}\n", standard_input);
  return Status::wrong;
}

Status format_file(const std::string& path, const Options& options) {
  const auto text = read_file(path);
  if (!text) {
    tell_error(fmt::format("{} cannot be read", path), "may this user read it?");
    return Status::usage;
  }
  const auto formatted = canonical(path, *text, options);
  if (!formatted) return Status::wrong;
  if (*formatted == *text) return Status::fine;
  if (!options.check) {
    if (const auto why = replace_file(path, *formatted)) {
      tell_error(fmt::format("{} cannot be written: {}", path, *why), "the file is as it was");
      return Status::usage;
    }
  }
  fmt::print("{}\n", path);
  return options.check ? Status::wrong : Status::fine;
}

}  // namespace

int format_files(const Options& options) {
  if (std::find(options.paths.begin(), options.paths.end(), "-") != options.paths.end()) {
    if (options.paths.size() == 1) return format_input(options);
    tell_error("`-` stands alone", "pipewright fmt - < fbs.pipe");
    return Status::usage;
  }
  std::vector<std::string> files;
  if (const auto stopped = find_files(options.paths, files)) return *stopped;
  Status status = Status::fine;
  std::set<std::string> done;
  for (const std::string& path : files) {
    if (done.insert(path).second) status = std::max(status, format_file(path, options));
  }
  return status;
}

}  // namespace pipewright::cli
