#include "base/time.hpp"

#include <date/tz.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <sstream>
#include <utility>

namespace pipewright {
namespace {

using std::chrono::duration_cast;
using std::chrono::floor;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// Reads exactly `count` digits at `at` and moves behind them.
std::optional<int> digits(std::string_view text, std::size_t& at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const char c = text[at + i];
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  at += count;
  return value;
}

bool literal(std::string_view text, std::size_t& at, std::string_view any_of) {
  if (at >= text.size() || any_of.find(text[at]) == std::string_view::npos) return false;
  ++at;
  return true;
}

std::optional<Date> date_at(std::string_view text, std::size_t& at) {
  const auto year = digits(text, at, 4);
  if (!year || !literal(text, at, "-")) return std::nullopt;
  const auto month = digits(text, at, 2);
  if (!month || !literal(text, at, "-")) return std::nullopt;
  const auto day = digits(text, at, 2);
  if (!day) return std::nullopt;
  const date::year_month_day calendar{date::year(*year), date::month(static_cast<unsigned>(*month)),
                                      date::day(static_cast<unsigned>(*day))};
  if (!calendar.ok()) return std::nullopt;
  return Date{*year, static_cast<unsigned>(*month), static_cast<unsigned>(*day)};
}

date::local_days local_day(const Date& day) {
  return date::local_days(date::year_month_day{date::year(day.year), date::month(day.month), date::day(day.day)});
}

const date::time_zone* zone_named(const std::string& zone) {
  try {
    return date::locate_zone(zone == "UTC" ? "Etc/UTC" : zone);
  } catch (const std::exception&) {
    return nullptr;
  }
}

Instant instant_at(date::local_time<milliseconds> wall, const std::string& zone) {
  const date::time_zone* found = zone_named(zone);
  if (found == nullptr) return Instant(wall.time_since_epoch());
  const auto info = found->get_info(floor<seconds>(wall));
  return Instant(wall.time_since_epoch() - info.first.offset);
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  long count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end == text.data() || text[0] == '-' || count > 4'000'000'000L) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  constexpr std::array<std::pair<std::string_view, long>, 5> units{
      {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
  for (const auto& [name, factor] : units) {
    if (unit == name) return Duration(count * factor);
  }
  return std::nullopt;
}

std::string duration_text(Duration duration) {
  const auto count = duration.count();
  constexpr std::array<std::pair<const char*, long>, 4> units{
      {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}}};
  for (const auto& [name, factor] : units) {
    if (count != 0 && count % factor == 0) return fmt::format("{}{}", count / factor, name);
  }
  return count == 0 ? "0s" : fmt::format("{}ms", count);
}

std::optional<Date> parse_date(std::string_view text) {
  std::size_t at = 0;
  const auto day = date_at(text, at);
  return day && at == text.size() ? day : std::nullopt;
}

std::string date_text(const Date& day) { return fmt::format("{:04}-{:02}-{:02}", day.year, day.month, day.day); }

bool zone_exists(const std::string& zone) { return zone_named(zone) != nullptr; }

std::optional<Instant> parse_time(std::string_view text, const std::string& zone) {
  std::size_t at = 0;
  const auto day = date_at(text, at);
  if (!day || !literal(text, at, "Tt ")) return std::nullopt;
  const auto hour = digits(text, at, 2);
  if (!hour || *hour > 23 || !literal(text, at, ":")) return std::nullopt;
  const auto minute = digits(text, at, 2);
  if (!minute || *minute > 59) return std::nullopt;
  int second = 0;
  int millisecond = 0;
  if (literal(text, at, ":")) {
    const auto read = digits(text, at, 2);
    if (!read || *read > 60) return std::nullopt;
    second = *read;
    if (literal(text, at, ".")) {
      int weight = 100;
      bool any = false;
      while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
        millisecond += (text[at++] - '0') * weight;
        weight /= 10;
        any = true;
      }
      if (!any) return std::nullopt;
    }
  }
  const date::local_time<milliseconds> wall =
      local_day(*day) + std::chrono::hours(*hour) + minutes(*minute) + seconds(second) + milliseconds(millisecond);
  if (at == text.size()) return instant_at(wall, zone);
  if (literal(text, at, "Zz")) {
    return at == text.size() ? std::optional(Instant(wall.time_since_epoch())) : std::nullopt;
  }
  const bool west = text[at] == '-';
  if (!literal(text, at, "+-")) return std::nullopt;
  const auto offset_hours = digits(text, at, 2);
  literal(text, at, ":");
  const auto offset_minutes = digits(text, at, 2);
  if (!offset_hours || !offset_minutes || at != text.size()) return std::nullopt;
  const minutes offset = std::chrono::hours(*offset_hours) + minutes(*offset_minutes);
  return Instant(wall.time_since_epoch() - (west ? -offset : offset));
}

std::string utc_text(Instant instant) {
  const date::sys_time<milliseconds> time{instant.time_since_epoch()};
  if (time.time_since_epoch() % seconds(1) == milliseconds(0)) {
    return date::format("%Y-%m-%dT%H:%M:%SZ", date::floor<seconds>(time));
  }
  return date::format("%Y-%m-%dT%H:%M:%SZ", time);
}

std::string zoned_text(Instant instant, const std::string& zone, const std::string& pattern) {
  const date::time_zone* found = zone_named(zone);
  const date::sys_time<milliseconds> time{instant.time_since_epoch()};
  const auto whole = date::floor<seconds>(time);
  std::string colon_zone = pattern;
  for (std::size_t at = 0; (at = colon_zone.find("%z", at)) != std::string::npos; at += 3)
    colon_zone.replace(at, 2, "%Ez");
  std::ostringstream out;
  out.imbue(std::locale::classic());
  try {
    date::to_stream(out, colon_zone.c_str(),
                    date::make_zoned(found == nullptr ? date::locate_zone("Etc/UTC") : found, whole));
  } catch (const std::exception&) {
    return utc_text(instant);
  }
  return out.str();
}

Date date_in(Instant instant, const std::string& zone) {
  const date::time_zone* found = zone_named(zone);
  const date::sys_time<milliseconds> time{instant.time_since_epoch()};
  const date::local_time<milliseconds> wall =
      found == nullptr ? date::local_time<milliseconds>(time.time_since_epoch()) : found->to_local(time);
  const date::year_month_day day{date::floor<date::days>(wall)};
  return {static_cast<int>(day.year()), static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day())};
}

Instant start_of(const Date& day, const std::string& zone) {
  return instant_at(date::local_time<milliseconds>(local_day(day)), zone);
}

}  // namespace pipewright
