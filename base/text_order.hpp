// The order of texts in the language: `<`, `sort`, `min`, `max`.
#pragma once

#include <string_view>

namespace pipewright {

/// Less than, equal to or greater than 0: by code points, but for Ё and ё, which stand behind Е and е.
int compare_texts(std::string_view a, std::string_view b);

}  // namespace pipewright
