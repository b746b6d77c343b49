// Where the references of the two APIs lie: what contract tests hold requests and answers against.
#pragma once

#include <filesystem>

namespace pipewright::tests {

/// $PIPEWRIGHT_REFERENCE, else ../shared/reference beside the project. It need not be there.
std::filesystem::path reference_folder();

}  // namespace pipewright::tests
