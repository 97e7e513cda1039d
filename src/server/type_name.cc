// SPDX-License-Identifier: Apache-2.0
#include <arrow/extension_type.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "server/value_text.h"

namespace k2i::server {
namespace {

std::string FieldType(const arrow::Field& field) { return TypeName(*field.type()); }

std::string StructName(const arrow::DataType& type) {
  std::string name = "struct<";
  for (const auto& field : type.fields()) {
    if (name.back() != '<') name += ", ";
    name += field->name() + ": " + FieldType(*field);
  }
  return name + ">";
}

std::string TimestampName(const arrow::TimestampType& type) {
  const std::string name = type.timezone().empty() ? "timestamp" : "timestamptz";
  return type.unit() == arrow::TimeUnit::NANO ? name + "_ns" : name;
}

}  // namespace

std::string TypeName(const arrow::DataType& type) {
  using arrow::Type;
  switch (type.id()) {
    case Type::BOOL:
      return "boolean";
    case Type::INT8:
    case Type::INT16:
    case Type::UINT8:
    case Type::UINT16:
    case Type::INT32:
      return "int";
    case Type::UINT32:
    case Type::INT64:
      return "long";
    case Type::HALF_FLOAT:
    case Type::FLOAT:
      return "float";
    case Type::DOUBLE:
      return "double";
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL128:
    case Type::DECIMAL256: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(type);
      return fmt::format("decimal({}, {})", decimal.precision(), decimal.scale());
    }
    case Type::DATE32:
    case Type::DATE64:
      return "date";
    case Type::TIME32:
    case Type::TIME64:
      return "time";
    case Type::TIMESTAMP:
      return TimestampName(static_cast<const arrow::TimestampType&>(type));
    case Type::STRING:
    case Type::LARGE_STRING:
    case Type::STRING_VIEW:
      return "string";
    case Type::BINARY:
    case Type::LARGE_BINARY:
    case Type::BINARY_VIEW:
      return "binary";
    case Type::FIXED_SIZE_BINARY:
      return fmt::format("fixed[{}]", static_cast<const arrow::FixedSizeBinaryType&>(type).byte_width());
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::FIXED_SIZE_LIST:
      return "list<" + FieldType(*type.field(0)) + ">";
    case Type::STRUCT:
      return StructName(type);
    case Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      return "map<" + TypeName(*map.key_type()) + ", " + TypeName(*map.item_type()) + ">";
    }
    case Type::DICTIONARY:
      return TypeName(*static_cast<const arrow::DictionaryType&>(type).value_type());
    case Type::EXTENSION: {
      const auto& extension = static_cast<const arrow::ExtensionType&>(type);
      return extension.extension_name() == "arrow.uuid" ? "uuid" : TypeName(*extension.storage_type());
    }
    default:
      return type.ToString();
  }
}

}  // namespace k2i::server
