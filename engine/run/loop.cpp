#include "engine/run/loop.hpp"

#include <algorithm>

#include "base/overloaded.hpp"

namespace pipewright::engine {

Loop::Loop(Journal& journal, Hooks hooks)
    : journal_(journal), hooks_(std::move(hooks)), random_(std::random_device{}()), worker_([this] { work(); }) {}

Loop::~Loop() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wanted_.notify_one();
  worker_.join();
}

Instant Loop::now() { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }

Now Loop::clock() {
  const auto steady = std::chrono::steady_clock::now().time_since_epoch();
  return {now(), Instant(std::chrono::duration_cast<Duration>(steady))};
}

Result<void> Loop::start(Core& core, std::shared_ptr<const Runnable> runnable) {
  Result<Opening> opening = journal_.open();
  if (!opening) return fail(opening.error());
  return core.start(std::move(runnable), std::move(*opening), clock());
}

void Loop::send(CallId id, const std::string& connection, const Request& request) {
  client_.send(id, request, hooks_.ca_file ? hooks_.ca_file(connection) : std::string());
}

void Loop::want(Wanted wanted) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(wanted));
  }
  wanted_.notify_one();
}

void Loop::commit(CommitId id, Transaction transaction) { want({id, std::move(transaction)}); }

void Loop::query(QueryId id, Query query) { want({id, std::move(query)}); }

double Loop::jitter() { return std::uniform_real_distribution<double>(0.0, 1.0)(random_); }

std::shared_ptr<const Runnable> Loop::revive(const PlanText& plan) {
  return hooks_.revive ? hooks_.revive(plan) : nullptr;
}

void Loop::log(LogLevel level, const std::string& text) {
  if (hooks_.log) hooks_.log(level, text);
}

void Loop::prune(Instant before, std::vector<std::string> keep) {
  {
    const std::lock_guard lock(mutex_);
    prune_before_ = before;
    prune_keeps_ = std::move(keep);
  }
  wanted_.notify_one();
}

Loop::Finished Loop::worked(Wanted wanted) {
  const auto commit = [&](const Transaction& transaction) -> Result<Committed> {
    for (const auto& [target, settle] : transaction.settle) {
      if (Result<void> settled = settle(); !settled) return fail(settled.error());
    }
    Result<std::vector<Committed>> all = journal_.commit({&transaction, 1});
    if (!all) return fail(all.error());
    return all->empty() ? Committed{} : std::move(all->front());
  };
  return std::visit(overloaded{
                        [&](const Transaction& transaction) { return Finished{wanted.id, commit(transaction)}; },
                        [&](const Query& query) { return Finished{wanted.id, journal_.query(query)}; },
                    },
                    wanted.work);
}

void Loop::work() {
  constexpr std::size_t at_a_time = 1000;
  std::unique_lock lock(mutex_);
  while (true) {
    wanted_.wait(lock, [this] { return ending_ || !waiting_.empty() || prune_before_; });
    if (waiting_.empty() && ending_) return;
    if (waiting_.empty()) {
      const Instant before = *std::exchange(prune_before_, std::nullopt);
      const std::vector<std::string> keep = prune_keeps_;
      lock.unlock();
      const Result<std::size_t> emptied = journal_.prune(before, at_a_time, keep);
      lock.lock();
      if (emptied && *emptied >= at_a_time && !prune_before_) prune_before_ = before;
      continue;
    }
    Wanted wanted = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    Finished finished = worked(std::move(wanted));
    lock.lock();
    finished_.push_back(std::move(finished));
    client_.wake();
  }
}

// In the order in which they were done.
Result<void> Loop::hand_over(Core& core) {
  std::deque<Finished> done;
  {
    const std::lock_guard lock(mutex_);
    done.swap(finished_);
  }
  for (Finished& each : done) {
    std::visit(overloaded{
                   [&](Result<Committed>& result) { core.committed(clock(), each.id, std::move(result)); },
                   [&](Result<Reply>& result) { core.replied(clock(), each.id, std::move(result)); },
               },
               each.result);
    if (const Error* error = core.broken()) return fail(*error);
  }
  return {};
}

Result<void> Loop::round(Core& core, Duration longest) {
  Duration wait = longest;
  if (const auto wakes = core.wakes_at()) wait = std::clamp<Duration>(*wakes - clock().steady, Duration(0), longest);
  for (auto& [id, result] : client_.poll(static_cast<int>(wait.count()))) core.answered(clock(), id, std::move(result));
  if (Result<void> handed = hand_over(core); !handed) return handed;
  core.tick(clock());
  return {};
}

Result<void> Loop::stop(Core& core, Duration patience) {
  core.stop(clock());
  const Instant last = clock().steady + patience;
  while (!core.stopped() && clock().steady < last) {
    if (Result<void> fine = round(core, std::chrono::milliseconds(100)); !fine) return fine;
  }
  return {};
}

}  // namespace pipewright::engine
