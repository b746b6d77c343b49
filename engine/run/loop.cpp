#include "engine/run/loop.hpp"

#include <algorithm>

namespace pipewright::engine {

Loop::Loop(Journal& journal, Hooks hooks)
    : journal_(journal), hooks_(std::move(hooks)), random_(std::random_device{}()), writer_([this] { write(); }) {}

Loop::~Loop() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wanted_.notify_one();
  writer_.join();
}

Instant Loop::now() { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }

void Loop::send(CallId id, const std::string& connection, const Request& request) {
  client_.send(id, request, hooks_.ca_file ? hooks_.ca_file(connection) : std::string());
}

void Loop::commit(CommitId id, Transaction transaction) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.emplace_back(id, std::move(transaction));
  }
  wanted_.notify_one();
}

double Loop::jitter() { return std::uniform_real_distribution<double>(0.0, 1.0)(random_); }

std::shared_ptr<const Runnable> Loop::revive(const PlanText& plan) {
  return hooks_.revive ? hooks_.revive(plan) : nullptr;
}

void Loop::log(const std::string& text) {
  if (hooks_.log) hooks_.log(text);
}

void Loop::prune(Instant before) {
  {
    const std::lock_guard lock(mutex_);
    prune_before_ = before;
  }
  wanted_.notify_one();
}

void Loop::write() {
  constexpr std::size_t at_a_time = 1000;
  std::unique_lock lock(mutex_);
  while (true) {
    wanted_.wait(lock, [this] { return ending_ || !waiting_.empty() || prune_before_; });
    if (waiting_.empty() && ending_) return;
    if (waiting_.empty()) {
      const Instant before = *std::exchange(prune_before_, std::nullopt);
      lock.unlock();
      const Result<std::size_t> emptied = journal_.prune(before, at_a_time);
      lock.lock();
      if (emptied && *emptied >= at_a_time && !prune_before_) prune_before_ = before;
      continue;
    }
    auto [id, transaction] = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    Result<void> settled;
    for (const auto& [target, settle] : transaction.settle) {
      if (settled) settled = settle();
    }
    Result<std::vector<Committed>> result =
        settled ? journal_.commit({&transaction, 1}) : Result<std::vector<Committed>>(fail(settled.error()));
    lock.lock();
    finished_.push_back({id, std::move(result)});
    client_.wake();
  }
}

Result<void> Loop::take_commits(Core& core) {
  std::deque<Finished> done;
  {
    const std::lock_guard lock(mutex_);
    done.swap(finished_);
  }
  for (Finished& each : done) {
    if (!each.result) return fail(each.result.error());
    core.committed(now(), each.id, each.result->empty() ? Committed{} : each.result->front());
  }
  return {};
}

Result<void> Loop::round(Core& core, Duration longest) {
  Duration wait = longest;
  if (const auto wakes = core.wakes_at()) wait = std::clamp<Duration>(*wakes - now(), Duration(0), longest);
  for (auto& [id, result] : client_.poll(static_cast<int>(wait.count()))) core.answered(now(), id, std::move(result));
  if (Result<void> taken = take_commits(core); !taken) return taken;
  core.tick(now());
  return {};
}

}  // namespace pipewright::engine
