#include <doctest/doctest.h>
#include <fmt/format.h>

#include "engine/limits.hpp"
#include "engine/retry.hpp"

namespace pipewright::engine {

using std::chrono::seconds;

TEST_CASE("a bucket lets its burst go at once and then one per interval") {
  Bucket bucket(Rate{seconds(2), 3});
  Instant now{seconds(1000)};
  for (int i = 0; i < 3; ++i) {
    CHECK(bucket.ready_at(now) == now);
    bucket.take(now);
  }
  CHECK(bucket.ready_at(now) == now + seconds(2));
  now += seconds(2);
  CHECK(bucket.ready_at(now) == now);
  bucket.take(now);
  CHECK(bucket.ready_at(now) == now + seconds(2));
  now += seconds(100);
  CHECK(bucket.headroom(now) == 3);
}

TEST_CASE("the answer's word pauses, lowers and fines the bucket, but never fills it") {
  Bucket bucket(Rate{seconds(1), 10});
  const Instant now{seconds(1000)};
  bucket.take(now);
  bucket.apply({.remaining = 100}, now);
  CHECK(bucket.headroom(now) == 9);
  bucket.apply({.remaining = 0}, now);
  CHECK(bucket.ready_at(now) == now + seconds(1));
  bucket.apply({.cost = 10}, now);
  CHECK(bucket.ready_at(now) == now + seconds(10));
  bucket.apply({.pause = seconds(60)}, now);
  CHECK(bucket.ready_at(now) == now + seconds(60));
  Bucket unlimited;
  unlimited.apply({.pause = seconds(5)}, now);
  CHECK(unlimited.ready_at(now) == now + seconds(5));
  CHECK(unlimited.ready_at(now + seconds(5)) == now + seconds(5));
}

TEST_CASE("a retry waits at least as long as the server asks") {
  CHECK(delay_before(1, Duration(0), 0.5) == Duration(500));
  CHECK(delay_before(2, Duration(0), 0.5) == Duration(1000));
  CHECK(delay_before(5, Duration(0), 0.5) == Duration(8000));
  CHECK(delay_before(100, Duration(0), 1.0) == Duration(60'000));
  CHECK(delay_before(1, seconds(90), 0.0) == seconds(90));
  CHECK(delay_before(1, Duration(0), 0.0) == Duration(375));
}

TEST_CASE("a rate never lets more calls through than it says, at any count (engine C)") {
  for (const int count : {1, 3, 7, 8, 30, 600, 999, 1000, 1001, 5000}) {
    CAPTURE(count);
    const auto rate = parse_rate(fmt::format("{}/s burst 1", count));
    REQUIRE(rate.has_value());
    Bucket bucket(*rate);
    const Instant begun{seconds(1000)};
    Instant now = begun;
    int calls = 0;
    for (; now < begun + seconds(20); ++calls) {
      now = bucket.ready_at(now);
      if (now < begun + seconds(20)) bucket.take(now);
    }
    CHECK(calls <= 20 * count + 1);
    if (count <= 600) CHECK(calls >= 20 * count * 8 / 10);
  }
  CHECK(parse_rate("7/s")->interval == std::chrono::microseconds(142858));
  CHECK(parse_rate("600/s")->interval == std::chrono::microseconds(1667));
  CHECK(parse_rate("off")->interval.count() == 0);
  CHECK_FALSE(parse_rate("0/s").has_value());
}

}  // namespace pipewright::engine
