// What a diagnostic's help says, done: the texts of a program with every mechanical mend applied.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "dsl/check.hpp"

namespace pipewright::dsl {

/// One mend that was made.
struct Fix {
  std::string file;
  std::size_t line;
  std::string message;  ///< of the diagnostic
  std::string before;   ///< what stood there; empty: something was added
  std::string after;    ///< what stands there now; empty: it was taken out
};

struct Fixed {
  std::vector<Fix> fixes;
  std::map<std::string, std::string> texts;  ///< of the files that changed, by their path
  Checked checked;                           ///< the program as it is now
};

/// Applies the edits of the diagnostics to the files of `input`, again and again until none is left: a fix may bring
/// another error to light, and one that brings back its own message for ever is undone. Imported files that `input`
/// does not name stay as they are.
Fixed fix(ProgramInput input, const Catalog& catalog);

}  // namespace pipewright::dsl
