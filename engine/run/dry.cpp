#include "engine/run/dry.hpp"

#include <algorithm>

namespace pipewright::engine {

std::string DryJournal::cursor(const std::string& pipeline, const std::string& source) const {
  std::string own = MemoryJournal::cursor(pipeline, source);
  return own.empty() && base_ != nullptr ? base_->cursor(pipeline, source) : own;
}

std::map<std::string, Seen> DryJournal::seen(const std::string& pipeline, const std::string& source,
                                             const std::vector<std::string>& keys) const {
  std::map<std::string, Seen> found =
      base_ != nullptr ? base_->seen(pipeline, source, keys) : std::map<std::string, Seen>{};
  for (auto& [key, row] : MemoryJournal::seen(pipeline, source, keys)) found[key] = row;
  return found;
}

std::vector<Seen> DryJournal::open_seen(const std::string& pipeline, const std::string& source,
                                        const std::string& after, std::size_t limit) const {
  std::map<std::string, Seen> open;
  for (Seen& row : MemoryJournal::open_seen(pipeline, source, after, limit)) open[row.key] = row;
  std::string from = after;
  std::size_t taken = 0;
  while (base_ != nullptr && taken < limit) {
    std::vector<Seen> page = base_->open_seen(pipeline, source, from, limit);
    if (page.empty()) break;
    std::vector<std::string> keys;
    for (const Seen& row : page) keys.push_back(row.key);
    // What this dry run has looked at since counts, whether it left it open or not.
    const auto newer = MemoryJournal::seen(pipeline, source, keys);
    for (Seen& row : page) {
      if (newer.contains(row.key)) continue;
      ++taken;
      open[row.key] = std::move(row);
    }
    from = keys.back();
    if (page.size() < limit) break;
  }
  std::vector<Seen> rows;
  for (auto& [key, row] : open) {
    if (rows.size() < limit) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace pipewright::engine
