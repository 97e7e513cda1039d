// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "datafile/data_file_reader.h"
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
    std::unique_ptr<datafile::DataFileReader> reader;  // of the file it is in
  };

  /// Plans the files. Errors of PlanCold and of datafile::ProjectFields.
  static Result<std::unique_ptr<TableScan>> Plan(ScanInput input);
  ~TableScan();

  /// How many threads find work.
  int64_t parallelism() const;
  /// Rows of ToArrowSchema(columns), not all at once; null at the end. Without columns the batch has none, and counts.
  /// One thread a worker. Errors of the store, Corruption; the query's when it was stopped.
  Result<std::shared_ptr<arrow::RecordBatch>> Next(Worker& worker);

 private:
  struct HotPiece;
  struct ColdPiece {
    PlannedFile file;
    std::optional<int> row_group;  // none: the whole file, not opened yet
  };

  explicit TableScan(ScanInput input);
  Status PlanHot();
  Result<std::shared_ptr<arrow::RecordBatch>> HotRows(const HotPiece& piece);
  /// Opens the file; without columns, gives its rows at once.
  Result<std::shared_ptr<arrow::RecordBatch>> OpenFile(Worker& worker, const ColdPiece& piece);
  bool MayMatchRowGroup(const datafile::RowGroupStatistics& statistics) const;
  std::optional<ColdPiece> TakeCold();

  ScanInput input_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<HotPiece> hot_;
  std::atomic<size_t> next_hot_{0};
  int64_t cold_pieces_ = 0;  // as manifests tell of row groups
  std::mutex mutex_;
  std::deque<ColdPiece> cold_;  // guarded by mutex_
};

}  // namespace k2i::query
