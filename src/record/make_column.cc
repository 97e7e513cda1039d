// SPDX-License-Identifier: Apache-2.0
//
// Which column decodes which Iceberg type.
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "iceberg/model/arrow_schema.h"
#include "record/binary_text.h"
#include "record/nested_column.h"
#include "record/time_text.h"

namespace k2i::record {
namespace {

using iceberg::Type;
using iceberg::TypeId;
using ArrowType = std::shared_ptr<arrow::DataType>;
using Decimal = iceberg::Decimal128::Rep;
using Uuid = iceberg::UuidBytes;

constexpr Why kBadEscape = "has a bad escape";

template <typename T, typename Parse>
std::unique_ptr<Column> Parsed(ArrowType type, arrow::MemoryPool* pool, Parse parse) {
  return std::make_unique<ParsedColumn<T, Parse>>(std::move(type), pool, std::move(parse));
}

/// A column whose tokens are numbers.
template <typename T, Why (*parse)(std::string_view, T*)>
std::unique_ptr<Column> Number(ArrowType type, arrow::MemoryPool* pool) {
  return Parsed<T>(std::move(type), pool,
                   [](JsonReader&, std::string_view token, T* out) { return parse(token, out); });
}

/// The same for integers, of which most are short.
template <typename T, Why (*parse)(std::string_view, T*)>
class IntegerColumn final : public FixedColumn<T> {
 public:
  using FixedColumn<T>::FixedColumn;
  bool AppendJson(JsonReader& in) override {
    int64_t small = 0;
    T value{};
    if (in.TakeShortInteger(&small)) {
      value = static_cast<T>(small);
    } else {
      const std::string_view token = in.TakeScalar();
      if (const Why why = parse(token, &value)) return this->Reject(in, token, why);
    }
    this->AppendValue(value);
    return true;
  }
};

/// A column whose tokens are strings, read without their quotes.
template <typename T, typename Parse>
std::unique_ptr<Column> Text(ArrowType type, arrow::MemoryPool* pool, Parse parse) {
  return Parsed<T>(std::move(type), pool, [parse](JsonReader& in, std::string_view token, T* out) -> Why {
    std::string_view characters;
    if (token.front() != '"') return "is not a string";
    return in.Unquote(token, &characters) ? parse(characters, out) : kBadEscape;
  });
}

std::unique_ptr<Column> MakeDecimal(const Type& type, ArrowType arrow_type, arrow::MemoryPool* pool) {
  const int precision = type.precision(), scale = type.scale();
  auto parse = [precision, scale](JsonReader& in, std::string_view token, Decimal* out) -> Why {
    std::string_view digits = token;
    if (token.front() == '"' && !in.Unquote(token, &digits)) return kBadEscape;
    return ParseDecimal(digits, precision, scale, out);
  };
  return Parsed<Decimal>(std::move(arrow_type), pool, parse);
}

std::unique_ptr<Column> MakeTimestamp(Zone zone, TimeUnit unit, ArrowType arrow_type, arrow::MemoryPool* pool) {
  auto parse = [reader = TimestampReader(zone, unit), unit](JsonReader& in, std::string_view token,
                                                            int64_t* out) mutable -> Why {
    if (token.front() == '"') {
      std::string_view characters;
      return in.Unquote(token, &characters) ? reader.Parse(characters, out) : kBadEscape;
    }
    int64_t millis = 0;
    if (ParseInt64(token, &millis) != nullptr) return "is neither a timestamp nor a number of milliseconds";
    return TimestampFromMillis(millis, unit, out);
  };
  return Parsed<int64_t>(std::move(arrow_type), pool, parse);
}

std::unique_ptr<Column> MakePrimitive(const Type& type, ArrowType arrow_type, arrow::MemoryPool* pool) {
  switch (type.id()) {
    case TypeId::kBoolean:
      return std::make_unique<BooleanColumn>(std::move(arrow_type), pool);
    case TypeId::kInt:
      return std::make_unique<IntegerColumn<int32_t, ParseInt32>>(std::move(arrow_type), pool);
    case TypeId::kLong:
      return std::make_unique<IntegerColumn<int64_t, ParseInt64>>(std::move(arrow_type), pool);
    case TypeId::kFloat:
      return Number<float, ParseFloat>(std::move(arrow_type), pool);
    case TypeId::kDouble:
      return Number<double, ParseDouble>(std::move(arrow_type), pool);
    case TypeId::kDecimal:
      return MakeDecimal(type, std::move(arrow_type), pool);
    case TypeId::kDate:
      return Text<int32_t>(std::move(arrow_type), pool, [](auto text, auto* out) { return ParseDate(text, out); });
    case TypeId::kTime:
      return Text<int64_t>(std::move(arrow_type), pool, [](auto text, auto* out) { return ParseTime(text, out); });
    case TypeId::kTimestamp:
      return MakeTimestamp(Zone::kWithout, TimeUnit::kMicros, std::move(arrow_type), pool);
    case TypeId::kTimestampTz:
      return MakeTimestamp(Zone::kWith, TimeUnit::kMicros, std::move(arrow_type), pool);
    case TypeId::kTimestampNs:
      return MakeTimestamp(Zone::kWithout, TimeUnit::kNanos, std::move(arrow_type), pool);
    case TypeId::kTimestampTzNs:
      return MakeTimestamp(Zone::kWith, TimeUnit::kNanos, std::move(arrow_type), pool);
    case TypeId::kString:
      return std::make_unique<BytesColumn>(BytesColumn::Kind::kString, std::move(arrow_type), pool);
    case TypeId::kBinary:
      return std::make_unique<BytesColumn>(BytesColumn::Kind::kBinary, std::move(arrow_type), pool);
    case TypeId::kUuid:
      return Text<Uuid>(std::move(arrow_type), pool,
                        [](auto text, Uuid* out) { return ParseUuid(text, std::span<uint8_t, 16>(out->bytes)); });
    case TypeId::kFixed:
      return std::make_unique<FixedBytesColumn>(type.length(), std::move(arrow_type), pool);
    default:
      return nullptr;  // nested types are made elsewhere, and ToArrowType knows no other
  }
}

Result<std::unique_ptr<Column>> MakeMap(const Type& type, ArrowType arrow_type, UnknownFields& unknown,
                                        arrow::MemoryPool* pool) {
  const iceberg::NestedField& key = type.fields()[0];
  const iceberg::NestedField& value = type.fields()[1];
  if (key.type->id() != TypeId::kString) {
    return Fail(ErrorCode::kNotSupported,
                fmt::format("a map with keys of type {} cannot be decoded from JSON", key.type->ToString()));
  }
  auto keys = std::make_unique<BytesColumn>(BytesColumn::Kind::kString, arrow::utf8(), pool);
  K2I_ASSIGN_OR_RETURN(auto values, MakeColumn(*value.type, unknown, pool));
  return std::make_unique<MapColumn>(std::move(keys), std::move(values), !value.optional, std::move(arrow_type), pool);
}

}  // namespace

Result<std::vector<StructColumn::Field>> MakeFields(const Type& type, const std::vector<std::string>& except,
                                                    UnknownFields& unknown, arrow::MemoryPool* pool) {
  std::vector<StructColumn::Field> fields;
  for (const iceberg::NestedField& field : type.fields()) {
    if (std::ranges::find(except, field.name) != except.end()) continue;
    auto column = MakeColumn(*field.type, unknown, pool);
    if (!column.has_value()) return std::unexpected(column.error().With(field.name));
    fields.push_back({field.name, !field.optional, *std::move(column)});
  }
  return fields;
}

Result<std::unique_ptr<Column>> MakeColumn(const Type& type, UnknownFields& unknown, arrow::MemoryPool* pool) {
  K2I_ASSIGN_OR_RETURN(ArrowType arrow_type, iceberg::ToArrowType(type));
  switch (type.id()) {
    case TypeId::kStruct: {
      K2I_ASSIGN_OR_RETURN(auto fields, MakeFields(type, {}, unknown, pool));
      return std::make_unique<StructColumn>(std::move(fields), unknown, std::move(arrow_type), pool);
    }
    case TypeId::kList: {
      const iceberg::NestedField& element = type.fields()[0];
      K2I_ASSIGN_OR_RETURN(auto column, MakeColumn(*element.type, unknown, pool));
      return std::make_unique<ListColumn>(std::move(column), !element.optional, std::move(arrow_type), pool);
    }
    case TypeId::kMap:
      return MakeMap(type, std::move(arrow_type), unknown, pool);
    default:
      return MakePrimitive(type, std::move(arrow_type), pool);
  }
}

}  // namespace k2i::record
