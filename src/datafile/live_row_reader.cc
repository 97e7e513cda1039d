// SPDX-License-Identifier: Apache-2.0
#include "datafile/live_row_reader.h"

#include <arrow/array/builder_primitive.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "datafile/arrow_status.h"
#include "iceberg/model/arrow_schema.h"

namespace k2i::datafile {
namespace {

using iceberg::NestedField;

/// Where `fields` has the column; it is added where it does not.
int IndexOf(const NestedField& column, std::vector<NestedField>& fields) {
  const auto found = std::ranges::find(fields, column.field_id, &NestedField::field_id);
  const auto index = static_cast<int>(found - fields.begin());
  if (found == fields.end()) fields.push_back(column);
  return index;
}

}  // namespace

Result<std::unique_ptr<LiveRowReader>> LiveRowReader::Open(io::ObjectStore& store, const iceberg::DataFile& file,
                                                           const iceberg::Schema& columns,
                                                           std::shared_ptr<const DeletedRows> deleted,
                                                           arrow::MemoryPool* pool, const ReaderOptions& options) {
  if (deleted != nullptr && deleted->empty()) deleted = nullptr;
  std::unique_ptr<LiveRowReader> reader(new LiveRowReader(std::move(deleted), pool));
  std::vector<NestedField> fields = columns.fields();
  if (reader->deleted_ != nullptr) {
    for (const auto& set : reader->deleted_->equalities) {
      auto& indexes = reader->key_columns_.emplace_back();
      for (const NestedField& column : set->columns()) indexes.push_back(IndexOf(column, fields));
    }
  }
  const iceberg::Schema read{.type = iceberg::Type::Struct(std::move(fields))};
  ReaderOptions reading = options;
  if (!reader->key_columns_.empty()) reading.dictionaries = false;  // keys are compared plain
  K2I_ASSIGN_OR_RETURN(reader->reader_, DataFileReader::Open(store, file, read, pool, reading));
  arrow::FieldVector shown = reader->reader_->schema()->fields();
  shown.resize(columns.fields().size());
  reader->schema_ = arrow::schema(std::move(shown));
  return reader;
}

void LiveRowReader::MarkPositions() {
  size_t row = 0;
  for (const RowRun& run : reader_->positions()) {
    if (deleted_->positions.ContainsAnyOf(run.first_row, run.row_count)) {
      for (int64_t i = 0; i < run.row_count; ++i) {
        if (deleted_->positions.Contains(run.first_row + i)) marks_[row + static_cast<size_t>(i)] = 1;
      }
    }
    row += static_cast<size_t>(run.row_count);
  }
}

Status LiveRowReader::Mark(const arrow::RecordBatch& rows) {
  marks_.assign(static_cast<size_t>(rows.num_rows()), 0);
  MarkPositions();
  for (size_t i = 0; i < key_columns_.size(); ++i) {
    K2I_RETURN_IF_ERROR(deleted_->equalities[i]->Mark(rows, key_columns_[i], deleted_->sequence_number, marks_));
  }
  return {};
}

Result<std::shared_ptr<arrow::RecordBatch>> LiveRowReader::Live(const arrow::RecordBatch& rows) const {
  const auto wanted = static_cast<size_t>(schema_->num_fields());
  const arrow::ArrayVector all = rows.columns();
  const arrow::ArrayVector columns(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(wanted));
  const auto gone = std::ranges::count(marks_, 1);
  if (gone == 0 || columns.empty()) return arrow::RecordBatch::Make(schema_, rows.num_rows() - gone, columns);
  arrow::BooleanBuilder keep(pool_);
  K2I_RETURN_IF_ERROR(FromArrow(keep.Reserve(rows.num_rows())));
  for (const uint8_t mark : marks_) keep.UnsafeAppend(mark == 0);
  K2I_ASSIGN_OR_RETURN(const auto mask, FromArrow(keep.Finish()));
  arrow::compute::ExecContext context(pool_);
  context.set_use_threads(false);
  const auto batch = arrow::RecordBatch::Make(schema_, rows.num_rows(), columns);
  K2I_ASSIGN_OR_RETURN(const auto live, FromArrow(arrow::compute::Filter(
                                            batch, mask, arrow::compute::FilterOptions::Defaults(), &context)));
  return live.record_batch();
}

Result<std::shared_ptr<arrow::RecordBatch>> LiveRowReader::Next() {
  while (true) {
    K2I_ASSIGN_OR_RETURN(auto rows, reader_->Next());
    if (rows == nullptr || deleted_ == nullptr) return rows;
    auto live = CatchAll([&]() -> Result<std::shared_ptr<arrow::RecordBatch>> {
      K2I_RETURN_IF_ERROR(Mark(*rows));
      return Live(*rows);
    });
    if (!live || (*live)->num_rows() > 0) return live;
  }
}

Status LiveRowReader::ForEach(const std::function<Status(const arrow::RecordBatch&)>& visit) {
  while (true) {
    K2I_ASSIGN_OR_RETURN(const auto batch, Next());
    if (batch == nullptr) return {};
    K2I_RETURN_IF_ERROR(visit(*batch));
  }
}

}  // namespace k2i::datafile
