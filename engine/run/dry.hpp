// The journal of a dry run: begins where the real one stands and keeps what is new in memory, so that nothing is
// written.
#pragma once

#include "engine/journal/memory.hpp"

namespace pipewright::engine {

class DryJournal : public MemoryJournal {
 public:
  /// `base` may be null: then every source begins at its own start. It outlives this one.
  explicit DryJournal(const JournalReader* base) : base_(base) {}

  std::string cursor(const std::string& pipeline, const std::string& source) const override;
  std::map<std::string, Seen> seen(const std::string& pipeline, const std::string& source,
                                   const std::vector<std::string>& keys) const override;
  std::vector<Seen> open_seen(const std::string& pipeline, const std::string& source, const std::string& after,
                              std::size_t limit) const override;
  std::vector<SinkPosition> positions() const override { return {}; }

 private:
  const JournalReader* base_;
};

}  // namespace pipewright::engine
