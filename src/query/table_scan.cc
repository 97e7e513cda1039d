// SPDX-License-Identifier: Apache-2.0
#include "query/table_scan.h"

#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <map>
#include <utility>

#include "datafile/arrow_status.h"
#include "iceberg/model/arrow_schema.h"

namespace k2i::query {

using datafile::FieldProjection;
using datafile::FromArrow;

struct TableScan::HotPiece {
  std::shared_ptr<arrow::RecordBatch> rows;
  std::shared_ptr<const std::vector<FieldProjection>> projections;  // of the rows' schema
};

TableScan::TableScan(ScanInput input) : input_(std::move(input)) {}
TableScan::~TableScan() = default;

Result<std::unique_ptr<TableScan>> TableScan::Plan(ScanInput input) {
  std::unique_ptr<TableScan> scan(new TableScan(std::move(input)));
  K2I_ASSIGN_OR_RETURN(scan->schema_, iceberg::ToArrowSchema(scan->input_.columns));
  K2I_RETURN_IF_ERROR(scan->PlanHot());
  const buffer::View& view = *scan->input_.view;
  if (!view.snapshot_id) return scan;
  const iceberg::Snapshot* snapshot = view.table->FindSnapshot(*view.snapshot_id);
  if (snapshot == nullptr) {
    return Fail(ErrorCode::kInternal,
                "the view is of snapshot " + std::to_string(*view.snapshot_id) + ", which its table metadata lacks");
  }
  K2I_ASSIGN_OR_RETURN(scan->files_, PlanCold(*scan->input_.store, *view.table, *snapshot, scan->input_.filter,
                                              *scan->input_.cache, *scan->input_.query));
  return scan;
}

Status TableScan::PlanHot() {
  std::map<const arrow::Schema*, std::shared_ptr<const std::vector<FieldProjection>>> known;
  ScanCounts counts;
  for (const auto& slice : input_.view->slices) {
    if (slice->rows == nullptr || slice->rows->num_rows() == 0) continue;
    auto& projections = known[slice->rows->schema().get()];
    if (projections == nullptr) {
      K2I_ASSIGN_OR_RETURN(auto made,
                           datafile::ProjectFields(input_.columns.fields(), slice->rows->schema()->fields()));
      projections = std::make_shared<const std::vector<FieldProjection>>(std::move(made));
    }
    hot_.push_back({slice->rows, projections});
    ++counts.slices_scanned;
  }
  input_.query->Count(counts);
  return {};
}

int64_t TableScan::parallelism() const { return static_cast<int64_t>(hot_.size() + files_.size()); }

Result<std::shared_ptr<arrow::RecordBatch>> TableScan::HotRows(const HotPiece& piece) {
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (const FieldProjection& projection : *piece.projections) {
    if (projection.source) {
      K2I_ASSIGN_OR_RETURN(columns.emplace_back(),
                           datafile::Project(projection, *piece.rows->column(*projection.source), input_.pool));
    } else {
      K2I_ASSIGN_OR_RETURN(columns.emplace_back(),
                           FromArrow(arrow::MakeArrayOfNull(projection.type, piece.rows->num_rows(), input_.pool)));
    }
  }
  input_.query->Count({.hot_rows = piece.rows->num_rows()});
  return arrow::RecordBatch::Make(schema_, piece.rows->num_rows(), std::move(columns));
}

Result<std::shared_ptr<arrow::RecordBatch>> TableScan::OpenFile(Worker& worker, const iceberg::DataFile& file) {
  if (input_.columns.fields().empty()) {
    input_.query->Count({.cold_rows = file.record_count});
    return arrow::RecordBatch::Make(schema_, file.record_count, arrow::ArrayVector{});
  }
  K2I_ASSIGN_OR_RETURN(worker.reader, datafile::DataFileReader::Open(*input_.store, file, input_.columns, input_.pool));
  return nullptr;
}

Result<std::shared_ptr<arrow::RecordBatch>> TableScan::Next(Worker& worker) {
  return datafile::CatchAll([&]() -> Result<std::shared_ptr<arrow::RecordBatch>> {
    while (true) {
      if (input_.query->stopped()) return std::unexpected(*input_.query->reason());
      std::shared_ptr<arrow::RecordBatch> rows;
      if (worker.reader != nullptr) {
        K2I_ASSIGN_OR_RETURN(rows, worker.reader->Next());
        if (rows == nullptr) worker.reader.reset();
        if (rows != nullptr) input_.query->Count({.cold_rows = rows->num_rows()});
      } else {
        const size_t piece = next_.fetch_add(1, std::memory_order_relaxed);
        if (piece >= hot_.size() + files_.size()) return nullptr;
        if (piece < hot_.size()) {
          K2I_ASSIGN_OR_RETURN(rows, HotRows(hot_[piece]));
        } else {
          K2I_ASSIGN_OR_RETURN(rows, OpenFile(worker, *files_[piece - hot_.size()]));
        }
      }
      if (rows != nullptr && rows->num_rows() > 0) return rows;
    }
  });
}

}  // namespace k2i::query
