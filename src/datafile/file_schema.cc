// SPDX-License-Identifier: Apache-2.0
#include "datafile/file_schema.h"

#include <arrow/array/data.h>
#include <arrow/extension/uuid.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <utility>

#include "iceberg/model/arrow_schema.h"

namespace k2i::datafile {
namespace {

using iceberg::Type;
using iceberg::TypeId;

arrow::FieldVector ToFileFields(const Type& type, const arrow::FieldVector& fields);

/// `field` (ToArrowSchema's form of `type`) with uuids annotated.
std::shared_ptr<arrow::Field> ToFileField(const Type& type, const std::shared_ptr<arrow::Field>& field) {
  switch (type.id()) {
    case TypeId::kUuid:
      return field->WithType(arrow::extension::uuid());
    case TypeId::kStruct:
      return field->WithType(arrow::struct_(ToFileFields(type, field->type()->fields())));
    case TypeId::kList:
      return field->WithType(arrow::list(ToFileFields(type, field->type()->fields())[0]));
    case TypeId::kMap: {
      const auto& map = static_cast<const arrow::MapType&>(*field->type());
      arrow::FieldVector entry = ToFileFields(type, {map.key_field(), map.item_field()});
      return field->WithType(std::make_shared<arrow::MapType>(std::move(entry[0]), std::move(entry[1])));
    }
    default:
      return field;
  }
}

arrow::FieldVector ToFileFields(const Type& type, const arrow::FieldVector& fields) {
  arrow::FieldVector result;
  for (size_t i = 0; i < fields.size(); ++i) result.push_back(ToFileField(*type.fields()[i].type, fields[i]));
  return result;
}

/// The same buffers seen as `type`, which has the same layout.
std::shared_ptr<arrow::ArrayData> SeenAs(const arrow::ArrayData& data, const std::shared_ptr<arrow::DataType>& type) {
  std::shared_ptr<arrow::ArrayData> result = data.Copy();
  result->type = type;
  if (type->id() == arrow::Type::EXTENSION) return result;
  for (size_t i = 0; i < data.child_data.size(); ++i) {
    result->child_data[i] = SeenAs(*data.child_data[i], type->field(static_cast<int>(i))->type());
  }
  return result;
}

}  // namespace

Result<std::shared_ptr<arrow::Schema>> ToFileSchema(const iceberg::Schema& schema) {
  K2I_ASSIGN_OR_RETURN(auto arrow_schema, iceberg::ToArrowSchema(schema));
  return arrow::schema(ToFileFields(*schema.type, arrow_schema->fields()));
}

std::shared_ptr<arrow::RecordBatch> WithFileSchema(const arrow::RecordBatch& rows,
                                                   const std::shared_ptr<arrow::Schema>& file_schema) {
  std::vector<std::shared_ptr<arrow::ArrayData>> columns;
  for (int i = 0; i < rows.num_columns(); ++i) {
    columns.push_back(SeenAs(*rows.column_data(i), file_schema->field(i)->type()));
  }
  return arrow::RecordBatch::Make(file_schema, rows.num_rows(), std::move(columns));
}

Status CheckTypes(const arrow::RecordBatch& rows, const arrow::Schema& expected) {
  if (rows.schema().get() == &expected) return {};
  if (rows.num_columns() != expected.num_fields()) {
    return Fail(ErrorCode::kInvalidArgument, "batch has " + std::to_string(rows.num_columns()) +
                                                 " columns, table has " + std::to_string(expected.num_fields()));
  }
  for (int i = 0; i < rows.num_columns(); ++i) {
    const arrow::Field& want = *expected.field(i);
    const arrow::Field& have = *rows.schema()->field(i);
    if (have.name() == want.name() && have.type()->Equals(*want.type())) continue;
    return Fail(ErrorCode::kInvalidArgument, "batch column " + std::to_string(i) + " is " + have.ToString() +
                                                 ", table column is " + want.ToString());
  }
  return {};
}

}  // namespace k2i::datafile
