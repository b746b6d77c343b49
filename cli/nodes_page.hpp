// The standard library as one page of Markdown: docs/nodes.md, and `pipewright nodes --format md`.
#pragma once

#include <string>

#include "dsl/catalog.hpp"

namespace pipewright::cli {

/// Of every node, record, enumeration, mapping and table; or of the node `only` alone.
std::string nodes_page(const dsl::Catalog& catalog, const std::string& only = {});

}  // namespace pipewright::cli
