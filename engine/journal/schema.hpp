// The schema of the SQLite journal, documented in its own comments: what support reads.
#pragma once

namespace pipewright::engine {

/// Statements that make every table, index and view that is not there yet.
const char* journal_schema();
inline constexpr int journal_version = 1;  ///< kept in `PRAGMA user_version`

}  // namespace pipewright::engine
