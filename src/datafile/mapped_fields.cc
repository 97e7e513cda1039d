// SPDX-License-Identifier: Apache-2.0
#include "datafile/mapped_fields.h"

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/schema.h>

#include <string>

namespace k2i::datafile {
namespace {

using iceberg::MappedField;
using iceberg::NameMapping;

const NameMapping kNothing;

const NameMapping& FieldsBelow(const MappedField* mapped) { return mapped == nullptr ? kNothing : mapped->fields; }

std::shared_ptr<arrow::Field> WithId(const std::shared_ptr<arrow::Field>& field, const MappedField* mapped);

std::shared_ptr<arrow::DataType> TypeWithIds(const std::shared_ptr<arrow::DataType>& type, const NameMapping& mapping) {
  switch (type->id()) {
    case arrow::Type::STRUCT:
      return arrow::struct_(WithMappedIds(type->fields(), mapping));
    case arrow::Type::LIST:
      return arrow::list(WithId(type->field(0), FindMapped(mapping, "element")));
    case arrow::Type::LARGE_LIST:
      return arrow::large_list(WithId(type->field(0), FindMapped(mapping, "element")));
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(*type);
      return std::make_shared<arrow::MapType>(WithId(map.key_field(), FindMapped(mapping, "key")),
                                              WithId(map.item_field(), FindMapped(mapping, "value")));
    }
    default:
      return type;
  }
}

std::shared_ptr<arrow::Field> WithId(const std::shared_ptr<arrow::Field>& field, const MappedField* mapped) {
  auto typed = field->WithType(TypeWithIds(field->type(), FieldsBelow(mapped)));
  if (mapped == nullptr || !mapped->field_id) return typed;
  return typed->WithMergedMetadata(
      arrow::key_value_metadata({"PARQUET:field_id"}, {std::to_string(*mapped->field_id)}));
}

}  // namespace

arrow::FieldVector WithMappedIds(const arrow::FieldVector& fields, const NameMapping& mapping) {
  arrow::FieldVector result;
  for (const auto& field : fields) result.push_back(WithId(field, FindMapped(mapping, field->name())));
  return result;
}

void GiveMappedIds(std::vector<parquet::arrow::SchemaField>& fields, const NameMapping& mapping) {
  for (auto& field : fields) {
    const MappedField* mapped = FindMapped(mapping, field.field->name());
    field.field = WithId(field.field, mapped);
    if (field.field->type()->id() == arrow::Type::STRUCT) GiveMappedIds(field.children, FieldsBelow(mapped));
  }
}

}  // namespace k2i::datafile
