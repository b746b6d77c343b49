// The flat list of nodes that the grammar leaves → the tree of ast.hpp. Private to the parser.
#pragma once

#include <vector>

#include "dsl/ast.hpp"
#include "dsl/diagnostic.hpp"
#include "dsl/grammar_kinds.hpp"
#include "dsl/source.hpp"

namespace pipewright::dsl {

/// Postordered: the descendants of node i are the nodes from `first` to i - 1.
struct FlatNode {
  grammar::Kind kind;
  Span span;
  std::size_t first;
};

ast::File build_tree(const Source& source, SourceId id, const std::vector<FlatNode>& nodes, Diagnostics& diagnostics);

}  // namespace pipewright::dsl
