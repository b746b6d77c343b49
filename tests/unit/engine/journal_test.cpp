#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "engine/journal/memory.hpp"
#include "engine/journal/sqlite.hpp"

namespace pipewright::engine {
namespace {

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / fmt::format("pipewright-journal-{}", getpid());
  Folder() {
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  [[nodiscard]] std::string file() const { return (path / "journal.db").string(); }
};

StoredEvent event_of(const std::string& pipeline, const std::string& key, const std::string& identity) {
  StoredEvent event;
  event.pipeline = pipeline;
  event.source = "sim sim.new";
  event.account = "sim";
  event.key = key;
  event.identity = identity;
  event.record = Value(Record{{"id", Value(5)}, {"at", Value(Instant(Duration(1234)))}});
  event.received_at = Instant(Duration(1'000));
  event.plan = "one";
  return event;
}

Committed commit(Journal& journal, const Transaction& transaction) {
  auto done = journal.commit(std::span(&transaction, 1));
  REQUIRE(done);
  return done->front();
}

StoredEnding ending_of(EventId id, EndingKind kind) {
  return {id, "p", kind, "because", "f.pipe:1: x", {"w1", "w2"}, Instant(Duration(2'000))};
}

void keeps_what_it_should(Journal& journal) {
  Transaction page;
  page.events = {event_of("p", "1", "a"), event_of("p", "1", "b"), event_of("q", "1", "a"), event_of("p", "2", "c"),
                 event_of("p", "1", "a")};
  page.cursors.push_back({"p", "s", "cursor 1"});
  page.seen.push_back({"p", "s", {"k1", "{}", true, false}});
  page.seen.push_back({"p", "s", {"k2", "[]", false, false}});
  page.plans.push_back({"one", "abc", {{"a.pipe", "on x"}}, Instant(Duration(5))});
  page.positions.push_back({"file", "file.append", "x", "17"});
  page.bulks.push_back({"lines", 10, 1, 2, 7});
  const Committed first = commit(journal, page);
  CHECK(first.ids == std::vector<EventId>{1, 2, 3, 4, 0});
  CHECK(journal.last_id() == 4);
  CHECK(journal.cursor("p", "s") == "cursor 1");
  CHECK(journal.seen("p", "s", {"k1", "k3"}).size() == 1);
  CHECK(journal.open_seen("p", "s", "", 10).size() == 1);
  CHECK(journal.open_seen("p", "s", "k1", 10).empty());
  CHECK(journal.plan("one")->files[0].second == "on x");
  CHECK(journal.positions()[0].position == "17");
  CHECK(journal.counters().at("p").received == 3);
  CHECK(journal.counters().at("lines").in_flight() == 0);

  // Only the first of a key may go, across pipelines.
  const auto ready = journal.ready("p", 0, 10);
  REQUIRE(ready.size() == 2);
  CHECK(ready[0].id == 1);
  CHECK(ready[1].id == 4);
  CHECK(ready[0].record["at"].time()->time_since_epoch() == Duration(1234));
  CHECK(journal.ready("q", 0, 10).empty());
  CHECK(journal.ready("p", 1, 10).size() == 1);

  Transaction work;
  Outcome outcome;
  outcome.operation = "create";
  outcome.result = Value(Record{{"id", Value(9)}});
  outcome.changes.push_back({"status", Value("a"), Value("b")});
  work.exchanges.push_back({"POST", "http://x", "{}", 200, "[]", Instant(Duration(7)), Duration(3)});
  work.outcomes.push_back({1, "1", "sim", "sim.order", "upsert", "input", outcome, Instant(Duration(8)), {0}});
  work.outcomes.push_back({1,
                           "2",
                           "sim",
                           "sim.order",
                           "upsert",
                           "input",
                           Outcome::failed({Failure::Kind::permanent, "no"}),
                           Instant(Duration(9)),
                           {0}});
  work.intents.push_back({1, "3"});
  work.endings.push_back(ending_of(1, EndingKind::parked));
  commit(journal, work);
  CHECK(journal.first_of("sim", "1")->id == 2);
  const auto outcomes = journal.outcomes(1);
  CHECK(outcomes.at("1").outcome.result["id"] == Value(9));
  CHECK(outcomes.at("1").outcome.changes[0].after == Value("b"));
  CHECK(outcomes.at("2").outcome.failure->reason == "no");
  CHECK(journal.intents(1) == std::vector<Address>{"3"});
  CHECK(journal.story(1)[0].exchanges[0].url == "http://x");
  CHECK(journal.events({})[0].reason == "because");
  CHECK(journal.events({})[0].warnings.size() == 2);
  CHECK(journal.events({true, 0, 100}).size() == 4);
  CHECK(journal.counters().at("p").parked == 1);

  Transaction again;
  again.reopened.push_back({1, "two", true, {"2"}});
  commit(journal, again);
  CHECK(journal.counters().at("p").parked == 0);
  CHECK(journal.counters().at("p").in_flight() == 3);
  CHECK(journal.first_of("sim", "1")->id == 1);
  CHECK(journal.first_of("sim", "1")->verify);
  CHECK(journal.outcomes(1).size() == 1);
  CHECK(journal.intents(1).empty());

  Transaction last;
  last.events.push_back(event_of("p", "8", "z"));
  StoredEnding parked = ending_of(0, EndingKind::parked);
  last.ended_events.emplace_back(0, parked);
  for (const EventId id : {1, 2, 4}) last.endings.push_back(ending_of(id, EndingKind::written));
  commit(journal, last);
  CHECK(journal.written_after("sim", "1", 1));
  CHECK_FALSE(journal.written_after("sim", "1", 2));
  CHECK(journal.pipelines_in_flight() == std::vector<std::string>{"q"});
  CHECK(*journal.prune(Instant(Duration(3'000)), 100) == 3);
  CHECK(journal.events({true, 0, 100}).size() == 2);
  CHECK(commit(journal, page).ids == std::vector<EventId>{0, 0, 0, 0, 0});
  const Counters books = journal.counters().at("p");
  CHECK(books.received == 4);
  CHECK(books.written == 3);
  CHECK(books.parked == 1);
  CHECK(books.in_flight() == 0);
}

}  // namespace

TEST_CASE("the memory journal keeps what it should") {
  MemoryJournal journal;
  keeps_what_it_should(journal);
}

TEST_CASE("the SQLite journal keeps what it should, over a restart too") {
  const Folder folder;
  {
    auto journal = SqliteJournal::open(folder.file(), SqliteJournal::Mode::write);
    REQUIRE(journal);
    keeps_what_it_should(**journal);
  }
  auto journal = SqliteJournal::open(folder.file(), SqliteJournal::Mode::write);
  REQUIRE(journal);
  CHECK((*journal)->cursor("p", "s") == "cursor 1");
  CHECK((*journal)->last_id() == 5);
  REQUIRE((*journal)->rename_pipeline("p", "new_name"));
  CHECK((*journal)->cursor("new_name", "s") == "cursor 1");
}

TEST_CASE("a second writer is refused with the first one's pid, a reader is let in") {
  const Folder folder;
  CHECK_FALSE(SqliteJournal::open(folder.file(), SqliteJournal::Mode::read));
  auto first = SqliteJournal::open(folder.file(), SqliteJournal::Mode::write);
  REQUIRE(first);
  auto second = SqliteJournal::open(folder.file(), SqliteJournal::Mode::write);
  REQUIRE_FALSE(second);
  CHECK(second.error().message.find(fmt::format("process {}", getpid())) != std::string::npos);
  auto reader = SqliteJournal::open(folder.file(), SqliteJournal::Mode::read);
  REQUIRE(reader);
  Transaction page;
  page.events.push_back(event_of("p", "1", "a"));
  commit(**first, page);
  CHECK((*reader)->events({true, 0, 10}).size() == 1);
}

TEST_CASE("what is no journal is said to be none") {
  const Folder folder;
  FILE* file = std::fopen(folder.file().c_str(), "w");
  std::fputs("this is not a database at all, but it is long enough to be read as one page of it", file);
  std::fclose(file);
  CHECK_FALSE(SqliteJournal::open(folder.file(), SqliteJournal::Mode::write));
}

}  // namespace pipewright::engine
