// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/sql/sqlite.h"

#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <system_error>

namespace k2i::iceberg {
namespace {

ErrorCode CodeOf(int extended) {
  if (extended == SQLITE_CONSTRAINT_PRIMARYKEY || extended == SQLITE_CONSTRAINT_UNIQUE)
    return ErrorCode::kAlreadyExists;
  switch (extended & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:  // lost a race for a lock too often
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return ErrorCode::kUnavailable;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return ErrorCode::kPermissionDenied;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return ErrorCode::kResourceExhausted;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return ErrorCode::kCorruption;
    default:
      return ErrorCode::kInternal;
  }
}

std::optional<std::string> TextAt(sqlite3_stmt* statement, int column) {
  const unsigned char* text = sqlite3_column_text(statement, column);
  if (text == nullptr) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(text), static_cast<size_t>(sqlite3_column_bytes(statement, column)));
}

Status MakeFolderOf(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (!error) return {};
  return Fail(ErrorCode::kInvalidConfig, "cannot make folder " + folder.string() + ": " + error.message(),
              Component::kCatalog);
}

}  // namespace

Result<std::unique_ptr<Sqlite>> Sqlite::Open(const std::string& path, int64_t busy_timeout_ms) {
  K2I_RETURN_IF_ERROR(MakeFolderOf(path));
  sqlite3* db = nullptr;
  const int status =
      sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Sqlite> result(new Sqlite(db, path));
  if (status != SQLITE_OK) {
    const std::string why = db == nullptr ? "no memory" : sqlite3_errmsg(db);
    return Fail(ErrorCode::kInvalidConfig, "cannot open SQLite database " + path + ": " + why, Component::kCatalog);
  }
  sqlite3_extended_result_codes(db, 1);
  sqlite3_busy_timeout(db, static_cast<int>(std::clamp<int64_t>(busy_timeout_ms, 0, std::numeric_limits<int>::max())));
  return result;
}

Sqlite::~Sqlite() { sqlite3_close_v2(db_); }

std::unexpected<Error> Sqlite::LastError(const std::string& doing) const {
  return Fail(CodeOf(sqlite3_extended_errcode(db_)), "SQLite: " + doing + ": " + sqlite3_errmsg(db_),
              Component::kCatalog);
}

Result<std::vector<Sqlite::Row>> Sqlite::Run(const std::string& sql, const Arguments& arguments) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(db_, sql.c_str(), -1, &raw, nullptr) != SQLITE_OK) return LastError(sql);
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(raw, sqlite3_finalize);
  const int parameters = std::min(sqlite3_bind_parameter_count(raw), static_cast<int>(arguments.size()));
  for (int i = 0; i < parameters; ++i) {
    const std::string& value = arguments[static_cast<size_t>(i)];
    if (sqlite3_bind_text(raw, i + 1, value.data(), static_cast<int>(value.size()), SQLITE_STATIC) != SQLITE_OK) {
      return LastError(sql);
    }
  }
  std::vector<Row> rows;
  while (true) {
    const int status = sqlite3_step(raw);
    if (status == SQLITE_DONE) return rows;
    if (status != SQLITE_ROW) return LastError(sql);
    Row& row = rows.emplace_back();
    for (int column = 0; column < sqlite3_column_count(raw); ++column) row.push_back(TextAt(raw, column));
  }
}

Result<std::vector<Sqlite::Row>> Sqlite::Query(const std::string& sql, const Arguments& arguments) {
  return Run(sql, arguments);
}

Result<int64_t> Sqlite::Write(const std::vector<std::string>& statements, const Arguments& arguments) {
  // IMMEDIATE takes the write lock at once: whoever waits for it has not read anything yet that could grow stale.
  K2I_RETURN_IF_ERROR(Run("BEGIN IMMEDIATE", {}));
  auto changed = RunAll(statements, arguments);
  if (!changed.has_value()) {
    (void)Run("ROLLBACK", {});  // without it nothing is committed either: the connection only stays busy
    return changed;
  }
  K2I_RETURN_IF_ERROR(Commit());
  return changed;
}

Result<int64_t> Sqlite::RunAll(const std::vector<std::string>& statements, const Arguments& arguments) {
  for (const std::string& sql : statements) K2I_RETURN_IF_ERROR(Run(sql, arguments));
  return sqlite3_changes(db_);
}

Result<std::set<std::string>> Sqlite::Columns(const std::string& table) {
  K2I_ASSIGN_OR_RETURN(const auto rows, Query("SELECT name FROM pragma_table_info(?1)", {table}));
  std::set<std::string> names;
  for (const Row& row : rows) names.insert(row[0].value_or(""));
  return names;
}

Status Sqlite::Commit() {
  const auto committed = Run("COMMIT", {});
  if (committed.has_value()) return {};
  Error error = committed.error();
  // While the transaction is still open, nothing of it is in the file, and taking it back settles the matter: so it is
  // when a reader kept its lock for too long. Otherwise the error hit the moment of the commit itself.
  const bool open = sqlite3_get_autocommit(db_) == 0;
  if (!open || !Run("ROLLBACK", {}).has_value()) error.code = ErrorCode::kCommitStateUnknown;
  return std::unexpected(std::move(error));
}

}  // namespace k2i::iceberg
