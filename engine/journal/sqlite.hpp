// The journal in SQLite: the embedded default. WAL and synchronous=FULL: what is committed survives the power.
#pragma once

#include <memory>
#include <string>

#include "engine/journal/journal.hpp"

namespace pipewright::engine {

/// One process writes. `commit` and `prune` may be called from another thread than the reads; each side by one thread
/// at a time.
class SqliteJournal : public Journal {
 public:
  enum class Mode { write, read };

  /// Opens or makes `path`. A second writer fails with the first one's pid ("… is in use by process 4711"); readers are
  /// always let in, and fail when there is no journal yet.
  static Result<std::unique_ptr<SqliteJournal>> open(const std::string& path, Mode mode);
  ~SqliteJournal() override;

  Result<std::vector<Committed>> commit(std::span<const Transaction> transactions) override;
  Result<std::size_t> prune(Instant before, std::size_t limit) override;

  std::vector<StoredEvent> ready(const std::string& pipeline, EventId after, std::size_t limit) const override;
  std::optional<StoredEvent> first_of(const std::string& account, const std::string& key) const override;
  std::map<Address, Recorded> outcomes(EventId event) const override;
  std::vector<Address> intents(EventId event) const override;
  std::vector<std::string> pipelines_in_flight() const override;
  EventId last_id() const override;
  std::string cursor(const std::string& pipeline, const std::string& source) const override;
  std::map<std::string, Seen> seen(const std::string& pipeline, const std::string& source,
                                   const std::vector<std::string>& keys) const override;
  std::vector<Seen> open_seen(const std::string& pipeline, const std::string& source, const std::string& after,
                              std::size_t limit) const override;
  std::optional<PlanText> plan(const std::string& hash) const override;
  std::vector<SinkPosition> positions() const override;
  std::map<std::string, Counters> counters() const override;
  std::map<std::string, Pace> paces() const override;
  std::vector<Notice> notices() const override;
  std::vector<ListedEvent> events(const EventFilter& filter) const override;
  std::optional<StoredEvent> event(EventId id) const override;
  std::optional<ListedEvent> listed(EventId id) const override;
  std::vector<ListedOutcome> story(EventId id) const override;
  bool written_after(const std::string& account, const std::string& key, EventId id) const override;

  /// A pipeline under another name keeps its cursors, identities and events (`state rename`).
  Result<void> rename_pipeline(const std::string& from, const std::string& to);

 private:
  struct Parts;
  explicit SqliteJournal(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace pipewright::engine
