// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "buffer/hot_buffer.h"
#include "ingest/flusher.h"
#include "ingest/table_opening.h"
#include "record/dead_letter_rows.h"

namespace k2i::ingest {

/// The table of the records that could not be decoded, beside the table they were meant for. What it promises rests on
/// order: the letters below an offset are in this table before the main table's boundary passes that offset. So the
/// stream starts at the main table's boundary alone, and this table drops what is below its own, which is further on
/// when a process died between the two commits.
///
/// Its own vector says, for partitions that have had letters, up to where they have been kept. It stands still while
/// there are none, and a commit's ranges go from it, not from where the reader began.
class DeadLetterTable {
 public:
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
  Status Keep(std::span<const record::Rejected> rejected, std::optional<int32_t> schema_id);
  Status Seal(Duration now);
  buffer::HotBuffer& buffer() { return buffer_; }
  const buffer::HotBuffer& buffer() const { return buffer_; }
  int64_t unsealed() const { return rows_ == nullptr ? 0 : rows_->row_count(); }

  /// Commits `letters`, all of which lie in `ranges`, the ranges of the main table's commit that follows. Returns how
  /// many were new. Errors: as Flusher::Flush. The flushing thread's part.
  Result<int64_t> Flush(std::vector<buffer::SlicePtr> letters, const OffsetRanges& ranges,
                        const kafka::ClusterInfo& cluster, std::stop_token stop);

 private:
  Status UseTable(iceberg::LoadedTable table, const kafka::ClusterInfo& cluster);
  Result<iceberg::LoadedTable> LoadOrCreate(std::stop_token stop);
  RetryContext Patiently(std::stop_token stop) const;

  Flusher::Parts parts_;
  const Options options_;
  std::unique_ptr<record::DeadLetterRows> rows_;  // null until the first letter
  buffer::HotBuffer buffer_;
  std::unique_ptr<Flusher> flusher_;  // null until the table is there
};

/// What of a flush of letters is to be committed: each partition from the dead-letter table's boundary (from the main
/// range's begin where it has none) to the main range's end. Partitions of `ranges` that have no letter are left out.
/// Pure.
OffsetRanges DeadLetterRanges(const std::vector<buffer::SlicePtr>& letters, const OffsetRanges& ranges,
                              const OffsetVector& boundary);

}  // namespace k2i::ingest
