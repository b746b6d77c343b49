#include "tests/support/reference.hpp"

#include <cstdlib>

namespace pipewright::tests {

std::filesystem::path reference_folder() {
  if (const char* given = std::getenv("PIPEWRIGHT_REFERENCE"); given != nullptr && *given != '\0') return given;
  return std::filesystem::path(PIPEWRIGHT_SOURCE_DIR) / ".." / "shared" / "reference";
}

}  // namespace pipewright::tests
