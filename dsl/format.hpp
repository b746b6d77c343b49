// The tree as written → the one form in which a file is written. grammar.md, "Form", says what it is.
#pragma once

#include <string>

#include "dsl/ast.hpp"
#include "dsl/source.hpp"

namespace pipewright::dsl {

/// `file` is what `source` parses to, without diagnostics. What differs only in white space, or in whether a comma or a
/// line end separates, gives the same text; the text parses to the same tree, with the same comments.
std::string format(const ast::File& file, const Source& source);

}  // namespace pipewright::dsl
