// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "buffer/key_index.h"

namespace k2i::buffer {

/// From positions and keys to rows, over all slices of a view. A value that is cheap to copy and to grow: each slice
/// brings an index of its own, and eight neighbours of about one size are merged into one, so that a look-up asks about
/// ten. It knows slices by number only: those that have gone are found no more in the view, and go from here once all
/// of an index's have gone.
class SliceIndex {
 public:
  /// Neighbouring rows of one partition, offsets ascending, where they were sealed.
  struct RunPlace {
    int32_t partition = 0;  // as partitions_ numbers them
    int64_t first_offset = 0;
    int64_t last_offset = 0;
    int64_t highest = 0;  // of the last offsets of this run and those of the partition before it
    RowPlace first;
    int64_t row_count = 0;
  };

  SliceIndex() = default;
  /// `key_column`: "" for none, which then costs nothing.
  SliceIndex(std::string key_column, arrow::MemoryPool* pool) : key_column_(std::move(key_column)), pool_(pool) {}

  /// REQUIRES: numbers ascend.
  void Add(const Slice& slice);
  /// Forgets indexes all of whose slices are older.
  void DropBefore(int64_t number);

  const std::string& key_column() const { return key_column_; }
  /// The key column of the newest slice that has one.
  struct KeyField {
    std::shared_ptr<arrow::DataType> type;  // null: no slice has had it
    int index = -1;                         // in the slice's rows
  };
  const KeyField& key_field() const { return key_field_; }
  /// Calls `visit(RunPlace)` for each run that may hold the row at this position, until it returns false: more than one
  /// if rows were dropped and read again.
  template <typename Visit>
  void ForEachRun(const TopicPartition& partition, Offset offset, const Visit& visit) const;
  /// Calls `visit(RowPlace)` for each row of this hash, newest first, until it returns false.
  template <typename Visit>
  void ForEach(uint32_t hash, const Visit& visit) const {
    for (const auto& segment : segments_) {
      if (segment->keys != nullptr) segment->keys->Prefetch(hash);
    }
    for (auto segment = segments_.rbegin(); segment != segments_.rend(); ++segment) {
      if ((*segment)->keys != nullptr && !(*segment)->keys->ForEach(hash, visit)) return;
    }
  }
  size_t segments() const { return segments_.size(); }

 private:
  struct Segment {
    int64_t last_number = 0;
    int level = 0;  // eight of a level are merged into one of the next
    int64_t rows = 0;
    std::vector<RunPlace> runs;  // by partition and offset; of one position, the older first
    std::shared_ptr<const KeyIndex> keys;
  };
  using Partitions = std::map<TopicPartition, int32_t>;

  static void Arrange(std::vector<RunPlace>& runs);
  int32_t NumberOf(const TopicPartition& partition);
  void SeeKeyField(const arrow::RecordBatch& rows);
  void MergeFull();
  std::shared_ptr<const Segment> Merged(size_t first) const;

  std::string key_column_;
  KeyField key_field_;
  arrow::MemoryPool* pool_ = nullptr;
  std::shared_ptr<const Partitions> partitions_ = std::make_shared<const Partitions>();
  std::vector<std::shared_ptr<const Segment>> segments_;  // oldest first
};

template <typename Visit>
void SliceIndex::ForEachRun(const TopicPartition& partition, Offset offset, const Visit& visit) const {
  const auto number = partitions_->find(partition);
  if (number == partitions_->end()) return;
  const auto wanted = std::pair(number->second, offset.value);
  for (auto segment = segments_.rbegin(); segment != segments_.rend(); ++segment) {
    const auto& runs = (*segment)->runs;
    auto run = std::upper_bound(runs.begin(), runs.end(), wanted, [](const auto& position, const RunPlace& each) {
      return position < std::pair(each.partition, each.first_offset);
    });
    while (run != runs.begin() && (--run)->partition == number->second && run->highest >= offset.value) {
      if (run->last_offset >= offset.value && !visit(*run)) return;
    }
  }
}

}  // namespace k2i::buffer
