#include "engine/run/virtual.hpp"

#include <algorithm>

namespace pipewright::engine {

void VirtualLoop::send(CallId id, const std::string& connection, const Request& request) {
  calls_.push_back({id, connection, request});
}

void VirtualLoop::commit(CommitId id, Transaction transaction) {
  journal_work_.emplace_back(id, std::move(transaction));
}

void VirtualLoop::query(QueryId id, Query query) { journal_work_.emplace_back(id, std::move(query)); }

double VirtualLoop::jitter() { return std::uniform_real_distribution<double>(0.0, 1.0)(random_); }

Result<void> VirtualLoop::start(Core& core, std::shared_ptr<const Runnable> runnable) {
  Result<Opening> opening = journal_.open();
  if (!opening) return fail(opening.error());
  return core.start(std::move(runnable), std::move(*opening), now_);
}

Result<bool> VirtualLoop::run(Core& core, std::shared_ptr<const Runnable> runnable, Instant until) {
  if (Result<void> started = start(core, std::move(runnable)); !started) return fail(started.error());
  return drain(core, until);
}

Result<bool> VirtualLoop::drain(Core& core, Instant until) {
  constexpr int enough = 1'000'000;
  constexpr Duration call_takes = std::chrono::milliseconds(20);
  for (int rounds = 0; !core.drained(); ++rounds) {
    if (rounds >= enough || now_ > until) return false;
    if (const Error* error = core.broken()) return fail(*error);
    if (!journal_work_.empty()) {
      auto [id, work] = std::move(journal_work_.front());
      journal_work_.pop_front();
      if (const auto* query = std::get_if<Query>(&work)) {
        core.replied(now_, id, journal_.query(*query));
        continue;
      }
      const Transaction& transaction = std::get<Transaction>(work);
      for (const auto& [target, settle] : transaction.settle) {
        if (const Result<void> settled = settle(); !settled) return fail(settled.error());
      }
      auto committed = journal_.commit({&transaction, 1});
      if (!committed) return fail(committed.error());
      core.committed(now_, id, committed->empty() ? Committed{} : committed->front());
    } else if (!calls_.empty()) {
      const Sent call = std::move(calls_.front());
      calls_.pop_front();
      CallResult result = answerer_(call.connection, call.request, now_);
      now_ += call_takes;
      core.answered(now_, call.id, std::move(result));
    } else {
      const auto wakes = core.wakes_at();
      if (!wakes) return false;
      now_ = std::max(now_ + Duration(1), *wakes);
      core.tick(now_);
    }
  }
  return true;
}

}  // namespace pipewright::engine
