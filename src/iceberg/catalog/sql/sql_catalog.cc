// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/sql/sql_catalog.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "iceberg/catalog/pointer_commit.h"

namespace k2i::iceberg {
namespace {

constexpr const char* kCreateTables =
    "CREATE TABLE IF NOT EXISTS iceberg_tables (catalog_name VARCHAR(255) NOT NULL, table_namespace VARCHAR(255) NOT "
    "NULL, "
    "table_name VARCHAR(255) NOT NULL, metadata_location VARCHAR(1000), previous_metadata_location VARCHAR(1000), "
    "iceberg_type VARCHAR(5), PRIMARY KEY (catalog_name, table_namespace, table_name))";
constexpr const char* kCreateNamespaces =
    "CREATE TABLE IF NOT EXISTS iceberg_namespace_properties (catalog_name VARCHAR(255) NOT NULL, namespace "
    "VARCHAR(255) NOT "
    "NULL, property_key VARCHAR(255) NOT NULL, property_value VARCHAR(1000) NOT NULL, "
    "PRIMARY KEY (catalog_name, namespace, property_key))";
constexpr const char* kWhereTable = " WHERE catalog_name = ?1 AND table_namespace = ?2 AND table_name = ?3";

std::unexpected<Error> Refuse(ErrorCode code, std::string message) {
  return Fail(code, std::move(message), Component::kCatalog);
}

bool IsLegalName(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == name.npos && name.find('\0') == name.npos;
}

/// The levels joined by dots, as the column holds them.
Result<std::string> NamespaceText(const std::vector<std::string>& levels) {
  std::string text;
  for (const std::string& level : levels) {
    if (!IsLegalName(level) || level.find('.') != level.npos) {
      return Refuse(ErrorCode::kInvalidArgument,
                    "\"" + level + "\" cannot be a level of a namespace in an SQL catalog");
    }
    text += (text.empty() ? "" : ".") + level;
  }
  if (text.empty()) return Refuse(ErrorCode::kInvalidArgument, "a table needs a namespace");
  return text;
}

/// {"a", "b"} of "a.b", the inverse of NamespaceText.
std::vector<std::string> Levels(const std::string& text) {
  std::vector<std::string> levels;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('.', begin), text.size());
    levels.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return levels;
}

/// {catalog, namespace, table}: the arguments of kWhereTable.
Result<SqlDatabase::Arguments> Key(const std::string& catalog, const TableIdentifier& table) {
  K2I_ASSIGN_OR_RETURN(std::string name_space, NamespaceText(table.name_space));
  if (!IsLegalName(table.name)) {
    return Refuse(ErrorCode::kInvalidArgument,
                  "\"" + table.name + "\" cannot be the name of a table in an SQL catalog");
  }
  return SqlDatabase::Arguments{catalog, std::move(name_space), table.name};
}

/// `warehouse` without a slash at the end; local paths absolute, as a file: URI.
Result<std::string> WarehouseLocation(std::string warehouse) {
  if (warehouse.empty()) return Refuse(ErrorCode::kInvalidConfig, "the SQL catalog needs a warehouse location");
  if (warehouse.find(":/") == warehouse.npos) {
    std::error_code error;
    const auto path = std::filesystem::absolute(warehouse, error);
    if (error) return Refuse(ErrorCode::kInvalidConfig, "warehouse " + warehouse + ": " + error.message());
    warehouse = "file://" + path.lexically_normal().string();
  }
  while (warehouse.size() > 1 && warehouse.back() == '/') warehouse.pop_back();
  return warehouse;
}

std::string TableLocation(const std::string& warehouse, const TableIdentifier& table) {
  std::string location = warehouse;
  for (const std::string& level : table.name_space) location += "/" + level;
  return location + "/" + table.name;
}

}  // namespace

SqlCatalog::SqlCatalog(SqlCatalogOptions options, std::unique_ptr<SqlDatabase> db, io::ObjectStore& store, Clock& clock,
                       Random& random)
    : options_(std::move(options)), store_(store), clock_(clock), random_(random), reader_(store), db_(std::move(db)) {}

Result<std::unique_ptr<SqlCatalog>> SqlCatalog::Open(const SqlCatalogOptions& options, std::unique_ptr<SqlDatabase> db,
                                                     io::ObjectStore& store, Clock& clock, Random& random) {
  SqlCatalogOptions resolved = options;
  K2I_ASSIGN_OR_RETURN(resolved.warehouse, WarehouseLocation(options.warehouse));
  std::unique_ptr<SqlCatalog> catalog(new SqlCatalog(std::move(resolved), std::move(db), store, clock, random));
  const Status prepared = catalog->Prepare();
  if (!prepared.has_value()) return std::unexpected(prepared.error().With(catalog->db_->Describe()));
  return catalog;
}

Status SqlCatalog::Prepare() {
  K2I_ASSIGN_OR_RETURN(auto tables, db_->Columns("iceberg_tables"));
  K2I_ASSIGN_OR_RETURN(auto namespaces, db_->Columns("iceberg_namespace_properties"));
  if (tables.empty() || namespaces.empty()) {
    // PostgreSQL says "is there already" in spite of IF NOT EXISTS when two processes make them at once.
    const auto made = db_->Write({kCreateTables, kCreateNamespaces}, {});
    if (!made.has_value() && made.error().code != ErrorCode::kAlreadyExists) return std::unexpected(made.error());
    K2I_ASSIGN_OR_RETURN(tables, db_->Columns("iceberg_tables"));
    K2I_ASSIGN_OR_RETURN(namespaces, db_->Columns("iceberg_namespace_properties"));
  }
  const auto has = [](const std::set<std::string>& have, std::initializer_list<const char*> wanted) {
    return std::ranges::all_of(wanted, [&](const char* name) { return have.contains(name); });
  };
  if (!has(tables,
           {"catalog_name", "table_namespace", "table_name", "metadata_location", "previous_metadata_location"}) ||
      !has(namespaces, {"catalog_name", "namespace", "property_key", "property_value"})) {
    return Refuse(ErrorCode::kInvalidConfig,
                  "the database has tables of an Iceberg catalog's names, but not its columns");
  }
  if (tables.contains("iceberg_type")) table_filter_ = " AND (iceberg_type = 'TABLE' OR iceberg_type IS NULL)";
  return {};
}

Status SqlCatalog::Ping() {
  std::lock_guard lock(mutex_);
  K2I_RETURN_IF_ERROR(db_->Query("SELECT 1 FROM iceberg_tables LIMIT 1", {}));
  return {};
}

Status SqlCatalog::EnsureNamespace(const std::vector<std::string>& name_space) {
  K2I_ASSIGN_OR_RETURN(const std::string text, NamespaceText(name_space));
  std::lock_guard lock(mutex_);
  K2I_ASSIGN_OR_RETURN(const auto known,
                       db_->Query("SELECT 1 FROM iceberg_namespace_properties WHERE catalog_name = ?1 "
                                  "AND namespace = ?2 LIMIT 1",
                                  {options_.name, text}));
  if (!known.empty()) return {};
  K2I_RETURN_IF_ERROR(db_->Write({"INSERT INTO iceberg_namespace_properties (catalog_name, namespace, property_key, "
                                  "property_value) VALUES (?1, ?2, 'exists', 'true') ON CONFLICT DO NOTHING"},
                                 {options_.name, text}));
  return {};
}

Result<std::string> SqlCatalog::MetadataLocation(const TableIdentifier& table) {
  K2I_ASSIGN_OR_RETURN(const auto key, Key(options_.name, table));
  std::lock_guard lock(mutex_);
  K2I_ASSIGN_OR_RETURN(
      const auto rows,
      db_->Query(std::string("SELECT metadata_location FROM iceberg_tables") + kWhereTable + table_filter_, key));
  if (rows.empty()) return Refuse(ErrorCode::kNotFound, "no table " + table.ToString());
  if (!rows[0][0].has_value())
    return Refuse(ErrorCode::kCorruption, "table " + table.ToString() + " has no metadata location");
  return *rows[0][0];
}

Result<LoadedTable> SqlCatalog::LoadTable(const TableIdentifier& table) {
  K2I_ASSIGN_OR_RETURN(std::string location, MetadataLocation(table));
  K2I_ASSIGN_OR_RETURN(auto metadata, reader_.Read(location));
  return LoadedTable{table, std::move(location), std::move(metadata), {}};
}

Result<LoadedTable> SqlCatalog::CreateTable(const TableIdentifier& table, const CreateTableRequest& request) {
  K2I_RETURN_IF_ERROR(CheckFree(table));
  const PointerSwap swap = [&](const LoadedTable& next) -> Status {
    const Status written = Insert(table, next.metadata_location);
    if (!written.has_value()) return std::unexpected(written.error().With("creating table " + table.ToString()));
    return {};
  };
  return CreateByPointer({store_, reader_, clock_, random_}, table, request, TableLocation(options_.warehouse, table),
                         swap);
}

Result<LoadedTable> SqlCatalog::RegisterTable(const TableIdentifier& table, const std::string& metadata_location) {
  K2I_RETURN_IF_ERROR(CheckFree(table));
  const PointerSwap swap = [&](const LoadedTable& next) -> Status {
    const Status written = Insert(table, next.metadata_location);
    if (!written.has_value()) return std::unexpected(written.error().With("registering table " + table.ToString()));
    return {};
  };
  return RegisterByPointer({store_, reader_, clock_, random_}, table, metadata_location, swap);
}

Status SqlCatalog::CheckFree(const TableIdentifier& table) {
  const auto there = MetadataLocation(table);
  if (there.has_value()) return Refuse(ErrorCode::kAlreadyExists, "table " + table.ToString() + " exists");
  return there.error().code == ErrorCode::kNotFound ? Status() : std::unexpected(there.error());
}

Status SqlCatalog::Insert(const TableIdentifier& table, const std::string& metadata_location) {
  K2I_ASSIGN_OR_RETURN(auto arguments, Key(options_.name, table));
  arguments.push_back(metadata_location);
  const bool typed = !table_filter_.empty();
  const std::string insert = std::string("INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, ") +
                             "metadata_location, previous_metadata_location" + (typed ? ", iceberg_type" : "") +
                             ") VALUES (?1, ?2, ?3, ?4, NULL" + (typed ? ", 'TABLE')" : ")");
  std::lock_guard lock(mutex_);
  K2I_RETURN_IF_ERROR(db_->Write({insert}, arguments));
  return {};
}

Status SqlCatalog::Swap(const TableIdentifier& table, const std::string& from, const std::string& to) {
  K2I_ASSIGN_OR_RETURN(auto arguments, Key(options_.name, table));
  arguments.insert(arguments.end(), {from, to});
  const std::string update =
      std::string("UPDATE iceberg_tables SET metadata_location = ?5, previous_metadata_location = ?4") + kWhereTable +
      " AND metadata_location = ?4" + table_filter_;
  const auto changed = [&] {
    std::lock_guard lock(mutex_);
    return db_->Write({update}, arguments);
  }();
  if (!changed.has_value()) return std::unexpected(changed.error().With("committing table " + table.ToString()));
  if (*changed == 1) return {};
  const auto now = MetadataLocation(table);
  if (!now.has_value() && now.error().code == ErrorCode::kNotFound) return std::unexpected(now.error());
  return Refuse(ErrorCode::kCommitConflict, "table " + table.ToString() + " has moved on from " + from);
}

Result<LoadedTable> SqlCatalog::CommitTable(const LoadedTable& base, const std::vector<TableRequirement>& requirements,
                                            const std::vector<TableUpdate>& updates, const std::string&) {
  K2I_ASSIGN_OR_RETURN(const LoadedTable current, LoadTable(base.identifier));
  return CommitByPointer({store_, reader_, clock_, random_}, current, requirements, updates,
                         [&](const LoadedTable& next) {
                           return Swap(base.identifier, current.metadata_location, next.metadata_location);
                         });
}

Result<std::vector<TableIdentifier>> SqlCatalog::ListTables() {
  const auto rows = [&] {
    std::lock_guard lock(mutex_);
    return db_->Query("SELECT table_namespace, table_name FROM iceberg_tables WHERE catalog_name = ?1" + table_filter_ +
                          " ORDER BY table_namespace, table_name",
                      {options_.name});
  }();
  if (!rows.has_value()) return std::unexpected(rows.error());
  std::vector<TableIdentifier> tables;
  for (const auto& row : *rows) tables.push_back({Levels(row[0].value_or("")), row[1].value_or("")});
  return tables;
}

Status SqlCatalog::DropTable(const TableIdentifier& table) {
  K2I_ASSIGN_OR_RETURN(const auto key, Key(options_.name, table));
  std::lock_guard lock(mutex_);
  K2I_ASSIGN_OR_RETURN(const int64_t dropped,
                       db_->Write({std::string("DELETE FROM iceberg_tables") + kWhereTable + table_filter_}, key));
  if (dropped == 0) return Refuse(ErrorCode::kNotFound, "no table " + table.ToString());
  return {};
}

}  // namespace k2i::iceberg
