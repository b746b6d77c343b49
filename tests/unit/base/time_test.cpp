#include "base/time.hpp"

#include <doctest/doctest.h>

using namespace pipewright;
using namespace std::chrono_literals;

namespace {

std::string utc(const char* written, const char* zone = "UTC") {
  const auto time = parse_time(written, zone);
  return time ? utc_text(*time) : "none";
}

}  // namespace

TEST_CASE("durations are a whole number with one unit") {
  struct Case {
    const char* written;
    Duration duration;
    const char* text;
  };
  const Case cases[] = {{"30s", 30s, "30s"}, {"5m", 5min, "5m"},        {"90m", 90min, "90m"}, {"120m", 120min, "2h"},
                        {"7d", 168h, "7d"},  {"500ms", 500ms, "500ms"}, {"0s", 0s, "0s"},      {"24h", 24h, "1d"}};
  for (const Case& each : cases) {
    CHECK_MESSAGE(parse_duration(each.written) == each.duration, each.written);
    CHECK_MESSAGE(duration_text(each.duration) == each.text, each.written);
  }
  for (const char* each : {"", "5", "m", "1h30m", "1.5h", "-5m", "5 m", "5w", "99999999999999999999s"})
    CHECK_MESSAGE(!parse_duration(each), each);
}

TEST_CASE("dates are days that exist") {
  for (const char* each : {"2026-11-23", "2024-02-29", "2000-02-29"})
    CHECK_MESSAGE(date_text(parse_date(each).value()) == each, each);
  for (const char* each : {"", "2026-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "1900-02-29", "26-01-01",
                           "2026-1-1", "2026-11-23T"})
    CHECK_MESSAGE(!parse_date(each), each);
}

TEST_CASE("times with an offset are instants") {
  CHECK(utc("2026-11-23T10:00:00+03:00") == "2026-11-23T07:00:00Z");
  CHECK(utc("2026-11-23T10:00:00Z") == "2026-11-23T10:00:00Z");
  CHECK(utc("2026-11-23T23:30:00-05:30") == "2026-11-24T05:00:00Z");
  CHECK(utc("2026-11-23 10:00:00Z") == "2026-11-23T10:00:00Z");
  CHECK(utc("2026-11-23T10:00Z") == "2026-11-23T10:00:00Z");
  CHECK(utc("2026-11-23T10:00:00.1239Z") == "2026-11-23T10:00:00.123Z");
}

TEST_CASE("times without an offset are the wall clock of the zone") {
  CHECK(utc("2026-11-23T10:00:00", "Europe/Moscow") == "2026-11-23T07:00:00Z");
  CHECK(utc("2026-01-15T12:00:00", "Europe/Berlin") == "2026-01-15T11:00:00Z");
  CHECK(utc("2026-07-15T12:00:00", "Europe/Berlin") == "2026-07-15T10:00:00Z");
  CHECK(utc("2014-07-15T12:00:00", "Europe/Moscow") == "2014-07-15T08:00:00Z");  // Moscow was at +04:00 then
}

TEST_CASE("a wall clock that does not exist is taken an hour later, one that exists twice is the first") {
  CHECK(utc("2026-03-29T02:30:00", "Europe/Berlin") == "2026-03-29T01:30:00Z");
  CHECK(utc("2026-10-25T02:30:00", "Europe/Berlin") == "2026-10-25T00:30:00Z");
}

TEST_CASE("what is no time is refused") {
  for (const char* each :
       {"", "2026-11-23", "2026-11-23T", "2026-11-23T25:00:00Z", "2026-11-23T10:60:00Z", "2026-11-23T10:00:00+3",
        "2026-02-30T10:00:00Z", "10:00", "2026-11-23T10:00:00Zx", "2026-11-23T10:00:00."}) {
    CHECK_MESSAGE(!parse_time(each), each);
  }
}

TEST_CASE("an instant is printed by the wall clock of a zone") {
  const Instant time = parse_time("2026-11-22T22:30:00Z").value();
  CHECK(zoned_text(time, "Europe/Moscow") == "2026-11-23 01:30:00");
  CHECK(zoned_text(time, "Europe/Moscow", "%d.%m.%Y %H:%M %z") == "23.11.2026 01:30 +03:00");
  CHECK(zoned_text(time, "America/New_York", "%Y-%m-%d") == "2026-11-22");
  CHECK(date_text(date_in(time, "Europe/Moscow")) == "2026-11-23");
  CHECK(date_text(date_in(time, "UTC")) == "2026-11-22");
}

TEST_CASE("a day begins when its zone says so") {
  CHECK(utc_text(start_of({2026, 11, 23}, "Europe/Moscow")) == "2026-11-22T21:00:00Z");
  CHECK(utc_text(start_of({2026, 11, 23}, "UTC")) == "2026-11-23T00:00:00Z");
}

TEST_CASE("zones are known by their names") {
  CHECK(zone_exists("Europe/Moscow"));
  CHECK(zone_exists("UTC"));
  CHECK(!zone_exists("Europe/Moskau"));
  CHECK(!zone_exists(""));
}
