// The journal in SQLite: the embedded default. WAL and synchronous=FULL: what is committed survives the power.
#pragma once

#include <memory>
#include <string>

#include "engine/journal/journal.hpp"

namespace pipewright::engine {

/// One process writes. `commit`, `query` and `prune` may be called from another thread than the reads; each side by one
/// thread at a time.
class SqliteJournal : public Journal {
 public:
  enum class Mode {
    write,  ///< owns the journal; made when it is not there, brought to this program's version when it is older
    read,
    ask,  ///< reads, and may `ask` the owner
  };

  /// A second writer fails with the first one's pid ("… is in use by process 4711"), whatever path it came by; others
  /// are always let in, and fail when there is no journal yet or its version is another one. `vfs`: SQLite's file
  /// system, for tests.
  static Result<std::unique_ptr<SqliteJournal>> open(const std::string& path, Mode mode, const std::string& vfs = {});
  ~SqliteJournal() override;

  /// Of a reader: a process that owns the journal is running ("process 812").
  [[nodiscard]] std::optional<std::string> running() const;

  Result<Opening> open() override;
  Result<std::vector<Committed>> commit(std::span<const Transaction> transactions) override;
  Result<Reply> query(const Query& query) override;
  Result<std::int64_t> ask(const EventRequest& request) override;
  Result<std::optional<RequestAnswer>> answer(std::int64_t request) const override;
  Result<std::size_t> prune(Instant before, std::size_t limit, const std::vector<std::string>& keep) override;

  Result<std::map<std::string, Counters>> counters() const override;
  Result<std::map<std::string, Pace>> paces() const override;
  Result<std::vector<Notice>> notices() const override;
  Result<std::vector<BucketState>> buckets() const override;
  Result<std::vector<ListedEvent>> events(const EventFilter& filter) const override;
  Result<std::optional<StoredEvent>> event(EventId id) const override;
  Result<std::optional<ListedEvent>> listed(EventId id) const override;
  Result<std::vector<ListedOutcome>> story(EventId id) const override;
  Result<std::optional<PlanText>> plan(const std::string& hash) const override;
  Result<Cursors> cursors() const override;
  Result<std::map<std::string, Seen>> states(const LoadStates& query) const override;
  Result<std::vector<Seen>> open_states(const LoadOpenStates& query) const override;

 private:
  struct Parts;
  explicit SqliteJournal(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace pipewright::engine
