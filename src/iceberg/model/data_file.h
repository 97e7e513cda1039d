// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "iceberg/model/partition_spec.h"

namespace k2i::iceberg {

/// What a manifest entry says of a file (spec: "Manifests", struct data_file).
struct DataFile {
  enum class Content { kData = 0, kPositionDeletes = 1, kEqualityDeletes = 2 };

  Content content = Content::kData;
  std::string file_path;  // whole location with scheme
  std::string file_format = "PARQUET";
  int32_t spec_id = 0;  // not in the entry; from the manifest
  PartitionTuple partition;
  int64_t record_count = 0;
  int64_t file_size_in_bytes = 0;
  std::map<int32_t, int64_t> column_sizes;
  std::map<int32_t, int64_t> value_counts;
  std::map<int32_t, int64_t> null_value_counts;
  std::map<int32_t, int64_t> nan_value_counts;
  std::map<int32_t, std::string> lower_bounds;  // SerializeLiteral's bytes
  std::map<int32_t, std::string> upper_bounds;
  std::optional<std::string> key_metadata;
  std::vector<int64_t> split_offsets;
  std::vector<int32_t> equality_ids;
  std::optional<int32_t> sort_order_id;
  std::optional<int64_t> first_row_id;              // v3
  std::optional<std::string> referenced_data_file;  // deletes
  std::optional<int64_t> content_offset;            // v3 deletion vectors
  std::optional<int64_t> content_size_in_bytes;

  /// What tells it from the others of a snapshot: its location and, as several deletion vectors share a file, its place
  /// there.
  std::string key() const { return content_offset ? file_path + "#" + std::to_string(*content_offset) : file_path; }
};

}  // namespace k2i::iceberg
