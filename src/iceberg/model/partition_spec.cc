// SPDX-License-Identifier: Apache-2.0
#include "iceberg/model/partition_spec.h"

#include <fmt/format.h>

#include <utility>

#include "base/calendar.h"

namespace k2i::iceberg {
namespace {

/// Type of a partition field whose source column has been dropped: known for transforms of one result type only.
Result<TypePtr> ResultTypeWithoutSource(const PartitionField& field) {
  switch (field.transform.kind) {
    case TransformKind::kBucket:
    case TransformKind::kYear:
    case TransformKind::kMonth:
    case TransformKind::kHour:
      return Type::Primitive(TypeId::kInt);
    case TransformKind::kDay:
      return Type::Primitive(TypeId::kDate);
    case TransformKind::kVoid:
      return Type::Primitive(TypeId::kUnknown);
    default:
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("partition field {} is made from column id {}, which the schema does not have",
                              field.name, field.source_id));
  }
}

Result<TypePtr> ResultTypeOf(const PartitionField& field, const Schema& schema) {
  const NestedField* source = schema.FindField(field.source_id);
  if (source == nullptr) return ResultTypeWithoutSource(field);
  auto type = field.transform.ResultType(source->type);
  if (!type.has_value()) return std::unexpected(type.error().With("partition field " + field.name));
  return type;
}

std::string HumanHour(int64_t hours_since_epoch) {
  return fmt::format("{}-{:02}", calendar::FormatDate(calendar::FloorDiv(hours_since_epoch, 24)),
                     calendar::FloorMod(hours_since_epoch, 24));
}

std::string HumanMonth(int64_t months_since_epoch) {
  return fmt::format("{:04}-{:02}", 1970 + calendar::FloorDiv(months_since_epoch, 12),
                     1 + calendar::FloorMod(months_since_epoch, 12));
}

std::string HumanValue(const Transform& transform, const Type& result_type, const Literal& value) {
  const auto* ordinal = std::get_if<int32_t>(&value);
  if (ordinal != nullptr) {
    if (transform.kind == TransformKind::kYear) return fmt::format("{:04}", 1970 + int64_t{*ordinal});
    if (transform.kind == TransformKind::kMonth) return HumanMonth(*ordinal);
    if (transform.kind == TransformKind::kHour) return HumanHour(*ordinal);
  }
  return ToHumanString(result_type, value);
}

/// The encoding of HTML forms, which Java's URLEncoder does: space becomes '+', and '*' stays.
std::string UrlEncode(const std::string& text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                       c == '-' || c == '*' || c == '_';
    if (plain) {
      encoded += c;
    } else if (c == ' ') {
      encoded += '+';
    } else {
      encoded += fmt::format("%{:02X}", static_cast<uint8_t>(c));
    }
  }
  return encoded;
}

}  // namespace

Result<TypePtr> PartitionSpec::PartitionType(const Schema& schema) const {
  std::vector<NestedField> partition_fields;
  for (const PartitionField& field : fields) {
    K2I_ASSIGN_OR_RETURN(TypePtr type, ResultTypeOf(field, schema));
    partition_fields.push_back({.field_id = field.field_id, .name = field.name, .type = std::move(type)});
  }
  return Type::Struct(std::move(partition_fields));
}

Result<std::string> PartitionPath(const PartitionSpec& spec, const Schema& schema, const PartitionTuple& tuple) {
  if (tuple.size() != spec.fields.size()) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("a partition of {} values for a spec of {} fields", tuple.size(), spec.fields.size()));
  }
  std::string path;
  for (size_t i = 0; i < tuple.size(); ++i) {
    const PartitionField& field = spec.fields[i];
    K2I_ASSIGN_OR_RETURN(const TypePtr type, ResultTypeOf(field, schema));
    if (i > 0) path += '/';
    path += UrlEncode(field.name) + "=" + UrlEncode(HumanValue(field.transform, *type, tuple[i]));
  }
  return path;
}

}  // namespace k2i::iceberg
