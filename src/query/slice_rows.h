// SPDX-License-Identifier: Apache-2.0
//
// Rows of slices by Kafka position, and in the columns of a schema that may be newer than they are.
#pragma once

#include <arrow/type_fwd.h>

#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "buffer/view.h"
#include "datafile/projection.h"
#include "iceberg/model/schema.h"

namespace k2i::query {

/// Neighbouring rows of a slice.
struct RowsOfSlice {
  buffer::SlicePtr slice;
  int64_t first_row = 0;
  int64_t row_count = 0;
};

/// Appends the rows of `slice` at or after `from` and below `end` (of their partitions), a piece for each stretch of
/// them.
void AppendRowsFrom(const buffer::SlicePtr& slice, const OffsetVector& from, const OffsetVector& end,
                    std::deque<RowsOfSlice>& out);

/// How far the slices of the view, retained ones too, go on from `from` without a gap; `from` itself when they do not
/// have it.
Offset ReachedFrom(const buffer::View& view, const TopicPartition& partition, Offset from);

/// Gives rows of slices the columns of `schema`. One thread at a time.
class SliceReader {
 public:
  SliceReader() = default;
  /// `columns` are fields of the table's schema; what is read has the schema `shown`, which has their types, or
  /// extension types over them.
  SliceReader(iceberg::Schema columns, std::shared_ptr<arrow::Schema> shown, arrow::MemoryPool* pool)
      : columns_(std::move(columns)), shown_(std::move(shown)), pool_(pool) {}
  Result<std::shared_ptr<arrow::RecordBatch>> Read(const std::shared_ptr<arrow::RecordBatch>& rows);

 private:
  using Projections = std::vector<datafile::FieldProjection>;
  iceberg::Schema columns_;
  std::shared_ptr<arrow::Schema> shown_;
  arrow::MemoryPool* pool_ = nullptr;
  std::shared_ptr<arrow::Schema> known_;  // the schema that projections_ are of
  Projections projections_;
};

}  // namespace k2i::query
