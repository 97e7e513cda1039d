// SPDX-License-Identifier: Apache-2.0
#include "datafile/row_lineage.h"

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>

#include <algorithm>
#include <utility>

#include "datafile/arrow_status.h"
#include "iceberg/model/reserved_fields.h"

namespace k2i::datafile {
namespace {

using iceberg::NestedField;

std::optional<size_t> IndexOf(const iceberg::Schema& columns, int32_t field_id) {
  const auto found = std::ranges::find(columns.fields(), field_id, &NestedField::field_id);
  if (found == columns.fields().end()) return std::nullopt;
  return static_cast<size_t>(found - columns.fields().begin());
}

/// `column` with `inherited(position)` for nulls.
template <typename Inherited>
Status FillNulls(std::shared_ptr<arrow::Array>& column, const std::vector<RowRun>& positions, arrow::MemoryPool* pool,
                 Inherited inherited) {
  if (column->null_count() == 0) return {};
  const auto& said = static_cast<const arrow::Int64Array&>(*column);
  arrow::Int64Builder builder(pool);
  K2I_RETURN_IF_ERROR(FromArrow(builder.Reserve(said.length())));
  int64_t row = 0;
  for (const RowRun& run : positions) {
    for (int64_t i = 0; i < run.row_count; ++i, ++row) {
      builder.UnsafeAppend(said.IsNull(row) ? inherited(run.first_row + i) : said.Value(row));
    }
  }
  return FromArrow(builder.Finish(&column));
}

}  // namespace

iceberg::Schema WithRowLineage(const iceberg::Schema& schema) {
  const auto number = iceberg::Type::Primitive(iceberg::TypeId::kLong);
  std::vector<NestedField> fields = schema.fields();
  fields.push_back({iceberg::kRowIdFieldId, iceberg::kRowIdName, number});
  fields.push_back({iceberg::kLastUpdatedSequenceFieldId, iceberg::kLastUpdatedSequenceName, number});
  iceberg::Schema with = schema;
  with.type = iceberg::Type::Struct(std::move(fields));
  return with;
}

void DropLineageMetrics(iceberg::DataFile& file) {
  for (const int32_t id : {iceberg::kRowIdFieldId, iceberg::kLastUpdatedSequenceFieldId}) {
    for (auto* counts : {&file.column_sizes, &file.value_counts, &file.null_value_counts, &file.nan_value_counts}) {
      counts->erase(id);
    }
    for (auto* bounds : {&file.lower_bounds, &file.upper_bounds}) bounds->erase(id);
  }
}

RowLineage::RowLineage(const iceberg::Schema& columns, std::optional<int64_t> first_row_id,
                       std::optional<int64_t> sequence_number)
    : row_id_(IndexOf(columns, iceberg::kRowIdFieldId)),
      sequence_(IndexOf(columns, iceberg::kLastUpdatedSequenceFieldId)),
      first_row_id_(first_row_id),
      sequence_number_(sequence_number) {}

Status RowLineage::Fill(arrow::ArrayVector& columns, const std::vector<RowRun>& positions,
                        arrow::MemoryPool* pool) const {
  if (!first_row_id_) return {};
  if (row_id_) {
    K2I_RETURN_IF_ERROR(FillNulls(columns[*row_id_], positions, pool, [&](int64_t at) { return *first_row_id_ + at; }));
  }
  if (!sequence_ || !sequence_number_) return {};
  return FillNulls(columns[*sequence_], positions, pool, [&](int64_t) { return *sequence_number_; });
}

}  // namespace k2i::datafile
