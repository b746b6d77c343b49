// Opening: one writer, whatever path it came by; versions, foreign and damaged files.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "engine/journal/schema.hpp"
#include "engine/journal/sqlite_parts.hpp"

namespace pipewright::engine::sqlite {
namespace {

int pragma(Database& db, const char* sql) {
  auto row = db.run(sql);
  return row.step() ? static_cast<int>(row.number(0)) : 0;
}

bool has_table(Database& db, const char* name) {
  auto row = db.run("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?");
  row.with(name);
  return row.step();
}

struct flock whole_lock() {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = 0x7000000000000000;  // far behind the bytes that SQLite locks
  lock.l_len = 1;
  return lock;
}

// A journal of ours, or nothing yet.
Result<void> ours(Database& db, const std::string& path) {
  const int application = pragma(db, "PRAGMA application_id");
  const bool empty = pragma(db, "SELECT count(*) FROM sqlite_schema") == 0;
  const bool first_version = application == 0 && has_table(db, "event") && has_table(db, "counters");
  if (!db.error().empty()) {
    const int code = db.code();
    return fail(failure(path, code, db.take_error()));
  }
  if (empty || application == journal_application || first_version) return {};
  return fail(fmt::format("{} is a database of another program", path),
              "name another file with --state or [state] url");
}

}  // namespace

Error failure(const std::string& path, int code, const std::string& message) {
  switch (code) {
    case SQLITE_FULL:
      return {fmt::format("{}: the disk is full", path),
              "make room, then start again: nothing that was stored is lost"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {
          fmt::format("{} is damaged: {}", path, message),
          fmt::format("stop, keep a copy, and restore a backup; `sqlite3 {} .recover` saves what can be read", path)};
    case SQLITE_IOERR:
      return {fmt::format("{}: the disk does not answer as it should: {}", path, message),
              "check the disk, then start again"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {fmt::format("{} is locked by another program", path), "end what holds it open for writing"};
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return {fmt::format("{}: {}", path, message), "may this user read and write the file and its folder?"};
    default:
      return {fmt::format("{}: {}", path, message), "is it a state database of pipewright?"};
  }
}

Result<bool> FileLock::take(const std::string& path) {
  // 0600: customers' names and phones stand in it. SQLite gives its -wal and -shm the same mode.
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file_ < 0)
    return fail(fmt::format("cannot open {}: {}", path, std::strerror(errno)),
                "does its folder exist, and may this user write there?");
  struct stat status{};
  if (::fstat(file_, &status) == 0 && (status.st_mode & 0007) != 0) ::fchmod(file_, status.st_mode & 0770);
  struct flock lock = whole_lock();
  return ::fcntl(file_, F_OFD_SETLK, &lock) == 0;
}

bool FileLock::taken_elsewhere(const std::string& path) {
  if (file_ < 0) file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct flock lock = whole_lock();
  return file_ >= 0 && ::fcntl(file_, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

bool FileLock::still_there(const std::string& path) const {
  struct stat mine{}, there{};
  return ::fstat(file_, &mine) == 0 && ::stat(path.c_str(), &there) == 0 && mine.st_ino == there.st_ino &&
         mine.st_dev == there.st_dev;
}

std::string owner_text(Database& db) {
  auto row = db.run("SELECT pid FROM owner");
  const bool known = row.step();
  const std::string text = known ? fmt::format("process {}", row.number(0)) : std::string("another process");
  db.take_error();
  return text;
}

Result<void> prepare(Database& db, const std::string& path) {
  if (Result<void> fine = ours(db, path); !fine) return fine;
  const int version = pragma(db, "PRAGMA user_version");
  if (version > journal_version) {
    return fail(fmt::format("{} was written by a newer pipewright (journal version {}; this one writes {})", path,
                            version, journal_version),
                "update pipewright");
  }
  // auto_vacuum has to be there before the first table.
  db.execute("PRAGMA auto_vacuum = INCREMENTAL");
  {
    auto mode = db.run("PRAGMA journal_mode = WAL");
    if (mode.step() && mode.text(0) != "wal")
      return fail(fmt::format("{}: this file system cannot keep a write-ahead log ({} instead)", path, mode.text(0)),
                  "keep the state database on a local disk: --state, or [state] url");
  }
  db.execute("PRAGMA synchronous = FULL");
  db.execute("PRAGMA journal_size_limit = 4194304");  // what a slow reader made grow goes when the log begins anew
  db.execute("PRAGMA cell_size_check = ON");
  db.execute("BEGIN IMMEDIATE");
  db.execute(journal_schema());
  for (int from = std::max(version, 1); version > 0 && from < journal_version; ++from) {
    if (const char* steps = journal_migration(from)) db.execute(steps);
  }
  db.execute(fmt::format("PRAGMA user_version = {}", journal_version).c_str());
  db.execute(fmt::format("PRAGMA application_id = {}", journal_application).c_str());
  db.execute("COMMIT");
  // What every start depends on, and is small.
  std::string damage;
  for (const char* check : {"PRAGMA quick_check(cursor)", "PRAGMA quick_check(counters)", "PRAGMA quick_check(plan)",
                            "PRAGMA quick_check(sink)", "PRAGMA quick_check(owner)"}) {
    auto row = db.run(check);
    if (row.step() && row.text(0) != "ok") damage = row.text(0);
  }
  if (!db.error().empty()) {
    const int code = db.code();
    return fail(failure(path, code, db.take_error()));
  }
  if (!damage.empty()) return fail(failure(path, SQLITE_CORRUPT, damage));
  return {};
}

Result<void> readable(Database& db, const std::string& path) {
  if (Result<void> fine = ours(db, path); !fine) return fine;
  const int version = pragma(db, "PRAGMA user_version");
  if (!db.error().empty()) {
    const int code = db.code();
    return fail(failure(path, code, db.take_error()));
  }
  if (version > journal_version)
    return fail(fmt::format("{} was written by a newer pipewright (journal version {}; this one reads {})", path,
                            version, journal_version),
                "update pipewright");
  if (version < journal_version)
    return fail(fmt::format("{} was written by an older pipewright (journal version {}; this one reads {})", path,
                            version, journal_version),
                "`pipewright run` brings it up to date");
  return {};
}

Result<Epoch> next_epoch(Database& db, const std::string& path) {
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  const Instant now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  db.take_error();
  db.execute("BEGIN IMMEDIATE");
  db.run(
        "INSERT INTO owner (one, epoch, pid, host, since) VALUES (1, 1, ?, ?, ?) ON CONFLICT (one) DO UPDATE SET "
        "epoch = epoch + 1, pid = excluded.pid, host = excluded.host, since = excluded.since")
      .with(static_cast<std::int64_t>(::getpid()), std::string(host), now)
      .done();
  Epoch epoch = 0;
  {
    auto row = db.run("SELECT epoch FROM owner");
    if (row.step()) epoch = row.number(0);
  }
  if (db.error().empty()) db.execute("COMMIT");
  if (db.error().empty()) return epoch;
  const int code = db.code();
  const std::string reason = db.take_error();
  db.execute("ROLLBACK");
  db.take_error();
  return fail(failure(path, code, reason));
}

}  // namespace pipewright::engine::sqlite

namespace pipewright::engine {

SqliteJournal::SqliteJournal(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

SqliteJournal::~SqliteJournal() = default;

Result<std::unique_ptr<SqliteJournal>> SqliteJournal::open(const std::string& path, Mode mode, const std::string& vfs) {
  std::unique_ptr<SqliteJournal> journal(new SqliteJournal(std::make_unique<Parts>()));
  Parts& parts = *journal->parts_;
  parts.path = path;
  parts.on_disk = vfs.empty();
  const auto opened = [&](sqlite::Database& db, int flags) -> Result<void> {
    db.open(path, flags | SQLITE_OPEN_NOMUTEX, vfs);
    if (db.error().empty()) return {};
    const int code = db.code();
    return fail(sqlite::failure(path, code, db.take_error()));
  };
  if (mode == Mode::write) {
    if (parts.on_disk) {
      Result<bool> lock = parts.lock.take(path);
      if (!lock) return fail(lock.error());
      if (!*lock) {
        sqlite::Database other;
        other.open(path, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, vfs);
        return fail(fmt::format("{} is in use by {}", path, sqlite::owner_text(other)),
                    "stop it first; `pipewright status` and `events` can read meanwhile");
      }
    }
    if (Result<void> fine = opened(parts.writer, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE); !fine)
      return fail(fine.error());
    if (Result<void> ready = sqlite::prepare(parts.writer, path); !ready) return fail(ready.error());
  } else if (parts.on_disk && ::access(path.c_str(), F_OK) != 0) {
    return fail(fmt::format("no state database {}", path), "`pipewright run` creates it; or name another with --state");
  }
  if (mode == Mode::ask) {
    if (Result<void> fine = opened(parts.writer, SQLITE_OPEN_READWRITE); !fine) return fail(fine.error());
  }
  if (Result<void> fine = opened(parts.reader, SQLITE_OPEN_READONLY); !fine) return fail(fine.error());
  parts.reader.execute("PRAGMA cell_size_check = ON");
  if (Result<void> fine = sqlite::readable(parts.reader, path); !fine) return fail(fine.error());
  return journal;
}

std::optional<std::string> SqliteJournal::running() const {
  if (!parts_->on_disk || !parts_->lock.taken_elsewhere(parts_->path)) return std::nullopt;
  return sqlite::owner_text(parts_->reader);
}

Result<Opening> SqliteJournal::open() {
  Result<Epoch> epoch = sqlite::next_epoch(parts_->writer, parts_->path);
  if (!epoch) return fail(epoch.error());
  parts_->epoch = *epoch;
  parts_->claims = Claims();
  return parts_->read(parts_->writer, [&](sqlite::Database& db) {
    Opening opening;
    opening.epoch = *epoch;
    {
      auto row = db.run("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'event'");
      if (row.step()) opening.last_id = row.number(0);
    }
    opening.cursors = sqlite::cursors_in(db);
    auto names = db.run("SELECT DISTINCT pipeline FROM event WHERE ended IS NULL ORDER BY pipeline");
    while (names.step()) opening.pipelines_in_flight.push_back(names.text(0));
    auto sinks = db.run("SELECT connection, node, target, position FROM sink ORDER BY connection, node, target");
    while (sinks.step()) opening.positions.push_back({sinks.text(0), sinks.text(1), sinks.text(2), sinks.text(3)});
    opening.notices = sqlite::notices_in(db);
    opening.buckets = sqlite::buckets_in(db);
    return opening;
  });
}

}  // namespace pipewright::engine
