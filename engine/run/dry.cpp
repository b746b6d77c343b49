#include "engine/run/dry.hpp"

#include <algorithm>

namespace pipewright::engine {

Result<Opening> DryJournal::open() {
  if (base_ != nullptr) {
    Result<Cursors> cursors = base_->cursors();
    if (!cursors) return fail(cursors.error());
    begin_at(std::move(*cursors));
  }
  return MemoryJournal::open();
}

Result<std::map<std::string, Seen>> DryJournal::states(const LoadStates& query) const {
  std::map<std::string, Seen> found;
  if (base_ != nullptr) {
    auto kept = base_->states(query);
    if (!kept) return fail(kept.error());
    found = std::move(*kept);
  }
  const auto own = MemoryJournal::states(query);
  for (const auto& [key, row] : *own) found[key] = row;
  return found;
}

Result<std::vector<Seen>> DryJournal::open_states(const LoadOpenStates& query) const {
  std::map<std::string, Seen> open;
  const auto own = MemoryJournal::open_states(query);
  for (const Seen& row : *own) open[row.key] = row;
  LoadOpenStates from = query;
  std::size_t taken = 0;
  while (base_ != nullptr && taken < query.limit) {
    auto page = base_->open_states(from);
    if (!page) return fail(page.error());
    if (page->empty()) break;
    LoadStates keys{query.pipeline, query.source, {}};
    for (const Seen& row : *page) keys.keys.push_back(row.key);
    // What this dry run has polled since counts, whether it left it open or not.
    const auto newer = *MemoryJournal::states(keys);
    for (Seen& row : *page) {
      if (newer.contains(row.key)) continue;
      ++taken;
      open[row.key] = std::move(row);
    }
    from.after = keys.keys.back();
    if (page->size() < query.limit) break;
  }
  std::vector<Seen> rows;
  for (auto& [key, row] : open) {
    if (rows.size() < query.limit) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace pipewright::engine
