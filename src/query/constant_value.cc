// SPDX-License-Identifier: Apache-2.0
#include "query/constant_value.h"

#include <arrow/scalar.h>
#include <arrow/type.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "base/calendar.h"
#include "iceberg/model/literal_text.h"

namespace k2i::query {
namespace {

using iceberg::Decimal128;
using iceberg::Literal;
using iceberg::Type;
using iceberg::TypeId;
using Range = std::optional<ValueRange>;
using Int = Decimal128::Rep;

Range Exactly(Literal value) { return ValueRange{value, value}; }

bool IsIntegerCast(const std::string& cast) {
  return cast == "TINYINT" || cast == "SMALLINT" || cast == "INTEGER" || cast == "BIGINT" || cast == "HUGEINT";
}

std::optional<Int> PowerOfTen(int exponent) {
  if (exponent < 0 || exponent > 38) return std::nullopt;
  Int power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

/// Whole numbers around the constant.
struct Around {
  Int low;
  Int high;
};

std::optional<Around> WholeNumbers(const Constant& constant) {
  if (const auto* number = std::get_if<Constant::Number>(&constant.value)) {
    if (!constant.cast.empty() && !(IsIntegerCast(constant.cast) && number->scale == 0)) return std::nullopt;
    const auto power = PowerOfTen(number->scale);
    if (!power) return std::nullopt;
    const Int value = number->unscaled.value;
    const Int low = value / *power - (value % *power < 0 ? 1 : 0);
    return Around{low, low + (value % *power != 0 ? 1 : 0)};
  }
  if (const auto* number = std::get_if<double>(&constant.value)) {
    // Beyond 2^53 DuckDB rounds the column's values.
    if (!constant.cast.empty() || !(std::abs(*number) < 9e15)) return std::nullopt;
    return Around{static_cast<Int>(std::floor(*number)), static_cast<Int>(std::ceil(*number))};
  }
  if (const auto* text = std::get_if<std::string>(&constant.value)) {
    int64_t value = 0;
    const auto parsed = std::from_chars(text->data(), text->data() + text->size(), value);
    if (!constant.cast.empty() || parsed.ec != std::errc() || parsed.ptr != text->data() + text->size())
      return std::nullopt;
    return Around{value, value};
  }
  return std::nullopt;
}

template <typename T>
Range IntegerRange(const Constant& constant) {
  const auto around = WholeNumbers(constant);
  if (!around || around->low < std::numeric_limits<T>::min() || around->high > std::numeric_limits<T>::max())
    return std::nullopt;
  return ValueRange{static_cast<T>(around->low), static_cast<T>(around->high)};
}

/// DuckDB compares a floating column with a decimal as one of several types; the slack covers their rounding.
template <typename T>
Range FloatingRange(const Constant& constant) {
  double value = 0;
  if (const auto* number = std::get_if<Constant::Number>(&constant.value)) {
    if (!constant.cast.empty() && constant.cast != "DOUBLE") return std::nullopt;
    value = static_cast<double>(number->unscaled.value) / std::pow(10.0, number->scale);
  } else if (const auto* floating = std::get_if<double>(&constant.value)) {
    if (!constant.cast.empty() && constant.cast != "DOUBLE") return std::nullopt;
    value = *floating;
  } else {
    return std::nullopt;
  }
  if (!std::isfinite(value) || std::abs(value) > std::numeric_limits<float>::max() / 2) return std::nullopt;
  const double slack = std::abs(value) * 1e-6 + 1e-30;
  return ValueRange{static_cast<T>(value - slack), static_cast<T>(value + slack)};
}

Range DecimalRange(const Constant& constant, const Type& type) {
  const auto* number = std::get_if<Constant::Number>(&constant.value);
  if (number == nullptr || number->scale > type.scale()) return std::nullopt;
  if (!constant.cast.empty() && !(IsIntegerCast(constant.cast) && number->scale == 0)) return std::nullopt;
  const auto power = PowerOfTen(type.scale() - number->scale);
  const auto limit = PowerOfTen(type.precision());
  const Int value = number->unscaled.value;
  // Both a constant and its power fit: 19 digits and 38 do not always make 38.
  if (!power || !limit || value > *limit / *power || value < -(*limit / *power)) return std::nullopt;
  return Exactly(Decimal128{value * *power});
}

/// "2024-01-31", and with a time "2024-01-31 05:04:03.12" or "…T…".
std::optional<int64_t> MicrosOf(std::string text, bool zoned) {
  if (const auto days = calendar::ParseDate(text)) {
    if (std::abs(*days) > 100'000'000) return std::nullopt;
    return *days * calendar::kMicrosPerDay;
  }
  const size_t space = text.find(' ');
  if (space != std::string::npos) text[space] = 'T';
  if (text.size() > 26 && text.find('.') != std::string::npos && !zoned) return std::nullopt;  // more than µs
  auto moment = calendar::ParseTimestamp(text, false);
  if (!moment && zoned) moment = calendar::ParseTimestamp(text, true);
  if (!moment || moment->nanos_of_day % calendar::kNanosPerMicro != 0 || std::abs(moment->days) > 100'000'000)
    return std::nullopt;
  return moment->days * calendar::kMicrosPerDay + moment->nanos_of_day / calendar::kNanosPerMicro;
}

Range TimestampRange(const Constant& constant, bool zoned) {
  const auto* text = std::get_if<std::string>(&constant.value);
  if (text == nullptr) return std::nullopt;
  std::optional<int64_t> micros;
  if (constant.cast == "DATE") {
    const auto days = calendar::ParseDate(*text);
    if (days && std::abs(*days) < 100'000'000) micros = *days * calendar::kMicrosPerDay;
  } else if (constant.cast.empty() || constant.cast == "TIMESTAMP") {
    micros = MicrosOf(*text, zoned && constant.cast.empty());
  } else if (constant.cast == "TIMESTAMP WITH TIME ZONE") {
    micros = MicrosOf(*text, true);
  }
  return micros ? Exactly(*micros) : std::nullopt;
}

Range DateRange(const Constant& constant) {
  const auto* text = std::get_if<std::string>(&constant.value);
  if (text == nullptr) return std::nullopt;
  if (constant.cast.empty() || constant.cast == "DATE") {
    const auto days = calendar::ParseDate(*text);
    if (!days || std::abs(*days) > 100'000'000) return std::nullopt;
    return Exactly(static_cast<int32_t>(*days));
  }
  if (constant.cast != "TIMESTAMP") return std::nullopt;
  // Compared as moments: the day itself begins before what is within it.
  const auto micros = MicrosOf(*text, false);
  if (!micros) return std::nullopt;
  const int64_t day = calendar::FloorDiv(*micros, calendar::kMicrosPerDay);
  const bool whole = day * calendar::kMicrosPerDay == *micros;
  return ValueRange{static_cast<int32_t>(day), static_cast<int32_t>(whole ? day : day + 1)};
}

Range TextRange(const Constant& constant) {
  const auto* text = std::get_if<std::string>(&constant.value);
  if (text == nullptr || !(constant.cast.empty() || constant.cast == "VARCHAR")) return std::nullopt;
  return Exactly(*text);
}

Range UuidRange(const Constant& constant) {
  const auto* text = std::get_if<std::string>(&constant.value);
  if (text == nullptr || !(constant.cast.empty() || constant.cast == "UUID")) return std::nullopt;
  const auto uuid = iceberg::ParseUuid(*text);
  return uuid ? Exactly(*uuid) : std::nullopt;
}

Range BooleanRange(const Constant& constant) {
  if (const auto* flag = std::get_if<bool>(&constant.value)) {
    return constant.cast.empty() ? Exactly(*flag) : std::nullopt;
  }
  // How DuckDB writes TRUE and FALSE.
  const auto* text = std::get_if<std::string>(&constant.value);
  if (text == nullptr || constant.cast != "BOOLEAN" || (*text != "t" && *text != "f")) return std::nullopt;
  return Exactly(*text == "t");
}

}  // namespace

std::optional<ValueRange> ToValueRange(const Constant& constant, const Type& type) {
  switch (type.id()) {
    case TypeId::kBoolean:
      return BooleanRange(constant);
    case TypeId::kInt:
      return IntegerRange<int32_t>(constant);
    case TypeId::kLong:
      return IntegerRange<int64_t>(constant);
    case TypeId::kFloat:
      return FloatingRange<float>(constant);
    case TypeId::kDouble:
      return FloatingRange<double>(constant);
    case TypeId::kDecimal:
      return DecimalRange(constant, type);
    case TypeId::kDate:
      return DateRange(constant);
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      return TimestampRange(constant, type.id() == TypeId::kTimestampTz);
    case TypeId::kString:
      return TextRange(constant);
    case TypeId::kUuid:
      return UuidRange(constant);
    default:
      return std::nullopt;
  }
}

std::optional<Constant> ToConstant(const arrow::Scalar& scalar) {
  if (!scalar.is_valid) return std::nullopt;
  const auto number = [](Int value) { return Constant{Constant::Number{{value}, 0}, ""}; };
  switch (scalar.type->id()) {
    case arrow::Type::BOOL:
      return Constant{static_cast<const arrow::BooleanScalar&>(scalar).value, ""};
    case arrow::Type::INT8:
      return number(static_cast<const arrow::Int8Scalar&>(scalar).value);
    case arrow::Type::INT16:
      return number(static_cast<const arrow::Int16Scalar&>(scalar).value);
    case arrow::Type::INT32:
      return number(static_cast<const arrow::Int32Scalar&>(scalar).value);
    case arrow::Type::INT64:
      return number(static_cast<const arrow::Int64Scalar&>(scalar).value);
    case arrow::Type::UINT32:
      return number(static_cast<const arrow::UInt32Scalar&>(scalar).value);
    case arrow::Type::DOUBLE:
      return Constant{static_cast<const arrow::DoubleScalar&>(scalar).value, ""};
    case arrow::Type::STRING:
      return Constant{std::string(static_cast<const arrow::StringScalar&>(scalar).view()), ""};
    case arrow::Type::DATE32: {
      const auto days = static_cast<const arrow::Date32Scalar&>(scalar).value;
      return Constant{calendar::FormatDate(days), "DATE"};
    }
    case arrow::Type::TIMESTAMP: {
      const auto& type = static_cast<const arrow::TimestampType&>(*scalar.type);
      if (type.unit() != arrow::TimeUnit::MICRO) return std::nullopt;
      const auto moment = calendar::FromMicros(static_cast<const arrow::TimestampScalar&>(scalar).value);
      const std::string text =
          calendar::FormatDate(moment.days) + "T" + calendar::FormatTimeFixed(moment.nanos_of_day, 6);
      return Constant{text, type.timezone().empty() ? "TIMESTAMP" : "TIMESTAMP WITH TIME ZONE"};
    }
    default:
      return std::nullopt;
  }
}

}  // namespace k2i::query
