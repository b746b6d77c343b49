// The journal of a dry run: begins where the real one stands and keeps what is new in memory, so that nothing is
// written.
#pragma once

#include "engine/journal/memory.hpp"

namespace pipewright::engine {

class DryJournal : public MemoryJournal {
 public:
  /// `base` may be null: then every source begins at its own start. It outlives this one.
  explicit DryJournal(const JournalReader* base) : base_(base) {}

  Result<Opening> open() override;
  Result<std::map<std::string, Seen>> states(const LoadStates& query) const override;
  Result<std::vector<Seen>> open_states(const LoadOpenStates& query) const override;

 private:
  const JournalReader* base_;
};

}  // namespace pipewright::engine
