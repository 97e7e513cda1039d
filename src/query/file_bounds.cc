// SPDX-License-Identifier: Apache-2.0
#include "query/file_bounds.h"

#include <algorithm>

namespace k2i::query {
namespace {

using iceberg::DataFile;
using iceberg::FieldSummary;
using iceberg::Literal;
using iceberg::PartitionField;
using iceberg::PartitionSpec;
using iceberg::Schema;
using iceberg::Transform;
using iceberg::TransformKind;
using iceberg::Type;
using iceberg::TypeId;

/// A bound as its column has it now; files from before a promotion have it in fewer bytes.
std::optional<Literal> ReadBound(const Type& type, const std::string& bytes) {
  if (type.id() == TypeId::kLong && bytes.size() == sizeof(int32_t)) {
    const auto narrow = iceberg::DeserializeLiteral(*Type::Primitive(TypeId::kInt), bytes);
    if (!narrow || iceberg::is_null(*narrow)) return std::nullopt;
    return Literal(int64_t{std::get<int32_t>(*narrow)});
  }
  if (type.id() == TypeId::kDouble && bytes.size() == sizeof(float)) {
    const auto narrow = iceberg::DeserializeLiteral(*Type::Primitive(TypeId::kFloat), bytes);
    if (!narrow || iceberg::is_null(*narrow)) return std::nullopt;
    return Literal(double{std::get<float>(*narrow)});
  }
  const auto value = iceberg::DeserializeLiteral(type, bytes);
  if (!value || iceberg::is_null(*value)) return std::nullopt;
  return *value;
}

std::optional<Literal> BoundIn(const std::map<int32_t, std::string>& bounds, int32_t id, const Type& type) {
  const auto it = bounds.find(id);
  return it == bounds.end() ? std::nullopt : ReadBound(type, it->second);
}

std::optional<int64_t> CountIn(const std::map<int32_t, int64_t>& counts, int32_t id) {
  const auto it = counts.find(id);
  return it == counts.end() ? std::nullopt : std::optional(it->second);
}

ColumnBounds BoundsInFile(const DataFile& file, int32_t id, const Type& type) {
  ColumnBounds bounds;
  // Writers have disagreed on how UUIDs compare.
  if (type.id() != TypeId::kUuid) {
    bounds.lower = BoundIn(file.lower_bounds, id, type);
    bounds.upper = BoundIn(file.upper_bounds, id, type);
  }
  const auto nulls = CountIn(file.null_value_counts, id);
  const auto values = CountIn(file.value_counts, id);
  bounds.may_have_null = nulls != 0;
  bounds.may_have_value = !(nulls && values && *nulls == *values);
  bounds.may_have_nan = IsFloating(type) && CountIn(file.nan_value_counts, id) != 0;
  return bounds;
}

/// `value` is one that each row of the file has.
ColumnBounds BoundsOfValue(const Literal& value) {
  if (iceberg::is_null(value)) return {{}, {}, true, false, false};
  return {value, value, false, true, true};
}

ColumnBounds BoundsOfSummary(const FieldSummary& summary, const Type& type) {
  ColumnBounds bounds;
  if (summary.lower_bound) bounds.lower = ReadBound(type, *summary.lower_bound);
  if (summary.upper_bound) bounds.upper = ReadBound(type, *summary.upper_bound);
  bounds.may_have_null = summary.contains_null;
  bounds.may_have_nan = IsFloating(type) && summary.contains_nan.value_or(true);
  // No bounds: all are null or NaN, or the writer gives none.
  return bounds;
}

/// Whether some row may meet `test`, as far as the partition fields made of its column tell. `bounds_of`: of the i-th
/// field, whose values are of the type given.
template <typename Bounds>
bool MayMatchPartition(const ColumnTest& test, const PartitionSpec& spec, const Schema& schema, Bounds bounds_of) {
  const auto* column = schema.FindField(test.field_id);
  if (column == nullptr) return true;
  for (size_t i = 0; i < spec.fields.size(); ++i) {
    const PartitionField& field = spec.fields[i];
    if (field.source_id != test.field_id) continue;
    const auto type = field.transform.ResultType(column->type);
    const auto projected = type ? ProjectTest(test, field.transform, *column->type) : std::nullopt;
    if (projected && !MayMatch(*projected, bounds_of(i, **type))) return false;
  }
  return true;
}

/// MayMatch of the tree, with `may` for its leaves.
template <typename May>
bool MayMatchTree(const Predicate& predicate, const May& may) {
  const auto child = [&](const Predicate& part) { return MayMatchTree(part, may); };
  switch (predicate.kind) {
    case Predicate::Kind::kTrue:
      return true;
    case Predicate::Kind::kAnd:
      return std::ranges::all_of(predicate.children, child);
    case Predicate::Kind::kOr:
      return std::ranges::any_of(predicate.children, child);
    case Predicate::Kind::kTest:
      break;
  }
  return may(predicate.test);
}

bool IsTime(TransformKind kind) {
  return kind == TransformKind::kYear || kind == TransformKind::kMonth || kind == TransformKind::kDay ||
         kind == TransformKind::kHour;
}

/// Before 1970 old writers rounded time units up: their partition value is the next one.
std::optional<Literal> NextBefore1970(const Transform& transform, const Literal& value) {
  const auto* unit = std::get_if<int32_t>(&value);
  if (!IsTime(transform.kind) || unit == nullptr || *unit >= 0) return std::nullopt;
  return Literal(*unit + 1);
}

}  // namespace

bool IsFloating(const Type& type) { return type.id() == TypeId::kFloat || type.id() == TypeId::kDouble; }

std::optional<ColumnTest> ProjectTest(const ColumnTest& test, const Transform& transform, const Type& source) {
  if (transform.kind == TransformKind::kVoid) return std::nullopt;
  ColumnTest projected{.field_id = test.field_id, .kind = test.kind};
  switch (test.kind) {
    case ColumnTest::Kind::kIsNull:
    case ColumnTest::Kind::kNotNull:
      break;
    case ColumnTest::Kind::kIn:
      for (const Literal& value : test.values) {
        projected.values.push_back(transform.Apply(source, value));
        if (auto next = NextBefore1970(transform, projected.values.back())) projected.values.push_back(*next);
      }
      break;
    case ColumnTest::Kind::kRange:
      if (transform.kind == TransformKind::kBucket) return std::nullopt;
      if (test.low) projected.low = transform.Apply(source, *test.low);
      if (test.high) projected.high = transform.Apply(source, *test.high);
      if (projected.high) projected.high = NextBefore1970(transform, *projected.high).value_or(*projected.high);
      break;
  }
  return projected;
}

bool MayMatchFile(const Predicate& predicate, const DataFile& file, const PartitionSpec& spec, const Schema& schema) {
  return MayMatchTree(predicate, [&](const ColumnTest& test) {
    const auto* column = schema.FindField(test.field_id);
    if (column == nullptr) return true;
    if (!MayMatch(test, BoundsInFile(file, test.field_id, *column->type))) return false;
    return MayMatchPartition(test, spec, schema, [&](size_t i, const Type&) {
      return i < file.partition.size() ? BoundsOfValue(file.partition[i]) : ColumnBounds{};
    });
  });
}

bool MayMatchManifest(const Predicate& predicate, const iceberg::ManifestFile& manifest, const PartitionSpec& spec,
                      const Schema& schema) {
  return MayMatchTree(predicate, [&](const ColumnTest& test) {
    return MayMatchPartition(test, spec, schema, [&](size_t i, const Type& type) {
      return i < manifest.partitions.size() ? BoundsOfSummary(manifest.partitions[i], type) : ColumnBounds{};
    });
  });
}

}  // namespace k2i::query
