// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "iceberg/model/schema.h"

namespace k2i::iceberg {

enum class TransformKind { kIdentity, kBucket, kTruncate, kYear, kMonth, kDay, kHour, kVoid };

/// A partition or sort transform (spec: "Partition Transforms").
struct Transform {
  TransformKind kind = TransformKind::kIdentity;
  int32_t parameter = 0;  // number of buckets, or width

  /// "day", "bucket[16]", "truncate[4]". InvalidArgument for anything else.
  static Result<Transform> Parse(const std::string& text);
  std::string ToString() const;
  /// InvalidArgument when the transform cannot be applied to `source`.
  Result<TypePtr> ResultType(const TypePtr& source) const;
  /// `value` is of type `source`; null stays null. REQUIRES: ResultType(source) is ok.
  Literal Apply(const Type& source, const Literal& value) const;
  friend bool operator==(const Transform&, const Transform&) = default;
};

struct PartitionField {
  int32_t source_id = 0;
  int32_t field_id = 0;  // from 1000; 0: not yet assigned
  std::string name;
  Transform transform;
  OtherMembers other = {};
};

struct PartitionSpec {
  int32_t spec_id = 0;
  std::vector<PartitionField> fields;
  OtherMembers other = {};
  bool is_unpartitioned() const { return fields.empty(); }
  /// The struct of partition values: one optional field for each partition field, with its field id.
  Result<TypePtr> PartitionType(const Schema& schema) const;
};

/// Values of one partition, in the order of the spec's fields.
using PartitionTuple = std::vector<Literal>;
/// "day_ts=2024-01-31/bucket_id=3", URL-encoded as Iceberg's Java does; empty for an unpartitioned spec.
Result<std::string> PartitionPath(const PartitionSpec& spec, const Schema& schema, const PartitionTuple& tuple);

struct SortField {
  Transform transform;
  int32_t source_id = 0;
  bool ascending = true;
  bool nulls_first = true;
  OtherMembers other = {};
};
struct SortOrder {
  int32_t order_id = 0;  // 0: unsorted
  std::vector<SortField> fields;
  OtherMembers other = {};
};

}  // namespace k2i::iceberg
