// SQLite's C handles, wrapped once: a connection that remembers its first error, statements that are prepared once.
#pragma once

#include <sqlite3.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace pipewright::engine::sqlite {

struct CloseStatement {
  void operator()(sqlite3_stmt* s) const noexcept { sqlite3_finalize(s); }
};
struct CloseDatabase {
  void operator()(sqlite3* d) const noexcept { sqlite3_close_v2(d); }
};

class Database;

/// One run of a statement: bind in order, then step through its rows. Reset when it goes.
class Run {
 public:
  Run(Database& database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run() {
    if (statement_ == nullptr) return;
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }

  Run& bind(std::string_view text) {
    if (statement_ != nullptr) {
      sqlite3_bind_text(statement_, ++bound_, text.data() == nullptr ? "" : text.data(), static_cast<int>(text.size()),
                        SQLITE_TRANSIENT);
    }
    return *this;
  }
  Run& bind(const std::string& text) { return bind(std::string_view(text)); }
  Run& bind(const char* text) { return bind(std::string_view(text)); }
  Run& bind(std::int64_t number) {
    if (statement_ != nullptr) sqlite3_bind_int64(statement_, ++bound_, number);
    return *this;
  }
  Run& bind(int number) { return bind(static_cast<std::int64_t>(number)); }
  Run& bind(std::size_t number) { return bind(static_cast<std::int64_t>(number)); }
  Run& bind(bool truth) { return bind(static_cast<std::int64_t>(truth)); }
  Run& bind(Instant at) { return bind(static_cast<std::int64_t>(at.time_since_epoch().count())); }
  template <class... Values>
  Run& with(const Values&... values) {
    (bind(values), ...);
    return *this;
  }

  /// True while there is a row.
  bool step();
  /// To the end; for what returns no rows.
  void done() {
    while (step()) {
    }
  }

  [[nodiscard]] std::string text(int column) const {
    const auto* at = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return at == nullptr ? std::string()
                         : std::string(at, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
  }
  [[nodiscard]] std::int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }
  [[nodiscard]] bool null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  [[nodiscard]] Instant time(int column) const { return Instant(Duration(number(column))); }

 private:
  Database& database_;
  sqlite3_stmt* statement_;
  int bound_ = 0;
};

class Database {
 public:
  /// Nothing opened: `error()` says why. `vfs` names the file system; empty: the default one.
  void open(const std::string& path, int flags, const std::string& vfs) {
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &raw, flags, vfs.empty() ? nullptr : vfs.c_str());
    handle_.reset(raw);
    if (code != SQLITE_OK) {
      code_ = code;
      error_ = raw == nullptr ? "no memory" : sqlite3_errmsg(raw);
    } else {
      sqlite3_busy_timeout(raw, 5000);
    }
  }
  /// Statements without parameters, several at once.
  bool execute(const char* sql) {
    if (!handle_) return false;
    char* message = nullptr;
    if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, &message) == SQLITE_OK) return true;
    note_error();
    sqlite3_free(message);
    return false;
  }
  Run run(const char* sql) {
    auto& statement = statements_[sql];
    if (!statement && handle_) {
      sqlite3_stmt* raw = nullptr;
      if (sqlite3_prepare_v3(handle_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr) != SQLITE_OK)
        note_error();
      statement.reset(raw);
    }
    return {*this, statement.get()};
  }
  void note_error() {
    if (!error_.empty()) return;
    code_ = sqlite3_extended_errcode(handle_.get());
    error_ = sqlite3_errmsg(handle_.get());
  }
  /// The primary code of the first error: SQLITE_FULL, SQLITE_CORRUPT …
  [[nodiscard]] int code() const { return code_ & 0xFF; }
  [[nodiscard]] std::int64_t last_id() const { return sqlite3_last_insert_rowid(handle_.get()); }
  [[nodiscard]] int changes() const { return sqlite3_changes(handle_.get()); }
  [[nodiscard]] const std::string& error() const { return error_; }
  std::string take_error() {
    code_ = SQLITE_OK;
    return std::exchange(error_, {});
  }

 private:
  std::unique_ptr<sqlite3, CloseDatabase> handle_;
  std::map<const char*, std::unique_ptr<sqlite3_stmt, CloseStatement>> statements_;  ///< by the address of their text
  std::string error_;
  int code_ = SQLITE_OK;
};

inline bool Run::step() {
  if (statement_ == nullptr) return false;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) database_.note_error();
  return false;
}

}  // namespace pipewright::engine::sqlite
