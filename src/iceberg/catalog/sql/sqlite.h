// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "iceberg/catalog/sql/database.h"

struct sqlite3;

namespace k2i::iceberg {

/// A connection to an SQLite database. One thread at a time.
///
/// The journal mode stays as the file has it: the default, a rollback journal, is what PyIceberg and Spark share
/// without more files beside the database, and what works on network file systems as far as anything does there. A
/// catalog commits a few times a minute at most, so WAL would win nothing.
class Sqlite final : public SqlDatabase {
 public:
  /// Makes the file, and its folder, when they are not there. InvalidConfig when the file cannot be opened.
  static Result<std::unique_ptr<Sqlite>> Open(const std::string& path, int64_t busy_timeout_ms);
  ~Sqlite() override;
  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;

  Result<std::vector<Row>> Query(const std::string& sql, const Arguments& arguments = {}) override;
  Result<int64_t> Write(const std::vector<std::string>& statements, const Arguments& arguments = {}) override;
  Result<std::set<std::string>> Columns(const std::string& table) override;
  std::string Describe() const override { return path_; }

 private:
  Sqlite(sqlite3* db, std::string path) : db_(db), path_(std::move(path)) {}
  Result<std::vector<Row>> Run(const std::string& sql, const Arguments& arguments);
  Result<int64_t> RunAll(const std::vector<std::string>& statements, const Arguments& arguments);
  Status Commit();
  std::unexpected<Error> LastError(const std::string& doing) const;

  sqlite3* db_;
  const std::string path_;
};

}  // namespace k2i::iceberg
