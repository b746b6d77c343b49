#include "dsl/layout.hpp"

#include <algorithm>
#include <map>

#include "base/text.hpp"

namespace pipewright::dsl {

Layout& Layout::operator+=(Layout part) {
  if (part.empty) return *this;
  if (kind != Kind::all) {
    Layout first = std::move(*this);
    *this = {};
    *this += std::move(first);
  }
  broken = broken || part.broken || ends_behind || (part.begins_above && !empty);
  begins_above = begins_above || (empty && part.begins_above);
  ends_behind = part.ends_behind;
  empty = false;
  parts.push_back(std::move(part));
  return *this;
}

namespace layout {
namespace {

Layout leaf(Layout::Kind kind, std::string text, int amount = 0) {
  Layout made;
  made.kind = kind;
  made.empty = text.empty() && kind == Layout::Kind::text;
  made.text = std::move(text);
  made.amount = amount;
  return made;
}

Layout around(Layout::Kind kind, Layout inner, int amount = 0) {
  Layout made;
  made += std::move(inner);
  made.kind = kind;
  made.amount = amount;
  return made;
}

constexpr std::size_t aligned_up_to = 60;  // a comment behind a longer line moves none of the others

struct Line {
  std::string content;
  std::string comment;
  int block = 0;
};

class Printer {
 public:
  explicit Printer(std::size_t width) : width_(width) {}

  std::string text(const Layout& root) {
    todo_.push_back({&root, 0, 0, false});
    while (!todo_.empty()) {
      const Command next = todo_.back();
      todo_.pop_back();
      print(next);
    }
    end_line(0);
    return joined();
  }

 private:
  struct Command {
    const Layout* layout;
    int indent;
    int block;
    bool flat;
  };

  void print(const Command& at) {
    const Layout& layout = *at.layout;
    switch (layout.kind) {
      case Layout::Kind::text:
        write(layout.text, at.indent);
        break;
      case Layout::Kind::line:
        if (at.flat)
          write(layout.text, at.indent);
        else
          end_line(at.indent);
        break;
      case Layout::Kind::flat_text:
        if (at.flat) write(layout.text, at.indent);
        break;
      case Layout::Kind::gap:
        write(std::string(1 + (at.flat ? 0 : static_cast<std::size_t>(layout.amount)), ' '), at.indent);
        break;
      case Layout::Kind::behind:
        if (!line_.comment.empty()) {
          own_line(layout.text, at.indent);
        } else {
          line_.comment = layout.text;
          line_.block = at.block;
          ended_ = true;
        }
        break;
      case Layout::Kind::above:
        own_line(layout.text, at.indent);
        break;
      case Layout::Kind::all:
        push_parts(at, at.indent, at.block, at.flat);
        break;
      case Layout::Kind::group:
        push_parts(at, at.indent, at.block, at.flat || fits(at));
        break;
      case Layout::Kind::indent:
        push_parts(at, at.indent + layout.amount, at.block, at.flat);
        break;
      case Layout::Kind::block:
        push_parts(at, at.indent, ++blocks_, at.flat);
        break;
    }
  }

  void push_parts(const Command& at, int indent, int block, bool flat) {
    for (auto part = at.layout->parts.rbegin(); part != at.layout->parts.rend(); ++part)
      todo_.push_back({&*part, indent, block, flat});
  }

  void write(const std::string& text, int indent) {
    const bool blank = text.find_first_not_of(' ') == std::string::npos;
    if (blank && (ended_ || line_.content.empty())) return;
    if (ended_) end_line(indent);
    if (line_.content.empty()) line_.content = std::string(static_cast<std::size_t>(indent_), ' ');
    line_.content += text;
  }

  void end_line(int indent) {
    const std::size_t last = line_.content.find_last_not_of(' ');
    line_.content.resize(last == std::string::npos ? 0 : last + 1);
    if (!line_.content.empty() || !line_.comment.empty()) lines_.push_back(std::move(line_));
    line_ = {};
    ended_ = false;
    indent_ = indent;
  }

  // Where a line has just begun, the comment begins it in the same column.
  void own_line(const std::string& comment, int indent) {
    const int column = line_.content.empty() && !ended_ ? indent_ : indent;
    end_line(column);
    lines_.push_back({std::string(static_cast<std::size_t>(column), ' ') + comment, {}, 0});
  }

  bool fits(const Command& group) const {
    if (group.layout->broken) return false;
    std::size_t used = ended_ || line_.content.empty() ? static_cast<std::size_t>(ended_ ? group.indent : indent_)
                                                       : display_width(line_.content);
    const std::string words = flat(*group.layout);
    used += display_width(words);
    if (used > width_) return false;
    if (group.layout->amount != 0 || group.layout->ends_behind) return true;
    std::size_t rest = todo_.size();
    while (rest > 0) {
      if (!add_rest(*todo_[rest - 1].layout, todo_[rest - 1].flat, used)) break;
      --rest;
    }
    return used <= width_;
  }

  // What stands behind on the same line; false where the line may end.
  static bool add_rest(const Layout& layout, bool flat_around, std::size_t& used) {
    switch (layout.kind) {
      case Layout::Kind::text:
        used += display_width(layout.text);
        return true;
      case Layout::Kind::line:
        if (!flat_around) return false;
        used += display_width(layout.text);
        return true;
      case Layout::Kind::flat_text:
        if (flat_around) used += display_width(layout.text);
        return true;
      case Layout::Kind::gap:
        used += 1 + (flat_around ? 0 : static_cast<std::size_t>(layout.amount));
        return true;
      case Layout::Kind::behind:
      case Layout::Kind::above:
        return false;
      case Layout::Kind::group:
        flat_around = flat_around || !layout.broken;
        break;
      default:
        break;
    }
    return std::all_of(layout.parts.begin(), layout.parts.end(),
                       [&](const Layout& part) { return add_rest(part, flat_around, used); });
  }

  std::string joined() const {
    std::map<int, std::size_t> columns;
    for (const Line& line : lines_) {
      const std::size_t width = display_width(line.content);
      if (!line.comment.empty() && line.block > 0 && width <= aligned_up_to)
        columns[line.block] = std::max(columns[line.block], width);
    }
    std::string out;
    for (const Line& line : lines_) {
      out += line.content;
      if (!line.comment.empty()) {
        const std::size_t width = display_width(line.content);
        const auto column = columns.find(line.block);
        if (column != columns.end() && column->second > width) out += std::string(column->second - width, ' ');
        out += (line.content.empty() ? "" : "  ") + line.comment;
      }
      out += "\n";
    }
    return out;
  }

  std::size_t width_;
  std::vector<Command> todo_ = {};
  std::vector<Line> lines_ = {};
  Line line_ = {};
  int indent_ = 0;      // of the line under way
  bool ended_ = false;  // by a comment: what comes next begins a line
  int blocks_ = 0;
};

}  // namespace

Layout text(std::string text) { return leaf(Layout::Kind::text, std::move(text)); }
Layout line(std::string flat) { return leaf(Layout::Kind::line, std::move(flat)); }
Layout hard() {
  Layout made = line();
  made.broken = true;
  return made;
}
Layout flat_text(std::string text) { return leaf(Layout::Kind::flat_text, std::move(text)); }
Layout gap(std::size_t amount) { return leaf(Layout::Kind::gap, {}, static_cast<int>(amount)); }
Layout behind(std::string comment) {
  Layout made = leaf(Layout::Kind::behind, std::move(comment));
  made.ends_behind = true;
  return made;
}
Layout above(std::string comment) {
  Layout made = leaf(Layout::Kind::above, std::move(comment));
  made.begins_above = true;
  return made;
}
Layout group(Layout inner) { return around(Layout::Kind::group, std::move(inner)); }
Layout group_alone(Layout inner) { return around(Layout::Kind::group, std::move(inner), 1); }
Layout indent(int amount, Layout inner) { return around(Layout::Kind::indent, std::move(inner), amount); }
Layout block(Layout inner) { return around(Layout::Kind::block, std::move(inner)); }

std::string flat(const Layout& layout) {
  switch (layout.kind) {
    case Layout::Kind::text:
    case Layout::Kind::line:
    case Layout::Kind::flat_text:
      return layout.text;
    case Layout::Kind::gap:
      return " ";
    case Layout::Kind::behind:
    case Layout::Kind::above:
      return {};
    default:
      break;
  }
  std::string out;
  for (const Layout& part : layout.parts) out += flat(part);
  return out;
}

std::optional<std::size_t> flat_width(const Layout& layout) {
  if (layout.broken) return std::nullopt;
  return display_width(flat(layout));
}

std::string print(const Layout& layout, std::size_t width) { return Printer(width).text(layout); }

}  // namespace layout
}  // namespace pipewright::dsl
