// A journal in memory: for tests, simulations and dry runs. What was committed survives the core that wrote it.
#pragma once

#include <set>

#include "engine/journal/journal.hpp"

namespace pipewright::engine {

class MemoryJournal : public Journal {
 public:
  Result<std::vector<Committed>> commit(std::span<const Transaction> transactions) override;
  Result<std::size_t> prune(Instant before, std::size_t limit) override;

  std::vector<StoredEvent> ready(const std::string& pipeline, EventId after, std::size_t limit) const override;
  std::optional<StoredEvent> first_of(const std::string& account, const std::string& key) const override;
  std::map<Address, Recorded> outcomes(EventId event) const override;
  std::vector<Address> intents(EventId event) const override;
  std::vector<std::string> pipelines_in_flight() const override;
  EventId last_id() const override { return next_ - 1; }
  std::string cursor(const std::string& pipeline, const std::string& source) const override;
  std::map<std::string, Seen> seen(const std::string& pipeline, const std::string& source,
                                   const std::vector<std::string>& keys) const override;
  std::vector<Seen> open_seen(const std::string& pipeline, const std::string& source, const std::string& after,
                              std::size_t limit) const override;
  std::optional<PlanText> plan(const std::string& hash) const override;
  std::vector<SinkPosition> positions() const override;
  std::map<std::string, Counters> counters() const override { return counters_; }
  std::map<std::string, Pace> paces() const override;
  std::vector<Notice> notices() const override;
  std::vector<ListedEvent> events(const EventFilter& filter) const override;
  std::optional<StoredEvent> event(EventId id) const override;
  std::optional<ListedEvent> listed(EventId id) const override;
  std::vector<ListedOutcome> story(EventId id) const override;
  bool written_after(const std::string& account, const std::string& key, EventId id) const override;

  /// For a dry run: begins where `pipeline` and `source` stand.
  void set_cursor(const std::string& pipeline, const std::string& source, std::string cursor) {
    cursors_[{pipeline, source}] = std::move(cursor);
  }

 private:
  struct Held {
    StoredEvent event;
    std::optional<StoredEnding> ending;
    std::map<Address, ListedOutcome> outcomes;
    std::vector<Address> intents;
  };
  using Pair = std::pair<std::string, std::string>;

  Committed apply(const Transaction& transaction);
  void end(const StoredEnding& ending);
  void reopen(const Reopen& reopen);
  static ListedEvent listing(const Held& held);

  EventId next_ = 1;
  std::map<EventId, Held> events_;
  std::set<std::tuple<std::string, std::string, std::string>> identities_;  ///< pipeline, account, identity
  std::map<std::string, std::set<EventId>> unfinished_;                     ///< by pipeline
  std::map<Pair, std::set<EventId>> unfinished_by_key_;                     ///< by account and key
  std::map<Pair, std::string> cursors_;
  std::map<Pair, std::map<std::string, Seen>> seen_;
  std::map<std::string, PlanText> plans_;
  std::map<std::string, Notice> notices_;
  std::map<std::tuple<std::string, std::string, std::string>, SinkPosition> positions_;
  std::map<std::string, Counters> counters_;
};

}  // namespace pipewright::engine
