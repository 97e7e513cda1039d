// SPDX-License-Identifier: Apache-2.0
//
// iceberg/manifest: manifests and manifest lists, Avro object container files (spec: "Manifests", "Manifest Lists").
// This file: their contents as plain data, and the functions that turn them into bytes and back; no I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "iceberg/model/data_file.h"
#include "iceberg/model/table_metadata.h"

namespace k2i::iceberg {

struct ManifestEntry {
  enum class Status { kExisting = 0, kAdded = 1, kDeleted = 2 };
  Status status = Status::kAdded;
  std::optional<int64_t> snapshot_id;           // null: inherited
  std::optional<int64_t> sequence_number;       // null: inherited (only for kAdded)
  std::optional<int64_t> file_sequence_number;  // null: inherited
  DataFile data_file;
};

struct FieldSummary {
  bool contains_null = false;
  std::optional<bool> contains_nan;
  std::optional<std::string> lower_bound;
  std::optional<std::string> upper_bound;
};

/// An entry of a manifest list (struct manifest_file).
struct ManifestFile {
  enum class Content { kData = 0, kDeletes = 1 };
  std::string manifest_path;
  int64_t manifest_length = 0;
  int32_t partition_spec_id = 0;
  Content content = Content::kData;
  int64_t sequence_number = 0;
  int64_t min_sequence_number = 0;
  int64_t added_snapshot_id = 0;
  int32_t added_files_count = 0, existing_files_count = 0, deleted_files_count = 0;
  int64_t added_rows_count = 0, existing_rows_count = 0, deleted_rows_count = 0;
  std::vector<FieldSummary> partitions;
  std::optional<std::string> key_metadata;
  std::optional<int64_t> first_row_id;  // v3
};

struct EncodedManifest {
  std::string bytes;
  /// All but manifest_path and sequence_number, which the caller knows; counts and partition summaries are computed.
  ManifestFile summary;
};

/// Avro bytes of a data manifest for `format_version` 2 or 3, deflate-compressed, with the field ids and the key-value
/// metadata the spec asks for (schema, schema-id, partition-spec, partition-spec-id, format-version, content).
Result<EncodedManifest> EncodeManifest(int32_t format_version, const Schema& schema, const PartitionSpec& spec,
                                       int64_t snapshot_id, const std::vector<ManifestEntry>& entries);

/// Entries of a manifest written by any engine (v1-v3), with inherited snapshot id and sequence numbers filled in from
/// `file`. Corruption for malformed bytes.
Result<std::vector<ManifestEntry>> DecodeManifest(std::string_view bytes, const ManifestFile& file,
                                                  const PartitionSpec& spec, const Schema& schema);

/// Avro bytes of a manifest list (v2, v3).
Result<std::string> EncodeManifestList(int32_t format_version, const Snapshot& snapshot,
                                       const std::vector<ManifestFile>& manifests);
Result<std::vector<ManifestFile>> DecodeManifestList(std::string_view bytes);

}  // namespace k2i::iceberg
