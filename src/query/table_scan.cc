// SPDX-License-Identifier: Apache-2.0
#include "query/table_scan.h"

#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <map>
#include <utility>

#include "datafile/arrow_status.h"
#include "datafile/row_group_statistics.h"
#include "iceberg/model/arrow_schema.h"
#include "query/file_bounds.h"
#include "query/slice_bounds.h"

namespace k2i::query {

using datafile::FieldProjection;
using datafile::FromArrow;

struct TableScan::HotPiece {
  std::shared_ptr<arrow::RecordBatch> rows;
  std::shared_ptr<const std::vector<FieldProjection>> projections;  // of the rows' schema
};

TableScan::TableScan(ScanInput input)
    : input_(std::move(input)), deletes_(*input_.store, *input_.view->table, input_.pool) {}
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
  K2I_ASSIGN_OR_RETURN(auto files, PlanCold(*scan->input_.store, *view.table, *snapshot, scan->input_.filter,
                                            *scan->input_.cache, *scan->input_.query));
  for (PlannedFile& planned : files) {
    scan->cold_pieces_ += std::max<int64_t>(1, std::ssize(planned.file->split_offsets));
    scan->cold_.push_back({std::move(planned), std::nullopt, nullptr});
  }
  return scan;
}

Status TableScan::PlanHot() {
  std::map<const arrow::Schema*, std::shared_ptr<const std::vector<FieldProjection>>> known;
  ScanCounts counts;
  const iceberg::Schema& schema = input_.view->table->current_schema();
  for (const auto& slice : input_.view->slices) {
    if (slice->rows == nullptr || slice->rows->num_rows() == 0) continue;
    if (!MayMatchSlice(input_.filter, *slice, schema, input_.metadata)) {
      ++counts.slices_skipped;
      continue;
    }
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

int64_t TableScan::parallelism() const { return static_cast<int64_t>(hot_.size()) + cold_pieces_; }

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

bool TableScan::MayMatchRowGroup(const datafile::RowGroupStatistics& statistics) const {
  const iceberg::Schema& schema = input_.view->table->current_schema();
  return MayMatch(input_.filter, [&](int32_t field_id) -> std::optional<ColumnBounds> {
    const auto* field = schema.FindField(field_id);
    const auto column = field != nullptr ? statistics.Of(field_id, *field->type) : std::nullopt;
    if (!column) return std::nullopt;
    return ColumnBounds{.lower = column->lower,
                        .upper = column->upper,
                        .may_have_null = column->null_count != 0,
                        .may_have_nan = IsFloating(*field->type),
                        .may_have_value = column->null_count != statistics.row_count()};
  });
}

std::optional<TableScan::ColdPiece> TableScan::TakeCold() {
  std::lock_guard lock(mutex_);
  if (cold_.empty()) return std::nullopt;
  ColdPiece piece = std::move(cold_.front());
  cold_.pop_front();
  return piece;
}

std::shared_ptr<arrow::RecordBatch> TableScan::RowsWithoutColumns(int64_t count) {
  input_.query->Count({.cold_rows = count});
  return arrow::RecordBatch::Make(schema_, count, arrow::ArrayVector{});
}

Result<std::shared_ptr<arrow::RecordBatch>> TableScan::OpenPiece(Worker& worker, ColdPiece piece) {
  const bool counts_only = input_.columns.fields().empty();
  const auto& [file, deletes] = piece.planned;
  if (counts_only && !piece.row_group) {
    if (const auto live = datafile::LiveRowCount(*file, deletes)) return RowsWithoutColumns(*live);
  }
  if (!piece.row_group && !deletes.empty()) {
    K2I_ASSIGN_OR_RETURN(piece.deleted, deletes_.Load(*file, deletes));
    if (counts_only && piece.deleted->equalities.empty()) {
      return RowsWithoutColumns(file->record_count - piece.deleted->positions.cardinality());
    }
  }
  K2I_RETURN_IF_ERROR(piece.row_group ? OpenRowGroup(worker, piece) : OpenFile(worker, piece));
  return nullptr;
}

Status TableScan::OpenFile(Worker& worker, const ColdPiece& piece) {
  datafile::ReaderOptions options{.table = input_.view->table.get(), .dictionaries = true};
  options.keep_row_group = [&](const datafile::RowGroupStatistics& group) { return MayMatchRowGroup(group); };
  K2I_ASSIGN_OR_RETURN(worker.reader, datafile::LiveRowReader::Open(*input_.store, *piece.planned.file, input_.columns,
                                                                    piece.deleted, input_.pool, options));
  const std::vector<int> groups = worker.reader->file().row_groups();
  input_.query->Count({.row_groups_scanned = std::ssize(groups),
                       .row_groups_skipped = worker.reader->file().row_group_count() - std::ssize(groups)});
  if (groups.size() < 2) return {};
  // This thread takes the first one, and leaves the others to whoever comes.
  {
    std::lock_guard lock(mutex_);
    for (auto group = groups.rbegin(); group + 1 != groups.rend(); ++group) {
      cold_.push_front({piece.planned, *group, piece.deleted});
    }
  }
  return OpenRowGroup(worker, {piece.planned, groups[0], piece.deleted});
}

Status TableScan::OpenRowGroup(Worker& worker, const ColdPiece& piece) {
  datafile::ReaderOptions options{.table = input_.view->table.get(), .dictionaries = true};
  options.row_groups = {*piece.row_group};
  K2I_ASSIGN_OR_RETURN(worker.reader, datafile::LiveRowReader::Open(*input_.store, *piece.planned.file, input_.columns,
                                                                    piece.deleted, input_.pool, options));
  return {};
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
      } else if (const size_t hot = next_hot_.fetch_add(1, std::memory_order_relaxed); hot < hot_.size()) {
        K2I_ASSIGN_OR_RETURN(rows, HotRows(hot_[hot]));
      } else {
        auto cold = TakeCold();
        if (!cold) return nullptr;
        K2I_ASSIGN_OR_RETURN(rows, OpenPiece(worker, *std::move(cold)));
      }
      if (rows != nullptr && rows->num_rows() > 0) return rows;
    }
  });
}

}  // namespace k2i::query
