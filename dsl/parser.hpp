// Source text → the tree as written. Never fails: what does not parse is told, left out or marked Bad, and the rest
// goes on.
#pragma once

#include <set>
#include <string>

#include "dsl/ast.hpp"
#include "dsl/diagnostic.hpp"
#include "dsl/source.hpp"

namespace pipewright::dsl {

struct Parsed {
  ast::File file;
  Diagnostics diagnostics;
  /// Words of the statements that did not parse: what refers to them is not reported a second time.
  std::set<std::string> lost_words;
};

/// `id` is put into the diagnostics. Independent mistakes are all reported, one message each, 100 at most.
Parsed parse(const Source& source, SourceId id = 0);

/// Whether an unindented line that begins a statement begins at `at`.
bool statement_begins(std::string_view text, std::size_t at);

/// Whether `text` can be a name (an identifier that is not reserved).
bool is_name(const std::string& text);

}  // namespace pipewright::dsl
