#include <fmt/format.h>

#include <vector>

#include "base/text.hpp"
#include "dsl/syntax_tokens.hpp"

namespace pipewright::dsl {
namespace {

struct Foreign {
  std::string_view sign;
  std::string_view message;
  std::string_view help;
  std::string_view replacement;
};

// Signs of other languages and the keyboard's lookalikes.
constexpr Foreign foreign_signs[] = {
    {"&&", "`&&` is written `and` here", "write `and`", "and"},
    {"||", "`||` is written `or` here", "write `or`", "or"},
    {"//", "`//` does not begin a comment", "comments begin with `#`", "#"},
    {"/*", "`/*` does not begin a comment", "comments begin with `#`, each line its own", "#"},
    {"$", "`$` is no part of a name", "leave it out", ""},
    {"=>", "`=>` is no arrow", "write `->`", "->"},
    {"→", "`→` is no arrow of the language", "write `->`", "->"},
    {";", "`;` ends nothing here", "leave it out: a line end or a comma separates", ""},
    {"'", "texts stand in double quotes", "write \"…\" instead of '…'", "\""},
    {"“", "a typographic quote", "write a plain \"", "\""},
    {"”", "a typographic quote", "write a plain \"", "\""},
    {"„", "a typographic quote", "write a plain \"", "\""},
    {"«", "a quote that begins no text", "texts stand in plain double quotes: \"«…»\"", "\""},
    {"»", "a quote that ends no text", "texts stand in plain double quotes: \"«…»\"", "\""},
    {"‘", "a typographic quote", "write a plain \"", "\""},
    {"’", "a typographic quote", "write a plain \"", "\""},
    {"\xC2\xA0", "a non-breaking space", "write a plain space", " "},
    {"–", "a dash that is no minus", "write `-`", "-"},
    {"—", "a dash that is no minus", "write `-`", "-"},
    {"…", "an ellipsis", "write the values out", ""},
    {"≥", "`≥` is written `>=` here", "write `>=`", ">="},
    {"≤", "`≤` is written `<=` here", "write `<=`", "<="},
    {"≠", "`≠` is written `!=` here", "write `!=`", "!="},
    {"×", "`×` is written `*` here", "write `*`", "*"},
    {"÷", "`÷` is written `/` here", "write `/`", "/"},
    {"−", "a dash that is no minus", "write `-`", "-"},
    {"\xE2\x80\x8B", "an invisible character (U+200B)", "leave it out", ""},
    {"\xE2\x80\x8C", "an invisible character (U+200C)", "leave it out", ""},
    {"\xE2\x80\x8D", "an invisible character (U+200D)", "leave it out", ""},
    {"\xE2\x81\xA0", "an invisible character (U+2060)", "leave it out", ""},
    {"\xEF\xBB\xBF", "an invisible character (U+FEFF)", "leave it out", ""},
    {"\xC2\xAD", "an invisible character (U+00AD)", "leave it out", ""},
    {"\xE2\x80\xAF", "a narrow non-breaking space", "write a plain space", " "},
    {"\xE2\x80\x89", "a thin space", "write a plain space", " "},
    {"\xE3\x80\x80", "an ideographic space", "write a plain space", " "},
};

struct ForeignWord {
  std::string_view word;
  std::string_view message;
  std::string_view help;
};
constexpr ForeignWord foreign_words[] = {
    {"AND", "`AND` is written in small letters", "write `and`"},
    {"OR", "`OR` is written in small letters", "write `or`"},
    {"NOT", "`NOT` is written in small letters", "write `not`"},
    {"IN", "`IN` is written in small letters", "write `in`"},
    {"is", "`is` is no comparison", "write `== null` or `!= null`"},
    {"elseif", "`elseif` is written `else when` here", "write `else when`"},
    {"elif", "`elif` is written `else when` here", "write `else when`"},
    {"elsif", "`elsif` is written `else when` here", "write `else when`"},
};

// A text in quotes of another kind, whole where its end is on the line.
std::optional<Diagnostic> foreign_quotes(std::string_view text, std::size_t at, SourceId id) {
  struct Quote {
    std::string_view open;
    std::string_view close;
    const char* message;
  };
  static constexpr Quote quotes[] = {
      {"'", "'", "texts stand in double quotes"}, {"`", "`", "texts stand in double quotes"},
      {"“", "”", "typographic quotes"},           {"”", "”", "typographic quotes"},
      {"„", "“", "typographic quotes"},           {"‘", "’", "typographic quotes"},
      {"«", "»", "these quotes begin no text"}};
  const std::string_view line = text.substr(at, std::min(text.find('\n', at), text.size()) - at);
  for (const Quote& quote : quotes) {
    if (!line.starts_with(quote.open)) continue;
    const std::size_t end = line.find(quote.close, quote.open.size());
    const std::string_view inner =
        line.substr(quote.open.size(), end == std::string_view::npos ? 0 : end - quote.open.size());
    if (end == std::string_view::npos || inner.find('"') != std::string_view::npos) return std::nullopt;
    const std::string mended = "\"" + std::string(inner) + "\"";
    return at_token(codes::foreign_word, id,
                    {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + end + quote.close.size())},
                    quote.message, "write " + mended, mended);
  }
  return std::nullopt;
}

// `is null`, `is not null`.
std::optional<Diagnostic> is_null(std::string_view text, std::size_t at, SourceId id) {
  for (const auto& [written, mended] :
       {std::pair<std::string_view, const char*>{"is not null", "!= null"}, {"is null", "== null"}}) {
    std::string found(text.substr(at, written.size()));
    for (char& c : found) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (found != written) continue;
    return at_token(codes::foreign_word, id,
                    {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + written.size())},
                    "`is` is no comparison", fmt::format("write `{}`", mended), mended);
  }
  for (const auto& [written, mended] : {std::pair<std::string_view, const char*>{"is not ", "!= "}, {"is ", "== "}}) {
    if (!text.substr(at).starts_with(written)) continue;
    return at_token(codes::foreign_word, id,
                    {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + written.size())},
                    "`is` is no comparison", fmt::format("write `{}`", trimmed(mended)), mended);
  }
  return std::nullopt;
}

// Whether the quotes of the line are pairs once each is a plain one: else a fix would open a text that nothing closes.
bool quotes_pair(std::string_view text, std::size_t at) {
  const std::size_t begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
  const std::string_view line = text.substr(begin, std::min(text.find('\n', at), text.size()) - begin);
  std::size_t count = 0;
  for (std::size_t i = 0; i < line.size();) {
    const auto* sign = std::find_if(std::begin(foreign_signs), std::end(foreign_signs), [&](const Foreign& each) {
      return each.replacement == "\"" && line.substr(i).starts_with(each.sign);
    });
    const bool found = sign != std::end(foreign_signs);
    if (found || (line[i] == '"' && (i == 0 || line[i - 1] != '\\'))) ++count;
    i += found ? sign->sign.size() : 1;
  }
  return count % 2 == 0;
}

}  // namespace

std::optional<Diagnostic> foreign(std::string_view text, std::size_t at, SourceId id) {
  if (auto quotes = foreign_quotes(text, at, id)) return quotes;
  if (auto is = is_null(text, at, id)) return is;
  const std::string_view rest = text.substr(at);
  for (const Foreign& each : foreign_signs) {
    if (!rest.starts_with(each.sign)) continue;
    const Span span{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + each.sign.size())};
    const bool mendable = each.replacement != "\"" || quotes_pair(text, at);
    return at_token(codes::foreign_word, id, span, std::string(each.message), std::string(each.help),
                    mendable ? std::optional(std::string(each.replacement)) : std::nullopt);
  }
  const Span token = token_at(text, at);
  const std::string word(text.substr(token.begin, token.end - token.begin));
  for (const ForeignWord& each : foreign_words) {
    if (word != each.word) continue;
    std::optional<std::string> replacement;
    if (each.help.starts_with("write `") && word != "is")
      replacement = std::string(each.help.substr(7, each.help.size() - 8));
    return at_token(codes::foreign_word, id, token, std::string(each.message), std::string(each.help), replacement);
  }
  return std::nullopt;
}

std::optional<Diagnostic> odd_letter(std::string_view text, std::size_t at, SourceId id) {
  std::size_t begin = at;
  while (begin > 0 && (word_char(text[begin - 1]) || static_cast<unsigned char>(text[begin - 1]) >= 0x80)) --begin;
  std::size_t end = at;
  while (end < text.size() && (word_char(text[end]) || static_cast<unsigned char>(text[end]) >= 0x80)) ++end;
  std::size_t odd = begin;
  while (odd < end && static_cast<unsigned char>(text[odd]) < 0x80) ++odd;
  if (odd == end) return std::nullopt;
  static const std::vector<std::pair<std::string_view, std::string_view>> lookalikes = {
      {"а", "a"}, {"с", "c"}, {"е", "e"}, {"о", "o"}, {"р", "p"}, {"х", "x"}, {"у", "y"}, {"к", "k"},
      {"м", "m"}, {"т", "t"}, {"в", "b"}, {"і", "i"}, {"А", "A"}, {"В", "B"}, {"С", "C"}, {"Е", "E"},
      {"Н", "H"}, {"К", "K"}, {"М", "M"}, {"О", "O"}, {"Р", "P"}, {"Т", "T"}, {"Х", "X"}};
  const std::string word(text.substr(begin, end - begin));
  const std::string letter(text.substr(odd, utf8_length(static_cast<unsigned char>(text[odd]))));
  std::string mended;
  bool all = true;
  for (std::size_t i = 0; i < word.size();) {
    const std::size_t length = utf8_length(static_cast<unsigned char>(word[i]));
    const std::string piece = word.substr(i, length);
    const auto found =
        std::find_if(lookalikes.begin(), lookalikes.end(), [&](const auto& pair) { return pair.first == piece; });
    if (length > 1 && found == lookalikes.end()) all = false;
    mended += length > 1 && found != lookalikes.end() ? std::string(found->second) : piece;
    i += length;
  }
  const Span span{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  if (all) {
    return at_token(codes::bad_character, id, span,
                    fmt::format("`{}` has a letter «{}» that is not Latin", word, letter),
                    fmt::format("write `{}` in Latin letters", mended), mended);
  }
  return at_token(codes::bad_character, id, span,
                  fmt::format("`{}` is no name: names are Latin letters, digits and `_`", word),
                  std::string("texts stand in double quotes"));
}

}  // namespace pipewright::dsl
