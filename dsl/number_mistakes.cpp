// Numbers, durations and dates as people write them elsewhere.
#include <fmt/format.h>

#include <charconv>

#include "base/time.hpp"
#include "dsl/syntax_mistakes.hpp"

namespace pipewright::dsl {
namespace {

bool digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

// A unit as people write it; 0 for what is none.
char unit_of(const std::string& word) {
  struct Unit {
    char sign;
    std::vector<std::string_view> words;
  };
  static const std::vector<Unit> units = {
      {'s', {"s", "sec", "secs", "second", "seconds", "с", "сек", "секунд", "секунды", "секунда"}},
      {'m', {"m", "min", "mins", "minute", "minutes", "м", "мин", "минут", "минуты", "минута"}},
      {'h', {"h", "hr", "hrs", "hour", "hours", "ч", "час", "часа", "часов"}},
      {'d', {"d", "day", "days", "д", "дн", "день", "дня", "дней"}}};
  for (const Unit& unit : units) {
    if (std::find(unit.words.begin(), unit.words.end(), word) != unit.words.end()) return unit.sign;
  }
  return 0;
}

constexpr long seconds_of(char unit) { return unit == 'd' ? 86400 : unit == 'h' ? 3600 : unit == 'm' ? 60 : 1; }

std::string duration_text(long seconds) {
  for (const char unit : {'d', 'h', 'm'}) {
    if (seconds % seconds_of(unit) == 0) return fmt::format("{}{}", seconds / seconds_of(unit), unit);
  }
  return fmt::format("{}s", seconds);
}

// `1h30m`, `30sec`, `1.5h`, `30с`: as one whole number with one unit; nothing for what is no duration.
std::optional<std::string> one_unit(std::string_view word) {
  long seconds = 0;
  std::size_t at = 0;
  while (at < word.size()) {
    const std::size_t number = at;
    while (at < word.size() && digit(word[at])) ++at;
    long value = 0;
    if (at == number || at - number > 6) return std::nullopt;
    std::from_chars(word.data() + number, word.data() + at, value);
    long tenths = 0;
    if (at + 1 < word.size() && word[at] == '.' && digit(word[at + 1])) {
      tenths = word[at + 1] - '0';
      at += 2;
    }
    const std::size_t unit = at;
    while (at < word.size() && !digit(word[at])) ++at;
    const char sign = unit_of(std::string(word.substr(unit, at - unit)));
    if (sign == 0) return std::nullopt;
    const long whole = value * 10 + tenths;
    if (whole * seconds_of(sign) % 10 != 0) return std::nullopt;
    seconds += whole * seconds_of(sign) / 10;
  }
  return seconds > 0 ? std::optional(duration_text(seconds)) : std::nullopt;
}

constexpr const char* what_durations_are = "a duration is a whole number with one unit: `90m`, `30s`, `2h`, `7d`";

std::optional<Diagnostic> mended_duration(const Mistake& mistake, Span span) {
  const std::string written(mistake.text.substr(span.begin, span.end - span.begin));
  std::string together = written;
  std::erase(together, ' ');
  const auto mended = one_unit(together);
  if (!mended) return std::nullopt;
  return mistake.told(codes::bad_literal, span, fmt::format("`{}` is no duration", written),
                      fmt::format("a duration is a whole number with one unit: write `{}`", *mended),
                      Edit{span, *mended});
}

// Where a duration is expected: `30 seconds`, `1.5h`, `30`, `"30s"`, `minute`.
std::optional<Diagnostic> expected_duration(const Mistake& mistake) {
  const std::string_view before = mistake.before();
  const bool behind_every = mistake.step_ends() && before.ends_with("every ");
  if ((!mistake.expects("a duration") && !behind_every) || mistake.token.empty()) return std::nullopt;
  const std::string word = mistake.word();
  std::uint32_t end = mistake.token.end;
  const auto more = [&](const auto& part) {
    while (end < mistake.text.size() && part(mistake.text[end])) ++end;
  };
  const auto letter = [](char c) { return word_char(c) || static_cast<unsigned char>(c) >= 0x80; };
  if (digit(word[0])) {
    more([&](char c) { return letter(c) || c == '.'; });
    const std::uint32_t number = end;
    more([](char c) { return c == ' '; });
    more(letter);
    if (auto diagnostic = mended_duration(mistake, {mistake.token.begin, end})) return diagnostic;
    return mistake.told(codes::bad_literal, {mistake.token.begin, number},
                        fmt::format("`{}` is no duration: the unit is missing", word),
                        fmt::format("write `{0}s`, `{0}m`, `{0}h` or `{0}d`", word));
  }
  if (word[0] == '"' && word.size() > 2) {
    const std::string inner = word.substr(1, word.size() - 2);
    const auto mended = one_unit(inner);
    return mistake.told(codes::bad_literal, mistake.token, "a duration stands without quotes",
                        mended ? fmt::format("write `{}`", *mended) : std::string(what_durations_are),
                        mended ? std::optional(Edit{mistake.token, *mended}) : std::nullopt);
  }
  if (const char unit = unit_of(word)) {
    const std::string mended = fmt::format("1{}", unit);
    return mistake.told(codes::bad_literal, mistake.token, fmt::format("`{}` is no duration", word),
                        fmt::format("write `{}`", mended), Edit{mistake.token, mended});
  }
  return std::nullopt;
}

// `2490,50`: the comma separates, so what is found is the comma or the digits behind it.
std::optional<Diagnostic> decimal_comma(const Mistake& mistake) {
  const std::string_view text = mistake.text;
  const auto digit_at = [&](std::size_t at) { return at < text.size() && digit(text[at]); };
  std::size_t comma = mistake.token.begin;
  if (digit_at(comma) && comma > 0 && mistake.expects("a field")) --comma;
  if (comma == 0 || comma >= text.size() || text[comma] != ',' || !digit_at(comma - 1) || !digit_at(comma + 1))
    return std::nullopt;
  std::size_t begin = comma;
  while (begin > 0 && digit(text[begin - 1])) --begin;
  std::size_t end = comma + 1;
  while (digit_at(end)) ++end;
  const Span span{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  const std::string whole(text.substr(begin, comma - begin));
  const std::string rest(text.substr(comma + 1, end - comma - 1));
  if (rest.size() == 3) {  // thousands, or thousandths: nobody but the author knows
    return mistake.told(codes::bad_literal, span, "a number has a point and no commas",
                        fmt::format("write `{0}{1}` or `{0}.{1}`", whole, rest));
  }
  const std::string mended = whole + "." + rest;
  return mistake.told(codes::bad_literal, span, "a decimal number has a point", fmt::format("write `{}`", mended),
                      Edit{span, mended});
}

// `10 000`, `10_000`.
std::optional<Diagnostic> thousands(const Mistake& mistake) {
  std::string word = mistake.word();
  if (word.empty() || !digit(word[0])) return std::nullopt;
  Span span = mistake.token;
  const bool underscores = word.find('_') != std::string::npos;
  if (!underscores) {
    const std::string_view before = mistake.before();
    if (word.size() != 3 || before.size() < 2 || before.back() != ' ' || !digit(before[before.size() - 2]))
      return std::nullopt;
    if (mistake.expects("`,`") || !std::all_of(word.begin(), word.end(), digit)) return std::nullopt;
    while (span.begin > 0 && (digit(mistake.text[span.begin - 1]) || mistake.text[span.begin - 1] == ' ')) --span.begin;
    while (mistake.text[span.begin] == ' ') ++span.begin;
    word = std::string(mistake.text.substr(span.begin, span.end - span.begin));
  }
  std::string mended;
  for (const char c : word) {
    if (digit(c)) mended.push_back(c);
    if (!digit(c) && c != '_' && c != ' ') return std::nullopt;
  }
  return mistake.told(codes::bad_literal, span, "the digits of a number stand together",
                      fmt::format("write `{}`", mended), Edit{span, mended});
}

// `100₽`, `100руб`, `5%`
std::optional<Diagnostic> money_sign(const Mistake& mistake) {
  Span span = mistake.token;
  while (span.begin > 0 && !digit(mistake.text[span.begin]) && digit(mistake.text[span.begin - 1])) --span.begin;
  while (span.begin > 0 && digit(mistake.text[span.begin]) && digit(mistake.text[span.begin - 1])) --span.begin;
  const std::string word(mistake.text.substr(span.begin, span.end - span.begin));
  if (word.empty() || !digit(word[0])) return std::nullopt;
  std::size_t end = 0;
  while (end < word.size() && digit(word[end])) ++end;
  const std::string unit = word.substr(end);
  static const std::vector<std::string_view> signs = {"₽", "руб", "рублей", "р", "RUB", "rub", "€", "EUR", "USD"};
  if (std::find(signs.begin(), signs.end(), unit) == signs.end()) return std::nullopt;
  const std::string mended = word.substr(0, end);
  return mistake.told(codes::bad_literal, span, "amounts of money are written without a unit",
                      fmt::format("write `{}`", mended), Edit{span, mended});
}

// `23.11.2026`, `2026/11/23`
std::optional<Diagnostic> date_mistake(const Mistake& mistake) {
  if (mistake.token.empty()) return std::nullopt;
  Span span = mistake.token;
  const auto part = [&](std::size_t at) {
    return digit(mistake.text[at]) || std::string_view("./-").find(mistake.text[at]) != std::string_view::npos;
  };
  while (span.begin > 0 && part(span.begin - 1)) --span.begin;
  while (span.end < mistake.text.size() && part(span.end)) ++span.end;
  std::vector<std::string> parts(1);
  for (const char c : mistake.text.substr(span.begin, span.end - span.begin)) {
    if (digit(c))
      parts.back().push_back(c);
    else
      parts.emplace_back();
  }
  if (parts.size() != 3) return std::nullopt;
  if (parts[2].size() == 4) std::swap(parts[0], parts[2]);
  if (parts[0].size() != 4 || parts[1].empty() || parts[1].size() > 2 || parts[2].empty() || parts[2].size() > 2)
    return std::nullopt;
  const std::string mended = fmt::format("{}-{:0>2}-{:0>2}", parts[0], parts[1], parts[2]);
  if (!parse_date(mended)) return std::nullopt;
  if (mended == mistake.text.substr(span.begin, span.end - span.begin)) {  // it is right, and not what is wanted here
    const std::string time = mended + "T12:00:00";
    return mistake.told(codes::bad_literal, span, "a time is wanted here, this is a date",
                        fmt::format("write `{}`", time), Edit{span, time});
  }
  return mistake.told(codes::bad_literal, span, "a date is written year, month, day", fmt::format("write `{}`", mended),
                      Edit{span, mended});
}

}  // namespace

std::optional<Diagnostic> number_mistake(const Mistake& mistake) {
  if (auto diagnostic = date_mistake(mistake)) return diagnostic;
  if (auto diagnostic = expected_duration(mistake)) return diagnostic;
  if (auto diagnostic = money_sign(mistake)) return diagnostic;
  if (auto diagnostic = thousands(mistake)) return diagnostic;
  if (auto diagnostic = decimal_comma(mistake)) return diagnostic;
  const std::string word = mistake.word();
  if (word.empty() || !digit(word[0])) return std::nullopt;
  if (auto diagnostic = std::any_of(word.begin(), word.end(), [](char c) { return !digit(c); })
                            ? mended_duration(mistake, mistake.token)
                            : std::nullopt)
    return diagnostic;
  const bool letters = std::any_of(word.begin(), word.end(),
                                   [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; });
  if (!letters || std::any_of(word.begin(), word.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
    return std::nullopt;
  if (mistake.expected.ends_with("name"))
    return at_token(codes::bad_literal, mistake.id, mistake.token,
                    fmt::format("`{}` is no name: a name begins with a letter", word));
  return mistake.told(codes::bad_literal, mistake.token, fmt::format("`{}` is neither a number nor a duration", word),
                      what_durations_are);
}

}  // namespace pipewright::dsl
