// Files that commands rewrite: whole or not at all.
#pragma once

#include <optional>
#include <string>

namespace pipewright::cli {

/// Puts `text` in the place of the file, which keeps its mode; a reader sees the old text or the new one. Behind a
/// symbolic link the file itself is replaced. Returns why it could not be done; the file is then as it was.
std::optional<std::string> replace_file(const std::string& path, const std::string& text);

}  // namespace pipewright::cli
