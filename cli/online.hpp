// `validate --online`: the accounts that the program names are asked, by reading alone, and what they say becomes
// diagnostics at the places where the program uses them.
#pragma once

#include <string>
#include <vector>

#include "cli/project.hpp"

namespace pipewright::cli {

/// For a program without errors; adds to `project.checked.diagnostics`. `facts` gets a line for each account that was
/// asked. Returns the exit status when it cannot go on: a secret is missing, or it was told to stop.
std::optional<int> ask_accounts(const Options& options, Project& project, std::vector<std::string>& facts);

}  // namespace pipewright::cli
