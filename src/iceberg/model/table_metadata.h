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
#include "iceberg/model/snapshot.h"

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
  SnapshotLog snapshot_log;
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
/// Of `known`, an earlier state of the table, the snapshots whose text is the same are shared and not read again.
Result<TableMetadata> ParseTableMetadata(std::string_view json, const TableMetadata* known = nullptr);
/// What does not change between two commits is not made anew: see HistoryList.
std::string TableMetadataJson(const TableMetadata& metadata);
/// The same as a gzip file (RFC 1952), nor is what was deflated for an earlier commit. ResourceExhausted when memory
/// is short.
Result<std::string> TableMetadataGzip(const TableMetadata& metadata);

}  // namespace k2i::iceberg
