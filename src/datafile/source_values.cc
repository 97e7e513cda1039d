// SPDX-License-Identifier: Apache-2.0
#include "datafile/source_values.h"

#include <arrow/array.h>

#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>

namespace k2i::datafile {
namespace {

using iceberg::Literal;
using iceberg::TransformKind;
using iceberg::Type;
using iceberg::TypeId;

int64_t FloorDivide(int64_t value, int64_t by) {
  const int64_t quotient = value / by;
  return quotient * by > value ? quotient - 1 : quotient;
}

/// Gives out group numbers by key; `sample` makes the literal of a key not met before.
template <typename Key>
class Grouper {
 public:
  explicit Grouper(SourceGroups& groups) : groups_(groups) {}

  void AddNull() {
    if (null_group_ < 0) null_group_ = NewGroup();
    groups_.index.push_back(null_group_);
  }

  template <typename Sample>
  void Add(const Key& key, Sample sample) {
    // Neighbours are mostly alike: the same day, the same tenant.
    if (last_group_ < 0 || key != last_key_) {
      const auto [found, inserted] = numbers_.try_emplace(key, 0);
      if (inserted) found->second = NewGroup(sample());
      last_key_ = key;
      last_group_ = found->second;
    }
    groups_.index.push_back(last_group_);
  }

 private:
  template <typename... Sample>
  int32_t NewGroup(Sample&&... sample) {
    groups_.samples.emplace_back(std::forward<Sample>(sample)...);
    return static_cast<int32_t>(groups_.samples.size()) - 1;
  }

  SourceGroups& groups_;
  std::unordered_map<Key, int32_t> numbers_;
  Key last_key_{};
  int32_t last_group_ = -1;
  int32_t null_group_ = -1;
};

int64_t UnitsPerDay(TypeId id) {
  constexpr int64_t kMicros = int64_t{86'400} * 1'000'000;
  switch (id) {
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      return kMicros;
    case TypeId::kTimestampNs:
    case TypeId::kTimestampTzNs:
      return kMicros * 1000;
    default:
      return 1;  // date
  }
}

/// Source values in one interval of this length, counted from zero, have one value under the transform.
int64_t Interval(const iceberg::Transform& transform, TypeId id) {
  switch (transform.kind) {
    case TransformKind::kYear:
    case TransformKind::kMonth:
    case TransformKind::kDay:
      return UnitsPerDay(id);
    case TransformKind::kHour:
      return UnitsPerDay(id) / 24;
    case TransformKind::kTruncate:
      return transform.parameter;
    default:
      return 1;
  }
}

template <typename ArrayType>
void GroupIntegers(const arrow::Array& array, int64_t interval, SourceGroups& groups) {
  const auto& values = static_cast<const ArrayType&>(array);
  using Value = std::remove_cvref_t<decltype(values.Value(0))>;
  using Rep = std::conditional_t<sizeof(Value) == 8, int64_t, int32_t>;
  Grouper<int64_t> grouper(groups);
  for (int64_t i = 0; i < array.length(); ++i) {
    if (array.IsNull(i)) {
      grouper.AddNull();
      continue;
    }
    const Rep value = static_cast<Rep>(values.Value(i));
    grouper.Add(interval == 1 ? value : FloorDivide(value, interval), [value] { return value; });
  }
}

void GroupBooleans(const arrow::Array& array, SourceGroups& groups) {
  const auto& values = static_cast<const arrow::BooleanArray&>(array);
  Grouper<int> grouper(groups);
  for (int64_t i = 0; i < array.length(); ++i) {
    const bool value = values.Value(i);
    array.IsNull(i) ? grouper.AddNull() : grouper.Add(value, [value] { return value; });
  }
}

template <typename Value>
Literal Copied(std::string_view bytes) {
  Value value;
  std::memcpy(&value, bytes.data(), sizeof(value));
  return value;
}

Literal LiteralOf(TypeId id, std::string_view bytes) {
  switch (id) {
    case TypeId::kFloat:
      return Copied<float>(bytes);
    case TypeId::kDouble:
      return Copied<double>(bytes);
    case TypeId::kDecimal:
      return Copied<iceberg::Decimal128>(bytes);
    case TypeId::kUuid:
      return Copied<iceberg::UuidBytes>(bytes);
    case TypeId::kString:
      return std::string(bytes);
    default:
      return iceberg::Bytes{std::string(bytes)};
  }
}

void GroupText(const arrow::Array& array, TypeId id, SourceGroups& groups) {
  const auto& values = static_cast<const arrow::BinaryArray&>(array);
  Grouper<std::string_view> grouper(groups);
  for (int64_t i = 0; i < array.length(); ++i) {
    const std::string_view value = values.GetView(i);
    array.IsNull(i) ? grouper.AddNull() : grouper.Add(value, [&] { return LiteralOf(id, value); });
  }
}

void GroupFixedWidth(const arrow::Array& array, TypeId id, SourceGroups& groups) {
  const auto width = static_cast<size_t>(array.type()->byte_width());
  const auto* bytes = reinterpret_cast<const char*>(array.data()->buffers[1]->data()) + array.offset() * width;
  Grouper<std::string_view> grouper(groups);
  for (int64_t i = 0; i < array.length(); ++i) {
    const std::string_view value(bytes + i * width, width);
    array.IsNull(i) ? grouper.AddNull() : grouper.Add(value, [&] { return LiteralOf(id, value); });
  }
}

}  // namespace

Result<SourceGroups> GroupSourceValues(const arrow::Array& values, const Type& type,
                                       const iceberg::Transform& transform) {
  SourceGroups groups;
  groups.index.reserve(static_cast<size_t>(values.length()));
  const int64_t interval = Interval(transform, type.id());
  if (transform.kind == TransformKind::kVoid) {
    groups.index.assign(static_cast<size_t>(values.length()), 0);
    groups.samples.emplace_back();
    return groups;
  }
  switch (type.id()) {
    case TypeId::kBoolean:
      GroupBooleans(values, groups);
      break;
    case TypeId::kInt:
    case TypeId::kDate:
      GroupIntegers<arrow::NumericArray<arrow::Int32Type>>(values, interval, groups);
      break;
    case TypeId::kLong:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestampTzNs:
      GroupIntegers<arrow::NumericArray<arrow::Int64Type>>(values, interval, groups);
      break;
    case TypeId::kString:
    case TypeId::kBinary:
      GroupText(values, type.id(), groups);
      break;
    case TypeId::kFloat:
    case TypeId::kDouble:
    case TypeId::kDecimal:
    case TypeId::kUuid:
    case TypeId::kFixed:
      GroupFixedWidth(values, type.id(), groups);
      break;
    default:
      return Fail(ErrorCode::kNotSupported, "partitioning by " + type.ToString());
  }
  return groups;
}

}  // namespace k2i::datafile
