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

/// A sequence number that the commit gives: that of the snapshot whose manifest list is written.
inline constexpr int64_t kUnassignedSequence = -1;

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
  /// -1: not recorded (manifest lists of v1).
  int32_t added_files_count = 0, existing_files_count = 0, deleted_files_count = 0;
  int64_t added_rows_count = 0, existing_rows_count = 0, deleted_rows_count = 0;
  std::vector<FieldSummary> partitions;
  std::optional<std::string> key_metadata;
  std::optional<int64_t> first_row_id;  // v3
};

struct EncodedManifest {
  std::string bytes;
  /// All but manifest_path; counts and partition summaries are computed. sequence_number is kUnassignedSequence, and so
  /// is min_sequence_number when no live entry says its own.
  ManifestFile summary;
};

/// Avro bytes of a manifest for `format_version` 2 or 3, deflate-compressed, with the field ids and the key-value
/// metadata the spec asks for (schema, schema-id, partition-spec, partition-spec-id, format-version, content). The
/// files are all data files, or all delete files. InvalidArgument for entries that mix them, lack a sequence number
/// they cannot inherit, or hold partition values that are not of the spec; NotSupported for another format version.
Result<EncodedManifest> EncodeManifest(int32_t format_version, const Schema& schema, const PartitionSpec& spec,
                                       int64_t snapshot_id, const std::vector<ManifestEntry>& entries);

/// Entries of a manifest written by any engine (v1-v3), with what they inherit filled in from `file`: snapshot id,
/// sequence numbers, spec id, first row id. Partition values are found by field id, in the order of `spec`, as values
/// of the types that `schema` gives them. Corruption for malformed bytes, NotSupported for a codec of Avro that we do
/// not read.
Result<std::vector<ManifestEntry>> DecodeManifest(std::string_view bytes, const ManifestFile& file,
                                                  const PartitionSpec& spec, const Schema& schema);

/// Gives each data manifest that has no first_row_id the next one, from `next_row_id` on, with room for its added and
/// existing rows (spec "First Row ID Assignment"). Returns the first id that is still free. v3 only.
Result<int64_t> AssignFirstRowIds(int64_t next_row_id, std::vector<ManifestFile>& manifests);

/// Avro bytes of a manifest list (v2, v3). Sequence numbers that are kUnassignedSequence become the snapshot's.
/// InvalidArgument when such a manifest is not the snapshot's own, or a v3 data manifest has no first_row_id;
/// NotSupported for a manifest without counts (v1), since readers take a wrong count for an empty manifest.
Result<std::string> EncodeManifestList(int32_t format_version, const Snapshot& snapshot,
                                       const std::vector<ManifestFile>& manifests);
/// Manifest lists of any engine (v1-v3). Corruption for malformed bytes, NotSupported as above.
Result<std::vector<ManifestFile>> DecodeManifestList(std::string_view bytes);

}  // namespace k2i::iceberg
