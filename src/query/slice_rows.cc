// SPDX-License-Identifier: Apache-2.0
#include "query/slice_rows.h"

#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

#include "datafile/arrow_status.h"
#include "datafile/file_schema.h"

namespace k2i::query {

void AppendRowsFrom(const buffer::SlicePtr& slice, const OffsetVector& from, const OffsetVector& end,
                    std::deque<RowsOfSlice>& out) {
  if (slice->rows == nullptr) return;
  for (const auto& run : slice->runs) {
    const auto low = from.find(run.partition);
    const auto high = end.find(run.partition);
    if (low == from.end() || high == end.end()) continue;
    // Offsets ascend within a run.
    const auto first = slice->offsets.begin() + run.first_row;
    const auto last = first + run.row_count;
    const auto begin = std::lower_bound(first, last, low->second.value);
    const auto stop = std::lower_bound(begin, last, high->second.value);
    if (begin == stop) continue;
    const int64_t row = begin - slice->offsets.begin();
    const bool joins = !out.empty() && out.back().slice == slice && out.back().first_row + out.back().row_count == row;
    if (joins) {
      out.back().row_count += stop - begin;
    } else {
      out.push_back({slice, row, stop - begin});
    }
  }
}

Offset ReachedFrom(const buffer::View& view, const TopicPartition& partition, Offset from) {
  std::vector<OffsetRange> ranges;
  for (const auto* slices : {&view.retained, &view.slices}) {
    for (const auto& slice : *slices) {
      if (const auto it = slice->ranges.find(partition); it != slice->ranges.end()) ranges.push_back(it->second);
    }
  }
  std::ranges::sort(ranges, {}, &OffsetRange::begin);
  for (const OffsetRange& range : ranges) {
    if (range.begin <= from) from = std::max(from, range.end);
  }
  return from;
}

Result<std::shared_ptr<arrow::RecordBatch>> SliceReader::Read(const std::shared_ptr<arrow::RecordBatch>& rows) {
  if (known_ != rows->schema()) {
    K2I_ASSIGN_OR_RETURN(projections_, datafile::ProjectFields(columns_.fields(), rows->schema()->fields()));
    known_ = rows->schema();
  }
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (const auto& projection : projections_) {
    if (projection.source) {
      K2I_ASSIGN_OR_RETURN(columns.emplace_back(),
                           datafile::Project(projection, *rows->column(*projection.source), pool_));
    } else {
      K2I_ASSIGN_OR_RETURN(columns.emplace_back(),
                           datafile::FromArrow(arrow::MakeArrayOfNull(projection.type, rows->num_rows(), pool_)));
    }
  }
  const auto projected = arrow::RecordBatch::Make(shown_, rows->num_rows(), std::move(columns));
  return datafile::WithFileSchema(*projected, shown_);
}

}  // namespace k2i::query
