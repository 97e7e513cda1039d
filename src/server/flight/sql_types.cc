// SPDX-License-Identifier: Apache-2.0
#include "server/flight/sql_types.h"

#include <arrow/extension_type.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>

#include <optional>

namespace k2i::server::flight {
namespace {

std::string StructName(const arrow::DataType& type) {
  std::string members;
  for (const auto& field : type.fields()) {
    if (!members.empty()) members += ", ";
    members += field->name() + " " + SqlTypeName(*field->type());
  }
  return "STRUCT(" + members + ")";
}

std::string TimestampName(const arrow::TimestampType& type) {
  if (!type.timezone().empty()) return "TIMESTAMP WITH TIME ZONE";
  switch (type.unit()) {
    case arrow::TimeUnit::SECOND:
      return "TIMESTAMP_S";
    case arrow::TimeUnit::MILLI:
      return "TIMESTAMP_MS";
    case arrow::TimeUnit::MICRO:
      return "TIMESTAMP";
    case arrow::TimeUnit::NANO:
      return "TIMESTAMP_NS";
  }
  return "TIMESTAMP";
}

std::string NestedName(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::STRUCT:
      return StructName(type);
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      return fmt::format("MAP({}, {})", SqlTypeName(*map.key_type()), SqlTypeName(*map.item_type()));
    }
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::FIXED_SIZE_LIST:
      return SqlTypeName(*type.field(0)->type()) + "[]";
    default:
      return type.ToString();
  }
}

std::optional<std::pair<int32_t, int32_t>> PrecisionAndScale(const arrow::DataType& type) {
  if (!arrow::is_decimal(type.id())) return std::nullopt;
  const auto& decimal = static_cast<const arrow::DecimalType&>(type);
  return std::pair(decimal.precision(), decimal.scale());
}

}  // namespace

std::string SqlTypeName(const arrow::DataType& type) {
  if (const auto digits = PrecisionAndScale(type)) return fmt::format("DECIMAL({},{})", digits->first, digits->second);
  switch (type.id()) {
    case arrow::Type::NA:
      return "\"NULL\"";
    case arrow::Type::BOOL:
      return "BOOLEAN";
    case arrow::Type::INT8:
      return "TINYINT";
    case arrow::Type::INT16:
      return "SMALLINT";
    case arrow::Type::INT32:
      return "INTEGER";
    case arrow::Type::INT64:
      return "BIGINT";
    case arrow::Type::UINT8:
      return "UTINYINT";
    case arrow::Type::UINT16:
      return "USMALLINT";
    case arrow::Type::UINT32:
      return "UINTEGER";
    case arrow::Type::UINT64:
      return "UBIGINT";
    case arrow::Type::FLOAT:
      return "FLOAT";
    case arrow::Type::DOUBLE:
      return "DOUBLE";
    case arrow::Type::STRING:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::LARGE_STRING:
      return "VARCHAR";
    case arrow::Type::BINARY:
    case arrow::Type::BINARY_VIEW:
    case arrow::Type::FIXED_SIZE_BINARY:
    case arrow::Type::LARGE_BINARY:
      return "BLOB";
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
      return "DATE";
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
      return "TIME";
    case arrow::Type::TIMESTAMP:
      return TimestampName(static_cast<const arrow::TimestampType&>(type));
    case arrow::Type::DICTIONARY:
      return SqlTypeName(*static_cast<const arrow::DictionaryType&>(type).value_type());
    case arrow::Type::EXTENSION: {
      const auto& extension = static_cast<const arrow::ExtensionType&>(type);
      return extension.extension_name() == "arrow.uuid" ? "UUID" : SqlTypeName(*extension.storage_type());
    }
    default:
      return NestedName(type);
  }
}

std::shared_ptr<arrow::Field> AsColumn(const std::shared_ptr<arrow::Field>& field, const std::string& database,
                                       const std::string& table) {
  auto metadata = field->HasMetadata() ? field->metadata()->Copy() : arrow::key_value_metadata({}, {});
  const auto set = [&](std::string_view name, std::string value) {
    metadata->Append(fmt::format("ARROW:FLIGHT:SQL:{}", name), std::move(value));
  };
  set("DB_SCHEMA_NAME", database);
  set("TABLE_NAME", table);
  set("TYPE_NAME", SqlTypeName(*field->type()));
  if (const auto digits = PrecisionAndScale(*field->type())) {
    set("PRECISION", std::to_string(digits->first));
    set("SCALE", std::to_string(digits->second));
  }
  set("IS_AUTO_INCREMENT", "0");
  set("IS_CASE_SENSITIVE", arrow::is_base_binary_like(field->type()->id()) ? "1" : "0");
  set("IS_READ_ONLY", "1");
  set("IS_SEARCHABLE", "1");
  return field->WithMetadata(metadata);
}

}  // namespace k2i::server::flight
