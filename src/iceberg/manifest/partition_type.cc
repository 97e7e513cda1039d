// SPDX-License-Identifier: Apache-2.0
#include "iceberg/manifest/partition_type.h"

#include <fmt/format.h>

#include <set>
#include <string>

#include "iceberg/manifest/partition_value.h"

namespace k2i::iceberg {
namespace {

using avro::Kind;

constexpr size_t kUuidBytes = 16;

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// A name as Avro allows it, made in the way Iceberg's Java library does for ASCII: "a-b" becomes "a_x2Db".
std::string AvroName(const std::string& name) {
  std::string legal;
  for (const char c : name) {
    if (IsLetter(c) || (IsDigit(c) && !legal.empty())) {
      legal += c;
    } else if (IsDigit(c)) {
      legal += fmt::format("_{}", c);
    } else {
      legal += fmt::format("_x{:X}", static_cast<uint8_t>(c));
    }
  }
  return legal.empty() ? "_" : legal;
}

/// Names may stand once in a schema: the second "uuid_fixed" becomes "uuid_fixed_1001". Readers go by field id.
std::string Unique(std::string name, int32_t field_id, std::set<std::string>& taken) {
  if (!taken.insert(name).second) {
    name += fmt::format("_{}", field_id);
    taken.insert(name);
  }
  return name;
}

avro::TypePtr AvroTypeOf(const Type& type, int32_t field_id, std::set<std::string>& taken) {
  switch (type.id()) {
    case TypeId::kBoolean:
      return avro::Primitive(Kind::kBoolean);
    case TypeId::kInt:
      return avro::Primitive(Kind::kInt);
    case TypeId::kLong:
      return avro::Primitive(Kind::kLong);
    case TypeId::kFloat:
      return avro::Primitive(Kind::kFloat);
    case TypeId::kDouble:
      return avro::Primitive(Kind::kDouble);
    case TypeId::kDate:
      return avro::Primitive(Kind::kInt, "date");
    case TypeId::kTime:
      return avro::Primitive(Kind::kLong, "time-micros");
    case TypeId::kTimestamp:
      return avro::Timestamp(/*nanos=*/false, /*adjust_to_utc=*/false);
    case TypeId::kTimestampTz:
      return avro::Timestamp(/*nanos=*/false, /*adjust_to_utc=*/true);
    case TypeId::kTimestampNs:
      return avro::Timestamp(/*nanos=*/true, /*adjust_to_utc=*/false);
    case TypeId::kTimestampTzNs:
      return avro::Timestamp(/*nanos=*/true, /*adjust_to_utc=*/true);
    case TypeId::kString:
      return avro::Primitive(Kind::kString);
    case TypeId::kBinary:
      return avro::Primitive(Kind::kBytes);
    case TypeId::kUuid:
      return avro::Fixed(Unique("uuid_fixed", field_id, taken), kUuidBytes, "uuid");
    case TypeId::kFixed:
      return avro::Fixed(Unique(fmt::format("fixed_{}", type.length()), field_id, taken), type.length());
    case TypeId::kDecimal:
      return avro::Decimal(Unique(fmt::format("decimal_{}_{}", type.precision(), type.scale()), field_id, taken),
                           static_cast<int32_t>(DecimalRequiredBytes(type.precision())), type.precision(),
                           type.scale());
    default:
      return avro::Primitive(Kind::kNull);  // a void transform of a dropped column
  }
}

TypePtr FromLogical(const avro::Type& type) {
  const bool utc = type.adjust_to_utc.value_or(false);
  if (type.logical_type == "date") return Type::Primitive(TypeId::kDate);
  if (type.logical_type == "time-micros") return Type::Primitive(TypeId::kTime);
  if (type.logical_type == "timestamp-micros") return Type::Primitive(utc ? TypeId::kTimestampTz : TypeId::kTimestamp);
  if (type.logical_type == "timestamp-nanos")
    return Type::Primitive(utc ? TypeId::kTimestampTzNs : TypeId::kTimestampNs);
  if (type.logical_type == "uuid") return Type::Primitive(TypeId::kUuid);
  const bool decimal = type.precision >= 1 && type.precision <= 38 && type.scale <= type.precision;
  if (type.logical_type == "decimal" && decimal) return Type::Decimal(type.precision, type.scale);
  return nullptr;
}

}  // namespace

size_t DecimalRequiredBytes(int precision) {
  // The greatest precision that 1, 2, … bytes hold.
  constexpr int kPrecisionOfBytes[] = {2, 4, 6, 9, 11, 14, 16, 18, 21, 23, 26, 28, 31, 33, 35, 38};
  size_t bytes = 1;
  for (const int greatest : kPrecisionOfBytes) {
    if (precision <= greatest) return bytes;
    ++bytes;
  }
  return 16;
}

TypePtr TypeFromAvro(const avro::Type& type) {
  const avro::Type* value = avro::NonNull(type);
  if (value == nullptr) return Type::Primitive(TypeId::kUnknown);
  if (TypePtr logical = FromLogical(*value)) return logical;
  switch (value->kind) {
    case Kind::kBoolean:
      return Type::Primitive(TypeId::kBoolean);
    case Kind::kInt:
      return Type::Primitive(TypeId::kInt);
    case Kind::kLong:
      return Type::Primitive(TypeId::kLong);
    case Kind::kFloat:
      return Type::Primitive(TypeId::kFloat);
    case Kind::kDouble:
      return Type::Primitive(TypeId::kDouble);
    case Kind::kString:
      return Type::Primitive(TypeId::kString);
    case Kind::kBytes:
      return Type::Primitive(TypeId::kBinary);
    case Kind::kFixed:
      return value->size > 0 ? Type::Fixed(value->size) : Type::Primitive(TypeId::kUnknown);
    default:
      return Type::Primitive(TypeId::kUnknown);
  }
}

avro::TypePtr PartitionSchema(const Type& partition_type) {
  std::set<std::string> type_names, field_names;
  std::vector<avro::Field> fields;
  for (const NestedField& field : partition_type.fields()) {
    avro::TypePtr type = AvroTypeOf(*field.type, field.field_id, type_names);
    if (type->kind != Kind::kNull) type = avro::Optional(type);
    std::string name = Unique(AvroName(field.name), field.field_id, field_names);
    std::string original = name == field.name ? "" : field.name;
    fields.push_back({std::move(name), std::move(type), field.field_id, "", std::move(original)});
  }
  return avro::Record("r102", std::move(fields));
}

}  // namespace k2i::iceberg
