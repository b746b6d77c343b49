// Dates and times of the naive evaluator, for zones of a fixed offset.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "value.hpp"

namespace pipewright::soundness {

constexpr std::int64_t day_length = 86'400'000;

/// A zone by its IANA name and how far its wall clock is ahead of UTC.
struct Zone {
  std::string name = "UTC";
  std::int64_t ahead = 0;
};

struct Calendar {
  int year;
  unsigned month;
  unsigned day;
};
Calendar calendar_of(Day day);
Day day_of(Calendar date);
Day day_in(Moment moment, const Zone& zone);
Moment start_of(Day day, const Zone& zone);

/// Years 1 to 9999 (grammar.md, 6).
bool in_range(Moment moment);
bool in_range(Day day);

std::optional<Day> read_day(std::string_view text);
/// `2026-11-23T10:00:00+03:00`; without an offset in the zone.
std::optional<Moment> read_moment(std::string_view text, const Zone& zone);
std::int64_t read_span(std::string_view text);

std::string day_text(Day day);
std::string moment_text(Moment moment);
std::string span_text(Span span);
/// `%Y %m %d %H %M %S %z %e %B %a`
std::string formatted(Moment moment, const Zone& zone, const std::string& pattern);

}  // namespace pipewright::soundness
