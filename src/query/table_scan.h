// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "datafile/live_row_reader.h"
#include "datafile/projection.h"
#include "iceberg/model/table_metadata.h"
#include "query/cold_plan.h"

namespace k2i::query {

struct ScanInput {
  io::ObjectStore* store = nullptr;
  arrow::MemoryPool* pool = nullptr;
  buffer::ViewPtr view;
  iceberg::Schema columns;  // the fields wanted, of the view's current schema; none: only rows are counted
  Predicate filter;
  MetadataColumns metadata;
  ManifestCache* cache = nullptr;
  RunningQuery* query = nullptr;
};

/// The rows of a view, hot and cold, once each: slices, and row groups of the data files of its snapshot, each a piece
/// of work that one of several threads takes.
class TableScan {
 public:
  /// A thread's place in the scan.
  struct Worker {
    std::unique_ptr<datafile::LiveRowReader> reader;  // of the file it is in
  };

  /// Plans the files. Errors of PlanCold and of datafile::ProjectFields.
  static Result<std::unique_ptr<TableScan>> Plan(ScanInput input);
  ~TableScan();

  /// How many threads find work.
  int64_t parallelism() const;
  /// Rows of ToArrowSchema(columns), not all at once; null at the end. Without columns the batch has none, and counts.
  /// Strings of files may come as dictionaries, see datafile::ReaderOptions.
  /// One thread a worker. Errors of the store, Corruption; the query's when it was stopped.
  Result<std::shared_ptr<arrow::RecordBatch>> Next(Worker& worker);

 private:
  struct HotPiece;
  struct ColdPiece {
    PlannedFile planned;
    std::optional<int> row_group;                          // none: the whole file, not opened yet
    std::shared_ptr<const datafile::DeletedRows> deleted;  // of an opened file; null: none
  };

  explicit TableScan(ScanInput input);
  Status PlanHot();
  Result<std::shared_ptr<arrow::RecordBatch>> HotRows(const HotPiece& piece);
  /// Opens the file, or one row group of it, for the worker. Rows at once where only their number is wanted and deletes
  /// tell it.
  Result<std::shared_ptr<arrow::RecordBatch>> OpenPiece(Worker& worker, ColdPiece piece);
  Status OpenFile(Worker& worker, const ColdPiece& piece);
  Status OpenRowGroup(Worker& worker, const ColdPiece& piece);
  std::shared_ptr<arrow::RecordBatch> RowsWithoutColumns(int64_t count);
  bool MayMatchRowGroup(const datafile::RowGroupStatistics& statistics) const;
  std::optional<ColdPiece> TakeCold();

  ScanInput input_;
  std::shared_ptr<arrow::Schema> schema_;
  datafile::DeleteLoader deletes_;
  std::vector<HotPiece> hot_;
  std::atomic<size_t> next_hot_{0};
  int64_t cold_pieces_ = 0;  // as manifests tell of row groups
  std::mutex mutex_;
  std::deque<ColdPiece> cold_;  // guarded by mutex_
};

}  // namespace k2i::query
