// SPDX-License-Identifier: Apache-2.0
#include "iceberg/model/arrow_schema.h"

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include <utility>

namespace k2i::iceberg {
namespace {

Result<std::shared_ptr<arrow::Field>> ToArrowField(const NestedField& field) {
  auto type = ToArrowType(*field.type);
  if (!type.has_value()) return std::unexpected(type.error().With(field.name));
  return arrow::field(field.name, *std::move(type), field.optional,
                      arrow::key_value_metadata({{"PARQUET:field_id", std::to_string(field.field_id)}}));
}

Result<arrow::FieldVector> ToArrowFields(const Type& type) {
  arrow::FieldVector fields;
  for (const NestedField& field : type.fields()) {
    K2I_ASSIGN_OR_RETURN(fields.emplace_back(), ToArrowField(field));
  }
  return fields;
}

std::shared_ptr<arrow::DataType> ToArrowPrimitive(const Type& type) {
  switch (type.id()) {
    case TypeId::kBoolean:
      return arrow::boolean();
    case TypeId::kInt:
      return arrow::int32();
    case TypeId::kLong:
      return arrow::int64();
    case TypeId::kFloat:
      return arrow::float32();
    case TypeId::kDouble:
      return arrow::float64();
    case TypeId::kDecimal:
      return arrow::decimal128(type.precision(), type.scale());
    case TypeId::kDate:
      return arrow::date32();
    case TypeId::kTime:
      return arrow::time64(arrow::TimeUnit::MICRO);
    case TypeId::kTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case TypeId::kTimestampTz:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case TypeId::kTimestampNs:
      return arrow::timestamp(arrow::TimeUnit::NANO);
    case TypeId::kTimestampTzNs:
      return arrow::timestamp(arrow::TimeUnit::NANO, "UTC");
    case TypeId::kString:
      return arrow::utf8();
    case TypeId::kUuid:
      return arrow::fixed_size_binary(16);
    case TypeId::kFixed:
      return arrow::fixed_size_binary(type.length());
    case TypeId::kBinary:
      return arrow::binary();
    default:
      return nullptr;
  }
}

}  // namespace

Result<std::shared_ptr<arrow::DataType>> ToArrowType(const Type& type) {
  if (!type.is_nested()) {
    auto primitive = ToArrowPrimitive(type);
    if (primitive == nullptr) return Fail(ErrorCode::kNotSupported, type.ToString() + " has no Arrow form here");
    return primitive;
  }
  K2I_ASSIGN_OR_RETURN(arrow::FieldVector fields, ToArrowFields(type));
  if (type.id() == TypeId::kList) return arrow::list(std::move(fields[0]));
  if (type.id() == TypeId::kMap) return std::make_shared<arrow::MapType>(std::move(fields[0]), std::move(fields[1]));
  return arrow::struct_(std::move(fields));
}

Result<std::shared_ptr<arrow::Schema>> ToArrowSchema(const Schema& schema) {
  K2I_ASSIGN_OR_RETURN(arrow::FieldVector fields, ToArrowFields(*schema.type));
  return arrow::schema(std::move(fields));
}

}  // namespace k2i::iceberg
