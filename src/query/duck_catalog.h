// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "query/arrow_bridge.h"
#include "query/running_query.h"

namespace k2i::query {

struct DuckLimits {
  int threads = 2;
  int64_t memory_bytes = int64_t{512} << 20;
  int niceness = 0;  // of the threads that scan
};

/// A table's name and columns as one DuckDB instance knows them.
struct CatalogTable {
  size_t index = 0;  // in the engine
  std::string database;
  std::string table;
  bool unique = false;  // no other database has a table of that name
  iceberg::Schema schema;
  // Filled in by Open, by column:
  std::vector<std::string> names;  // unique without regard to case, as DuckDB needs them
  std::vector<ColumnBridge> columns;
  std::string row_column;         // the one that stands for "no column", before all others
  std::optional<Error> unusable;  // why it cannot be queried: DuckDB has no such type
};

/// A DuckDB instance in memory that holds nothing but a view for each table, and can reach nothing else: no file, no
/// network, no extension, no setting. Immutable; when a table's schema changes, the engine opens another. Thread-safe.
class DuckCatalog {
 public:
  /// InvalidArgument for names that DuckDB does not take; Internal when it does not start.
  static Result<std::shared_ptr<DuckCatalog>> Open(const DuckLimits& limits, std::vector<CatalogTable> tables);

  Result<DuckConnection> Connect();
  const std::vector<CatalogTable>& tables() const { return tables_; }
  int niceness() const { return niceness_; }

  /// Scans on the connection with that id are `query`'s, until Leave.
  void Enter(idx_t connection_id, std::shared_ptr<RunningQuery> query);
  void Leave(idx_t connection_id);
  /// Null when the connection runs none.
  std::shared_ptr<RunningQuery> Find(idx_t connection_id) const;

 private:
  DuckCatalog(int niceness, std::vector<CatalogTable> tables) : niceness_(niceness), tables_(std::move(tables)) {}
  Status Start(const DuckLimits& limits);
  Status DescribeColumns(duckdb_connection connection, CatalogTable& table);
  Status CreateViews(duckdb_connection connection);

  const int niceness_;
  std::vector<CatalogTable> tables_;
  mutable std::mutex mutex_;
  std::map<idx_t, std::shared_ptr<RunningQuery>> running_;  // guarded by mutex_
  DuckDatabase database_;                                   // goes first: its functions point here
};

}  // namespace k2i::query
