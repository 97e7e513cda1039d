// SPDX-License-Identifier: Apache-2.0
#include "query/slice_bounds.h"

#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>
#include <limits>

#include "datafile/projection.h"
#include "iceberg/model/arrow_schema.h"
#include "query/file_bounds.h"

namespace k2i::query {
namespace {

using iceberg::Literal;
using iceberg::TypeId;

constexpr int64_t kMicrosPerMilli = 1'000;

/// What a slice's bookkeeping says of the columns that hold its rows' positions.
std::optional<ColumnBounds> BoundsOfRuns(int32_t field_id, const buffer::Slice& slice, const MetadataColumns& columns) {
  if (field_id == 0 || slice.runs.empty()) return std::nullopt;
  int64_t low = std::numeric_limits<int64_t>::max();
  int64_t high = std::numeric_limits<int64_t>::min();
  const auto include = [&](int64_t from, int64_t to) {
    low = std::min(low, from);
    high = std::max(high, to);
  };
  for (const auto& run : slice.runs) {
    if (run.row_count == 0) continue;
    if (field_id == columns.partition) {
      include(run.partition.partition.value, run.partition.partition.value);
    } else if (field_id == columns.offset) {
      const auto first = slice.offsets.begin() + run.first_row;
      include(*first, *(first + run.row_count - 1));
    } else if (field_id == columns.timestamp && run.min_timestamp_ms >= 0) {
      include(run.min_timestamp_ms * kMicrosPerMilli, run.max_timestamp_ms * kMicrosPerMilli);
    } else {
      return std::nullopt;
    }
  }
  if (low > high) return std::nullopt;
  const bool narrow = field_id == columns.partition;
  const auto literal = [&](int64_t v) { return narrow ? Literal(static_cast<int32_t>(v)) : Literal(v); };
  return ColumnBounds{.lower = literal(low), .upper = literal(high), .may_have_nan = false};
}

template <typename ScalarType>
auto ValueOf(const arrow::Scalar& scalar) {
  return static_cast<const ScalarType&>(scalar).value;
}

/// A value of an array of ToArrowType(type); nullopt for types whose order here is not that of Arrow's min_max.
std::optional<Literal> ToLiteral(const arrow::Scalar& scalar, const iceberg::Type& type) {
  switch (type.id()) {
    case TypeId::kInt:
      return Literal(ValueOf<arrow::Int32Scalar>(scalar));
    case TypeId::kDate:
      return Literal(ValueOf<arrow::Date32Scalar>(scalar));
    case TypeId::kLong:
      return Literal(ValueOf<arrow::Int64Scalar>(scalar));
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      return Literal(ValueOf<arrow::TimestampScalar>(scalar));
    case TypeId::kFloat:
      return Literal(ValueOf<arrow::FloatScalar>(scalar));
    case TypeId::kDouble:
      return Literal(ValueOf<arrow::DoubleScalar>(scalar));
    case TypeId::kString:
      return Literal(ValueOf<arrow::StringScalar>(scalar)->ToString());
    default:
      return std::nullopt;
  }
}

std::optional<ColumnBounds> BoundsOfColumn(const iceberg::NestedField& field, const buffer::Slice& slice) {
  const auto& fields = slice.rows->schema()->fields();
  const auto column = std::ranges::find_if(
      fields, [&](const auto& candidate) { return datafile::FieldIdOf(*candidate) == field.field_id; });
  const auto type = iceberg::ToArrowType(*field.type);
  // A column whose type has been widened since is looked at row by row.
  if (column == fields.end() || !type || !(*column)->type()->Equals(**type)) return std::nullopt;
  const auto found = slice.bounds->Of(*slice.rows, static_cast<int>(column - fields.begin()));
  if (found == nullptr) return std::nullopt;
  ColumnBounds bounds{.may_have_null = found->null_count > 0, .may_have_nan = IsFloating(*field.type)};
  if (found->smallest == nullptr) {
    bounds.may_have_value = IsFloating(*field.type);
    return bounds;
  }
  bounds.lower = ToLiteral(*found->smallest, *field.type);
  bounds.upper = ToLiteral(*found->largest, *field.type);
  return bounds;
}

}  // namespace

bool MayMatchSlice(const Predicate& predicate, const buffer::Slice& slice, const iceberg::Schema& schema,
                   const MetadataColumns& columns) {
  return MayMatch(predicate, [&](int32_t field_id) -> std::optional<ColumnBounds> {
    auto bounds = BoundsOfRuns(field_id, slice, columns);
    if (bounds) return bounds;
    const auto* field = schema.FindField(field_id);
    return field != nullptr && !field->type->is_nested() ? BoundsOfColumn(*field, slice) : std::nullopt;
  });
}

}  // namespace k2i::query
