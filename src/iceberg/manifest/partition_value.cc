// SPDX-License-Identifier: Apache-2.0
#include "iceberg/manifest/partition_value.h"

#include <cstring>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include "iceberg/manifest/partition_type.h"
#include "iceberg/model/decimal.h"

namespace k2i::iceberg {
namespace {

std::string_view BytesOf(const UuidBytes& uuid) {
  return {reinterpret_cast<const char*>(uuid.bytes.data()), uuid.bytes.size()};
}

/// Big-endian two's complement in exactly `size` bytes; nullopt when it does not fit.
std::optional<std::string> DecimalInFixed(Decimal128 value, size_t size) {
  std::string bytes = DecimalToBytes(value);
  if (bytes.size() > size) return std::nullopt;
  return std::string(size - bytes.size(), value.value < 0 ? '\xff' : '\0') + bytes;
}

/// False when the literal is not what values of the type are held in.
bool ToAvro(const Type& type, const Literal& literal, std::deque<std::string>& arena, avro::Value& out) {
  const auto set = [&out](auto value) {
    out.data = value;
    return true;
  };
  if (is_null(literal)) return true;
  switch (type.id()) {
    case TypeId::kBoolean:
      if (const auto* value = std::get_if<bool>(&literal)) return set(*value);
      break;
    case TypeId::kInt:
    case TypeId::kDate:
      if (const auto* value = std::get_if<int32_t>(&literal)) return set(int64_t{*value});
      break;
    case TypeId::kLong:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestampTzNs:
      if (const auto* value = std::get_if<int64_t>(&literal)) return set(*value);
      break;
    case TypeId::kFloat:
      if (const auto* value = std::get_if<float>(&literal)) return set(*value);
      break;
    case TypeId::kDouble:
      if (const auto* value = std::get_if<double>(&literal)) return set(*value);
      break;
    case TypeId::kDecimal:
      if (const auto* value = std::get_if<Decimal128>(&literal)) {
        auto bytes = DecimalInFixed(*value, DecimalRequiredBytes(type.precision()));
        if (!bytes.has_value()) return false;
        return set(std::string_view(arena.emplace_back(*std::move(bytes))));
      }
      break;
    case TypeId::kString:
      if (const auto* value = std::get_if<std::string>(&literal)) return set(std::string_view(*value));
      break;
    case TypeId::kUuid:
      if (const auto* value = std::get_if<UuidBytes>(&literal)) return set(BytesOf(*value));
      break;
    case TypeId::kFixed:
    case TypeId::kBinary:
      if (const auto* value = std::get_if<Bytes>(&literal)) return set(std::string_view(value->value));
      break;
    default:
      break;
  }
  return false;
}

std::optional<Literal> FromNumber(const Type& type, int64_t number) {
  switch (type.id()) {
    case TypeId::kInt:
    case TypeId::kDate:
      if (number < std::numeric_limits<int32_t>::min() || number > std::numeric_limits<int32_t>::max()) break;
      return static_cast<int32_t>(number);
    case TypeId::kLong:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestampTzNs:
      return number;
    default:
      break;
  }
  return std::nullopt;
}

std::optional<Literal> FromBytes(const Type& type, std::string_view bytes) {
  switch (type.id()) {
    case TypeId::kDecimal:
      if (const auto decimal = DecimalFromBytes(bytes)) return *decimal;
      break;
    case TypeId::kString:
      return std::string(bytes);
    case TypeId::kUuid: {
      UuidBytes uuid;
      if (bytes.size() != uuid.bytes.size()) break;
      std::memcpy(uuid.bytes.data(), bytes.data(), bytes.size());
      return uuid;
    }
    case TypeId::kFixed:
      if (bytes.size() != static_cast<size_t>(type.length())) break;
      return Bytes{std::string(bytes)};
    case TypeId::kBinary:
      return Bytes{std::string(bytes)};
    default:
      break;
  }
  return std::nullopt;
}

/// The value as one of `type`, to which the column may have been promoted since it was written.
std::optional<Literal> FromAvro(const Type& type, const avro::Value& value) {
  if (value.is_null()) return Literal();
  if (const auto* truth = value.As<bool>()) {
    return type.id() == TypeId::kBoolean ? std::optional<Literal>(*truth) : std::nullopt;
  }
  if (const auto* single = value.As<float>()) {
    if (type.id() == TypeId::kDouble) return static_cast<double>(*single);
    return type.id() == TypeId::kFloat ? std::optional<Literal>(*single) : std::nullopt;
  }
  if (const auto* whole = value.As<double>()) {
    return type.id() == TypeId::kDouble ? std::optional<Literal>(*whole) : std::nullopt;
  }
  if (const auto* number = value.As<int64_t>()) return FromNumber(type, *number);
  if (const auto* bytes = value.As<std::string_view>()) return FromBytes(type, *bytes);
  return std::nullopt;
}

}  // namespace

Result<avro::Value> PartitionValue(const Type& partition_type, const PartitionTuple& tuple,
                                   std::deque<std::string>& arena) {
  const auto& fields = partition_type.fields();
  if (tuple.size() != fields.size()) {
    return Fail(ErrorCode::kInvalidArgument, "a partition of " + std::to_string(tuple.size()) +
                                                 " values for a spec of " + std::to_string(fields.size()) + " fields");
  }
  avro::Values values;
  values.reserve(fields.size());
  for (size_t i = 0; i < fields.size(); ++i) {
    if (!ToAvro(*fields[i].type, tuple[i], arena, values.emplace_back())) {
      return Fail(ErrorCode::kInvalidArgument, "partition field " + fields[i].name +
                                                   " has a value that is not of type " + fields[i].type->ToString());
    }
  }
  return avro::Value{std::move(values)};
}

PartitionReader::PartitionReader(const avro::Type* record, const PartitionSpec& spec, const Schema& schema) {
  const auto partition_type = spec.PartitionType(schema);  // fails when a source column has been dropped
  for (size_t i = 0; i < spec.fields.size(); ++i) {
    const int index = record == nullptr ? -1 : record->FieldIndex(spec.fields[i].field_id);
    TypePtr type = partition_type.has_value() ? (*partition_type)->fields()[i].type : Type::Primitive(TypeId::kUnknown);
    if (index >= 0 && type->id() == TypeId::kUnknown)
      type = TypeFromAvro(*record->fields[static_cast<size_t>(index)].type);
    fields_.push_back({index, std::move(type)});
  }
}

Result<PartitionTuple> PartitionReader::Read(const avro::Value& record) const {
  const auto* values = record.As<avro::Values>();
  PartitionTuple tuple;
  tuple.reserve(fields_.size());
  for (const Field& field : fields_) {
    const bool present = field.index >= 0 && values != nullptr;
    auto literal = present ? FromAvro(*field.type, (*values)[static_cast<size_t>(field.index)]) : Literal();
    if (!literal.has_value()) {
      return Fail(ErrorCode::kCorruption, "manifest: a partition value that is not of type " + field.type->ToString());
    }
    tuple.push_back(*std::move(literal));
  }
  return tuple;
}

}  // namespace k2i::iceberg
