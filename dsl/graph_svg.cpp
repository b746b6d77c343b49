// A graph as a picture that needs no other tool: each pipeline is a lane, its chain runs from left to right, branches
// lie under one another, who listens stands below who speaks.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "dsl/graph.hpp"

namespace pipewright::dsl {
namespace {

using Kind = GraphNode::Kind;

constexpr double letter = 7.2;  // of the 12 px monospaced face
constexpr double line_height = 16;
constexpr double padding = 10;
constexpr double gap = 46;      // between nodes of a chain
constexpr double row_gap = 18;  // between branches
constexpr double lane_gap = 22;
constexpr double margin = 20;
constexpr double title_height = 30;
constexpr double middle = 19;       // where a chain's line runs, from a node's top
constexpr std::size_t widest = 40;  // letters of a line

struct Box {
  double x = 0, y = 0, width = 0, height = 0;
  std::size_t node = 0;
};

// Broken at spaces, hard where there is none.
std::vector<std::string> wrapped(const std::string& text) {
  std::vector<std::string> lines;
  std::string line;
  std::size_t length = 0;
  const auto flush = [&] {
    if (!line.empty()) lines.push_back(std::exchange(line, {}));
    length = 0;
  };
  std::size_t from = 0;
  while (from < text.size()) {
    std::size_t end = std::min(text.find(' ', from), text.size());
    std::string word = text.substr(from, end - from);
    from = end + 1;
    while (code_points(word) > widest) {
      flush();
      std::size_t cut = 0;
      for (std::size_t points = 0; points < widest; ++points) {
        do ++cut;
        while (cut < word.size() && (static_cast<unsigned char>(word[cut]) & 0xC0) == 0x80);
      }
      lines.push_back(word.substr(0, cut));
      word = word.substr(cut);
    }
    const std::size_t more = code_points(word);
    if (length > 0 && length + 1 + more > widest) flush();
    if (length > 0) line.push_back(' ');
    line += word;
    length += (length > 0 ? 1 : 0) + more;
  }
  flush();
  constexpr std::size_t most = 4;
  if (lines.size() > most) {
    lines.resize(most);
    lines.back() += " …";
  }
  return lines;
}

const char* fill_of(Kind kind) {
  switch (kind) {
    case Kind::source:
      return "#dbeafe";
    case Kind::upstream:
      return "#e0e7ff";
    case Kind::filter:
    case Kind::branch:
      return "#fef3c7";
    case Kind::write:
      return "#dcfce7";
    case Kind::table:
      return "#fae8ff";
    default:
      return "#f3f4f6";
  }
}

class Picture {
 public:
  explicit Picture(const Graph& graph) : graph_(graph), texts_(graph.nodes.size()), boxes_(graph.nodes.size()) {
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
      texts_[i] = wrapped(graph.nodes[i].title);
      titles_.push_back(texts_[i].size());
      for (const std::string& line : graph.nodes[i].lines) {
        for (std::string& part : wrapped(line)) texts_[i].push_back(std::move(part));
      }
    }
  }

  std::string draw() {
    double y = margin;
    double right = 400;
    for (const GraphPipeline& pipeline : graph_.pipelines) {
      double top = y + title_height;
      double x = margin + padding;
      double sources = x;
      double below = top;
      for (const std::size_t source : pipeline.sources) {
        const Box& box = put(source, x, below);
        sources = std::max(sources, box.x + box.width);
        below = box.y + box.height + row_gap / 2;
      }
      const auto [end, bottom] = chain(pipeline.chain, sources + gap, top);
      const double lane_bottom = std::max(below - row_gap / 2, bottom) + padding;
      lanes_.push_back({margin, y, 0, lane_bottom - y, 0});
      right = std::max(
          {right, end, sources,
           margin + padding * 2 + letter * static_cast<double>(code_points(pipeline.name + pipeline.place) + 4)});
      y = lane_bottom + lane_gap;
    }
    const double width = right + padding + margin;
    const double height = y - lane_gap + margin;
    std::string out = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
        "height=\"{1:.0f}\" "
        "font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"12\">\n"
        "<title>pipelines</title>\n"
        "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" "
        "orient=\"auto-start-reverse\"><path d=\"M0 0 L8 4 L0 8 z\" fill=\"#4b5563\"/></marker></defs>\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
        width, height);
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      const GraphPipeline& pipeline = graph_.pipelines[i];
      out += fmt::format(
          "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"8\" fill=\"#fafafa\" "
          "stroke=\"#d1d5db\"/>\n"
          "<text x=\"{:.1f}\" y=\"{:.1f}\" font-weight=\"bold\">{}<tspan dx=\"12\" font-weight=\"normal\" "
          "fill=\"#6b7280\">"
          "{}</tspan></text>\n",
          lanes_[i].x, lanes_[i].y, right + padding - margin, lanes_[i].height, margin + padding, lanes_[i].y + 19,
          xml_escaped(pipeline.name), xml_escaped(pipeline.place));
    }
    for (const GraphEdge& edge : graph_.edges) {
      if (edge.kind != GraphEdge::Kind::lookup) out += line(edge);
    }
    for (const auto& [table, at] : lookups_) out += look_up(table, at);
    for (const Box& box : drawn_) out += shape(box);
    return out + "</svg>\n";
  }

 private:
  Box sized(std::size_t node, double x, double y) const {
    std::size_t longest = 8;
    for (const std::string& text : texts_[node]) longest = std::max(longest, code_points(text));
    return {x, y, static_cast<double>(longest) * letter + 2 * padding,
            static_cast<double>(texts_[node].size()) * line_height + padding + 4, node};
  }

  const Box& put(std::size_t node, double x, double y) {
    boxes_[node] = sized(node, x, y);
    drawn_.push_back(boxes_[node]);
    return boxes_[node];
  }

  // How far it reaches to the right and down.
  std::pair<double, double> chain(std::size_t index, double x, double y) {
    double right = x;
    double bottom = y;
    for (const GraphChain::Link& link : graph_.chains[index].links) {
      const Box box = put(link.node, x, y);
      bottom = std::max(bottom, box.y + box.height);
      double below = box.y + box.height + row_gap;
      for (const std::size_t table : link.tables) {
        const Box drawn = sized(table, x, below);  // under whoever looks it up, as often as that happens
        drawn_.push_back(drawn);
        lookups_.emplace_back(drawn, box);
        below = drawn.y + drawn.height + row_gap / 2;
        bottom = std::max(bottom, drawn.y + drawn.height);
        right = std::max(right, drawn.x + drawn.width);
      }
      x = box.x + box.width;
      right = std::max(right, x);
      double arm_y = y;
      double arm_right = x;
      for (const GraphChain::Arm& arm : link.arms) {
        const double label = std::min<double>(static_cast<double>(code_points(arm.label)), widest) * letter + 16;
        const auto [end, down] = chain(arm.chain, x + gap + label, arm_y);
        arm_right = std::max(arm_right, end);
        arm_y = std::max(down, arm_y + middle * 2) + row_gap;
        bottom = std::max(bottom, down);
      }
      x = std::max(right, arm_right) + gap;
      right = std::max(right, arm_right);
    }
    return {right, bottom};
  }

  const Box* box_of(const std::string& id) const {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (graph_.nodes[i].id == id) return &boxes_[i];
    }
    return nullptr;
  }

  // The lower edge of the lane that the box lies in.
  double lane_under(const Box& box) const {
    for (const Box& lane : lanes_) {
      if (box.y >= lane.y && box.y <= lane.y + lane.height) return lane.y + lane.height;
    }
    return box.y + box.height;
  }

  std::string line(const GraphEdge& edge) const {
    const Box& from = *box_of(edge.from);
    const Box& to = *box_of(edge.to);
    if (edge.kind == GraphEdge::Kind::listens) {
      // Out below the lane, along the left edge, in at the listener's side: nothing stands there.
      const double x1 = from.x + from.width - 14;
      const double rail = margin / 2;
      const double below = lane_under(from) + lane_gap / 2;
      return fmt::format(
          "<path d=\"M{:.1f} {:.1f} V{:.1f} H{:.1f} V{:.1f} H{:.1f}\" fill=\"none\" stroke=\"#6366f1\" "
          "stroke-dasharray=\"5 4\" marker-end=\"url(#arrow)\"/>\n",
          x1, from.y + from.height, below, rail, to.y + middle, to.x);
    }
    const double x1 = from.x + from.width;
    const double y1 = from.y + middle;
    const double x2 = to.x;
    const double y2 = to.y + middle;
    // Straight from the turn on, so that a label has room.
    const double turn = x1 + gap * 0.75;
    std::string out =
        y1 == y2 ? fmt::format(
                       "<path d=\"M{:.1f} {:.1f} H{:.1f}\" fill=\"none\" stroke=\"#4b5563\" "
                       "marker-end=\"url(#arrow)\"/>\n",
                       x1, y1, x2)
                 : fmt::format(
                       "<path d=\"M{0:.1f} {1:.1f} C{2:.1f} {1:.1f} {3:.1f} {4:.1f} {5:.1f} {4:.1f} H{6:.1f}\" "
                       "fill=\"none\" stroke=\"#4b5563\" marker-end=\"url(#arrow)\"/>\n",
                       x1, y1, x1 + gap * 0.4, turn - gap * 0.4, y2, turn, x2);
    if (!edge.label.empty()) {
      const std::vector<std::string> parts = wrapped(edge.label);
      const std::string text = parts.front() + (parts.size() > 1 ? " …" : "");
      out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"#92400e\">{}</text>\n", turn + 4, y2 - 5,
                         xml_escaped(text));
    }
    return out;
  }

  static std::string look_up(const Box& table, const Box& at) {
    return fmt::format("<path d=\"M{:.1f} {:.1f} V{:.1f}\" stroke=\"#a21caf\" stroke-dasharray=\"2 3\"/>\n", at.x + 24,
                       at.y + at.height, table.y);
  }

  std::string shape(const Box& box) const {
    const Kind kind = graph_.nodes[box.node].kind;
    const bool round = kind == Kind::source || kind == Kind::upstream;
    std::string out = fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"{}\" fill=\"{}\" "
        "stroke=\"#6b7280\"{}/>\n",
        box.x, box.y, box.width, box.height, round ? 14 : 4, fill_of(kind),
        kind == Kind::log || kind == Kind::value ? " stroke-dasharray=\"3 3\"" : "");
    double y = box.y + 17;
    for (std::size_t i = 0; i < texts_[box.node].size(); ++i, y += line_height) {
      out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\"{} xml:space=\"preserve\">{}</text>\n", box.x + padding, y,
                         i < titles_[box.node] ? " font-weight=\"bold\"" : " fill=\"#374151\"",
                         xml_escaped(texts_[box.node][i]));
    }
    return out;
  }

  const Graph& graph_;
  std::vector<std::vector<std::string>> texts_;
  std::vector<std::size_t> titles_;
  std::vector<Box> boxes_;
  std::vector<Box> drawn_;
  std::vector<std::pair<Box, Box>> lookups_;
  std::vector<Box> lanes_;
};

}  // namespace

std::string as_svg(const Graph& graph) { return Picture(graph).draw(); }

}  // namespace pipewright::dsl
