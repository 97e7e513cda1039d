// SPDX-License-Identifier: Apache-2.0
//
// verify: proves from the table alone that it holds what K2I committed, each record once. Checks are pure, in files of
// their own (history, files, position_check, column_sums); Verify reads what they need.
#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "iceberg/catalog/catalog.h"
#include "io/object_store.h"
#include "verify/column_sums.h"
#include "verify/findings.h"

namespace k2i::verify {

struct Options {
  std::string pipeline;
  std::string branch = "main";
  bool property_mirror = true;  // the pipeline keeps the table property
  bool deep = false;            // read the position of every row
  bool sums = false;            // add up numeric columns
  bool allow_deletes = false;   // rows removed by others are named, but no problem
  /// Columns that hold a row's place in Kafka; empty: switched off.
  std::string topic_column, partition_column, offset_column;
  /// Told before each data file is opened; may be empty.
  std::function<void(size_t done, size_t files)> on_progress;
};

/// What was proven of one partition.
struct PartitionSpan {
  TopicPartition partition;
  std::optional<Offset> from;  // where the kept history begins; none: before it
  Offset next;
  std::optional<int64_t> rows;  // in the table, by the deep check
};

struct Report {
  std::string table, table_uuid, pipeline, branch;
  int64_t our_snapshots = 0, foreign_snapshots = 0;
  bool complete_history = true;
  std::optional<int64_t> newest_snapshot_id;
  int64_t data_files = 0, delete_files = 0, data_bytes = 0;
  std::optional<int64_t> rows;  // none where delete files are there: they are not counted off
  std::vector<PartitionSpan> partitions;
  struct Deep {
    int64_t rows = 0, rows_without_position = 0, declared_repeats = 0;
  };
  std::optional<Deep> deep;  // none: not asked for, or not possible (see findings)
  std::optional<std::vector<ColumnSum>> sums;
  Findings findings;
  bool proven() const { return findings.Of(Severity::kProblem).empty(); }
};

/// Checks `table`. What is wrong with it are findings; errors are what keeps the check from being made: errors of the
/// store, and NotFound where nothing in the table is of this pipeline.
Result<Report> Verify(io::ObjectStore& store, const iceberg::LoadedTable& table, const Options& options,
                      arrow::MemoryPool* pool);

}  // namespace k2i::verify
