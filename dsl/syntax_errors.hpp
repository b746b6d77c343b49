// What a syntax error says: not the grammar's rule but the mistake that people make there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "dsl/diagnostic.hpp"
#include "dsl/source.hpp"

namespace pipewright::dsl {

/// Raised inside the parser only.
struct SyntaxError {
  std::uint32_t offset;
  const char* expected;  ///< "`}` at the end of the record"
  bool too_deep;
};

Diagnostic explained(const SyntaxError& error, const Source& source, SourceId id);

/// A file that is not UTF-8 is told at its first bad byte, and not parsed.
std::optional<Diagnostic> encoding_mistake(const Source& source, SourceId id);

}  // namespace pipewright::dsl
