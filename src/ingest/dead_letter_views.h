// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "ingest/table_views.h"

namespace k2i::ingest {

/// What queries see of the dead-letter table: what it has, and the letters that wait for their commit. Its offsets say
/// up to where letters are known, of partitions that have had some; they stand still while there are none. A letter
/// below the table's own boundary, which only a process leaves that died between the two commits, is seen once it is
/// committed. The polling thread's.
class DeadLetterViews {
 public:
  /// As TableViews; `parts` must outlive this.
  DeadLetterViews(TableViews::Parts parts, TableViews::Options options)
      : pool_(parts.pool), published_(parts.views), views_(parts, std::move(options)) {}

  /// The table as it was found, or as a commit of ours has left it; null: it is not there yet, and letters wait to be
  /// shown. As TableViews::Show.
  Status Show(std::shared_ptr<const iceberg::TableMetadata> table);
  /// Letters, and what the reader's positions moved by since the last ones: there is no other letter in `read`.
  Status Append(const buffer::SlicePtr& letters, const OffsetRanges& read);
  void Drop(const std::vector<TopicPartition>& partitions);
  void Tick(bool may_load) { views_.Tick(may_load); }

 private:
  Status AppendShown(const buffer::Slice& letters);

  arrow::MemoryPool& pool_;
  const buffer::ViewPublisher& published_;
  TableViews views_;
  std::shared_ptr<const iceberg::TableMetadata> table_;
  std::vector<buffer::SlicePtr> waiting_;  // for a table; the same rows wait to be flushed
  int64_t next_slice_ = 0;
};

}  // namespace k2i::ingest
