// SPDX-License-Identifier: Apache-2.0
//
// What a statement is allowed to be, and what it says of the rows it wants. Both are read from DuckDB's own syntax tree
// (json_serialize_sql), so that no second parser can see another statement than the one that runs.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "query/condition.h"
#include "query/duck.h"

namespace k2i::query {

/// The names under which tables are served.
class TableNames {
 public:
  struct Name {
    std::string database;
    std::string table;
  };
  explicit TableNames(std::vector<Name> names) : names_(std::move(names)) {}

  /// Index of a table; `database` may be empty where `table` is unique. Case does not matter. NotFound for an unknown
  /// one, InvalidArgument where several databases have one.
  Result<size_t> Find(std::string_view database, std::string_view table) const;
  /// As Find, for "database.table" or "table".
  Result<size_t> Find(std::string_view dotted) const;
  const std::vector<Name>& names() const { return names_; }

 private:
  std::vector<Name> names_;
};

/// One mention of a table and the conditions that its rows must meet to have a part in the answer.
struct Mention {
  size_t table = 0;
  Condition where;
};

/// A statement that may run. Immutable.
struct Statement {
  std::string sql;
  bool explain = false;
  std::vector<Mention> mentions;
};

/// InvalidArgument, for the user, unless `sql` is one SELECT, or EXPLAIN of one, that mentions only these tables, its
/// own CTEs and functions that reach nothing else. `connection` lends its parser.
Result<std::shared_ptr<const Statement>> ParseStatement(duckdb_connection connection, const std::string& sql,
                                                        const TableNames& tables);

}  // namespace k2i::query
