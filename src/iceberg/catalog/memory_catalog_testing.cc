// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/memory_catalog_testing.h"

namespace k2i::iceberg {
namespace {

std::unexpected<Error> NoSuchTable(const TableIdentifier& table) {
  return Fail(ErrorCode::kNotFound, "no table " + table.ToString(), Component::kCatalog);
}

}  // namespace

Result<LoadedTable> MemoryCatalog::LoadTable(const TableIdentifier& table) {
  if (before_load) K2I_RETURN_IF_ERROR(before_load());
  std::lock_guard lock(mutex_);
  const auto found = tables_.find(table.ToString());
  if (found == tables_.end()) return NoSuchTable(table);
  return found->second;
}

Result<LoadedTable> MemoryCatalog::CreateTable(const TableIdentifier& table, const CreateTableRequest& request) {
  std::lock_guard lock(mutex_);
  if (tables_.contains(table.ToString())) {
    return Fail(ErrorCode::kAlreadyExists, table.ToString() + " is there already", Component::kCatalog);
  }
  K2I_ASSIGN_OR_RETURN(
      auto metadata, NewTableMetadata(request, request.location.empty() ? "mem://lake/" + table.name : request.location,
                                      random_.Uuid(), clock_.wall_ms()));
  LoadedTable loaded{table, "", std::make_shared<const TableMetadata>(std::move(metadata)), {}};
  loaded.metadata_location = NextLocation(*loaded.metadata);
  tables_[table.ToString()] = loaded;
  return loaded;
}

Result<LoadedTable> MemoryCatalog::CommitTable(const LoadedTable& base,
                                               const std::vector<TableRequirement>& requirements,
                                               const std::vector<TableUpdate>& updates, const std::string&) {
  if (before_commit) K2I_RETURN_IF_ERROR(before_commit());
  K2I_ASSIGN_OR_RETURN(auto committed, Apply(base.identifier, requirements, updates));
  if (after_commit) K2I_RETURN_IF_ERROR(after_commit());
  return committed;
}

Result<std::vector<TableIdentifier>> MemoryCatalog::ListTables() {
  std::lock_guard lock(mutex_);
  std::vector<TableIdentifier> tables;
  for (const auto& [name, table] : tables_) tables.push_back(table.identifier);
  return tables;
}

Status MemoryCatalog::DropTable(const TableIdentifier& table) {
  std::lock_guard lock(mutex_);
  if (tables_.erase(table.ToString()) == 0) return NoSuchTable(table);
  return {};
}

Result<LoadedTable> MemoryCatalog::ForeignCommit(const TableIdentifier& table,
                                                 const std::vector<TableUpdate>& updates) {
  return Apply(table, {}, updates);
}

Result<LoadedTable> MemoryCatalog::Apply(const TableIdentifier& table,
                                         const std::vector<TableRequirement>& requirements,
                                         const std::vector<TableUpdate>& updates) {
  std::lock_guard lock(mutex_);
  const auto found = tables_.find(table.ToString());
  if (found == tables_.end()) return NoSuchTable(table);
  LoadedTable& current = found->second;
  K2I_RETURN_IF_ERROR(CheckRequirements(requirements, current.metadata.get()));
  K2I_ASSIGN_OR_RETURN(auto metadata,
                       ApplyUpdates(*current.metadata, current.metadata_location, updates, clock_.wall_ms()));
  current.metadata = std::make_shared<const TableMetadata>(std::move(metadata));
  ++commits_;
  current.metadata_location = NextLocation(*current.metadata);
  return current;
}

/// Nothing is written there.
std::string MemoryCatalog::NextLocation(const TableMetadata& table) {
  return table.location + "/metadata/v" + std::to_string(++versions_) + ".metadata.json";
}

}  // namespace k2i::iceberg
