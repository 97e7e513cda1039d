// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "datafile/bounds.h"
#include "datafile/leaf_column.h"
#include "datafile/metrics_mode.h"
#include "iceberg/model/data_file.h"

namespace parquet {
class ColumnChunkMetaData;
class FileMetaData;
}  // namespace parquet

namespace k2i::datafile {

/// Parquet keeps no smallest and largest value longer than this; the collector finds those itself.
inline constexpr int64_t kMaxStatisticsBytes = 1024;

/// Gathers a file's metrics (spec: "Manifests", fields 108-128 of data_file) from the Parquet statistics, and from the
/// rows where those do not tell: NaN counts and bounds of long text. One thread.
class MetricsCollector {
 public:
  /// `leaves` and `modes` go together and must outlive this.
  MetricsCollector(const std::vector<LeafColumn>& leaves, const std::vector<MetricsMode>& modes)
      : leaves_(leaves), modes_(modes), nan_counts_(leaves.size()) {}

  /// Call once for each row group, in order.
  Status AddRowGroup(const arrow::RecordBatchVector& rows, arrow::MemoryPool* pool);
  /// Fills counts, sizes, bounds and split offsets. Throws what Parquet throws.
  Status Finish(const parquet::FileMetaData& metadata, iceberg::DataFile& file) const;

 private:
  Status CountNans(const arrow::RecordBatchVector& rows, size_t leaf, arrow::MemoryPool* pool);
  Status FindLongText(const arrow::RecordBatchVector& rows, size_t leaf, arrow::MemoryPool* pool);
  bool wants_bounds(size_t leaf) const { return modes_[leaf].bounds() && !leaves_[leaf].repeated; }
  Result<bool> IncludeChunk(const parquet::ColumnChunkMetaData& chunk, size_t row_group, size_t leaf,
                            Extremes& extremes) const;
  Status FinishLeaf(const parquet::FileMetaData& metadata, size_t leaf, iceberg::DataFile& file) const;
  void SetBounds(size_t leaf, const Extremes& extremes, iceberg::DataFile& file) const;

  const std::vector<LeafColumn>& leaves_;
  const std::vector<MetricsMode>& modes_;
  std::vector<int64_t> nan_counts_;
  std::vector<std::map<size_t, Extremes>> long_text_;  // by row group, by leaf
};

}  // namespace k2i::datafile
