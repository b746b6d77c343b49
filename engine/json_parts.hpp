// Parts of a JSON text that is too long to stand in memory as a tree: found by walking over it, none of it parsed,
// copied or indexed. What a part holds is judged by parse_json, part by part.
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

namespace pipewright::engine {

/// The text of the value under these names, one inside the other; no names: the whole text without what stands around
/// it. Nothing: it is not there, or the text breaks off before it.
std::optional<std::string_view> value_text(std::string_view text, std::initializer_list<std::string_view> names);

/// The texts of a list's elements. Nothing: it is no list, or it breaks off before its end.
std::optional<std::vector<std::string_view>> list_texts(std::string_view list);

}  // namespace pipewright::engine
