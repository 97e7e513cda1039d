// SPDX-License-Identifier: Apache-2.0
//
// iceberg/catalog/sql: pointers to the tables' metadata files are rows of a database in the layout of Iceberg's JDBC
// catalog (schema V1; V0, without views, is read and written as it is), so that PyIceberg's SqlCatalog and Iceberg's
// JdbcCatalog (Spark, Flink) open the same database. SQLite (sqlite.h) needs nothing but a disk; PostgreSQL
// (postgres.h) serves many machines.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "iceberg/catalog/catalog.h"
#include "iceberg/catalog/metadata_reader.h"
#include "iceberg/catalog/sql/database.h"
#include "io/object_store.h"

namespace k2i::iceberg {

struct SqlCatalogOptions {
  std::string name = "k2i";  // column catalog_name: one database can hold several catalogs
  /// Folder of new tables: <warehouse>/<namespace levels…>/<table>, as Iceberg's Java library lays them out. A local
  /// path is turned into "file:///…", which PyIceberg, DuckDB and Spark all read.
  std::string warehouse;
};

/// Thread-safe, and safe with other processes on the same database: the swap of a pointer is one UPDATE that names the
/// old value.
class SqlCatalog final : public Catalog {
 public:
  /// Makes the tables when they are not there. The references must outlive the catalog. InvalidConfig for a database
  /// with other tables of these names, or a warehouse that is empty; Corruption for a file that is no database;
  /// Unavailable while it is locked.
  static Result<std::unique_ptr<SqlCatalog>> Open(const SqlCatalogOptions& options, std::unique_ptr<SqlDatabase> db,
                                                  io::ObjectStore& store, Clock& clock, Random& random);

  /// Beside the codes that Catalog names: InvalidArgument for identifiers that do not fit the layout (empty, "..", with
  /// a slash, or with a dot in a namespace level); Unavailable when the database stays locked, which for a commit means
  /// that it was not applied.
  Status Ping() override;
  Status EnsureNamespace(const std::vector<std::string>& name_space) override;
  Result<LoadedTable> LoadTable(const TableIdentifier& table) override;
  Result<LoadedTable> CreateTable(const TableIdentifier& table, const CreateTableRequest& request) override;
  Result<LoadedTable> CommitTable(const LoadedTable& base, const std::vector<TableRequirement>& requirements,
                                  const std::vector<TableUpdate>& updates, const std::string& idempotency_key) override;
  Result<std::vector<TableIdentifier>> ListTables() override;
  Result<LoadedTable> RegisterTable(const TableIdentifier& table, const std::string& metadata_location) override;
  Status DropTable(const TableIdentifier& table) override;

 private:
  SqlCatalog(SqlCatalogOptions options, std::unique_ptr<SqlDatabase> db, io::ObjectStore& store, Clock& clock,
             Random& random);
  Status Prepare();
  /// Where the catalog points for the table; NotFound.
  Result<std::string> MetadataLocation(const TableIdentifier& table);
  /// AlreadyExists where the name is taken.
  Status CheckFree(const TableIdentifier& table);
  Status Insert(const TableIdentifier& table, const std::string& metadata_location);
  Status Swap(const TableIdentifier& table, const std::string& from, const std::string& to);

  const SqlCatalogOptions options_;
  io::ObjectStore& store_;
  Clock& clock_;
  Random& random_;
  MetadataReader reader_;
  std::mutex mutex_;  // guards db_
  const std::unique_ptr<SqlDatabase> db_;
  std::string table_filter_;  // WHERE clause that tells tables from views; empty in schema V0
};

}  // namespace k2i::iceberg
