// Diagnostics for people and for programs. The one place where they become text.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dsl/diagnostic.hpp"

namespace pipewright::dsl {

using Sources = std::vector<std::shared_ptr<const Source>>;

/// The drawing of screens.md, all diagnostics one below the other; `color` adds terminal colours. A source line that is
/// longer than `width` columns is cut around what is underlined; 0: it never is.
std::string render_text(const Diagnostics& diagnostics, const Sources& sources, bool color, std::size_t width = 0);

/// `{"diagnostics":[{"code","severity","message","file","line","column","end_line","end_column","help"}],"files":N,"pipelines":N}`
std::string render_json(const Diagnostics& diagnostics, const Sources& sources, std::size_t files,
                        std::size_t pipelines);

/// SARIF 2.1.0: one run, the rules that were broken with their pages, columns in UTF-16 units, the edits as fixes.
/// `page` is the text of `pipewright explain`.
std::string render_sarif(const Diagnostics& diagnostics, const Sources& sources, const std::string& version,
                         const std::function<std::string(const Code&)>& page);

/// Commands of a GitHub workflow, one line each: `::error file=…,line=…,col=…,endLine=…,endColumn=…,title=P0203::…`
std::string render_github(const Diagnostics& diagnostics, const Sources& sources);

/// "1 error, 1 warning in 2 files"
std::string count_text(const Diagnostics& diagnostics, std::size_t files);

}  // namespace pipewright::dsl
