#include "cli/terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.hpp"

namespace pipewright::cli {

bool is_terminal(int descriptor) { return ::isatty(descriptor) == 1; }

bool colors(const std::string& option, int descriptor) {
  if (option == "always") return true;
  if (option == "never" || std::getenv("NO_COLOR") != nullptr) return false;
  return is_terminal(descriptor);
}

std::size_t screen_width(int descriptor) { return is_terminal(descriptor) ? terminal_width(descriptor) : 0; }

std::size_t terminal_width(int descriptor) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) return size.ws_col;
  return 120;
}

std::string padded(std::string_view text, std::size_t width) {
  const std::size_t taken = display_width(text);
  return std::string(text) + std::string(taken < width ? width - taken : 0, ' ');
}

std::string padded_left(std::string_view text, std::size_t width) {
  const std::size_t taken = display_width(text);
  return std::string(taken < width ? width - taken : 0, ' ') + std::string(text);
}

std::string fitted(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t next = at + 1;
    while (next < text.size() && (static_cast<unsigned char>(text[next]) & 0xC0) == 0x80) ++next;
    if (display_width(out) + display_width(text.substr(at, next - at)) + 1 > width) break;
    out += text.substr(at, next - at);
    at = next;
  }
  return out + "…";
}

std::string with_place(const std::string& text, const std::string& place, std::size_t width) {
  if (place.empty()) return text;
  const std::size_t taken = display_width(text) + display_width(place) + 2;
  if (taken <= width) return text + std::string(width - taken + 2, ' ') + place;
  return text + "  " + place;
}

std::string wrapped(const std::string& head, const std::vector<std::string>& parts, const std::string& place,
                    std::size_t width) {
  const std::size_t indent = display_width(head);
  const std::size_t room = std::max<std::size_t>(width, indent + place.size() + 42) - place.size() - 2;
  std::vector<std::string> lines = {head};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string part = parts[i] + (i + 1 < parts.size() ? "," : "");
    const bool begins = display_width(lines.back()) <= indent;
    if (!begins && display_width(lines.back()) + 1 + display_width(part) > room)
      lines.push_back(std::string(indent, ' '));
    const bool first = display_width(lines.back()) <= indent;
    lines.back() += (first ? "" : " ") + part;
  }
  lines.front() = with_place(lines.front(), place, width);
  return join(lines, "\n") + "\n";
}

void tell_error(const std::string& message, const std::string& help) {
  fmt::print(stderr, "error: {}\n", printable(message));
  if (!help.empty()) fmt::print(stderr, "help: {}\n", printable(help));
}

}  // namespace pipewright::cli
