// A folder for a journal's database, and what goes into one.
#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <span>
#include <string>

#include "engine/journal/journal.hpp"

namespace pipewright::engine {

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / fmt::format("pipewright-journal-{}", getpid());
  Folder() {
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  [[nodiscard]] std::string file() const { return (path / "journal.db").string(); }
};

inline StoredEvent event_of(const std::string& pipeline, const std::string& key, const std::string& identity) {
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

inline Committed commit(Journal& journal, const Transaction& transaction) {
  auto done = journal.commit(std::span(&transaction, 1));
  REQUIRE(done);
  return done->front();
}

template <class T>
T queried(Journal& journal, const Query& query) {
  auto reply = journal.query(query);
  REQUIRE(reply);
  return std::get<T>(std::move(*reply));
}

}  // namespace pipewright::engine
