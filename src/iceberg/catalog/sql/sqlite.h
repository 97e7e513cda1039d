// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

struct sqlite3;

namespace k2i::iceberg {

/// A connection to an SQLite database. One thread at a time.
///
/// The journal mode stays as the file has it: the default, a rollback journal, is what PyIceberg and Spark share
/// without more files beside the database, and what works on network file systems as far as anything does there. A
/// catalog commits a few times a minute at most, so WAL would win nothing.
///
/// Errors carry Component::kCatalog: Unavailable (locked by somebody else for longer than the timeout, or an I/O
/// error), PermissionDenied, ResourceExhausted (disk full), Corruption (not a database), AlreadyExists (a primary key
/// is taken), Internal.
class Sqlite {
 public:
  using Arguments = std::vector<std::string>;
  using Row = std::vector<std::optional<std::string>>;

  /// Makes the file, and its folder, when they are not there. InvalidConfig when the file cannot be opened.
  static Result<std::unique_ptr<Sqlite>> Open(const std::string& path, int64_t busy_timeout_ms);
  ~Sqlite();
  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;

  Result<std::vector<Row>> Query(const std::string& sql, const Arguments& arguments = {});

  /// Runs the statements, each with the same arguments, as one transaction; returns how many rows the last one changed.
  /// Every error means that nothing was changed, but CommitStateUnknown: the transaction may or may not be in the file.
  Result<int64_t> Write(const std::vector<std::string>& statements, const Arguments& arguments = {});

 private:
  explicit Sqlite(sqlite3* db) : db_(db) {}
  Result<std::vector<Row>> Run(const std::string& sql, const Arguments& arguments);
  Result<int64_t> RunAll(const std::vector<std::string>& statements, const Arguments& arguments);
  Status Commit();
  std::unexpected<Error> LastError(const std::string& doing) const;

  sqlite3* db_;
};

}  // namespace k2i::iceberg
