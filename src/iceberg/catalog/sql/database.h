// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"

namespace k2i::iceberg {

/// A connection to the database of an SQL catalog: the little that the catalog asks of it. One thread at a time.
///
/// Statements are in the SQL that SQLite and PostgreSQL share, with placeholders ?1, ?2 …
///
/// Errors carry Component::kCatalog: Unavailable (not reached, locked by somebody else for longer than the timeout, or
/// an I/O error), Timeout, PermissionDenied, ResourceExhausted (disk full), Corruption (not a database), AlreadyExists
/// (a primary key is taken), InvalidArgument (a value that does not fit its column), Internal.
class SqlDatabase {
 public:
  using Arguments = std::vector<std::string>;
  using Row = std::vector<std::optional<std::string>>;

  virtual ~SqlDatabase() = default;

  virtual Result<std::vector<Row>> Query(const std::string& sql, const Arguments& arguments) = 0;

  /// Runs the statements, each with the same arguments, as one transaction; returns how many rows the last one changed.
  /// Every error means that nothing was changed, but CommitStateUnknown: the transaction may or may not be there.
  virtual Result<int64_t> Write(const std::vector<std::string>& statements, const Arguments& arguments) = 0;

  /// The names of a table's columns; empty when there is no such table.
  virtual Result<std::set<std::string>> Columns(const std::string& table) = 0;

  /// Which database it is, for messages; no secrets.
  virtual std::string Describe() const = 0;
};

}  // namespace k2i::iceberg
