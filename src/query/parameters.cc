// SPDX-License-Identifier: Apache-2.0
#include "query/parameters.h"

#include <arrow/buffer.h>
#include <arrow/extension_type.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <cstring>

#include "base/calendar.h"

namespace k2i::query {
namespace {

template <typename ScalarType>
auto ValueOf(const arrow::Scalar& scalar) {
  return static_cast<const ScalarType&>(scalar).value;
}

DuckValue Text(const arrow::Scalar& scalar) {
  const auto view = static_cast<const arrow::BaseBinaryScalar&>(scalar).view();
  return DuckValue(duckdb_create_varchar_length(view.data(), view.size()));
}

DuckValue Blob(const arrow::Scalar& scalar) {
  const auto view = static_cast<const arrow::BaseBinaryScalar&>(scalar).view();
  return DuckValue(duckdb_create_blob(reinterpret_cast<const uint8_t*>(view.data()), view.size()));
}

DuckValue DecimalOf(const arrow::Scalar& scalar) {
  const auto& type = static_cast<const arrow::Decimal128Type&>(*scalar.type);
  const arrow::Decimal128 value = ValueOf<arrow::Decimal128Scalar>(scalar);
  return DuckValue(duckdb_create_decimal({.width = static_cast<uint8_t>(type.precision()),
                                          .scale = static_cast<uint8_t>(type.scale()),
                                          .value = {.lower = value.low_bits(), .upper = value.high_bits()}}));
}

int64_t ToMicros(int64_t value, arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return value * 1'000'000;
    case arrow::TimeUnit::MILLI:
      return value * 1'000;
    case arrow::TimeUnit::MICRO:
      return value;
    case arrow::TimeUnit::NANO:
      break;
  }
  return calendar::FloorDiv(value, 1'000);
}

DuckValue TimestampOf(const arrow::Scalar& scalar) {
  const auto& type = static_cast<const arrow::TimestampType&>(*scalar.type);
  const int64_t value = ValueOf<arrow::TimestampScalar>(scalar);
  if (!type.timezone().empty()) return DuckValue(duckdb_create_timestamp_tz({ToMicros(value, type.unit())}));
  if (type.unit() == arrow::TimeUnit::NANO) return DuckValue(duckdb_create_timestamp_ns({value}));
  return DuckValue(duckdb_create_timestamp({ToMicros(value, type.unit())}));
}

DuckValue UuidOf(const arrow::ExtensionScalar& scalar) {
  const auto bytes = static_cast<const arrow::BaseBinaryScalar&>(*scalar.value).view();
  duckdb_uhugeint number{};
  for (size_t i = 0; i < 16; ++i) {
    uint64_t& half = i < 8 ? number.upper : number.lower;
    half = half << 8 | static_cast<uint8_t>(bytes[i]);
  }
  return DuckValue(duckdb_create_uuid(number));
}

}  // namespace

Result<DuckValue> ToDuckValue(const arrow::Scalar* scalar) {
  if (scalar == nullptr || !scalar->is_valid) return DuckValue(duckdb_create_null_value());
  const arrow::Scalar& s = *scalar;
  switch (s.type->id()) {
    case arrow::Type::NA:
      return DuckValue(duckdb_create_null_value());
    case arrow::Type::BOOL:
      return DuckValue(duckdb_create_bool(ValueOf<arrow::BooleanScalar>(s)));
    case arrow::Type::INT8:
      return DuckValue(duckdb_create_int8(ValueOf<arrow::Int8Scalar>(s)));
    case arrow::Type::UINT8:
      return DuckValue(duckdb_create_uint8(ValueOf<arrow::UInt8Scalar>(s)));
    case arrow::Type::INT16:
      return DuckValue(duckdb_create_int16(ValueOf<arrow::Int16Scalar>(s)));
    case arrow::Type::UINT16:
      return DuckValue(duckdb_create_uint16(ValueOf<arrow::UInt16Scalar>(s)));
    case arrow::Type::INT32:
      return DuckValue(duckdb_create_int32(ValueOf<arrow::Int32Scalar>(s)));
    case arrow::Type::UINT32:
      return DuckValue(duckdb_create_uint32(ValueOf<arrow::UInt32Scalar>(s)));
    case arrow::Type::INT64:
      return DuckValue(duckdb_create_int64(ValueOf<arrow::Int64Scalar>(s)));
    case arrow::Type::UINT64:
      return DuckValue(duckdb_create_uint64(ValueOf<arrow::UInt64Scalar>(s)));
    case arrow::Type::FLOAT:
      return DuckValue(duckdb_create_float(ValueOf<arrow::FloatScalar>(s)));
    case arrow::Type::DOUBLE:
      return DuckValue(duckdb_create_double(ValueOf<arrow::DoubleScalar>(s)));
    case arrow::Type::DECIMAL128:
      return DecimalOf(s);
    case arrow::Type::DATE32:
      return DuckValue(duckdb_create_date({ValueOf<arrow::Date32Scalar>(s)}));
    case arrow::Type::TIME32:
      return DuckValue(duckdb_create_time(
          {ToMicros(ValueOf<arrow::Time32Scalar>(s), static_cast<const arrow::Time32Type&>(*s.type).unit())}));
    case arrow::Type::TIME64:
      return DuckValue(duckdb_create_time(
          {ToMicros(ValueOf<arrow::Time64Scalar>(s), static_cast<const arrow::Time64Type&>(*s.type).unit())}));
    case arrow::Type::TIMESTAMP:
      return TimestampOf(s);
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
      return Text(s);
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::FIXED_SIZE_BINARY:
      return Blob(s);
    case arrow::Type::EXTENSION: {
      const auto& extension = static_cast<const arrow::ExtensionScalar&>(s);
      const auto& type = static_cast<const arrow::ExtensionType&>(*s.type);
      if (type.extension_name() == "arrow.uuid") return UuidOf(extension);
      break;
    }
    default:
      break;
  }
  return Fail(ErrorCode::kInvalidArgument, "a parameter of type " + s.type->ToString() + " cannot be bound");
}

Status BindParameters(duckdb_prepared_statement prepared, const std::vector<std::shared_ptr<arrow::Scalar>>& values) {
  const idx_t wanted = duckdb_nparams(prepared);
  if (wanted != values.size()) {
    return Fail(ErrorCode::kInvalidArgument, "the statement has " + std::to_string(wanted) + " parameters, and " +
                                                 std::to_string(values.size()) + " are given");
  }
  for (idx_t i = 0; i < wanted; ++i) {
    K2I_ASSIGN_OR_RETURN(const DuckValue value, ToDuckValue(values[i].get()));
    if (value.get() == nullptr || duckdb_bind_value(prepared, i + 1, value.get()) != DuckDBSuccess) {
      return Fail(ErrorCode::kInvalidArgument, "parameter " + std::to_string(i + 1) + " cannot be bound");
    }
  }
  return {};
}

}  // namespace k2i::query
