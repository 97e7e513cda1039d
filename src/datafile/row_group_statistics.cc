// SPDX-License-Identifier: Apache-2.0
#include "datafile/row_group_statistics.h"

#include <parquet/arrow/schema.h>
#include <parquet/metadata.h>
#include <parquet/statistics.h>
#include <parquet/types.h>

#include <string>
#include <string_view>

#include "datafile/projection.h"
#include "iceberg/model/decimal.h"

namespace k2i::datafile {
namespace {

using iceberg::Decimal128;
using iceberg::Literal;
using iceberg::Type;
using iceberg::TypeId;
using parquet::LogicalType;

bool IsDecimalOf(const LogicalType& logical, int scale) {
  return logical.is_decimal() && static_cast<const parquet::DecimalLogicalType&>(logical).scale() == scale;
}

bool IsMicros(const LogicalType& logical) {
  return logical.is_timestamp() &&
         static_cast<const parquet::TimestampLogicalType&>(logical).time_unit() == LogicalType::TimeUnit::MICROS;
}

bool IsSigned(const LogicalType& logical) {
  return !logical.is_int() || static_cast<const parquet::IntLogicalType&>(logical).is_signed();
}

/// A number of the file as a value of the column; nullopt when the file's numbers mean something else.
std::optional<Literal> ToLiteral(int64_t value, const LogicalType& logical, const Type& type) {
  const bool plain = (logical.is_none() || logical.is_int()) && IsSigned(logical);
  switch (type.id()) {
    case TypeId::kInt:
      return plain ? std::optional<Literal>(static_cast<int32_t>(value)) : std::nullopt;
    case TypeId::kLong:
      return plain ? std::optional<Literal>(value) : std::nullopt;
    case TypeId::kDate:
      return logical.is_date() ? std::optional<Literal>(static_cast<int32_t>(value)) : std::nullopt;
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      return IsMicros(logical) ? std::optional<Literal>(value) : std::nullopt;
    case TypeId::kDecimal:
      return IsDecimalOf(logical, type.scale()) ? std::optional<Literal>(Decimal128{value}) : std::nullopt;
    default:
      return std::nullopt;
  }
}

std::optional<Literal> ToLiteral(double value, const Type& type) {
  if (type.id() == TypeId::kDouble) return Literal(value);
  if (type.id() == TypeId::kFloat) return Literal(static_cast<float>(value));
  return std::nullopt;
}

std::optional<Literal> ToLiteral(std::string bytes, const LogicalType& logical, const Type& type) {
  if (type.id() == TypeId::kString) return Literal(std::move(bytes));
  if (type.id() != TypeId::kDecimal || !IsDecimalOf(logical, type.scale())) return std::nullopt;
  const auto decimal = iceberg::DecimalFromBytes(bytes);
  return decimal ? std::optional<Literal>(*decimal) : std::nullopt;
}

template <typename ParquetType>
const parquet::TypedStatistics<ParquetType>& As(const parquet::Statistics& statistics) {
  return static_cast<const parquet::TypedStatistics<ParquetType>&>(statistics);
}

void SetBounds(const parquet::Statistics& statistics, const Type& type, RowGroupStatistics::Column& column) {
  const LogicalType& logical = *statistics.descr()->logical_type();
  const auto set = [&](auto to_literal, const auto& typed) {
    column.lower = to_literal(typed.min());
    column.upper = to_literal(typed.max());
  };
  const auto number = [&](int64_t value) { return ToLiteral(value, logical, type); };
  const auto floating = [&](double value) { return ToLiteral(value, type); };
  switch (statistics.physical_type()) {
    case parquet::Type::INT32:
      return set(number, As<parquet::Int32Type>(statistics));
    case parquet::Type::INT64:
      return set(number, As<parquet::Int64Type>(statistics));
    case parquet::Type::FLOAT:
      return set(floating, As<parquet::FloatType>(statistics));
    case parquet::Type::DOUBLE:
      return set(floating, As<parquet::DoubleType>(statistics));
    case parquet::Type::BYTE_ARRAY:
      return set(
          [&](const parquet::ByteArray& value) {
            return ToLiteral(std::string(std::string_view(value)), logical, type);
          },
          As<parquet::ByteArrayType>(statistics));
    case parquet::Type::FIXED_LEN_BYTE_ARRAY: {
      const auto length = static_cast<size_t>(statistics.descr()->type_length());
      const auto fixed = [&](const parquet::FixedLenByteArray& value) {
        return ToLiteral(std::string(reinterpret_cast<const char*>(value.ptr), length), logical, type);
      };
      return set(fixed, As<parquet::FLBAType>(statistics));
    }
    default:
      return;
  }
}

}  // namespace

int64_t RowGroupStatistics::row_count() const { return metadata_.RowGroup(group_)->num_rows(); }

int64_t RowGroupStatistics::start() const {
  const auto chunk = metadata_.RowGroup(group_)->ColumnChunk(0);
  if (!chunk->has_dictionary_page()) return chunk->data_page_offset();
  return std::min(chunk->dictionary_page_offset(), chunk->data_page_offset());
}

std::optional<RowGroupStatistics::Column> RowGroupStatistics::Of(int32_t field_id, const Type& type) const {
  if (type.is_nested()) return std::nullopt;
  for (const auto& field : manifest_.schema_fields) {
    if (!field.is_leaf() || FieldIdOf(*field.field) != field_id) continue;
    const auto chunk = metadata_.RowGroup(group_)->ColumnChunk(field.column_index);
    // Null too where the writer is known to have ordered values in another way.
    const auto statistics = chunk->is_stats_set() ? chunk->statistics() : nullptr;
    if (statistics == nullptr) return std::nullopt;
    Column column;
    if (statistics->HasNullCount()) column.null_count = statistics->null_count();
    if (statistics->HasMinMax()) SetBounds(*statistics, type, column);
    return column;
  }
  return std::nullopt;
}

}  // namespace k2i::datafile
