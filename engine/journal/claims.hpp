// Claims of a journal that one process owns: what is handed out, and in which order, made of a few reads that each
// implementation has.
#pragma once

#include <map>
#include <set>
#include <string>

#include "engine/journal/journal.hpp"

namespace pipewright::engine {

/// An unfinished event as a claim first sees it.
struct OpenRow {
  ClaimedEvent event;  ///< `stored`, `unreadable`, `bytes`
  bool fresh = false;  ///< nothing was ever recorded of it: there is nothing more to read
};

/// The reads; each is of what is committed.
class OpenRows {
 public:
  virtual ~OpenRows() = default;
  /// Unfinished events of the pipeline with an id over `after`, by id.
  virtual Result<std::vector<OpenRow>> of_pipeline(const std::string& pipeline, EventId after, std::size_t limit) = 0;
  /// Unfinished events of the key, by rank.
  virtual Result<std::vector<OpenRow>> of_key(const std::string& account, const std::string& key,
                                              std::size_t limit) = 0;
  virtual Result<std::optional<OpenRow>> unfinished(EventId id) = 0;
  /// Outcomes, intents, newest writes, delivery: and from now on it is this owner's.
  virtual Result<void> take_over(ClaimedEvent& event) = 0;
  virtual Result<std::optional<PlanText>> plan_text(const std::string& hash) = 0;
};

class Claims {
 public:
  Result<Claimed> claim(OpenRows& rows, const ClaimPipeline& query);
  Result<Claimed> claim(OpenRows& rows, const ClaimKey& query);
  Result<Claimed> claim(OpenRows& rows, const ClaimEvent& query);

 private:
  struct Reading;
  std::map<std::string, EventId> handed_out_;  ///< by pipeline: up to this id
};

}  // namespace pipewright::engine
