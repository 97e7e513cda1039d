// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/metastore_type.h"

#include "base/ascii.h"

namespace k2i::iceberg {
namespace {

std::string StructType(const Type& type, const MetastoreTypeNames& names) {
  std::string fields;
  for (const NestedField& field : type.fields()) {
    if (!fields.empty()) fields += ",";
    fields += (names.lower_case ? LowerAscii(field.name) : field.name) + ":" + MetastoreType(*field.type, names);
  }
  return "struct<" + fields + ">";
}

}  // namespace

std::string MetastoreType(const Type& type, const MetastoreTypeNames& names) {
  const auto nested = [&](size_t i) { return MetastoreType(*type.fields()[i].type, names); };
  switch (type.id()) {
    case TypeId::kBoolean:
      return "boolean";
    case TypeId::kInt:
      return "int";
    case TypeId::kLong:
      return "bigint";
    case TypeId::kFloat:
      return "float";
    case TypeId::kDouble:
      return "double";
    case TypeId::kDecimal:
      return "decimal(" + std::to_string(type.precision()) + "," + std::to_string(type.scale()) + ")";
    case TypeId::kDate:
      return "date";
    case TypeId::kTimestamp:
      return "timestamp";
    case TypeId::kTimestampTz:
      return names.timestamp_tz;
    case TypeId::kTimestampNs:
      return names.timestamp_ns;
    case TypeId::kTimestampTzNs:
      return names.timestamp_tz_ns;
    case TypeId::kUnknown:
      return names.unknown;
    case TypeId::kTime:
    case TypeId::kString:
    case TypeId::kUuid:
      return "string";
    case TypeId::kFixed:
    case TypeId::kBinary:
      return "binary";
    case TypeId::kStruct:
      return StructType(type, names);
    case TypeId::kList:
      return "array<" + nested(0) + ">";
    case TypeId::kMap:
      return "map<" + nested(0) + "," + nested(1) + ">";
  }
  return "string";
}

}  // namespace k2i::iceberg
