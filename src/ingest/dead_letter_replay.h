// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "ingest/dead_letter_reader.h"
#include "ingest/flusher.h"
#include "ingest/row_schema.h"

namespace k2i::ingest {

struct ReplayOptions {
  iceberg::TableIdentifier table;
  iceberg::TableIdentifier dead_letters;
  Flusher::Options flusher;
  RowOptions rows;  // how records are decoded now
  PositionColumns positions;
  LetterFilter filter;
  bool dry_run = false;
  /// Letters taken into one commit.
  int64_t chunk_letters = 50'000;
  int64_t chunk_bytes = int64_t{64} << 20;
};

struct ReplayReport {
  int64_t letters = 0;         // that the filter let through
  int64_t already_there = 0;   // the table has a row of that position
  int64_t not_yet_passed = 0;  // at or above the table's boundary: the stream itself will come to them
  int64_t replayed = 0;        // rows committed now, or that would be
  int64_t still_rejected = 0;
  std::map<std::string, int64_t> reasons;  // of those still rejected, at most kMostReasons of them
  std::vector<int64_t> snapshots;
  static constexpr size_t kMostReasons = 20;
};

/// Decodes dead letters once more, by what the configuration says now, and appends those that fit to the table they
/// were meant for. A letter whose position the table has already is left alone, and two replays at once cannot both
/// commit, so it may be repeated whenever it was cut short. The letters stay where they are: their table is history.
/// The table's own vector is carried forward unchanged.
/// - CommitStateUnknown: the catalog did not say; run it again.
/// - NotFound: one of the tables. InvalidConfig: the table has no columns for positions.
/// - other errors of catalog and store.
Result<ReplayReport> ReplayDeadLetters(TableCommitter::Parts parts, arrow::MemoryPool& pool,
                                       const ReplayOptions& options, std::stop_token stop);

}  // namespace k2i::ingest
