#include "engine/limits.hpp"

#include <algorithm>
#include <charconv>

namespace pipewright::engine {

void Bucket::refill(Instant now) {
  if (rate_.interval.count() <= 0) return;
  const auto fine = Fine(now);
  if (!begun_ || fine < filled_at_) {
    begun_ = true;
    filled_at_ = fine;
    return;
  }
  const std::int64_t fresh = (fine - filled_at_) / rate_.interval;
  tokens_ += fresh;
  filled_at_ += fresh * rate_.interval;
  if (tokens_ >= rate_.burst) {
    tokens_ = rate_.burst;
    filled_at_ = fine;  // a full bucket gathers nothing
  }
}

Instant Bucket::ready_at(Instant now) const {
  Bucket here = *this;
  here.refill(now);
  Instant at = std::max(now, here.paused_until_);
  if (here.rate_.interval.count() > 0 && here.tokens_ < 1) {
    at = std::max(at, std::chrono::ceil<Duration>(here.filled_at_ + (1 - here.tokens_) * here.rate_.interval));
  }
  return at;
}

void Bucket::take(Instant now) {
  refill(now);
  if (rate_.interval.count() > 0) --tokens_;
}

void Bucket::apply(const Feedback& feedback, Instant now) {
  refill(now);
  if (feedback.pause.count() > 0) paused_until_ = std::max(paused_until_, now + feedback.pause);
  if (rate_.interval.count() <= 0) return;
  if (feedback.cost > 1) tokens_ -= feedback.cost - 1;
  if (feedback.remaining) tokens_ = std::min<std::int64_t>(tokens_, *feedback.remaining);
}

void Bucket::change(Rate rate, Instant now) {
  refill(now);
  const std::int64_t spent = std::max<std::int64_t>(0, rate_.burst - tokens_);
  const bool was_limited = rate_.interval.count() > 0;
  rate_ = rate;
  tokens_ = was_limited ? rate.burst - std::min<std::int64_t>(spent, rate.burst) : rate.burst;
  filled_at_ = now;
}

void Bucket::restore(std::int64_t tokens, Duration ago, Duration pause, Instant now) {
  refill(now);
  paused_until_ = now + pause;
  if (rate_.interval.count() <= 0) return;
  tokens_ = std::min<std::int64_t>(rate_.burst, tokens + ago / rate_.interval);
}

std::int64_t Bucket::tokens(Instant now) const {
  Bucket here = *this;
  here.refill(now);
  return here.tokens_;
}

int Bucket::headroom(Instant now) const {
  Bucket here = *this;
  here.refill(now);
  return static_cast<int>(std::max<std::int64_t>(0, here.tokens_));
}

std::optional<Rate> parse_rate(const std::string& text) {
  if (text == "off") return Rate{std::chrono::microseconds(0), 1};
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  int count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + slash, count);
  if (error != std::errc() || end != text.data() + slash || count <= 0) return std::nullopt;
  std::string rest = text.substr(slash + 1);
  int burst = count;
  if (const std::size_t space = rest.find(' '); space != std::string::npos) {
    const std::string tail = rest.substr(space + 1);
    rest = rest.substr(0, space);
    if (!tail.starts_with("burst ")) return std::nullopt;
    const auto [tail_end, tail_error] = std::from_chars(tail.data() + 6, tail.data() + tail.size(), burst);
    if (tail_error != std::errc() || tail_end != tail.data() + tail.size() || burst <= 0) return std::nullopt;
  }
  static const std::map<std::string, std::int64_t> periods = {
      {"s", 1'000'000}, {"sec", 1'000'000}, {"min", 60'000'000}, {"m", 60'000'000}, {"h", 3'600'000'000}};
  const auto period = periods.find(rest);
  if (period == periods.end()) return std::nullopt;
  // Rounded up: never more calls than were asked for.
  return Rate{std::chrono::microseconds((period->second + count - 1) / count), burst};
}

}  // namespace pipewright::engine
