// A text that fits its lines: pieces with places where a line may end, and how they are laid out in a width. It knows
// nothing of the language; format.cpp does.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace pipewright::dsl {

/// A piece of a layout. What is not in a `group` is broken: each of its lines ends.
struct Layout {
  enum class Kind {
    all,        // its parts, one after the other
    text,       //
    line,       // a line end, or `text` where the group is on one line
    flat_text,  // only where the group is on one line
    gap,        // a space, and where the group is broken `amount` more
    behind,     // a comment at the end of the line, whatever follows; then the line ends
    above,      // a comment on a line of its own
    group,      // on one line where that fits with what follows on it
    indent,     // lines that begin inside begin `amount` further to the right
    block,      // comments behind its lines are aligned
  };

  Kind kind = Kind::all;
  std::string text = {};
  int amount = 0;
  std::vector<Layout> parts = {};
  bool empty = true;          ///< prints nothing
  bool broken = false;        ///< cannot be on one line
  bool begins_above = false;  ///< begins with a comment on its own line, which breaks what is around it only
  bool ends_behind = false;   ///< ends with a comment behind it: the same

  Layout& operator+=(Layout part);
};

namespace layout {

Layout text(std::string text);
/// A place for a line end; `flat` stands there when there is none.
Layout line(std::string flat = " ");
/// A line end in any case.
Layout hard();
Layout flat_text(std::string text);
Layout gap(std::size_t amount);
Layout behind(std::string comment);
Layout above(std::string comment);
Layout group(Layout inner);
/// As `group`, but what follows on the line does not count.
Layout group_alone(Layout inner);
Layout indent(int amount, Layout inner);
Layout block(Layout inner);

/// How wide it is on one line; nothing when it cannot be.
std::optional<std::size_t> flat_width(const Layout& layout);
/// On one line, comments left out.
std::string flat(const Layout& layout);
/// The lines, each with its end. No line ends with a space, none is empty.
std::string print(const Layout& layout, std::size_t width);

}  // namespace layout
}  // namespace pipewright::dsl
