// Instants, dates, durations and time zones, without a clock: the time comes in from outside.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace pipewright {

using Duration = std::chrono::milliseconds;
using Instant = std::chrono::sys_time<std::chrono::milliseconds>;

/// A calendar day without a zone.
struct Date {
  int year = 1970;
  unsigned month = 1;
  unsigned day = 1;
  friend auto operator<=>(const Date&, const Date&) = default;
};

/// `30s`, `5m`, `2h`, `7d`, `500ms`: a whole number with one unit.
std::optional<Duration> parse_duration(std::string_view text);
std::string duration_text(Duration duration);  ///< in the largest unit that is exact: 90 minutes is "90m"

std::optional<Date> parse_date(std::string_view text);  ///< YYYY-MM-DD, an existing day
std::string date_text(const Date& date);

/// True when the machine's time zone database knows `zone` (an IANA name such as Europe/Moscow).
bool zone_exists(const std::string& zone);

/// RFC 3339 with `Z` or an offset; without one, the wall clock of `zone`. `T` or a space between, seconds may be
/// missing, fractions are cut to milliseconds. A wall clock that does not exist (spring) is taken an hour later, one
/// that exists twice is the first.
std::optional<Instant> parse_time(std::string_view text, const std::string& zone = "UTC");

/// `2026-11-23T10:00:00Z`; milliseconds only when there are any.
std::string utc_text(Instant instant);
/// By the wall clock of `zone`, with a strftime-like pattern: %Y %m %d %H %M %S %z (+03:00) %e %B %a as `date` has
/// them.
std::string zoned_text(Instant instant, const std::string& zone, const std::string& pattern = "%Y-%m-%d %H:%M:%S");
Date date_in(Instant instant, const std::string& zone);
/// The first moment of the day in `zone`.
Instant start_of(const Date& date, const std::string& zone);

}  // namespace pipewright
