// SPDX-License-Identifier: Apache-2.0
#include "server/value_text.h"

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <arrow/util/float16.h>
#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "base/base64.h"
#include "base/calendar.h"

namespace k2i::server {
namespace {

using arrow::Type;

constexpr int64_t kSecondsPerDay = 86'400;
constexpr int64_t kNanosPerSecond = 1'000'000'000;

template <typename ArrayType>
auto ValueAt(const arrow::Array& array, int64_t row) {
  return static_cast<const ArrayType&>(array).Value(row);
}

template <typename ArrayType>
std::string_view ViewAt(const arrow::Array& array, int64_t row) {
  return static_cast<const ArrayType&>(array).GetView(row);
}

template <typename T>
ValueForm AppendNumber(T value, std::string* out) {
  fmt::format_to(std::back_inserter(*out), "{}", value);
  return ValueForm::kLiteral;
}

template <typename T>
ValueForm AppendFloating(T value, std::string* out) {
  if (std::isfinite(value)) return AppendNumber(value, out);
  *out += std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  return ValueForm::kText;
}

/// `digits`: the unscaled value. Never an exponent.
ValueForm AppendDecimal(std::string digits, int32_t scale, std::string* out) {
  const bool negative = digits.starts_with('-');
  if (negative) digits.erase(0, 1);
  if (scale < 0) {
    if (digits != "0") digits.append(static_cast<size_t>(-scale), '0');
  } else if (scale > 0) {
    const auto places = static_cast<size_t>(scale);
    if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
    digits.insert(digits.size() - places, 1, '.');
  }
  if (negative) *out += '-';
  *out += digits;
  return ValueForm::kText;
}

int64_t UnitsPerSecond(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return 1;
    case arrow::TimeUnit::MILLI:
      return 1'000;
    case arrow::TimeUnit::MICRO:
      return 1'000'000;
    case arrow::TimeUnit::NANO:
      return kNanosPerSecond;
  }
  return 1;
}

/// ".120", with 3, 6 or 9 digits, no more than are needed.
void AppendFraction(int64_t nanos, std::string* out) {
  if (nanos == 0) return;
  const auto append = std::back_inserter(*out);
  if (nanos % 1'000'000 == 0) {
    fmt::format_to(append, ".{:03}", nanos / 1'000'000);
  } else if (nanos % 1'000 == 0) {
    fmt::format_to(append, ".{:06}", nanos / 1'000);
  } else {
    fmt::format_to(append, ".{:09}", nanos);
  }
}

/// "12:34:56.789"
void AppendTimeOfDay(int64_t units, int64_t per_second, std::string* out) {
  const int64_t seconds = units / per_second;
  fmt::format_to(std::back_inserter(*out), "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  AppendFraction(units % per_second * (kNanosPerSecond / per_second), out);
}

ValueForm AppendDate(int64_t days, std::string* out) {
  *out += calendar::FormatIsoDate(days);
  return ValueForm::kText;
}

ValueForm AppendTime(int64_t units, arrow::TimeUnit::type unit, std::string* out) {
  AppendTimeOfDay(units, UnitsPerSecond(unit), out);
  return ValueForm::kText;
}

ValueForm AppendTimestamp(int64_t units, const arrow::TimestampType& type, std::string* out) {
  const int64_t per_second = UnitsPerSecond(type.unit());
  AppendDate(calendar::FloorDiv(units, per_second * kSecondsPerDay), out);
  *out += 'T';
  AppendTimeOfDay(calendar::FloorMod(units, per_second * kSecondsPerDay), per_second, out);
  if (!type.timezone().empty()) *out += 'Z';  // Arrow counts from the epoch in UTC, whatever the zone's name
  return ValueForm::kText;
}

/// ISO 8601: "P14M3DT1.5S"
ValueForm AppendInterval(int64_t months, int64_t days, int64_t nanos, std::string* out) {
  const auto append = std::back_inserter(*out);
  *out += 'P';
  if (months != 0) fmt::format_to(append, "{}M", months);
  if (days != 0) fmt::format_to(append, "{}D", days);
  if (nanos != 0 || (months == 0 && days == 0)) {
    const auto magnitude = nanos < 0 ? 0 - static_cast<uint64_t>(nanos) : static_cast<uint64_t>(nanos);
    fmt::format_to(append, "T{}{}", nanos < 0 ? "-" : "", magnitude / kNanosPerSecond);
    AppendFraction(static_cast<int64_t>(magnitude % kNanosPerSecond), out);
    *out += 'S';
  }
  return ValueForm::kText;
}

ValueForm AppendUuid(std::string_view bytes, std::string* out) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *out += '-';
    fmt::format_to(std::back_inserter(*out), "{:02x}", static_cast<uint8_t>(bytes[i]));
  }
  return ValueForm::kText;
}

ValueForm AppendString(std::string_view text, std::string* out) {
  *out += text;
  return ValueForm::kString;
}

ValueForm AppendBase64(std::string_view bytes, std::string* out) {
  *out += Base64(bytes);
  return ValueForm::kText;
}

int32_t ScaleOf(const arrow::Array& array) { return static_cast<const arrow::DecimalType&>(*array.type()).scale(); }

ValueForm AppendNumeric(const arrow::Array& array, int64_t row, std::string* out) {
  switch (array.type_id()) {
    case Type::INT8:
      return AppendNumber(int{ValueAt<arrow::Int8Array>(array, row)}, out);
    case Type::INT16:
      return AppendNumber(ValueAt<arrow::Int16Array>(array, row), out);
    case Type::INT32:
      return AppendNumber(ValueAt<arrow::Int32Array>(array, row), out);
    case Type::INT64:
      return AppendNumber(ValueAt<arrow::Int64Array>(array, row), out);
    case Type::UINT8:
      return AppendNumber(int{ValueAt<arrow::UInt8Array>(array, row)}, out);
    case Type::UINT16:
      return AppendNumber(ValueAt<arrow::UInt16Array>(array, row), out);
    case Type::UINT32:
      return AppendNumber(ValueAt<arrow::UInt32Array>(array, row), out);
    case Type::UINT64:
      return AppendNumber(ValueAt<arrow::UInt64Array>(array, row), out);
    case Type::HALF_FLOAT:
      return AppendFloating(arrow::util::Float16::FromBits(ValueAt<arrow::HalfFloatArray>(array, row)).ToFloat(), out);
    case Type::FLOAT:
      return AppendFloating(ValueAt<arrow::FloatArray>(array, row), out);
    case Type::DOUBLE:
      return AppendFloating(ValueAt<arrow::DoubleArray>(array, row), out);
    case Type::DECIMAL32:
      return AppendDecimal(
          arrow::Decimal32(static_cast<const arrow::Decimal32Array&>(array).GetValue(row)).ToIntegerString(),
          ScaleOf(array), out);
    case Type::DECIMAL64:
      return AppendDecimal(
          arrow::Decimal64(static_cast<const arrow::Decimal64Array&>(array).GetValue(row)).ToIntegerString(),
          ScaleOf(array), out);
    case Type::DECIMAL128:
      return AppendDecimal(
          arrow::Decimal128(static_cast<const arrow::Decimal128Array&>(array).GetValue(row)).ToIntegerString(),
          ScaleOf(array), out);
    default:
      return AppendDecimal(
          arrow::Decimal256(static_cast<const arrow::Decimal256Array&>(array).GetValue(row)).ToIntegerString(),
          ScaleOf(array), out);
  }
}

ValueForm AppendTemporal(const arrow::Array& array, int64_t row, std::string* out) {
  const arrow::DataType& type = *array.type();
  switch (type.id()) {
    case Type::DATE32:
      return AppendDate(ValueAt<arrow::Date32Array>(array, row), out);
    case Type::DATE64:
      return AppendDate(calendar::FloorDiv(ValueAt<arrow::Date64Array>(array, row), kSecondsPerDay * 1'000), out);
    case Type::TIME32:
      return AppendTime(ValueAt<arrow::Time32Array>(array, row), static_cast<const arrow::Time32Type&>(type).unit(),
                        out);
    case Type::TIME64:
      return AppendTime(ValueAt<arrow::Time64Array>(array, row), static_cast<const arrow::Time64Type&>(type).unit(),
                        out);
    case Type::TIMESTAMP:
      return AppendTimestamp(ValueAt<arrow::TimestampArray>(array, row), static_cast<const arrow::TimestampType&>(type),
                             out);
    case Type::INTERVAL_MONTHS:
      return AppendInterval(ValueAt<arrow::MonthIntervalArray>(array, row), 0, 0, out);
    case Type::INTERVAL_DAY_TIME: {
      const auto value = static_cast<const arrow::DayTimeIntervalArray&>(array).GetValue(row);
      return AppendInterval(0, value.days, int64_t{value.milliseconds} * 1'000'000, out);
    }
    default: {
      const auto value = static_cast<const arrow::MonthDayNanoIntervalArray&>(array).GetValue(row);
      return AppendInterval(value.months, value.days, value.nanoseconds, out);
    }
  }
}

bool IsTemporal(Type::type id) {
  return arrow::is_temporal(id) || id == Type::INTERVAL_MONTHS || id == Type::INTERVAL_DAY_TIME ||
         id == Type::INTERVAL_MONTH_DAY_NANO;
}

bool IsUuid(const arrow::Array& array) {
  return array.type_id() == Type::EXTENSION &&
         static_cast<const arrow::ExtensionType&>(*array.type()).extension_name() == "arrow.uuid";
}

}  // namespace

const arrow::Array& Unwrap(const arrow::Array& array, int64_t* row) {
  switch (array.type_id()) {
    case Type::DICTIONARY: {
      const auto& dictionary = static_cast<const arrow::DictionaryArray&>(array);
      *row = dictionary.GetValueIndex(*row);
      return Unwrap(*dictionary.dictionary(), row);
    }
    case Type::EXTENSION:
      if (IsUuid(array)) return array;
      return Unwrap(*static_cast<const arrow::ExtensionArray&>(array).storage(), row);
    case Type::SPARSE_UNION: {
      const auto& united = static_cast<const arrow::SparseUnionArray&>(array);
      return Unwrap(*united.field(united.child_id(*row)), row);
    }
    case Type::DENSE_UNION: {
      const auto& united = static_cast<const arrow::DenseUnionArray&>(array);
      const auto& child = *united.field(united.child_id(*row));
      *row = united.value_offset(*row);
      return Unwrap(child, row);
    }
    default:
      return array;
  }
}

ValueForm AppendValue(const arrow::Array& array, int64_t row, std::string* out) {
  const Type::type id = array.type_id();
  if (arrow::is_numeric(id) || arrow::is_decimal(id)) return AppendNumeric(array, row, out);
  if (IsTemporal(id) && id != Type::DURATION) return AppendTemporal(array, row, out);
  switch (id) {
    case Type::BOOL:
      *out += ValueAt<arrow::BooleanArray>(array, row) ? "true" : "false";
      return ValueForm::kLiteral;
    case Type::STRING:
      return AppendString(ViewAt<arrow::StringArray>(array, row), out);
    case Type::LARGE_STRING:
      return AppendString(ViewAt<arrow::LargeStringArray>(array, row), out);
    case Type::STRING_VIEW:
      return AppendString(ViewAt<arrow::StringViewArray>(array, row), out);
    case Type::BINARY:
      return AppendBase64(ViewAt<arrow::BinaryArray>(array, row), out);
    case Type::LARGE_BINARY:
      return AppendBase64(ViewAt<arrow::LargeBinaryArray>(array, row), out);
    case Type::BINARY_VIEW:
      return AppendBase64(ViewAt<arrow::BinaryViewArray>(array, row), out);
    case Type::FIXED_SIZE_BINARY:
      return AppendBase64(ViewAt<arrow::FixedSizeBinaryArray>(array, row), out);
    case Type::EXTENSION: {
      const auto& storage = *static_cast<const arrow::ExtensionArray&>(array).storage();
      return AppendUuid(ViewAt<arrow::FixedSizeBinaryArray>(storage, row), out);
    }
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::FIXED_SIZE_LIST:
    case Type::MAP:
    case Type::STRUCT:
      return ValueForm::kNested;
    default: {
      const auto scalar = array.GetScalar(row);
      return AppendString(scalar.ok() ? (*scalar)->ToString() : scalar.status().ToString(), out);
    }
  }
}

}  // namespace k2i::server
