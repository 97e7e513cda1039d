// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "buffer/hot_buffer.h"
#include "ingest/flusher.h"
#include "ingest/row_positions.h"
#include "ingest/table_opening.h"
#include "record/dead_letter_rows.h"

namespace k2i::ingest {

/// The table of the records that could not be decoded, beside the table they were meant for. What it promises rests on
/// order: the letters below an offset are in this table before the main table's boundary passes that offset. So the
/// stream starts at the main table's boundary alone. When a process died between the two commits, this table's boundary
/// is further on, and what it says of the offsets between the two stands: a record that is in this table goes nowhere
/// else, even if it could be decoded now, and one that is not has yet to come, even if it cannot be decoded any more.
///
/// Its own vector says, for partitions that have had letters, up to where they have been kept. It stands still while
/// there are none, and a commit's ranges go from it, not from where the reader began.
class DeadLetterTable {
 public:
  using TablePtr = std::shared_ptr<const iceberg::TableMetadata>;
  struct Options {
    TableOptions table;
    Flusher::Options flusher;
    RetryPolicy start_retry;
  };

  /// `parts` must outlive this.
  DeadLetterTable(Flusher::Parts parts, Options options) : parts_(parts), options_(std::move(options)) {}

  /// Finds the table; one that is not there is made when the first letter is to be kept. InvalidConfig: it has not the
  /// columns of record::DeadLetterSchema. Before any flush.
  Status Open(const kafka::ClusterInfo& cluster, const txlog::RecoveryState& recovered, std::stop_token stop);

  // The polling thread's part.
  /// The partitions are ours, and the main table's boundary is `main`: finds out which records at or above it are kept
  /// here already. Waits through outages. A partition with no boundary in `main` starts where it will. Returns the
  /// table, in which every letter below `main` is; null: it is not there.
  Result<TablePtr> Assign(const std::vector<TopicPartition>& partitions, const progress::Progress& main,
                          const kafka::ClusterInfo& cluster, std::stop_token stop);
  void Revoke(const std::vector<TopicPartition>& partitions);
  /// The batch without the records that are kept here.
  kafka::MessageBatch WithoutKept(kafka::MessageBatch batch);
  Status Keep(std::span<const record::Rejected> rejected, std::optional<int32_t> schema_id);
  /// The letters since the last call; null: none.
  Result<buffer::SlicePtr> Seal(Duration now);
  /// The newest that has been seen; null: it is not there. Not while a flush is under way.
  TablePtr table() const;
  buffer::HotBuffer& buffer() { return buffer_; }
  const buffer::HotBuffer& buffer() const { return buffer_; }
  int64_t unsealed() const { return rows_ == nullptr ? 0 : rows_->row_count(); }

  /// Commits those of `letters` that the table has not, all of which lie in `ranges`, the ranges of the main table's
  /// commit that follows. Returns how many were new. Errors: as Flusher::Flush. The flushing thread's part.
  Result<int64_t> Flush(const std::vector<buffer::SlicePtr>& letters, const OffsetRanges& ranges,
                        const kafka::ClusterInfo& cluster, std::stop_token stop);

 private:
  Status UseTable(iceberg::LoadedTable table, const kafka::ClusterInfo& cluster);
  Result<iceberg::LoadedTable> LoadOrCreate(std::stop_token stop);
  Result<progress::Progress> BoundaryOf(const iceberg::TableMetadata& table) const;
  /// nullopt: another process has committed letters meanwhile; look again.
  Result<std::optional<int64_t>> TryFlush(const std::vector<buffer::SlicePtr>& letters, const OffsetRanges& ranges,
                                          const kafka::ClusterInfo& cluster, std::stop_token stop);
  RetryContext Patiently(std::stop_token stop) const;
  Error AfterAMove(Error error, const iceberg::TableMetadata& read) const;

  Flusher::Parts parts_;
  const Options options_;
  std::unique_ptr<record::DeadLetterRows> rows_;  // null until the first letter
  buffer::HotBuffer buffer_;
  std::unique_ptr<Flusher> flusher_;  // null until the table is there
  RowPositions kept_;                 // of the partitions that are ours, at or above the main boundary at their start
};

/// What of a flush of letters is to be committed: each partition from the dead-letter table's boundary (from the main
/// range's begin where it has none) to the main range's end. Partitions of `ranges` that have no letter are left out.
/// Pure.
OffsetRanges DeadLetterRanges(const std::vector<buffer::SlicePtr>& letters, const OffsetRanges& ranges,
                              const OffsetVector& boundary);

}  // namespace k2i::ingest
