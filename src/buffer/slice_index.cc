// SPDX-License-Identifier: Apache-2.0
#include "buffer/slice_index.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace k2i::buffer {
namespace {

constexpr size_t kFanout = 8;
/// Merging more at once would hold up ingestion for too long, about 10 ms a million.
constexpr int64_t kMaxMergedRows = 1'000'000;

}  // namespace

/// Sorts by partition and offset.
void SliceIndex::Arrange(std::vector<RunPlace>& runs) {
  std::sort(runs.begin(), runs.end(), [](const RunPlace& a, const RunPlace& b) {
    return std::tie(a.partition, a.first_offset, a.first.number, a.first.row) <
           std::tie(b.partition, b.first_offset, b.first.number, b.first.row);
  });
  for (size_t i = 0; i < runs.size(); ++i) {
    const bool first = i == 0 || runs[i - 1].partition != runs[i].partition;
    runs[i].highest = first ? runs[i].last_offset : std::max(runs[i].last_offset, runs[i - 1].highest);
  }
}

int32_t SliceIndex::NumberOf(const TopicPartition& partition) {
  if (const auto it = partitions_->find(partition); it != partitions_->end()) return it->second;
  auto more = std::make_shared<Partitions>(*partitions_);
  const auto number = static_cast<int32_t>(more->size());
  more->emplace(partition, number);
  partitions_ = std::move(more);
  return number;
}

void SliceIndex::Add(const Slice& slice) {
  if (slice.row_count() == 0) return;
  auto segment = std::make_shared<Segment>();
  segment->last_number = slice.number;
  segment->rows = slice.row_count();
  for (const auto& run : slice.runs) {
    if (run.row_count == 0) continue;
    const auto first = slice.offsets.begin() + run.first_row;
    segment->runs.push_back({.partition = NumberOf(run.partition),
                             .first_offset = *first,
                             .last_offset = first[run.row_count - 1],
                             .first = {slice.number, slice.first_row + run.first_row},
                             .row_count = run.row_count});
  }
  Arrange(segment->runs);
  if (!key_column_.empty()) {
    SeeKeyField(*slice.rows);
    segment->keys = KeyIndex::Build(slice, key_column_, pool_);
  }
  segments_.push_back(std::move(segment));
  MergeFull();
}

void SliceIndex::SeeKeyField(const arrow::RecordBatch& rows) {
  const int index = rows.schema()->GetFieldIndex(key_column_);
  if (index >= 0) key_field_ = {rows.schema()->field(index)->type(), index};
}

/// Merges as long as the newest eight are of one level.
void SliceIndex::MergeFull() {
  while (segments_.size() >= kFanout) {
    const size_t first = segments_.size() - kFanout;
    int64_t rows = 0;
    for (size_t i = first; i < segments_.size(); ++i) {
      if (segments_[i]->level != segments_.back()->level) return;
      rows += segments_[i]->rows;
    }
    if (rows > kMaxMergedRows) return;
    auto merged = Merged(first);
    segments_.resize(first);
    segments_.push_back(std::move(merged));
  }
}

std::shared_ptr<const SliceIndex::Segment> SliceIndex::Merged(size_t first) const {
  auto merged = std::make_shared<Segment>();
  merged->last_number = segments_.back()->last_number;
  merged->level = segments_.back()->level + 1;
  std::vector<std::shared_ptr<const KeyIndex>> keys;
  for (size_t i = first; i < segments_.size(); ++i) {
    const Segment& part = *segments_[i];
    merged->rows += part.rows;
    merged->runs.insert(merged->runs.end(), part.runs.begin(), part.runs.end());
    if (part.keys != nullptr) keys.push_back(part.keys);
  }
  Arrange(merged->runs);
  if (!keys.empty()) merged->keys = KeyIndex::Merge(keys, pool_);
  return merged;
}

void SliceIndex::DropBefore(int64_t number) {
  const auto kept = std::find_if(segments_.begin(), segments_.end(),
                                 [&](const auto& segment) { return segment->last_number >= number; });
  segments_.erase(segments_.begin(), kept);
}

}  // namespace k2i::buffer
