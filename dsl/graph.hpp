// Plan → a drawing: sources, filters, tables, branches, joins by naming, the writes. As dot, mermaid or svg.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "dsl/plan.hpp"

namespace pipewright::dsl {

struct GraphNode {
  enum class Kind { source, upstream, filter, value, branch, each, find, write, log, table };
  std::string id;  ///< letters, digits and `_`
  Kind kind = Kind::source;
  std::string title;
  std::vector<std::string> lines;  ///< what a reader wants to know besides
};

struct GraphEdge {
  enum class Kind { flow, listens, lookup };
  std::string from, to;
  std::string label;
  Kind kind = Kind::flow;
};

/// A chain as a tree: a node, what branches off it, and what follows when the branches have ended.
struct GraphChain {
  struct Arm {
    std::string label;
    std::size_t chain = 0;  ///< in Graph::chains
  };
  struct Link {
    std::size_t node = 0;  ///< in Graph::nodes
    std::vector<Arm> arms;
    std::vector<std::size_t> tables;  ///< nodes that it looks up in
  };
  std::vector<Link> links;
};

struct GraphPipeline {
  std::string name;
  std::string place;                  ///< `fbs.pipe:12`
  std::vector<std::size_t> sources;   ///< nodes
  std::vector<std::string> upstream;  ///< names
  std::size_t chain = 0;
};

struct Graph {
  std::vector<GraphNode> nodes;
  std::vector<GraphEdge> edges;
  std::vector<GraphChain> chains;
  std::vector<GraphPipeline> pipelines;
};

/// Of every pipeline, or of `only` and what it listens to.
Graph graph_of(const plan::Plan& plan, const std::string& only = {});

std::string as_dot(const Graph& graph);
std::string as_mermaid(const Graph& graph);
std::string as_svg(const Graph& graph);

}  // namespace pipewright::dsl
