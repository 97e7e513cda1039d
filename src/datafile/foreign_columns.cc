// SPDX-License-Identifier: Apache-2.0
// Arrow's types, as Parquet files are read, to Iceberg's.
#include <arrow/extension_type.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>

#include "datafile/arrow_status.h"
#include "datafile/foreign_file.h"
#include "datafile/projection.h"
#include "datafile/store_input_file.h"

namespace k2i::datafile {
namespace {

using iceberg::NestedField;
using iceberg::Type;
using iceberg::TypeId;
using iceberg::TypePtr;

Result<TypePtr> ToIceberg(const arrow::DataType& type);

Result<NestedField> FieldOf(const arrow::Field& field) {
  NestedField result{.field_id = FieldIdOf(field).value_or(0), .name = field.name(), .type = nullptr};
  auto type = ToIceberg(*field.type());
  if (!type) return std::unexpected(type.error().With("column " + field.name()));
  result.type = *std::move(type);
  return result;
}

Result<TypePtr> OfTimestamp(const arrow::TimestampType& type) {
  const bool zoned = !type.timezone().empty();
  if (type.unit() == arrow::TimeUnit::NANO) {
    return Type::Primitive(zoned ? TypeId::kTimestampTzNs : TypeId::kTimestampNs);
  }
  return Type::Primitive(zoned ? TypeId::kTimestampTz : TypeId::kTimestamp);
}

Result<TypePtr> OfNested(const arrow::DataType& type) {
  if (type.id() == arrow::Type::STRUCT) {
    std::vector<NestedField> fields;
    for (const auto& field : type.fields()) {
      K2I_ASSIGN_OR_RETURN(fields.emplace_back(), FieldOf(*field));
    }
    return Type::Struct(std::move(fields));
  }
  if (type.id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(type);
    K2I_ASSIGN_OR_RETURN(NestedField key, FieldOf(*map.key_field()));
    K2I_ASSIGN_OR_RETURN(NestedField value, FieldOf(*map.item_field()));
    return Type::Map(std::move(key), std::move(value));
  }
  K2I_ASSIGN_OR_RETURN(NestedField element, FieldOf(*type.field(0)));
  return Type::List(std::move(element));
}

Result<TypePtr> ToIceberg(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return Type::Primitive(TypeId::kBoolean);
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::UINT8:
    case arrow::Type::UINT16:
      return Type::Primitive(TypeId::kInt);
    case arrow::Type::INT64:
    case arrow::Type::UINT32:
      return Type::Primitive(TypeId::kLong);
    case arrow::Type::FLOAT:
      return Type::Primitive(TypeId::kFloat);
    case arrow::Type::DOUBLE:
      return Type::Primitive(TypeId::kDouble);
    case arrow::Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(type);
      return Type::Decimal(decimal.precision(), decimal.scale());
    }
    case arrow::Type::DATE32:
      return Type::Primitive(TypeId::kDate);
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
      return Type::Primitive(TypeId::kTime);
    case arrow::Type::TIMESTAMP:
      return OfTimestamp(static_cast<const arrow::TimestampType&>(type));
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
      return Type::Primitive(TypeId::kString);
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
      return Type::Primitive(TypeId::kBinary);
    case arrow::Type::FIXED_SIZE_BINARY:
      return Type::Fixed(static_cast<const arrow::FixedSizeBinaryType&>(type).byte_width());
    case arrow::Type::DICTIONARY:
      return ToIceberg(*static_cast<const arrow::DictionaryType&>(type).value_type());
    case arrow::Type::STRUCT:
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::MAP:
      return OfNested(type);
    case arrow::Type::EXTENSION:
      if (static_cast<const arrow::ExtensionType&>(type).extension_name() == "arrow.uuid") {
        return Type::Primitive(TypeId::kUuid);
      }
      [[fallthrough]];
    default:
      return Fail(ErrorCode::kNotSupported, "Iceberg has no type for " + type.ToString(), Component::kStorage);
  }
}

}  // namespace

Result<iceberg::Schema> ColumnsOfFile(io::ObjectStore& store, const std::string& location, arrow::MemoryPool* pool) {
  K2I_ASSIGN_OR_RETURN(auto input, store.OpenForRead(location));
  const auto file = std::make_shared<StoreInputFile>(std::move(input), pool);
  auto schema = CatchAll([&]() -> Result<iceberg::Schema> {
    parquet::ArrowReaderProperties properties(/*use_threads=*/false);
    properties.set_coerce_int96_timestamp_unit(arrow::TimeUnit::MICRO);
    K2I_ASSIGN_OR_RETURN(const auto reader, FromArrow(parquet::arrow::FileReader::Make(
                                                pool, parquet::ParquetFileReader::Open(file), properties)));
    std::vector<NestedField> fields;
    const parquet::SchemaDescriptor& columns = *reader->parquet_reader()->metadata()->schema();
    for (const auto& field : reader->manifest().schema_fields) {
      K2I_ASSIGN_OR_RETURN(fields.emplace_back(), FieldOf(*field.field));
      // Moments in UTC, as who still writes them means it; Parquet itself has no zone for them.
      const bool int96 = field.is_leaf() && columns.Column(field.column_index)->physical_type() == parquet::Type::INT96;
      if (int96) fields.back().type = Type::Primitive(TypeId::kTimestampTz);
    }
    return iceberg::Schema{.type = Type::Struct(std::move(fields))};
  });
  if (schema) return schema;
  Error error = std::move(schema).error();
  if (const auto behind = file->store_error()) error = *behind;
  if (error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kInternal) {
    error.code = ErrorCode::kCorruption;
  }
  return std::unexpected(error.With(location).In(Component::kStorage));
}

}  // namespace k2i::datafile
