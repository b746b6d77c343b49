#include "calendar.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <utility>

namespace pipewright::soundness {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

std::int64_t days_in(std::int64_t milliseconds) {
  const std::int64_t whole = milliseconds / day_length;
  return milliseconds % day_length < 0 ? whole - 1 : whole;
}

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (text.size() < at + count) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

Calendar calendar_of(Day day) {
  const year_month_day date{sys_days(days(day.number))};
  return {static_cast<int>(date.year()), static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day())};
}

Day day_of(Calendar date) {
  const sys_days found = std::chrono::year(date.year) / std::chrono::month(date.month) / std::chrono::day(date.day);
  return {found.time_since_epoch().count()};
}

Day day_in(Moment moment, const Zone& zone) { return {days_in(moment.milliseconds + zone.ahead)}; }
Moment start_of(Day day, const Zone& zone) { return {day.number * day_length - zone.ahead}; }

bool in_range(Moment moment) { return in_range(Day{days_in(moment.milliseconds)}); }
bool in_range(Day day) { return day.number >= day_of({1, 1, 1}).number && day.number <= day_of({9999, 12, 31}).number; }

std::optional<Day> read_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  if (!year || !month || !day) return std::nullopt;
  const year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                            std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return Day{sys_days(date).time_since_epoch().count()};
}

std::optional<Moment> read_moment(std::string_view text, const Zone& zone) {
  if (text.size() < 19 || text[10] != 'T') return std::nullopt;
  const auto day = read_day(text.substr(0, 10));
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  const auto second = digits(text, 17, 2);
  if (!day || !hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  const std::int64_t wall = day->number * day_length + ((*hour * 60L + *minute) * 60 + *second) * 1000;
  const std::string_view behind = text.substr(19);
  if (behind.empty()) return Moment{wall - zone.ahead};
  if (behind == "Z") return Moment{wall};
  const auto hours = digits(behind, 1, 2);
  const auto minutes = digits(behind, 4, 2);
  if (behind.size() != 6 || !hours || !minutes) return std::nullopt;
  const std::int64_t offset = (*hours * 60L + *minutes) * 60'000;
  return Moment{behind[0] == '-' ? wall + offset : wall - offset};
}

namespace {
constexpr std::array<std::pair<const char*, std::int64_t>, 5> units{
    {{"d", day_length}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
}

std::int64_t read_span(std::string_view text) {
  const std::size_t end = text.find_first_not_of("0123456789");
  for (const auto& [unit, length] : units) {
    if (text.substr(end) == unit) return std::stoll(std::string(text.substr(0, end))) * length;
  }
  return 0;
}

std::string day_text(Day day) {
  const Calendar date = calendar_of(day);
  return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

std::string moment_text(Moment moment) {
  const Day day{days_in(moment.milliseconds)};
  const std::int64_t of_day = moment.milliseconds - day.number * day_length;
  const std::int64_t seconds = of_day / 1000;
  std::string text =
      fmt::format("{}T{:02}:{:02}:{:02}", day_text(day), seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (of_day % 1000 != 0) text += fmt::format(".{:03}", of_day % 1000);
  return text + "Z";
}

std::string span_text(Span span) {
  for (const auto& [unit, length] : units) {
    if (span.milliseconds != 0 && span.milliseconds % length == 0)
      return fmt::format("{}{}", span.milliseconds / length, unit);
  }
  return "0s";
}

std::string formatted(Moment moment, const Zone& zone, const std::string& pattern) {
  static const std::array<const char*, 12> months = {"January",   "February", "March",    "April",
                                                     "May",       "June",     "July",     "August",
                                                     "September", "October",  "November", "December"};
  static const std::array<const char*, 7> weekdays = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};  // 1970-01-01
  const Day day = day_in(moment, zone);
  const Calendar date = calendar_of(day);
  const std::int64_t seconds = (moment.milliseconds + zone.ahead - day.number * day_length) / 1000;
  const std::int64_t ahead = zone.ahead / 60'000;
  const std::int64_t distance = ahead < 0 ? -ahead : ahead;
  std::string made;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] != '%') {
      made.push_back(pattern[at]);
      continue;
    }
    switch (pattern[++at]) {
      case 'Y':
        made += fmt::format("{:04}", date.year);
        break;
      case 'm':
        made += fmt::format("{:02}", date.month);
        break;
      case 'd':
        made += fmt::format("{:02}", date.day);
        break;
      case 'e':
        made += fmt::format("{:2}", date.day);
        break;
      case 'H':
        made += fmt::format("{:02}", seconds / 3600);
        break;
      case 'M':
        made += fmt::format("{:02}", seconds / 60 % 60);
        break;
      case 'S':
        made += fmt::format("{:02}", seconds % 60);
        break;
      case 'B':
        made += months[date.month - 1];
        break;
      case 'a':
        made += weekdays[static_cast<std::size_t>(((day.number % 7) + 7) % 7)];
        break;
      default:
        made += fmt::format("{}{:02}:{:02}", ahead < 0 ? '-' : '+', distance / 60, distance % 60);
    }
  }
  return made;
}

}  // namespace pipewright::soundness
