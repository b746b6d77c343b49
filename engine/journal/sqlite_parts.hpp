// What the files of the SQLite journal share.
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include "engine/journal/claims.hpp"
#include "engine/journal/sqlite.hpp"
#include "engine/journal/sqlite_database.hpp"
#include "engine/json.hpp"

namespace pipewright::engine {

namespace sqlite {

/// An open descriptor of the database file itself, with a lock on it. SQLite's own locks go when any descriptor of the
/// file is closed in this process: this one is closed last.
class FileLock {
 public:
  FileLock() = default;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock() {
    if (file_ >= 0) ::close(file_);
  }
  /// Makes the file (0600) when it is not there. False: another process has it.
  Result<bool> take(const std::string& path);
  /// Somebody else has it. The descriptor stays open as long as this object.
  bool taken_elsewhere(const std::string& path);
  /// The path still leads to the file that is locked.
  [[nodiscard]] bool still_there(const std::string& path) const;

 private:
  int file_ = -1;
};

/// What people read of an error of SQLite: what happened, and what to do.
Error failure(const std::string& path, int code, const std::string& message);

/// Whether the text can be read back; else why not.
Value decoded(const std::string& text, std::string& unreadable);

StoredEvent event_in(const Run& row, std::string& unreadable);
/// The columns of `event_in`, from table `event e`.
inline constexpr const char* event_columns =
    "e.id, e.pipeline, e.source, e.account, e.key, e.identity, e.record, e.before, e.received_at, e.plan, "
    "e.git_commit, e.reopened_after, e.as_was, e.stale_allowed, e.origin";

Result<void> prepare(Database& db, const std::string& path);
/// For who only reads: it is a journal, and of this program's version.
Result<void> readable(Database& db, const std::string& path);
Result<Epoch> next_epoch(Database& db, const std::string& path);
std::string owner_text(Database& db);

std::optional<PlanText> plan_in(Database& db, const std::string& hash);
std::map<std::string, Seen> states_in(Database& db, const LoadStates& query);
std::vector<Seen> open_states_in(Database& db, const LoadOpenStates& query);
Cursors cursors_in(Database& db);
std::vector<Notice> notices_in(Database& db);
std::vector<BucketState> buckets_in(Database& db);

}  // namespace sqlite

struct SqliteJournal::Parts {
  std::string path;
  bool on_disk = true;
  mutable sqlite::FileLock lock;  ///< closed after both databases
  sqlite::Database writer;
  mutable sqlite::Database reader;
  Epoch epoch = 0;
  Claims claims;

  /// Runs reads on one of the databases: the first error of any of them is the result.
  template <class F>
  auto read(sqlite::Database& db, F&& reads) const -> Result<decltype(reads(db))> {
    db.take_error();
    auto value = reads(db);
    if (db.error().empty()) return value;
    const int code = db.code();
    return tl::unexpected<Error>(sqlite::failure(path, code, db.take_error()));
  }
};

}  // namespace pipewright::engine
