// SPDX-License-Identifier: Apache-2.0
//
// iceberg/update: pure changes of table metadata, as the REST specification names them (TableUpdate, TableRequirement),
// and the append operation that makes the one K2I commits.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "iceberg/model/table_metadata.h"

namespace k2i::iceberg {

// clang-format off
namespace update {
struct AssignUuid { std::string uuid; };
struct UpgradeFormatVersion { int32_t format_version; };
struct AddSchema { Schema schema; };
struct SetCurrentSchema { int32_t schema_id; };          // -1: the last added
struct AddPartitionSpec { PartitionSpec spec; };
struct SetDefaultSpec { int32_t spec_id; };              // -1: the last added
struct AddSortOrder { SortOrder order; };
struct SetDefaultSortOrder { int32_t order_id; };        // -1: the last added
struct AddSnapshot { Snapshot snapshot; };
struct SetSnapshotRef { std::string name; SnapshotRef ref; };
struct RemoveSnapshots { std::vector<int64_t> snapshot_ids; };
struct RemoveSnapshotRef { std::string name; };
struct SetLocation { std::string location; };
struct SetProperties { std::map<std::string, std::string> updates; };
struct RemoveProperties { std::vector<std::string> removals; };
}  // namespace update
// clang-format on

using TableUpdate =
    std::variant<update::AssignUuid, update::UpgradeFormatVersion, update::AddSchema, update::SetCurrentSchema,
                 update::AddPartitionSpec, update::SetDefaultSpec, update::AddSortOrder, update::SetDefaultSortOrder,
                 update::AddSnapshot, update::SetSnapshotRef, update::RemoveSnapshots, update::RemoveSnapshotRef,
                 update::SetLocation, update::SetProperties, update::RemoveProperties>;

// clang-format off
namespace requirement {
struct AssertCreate {};
struct AssertTableUuid { std::string uuid; };
struct AssertRefSnapshotId { std::string ref; std::optional<int64_t> snapshot_id; };  // nullopt: the ref must not exist
struct AssertLastAssignedFieldId { int32_t field_id; };
struct AssertCurrentSchemaId { int32_t schema_id; };
struct AssertLastAssignedPartitionId { int32_t partition_id; };
struct AssertDefaultSpecId { int32_t spec_id; };
struct AssertDefaultSortOrderId { int32_t order_id; };
}  // namespace requirement
// clang-format on

using TableRequirement = std::variant<requirement::AssertCreate, requirement::AssertTableUuid,
                                      requirement::AssertRefSnapshotId, requirement::AssertLastAssignedFieldId,
                                      requirement::AssertCurrentSchemaId, requirement::AssertLastAssignedPartitionId,
                                      requirement::AssertDefaultSpecId, requirement::AssertDefaultSortOrderId>;

/// CommitConflict naming the first requirement that `base` does not meet (base null: no table yet).
Status CheckRequirements(std::span<const TableRequirement> requirements, const TableMetadata* base);

/// `base` with the updates applied, in order; last_updated_ms becomes `now_ms` (or stays, where clocks disagree and the
/// base is newer: readers refuse logs that go back in time), snapshot and metadata logs are kept up.
/// `base_location` (the file `base` was read from; empty for a new table) enters the metadata log, which is cut to
/// write.metadata.previous-versions-max (default 100). InvalidArgument for an update that the spec forbids.
Result<TableMetadata> ApplyUpdates(const TableMetadata& base, std::string_view base_location,
                                   std::span<const TableUpdate> updates, int64_t now_ms);

struct CreateTableRequest {
  std::string location;  // empty: the catalog chooses
  Schema schema;         // ids are assigned afresh
  PartitionSpec spec;    // source_id refers to `schema`'s ids before they are re-assigned
  SortOrder sort_order;
  std::map<std::string, std::string> properties;
  int32_t format_version = 2;
};

/// Metadata of a new table, as Iceberg's TableMetadata.newTableMetadata makes it. A property "format-version" overrules
/// the request's, and is not stored, no more than other properties that Iceberg reserves. InvalidArgument for an
/// illegal schema or spec, or a type that the format version does not have; NotSupported for a version other than 2
/// and 3.
Result<TableMetadata> NewTableMetadata(const CreateTableRequest& request, std::string location, std::string uuid,
                                       int64_t now_ms);

}  // namespace k2i::iceberg
