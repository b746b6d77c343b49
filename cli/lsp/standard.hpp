// The standard library's declarations as files that any editor can open: written below the user's cache, read-only.
#pragma once

#include <optional>
#include <string>

namespace pipewright::cli::lsp {

/// Where `stdlib/wb/nodes.pipe` can be read; written when it is not there yet. Nothing when it cannot be written.
std::optional<std::string> standard_file(const std::string& name, const std::string& text);

/// Whether a path is one of these: nothing in them is a mistake.
bool is_standard(const std::string& path);

}  // namespace pipewright::cli::lsp
