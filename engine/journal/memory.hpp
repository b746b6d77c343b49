// A journal in memory: for tests, simulations and dry runs. What was committed survives the core that wrote it.
#pragma once

#include <set>

#include "engine/journal/claims.hpp"

namespace pipewright::engine {

class MemoryJournal : public Journal, private OpenRows {
 public:
  Result<Opening> open() override;
  Result<std::vector<Committed>> commit(std::span<const Transaction> transactions) override;
  Result<Reply> query(const Query& query) override;
  Result<std::int64_t> ask(const EventRequest& request) override;
  Result<std::optional<RequestAnswer>> answer(std::int64_t request) const override;
  Result<std::size_t> prune(Instant before, std::size_t limit, const std::vector<std::string>& keep) override;

  Result<std::map<std::string, Counters>> counters() const override { return counters_; }
  Result<std::map<std::string, Pace>> paces() const override;
  Result<std::vector<Notice>> notices() const override;
  Result<std::vector<BucketState>> buckets() const override;
  Result<std::vector<ListedEvent>> events(const EventFilter& filter) const override;
  Result<std::optional<StoredEvent>> event(EventId id) const override;
  Result<std::optional<ListedEvent>> listed(EventId id) const override;
  Result<std::vector<ListedOutcome>> story(EventId id) const override;
  Result<std::optional<PlanText>> plan(const std::string& hash) const override;
  Result<Cursors> cursors() const override { return cursors_; }
  Result<std::map<std::string, Seen>> states(const LoadStates& query) const override;
  Result<std::vector<Seen>> open_states(const LoadOpenStates& query) const override;

 protected:
  /// For a dry run: begins where somebody else stands.
  void begin_at(Cursors cursors) { cursors_ = std::move(cursors); }

 private:
  struct Held {
    StoredEvent event;
    std::optional<StoredEnding> ending;
    std::map<Address, std::pair<ListedOutcome, std::string>> outcomes;  ///< with their encoded text
    std::map<Address, Intent> intents;
    Epoch epoch = 0;
    bool doubt = false;
    std::optional<Waiting> waiting;
  };
  using Pair = std::pair<std::string, std::string>;

  Committed apply(const Transaction& transaction);
  EventId store(const StoredEvent& event);
  void store_outcomes(const Transaction& transaction);
  void store_states(const Transaction& transaction);
  void end(const StoredEnding& ending);
  void reopen(const Reopen& reopen);
  void move_aside(Held& held);
  void skip(const SkipParked& skip);
  void release(const Release& release);
  static ListedEvent listing(const Held& held);
  [[nodiscard]] ClaimedEvent whole(const Held& held) const;

  Result<std::vector<OpenRow>> of_pipeline(const std::string& pipeline, EventId after, std::size_t limit) override;
  Result<std::vector<OpenRow>> of_key(const std::string& account, const std::string& key, std::size_t limit) override;
  Result<std::optional<OpenRow>> unfinished(EventId id) override;
  Result<void> take_over(ClaimedEvent& event) override;
  Result<std::optional<PlanText>> plan_text(const std::string& hash) override { return plan(hash); }
  [[nodiscard]] OpenRow row_of(const Held& held) const;

  Claims claims_;
  Epoch epoch_ = 0;
  EventId next_ = 1;
  std::map<EventId, Held> events_;
  std::set<std::tuple<std::string, std::string, std::string>> identities_;  ///< pipeline, account, identity
  std::map<std::string, std::set<EventId>> unfinished_;                     ///< by pipeline
  std::map<Pair, std::set<Rank>> unfinished_by_key_;                        ///< ranks, by account and key
  std::map<Pair, std::map<std::string, NewestWrite>> newest_;               ///< by account and key, by connection
  Cursors cursors_;
  std::map<Pair, std::map<std::string, Seen>> seen_;
  std::map<std::string, PlanText> plans_;
  std::map<std::string, Notice> notices_;
  std::map<Pair, BucketState> buckets_;
  std::map<std::tuple<std::string, std::string, std::string>, SinkPosition> positions_;
  std::map<std::string, Counters> counters_;
  std::map<std::int64_t, EventRequest> requests_;
  std::map<std::int64_t, RequestAnswer> answers_;
  std::int64_t next_request_ = 1;
};

}  // namespace pipewright::engine
