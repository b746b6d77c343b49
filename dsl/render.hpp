// Diagnostics for people and for programs. The one place where they become text.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dsl/diagnostic.hpp"

namespace pipewright::dsl {

using Sources = std::vector<std::shared_ptr<const Source>>;

/// The drawing of screens.md, all diagnostics one below the other; `color` adds terminal colours.
std::string render_text(const Diagnostics& diagnostics, const Sources& sources, bool color);

/// `{"diagnostics":[{"code","severity","message","file","line","column","end_line","end_column","help"}],"files":N,"pipelines":N}`
std::string render_json(const Diagnostics& diagnostics, const Sources& sources, std::size_t files,
                        std::size_t pipelines);

/// "1 error, 1 warning in 2 files"
std::string count_text(const Diagnostics& diagnostics, std::size_t files);

}  // namespace pipewright::dsl
