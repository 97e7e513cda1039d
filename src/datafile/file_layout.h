// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <arrow/util/type_fwd.h>
#include <parquet/type_fwd.h>

#include <memory>
#include <vector>

#include "datafile/bloom_filters.h"
#include "datafile/encodings.h"
#include "datafile/leaf_column.h"
#include "datafile/metrics_mode.h"
#include "datafile/row_group_sizing.h"
#include "datafile/writer_options.h"

namespace k2i::datafile {

/// What all files of one writer have in common, worked out once.
struct FileLayout {
  std::shared_ptr<arrow::Schema> row_schema;   // ToArrowSchema's: what is given
  std::shared_ptr<arrow::Schema> file_schema;  // ToFileSchema's: what is written
  std::vector<LeafColumn> leaves;
  std::vector<MetricsMode> modes;             // one a leaf
  std::shared_ptr<arrow::util::Codec> codec;  // null: none
  arrow::Compression::type compression = arrow::Compression::UNCOMPRESSED;
  int compression_level = 0;
  /// Each page has a header, statistics and a codec call of its own: short ones cost CPU; long ones make skipping
  /// coarse.
  int64_t page_bytes = 1 << 20;
  int64_t page_rows = 100'000;
  RowGroupSizing::Limits limits;
  std::map<std::string, BloomFilter> bloom_filters;  // by Parquet path
  EncodingLimits encodings;

  /// InvalidConfig for a codec, mode, number or file format that cannot be; NotSupported for a type that has no Arrow
  /// form, and for an encrypted table; InvalidArgument for a type that the format version does not have.
  static Result<std::shared_ptr<const FileLayout>> Make(const WriterOptions& options);

  std::shared_ptr<parquet::WriterProperties> Properties(const std::vector<ColumnPlan>& plans,
                                                        arrow::MemoryPool* pool) const;
};

}  // namespace k2i::datafile
