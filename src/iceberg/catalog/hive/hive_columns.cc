// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/hive/hive_columns.h"

#include <algorithm>
#include <set>

#include "base/ascii.h"

namespace k2i::iceberg {
namespace {

constexpr size_t kLongestComment = 256;  // the column COMMENT of a metastore over Derby

std::string StructType(const std::vector<NestedField>& fields) {
  std::string text = "struct<";
  for (const NestedField& field : fields) {
    if (&field != &fields.front()) text += ",";
    text += LowerAscii(field.name) + ":" + HiveType(*field.type);
  }
  return text + ">";
}

std::string Cut(std::string text) {
  if (text.size() <= kLongestComment) return text;
  size_t end = kLongestComment;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // not inside of a character
  return text.substr(0, end);
}

}  // namespace

std::string HiveType(const Type& type) {
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
    case TypeId::kTimestampNs:
      return "timestamp";
    case TypeId::kTimestampTz:
    case TypeId::kTimestampTzNs:
      return "timestamp with local time zone";
    case TypeId::kTime:
    case TypeId::kString:
    case TypeId::kUuid:
    case TypeId::kUnknown:
      return "string";
    case TypeId::kFixed:
    case TypeId::kBinary:
      return "binary";
    case TypeId::kStruct:
      return StructType(type.fields());
    case TypeId::kList:
      return "array<" + HiveType(*type.fields()[0].type) + ">";
    case TypeId::kMap:
      return "map<" + HiveType(*type.fields()[0].type) + "," + HiveType(*type.fields()[1].type) + ">";
  }
  return "string";
}

std::vector<HiveColumn> HiveColumns(const Schema& schema) {
  std::vector<HiveColumn> columns;
  std::set<std::string> seen;
  for (const NestedField& field : schema.fields()) {
    std::string name = LowerAscii(field.name);
    if (seen.insert(name).second) columns.push_back({std::move(name), HiveType(*field.type), Cut(field.doc)});
  }
  return columns;
}

}  // namespace k2i::iceberg
