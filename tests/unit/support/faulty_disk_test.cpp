// The disk that tests are run on fails as real ones do: else a test on it shows nothing.
#include "tests/support/faulty_disk.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <thread>

using pipewright::test::FaultyDisk;
using Call = FaultyDisk::Call;

namespace {

class Database {
 public:
  explicit Database(const FaultyDisk& disk, const std::string& synchronous = "FULL", const std::string& mode = "WAL") {
    opened = ::sqlite3_open_v2("shop.db", &database_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, disk.vfs());
    ::sqlite3_busy_timeout(database_, 2000);
    if (opened != SQLITE_OK) return;
    opened = run("PRAGMA journal_mode=" + mode);
    if (opened == SQLITE_OK) opened = run("PRAGMA synchronous=" + synchronous);
    if (opened == SQLITE_OK) opened = run("CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY, text TEXT)");
  }
  ~Database() { ::sqlite3_close(database_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  int run(const std::string& sql) {
    const int code = ::sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr);
    return code == SQLITE_OK ? code : ::sqlite3_extended_errcode(database_);
  }
  /// A row of some pages in a commit of its own.
  int insert(int n) { return run(fmt::format("INSERT INTO t VALUES ({}, '{}')", n, std::string(6000, 'x'))); }
  std::string ask(const std::string& sql) {
    std::string found;
    const auto take = [](void* into, int count, char** values, char**) {
      if (count > 0 && values[0] != nullptr) *static_cast<std::string*>(into) = values[0];
      return 0;
    };
    const int code = ::sqlite3_exec(database_, sql.c_str(), take, &found, nullptr);
    return code == SQLITE_OK ? found : fmt::format("error {}", ::sqlite3_extended_errcode(database_));
  }
  int rows() { return std::atoi(ask("SELECT count(*) FROM t").c_str()); }

  int opened = SQLITE_ERROR;

 private:
  sqlite3* database_ = nullptr;
};

// Rows that are there after `commits` commits, half a transaction and a power cut.
int rows_after_power_cut(std::uint64_t seed, const std::string& synchronous, const std::string& mode, int commits,
                         std::string& integrity) {
  FaultyDisk disk(seed);
  {
    Database database(disk, synchronous, mode);
    REQUIRE(database.opened == SQLITE_OK);
    for (int n = 0; n < commits; ++n) REQUIRE(database.insert(n) == SQLITE_OK);
    REQUIRE(database.run("BEGIN") == SQLITE_OK);
    for (int n = 0; n < 5; ++n) REQUIRE(database.insert(1000 + n) == SQLITE_OK);
    disk.power_off();
    CHECK(database.run("COMMIT") != SQLITE_OK);
  }
  Database again(disk, synchronous, mode);
  if (again.opened != SQLITE_OK) {
    integrity = "cannot be opened";
    return 0;
  }
  integrity = again.ask("PRAGMA integrity_check");
  return again.rows();
}

}  // namespace

TEST_CASE("with synchronous=FULL every commit outlives a power cut, with OFF it does not") {
  for (const char* mode : {"WAL", "DELETE"}) {
    CAPTURE(mode);
    int lost = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
      CAPTURE(seed);
      std::string integrity;
      CHECK(rows_after_power_cut(seed, "FULL", mode, 12, integrity) == 12);
      CHECK(integrity == "ok");
      lost += rows_after_power_cut(seed, "OFF", mode, 12, integrity) != 12 || integrity != "ok" ? 1 : 0;
    }
    CHECK(lost > 30);
  }
}

TEST_CASE("with synchronous=NORMAL the last commits go with the power, the database stays whole") {
  int lost = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    std::string integrity;
    lost += rows_after_power_cut(seed, "NORMAL", "WAL", 12, integrity) < 12 ? 1 : 0;
    CHECK(integrity == "ok");
  }
  CHECK(lost > 30);
}

TEST_CASE("the same seed loses the same") {
  std::string first;
  std::string second;
  for (std::uint64_t seed = 1; seed <= 10; ++seed)
    CHECK(rows_after_power_cut(seed, "OFF", "WAL", 12, first) == rows_after_power_cut(seed, "OFF", "WAL", 12, second));
}

TEST_CASE("each failure of the disk comes out as SQLite's own, and what was committed before stays") {
  struct Case {
    Call kind;
    int code;
  };
  const Case cases[] = {{Call::write, SQLITE_FULL},
                        {Call::write, SQLITE_IOERR_WRITE},
                        {Call::sync, SQLITE_IOERR_FSYNC},
                        {Call::read, SQLITE_IOERR_READ},
                        {Call::read, SQLITE_CORRUPT},
                        {Call::shared_memory, SQLITE_IOERR_SHMMAP},
                        {Call::truncate, SQLITE_IOERR_TRUNCATE},
                        {Call::size, SQLITE_IOERR_FSTAT},
                        {Call::lock, SQLITE_IOERR_LOCK}};
  for (const Case& each : cases) {
    CAPTURE(each.code);
    int seen = 0;
    for (std::uint64_t nth = 1; nth <= 40; ++nth) {
      CAPTURE(nth);
      FaultyDisk disk(nth);
      int committed = 0;
      {
        Database database(disk);
        REQUIRE(database.opened == SQLITE_OK);
        disk.fail(each.kind, nth, each.code);
        for (int n = 0; n < 10; ++n) {
          const int code = database.insert(n);
          if (code == SQLITE_OK) ++committed;
          if (code == each.code) ++seen;
        }
        disk.power_off();
      }
      disk.heal();
      Database again(disk);
      REQUIRE(again.opened == SQLITE_OK);
      CHECK(again.ask("PRAGMA integrity_check") == "ok");
      CHECK(again.rows() >= committed);
    }
    if (each.kind == Call::write || each.kind == Call::sync) CHECK(seen > 5);
  }
}

TEST_CASE("a failure strikes the file and the number of calls that were named") {
  FaultyDisk disk;
  Database database(disk);
  disk.fail(Call::write, 1, SQLITE_FULL, 1, "-journal");
  CHECK(database.insert(1) == SQLITE_OK);
  disk.heal();
  disk.fail(Call::write, 1, SQLITE_FULL, 1000, "-wal");
  CHECK(database.insert(2) == SQLITE_FULL);
  CHECK(database.insert(3) == SQLITE_FULL);
  disk.heal();
  CHECK(database.insert(4) == SQLITE_OK);
  CHECK(database.rows() == 2);
  CHECK(disk.calls(Call::write) > 0);
  disk.fail(Call::open, 1, SQLITE_CANTOPEN);
  CHECK(Database(disk).opened == SQLITE_CANTOPEN);
}

TEST_CASE("a reader in another thread sees commits as they come, a second writer waits") {
  FaultyDisk disk;
  Database writer(disk);
  std::thread reader([&] {
    Database database(disk);
    int last = 0;
    for (int i = 0; i < 50; ++i) {
      const int now = database.rows();
      CHECK(now >= last);
      last = now;
    }
  });
  for (int n = 0; n < 50; ++n) CHECK(writer.insert(n) == SQLITE_OK);
  reader.join();
  CHECK(writer.run("BEGIN IMMEDIATE") == SQLITE_OK);
  Database second(disk);
  CHECK(second.run("PRAGMA busy_timeout=0") == SQLITE_OK);
  CHECK(second.run("BEGIN IMMEDIATE") == SQLITE_BUSY);
  CHECK(writer.run("COMMIT") == SQLITE_OK);
  CHECK(second.insert(100) == SQLITE_OK);
  CHECK(writer.rows() == 51);
}

TEST_CASE("damage is found by SQLite's own check") {
  FaultyDisk disk;
  {
    Database database(disk);
    for (int n = 0; n < 20; ++n) REQUIRE(database.insert(n) == SQLITE_OK);
  }
  CHECK_FALSE(disk.damage("shop.db", disk.bytes("shop.db"), "x"));
  REQUIRE(disk.damage("shop.db", 4096, std::string(64, '\xFF')));
  Database again(disk);
  CHECK(again.ask("PRAGMA integrity_check") != "ok");
}
