// The generator's tree as the text of a `.pipe` file, in one of many layouts.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tree.hpp"

namespace pipewright::soundness {

/// `&&` for `and`, `None` for `null` …: what `--fix` puts right.
enum class Words { own, of_other_languages };

/// Path and text of each file, the first one importing the others. In what order the statements stand, where lines end,
/// what is in brackets that needs none and where comments stand follow from `layout`; 0 is plain.
std::vector<std::pair<std::string, std::string>> texts_of(const Program& program, std::uint64_t layout,
                                                          Words words = Words::own);
std::string text_of(const Node& node);

}  // namespace pipewright::soundness
