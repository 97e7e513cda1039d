// SPDX-License-Identifier: Apache-2.0
//
// iceberg/model: the table format's data structures (Iceberg spec v1-v3) and their JSON; no I/O.
// This file: types (spec: "Schemas and Data Types").
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "iceberg/model/literal.h"

namespace k2i::iceberg {

enum class TypeId {
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kDecimal,
  kDate,
  kTime,
  kTimestamp,
  kTimestampTz,
  kTimestampNs,
  kTimestampTzNs,
  kString,
  kUuid,
  kFixed,
  kBinary,
  kUnknown,
  kStruct,
  kList,
  kMap,
};

/// Members of a JSON object that we do not model, as JSON text by name: kept, so that a commit through a file-based
/// catalog loses nothing another engine wrote.
using OtherMembers = std::map<std::string, std::string>;

class Type;
using TypePtr = std::shared_ptr<const Type>;

/// A field of a struct; list elements and map keys and values are fields too (named element, key, value).
struct NestedField {
  int32_t field_id = 0;  // 0: not yet assigned
  std::string name;
  TypePtr type;
  bool optional = true;
  std::string doc;
  std::optional<Literal> initial_default;  // v3
  std::optional<Literal> write_default;    // v3
  OtherMembers other = {};
};

/// Immutable.
class Type {
 public:
  static TypePtr Primitive(TypeId id);               // not for decimal, fixed or nested
  static TypePtr Decimal(int precision, int scale);  // 1 ≤ precision ≤ 38
  static TypePtr Fixed(int length);
  static TypePtr Struct(std::vector<NestedField> fields, OtherMembers other = {});
  static TypePtr List(NestedField element, OtherMembers other = {});
  static TypePtr Map(NestedField key, NestedField value, OtherMembers other = {});

  TypeId id() const { return id_; }
  bool is_nested() const { return id_ == TypeId::kStruct || id_ == TypeId::kList || id_ == TypeId::kMap; }
  int precision() const { return precision_; }
  int scale() const { return scale_; }
  int length() const { return length_; }
  /// Struct: its fields; list: {element}; map: {key, value}.
  const std::vector<NestedField>& fields() const { return fields_; }
  const OtherMembers& other() const { return other_; }
  /// The spec's name: "long", "decimal(9,2)", "fixed[16]", "struct<…>".
  std::string ToString() const;
  /// Same shape, names, nullability and field ids.
  bool Equals(const Type& other) const;

 private:
  explicit Type(TypeId id) : id_(id) {}
  TypeId id_;
  int precision_ = 0, scale_ = 0, length_ = 0;
  std::vector<NestedField> fields_;
  OtherMembers other_;
};

/// Parses a primitive's name as it stands in metadata ("timestamptz", "decimal(9, 2)"). InvalidArgument otherwise.
Result<TypePtr> ParsePrimitiveType(const std::string& name);
/// The lowest format version that has the type (spec appendix "Format versions"): 1, 2 or 3.
int MinFormatVersion(const Type& type);

}  // namespace k2i::iceberg
