// SPDX-License-Identifier: Apache-2.0
#include "query/duck_catalog.h"

#include <algorithm>
#include <set>

#include "base/ascii.h"
#include "query/scan_function.h"

namespace k2i::query {
namespace {

/// `name`, or name_1, name_2 …, whichever is not taken.
std::string Unused(const std::string& name, std::set<std::string>& taken) {
  std::string unused = name;
  for (int i = 1; !taken.insert(LowerAscii(unused)).second; ++i) unused = name + "_" + std::to_string(i);
  return unused;
}

Result<DuckDatabase> OpenDatabase(const DuckLimits& limits) {
  DuckConfig config;
  if (duckdb_create_config(config.out()) != DuckDBSuccess) return Fail(ErrorCode::kInternal, "no DuckDB configuration");
  const std::pair<const char*, std::string> settings[] = {
      {"threads", std::to_string(std::max(1, limits.threads))},
      {"memory_limit", std::to_string(limits.memory_bytes) + "B"},
      {"autoinstall_known_extensions", "false"},
      {"autoload_known_extensions", "false"},
      {"allow_community_extensions", "false"},
      {"allow_unsigned_extensions", "false"},
      {"allow_persistent_secrets", "false"},
      {"max_temp_directory_size", "0KB"},
      // Without it, plain SELECTs would scan with one thread.
      {"preserve_insertion_order", "false"},
  };
  for (const auto& [name, value] : settings) {
    if (duckdb_set_config(config.get(), name, value.c_str()) != DuckDBSuccess) {
      return Fail(ErrorCode::kInternal, std::string("DuckDB does not take ") + name + " = " + value);
    }
  }
  DuckDatabase database;
  char* message = nullptr;
  if (duckdb_open_ext(nullptr, database.out(), config.get(), &message) == DuckDBSuccess) return database;
  const std::string reason = message != nullptr ? message : "it does not say why";
  duckdb_free(message);
  return Fail(ErrorCode::kInternal, "DuckDB does not start: " + reason);
}

}  // namespace

Result<std::shared_ptr<DuckCatalog>> DuckCatalog::Open(const DuckLimits& limits, std::vector<CatalogTable> tables) {
  std::shared_ptr<DuckCatalog> catalog(new DuckCatalog(limits.niceness, std::move(tables)));
  K2I_RETURN_IF_ERROR(catalog->Start(limits));
  return catalog;
}

Status DuckCatalog::Start(const DuckLimits& limits) {
  K2I_ASSIGN_OR_RETURN(database_, OpenDatabase(limits));
  K2I_ASSIGN_OR_RETURN(const DuckConnection connection, Connect());
  // In this order: without external access the folder for spilling can no longer be changed, and it is not to be used.
  for (const char* setting : {"TimeZone = 'UTC'", "temp_directory = ''", "enable_external_access = false"}) {
    K2I_RETURN_IF_ERROR(Execute(connection.get(), std::string("SET GLOBAL ") + setting));
  }
  for (CatalogTable& table : tables_) K2I_RETURN_IF_ERROR(DescribeColumns(connection.get(), table));
  K2I_RETURN_IF_ERROR(RegisterScan(connection.get(), *this));
  K2I_RETURN_IF_ERROR(CreateViews(connection.get()));
  return Execute(connection.get(), "SET GLOBAL lock_configuration = true");
}

Status DuckCatalog::DescribeColumns(duckdb_connection connection, CatalogTable& table) {
  std::set<std::string> taken;
  for (const auto& field : table.schema.fields()) {
    auto bridge = ColumnBridge::Make(connection, field);
    if (!bridge) {
      table.unusable = bridge.error().With(table.database + "." + table.table);
      return {};
    }
    table.columns.push_back(*std::move(bridge));
    table.names.push_back(Unused(field.name, taken));
  }
  table.row_column = Unused("row", taken);
  return {};
}

Status DuckCatalog::CreateViews(duckdb_connection connection) {
  for (size_t i = 0; i < tables_.size(); ++i) {
    const CatalogTable& table = tables_[i];
    if (table.unusable) continue;
    const std::string scan = " AS SELECT * EXCLUDE (" + QuotedName(table.row_column) + ") FROM " + kScanFunction + "(" +
                             std::to_string(i) + ")";
    const std::string schema = QuotedName(table.database);
    K2I_RETURN_IF_ERROR(Execute(connection, "CREATE SCHEMA IF NOT EXISTS " + schema));
    K2I_RETURN_IF_ERROR(Execute(connection, "CREATE VIEW " + schema + "." + QuotedName(table.table) + scan));
    if (!table.unique || LowerAscii(table.database) == "main") continue;
    K2I_RETURN_IF_ERROR(Execute(connection, "CREATE VIEW main." + QuotedName(table.table) + scan));
  }
  return {};
}

Result<DuckConnection> DuckCatalog::Connect() {
  DuckConnection connection;
  if (duckdb_connect(database_.get(), connection.out()) == DuckDBSuccess) return connection;
  return Fail(ErrorCode::kInternal, "DuckDB gives no connection");
}

void DuckCatalog::Enter(idx_t connection_id, std::shared_ptr<RunningQuery> query) {
  std::lock_guard lock(mutex_);
  running_[connection_id] = std::move(query);
}

void DuckCatalog::Leave(idx_t connection_id) {
  std::lock_guard lock(mutex_);
  running_.erase(connection_id);
}

std::shared_ptr<RunningQuery> DuckCatalog::Find(idx_t connection_id) const {
  std::lock_guard lock(mutex_);
  const auto it = running_.find(connection_id);
  return it == running_.end() ? nullptr : it->second;
}

}  // namespace k2i::query
