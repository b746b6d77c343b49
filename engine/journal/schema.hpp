// The schema of the SQLite journal, documented in its own comments: what support reads.
#pragma once

namespace pipewright::engine {

/// Statements that make every table, index and view that is not there yet.
const char* journal_schema();
/// What takes a journal of version `from` to the next one, after the statements above; null: nothing to do.
const char* journal_migration(int from);
inline constexpr int journal_version = 2;               ///< kept in `PRAGMA user_version`
inline constexpr int journal_application = 0x70697065;  ///< "pipe", kept in `PRAGMA application_id`

}  // namespace pipewright::engine
