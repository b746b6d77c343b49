// file.append: what is written, cut back and left to others, across restarts.
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

Operation line(const std::string& path, int n) {
  Operation operation;
  operation.verb = engine::Verb::append;
  operation.text = path;
  operation.written.emplace_back("n", Value(n));
  return operation;
}

/// A program with its sinks, and the journal's positions across restarts.
struct Program {
  explicit Program(const Folder& folder) : folder_(folder) { start(); }
  /// A further connection of type `file`.
  engine::Connection& connection(const std::string& name) {
    auto& held = connections_[name];
    if (!held) {
      engine::Settings settings = in(folder_);
      settings.name = name;
      settings.type = "file";
      held = *registry_->connection_type("file")->make(std::move(settings));
    }
    return *held;
  }
  void start() {
    connections_.clear();
    registry_.reset();  // the last of the process
    registry_ = std::make_unique<engine::Registry>(stdlib::registry());
    calls = std::make_unique<test::WireCalls>();
    const auto& node = *registry_->action("file.append");
    for (const auto& [at, position] : journal)
      REQUIRE(node.resume(connection(at.first), at.second, position).has_value());
  }
  /// The process dies: what was not committed is forgotten.
  void die() { start(); }
  void end() {
    const auto& node = *registry_->action("file.append");
    for (auto& [name, held] : connections_) keep(name, node.closings(*held));
    start();
  }
  /// A batch, written; `commit`: its positions reach the journal.
  engine::Outcomes append(engine::Batch batch, bool commit = true, const std::string& name = "file") {
    const auto& node = *registry_->action("file.append");
    auto task = node.work(connection(name), std::move(batch), *calls);
    task.start();
    REQUIRE(task.finished());
    engine::Outcomes outcomes = task.take();
    keep(name, node.openings(connection(name)));
    engine::SinkReport report = node.positions(connection(name));
    changed = report.reached.size();
    for (auto& [index, failure] : report.failed) outcomes[index] = Outcome::failed(failure);
    for (auto& each : report.reached) CHECK(each.settle().has_value());
    if (commit) keep(name, std::move(report.reached));
    return outcomes;
  }
  engine::Outcomes append(const std::string& path, int from, int to, bool commit = true,
                          const std::string& name = "file") {
    engine::Batch batch;
    for (int i = from; i <= to; ++i) batch.push_back(line(path, i));
    return append(std::move(batch), commit, name);
  }

  std::map<std::pair<std::string, std::string>, std::string> journal;
  std::unique_ptr<test::WireCalls> calls;
  std::size_t changed = 0;

 private:
  void keep(const std::string& name, std::vector<engine::SinkReach> reached) {
    for (auto& each : reached) journal[{name, each.target}] = each.position;
  }
  const Folder& folder_;
  std::unique_ptr<engine::Registry> registry_;
  std::map<std::string, std::unique_ptr<engine::Connection>> connections_;
};

std::size_t failures(const engine::Outcomes& outcomes) {
  std::size_t count = 0;
  for (const Outcome& each : outcomes) count += each.kind == Outcome::Kind::failed ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("file: what an interrupted run wrote and did not record is written once") {
  const Folder folder;
  Program program(folder);
  program.append("out.ndjson", 1, 3);
  program.append("out.ndjson", 4, 6, false);
  CHECK(folder.read("out.ndjson") == numbered(1, 6));
  program.die();
  program.append("out.ndjson", 4, 5);
  CHECK(folder.read("out.ndjson") == numbered(1, 5));
  CHECK(folder.cuts().size() == 1);  // line 6 is not there again yet
  program.append("out.ndjson", 6, 6);
  CHECK(folder.read("out.ndjson") == numbered(1, 6));
  CHECK(folder.cuts().empty());
}

TEST_CASE("file: a run that dies before its first record is cut back too") {
  const Folder folder;
  folder.write("out.ndjson", numbered(1, 1));
  Program program(folder);
  program.append("out.ndjson", 2, 3, false);
  program.die();
  program.append("out.ndjson", 2, 3);
  CHECK(folder.read("out.ndjson") == numbered(1, 3));
}

TEST_CASE("file: one file by several spellings, links and connections loses no line at the next start (engine A13)") {
  const Folder folder;
  folder.write("out.ndjson", "");
  fs::create_directories(folder.path / "sub");
  fs::create_symlink(folder.path / "out.ndjson", folder.path / "soft.ndjson");
  fs::create_hard_link(folder.path / "out.ndjson", folder.path / "hard.ndjson");
  Program program(folder);
  const std::vector<std::string> spellings = {"out.ndjson", (folder.path / "out.ndjson").string(), "sub/../out.ndjson",
                                              "soft.ndjson", "hard.ndjson"};
  int n = 0;
  for (int round = 0; round < 2; ++round) {
    for (const std::string& path : spellings) {
      for (const char* name : {"file", "other"}) {
        ++n;
        program.append(path, n, n, true, name);
      }
    }
    program.die();
    ++n;
    program.append("out.ndjson", n, n);  // applies the positions
    CHECK(folder.read("out.ndjson") == numbered(1, n));
  }
  CHECK(folder.cuts().empty());
}

TEST_CASE("file: lines of somebody else stay, after a clean end and between our writes (B14)") {
  const Folder folder;
  Program program(folder);
  program.append("out.ndjson", 1, 1);
  folder.write("out.ndjson", "{\"note\":1}\n", true);
  program.append("out.ndjson", 2, 2);
  program.end();
  folder.write("out.ndjson", "{\"note\":2}\n", true);
  program.append("out.ndjson", 3, 3);
  CHECK(folder.read("out.ndjson") == "{\"n\":1}\n{\"note\":1}\n{\"n\":2}\n{\"note\":2}\n{\"n\":3}\n");
  // After a run that did not end cleanly it cannot be told: nothing is lost, it is kept aside.
  folder.write("out.ndjson", "{\"note\":3}\n", true);
  program.die();
  program.append("out.ndjson", 4, 4);
  REQUIRE(folder.cuts().size() == 1);
  CHECK(folder.read(folder.cuts()[0]) == "{\"note\":3}\n");
  struct stat status{};
  REQUIRE(::stat((folder.path / folder.cuts()[0]).c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(has(program.calls->notes.at(0), "are cut and kept in"));
}

TEST_CASE("file: a file that is not the one that was written is not cut") {
  const Folder folder;
  Program program(folder);
  program.append("out.ndjson", 1, 1);
  program.append("out.ndjson", 2, 2, false);
  folder.write("out.ndjson", numbered(70, 79));
  program.die();
  program.append("out.ndjson", 2, 2);
  CHECK(folder.read("out.ndjson") == numbered(70, 79) + numbered(2, 2));
  CHECK(has(program.calls->notes.at(0), "is not the file that an earlier run wrote"));
}

TEST_CASE("file: a position of an older version, the size alone, is cut back to") {
  const Folder folder;
  folder.write("out.ndjson", numbered(1, 3));
  Program program(folder);
  program.journal[{"file", (folder.path / "out.ndjson").string()}] = std::to_string(numbered(1, 2).size());
  program.die();
  program.append("out.ndjson", 3, 3);
  CHECK(folder.read("out.ndjson") == numbered(1, 3));
}

TEST_CASE("file: of two positions of one file the later one holds") {
  for (const bool swapped : {false, true}) {
    const Folder folder;
    folder.write("b.ndjson", numbered(1, 3));
    fs::create_hard_link(folder.path / "b.ndjson", folder.path / "a.ndjson");
    Program program(folder);
    const std::string early = fmt::format("{{\"size\":{},\"n\":1}}", numbered(1, 1).size());
    const std::string late = fmt::format("{{\"size\":{},\"n\":2}}", numbered(1, 3).size());
    program.journal[{"file", (folder.path / "a.ndjson").string()}] = swapped ? late : early;
    program.journal[{"file", (folder.path / "b.ndjson").string()}] = swapped ? early : late;
    program.die();
    program.append("b.ndjson", 4, 4);
    CHECK(folder.read("b.ndjson") == numbered(1, 4));
    CHECK(folder.cuts().empty());
  }
}

TEST_CASE("file: a target that was renamed away is followed by the new one, and neither is cut") {
  const Folder folder;
  Program program(folder);
  program.append("out.ndjson", 1, 2);
  fs::rename(folder.path / "out.ndjson", folder.path / "out.1");
  program.append("out.ndjson", 3, 4);
  program.die();
  program.append("out.ndjson", 5, 5);
  CHECK(folder.read("out.1") == numbered(1, 2));
  CHECK(folder.read("out.ndjson") == numbered(3, 5));
}

TEST_CASE("file: data does not lead out of the folder that the program names (engine B12)") {
  const Folder folder;
  fs::create_directories(folder.path / "out");
  Program program(folder);
  const auto at = [](const std::string& hole) {
    Operation operation = line("out/" + hole + ".ndjson", 1);
    operation.text_parts = {{"out/", false}, {hole, true}, {".ndjson", false}};
    return operation;
  };
  for (const std::string& hole :
       std::vector<std::string>{"../../escaped", "/etc/x", "a/b", "..\nx", std::string("a\0b", 3), "esc\x1b[0m"}) {
    const engine::Outcomes outcomes = program.append(engine::Batch{at(hole)});
    REQUIRE(failures(outcomes) == 1);
    CHECK(outcomes[0].failure->kind == Failure::Kind::permanent);
  }
  Operation up = line("out/../x", 1);
  up.text_parts = {{"out/", false}, {".", true}, {".", true}, {"/x", false}};
  CHECK(failures(program.append(engine::Batch{up})) == 1);
  Operation empty = line("out/", 1);
  empty.text_parts = {{"out/", false}, {"", true}};
  CHECK(failures(program.append(engine::Batch{empty})) == 1);
  CHECK(fs::is_empty(folder.path / "out"));
  CHECK(failures(program.append(engine::Batch{at("Иванов И.И.")})) == 0);
  CHECK(fs::exists(folder.path / "out" / "Иванов И.И..ndjson"));
}

TEST_CASE("file: thousands of targets take few descriptors, and positions name what changed alone (engine B13)") {
  const Folder folder;
  Program program(folder);
  const auto open_descriptors = [] {
    return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  };
  const auto before = open_descriptors();
  for (int round = 1; round <= 2; ++round) {
    engine::Batch batch;
    for (int i = 0; i < 2000; ++i) batch.push_back(line(fmt::format("{}.ndjson", i), round));
    CHECK(failures(program.append(std::move(batch))) == 0);
    CHECK(program.changed == 2000);
    CHECK(open_descriptors() - before <= 70);
  }
  program.append("7.ndjson", 3, 3);
  CHECK(program.changed == 1);
  program.die();
  program.append("7.ndjson", 4, 4);
  CHECK(folder.read("7.ndjson") == numbered(1, 4));
  CHECK(folder.read("1999.ndjson") == numbered(1, 2));
}

TEST_CASE("file: a disk that is full fails the lines it has no room for, and leaves no part of them") {
  const Folder folder;
  Program program(folder);
  program.append("out.ndjson", 1, 100);
  const std::string good = folder.read("out.ndjson");
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &limit) == 0);
  const rlimit small{good.size() + 10, limit.rlim_max};
  ::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  engine::Batch batch;
  for (int i = 101; i <= 110; ++i) batch.push_back(line("out.ndjson", i));
  batch.push_back(line("small.ndjson", 1));
  const engine::Outcomes outcomes = program.append(std::move(batch));
  ::setrlimit(RLIMIT_FSIZE, &limit);
  REQUIRE(outcomes.size() == 11);
  for (std::size_t i = 0; i < 10; ++i) {
    REQUIRE(outcomes[i].kind == Outcome::Kind::failed);
    CHECK(outcomes[i].failure->kind == Failure::Kind::transient);
    CHECK(outcomes[i].failure->delivery == engine::Delivery::not_sent);
    CHECK(has(outcomes[i].failure->reason, "out.ndjson cannot be written"));
  }
  CHECK(outcomes[10].kind == Outcome::Kind::done);
  CHECK(folder.read("out.ndjson") == good);
  CHECK(folder.read("small.ndjson") == numbered(1, 1));
  CHECK(failures(program.append("out.ndjson", 101, 110)) == 0);
  CHECK(folder.read("out.ndjson") == numbered(1, 110));
  Operation full = line("/dev/full", 1);
  const engine::Outcomes device = program.append(engine::Batch{full});
  REQUIRE(failures(device) == 1);
  CHECK(device[0].failure->kind == Failure::Kind::transient);
}
