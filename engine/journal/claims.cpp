#include "engine/journal/claims.hpp"

#include <algorithm>

namespace pipewright::engine {

/// A claim that is being answered.
struct Claims::Reading {
  OpenRows& rows;
  Claimed claimed;
  std::set<EventId> given;
  std::set<std::string> plans;
  std::size_t bytes = 0;

  Result<void> give(OpenRow row) {
    if (!given.insert(row.event.stored.id).second) return {};
    bytes += row.event.bytes;
    if (!row.fresh) {
      if (Result<void> taken = rows.take_over(row.event); !taken) return taken;
      if (plans.insert(row.event.stored.plan).second) {
        auto text = rows.plan_text(row.event.stored.plan);
        if (!text) return fail(text.error());
        if (*text) claimed.plans.push_back(std::move(**text));
      }
    }
    claimed.events.push_back(std::move(row.event));
    return {};
  }

  // The event with all that stands before it in the order of its key; one that stands too deep is passed over.
  Result<void> give_in_order(OpenRow row) {
    const StoredEvent& stored = row.event.stored;
    if (stored.key.empty() || given.contains(stored.id)) return give(std::move(row));
    auto line = rows.of_key(stored.account, stored.key, key_depth + 1);
    if (!line) return fail(line.error());
    const bool deep = line->size() > key_depth;
    if (deep) line->resize(key_depth);
    if (deep) claimed.deeper.emplace_back(stored.account, stored.key);
    const EventId id = stored.id;
    const bool there =
        std::any_of(line->begin(), line->end(), [&](const OpenRow& each) { return each.event.stored.id == id; });
    if (!there) return {};
    for (OpenRow& each : *line) {
      const bool last = each.event.stored.id == id;
      if (Result<void> given_now = give(std::move(each)); !given_now) return given_now;
      if (last) break;
    }
    return {};
  }
};

Result<Claimed> Claims::claim(OpenRows& rows, const ClaimPipeline& query) {
  Reading reading{rows, {}, {}, {}, 0};
  EventId& position = handed_out_[query.pipeline];
  auto found = rows.of_pipeline(query.pipeline, position, query.events);
  if (!found) return fail(found.error());
  reading.claimed.more = found->size() == query.events;
  for (OpenRow& each : *found) {
    if (reading.bytes > 0 && reading.bytes + each.event.bytes > query.bytes) {
      reading.claimed.more = true;
      break;
    }
    const EventId id = each.event.stored.id;
    if (Result<void> given = reading.give_in_order(std::move(each)); !given) return fail(given.error());
    position = id;
  }
  return std::move(reading.claimed);
}

Result<Claimed> Claims::claim(OpenRows& rows, const ClaimKey& query) {
  Reading reading{rows, {}, {}, {}, 0};
  auto line = rows.of_key(query.account, query.key, key_depth + 1);
  if (!line) return fail(line.error());
  if (line->size() > key_depth) {
    line->resize(key_depth);
    reading.claimed.deeper.emplace_back(query.account, query.key);
  }
  for (OpenRow& each : *line) {
    if (Result<void> given = reading.give(std::move(each)); !given) return fail(given.error());
  }
  return std::move(reading.claimed);
}

Result<Claimed> Claims::claim(OpenRows& rows, const ClaimEvent& query) {
  Reading reading{rows, {}, {}, {}, 0};
  auto row = rows.unfinished(query.id);
  if (!row) return fail(row.error());
  if (!*row) return std::move(reading.claimed);
  if (Result<void> given = reading.give_in_order(std::move(**row)); !given) return fail(given.error());
  return std::move(reading.claimed);
}

}  // namespace pipewright::engine
