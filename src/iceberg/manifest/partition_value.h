// SPDX-License-Identifier: Apache-2.0
//
// Partition values in manifests (spec appendix A, "Avro"), and their summaries in manifest lists.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "iceberg/manifest/avro/schema.h"
#include "iceberg/manifest/avro/value.h"
#include "iceberg/manifest/manifest.h"

namespace k2i::iceberg {

/// Record r102 for a struct of partition fields; names are made legal for Avro and unique.
avro::TypePtr PartitionSchema(const Type& partition_type);

/// `tuple` as a value of PartitionSchema, with views into the tuple and into `arena`, which grows. InvalidArgument when
/// the tuple is not of the type.
Result<avro::Value> PartitionValue(const Type& partition_type, const PartitionTuple& tuple,
                                   std::deque<std::string>& arena);

/// Reads the partition record of one manifest.
class PartitionReader {
 public:
  /// `record` must outlive the reader; null: the entries have no partition record.
  PartitionReader(const avro::Type* record, const PartitionSpec& spec, const Schema& schema);
  /// One value for each field of the spec; null for those that the manifest lacks. Corruption for a value of another
  /// type.
  Result<PartitionTuple> Read(const avro::Value& record) const;

 private:
  struct Field {
    int index;  // in the record; -1: not there
    TypePtr type;
  };
  std::vector<Field> fields_;
};

/// Summarizes partition tuples field by field. REQUIRES: tuples that PartitionValue takes.
class PartitionSummary {
 public:
  explicit PartitionSummary(const Type& partition_type)
      : type_(partition_type), fields_(partition_type.fields().size()) {}
  void Add(const PartitionTuple& tuple);
  std::vector<FieldSummary> Finish() const;

 private:
  struct Field {
    bool contains_null = false, contains_nan = false;
    Literal lower, upper;  // null: no value yet
  };
  const Type& type_;
  std::vector<Field> fields_;
};

}  // namespace k2i::iceberg
