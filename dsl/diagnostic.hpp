// The integrator's mistakes, as data. Rendering is elsewhere (render.hpp).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dsl/source.hpp"

namespace pipewright::dsl {

enum class Severity { error, warning };

/// One kind of diagnostic; the one list of them is codes.hpp.
struct Code {
  int number;
  Severity severity;
  const char* title;  ///< one line, for the list of codes

  [[nodiscard]] std::string text() const;  ///< `P0203`
};

struct Label {
  SourceId source = 0;
  Span span;
  std::string text;
};

/// A mend that can be applied: replace `span` by `text`.
struct Edit {
  Span span;
  std::string text;
};

struct Diagnostic {
  const Code* code = nullptr;
  SourceId source = 0;
  Span span;
  std::string message;             ///< what was found, lower case, code in backticks, no full stop
  std::string note;                ///< beside the underline, may be empty
  std::vector<Label> labels = {};  ///< other places that are to blame
  std::optional<std::string> help = std::nullopt;
  std::optional<Edit> edit = std::nullopt;  ///< what `help` says, when it is mechanical
  std::vector<std::string> remarks = {};    ///< lines that begin with `=`
};

using Diagnostics = std::vector<Diagnostic>;

bool has_errors(const Diagnostics& diagnostics);

}  // namespace pipewright::dsl
