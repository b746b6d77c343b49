#include "engine/limits.hpp"

#include <algorithm>

namespace pipewright::engine {

void Bucket::refill(Instant now) {
  if (rate_.interval.count() <= 0) return;
  if (!begun_ || now < filled_at_) {
    begun_ = true;
    filled_at_ = now;
    return;
  }
  const std::int64_t fresh = (now - filled_at_) / rate_.interval;
  tokens_ += fresh;
  filled_at_ += fresh * rate_.interval;
  if (tokens_ >= rate_.burst) {
    tokens_ = rate_.burst;
    filled_at_ = now;  // a full bucket gathers nothing
  }
}

Instant Bucket::ready_at(Instant now) const {
  Bucket here = *this;
  here.refill(now);
  Instant at = std::max(now, here.paused_until_);
  if (here.rate_.interval.count() > 0 && here.tokens_ < 1) {
    at = std::max(at, here.filled_at_ + (1 - here.tokens_) * here.rate_.interval);
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

}  // namespace pipewright::engine
