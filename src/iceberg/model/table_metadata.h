// SPDX-License-Identifier: Apache-2.0
//
// Table metadata (spec: "Table Metadata and Snapshots"): plain data, and its JSON.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "iceberg/model/partition_spec.h"
#include "iceberg/model/schema.h"
#include "iceberg/model/snapshot_list.h"

namespace k2i::iceberg {

struct SnapshotRef {
  int64_t snapshot_id = 0;
  enum class Kind { kBranch, kTag } kind = Kind::kBranch;
  std::optional<int32_t> min_snapshots_to_keep;
  std::optional<int64_t> max_snapshot_age_ms;
  std::optional<int64_t> max_ref_age_ms;
  OtherMembers other = {};
  friend bool operator==(const SnapshotRef&, const SnapshotRef&) = default;
};

struct SnapshotLogEntry {
  int64_t timestamp_ms = 0;
  int64_t snapshot_id = 0;
  OtherMembers other = {};
};
struct MetadataLogEntry {
  int64_t timestamp_ms = 0;
  std::string metadata_file;
  OtherMembers other = {};
};

struct TableMetadata {
  int32_t format_version = 2;
  std::string table_uuid;
  std::string location;
  int64_t last_sequence_number = 0;
  int64_t last_updated_ms = 0;
  int32_t last_column_id = 0;
  std::vector<Schema> schemas;
  int32_t current_schema_id = 0;
  std::vector<PartitionSpec> partition_specs;
  int32_t default_spec_id = 0;
  int32_t last_partition_id = 999;
  std::map<std::string, std::string> properties;
  std::optional<int64_t> current_snapshot_id;
  SnapshotList snapshots;
  std::vector<SnapshotLogEntry> snapshot_log;
  std::vector<MetadataLogEntry> metadata_log;
  std::vector<SortOrder> sort_orders;
  int32_t default_sort_order_id = 0;
  std::map<std::string, SnapshotRef> refs;
  int64_t next_row_id = 0;  // v3
  OtherMembers other;       // statistics, partition-statistics, encryption-keys …

  const Schema* FindSchema(int32_t schema_id) const;
  const Schema& current_schema() const;  // REQUIRES: metadata was parsed or built by us
  const PartitionSpec& default_spec() const;
  /// Without fields: none.
  const SortOrder& default_sort_order() const;
  const Snapshot* FindSnapshot(int64_t snapshot_id) const;
  /// The snapshot a branch or tag points to; nullptr when there is no such ref.
  const Snapshot* FindRef(std::string_view name) const;
  /// The property, or `fallback`.
  std::string PropertyOr(const std::string& key, std::string_view fallback) const;
  /// Whether the property is "true", in any case of letters, as Java reads it; `fallback` where it is not set.
  bool PropertyIsTrue(const std::string& key, bool fallback) const;
};

/// Corruption (with the JSON path) for malformed metadata, NotSupported for a format version above 3. v1 is read too.
Result<TableMetadata> ParseTableMetadata(std::string_view json);
/// What does not change between two commits is not made anew: see SnapshotList.
std::string TableMetadataJson(const TableMetadata& metadata);

}  // namespace k2i::iceberg
