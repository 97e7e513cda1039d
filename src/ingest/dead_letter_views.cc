// SPDX-License-Identifier: Apache-2.0
#include "ingest/dead_letter_views.h"

#include <algorithm>
#include <utility>

#include "ingest/dead_letter_fit.h"

namespace k2i::ingest {
namespace {

/// `read` of the partitions that have a letter, from where the view ends: what lies between holds none.
OffsetRanges RangesOf(const buffer::Slice& letters, const OffsetRanges& read, const OffsetVector& ends) {
  OffsetRanges ranges;
  for (const auto& run : letters.runs) {
    const auto range = read.find(run.partition);
    if (range == read.end()) continue;
    const auto end = ends.find(run.partition);
    const Offset begin = end == ends.end() ? range->second.begin : std::min(end->second, range->second.end);
    ranges[run.partition] = {begin, range->second.end};
  }
  return ranges;
}

}  // namespace

Status DeadLetterViews::Show(std::shared_ptr<const iceberg::TableMetadata> table) {
  if (table == nullptr) return {};
  K2I_RETURN_IF_ERROR(views_.Show(table));
  table_ = std::move(table);
  for (const auto& letters : std::exchange(waiting_, {})) K2I_RETURN_IF_ERROR(AppendShown(*letters));
  return {};
}

Status DeadLetterViews::Append(const buffer::SlicePtr& letters, const OffsetRanges& read) {
  auto numbered = std::make_shared<buffer::Slice>(*letters);
  numbered->number = next_slice_++;
  numbered->ranges = read;
  if (table_ != nullptr) return AppendShown(*numbered);
  waiting_.push_back(std::move(numbered));
  return {};
}

Status DeadLetterViews::AppendShown(const buffer::Slice& letters) {
  auto fitting = std::make_shared<buffer::Slice>(letters);
  K2I_ASSIGN_OR_RETURN(fitting->rows, FitLetters(*letters.rows, table_->current_schema(), pool_));
  fitting->bounds = std::make_shared<buffer::SliceBounds>();
  fitting->ranges = RangesOf(letters, letters.ranges, published_.Current()->end);
  views_.Append(fitting);
  return {};
}

void DeadLetterViews::Drop(const std::vector<TopicPartition>& partitions) {
  waiting_ = buffer::DropPartitions(waiting_, partitions);
  // Of what held letters of other partitions too, ranges alone may be left.
  std::erase_if(waiting_, [](const auto& letters) { return letters->rows == nullptr; });
  if (table_ != nullptr) views_.Drop(partitions);
}

}  // namespace k2i::ingest
