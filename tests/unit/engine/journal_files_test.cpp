// What stands on the disk in place of a journal: somebody else's, damaged, of an earlier version, none.
#include <sqlite3.h>

#include <cstdio>

#include "engine/journal/sqlite.hpp"
#include "journal_folder.hpp"

namespace pipewright::engine {

TEST_CASE("the journal is its owner's alone (engine B14)") {
  const Folder folder;
  {
    auto journal = SqliteJournal::open(folder.file(), SqliteJournal::Mode::write);
    REQUIRE((*journal)->open());
    Transaction page;
    page.events.push_back(event_of("p", "1", "a"));
    commit(**journal, page);
    for (const auto& entry : std::filesystem::directory_iterator(folder.path))
      CHECK_MESSAGE((entry.status().permissions() & std::filesystem::perms(077)) == std::filesystem::perms(0),
                    entry.path());
  }
  std::filesystem::permissions(folder.file(), std::filesystem::perms(0644));
  auto journal = SqliteJournal::open(folder.file(), SqliteJournal::Mode::write);
  CHECK((std::filesystem::status(folder.file()).permissions() & std::filesystem::perms(007)) ==
        std::filesystem::perms(0));
}

TEST_CASE("a database of another program is left as it is (engine B15)") {
  const Folder folder;
  sqlite3* raw = nullptr;
  REQUIRE(sqlite3_open(folder.file().c_str(), &raw) == SQLITE_OK);
  REQUIRE(sqlite3_exec(raw, "CREATE TABLE photos (id INTEGER)", nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(raw);
  const auto size = std::filesystem::file_size(folder.file());
  const auto refused = SqliteJournal::open(folder.file(), SqliteJournal::Mode::write);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("another program") != std::string::npos);
  CHECK_FALSE(SqliteJournal::open(folder.file(), SqliteJournal::Mode::read));
  CHECK(std::filesystem::file_size(folder.file()) == size);
}

TEST_CASE("damage is an error of whoever reads it, never nothing (engine B1)") {
  const Folder folder;
  {
    auto journal = SqliteJournal::open(folder.file(), SqliteJournal::Mode::write);
    REQUIRE((*journal)->open());
    Transaction page;
    for (int i = 0; i < 400; ++i) {
      page.events.push_back(event_of("p", fmt::format("{}", i), fmt::format("{}", i)));
      page.events.back().record = Value(std::string(200, 'x'));
    }
    commit(**journal, page);
  }
  // Every leaf of `event` behind the first pages: header bytes gone.
  FILE* file = std::fopen(folder.file().c_str(), "r+b");
  const auto size = std::filesystem::file_size(folder.file());
  int broken = 0;
  for (long at = 4096; at + 4096 <= static_cast<long>(size); at += 4096) {
    std::fseek(file, at, SEEK_SET);
    char page[4096] = {};
    REQUIRE(std::fread(page, 1, sizeof page, file) == sizeof page);
    if (std::string_view(page, sizeof page).find("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx") == std::string_view::npos)
      continue;
    std::fseek(file, at, SEEK_SET);
    const char nothing[16] = {0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55};
    std::fwrite(nothing, 1, sizeof nothing, file);
    ++broken;
  }
  std::fclose(file);
  REQUIRE(broken > 0);
  auto journal = SqliteJournal::open(folder.file(), SqliteJournal::Mode::write);
  REQUIRE(journal);
  const auto opening = (*journal)->open();
  const auto claimed = (*journal)->query(ClaimPipeline{"p", 1000});
  REQUIRE_FALSE(claimed);
  CHECK(claimed.error().message.find("damaged") != std::string::npos);
  const auto listed = (*journal)->events({true, 0, 1000});
  REQUIRE_FALSE(listed);
  CHECK(listed.error().help.find("backup") != std::string::npos);
}

TEST_CASE("a journal of version 1 is brought up to date, and only a writer does it") {
  const Folder folder;
  sqlite3* raw = nullptr;
  REQUIRE(sqlite3_open(folder.file().c_str(), &raw) == SQLITE_OK);
  const char* old = R"sql(
    CREATE TABLE event (id INTEGER PRIMARY KEY AUTOINCREMENT, pipeline TEXT NOT NULL, source TEXT NOT NULL, account TEXT NOT NULL,
      key TEXT NOT NULL, identity TEXT NOT NULL, record TEXT, before TEXT, received_at INTEGER NOT NULL, plan TEXT NOT NULL,
      git_commit TEXT NOT NULL, verify INTEGER NOT NULL DEFAULT 0, doubtful INTEGER NOT NULL DEFAULT 0,
      ended TEXT CHECK (ended IN ('skipped', 'unchanged', 'written', 'parked')), ended_at INTEGER, reason TEXT NOT NULL DEFAULT '',
      place TEXT NOT NULL DEFAULT '', warnings TEXT NOT NULL DEFAULT '') STRICT;
    CREATE TABLE outcome (event INTEGER NOT NULL, address TEXT NOT NULL, connection TEXT NOT NULL, node TEXT NOT NULL, verb TEXT NOT NULL,
      input TEXT NOT NULL, outcome TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (event, address)) STRICT, WITHOUT ROWID;
    CREATE TABLE outcome_exchange (event INTEGER NOT NULL, address TEXT NOT NULL, exchange INTEGER NOT NULL,
      PRIMARY KEY (event, address, exchange)) STRICT, WITHOUT ROWID;
    CREATE TABLE intent (event INTEGER NOT NULL, address TEXT NOT NULL, PRIMARY KEY (event, address)) STRICT, WITHOUT ROWID;
    CREATE TABLE counters (pipeline TEXT PRIMARY KEY, received INTEGER NOT NULL DEFAULT 0, written INTEGER NOT NULL DEFAULT 0,
      unchanged INTEGER NOT NULL DEFAULT 0, skipped INTEGER NOT NULL DEFAULT 0, parked INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
    INSERT INTO event (pipeline, source, account, key, identity, record, before, received_at, plan, git_commit, verify)
      VALUES ('p', 's', 'sim', '1', 'a', '{}', 'null', 5, 'one', '', 1);
    INSERT INTO outcome VALUES (1, '2', 'sim', 'sim.order', 'upsert', 'in', '{"kind":"done","operation":"create"}', 7);
    INSERT INTO intent VALUES (1, '3');
    INSERT INTO counters VALUES ('p', 1, 0, 0, 0, 0);
    PRAGMA user_version = 1;
  )sql";
  REQUIRE(sqlite3_exec(raw, old, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(raw);
  const auto reader = SqliteJournal::open(folder.file(), SqliteJournal::Mode::read);
  REQUIRE_FALSE(reader);
  CHECK(reader.error().help.find("pipewright run") != std::string::npos);
  auto journal = SqliteJournal::open(folder.file(), SqliteJournal::Mode::write);
  REQUIRE(journal);
  REQUIRE((*journal)->open());
  const auto claimed = queried<Claimed>(**journal, ClaimPipeline{"p", 10});
  REQUIRE(claimed.events.size() == 1);
  CHECK(claimed.events[0].delivery == Delivery::unknown);
  CHECK(claimed.events[0].outcomes.begin()->first == "~1:2");
  CHECK(claimed.events[0].intents[0].input.empty());
  CHECK(SqliteJournal::open(folder.file(), SqliteJournal::Mode::read));
}

TEST_CASE("what is no journal is said to be none") {
  const Folder folder;
  FILE* file = std::fopen(folder.file().c_str(), "w");
  std::fputs("this is not a database at all, but it is long enough to be read as one page of it", file);
  std::fclose(file);
  CHECK_FALSE(SqliteJournal::open(folder.file(), SqliteJournal::Mode::write));
}

}  // namespace pipewright::engine
