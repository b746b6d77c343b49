#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/unit/stdlib/other/folder.hpp"

using namespace pipewright;
using engine::Failure;
using engine::Operation;
using engine::Outcome;
using engine::Record;
using engine::TextPart;
using engine::Value;
using test::Folder;
using test::has;
using test::in;
using test::numbered;
namespace fs = std::filesystem;

namespace {

/// A source that is polled, across restarts of the program.
struct Source {
  explicit Source(const Folder& folder, std::string name = "in.ndjson") : folder_(folder) {
    source_.text = std::move(name);
  }
  void since_now() { source_.since = Duration(0); }
  void restart() { node_ = std::make_unique<test::Node>("file", in(folder_)); }
  engine::Page poll(bool once = false, std::size_t room = 1000) {
    node_->calls.time = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()) + ahead;
    engine::Look look{&source_, cursor, once, room};
    auto task = node_->registry.source("file.lines")->look(*node_->connection, look, node_->calls);
    task.start();
    REQUIRE(task.finished());
    engine::Page page = task.take();
    cursor = page.cursor;
    for (const auto& event : page.events) {
      CHECK(identities.insert(event.identity).second);  // the journal would drop it
      lines.push_back(event.raw.broken() != nullptr ? "broken" : event.raw["n"].display());
      keys.push_back(event.key);
    }
    return page;
  }
  /// Until there is no more: what came.
  std::string all(bool once = false) {
    lines.clear();
    for (int i = 0; i < 50 && poll(once).more; ++i) {
    }
    return join(lines, " ");
  }
  static std::string join(const std::vector<std::string>& parts, const std::string& by) {
    std::string text;
    for (const std::string& part : parts) text += (text.empty() ? "" : by) + part;
    return text;
  }

  Duration ahead{0};
  std::string cursor;
  std::set<std::string> identities;
  std::vector<std::string> lines;
  std::vector<std::string> keys;

 private:
  const Folder& folder_;
  dsl::plan::Source source_;
  std::unique_ptr<test::Node> node_ = std::make_unique<test::Node>("file", in(folder_));
};

}  // namespace

TEST_CASE("file: two sources on two files share no identity and no key (engine A2)") {
  const Folder folder;
  folder.write("a.ndjson", numbered(1, 5));
  folder.write("b.ndjson", numbered(1, 5));
  Source a(folder, "a.ndjson");
  Source b(folder, "b.ndjson");
  CHECK(a.all() == "1 2 3 4 5");
  CHECK(b.all() == "1 2 3 4 5");
  for (const std::string& each : a.identities) CHECK_FALSE(b.identities.contains(each));
  CHECK(a.keys[4] == "a.ndjson:5");
  CHECK(b.keys[4] == "b.ndjson:5");
}

TEST_CASE("file: lines that are added come once, also across restarts") {
  const Folder folder;
  folder.write("in.ndjson", numbered(1, 3));
  Source source(folder);
  CHECK(source.all() == "1 2 3");
  CHECK(source.all().empty());
  folder.write("in.ndjson", numbered(4, 5), true);
  CHECK(source.all() == "4 5");
  source.restart();
  CHECK(source.all().empty());
  folder.write("in.ndjson", numbered(6, 6), true);
  CHECK(source.all() == "6");
}

TEST_CASE(
    "file: a file that is renamed and made anew is read to its end first, then the new one from its beginning (B13, "
    "F2)") {
  for (const bool restart : {false, true}) {
    CAPTURE(restart);
    const Folder folder;
    folder.write("in.ndjson", numbered(1, 3));
    Source source(folder);
    CHECK(source.all() == "1 2 3");
    folder.write("in.ndjson", numbered(4, 6), true);
    fs::rename(folder.path / "in.ndjson", folder.path / "in.ndjson.1");
    folder.write("in.ndjson", numbered(1, 9));  // begins as the old one: another file all the same
    if (restart) source.restart();
    CHECK(source.all() == "4 5 6");
    folder.write("in.ndjson.1", numbered(7, 7), true);  // its writer has it still open
    CHECK(source.all() == "7");
    source.ahead = std::chrono::seconds(10);
    CHECK(source.all() == "1 2 3 4 5 6 7 8 9");
    CHECK(source.all().empty());
  }
}

TEST_CASE("file: a file that was empty at the last poll loses no line when it is filled and taken away at once") {
  for (const char* how : {"renamed", "renamed, restart", "replaced"}) {
    CAPTURE(how);
    const Folder folder;
    folder.write("in.ndjson", "");
    Source source(folder);
    CHECK(source.all().empty());
    folder.write("in.ndjson", numbered(1, 3), true);
    if (std::string(how) != "replaced") {
      fs::rename(folder.path / "in.ndjson", folder.path / "in.ndjson.1");
      folder.write("in.ndjson", numbered(4, 5));
    } else {
      folder.write("new", numbered(4, 5));
      fs::rename(folder.path / "new", folder.path / "in.ndjson");
    }
    if (has(how, "restart")) source.restart();
    CHECK(source.all() == "1 2 3");
    source.ahead = std::chrono::seconds(10);
    CHECK(source.all() == "4 5");
    CHECK(source.all().empty());
  }
}

TEST_CASE("file: what was not read yet of a file that is replaced is read, unless the new one holds it") {
  for (const bool holds : {false, true}) {
    const Folder folder;
    folder.write("in.ndjson", numbered(1, 2));
    Source source(folder);
    CHECK(source.all() == "1 2");
    folder.write("in.ndjson", numbered(3, 4), true);
    folder.write("new", holds ? numbered(1, 5) : numbered(11, 12));
    fs::rename(folder.path / "new", folder.path / "in.ndjson");
    source.ahead = std::chrono::seconds(10);
    CHECK(source.all() == (holds ? "3 4 5" : "3 4 11 12"));
  }
}

TEST_CASE("file: a file that is replaced or rewritten, shorter or longer, is read from its beginning (B13, F2)") {
  for (const char* how : {"in place", "aside"}) {
    for (const bool restart : {false, true}) {
      for (const int length : {2, 3, 8}) {
        CAPTURE(how);
        CAPTURE(restart);
        CAPTURE(length);
        const Folder folder;
        folder.write("in.ndjson", numbered(1, 3));
        Source source(folder);
        CHECK(source.all() == "1 2 3");
        const std::string fresh = numbered(11, 10 + length);
        if (std::string(how) == "aside") {
          folder.write("new", fresh);
          fs::rename(folder.path / "new", folder.path / "in.ndjson");
        } else {
          folder.write("in.ndjson", fresh);
        }
        if (restart) source.restart();
        source.ahead = std::chrono::seconds(10);
        std::string expected;
        for (int i = 11; i <= 10 + length; ++i) expected += (i > 11 ? " " : "") + std::to_string(i);
        CHECK(source.all() == expected);
        folder.write("in.ndjson", numbered(1, 1));  // and again, with the first line of the first
        CHECK(source.all() == "1");
      }
    }
  }
}

TEST_CASE("file: a file that is rewritten with the same beginning brings its new lines alone (F2)") {
  for (const bool aside : {false, true}) {
    for (const bool restart : {false, true}) {
      const Folder folder;
      folder.write("in.ndjson", numbered(1, 2));
      Source source(folder);
      CHECK(source.all() == "1 2");
      folder.write(aside ? "new" : "in.ndjson", numbered(1, 3));
      if (aside) fs::rename(folder.path / "new", folder.path / "in.ndjson");
      if (restart) source.restart();
      CHECK(source.all() == "3");
      CHECK(source.all().empty());
    }
  }
}

TEST_CASE("file: a cursor of an older version is continued") {
  const Folder folder;
  folder.write("in.ndjson", numbered(1, 4));
  Source source(folder);
  source.cursor = fmt::format("{{\"offset\":{},\"line\":2}}", numbered(1, 2).size());
  CHECK(source.all() == "3 4");
  CHECK(source.keys.back() == "in.ndjson:4");
  folder.write("in.ndjson", numbered(5, 5), true);
  CHECK(source.all() == "5");
}

TEST_CASE("file: lines of blanks are skipped (F14)") {
  const Folder folder;
  folder.write("in.ndjson", "{\"n\":1}\n   \n\t\r\n\r\n{\"n\":2}\n  ");
  Source source(folder);
  CHECK(source.all(true) == "1 2");
}

TEST_CASE("file: half a last line waits, a whole one is taken when nobody writes any more (F10)") {
  const Folder folder;
  Source source(folder);
  folder.write("in.ndjson", "{\"n\":1}\n12");
  source.ahead = std::chrono::seconds(10);
  engine::Page page = source.poll(true);
  CHECK(page.events.size() == 1);
  REQUIRE(page.notice.has_value());
  CHECK(has(*page.notice, "no line end"));
  folder.write("in.ndjson", "345\n", true);
  page = source.poll(true);
  REQUIRE(page.events.size() == 1);
  CHECK(page.events[0].raw == Value(12345));
  folder.write("in.ndjson", "{\"n\":2}", true);
  source.ahead = std::chrono::seconds(0);
  CHECK(source.poll(true).events.empty());  // somebody may be in the middle of it
  source.ahead = std::chrono::seconds(10);
  CHECK(source.poll(false).events.empty());  // `run` waits for the line end
  CHECK(source.poll(true).events.size() == 1);
  folder.write("in.ndjson", "\n{\"n\":3}\n", true);
  CHECK(source.all(true) == "3");
}

TEST_CASE("file: a folder or a device is an error (D)") {
  const Folder folder;
  fs::create_directories(folder.path / "in.ndjson");
  Source source(folder);
  const engine::Page page = source.poll(true);
  REQUIRE(page.failure.has_value());
  CHECK(page.failure->kind == Failure::Kind::permanent);
  CHECK(has(page.failure->reason, "is a folder"));
  Source device(folder, "/dev/zero");
  CHECK(device.poll(true).failure.has_value());
}

TEST_CASE("file: a line of more than 16 MiB parks and is not kept in memory; the next lines come") {
  const Folder folder;
  {
    std::ofstream out(folder.path / "in.ndjson");
    out << "{\"n\":1}\n\"";
    const std::string part(1U << 20U, 'x');
    for (int i = 0; i < 200; ++i) out << part;
    out << "\"\n{\"n\":3}\n";
  }
  Source source(folder);
  rusage before{};
  ::getrusage(RUSAGE_SELF, &before);
  CHECK(source.all() == "1 broken 3");
  rusage after{};
  ::getrusage(RUSAGE_SELF, &after);
  CHECK(after.ru_maxrss - before.ru_maxrss < 100 * 1024);  // KiB
  CHECK(source.all().empty());
}

// ---- since now

TEST_CASE("file: since now leaves out what stands in the file already, and no line that comes later") {
  const Folder folder;
  folder.write("in.ndjson", numbered(1, 3));
  Source source(folder);
  source.since_now();
  CHECK(source.all().empty());
  folder.write("in.ndjson", numbered(4, 5), true);
  CHECK(source.all() == "4 5");
  CHECK(source.keys.back() == "in.ndjson:5");
  source.restart();
  folder.write("in.ndjson", numbered(6, 6), true);
  CHECK(source.all() == "6");
}

TEST_CASE("file: since now takes the rest of a line that was half there, with its beginning") {
  const Folder folder;
  folder.write("in.ndjson", numbered(1, 1) + "{\"n\"");
  Source source(folder);
  source.since_now();
  CHECK(source.all().empty());
  folder.write("in.ndjson", ":2}\n", true);
  CHECK(source.all() == "2");
}

TEST_CASE("file: since now takes every line of a file that was empty, or not there, at the first poll") {
  for (const bool there : {false, true}) {
    CAPTURE(there);
    const Folder folder;
    if (there) folder.write("in.ndjson", "");
    Source source(folder);
    source.since_now();
    CHECK(source.poll().failure.has_value() == !there);
    folder.write("in.ndjson", numbered(1, 2));
    CHECK(source.all() == "1 2");
  }
}
