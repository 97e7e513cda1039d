// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "buffer/view.h"

namespace k2i::buffer {

/// A table as a commit has left it: every row below `offsets` is in `snapshot_id`, and no other row of Kafka's.
struct CommittedTable {
  std::shared_ptr<const iceberg::TableMetadata> table;
  std::optional<int64_t> snapshot_id;
  OffsetVector offsets;
};

/// Makes the views of one table: after every seal, commit and revocation a new one, published whole, so that a row is
/// at any moment either hot or in the snapshot. Which rows are still to be flushed is HotBuffer's matter. One thread;
/// what it publishes is any thread's.
class ViewMaker {
 public:
  struct Options {
    Duration retain_for{0};  // committed rows stay this long, for look-ups; 0: not at all
    std::string key_column;  // that rows can be looked up by; "": none
  };
  struct Usage {
    int64_t rows = 0;
    int64_t bytes = 0;
  };

  /// `views` must outlive this. `pool` counts the memory of the index of keys.
  ViewMaker(ViewPublisher& views, Options options, arrow::MemoryPool* pool)
      : views_(views), options_(std::move(options)), index_(options_.key_column, pool) {}

  /// The table is now `committed`: hot rows below its offsets are committed and leave, in the same view.
  void SetCommitted(CommittedTable committed, Duration now);
  /// Whether the rows between these offsets and the hot ones would be nowhere: the table has been rolled back. A view
  /// of it must not be made as long as the hot rows are there.
  bool WouldLeaveGap(const OffsetVector& offsets) const;
  /// What is below the committed offsets is left out, and so is a slice with rows that do not come next: the reader and
  /// the table disagree, as the next commit will say. REQUIRES: SetCommitted was called.
  void Append(const SlicePtr& slice);
  /// Forgets the hot rows of these partitions, those of a flush in flight too: their next owner reads them again.
  void Drop(const std::vector<TopicPartition>& partitions);

  /// The partitions that are read here from now on.
  void SetAssigned(std::vector<TopicPartition> partitions);

  /// Forgets retained rows whose time is over.
  void ExpireRetained(Duration now);
  /// Forgets the oldest retained rows, until `bytes` are let go of or none are left.
  void EvictRetained(int64_t bytes);
  /// Forgets all retained rows: rows have been deleted in the table.
  void ForgetRetained();

  Usage retained() const { return retained_usage_; }

 private:
  /// Retained slices that came with one commit.
  struct Batch {
    Duration committed_at;
    size_t slices;
  };

  bool Joins(const Slice& slice) const;
  void MoveCommitted(Duration now);
  void Retain(const SlicePtr& slice, Batch& batch);
  void DropOldestRetained(size_t slices);
  void FindEnds();
  void Publish();

  ViewPublisher& views_;
  const Options options_;
  CommittedTable committed_;
  SnapshotPins::Pin pin_;  // of its snapshot
  std::vector<TopicPartition> assigned_;
  SliceList hot_;
  OffsetVector hot_begins_;  // of the partitions that have hot slices
  OffsetVector hot_ends_;
  OffsetVector end_;
  SliceList retained_;
  std::deque<Batch> batches_;  // of retained_, oldest first
  Usage retained_usage_;
  SliceIndex index_;  // of hot_ and retained_
};

}  // namespace k2i::buffer
