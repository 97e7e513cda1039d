// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/calendar.h"
#include "iceberg/model/decimal.h"
#include "iceberg/model/json.h"
#include "iceberg/model/literal_text.h"

namespace k2i::iceberg {
namespace {

using calendar::kNanosPerMicro;

std::string MomentJson(const calendar::Moment& moment, int digits, bool zoned) {
  return calendar::FormatIsoDate(moment.days) + "T" + calendar::FormatTimeFixed(moment.nanos_of_day, digits) +
         (zoned ? "+00:00" : "");
}

struct ToJson {
  const Type& type;
  nlohmann::json operator()(std::monostate) const { return nullptr; }
  nlohmann::json operator()(bool value) const { return value; }
  nlohmann::json operator()(int32_t value) const {
    if (type.id() == TypeId::kDate) return calendar::FormatDate(value);
    return value;
  }
  nlohmann::json operator()(int64_t value) const {
    switch (type.id()) {
      case TypeId::kTime:
        return calendar::FormatTimeFixed(value * kNanosPerMicro, 6);
      case TypeId::kTimestamp:
      case TypeId::kTimestampTz:
        return MomentJson(calendar::FromMicros(value), 6, type.id() == TypeId::kTimestampTz);
      case TypeId::kTimestampNs:
      case TypeId::kTimestampTzNs:
        return MomentJson(calendar::FromNanos(value), 9, type.id() == TypeId::kTimestampTzNs);
      default:
        return value;
    }
  }
  nlohmann::json operator()(float value) const { return value; }
  nlohmann::json operator()(double value) const { return value; }
  nlohmann::json operator()(const Decimal128& value) const { return DecimalToPlainText(value, type.scale()); }
  nlohmann::json operator()(const std::string& value) const { return value; }
  nlohmann::json operator()(const UuidBytes& value) const { return UuidText(value); }
  nlohmann::json operator()(const Bytes& value) const { return Hex(value.value); }
};

/// `value` as a Literal, or the complaint that the text is not of `type`.
template <typename T>
Result<Literal> OrMalformed(const std::optional<T>& value, const Type& type, const JsonView& json) {
  if (!value.has_value()) return json.Malformed("not a default value of type " + type.ToString());
  return Literal(*value);
}

std::optional<int32_t> DateFrom(const std::string& text) {
  const auto days = calendar::ParseDate(text);
  if (!days.has_value() || *days < std::numeric_limits<int32_t>::min() || *days > std::numeric_limits<int32_t>::max()) {
    return std::nullopt;
  }
  return static_cast<int32_t>(*days);
}

std::optional<int64_t> TimeFrom(const std::string& text) {
  const auto nanos = calendar::ParseTime(text);
  if (!nanos.has_value() || *nanos % kNanosPerMicro != 0) return std::nullopt;
  return *nanos / kNanosPerMicro;
}

std::optional<int64_t> TimestampFrom(const Type& type, const std::string& text) {
  const bool zoned = type.id() == TypeId::kTimestampTz || type.id() == TypeId::kTimestampTzNs;
  const bool nanos = type.id() == TypeId::kTimestampNs || type.id() == TypeId::kTimestampTzNs;
  const auto moment = calendar::ParseTimestamp(text, zoned);
  const int64_t unit_nanos = nanos ? 1 : kNanosPerMicro;
  if (!moment.has_value() || moment->nanos_of_day % unit_nanos != 0) return std::nullopt;
  int64_t value = 0;
  const int64_t units_per_day = calendar::kMicrosPerDay * kNanosPerMicro / unit_nanos;
  if (__builtin_mul_overflow(moment->days, units_per_day, &value)) return std::nullopt;
  if (__builtin_add_overflow(value, moment->nanos_of_day / unit_nanos, &value)) return std::nullopt;
  return value;
}

std::optional<Bytes> BytesFrom(const Type& type, const std::string& text) {
  auto bytes = ParseHex(text);
  const bool wrong_length = type.id() == TypeId::kFixed && bytes && bytes->size() != static_cast<size_t>(type.length());
  if (!bytes.has_value() || wrong_length) return std::nullopt;
  return Bytes{*std::move(bytes)};
}

Result<Literal> FromNumber(const Type& type, const JsonView& json) {
  if (!json.value().is_number()) return json.Malformed("not a number");
  if (type.id() == TypeId::kFloat) {
    const auto value = json.value().get<float>();
    if (!std::isfinite(value)) return json.Malformed("larger than a float holds");  // JSON could not say it again
    return Literal(value);
  }
  return Literal(json.value().get<double>());
}

Result<Literal> FromText(const Type& type, const JsonView& json) {
  K2I_ASSIGN_OR_RETURN(std::string text, json.As<std::string>());
  switch (type.id()) {
    case TypeId::kString:
      return Literal(std::move(text));
    case TypeId::kDecimal:
      return OrMalformed(DecimalFromPlainText(text, type.precision(), type.scale()), type, json);
    case TypeId::kDate:
      return OrMalformed(DateFrom(text), type, json);
    case TypeId::kTime:
      return OrMalformed(TimeFrom(text), type, json);
    case TypeId::kUuid:
      return OrMalformed(ParseUuid(text), type, json);
    case TypeId::kFixed:
    case TypeId::kBinary:
      return OrMalformed(BytesFrom(type, text), type, json);
    default:
      return OrMalformed(TimestampFrom(type, text), type, json);
  }
}

}  // namespace

nlohmann::json LiteralToJson(const Type& type, const Literal& value) { return std::visit(ToJson{type}, value); }

Result<Literal> LiteralFromJson(const Type& type, const JsonView& json) {
  if (json.value().is_null()) return Literal();
  switch (type.id()) {
    case TypeId::kBoolean:
      return json.As<bool>();
    case TypeId::kInt:
      return json.As<int32_t>();
    case TypeId::kLong:
      return json.As<int64_t>();
    case TypeId::kFloat:
    case TypeId::kDouble:
      return FromNumber(type, json);
    case TypeId::kUnknown:
      return json.Malformed("a column of type unknown has no default but null");
    case TypeId::kStruct:
    case TypeId::kList:
    case TypeId::kMap:
      return Fail(ErrorCode::kNotSupported, json.path() + ": default values of nested types are not supported");
    default:
      return FromText(type, json);
  }
}

}  // namespace k2i::iceberg
