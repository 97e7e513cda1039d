// SPDX-License-Identifier: Apache-2.0
//
// Partition values of the rows of a batch.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "iceberg/model/partition_spec.h"

namespace k2i::datafile {

/// Each row's value as an index into the values that occur.
struct PartitionKeys {
  std::vector<int32_t> index;                   // one a row
  std::vector<iceberg::PartitionTuple> tuples;  // distinct, in the order of their first rows
};

/// Where a partition field's source is in a row.
struct PartitionSource {
  std::vector<int> position;  // index of the top-level column, then of each struct child below it
  iceberg::TypePtr type;
  iceberg::TypePtr result_type;
  iceberg::Transform transform;
};

/// One a field of `spec`. InvalidArgument when a source is missing, inside a list or map, or of a type that its
/// transform does not take.
Result<std::vector<PartitionSource>> PartitionSources(const iceberg::PartitionSpec& spec,
                                                      const iceberg::Schema& schema);

/// The source in `rows`; null where a struct that it is in is null.
Result<std::shared_ptr<arrow::Array>> SourceArray(const arrow::RecordBatch& rows, const PartitionSource& source,
                                                  arrow::MemoryPool* pool);

/// The tuples of `rows`. Each distinct source value (each distinct day of a timestamp, and so on) goes through
/// Transform::Apply once, so there is one implementation of the transforms.
Result<PartitionKeys> ComputePartitionKeys(const std::vector<PartitionSource>& sources, const arrow::RecordBatch& rows,
                                           arrow::MemoryPool* pool);

/// Bytes that are the same for equal tuples only.
std::string TupleKey(const std::vector<PartitionSource>& sources, const iceberg::PartitionTuple& tuple);

}  // namespace k2i::datafile
