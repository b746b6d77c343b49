#include "stdlib/wb/sandbox/limits.hpp"

#include <algorithm>
#include <cmath>

namespace pipewright::wb::sandbox {
namespace {

using Seconds = std::chrono::duration<double>;

/// Personal and service tokens.
const std::map<std::string, Policy>& full_limits() {
  static const std::map<std::string, Policy> limits{{"fbs", {Seconds(0.2), 20}},
                                                    {"fbs.cancel", {Seconds(0.6), 20}},
                                                    {"fbs.meta", {Seconds(0.2), 20}},
                                                    {"fbs.meta.put", {Seconds(0.06), 20}},
                                                    {"dbs", {Seconds(0.2), 20}},
                                                    {"dbs.status", {Seconds(1), 10}},
                                                    {"dbs.final", {Seconds(0.4), 20}},
                                                    {"dbs.meta.put", {Seconds(0.12), 20}},
                                                    {"pickup.meta", {Seconds(0.4), 20}},
                                                    {"pickup.meta.put", {Seconds(3), 500}},
                                                    {"dbw", {Seconds(0.2), 20}},
                                                    {"pickup", {Seconds(0.2), 20}},
                                                    {"pickup.status", {Seconds(1), 10}},
                                                    {"pickup.final", {Seconds(0.4), 20}},
                                                    {"pickup.identity", {Seconds(2), 20}},
                                                    {"stocks", {Seconds(0.2), 20}},
                                                    {"stocks.delete", {Seconds(6), 2}},
                                                    {"warehouses", {Seconds(0.2), 20}},
                                                    {"cards", {Seconds(0.6), 5}},
                                                    {"orders", {Seconds(60), 10}},
                                                    {"sales", {Seconds(60), 1}},
                                                    {"feed", {Seconds(60), 1}},
                                                    {"ping", {Seconds(10), 3}},
                                                    {"seller", {Seconds(60), 10}}};
  return limits;
}

/// Basic tokens since 2026-04-16.
const std::map<std::string, Policy>& basic_limits() {
  static const std::map<std::string, Policy> limits{{"orders", {Seconds(3 * 3600), 1}},
                                                    {"feed", {Seconds(3 * 3600), 1}},
                                                    {"sales", {Seconds(2 * 3600), 1}},
                                                    {"seller", {Seconds(24 * 3600), 1}}};
  return limits;
}

/// `dbs.status.confirm` follows the policy of `dbs.status`.
Policy nearest(const std::map<std::string, Policy>& limits, std::string group, const Policy& otherwise) {
  while (true) {
    if (const auto found = limits.find(group); found != limits.end()) return found->second;
    const std::size_t dot = group.rfind('.');
    if (dot == std::string::npos) return otherwise;
    group.resize(dot);
  }
}

}  // namespace

Policy policy_of(const std::string& group, TokenOptions::Kind kind) {
  const Policy full = nearest(full_limits(), group, {});
  if (kind == TokenOptions::Kind::test) return {Seconds(1), 1};
  if (kind != TokenOptions::Kind::basic) return full;
  const bool marketplace = group.starts_with("fbs") || group.starts_with("db") || group.starts_with("pickup");
  return nearest(basic_limits(), group, marketplace ? Policy{Seconds(0.4), 10} : full);
}

Verdict Buckets::take(const std::string& group, const Policy& policy, Time now) {
  const auto [entry, fresh] = buckets_.try_emplace(group, Bucket{policy.burst, now});
  Bucket& bucket = entry->second;
  const Seconds passed = std::max(Seconds(0), Seconds(now - bucket.at));
  const double interval = std::max(policy.interval.count(), 1e-9);
  bucket.tokens = std::min(policy.burst, bucket.tokens + passed.count() / interval);
  bucket.at = now;
  Verdict verdict{.limit = std::lround(policy.burst)};
  if (bucket.tokens >= 1 - 1e-9) {
    bucket.tokens -= 1;
    verdict.remaining = static_cast<long>(std::max(0.0, std::floor(bucket.tokens + 1e-9)));
    return verdict;
  }
  verdict.allowed = false;
  verdict.retry = std::max(1L, static_cast<long>(std::ceil((1 - bucket.tokens) * interval)));
  verdict.reset = std::max(1L, static_cast<long>(std::ceil((policy.burst - bucket.tokens) * interval)));
  return verdict;
}

void Buckets::charge(const std::string& group, double requests) {
  const auto found = buckets_.find(group);
  if (found != buckets_.end()) found->second.tokens = std::max(0.0, found->second.tokens - requests);
}

long Buckets::remaining(const std::string& group) const {
  const auto found = buckets_.find(group);
  return found == buckets_.end() ? 0 : static_cast<long>(std::floor(found->second.tokens + 1e-9));
}

}  // namespace pipewright::wb::sandbox
