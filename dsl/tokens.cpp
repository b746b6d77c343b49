#include "dsl/tokens.hpp"

#include <algorithm>

#include "dsl/parser.hpp"
#include "dsl/syntax_tokens.hpp"

namespace pipewright::dsl {
namespace {

bool letter(char c) { return word_char(c) || static_cast<unsigned char>(c) >= 0x80; }
bool digit(char c) { return c >= '0' && c <= '9'; }

// Of a number, duration, date or time.
std::size_t number_end(std::string_view text, std::size_t at) {
  std::size_t end = at;
  const auto digits = [&] {
    while (end < text.size() && digit(text[end])) ++end;
  };
  const auto next = [&](char c) { return end + 1 < text.size() && text[end] == c && digit(text[end + 1]); };
  digits();
  const bool date = end - at == 4 && next('-');
  while (date && next('-')) {
    ++end;
    digits();
  }
  if (!date && next('.')) {
    ++end;
    digits();
  }
  while (end < text.size() && word_char(text[end])) ++end;
  while (date && (next(':') || next('+') || next('-') || next('.'))) {
    ++end;
    while (end < text.size() && word_char(text[end])) ++end;
  }
  return end;
}

constexpr char hole = 'h';

char closer(char open) {
  switch (open) {
    case '[':
      return ']';
    case '(':
      return ')';
    case '"':
      return '"';
    default:
      return '}';
  }
}

struct Open {
  char sign;
  std::size_t at;
};

// What is open while one goes through a text: brackets, texts and their holes.
class Nesting {
 public:
  std::vector<Open> open;
  std::vector<std::size_t> unclosed;  ///< where those began that ended without their own sign
  bool comment = false;

  /// Takes the sign at `at` in; gives the place behind it.
  std::size_t step(std::string_view text, std::size_t at) {
    const char c = text[at];
    if (c == '\n') {
      comment = false;
      const auto in_text = [](const Open& each) { return each.sign == '"'; };
      leave(static_cast<std::size_t>(std::find_if(open.begin(), open.end(), in_text) - open.begin()));
      return at + 1;
    }
    if (comment) return at + 1;
    if (!open.empty() && open.back().sign == '"') {
      if (c == '\\') return std::min(at + (at + 1 < text.size() && text[at + 1] == '\n' ? 1 : 2), text.size());
      if (c == '"') open.pop_back();
      if (c == '{') open.push_back({hole, at});
      return at + 1;
    }
    if (c == '#') comment = true;
    if (c == '"' || c == '{' || c == '[' || c == '(') open.push_back({c, at});
    if (c == '}' || c == ']' || c == ')') {
      const auto matches = [&](const Open& each) { return each.sign != '"' && closer(each.sign) == c; };
      const auto found = std::find_if(open.rbegin(), open.rend(), matches);
      if (found != open.rend()) {
        leave(static_cast<std::size_t>(found.base() - open.begin()));
        open.pop_back();
      }
    }
    return at + 1;
  }

  void leave(std::size_t size) {
    for (; open.size() > size; open.pop_back()) unclosed.push_back(open.back().at);
  }
};

}  // namespace

std::vector<Token> tokens(std::string_view text) {
  std::vector<Token> result;
  Nesting nesting;
  std::size_t at = 0;
  const auto put = [&](Token::Kind kind, std::size_t end) {
    result.push_back({kind, {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)}});
    at = end;
  };
  while (at < text.size()) {
    const char c = text[at];
    const bool in_text = !nesting.open.empty() && nesting.open.back().sign == '"';
    if (in_text || c == '"') {
      // Up to the hole, the end of the text or of the line.
      std::size_t end = in_text ? at : nesting.step(text, at);
      const std::size_t depth = nesting.open.size();
      while (end < text.size() && text[end] != '\n' && nesting.open.size() == depth) {
        if (text[end] == '{') break;
        end = nesting.step(text, end);
      }
      if (end > at) put(Token::Kind::text, end);
      if (at < text.size() && text[at] == '{' && nesting.open.size() == depth)
        put(Token::Kind::sign, nesting.step(text, at));
      if (at < text.size() && text[at] == '\n') at = nesting.step(text, at);
      continue;
    }
    if (c == '#') {
      put(Token::Kind::comment, std::min(text.find_first_of("\r\n", at), text.size()));
    } else if (digit(c)) {
      put(Token::Kind::number, number_end(text, at));
    } else if (letter(c)) {
      std::size_t end = at;
      while (end < text.size() && letter(text[end])) ++end;
      put(Token::Kind::word, end);
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      at = nesting.step(text, at);
    } else {
      const Span sign = token_at(text, at);
      nesting.step(text, at);
      put(Token::Kind::sign, sign.end);
    }
  }
  return result;
}

Span statement_around(std::string_view text, std::size_t at) {
  at = std::min(at, text.size());
  std::size_t begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
  while (begin > 0 && !statement_begins(text, begin)) begin = begin < 2 ? 0 : text.rfind('\n', begin - 2) + 1;
  std::size_t end = at;
  while (end < text.size()) {
    end = std::min(text.find('\n', end), text.size() - 1) + 1;
    if (end < text.size() && statement_begins(text, end)) break;
  }
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
}

Inside inside_of(std::string_view text, std::size_t at) {
  const Span statement = statement_around(text, at);
  Nesting nesting;
  for (std::size_t i = statement.begin; i < at && i < text.size();) i = nesting.step(text, i);
  if (nesting.comment) return Inside::comment;
  return !nesting.open.empty() && nesting.open.back().sign == '"' ? Inside::text : Inside::code;
}

Closing closing(std::string_view text, std::size_t at) {
  const Span statement = statement_around(text, at);
  Nesting nesting;
  std::size_t i = statement.begin;
  while (i < at) i = nesting.step(text, i);
  const std::vector<Open> open = nesting.open;
  std::size_t word_end = at;
  while (word_end < text.size() && letter(text[word_end])) ++word_end;
  std::size_t line_end = std::string_view::npos;
  while (i < statement.end) {
    if (text[i] == '\n' || nesting.comment) line_end = std::min(line_end, i);
    i = nesting.step(text, i);
    if (nesting.comment) line_end = std::min(line_end, i - 1);
  }
  line_end = std::min<std::size_t>(line_end, statement.end);
  nesting.leave(0);
  const auto missing = [&](const Open& each) {
    return std::find(nesting.unclosed.begin(), nesting.unclosed.end(), each.at) != nesting.unclosed.end();
  };
  Closing result{word_end, {}};
  const auto count = static_cast<std::size_t>(std::count_if(open.begin(), open.end(), missing));
  // Right behind the word, when it is the innermost ones that are missing or one is as good as another.
  const auto innermost = open.end() - static_cast<std::ptrdiff_t>(count);
  const bool alike = std::all_of(innermost, open.end(), [&](const Open& each) { return missing(each); }) ||
                     std::all_of(open.begin(), open.end(), [](const Open& each) { return each.sign == '{'; });
  if (!alike) result.at = std::max(word_end, line_end);
  std::size_t left = count;
  for (auto each = open.rbegin(); each != open.rend() && left > 0; ++each) {
    if (!alike && !missing(*each)) continue;
    result.signs += closer(each->sign);
    --left;
  }
  return result;
}

}  // namespace pipewright::dsl
