// SPDX-License-Identifier: Apache-2.0
#include "iceberg/model/type.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace k2i::iceberg {
namespace {

struct PrimitiveName {
  TypeId id;
  std::string_view name;
};

constexpr std::array kPrimitiveNames = {
    PrimitiveName{TypeId::kBoolean, "boolean"},
    PrimitiveName{TypeId::kInt, "int"},
    PrimitiveName{TypeId::kLong, "long"},
    PrimitiveName{TypeId::kFloat, "float"},
    PrimitiveName{TypeId::kDouble, "double"},
    PrimitiveName{TypeId::kDate, "date"},
    PrimitiveName{TypeId::kTime, "time"},
    PrimitiveName{TypeId::kTimestamp, "timestamp"},
    PrimitiveName{TypeId::kTimestampTz, "timestamptz"},
    PrimitiveName{TypeId::kTimestampNs, "timestamp_ns"},
    PrimitiveName{TypeId::kTimestampTzNs, "timestamptz_ns"},
    PrimitiveName{TypeId::kString, "string"},
    PrimitiveName{TypeId::kUuid, "uuid"},
    PrimitiveName{TypeId::kBinary, "binary"},
    PrimitiveName{TypeId::kUnknown, "unknown"},
};

/// Reads the decimal number at the front of `text`, with spaces around it, and drops both.
bool TakeNumber(std::string_view& text, int& number) {
  auto skip_spaces = [&] {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  };
  skip_spaces();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  skip_spaces();
  return true;
}

bool TakeChar(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

TypePtr ParseDecimal(std::string_view text) {
  text.remove_prefix(std::string_view("decimal").size());
  int precision = 0, scale = 0;
  const bool ok = TakeChar(text, '(') && TakeNumber(text, precision) && TakeChar(text, ',') &&
                  TakeNumber(text, scale) && TakeChar(text, ')') && text.empty();
  if (!ok || precision < 1 || precision > 38 || scale > precision) return nullptr;
  return Type::Decimal(precision, scale);
}

TypePtr ParseFixed(std::string_view text) {
  text.remove_prefix(std::string_view("fixed").size());
  int length = 0;
  const bool ok = TakeChar(text, '[') && TakeNumber(text, length) && TakeChar(text, ']') && text.empty();
  return ok ? Type::Fixed(length) : nullptr;
}

std::string FieldText(const NestedField& field) {
  return fmt::format("{}: {}: {} {}", field.field_id, field.name, field.optional ? "optional" : "required",
                     field.type->ToString());
}

bool SameField(const NestedField& a, const NestedField& b) {
  return a.field_id == b.field_id && a.name == b.name && a.optional == b.optional && a.type->Equals(*b.type);
}

}  // namespace

TypePtr Type::Primitive(TypeId id) { return TypePtr(new Type(id)); }

TypePtr Type::Decimal(int precision, int scale) {
  std::shared_ptr<Type> type(new Type(TypeId::kDecimal));
  type->precision_ = precision;
  type->scale_ = scale;
  return type;
}

TypePtr Type::Fixed(int length) {
  std::shared_ptr<Type> type(new Type(TypeId::kFixed));
  type->length_ = length;
  return type;
}

TypePtr Type::Struct(std::vector<NestedField> fields, OtherMembers other) {
  std::shared_ptr<Type> type(new Type(TypeId::kStruct));
  type->fields_ = std::move(fields);
  type->other_ = std::move(other);
  return type;
}

TypePtr Type::List(NestedField element, OtherMembers other) {
  std::shared_ptr<Type> type(new Type(TypeId::kList));
  type->other_ = std::move(other);
  element.name = "element";
  type->fields_.push_back(std::move(element));
  return type;
}

TypePtr Type::Map(NestedField key, NestedField value, OtherMembers other) {
  std::shared_ptr<Type> type(new Type(TypeId::kMap));
  type->other_ = std::move(other);
  key.name = "key";
  key.optional = false;
  value.name = "value";
  type->fields_.push_back(std::move(key));
  type->fields_.push_back(std::move(value));
  return type;
}

std::string Type::ToString() const {
  switch (id_) {
    case TypeId::kDecimal:
      return fmt::format("decimal({},{})", precision_, scale_);
    case TypeId::kFixed:
      return fmt::format("fixed[{}]", length_);
    case TypeId::kList:
      return fmt::format("list<{}>", fields_[0].type->ToString());
    case TypeId::kMap:
      return fmt::format("map<{}, {}>", fields_[0].type->ToString(), fields_[1].type->ToString());
    case TypeId::kStruct: {
      std::string text;
      for (const NestedField& field : fields_) text += (text.empty() ? "" : ", ") + FieldText(field);
      return "struct<" + text + ">";
    }
    default:
      return std::string(std::ranges::find(kPrimitiveNames, id_, &PrimitiveName::id)->name);
  }
}

bool Type::Equals(const Type& other) const {
  return id_ == other.id_ && precision_ == other.precision_ && scale_ == other.scale_ && length_ == other.length_ &&
         std::ranges::equal(fields_, other.fields_, SameField);
}

Result<TypePtr> ParsePrimitiveType(const std::string& name) {
  const auto* known = std::ranges::find(kPrimitiveNames, name, &PrimitiveName::name);
  if (known != kPrimitiveNames.end()) return Type::Primitive(known->id);
  TypePtr type;
  if (name.starts_with("decimal")) type = ParseDecimal(name);
  if (name.starts_with("fixed")) type = ParseFixed(name);
  if (type == nullptr) return Fail(ErrorCode::kInvalidArgument, fmt::format("'{}' is not an Iceberg type", name));
  return type;
}

int MinFormatVersion(const Type& type) {
  switch (type.id()) {
    case TypeId::kTimestampNs:
    case TypeId::kTimestampTzNs:
    case TypeId::kUnknown:
      return 3;
    default: {
      int version = 1;
      for (const NestedField& field : type.fields()) version = std::max(version, MinFormatVersion(*field.type));
      return version;
    }
  }
}

}  // namespace k2i::iceberg
