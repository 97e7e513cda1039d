// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <vector>

#include "datafile/partition_keys.h"

namespace k2i::datafile {

/// Rows of one partition.
struct PartitionRows {
  iceberg::PartitionTuple tuple;
  std::shared_ptr<arrow::RecordBatch> rows;
};

/// Splits batches by partition. Immutable, thread-safe.
class PartitionSplitter {
 public:
  /// As PartitionSources.
  static Result<PartitionSplitter> Make(const iceberg::PartitionSpec& spec, const iceberg::Schema& schema);

  /// The rows of each partition in the order they have in `rows`; partitions in the order of their first rows. A batch
  /// of one partition is passed on as it is; others are copied once, and the parts are slices of the copy.
  Result<std::vector<PartitionRows>> Split(const std::shared_ptr<arrow::RecordBatch>& rows,
                                           arrow::MemoryPool* pool) const;
  /// Bytes that are the same for equal tuples only.
  std::string Key(const iceberg::PartitionTuple& tuple) const { return TupleKey(sources_, tuple); }

 private:
  explicit PartitionSplitter(std::vector<PartitionSource> sources) : sources_(std::move(sources)) {}
  std::vector<PartitionSource> sources_;
};

}  // namespace k2i::datafile
