// SPDX-License-Identifier: Apache-2.0
//
// How a pipeline gets its table: one that is there wins with its schema, spec and properties; one that is not is
// created from declared or inferred columns.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "iceberg/catalog/catalog.h"

namespace k2i::ingest {

struct PartitionFieldOption {
  std::string source_field;
  std::string transform;  // "day", "bucket[16]" …
  std::string name;       // empty: Iceberg's own naming, "ts_day"
};

struct SortFieldOption {
  std::string source_field;
  std::string transform = "identity";
  bool ascending = true;
  bool nulls_first = true;
};

struct TableOptions {
  iceberg::TableIdentifier identifier;
  int32_t format_version = 2;
  std::vector<PartitionFieldOption> partition_fields;
  std::vector<SortFieldOption> sort_fields;
  std::map<std::string, std::string> properties;
  bool auto_create = true;
};

/// The table, or nullopt where there is none. Errors of the catalog.
Result<std::optional<iceberg::LoadedTable>> FindTable(iceberg::Catalog& catalog, const TableOptions& options);

/// Creates namespace and table with the columns of `schema` (ids not assigned); loads it when another process was
/// faster. InvalidConfig when auto_create is off, or a partition or sort field does not fit the schema.
Result<iceberg::LoadedTable> CreateTable(iceberg::Catalog& catalog, const TableOptions& options,
                                         const iceberg::Schema& schema);

/// What CreateTable asks of the catalog: fresh ids, partition and sort fields by name, name mapping, and K2I's defaults
/// for properties that the user has not set. Pure.
Result<iceberg::CreateTableRequest> MakeCreateRequest(const TableOptions& options, const iceberg::Schema& schema);

/// Whether K2I can write to a table that others may have made. InvalidConfig for format version 1, files of another
/// format than Parquet, and properties that cannot be; NotSupported for an encrypted table and for columns of a type
/// that K2I does not write.
Status CheckTableWritable(const TableOptions& options, const iceberg::TableMetadata& table);

/// CheckTableWritable; then InvalidConfig that lists every difference between what is configured (declared columns,
/// partition fields) and the table.
Status CheckTableFits(const TableOptions& options, const std::optional<iceberg::Schema>& declared,
                      const iceberg::TableMetadata& table);

}  // namespace k2i::ingest
