// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "datafile/encodings.h"
#include "iceberg/model/data_file.h"
#include "iceberg/model/data_location.h"
#include "iceberg/model/partition_spec.h"
#include "iceberg/model/schema.h"

namespace k2i::datafile {

struct WriterOptions {
  int32_t format_version = 2;
  iceberg::DataLocation data_location;
  std::string file_name_prefix;  // makes names unique: the flush id
  iceberg::Schema schema;
  iceberg::PartitionSpec spec;
  std::optional<int32_t> sort_order_id;  // of the order the rows given are in already
  int64_t target_file_size_bytes = int64_t{256} << 20;
  std::string compression = "zstd";  // zstd, gzip, snappy, lz4, brotli, uncompressed
  std::optional<int> compression_level = 1;
  EncodingSet encodings = EncodingSet::kCompatible;
  int64_t row_group_rows = 1'000'000;
  int64_t row_group_bytes = int64_t{512} << 20;    // of rows in memory, whichever comes first
  int64_t max_pending_bytes = int64_t{512} << 20;  // rows of all partitions that wait to be encoded
  /// Of those, copies of batches that span partitions. Beyond it all that waits is encoded, if each partition can have
  /// its file open: smaller row groups, but no more files.
  int64_t max_copied_bytes = int64_t{64} << 20;
  int max_open_files = 64;
  /// The table's; those that are set beat the fields above: write.target-file-size-bytes,
  /// write.parquet.compression-codec and -level, row-group-size-bytes (encoded), page-size-bytes, page-row-limit,
  /// dict-size-bytes, bloom-filter-*; write.metadata.metrics.*; k2i.parquet.encodings (compatible, compact).
  std::map<std::string, std::string> properties;
  /// Called before a file is opened and after it is whole and visible; an error stops the writer. May be empty.
  std::function<Status(const std::string& location)> on_file_started;
  std::function<Status(const iceberg::DataFile& file)> on_file_finished;
};

}  // namespace k2i::datafile
