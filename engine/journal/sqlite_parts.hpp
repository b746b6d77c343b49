// What the two halves of the SQLite journal share.
#pragma once

#include "engine/journal/sqlite.hpp"
#include "engine/journal/sqlite_database.hpp"

namespace pipewright::engine {

struct SqliteJournal::Parts {
  std::string path;
  int lock = -1;  ///< flock'ed while this process writes
  sqlite::Database writer;
  mutable sqlite::Database reader;
};

}  // namespace pipewright::engine
