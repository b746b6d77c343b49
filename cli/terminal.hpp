// The terminal: colours only there, its width, and text fitted to it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pipewright::cli {

/// Whether `descriptor` (1 or 2) gets colours: --color, NO_COLOR, and whether it is a terminal.
bool colors(const std::string& option, int descriptor);
bool is_terminal(int descriptor);
std::size_t terminal_width(int descriptor);
std::size_t screen_width(int descriptor);  ///< of a terminal; 0 where there is none, and nothing has to fit

std::string padded(std::string_view text, std::size_t width);  ///< to the right with spaces, by columns
std::string padded_left(std::string_view text, std::size_t width);
std::string fitted(std::string_view text, std::size_t width);  ///< cut with `…`
/// `text` with `place` at the right edge, on the next line when both do not fit.
std::string with_place(const std::string& text, const std::string& place, std::size_t width);

/// `head` and the parts behind it, separated by commas and broken into lines of `width`; the first line has `place` at
/// its right edge.
std::string wrapped(const std::string& head, const std::vector<std::string>& parts, const std::string& place,
                    std::size_t width);

/// An error on standard error: "error: MESSAGE", "help: HELP".
void tell_error(const std::string& message, const std::string& help = {});

}  // namespace pipewright::cli
