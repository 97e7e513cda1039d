// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "iceberg/model/partition_spec.h"

namespace k2i::iceberg {
namespace {

struct KindName {
  TransformKind kind;
  std::string_view name;
  bool has_parameter;
};

constexpr std::array kKindNames = {
    KindName{TransformKind::kIdentity, "identity", false}, KindName{TransformKind::kBucket, "bucket", true},
    KindName{TransformKind::kTruncate, "truncate", true},  KindName{TransformKind::kYear, "year", false},
    KindName{TransformKind::kMonth, "month", false},       KindName{TransformKind::kDay, "day", false},
    KindName{TransformKind::kHour, "hour", false},         KindName{TransformKind::kVoid, "void", false},
};

/// The positive number in "[16]".
std::optional<int32_t> ParseParameter(std::string_view text) {
  if (text.size() < 3 || text.front() != '[' || text.back() != ']') return std::nullopt;
  int32_t value = 0;
  const char* end = text.data() + text.size() - 1;
  const auto parsed = std::from_chars(text.data() + 1, end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end || value <= 0) return std::nullopt;
  return value;
}

bool IsTimestamp(TypeId id) {
  return id == TypeId::kTimestamp || id == TypeId::kTimestampTz || id == TypeId::kTimestampNs ||
         id == TypeId::kTimestampTzNs;
}

bool CanBucket(const Type& type) {
  return !type.is_nested() && type.id() != TypeId::kBoolean && type.id() != TypeId::kFloat &&
         type.id() != TypeId::kDouble && type.id() != TypeId::kUnknown;
}

bool CanTruncate(TypeId id) {
  return id == TypeId::kInt || id == TypeId::kLong || id == TypeId::kDecimal || id == TypeId::kString ||
         id == TypeId::kBinary;
}

bool CanApply(TransformKind kind, const Type& source) {
  switch (kind) {
    case TransformKind::kIdentity:
      return !source.is_nested();
    case TransformKind::kBucket:
      return CanBucket(source);
    case TransformKind::kTruncate:
      return CanTruncate(source.id());
    case TransformKind::kYear:
    case TransformKind::kMonth:
    case TransformKind::kDay:
      return source.id() == TypeId::kDate || IsTimestamp(source.id());
    case TransformKind::kHour:
      return IsTimestamp(source.id());
    case TransformKind::kVoid:
      return true;
  }
  return false;
}

}  // namespace

Result<Transform> Transform::Parse(const std::string& text) {
  for (const KindName& known : kKindNames) {
    if (!text.starts_with(known.name)) continue;
    const std::string_view rest = std::string_view(text).substr(known.name.size());
    if (!known.has_parameter && rest.empty()) return Transform{known.kind, 0};
    const auto parameter = known.has_parameter ? ParseParameter(rest) : std::nullopt;
    if (parameter.has_value()) return Transform{known.kind, *parameter};
  }
  return Fail(
      ErrorCode::kInvalidArgument,
      fmt::format("'{}' is not a partition transform (identity, bucket[N], truncate[W], year, month, day, hour, "
                  "void)",
                  text));
}

std::string Transform::ToString() const {
  for (const KindName& known : kKindNames) {
    if (known.kind != kind) continue;
    return known.has_parameter ? fmt::format("{}[{}]", known.name, parameter) : std::string(known.name);
  }
  return "void";
}

Result<TypePtr> Transform::ResultType(const TypePtr& source) const {
  if (!CanApply(kind, *source)) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("transform {} cannot be applied to {}", ToString(), source->ToString()));
  }
  switch (kind) {
    case TransformKind::kBucket:
    case TransformKind::kYear:
    case TransformKind::kMonth:
    case TransformKind::kHour:
      return Type::Primitive(TypeId::kInt);
    case TransformKind::kDay:
      return Type::Primitive(TypeId::kDate);
    default:
      return source;
  }
}

}  // namespace k2i::iceberg
