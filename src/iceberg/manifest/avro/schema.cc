// SPDX-License-Identifier: Apache-2.0
#include "iceberg/manifest/avro/schema.h"

#include <algorithm>
#include <utility>

namespace k2i::iceberg::avro {
int Type::FieldIndex(int32_t field_id) const {
  const auto found = std::ranges::find(fields, field_id, &Field::field_id);
  return found == fields.end() ? -1 : static_cast<int>(found - fields.begin());
}

TypePtr MakeType(Type type) {
  int deepest = 0;
  for (const Field& field : type.fields) deepest = std::max(deepest, field.type->depth);
  for (const TypePtr& part : type.parts) deepest = std::max(deepest, part->depth);
  type.depth = deepest + 1;
  return std::make_shared<const Type>(std::move(type));
}

TypePtr Primitive(Kind kind, std::string logical_type) {
  return MakeType({.kind = kind, .logical_type = std::move(logical_type)});
}

TypePtr Timestamp(bool nanos, bool adjust_to_utc) {
  return MakeType({.kind = Kind::kLong,
                   .logical_type = nanos ? "timestamp-nanos" : "timestamp-micros",
                   .adjust_to_utc = adjust_to_utc});
}

TypePtr Fixed(std::string name, int32_t size, std::string logical_type) {
  return MakeType(
      {.kind = Kind::kFixed, .name = std::move(name), .size = size, .logical_type = std::move(logical_type)});
}

TypePtr Decimal(std::string name, int32_t size, int precision, int scale) {
  return MakeType({.kind = Kind::kFixed,
                   .name = std::move(name),
                   .size = size,
                   .logical_type = "decimal",
                   .precision = precision,
                   .scale = scale});
}

TypePtr Record(std::string name, std::vector<Field> fields) {
  return MakeType({.kind = Kind::kRecord, .name = std::move(name), .fields = std::move(fields)});
}

TypePtr Array(TypePtr items, std::optional<int32_t> element_id, std::string logical_type) {
  return MakeType({.kind = Kind::kArray,
                   .parts = {std::move(items)},
                   .logical_type = std::move(logical_type),
                   .element_id = element_id});
}

TypePtr Optional(TypePtr type) {
  return MakeType({.kind = Kind::kUnion, .parts = {Primitive(Kind::kNull), std::move(type)}});
}

const Type* NonNull(const Type& type) {
  if (type.kind != Kind::kUnion) return &type;
  const Type* only = nullptr;
  for (const TypePtr& branch : type.parts) {
    if (branch->kind == Kind::kNull) continue;
    if (only != nullptr) return nullptr;
    only = branch.get();
  }
  return only;
}

}  // namespace k2i::iceberg::avro
