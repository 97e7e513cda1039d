// SPDX-License-Identifier: Apache-2.0
//
// iceberg/manifest/avro: the part of Apache Avro 1.12 that manifests need, in small: schemas with Iceberg's attributes
// (this file), binary values (binary.h), block codecs (codec.h) and object container files (container.h). Why not a
// library: docs/adr/0004-avro-container.md. Everything read is taken as hostile: Corruption, never a crash, unbounded
// memory or unbounded recursion.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace k2i::iceberg::avro {

enum class Kind {
  kNull,
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kBytes,
  kString,
  kFixed,
  kEnum,
  kRecord,
  kArray,
  kMap,
  kUnion,
};

struct Type;
using TypePtr = std::shared_ptr<const Type>;

struct Field {
  std::string name;
  TypePtr type;
  std::optional<int32_t> field_id;  // Iceberg's attribute "field-id"
  std::string doc;
  std::string iceberg_name;  // "iceberg-field-name": the name before it was made legal for Avro; empty: the same
};

/// A node of a schema; immutable once made. The nodes form a graph without cycles, at most kMaxSchemaDepth deep.
struct Type {
  Kind kind = Kind::kNull;
  std::string name;            // record, fixed, enum
  std::vector<Field> fields;   // record
  std::vector<TypePtr> parts;  // union: branches; array: {items}; map: {values}
  int32_t size = 0;            // fixed: bytes; enum: number of symbols
  std::string logical_type;    // "date", "decimal", "map" …; empty: none
  int precision = 0, scale = 0;
  std::optional<bool> adjust_to_utc;  // timestamps
  std::optional<int32_t> element_id;  // array
  int depth = 1;                      // 1 + that of the deepest part

  /// Position of the field with that id in a record, or -1.
  int FieldIndex(int32_t field_id) const;
};

inline constexpr int kMaxSchemaDepth = 64;

/// `type` with its depth, ready to share.
TypePtr MakeType(Type type);
TypePtr Primitive(Kind kind, std::string logical_type = "");
TypePtr Timestamp(bool nanos, bool adjust_to_utc);
TypePtr Fixed(std::string name, int32_t size, std::string logical_type = "");
TypePtr Decimal(std::string name, int32_t size, int precision, int scale);
TypePtr Record(std::string name, std::vector<Field> fields);
TypePtr Array(TypePtr items, std::optional<int32_t> element_id, std::string logical_type = "");
/// [null, type]
TypePtr Optional(TypePtr type);

/// A union's branch beside null when there is exactly one, `type` itself when it is no union, nullptr for other unions.
const Type* NonNull(const Type& type);

/// Corruption for text that is no Avro schema, is recursive or is nested deeper than kMaxSchemaDepth.
Result<TypePtr> ParseSchema(std::string_view json);
/// Fields whose type is an optional get the default null. REQUIRES: names of records and fixed differ, no enum, no map.
std::string SchemaJson(const Type& type);

}  // namespace k2i::iceberg::avro
