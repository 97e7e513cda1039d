// SPDX-License-Identifier: Apache-2.0
//
// buffer: the newest rows in memory, from the moment they are decoded until the table has them. This file: slices.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "buffer/slice_bounds.h"
#include "record/decoded_rows.h"

namespace k2i::buffer {

/// Rows sealed together; immutable. Knows the Kafka position of each row, and the ranges it stands for: these cover
/// holes and rejected records too, so that a slice may have ranges and no rows.
struct Slice {
  std::shared_ptr<arrow::RecordBatch> rows;  // null: no rows
  std::vector<record::Run> runs;             // cover the rows, in order
  std::vector<int64_t> offsets;              // one a row
  OffsetRanges ranges;
  Duration sealed_at{0};   // monotonic
  int64_t size_bytes = 0;  // of the buffers behind `rows`, as far as they are this slice's
  int64_t number = 0;      // ascends with every seal; a part of a slice keeps the whole's
  int64_t first_row = 0;   // where `rows` begin in the slice that was sealed
  std::shared_ptr<SliceBounds> bounds = std::make_shared<SliceBounds>();  // of `rows`

  int64_t row_count() const { return static_cast<int64_t>(offsets.size()); }
};
using SlicePtr = std::shared_ptr<const Slice>;

/// Seals decoded rows; `ranges` are what the reader's positions moved by.
SlicePtr MakeSlice(record::DecodedRows decoded, OffsetRanges ranges, Duration sealed_at, int64_t number = 0);

/// The slices without the rows below `boundary` (a partition that is not in it keeps all), buffers shared. Slices left
/// with neither rows nor ranges are dropped.
std::vector<SlicePtr> DropBelow(const std::vector<SlicePtr>& slices, const OffsetVector& boundary);

/// The slices' rows of which `keep` is true, buffers shared, each stretch of them a slice; ranges stay as they are.
std::vector<SlicePtr> KeepRows(const std::vector<SlicePtr>& slices,
                               const std::function<bool(const TopicPartition&, int64_t offset)>& keep);

/// The slices without the rows and ranges of `partitions`.
std::vector<SlicePtr> DropPartitions(const std::vector<SlicePtr>& slices,
                                     const std::vector<TopicPartition>& partitions);

}  // namespace k2i::buffer
