// What the steps of `wb.fbs.status set` hand to one another: the items of a batch, what is asked of each, and how it
// ended.
#pragma once

#include <string>
#include <vector>

#include "stdlib/wb/tasks.hpp"

namespace pipewright::wb {

enum class Target { confirm, complete, cancel };
const char* word_of(Target target);

/// One item under way.
struct Item {
  std::size_t index;  ///< in the batch
  std::string id;
  Target target;
  Status status;
  engine::Delivery delivery;  ///< of earlier tries
};

struct Work {
  engine::Batch batch;
  engine::Outcomes outcomes;
  std::vector<bool> settled;

  explicit Work(engine::Batch given) : batch(std::move(given)), outcomes(batch.size()), settled(batch.size(), false) {}

  void settle(std::size_t index, engine::Outcome outcome);
  /// Those that are not settled yet.
  void fail(const std::vector<Item>& items, const Failure& failure);
};

std::vector<std::size_t> indexes_of(const std::vector<Item>& items);
std::vector<std::string> ids_of(const std::vector<Item>& items);

/// The item stands where it was to be; `changed`: by this event.
engine::Outcome reached(const Item& item, bool changed, const std::string& from);

/// Status 2: ships exactly these tasks, which are in `confirm`. Settles every one of them.
engine::Task<bool> complete(Account& account, Work& work, std::vector<Item> items, engine::Calls& calls);

}  // namespace pipewright::wb
