// Programs that are well-typed by construction, out of grammar.md and the catalog's declarations.
#pragma once

#include <cstdint>

#include "dsl/catalog.hpp"
#include "tree.hpp"

namespace pipewright::soundness {

/// The same seed gives the same program.
Program generate(std::uint64_t seed, const dsl::Catalog& catalog);

}  // namespace pipewright::soundness
