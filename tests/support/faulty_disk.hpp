// A disk in memory for SQLite that forgets what was not synced when the power goes, and fails when it is told to.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace pipewright::test {

/// Registered with SQLite under a name of its own for as long as it lives; connections to it are opened with
/// `sqlite3_open_v2(path, …, disk.vfs())`, several at a time, also from several threads, also in WAL mode. Paths are
/// plain names: there are no folders. All connections have to be closed before it goes.
class FaultyDisk {
 public:
  explicit FaultyDisk(std::uint64_t seed = 1);
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  [[nodiscard]] const char* vfs() const;

  enum class Call { open, read, write, truncate, sync, remove, size, lock, shared_memory };
  /// The `nth` call of a kind from now on (1: the next one) returns `code`, a result of SQLite: SQLITE_FULL,
  /// SQLITE_IOERR_READ, SQLITE_CORRUPT …; so do the `times - 1` calls of that kind behind it. A write that fails has
  /// written half of its bytes. `file`: only calls for files whose name ends so (`-wal`).
  void fail(Call kind, std::uint64_t nth, int code, std::uint64_t times = 1, std::string file = {});
  void heal();  ///< no failures from now on
  /// Calls of a kind so far, those that failed included: to fail the first, the second, … until none is left.
  [[nodiscard]] std::uint64_t calls(Call kind) const;

  /// What was not synced is lost: of each such write chance (from the seed) keeps nothing, all, or some of its sectors
  /// of 512 bytes. Files that were never synced are gone. Every open connection fails from now on until it is closed.
  void power_off();

  /// Overwrites bytes of a file, as a worn-out disk does; false when the file is not so long.
  bool damage(const std::string& file, std::uint64_t at, const std::string& bytes);
  [[nodiscard]] bool exists(const std::string& file) const;
  [[nodiscard]] std::uint64_t bytes(const std::string& file) const;  ///< 0 when it does not exist

  struct State;  ///< for the functions that SQLite calls

 private:
  std::unique_ptr<State> state_;
};

}  // namespace pipewright::test
