#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "engine/journal/memory.hpp"
#include "engine/journal/sqlite.hpp"
#include "journal_folder.hpp"

namespace pipewright::engine {
namespace {

StoredEnding ending_of(EventId id, EndingKind kind) {
  return {id, "p", kind, "because", "f.pipe:1: x", {"w1", "w2"}, Instant(Duration(2'000))};
}

std::vector<EventId> ids_of(const Claimed& claimed) {
  std::vector<EventId> ids;
  for (const ClaimedEvent& each : claimed.events) ids.push_back(each.stored.id);
  return ids;
}

Counters counters_of(const Journal& journal, const std::string& pipeline) {
  const auto all = journal.counters();
  REQUIRE(all);
  return all->at(pipeline);
}

Transaction first_page() {
  Transaction page;
  page.events = {event_of("p", "1", "a"), event_of("p", "1", "b"), event_of("q", "1", "a"), event_of("p", "2", "c"),
                 event_of("p", "1", "a")};
  page.seen.push_back({"p", "s", {"k1", "{}", true, false}});
  page.seen.push_back({"p", "s", {"k2", "[]", false, false}});
  page.plans.push_back({"one", "abc", {{"a.pipe", "on x"}}, Instant(Duration(5))});
  page.positions.push_back({"file", "file.append", "x", "17"});
  page.buckets.push_back({"wb", "account 7", "feed", -3, 10, 200'000, Instant(Duration(50)), Instant(Duration(60))});
  page.bulks.push_back({"lines", 10, 1, 2, 7});
  return page;
}

void stores_a_page(Journal& journal) {
  Transaction page = first_page();
  page.cursors.push_back({"p", "s", "", "cursor 1"});
  const Committed first = commit(journal, page);
  CHECK(first.ids == std::vector<EventId>{1, 2, 3, 4, 0});
  CHECK((*journal.cursors()).at({"p", "s"}) == "cursor 1");
  CHECK(queried<std::map<std::string, Seen>>(journal, LoadStates{"p", "s", {"k1", "k3"}}).size() == 1);
  CHECK(queried<std::vector<Seen>>(journal, LoadOpenStates{"p", "s", "", 10}).size() == 1);
  CHECK(queried<std::vector<Seen>>(journal, LoadOpenStates{"p", "s", "k1", 10}).empty());
  const auto plan = journal.plan("one");
  CHECK((*plan)->files[0].second == "on x");
  CHECK(counters_of(journal, "p").received == 3);
  CHECK(counters_of(journal, "lines").in_flight() == 0);
  const auto buckets = journal.buckets();
  REQUIRE(buckets->size() == 1);
  CHECK(buckets->front().tokens == -3);
  CHECK(buckets->front().paused_until == Instant(Duration(60)));
}

void claims_in_the_order_of_keys(Journal& journal) {
  const auto claimed = queried<Claimed>(journal, ClaimPipeline{"q", 10});
  CHECK(ids_of(claimed) == std::vector<EventId>{1, 2, 3});  // what stands before it comes with it
  CHECK(claimed.events[0].stored.record["at"].time()->time_since_epoch() == Duration(1234));
  CHECK(claimed.events[0].delivery == Delivery::not_sent);
  CHECK(ids_of(queried<Claimed>(journal, ClaimPipeline{"p", 2})) == std::vector<EventId>{1, 2});
  CHECK(ids_of(queried<Claimed>(journal, ClaimPipeline{"p", 10})) == std::vector<EventId>{4});
  CHECK(queried<Claimed>(journal, ClaimPipeline{"p", 10}).events.empty());
}

void keeps_outcomes_and_reopens(Journal& journal) {
  Transaction work;
  Outcome outcome = Outcome::done("create");
  outcome.result = Value(Record{{"id", Value(9)}});
  outcome.changes.push_back({"status", Value("a"), Value("b")});
  Failure refused{Failure::Kind::permanent, "no"};
  refused.delivery = Delivery::not_sent;
  work.exchanges.push_back({"POST", "http://x", "{}", 200, "[]", Instant(Duration(7)), Duration(3)});
  work.intents = {{1, "2", "in"}, {1, "3", "in 3"}, {1, "4", "in 4"}};
  work.outcomes.push_back({1, "1", "sim", "sim.order", "upsert", "input", outcome, Instant(Duration(8)), {0}});
  work.outcomes.push_back(
      {1, "2", "sim", "sim.order", "upsert", "in", Outcome::failed(refused), Instant(Duration(9)), {0}});
  work.withdrawn = {{1, "4", "in 4"}};
  work.endings.push_back(ending_of(1, EndingKind::parked));
  commit(journal, work);
  const auto story = journal.story(1);
  CHECK((*story)[0].exchanges[0].url == "http://x");
  const auto parked = journal.events({});
  REQUIRE(parked->size() == 1);
  CHECK(parked->front().reason == "because");
  CHECK(parked->front().warnings.size() == 2);
  CHECK(journal.events({true, 0, 100})->size() == 4);
  CHECK(counters_of(journal, "p").parked == 1);

  Transaction again;
  Reopen reopen{1, "two", false, true, {"2"}, true};
  again.reopened.push_back(reopen);
  commit(journal, again);
  CHECK(counters_of(journal, "p").parked == 0);
  CHECK(counters_of(journal, "p").in_flight() == 3);
  const auto claimed = queried<Claimed>(journal, ClaimEvent{1});
  CHECK(ids_of(claimed) == std::vector<EventId>{2, 3, 1});  // behind those that were there when it was reopened
  const ClaimedEvent& event = claimed.events.back();
  CHECK(event.delivery == Delivery::unknown);
  CHECK(event.stored.stale_allowed);
  REQUIRE(event.outcomes.size() == 1);
  CHECK(event.outcomes.begin()->first == set_aside("1", 1));
  CHECK(event.outcomes.begin()->second.outcome.result["id"] == Value(9));
  CHECK(event.outcomes.begin()->second.outcome.changes[0].after == Value("b"));
  REQUIRE(event.intents.size() == 1);  // withdrawn, or its outcome is known: gone; else it stays
  CHECK(event.intents[0].input == "in 3");
  CHECK(event.newest.at("sim").event == 1);
  CHECK(event.newest.at("sim").identity == "a");
}

void ends_and_prunes(Journal& journal) {
  Transaction last;
  last.events.push_back(event_of("p", "8", "z"));
  last.ended_events.emplace_back(0, ending_of(0, EndingKind::parked));
  for (const EventId id : {1, 2, 4}) last.endings.push_back(ending_of(id, EndingKind::written));
  commit(journal, last);
  CHECK(*journal.prune(Instant(Duration(2'400)), 100, {}) == 3);  // what is parked waits for a person
  Transaction skip;
  skip.skipped.push_back({5, "by hand", Instant(Duration(2'500))});
  commit(journal, skip);
  CHECK(counters_of(journal, "p").skipped == 1);
  CHECK(journal.events({true, 0, 100})->size() == 2);
  CHECK(commit(journal, first_page()).ids == std::vector<EventId>{0, 0, 0, 0, 0});
  const Counters counters = counters_of(journal, "p");
  CHECK(counters.received == 4);
  CHECK(counters.written == 3);
  CHECK(counters.parked + counters.in_flight() == 0);
}

void answers_requests(Journal& journal) {
  const auto asked = journal.ask({0, EventRequest::Kind::skip, 4, false, false, "why not"});
  REQUIRE(asked);
  const auto open = queried<std::vector<EventRequest>>(journal, LoadRequests{});
  REQUIRE(open.size() == 1);
  CHECK(open[0].why == "why not");
  CHECK_FALSE(*journal.answer(*asked));
  Transaction answer;
  answer.answers.push_back({*asked, 4, true, "soon"});
  commit(journal, answer);
  CHECK((*journal.answer(*asked))->reason == "soon");
  CHECK(queried<std::vector<EventRequest>>(journal, LoadRequests{}).empty());
}

void keeps_what_it_should(Journal& journal) {
  REQUIRE(journal.open());
  stores_a_page(journal);
  claims_in_the_order_of_keys(journal);
  keeps_outcomes_and_reopens(journal);
  answers_requests(journal);
  ends_and_prunes(journal);
}

// The same at each implementation.
void at_each(void (*judged)(Journal&)) {
  MemoryJournal memory;
  judged(memory);
  const Folder folder;
  auto journal = SqliteJournal::open(folder.file(), SqliteJournal::Mode::write);
  REQUIRE(journal);
  judged(**journal);
}

void doubts_what_an_earlier_owner_had(Journal& journal) {
  REQUIRE(journal.open());
  Transaction page;
  page.events = {event_of("p", "1", "a"), event_of("p", "2", "b")};
  commit(journal, page);
  CHECK(queried<Claimed>(journal, ClaimPipeline{"p", 10}).events[0].delivery == Delivery::not_sent);
  REQUIRE(journal.open());  // it died
  CHECK(queried<Claimed>(journal, ClaimPipeline{"p", 10}).events[0].delivery == Delivery::unknown);
  Transaction bye;
  bye.release = Release{{}};
  commit(journal, bye);  // in order; but the doubt is older
  REQUIRE(journal.open());
  CHECK(queried<Claimed>(journal, ClaimPipeline{"p", 10}).events[0].delivery == Delivery::unknown);
  Transaction more;
  more.events = {event_of("p", "3", "c"), event_of("p", "4", "d")};
  commit(journal, more);
  bye.release = Release{{4}};
  commit(journal, bye);
  REQUIRE(journal.open());
  const auto claimed = queried<Claimed>(journal, ClaimPipeline{"p", 10});
  REQUIRE(claimed.events.size() == 4);
  CHECK(claimed.events[2].delivery == Delivery::not_sent);  // released
  CHECK(claimed.events[3].delivery == Delivery::unknown);
}

void moves_a_cursor_only_from_where_it_was(Journal& journal) {
  REQUIRE(journal.open());
  Transaction move;
  move.cursors.push_back({"p", "s", "", "one"});
  commit(journal, move);
  move.events.push_back(event_of("p", "1", "a"));
  const auto refused = journal.commit(std::span(&move, 1));
  REQUIRE_FALSE(refused);
  CHECK((*journal.cursors()).at({"p", "s"}) == "one");
  CHECK(journal.events({true, 0, 10})->empty());
}

void hands_out_a_long_key_in_parts(Journal& journal) {
  REQUIRE(journal.open());
  Transaction page;
  for (std::size_t i = 0; i < key_depth + 10; ++i) page.events.push_back(event_of("p", "1", fmt::format("{}", i)));
  commit(journal, page);
  auto claimed = queried<Claimed>(journal, ClaimPipeline{"p", 1000});
  CHECK(claimed.events.size() == key_depth);
  REQUIRE_FALSE(claimed.deeper.empty());
  CHECK(claimed.deeper[0].second == "1");
  Transaction work;
  for (EventId id = 1; id <= 20; ++id) work.endings.push_back(ending_of(id, EndingKind::written));
  commit(journal, work);
  CHECK(queried<Claimed>(journal, ClaimKey{"sim", "1"}).events.size() == key_depth - 10);
}

void remembers_the_newest_write(Journal& journal) {
  REQUIRE(journal.open());
  Transaction page;
  for (const char* identity : {"a", "b", "c"}) page.events.push_back(event_of("p", "1", identity));
  commit(journal, page);
  for (const EventId id : {2, 1}) {  // the older one writes later, as `events retry --stale` lets it
    Transaction work;
    work.outcomes.push_back(
        {id, "1", "sim", "sim.order", "upsert", "in", Outcome::done("update"), Instant(Duration(8)), {}});
    work.endings.push_back(ending_of(id, EndingKind::written));
    commit(journal, work);
  }
  for (const std::size_t pruned : {2, 0}) {
    REQUIRE(journal.open());
    CHECK(queried<Claimed>(journal, ClaimEvent{3}).events.back().newest.at("sim").event == 2);
    CHECK(*journal.prune(Instant(Duration(1'000'000)), 100, {}) == pruned);
  }
}

void counts_an_event_once(Journal& journal) {
  REQUIRE(journal.open());
  commit(journal, first_page());
  Transaction end;
  end.endings.push_back(ending_of(1, EndingKind::written));
  for (int i = 0; i < 2; ++i) commit(journal, end);
  CHECK(counters_of(journal, "p").written == 1);
}

}  // namespace

TEST_CASE("the newest write of a key is remembered, also behind an older one and when its event is pruned") {
  at_each(remembers_the_newest_write);
}

TEST_CASE("an event is counted once, however often its end is recorded") { at_each(counts_an_event_once); }

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
  const auto opening = (*journal)->open();
  REQUIRE(opening);
  CHECK(opening->cursors.at({"p", "s"}) == "cursor 1");
  CHECK(opening->last_id == 5);
  CHECK(opening->epoch == 2);
  CHECK(opening->positions[0].position == "17");
  CHECK(opening->pipelines_in_flight == std::vector<std::string>{"q"});
}

TEST_CASE("what an earlier owner had is in doubt, what it released is not") {
  at_each(doubts_what_an_earlier_owner_had);
}

TEST_CASE("a cursor that somebody else has moved fails the whole commit") {
  at_each(moves_a_cursor_only_from_where_it_was);
}

TEST_CASE("many events of one key are handed out in parts") { at_each(hands_out_a_long_key_in_parts); }

TEST_CASE("a second writer is refused with the first one's pid, a reader is let in") {
  const Folder folder;
  CHECK_FALSE(SqliteJournal::open(folder.file(), SqliteJournal::Mode::read));
  auto first = SqliteJournal::open(folder.file(), SqliteJournal::Mode::write);
  REQUIRE(first);
  REQUIRE((*first)->open());
  auto second = SqliteJournal::open(folder.file(), SqliteJournal::Mode::write);
  REQUIRE_FALSE(second);
  CHECK(second.error().message.find(fmt::format("process {}", getpid())) != std::string::npos);
  auto reader = SqliteJournal::open(folder.file(), SqliteJournal::Mode::read);
  REQUIRE(reader);
  Transaction page;
  page.events.push_back(event_of("p", "1", "a"));
  REQUIRE((*first)->open());
  commit(**first, page);
  CHECK((*reader)->events({true, 0, 10})->size() == 1);
  CHECK((*reader)->running() == fmt::format("process {}", getpid()));
}

TEST_CASE("the log shrinks again after a reader held it open for long (F15)") {
  const Folder folder;
  auto journal = SqliteJournal::open(folder.file(), SqliteJournal::Mode::write);
  REQUIRE(journal);
  REQUIRE((*journal)->open());
  int number = 0;
  const auto pass = [&](int pages) {
    for (int i = 0; i < pages; ++i) {
      Transaction page;
      page.events.push_back(event_of("p", "1", fmt::format("{}", ++number)));
      page.events.back().record = Value(Record{{"text", Value(std::string(20'000, 'x'))}});
      commit(**journal, page);
    }
  };
  pass(1);
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open_v2(folder.file().c_str(), &other, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
  REQUIRE(sqlite3_exec(other, "BEGIN; SELECT count(*) FROM event", nullptr, nullptr, nullptr) == SQLITE_OK);
  pass(1000);
  const auto size = [&] { return std::filesystem::file_size(folder.file() + "-wal"); };
  CHECK(size() > 16U << 20U);
  sqlite3_close_v2(other);
  pass(10);
  CHECK(size() < 8U << 20U);
}

TEST_CASE("a second writer is refused by whatever path it comes (engine B2)") {
  const Folder folder;
  auto first = SqliteJournal::open(folder.file(), SqliteJournal::Mode::write);
  REQUIRE(first);
  const std::string link = (folder.path / "link.db").string();
  std::filesystem::create_symlink(folder.file(), link);
  CHECK_FALSE(SqliteJournal::open(link, SqliteJournal::Mode::write));
  std::filesystem::create_hard_link(folder.file(), folder.path / "hard.db");
  CHECK_FALSE(SqliteJournal::open((folder.path / "hard.db").string(), SqliteJournal::Mode::write));
}

TEST_CASE("a commit fails when the journal was taken over, or taken away (engine B2)") {
  const Folder folder;
  auto journal = SqliteJournal::open(folder.file(), SqliteJournal::Mode::write);
  REQUIRE((*journal)->open());
  Transaction page;
  page.events.push_back(event_of("p", "1", "a"));
  commit(**journal, page);
  sqlite3* raw = nullptr;
  REQUIRE(sqlite3_open(folder.file().c_str(), &raw) == SQLITE_OK);
  REQUIRE(sqlite3_exec(raw, "UPDATE owner SET epoch = epoch + 1, pid = 4711", nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(raw);
  page.events = {event_of("p", "2", "b")};
  const auto fenced = (*journal)->commit(std::span(&page, 1));
  REQUIRE_FALSE(fenced);
  CHECK(fenced.error().message.find("taken over by process 4711") != std::string::npos);
  CHECK((*journal)->events({true, 0, 10})->size() == 1);
  REQUIRE((*journal)->open());
  std::filesystem::remove(folder.file());
  const auto gone = (*journal)->commit(std::span(&page, 1));
  REQUIRE_FALSE(gone);
  CHECK(gone.error().message.find("removed or replaced") != std::string::npos);
}

}  // namespace pipewright::engine
