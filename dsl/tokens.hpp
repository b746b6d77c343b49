// A text cut into words and signs, whatever is wrong with it: for colours, and for what is completed while it is typed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dsl/source.hpp"

namespace pipewright::dsl {

struct Token {
  enum class Kind { word, number, text, sign, comment } kind;  ///< of a text with holes: each run, and what is in them
  Span span;
};

std::vector<Token> tokens(std::string_view text);

/// Where the statement that `at` lies in begins and ends, by the words at the start of unindented lines.
Span statement_around(std::string_view text, std::size_t at);

/// Whether `at` lies inside of a text (not in a hole of one), or of a comment.
enum class Inside { code, text, comment };
Inside inside_of(std::string_view text, std::size_t at);

/// What has to be put where, so that everything that is open at `at` is closed within its statement.
struct Closing {
  std::size_t at = 0;
  std::string signs;
};
Closing closing(std::string_view text, std::size_t at);

}  // namespace pipewright::dsl
