// The functions of the language, as people see them: for the checker, `grammar.md` and the editor.
#pragma once

#include <span>
#include <string_view>

namespace pipewright::dsl {

struct FunctionSpec {
  std::string_view name;
  std::string_view signature;
  std::size_t least;  ///< arguments
  std::size_t most;
  std::string_view doc;
};

std::span<const FunctionSpec> functions();
const FunctionSpec* function_named(std::string_view name);

}  // namespace pipewright::dsl
