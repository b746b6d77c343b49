// A graph for the tools that lay it out themselves.
#include <fmt/format.h>

#include "base/text.hpp"
#include "dsl/graph.hpp"

namespace pipewright::dsl {
namespace {

using Kind = GraphNode::Kind;

std::string shortened(const std::string& text, std::size_t most) {
  if (code_points(text) <= most) return text;
  std::size_t end = 0;
  for (std::size_t points = 0; end < text.size() && points < most - 1; ++points) {
    do ++end;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80);
  }
  return text.substr(0, end) + "…";
}

std::string dot_quoted(const std::string& text) {
  std::string made;
  for (const char c : text) {
    if (c == '"' || c == '\\') made.push_back('\\');
    if (c == '\n')
      made += "\\n";
    else
      made.push_back(c);
  }
  return made;
}

// Mermaid reads its labels as HTML with entities of its own.
std::string mermaid_text(const std::string& text) {
  std::string made;
  for (const char c : text) {
    switch (c) {
      case '"':
        made += "#quot;";
        break;
      case '<':
        made += "#lt;";
        break;
      case '>':
        made += "#gt;";
        break;
      case '&':
        made += "#amp;";
        break;
      case '#':
        made += "#35;";
        break;
      case '`':
        made += "#96;";
        break;
      case '\n':
        made += "<br>";
        break;
      default:
        made.push_back(c);
    }
  }
  return made;
}

struct DotLook {
  const char* shape;
  const char* fill;
};

DotLook dot_look(Kind kind) {
  switch (kind) {
    case Kind::source:
      return {"cds", "#dbeafe"};
    case Kind::upstream:
      return {"cds", "#e0e7ff"};
    case Kind::filter:
      return {"hexagon", "#fef3c7"};
    case Kind::value:
      return {"plaintext", "#ffffff"};
    case Kind::branch:
      return {"diamond", "#fef3c7"};
    case Kind::each:
      return {"box3d", "#f3f4f6"};
    case Kind::find:
      return {"box", "#f3f4f6"};
    case Kind::write:
      return {"box", "#dcfce7"};
    case Kind::log:
      return {"note", "#f9fafb"};
    case Kind::table:
      return {"folder", "#fae8ff"};
  }
  return {"box", "#ffffff"};
}

std::string ends_of(Kind kind, bool open) {
  switch (kind) {
    case Kind::source:
    case Kind::upstream:
      return open ? "([" : "])";
    case Kind::filter:
      return open ? "{{" : "}}";
    case Kind::branch:
      return open ? "{" : "}";
    case Kind::each:
      return open ? "[[" : "]]";
    case Kind::table:
      return open ? "[(" : ")]";
    default:
      return open ? "[" : "]";
  }
}

// The nodes of a pipeline, tables aside: they may serve several.
void nodes_of(const Graph& graph, std::size_t chain, std::vector<std::size_t>& into) {
  for (const GraphChain::Link& link : graph.chains[chain].links) {
    into.push_back(link.node);
    for (const GraphChain::Arm& arm : link.arms) nodes_of(graph, arm.chain, into);
  }
}

constexpr std::size_t widest = 60;

}  // namespace

std::string as_dot(const Graph& graph) {
  std::string out =
      "digraph pipewright {\n"
      "  rankdir=LR;\n"
      "  node [fontname=\"sans-serif\", fontsize=11, style=filled];\n"
      "  edge [fontname=\"sans-serif\", fontsize=10];\n";
  const auto node = [&](const GraphNode& each, const char* indent) {
    const DotLook look = dot_look(each.kind);
    std::string label = dot_quoted(shortened(each.title, widest));
    for (const std::string& line : each.lines) label += "\\n" + dot_quoted(shortened(line, widest));
    out += fmt::format("{}{} [shape={}, fillcolor=\"{}\", label=\"{}\"];\n", indent, each.id, look.shape, look.fill,
                       label);
  };
  for (std::size_t i = 0; i < graph.pipelines.size(); ++i) {
    const GraphPipeline& pipeline = graph.pipelines[i];
    out += fmt::format("  subgraph cluster_{} {{\n    label=\"{}\\n{}\";\n    color=\"#9ca3af\";\n", i + 1,
                       dot_quoted(pipeline.name), dot_quoted(pipeline.place));
    std::vector<std::size_t> inside = pipeline.sources;
    nodes_of(graph, pipeline.chain, inside);
    for (const std::size_t each : inside) node(graph.nodes[each], "    ");
    out += "  }\n";
  }
  for (const GraphNode& each : graph.nodes) {
    if (each.kind == Kind::table) node(each, "  ");
  }
  for (const GraphEdge& edge : graph.edges) {
    std::string looks;
    if (!edge.label.empty()) looks = fmt::format("label=\"{}\"", dot_quoted(shortened(edge.label, widest)));
    if (edge.kind != GraphEdge::Kind::flow) {
      if (!looks.empty()) looks += ", ";
      looks += edge.kind == GraphEdge::Kind::lookup ? "style=dotted, arrowhead=none" : "style=dashed";
    }
    out += fmt::format("  {} -> {}{};\n", edge.from, edge.to, looks.empty() ? "" : " [" + looks + "]");
  }
  return out + "}\n";
}

std::string as_mermaid(const Graph& graph) {
  std::string out = "flowchart LR\n";
  const auto node = [&](const GraphNode& each, const char* indent) {
    std::string label = mermaid_text(shortened(each.title, widest));
    for (const std::string& line : each.lines) label += "<br>" + mermaid_text(shortened(line, widest));
    out += fmt::format("{}{}{}\"{}\"{}\n", indent, each.id, ends_of(each.kind, true), label, ends_of(each.kind, false));
  };
  for (std::size_t i = 0; i < graph.pipelines.size(); ++i) {
    const GraphPipeline& pipeline = graph.pipelines[i];
    out +=
        fmt::format("  subgraph p{}[\"{} ({})\"]\n", i + 1, mermaid_text(pipeline.name), mermaid_text(pipeline.place));
    std::vector<std::size_t> inside = pipeline.sources;
    nodes_of(graph, pipeline.chain, inside);
    for (const std::size_t each : inside) node(graph.nodes[each], "    ");
    out += "  end\n";
  }
  for (const GraphNode& each : graph.nodes) {
    if (each.kind == Kind::table) node(each, "  ");
  }
  for (const GraphEdge& edge : graph.edges) {
    const char* arrow = edge.kind == GraphEdge::Kind::flow      ? "-->"
                        : edge.kind == GraphEdge::Kind::listens ? "-.->"
                                                                : "-.-";
    const std::string label =
        edge.label.empty() ? "" : fmt::format("|\"{}\"|", mermaid_text(shortened(edge.label, widest)));
    out += fmt::format("  {} {}{} {}\n", edge.from, arrow, label, edge.to);
  }
  return out;
}

}  // namespace pipewright::dsl
