// SPDX-License-Identifier: Apache-2.0
#include "datafile/partition_splitter.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/compute/initialize.h>
#include <arrow/record_batch.h>

#include <utility>

#include "datafile/arrow_status.h"

namespace k2i::datafile {
namespace {

/// Row numbers ordered by partition, and where each partition begins among them (with the end behind the last).
struct Grouping {
  std::vector<int64_t> rows;
  std::vector<int64_t> begins;
};

Grouping GroupRows(const PartitionKeys& keys) {
  Grouping grouping;
  grouping.begins.assign(keys.tuples.size() + 1, 0);
  for (int32_t index : keys.index) ++grouping.begins[static_cast<size_t>(index) + 1];
  for (size_t i = 1; i < grouping.begins.size(); ++i) grouping.begins[i] += grouping.begins[i - 1];
  std::vector<int64_t> next = grouping.begins;
  grouping.rows.resize(keys.index.size());
  for (size_t row = 0; row < keys.index.size(); ++row) {
    grouping.rows[static_cast<size_t>(next[static_cast<size_t>(keys.index[row])]++)] = static_cast<int64_t>(row);
  }
  return grouping;
}

Result<std::shared_ptr<arrow::RecordBatch>> TakeRows(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                     std::vector<int64_t> order, arrow::MemoryPool* pool) {
  const auto length = static_cast<int64_t>(order.size());
  const auto indices = std::make_shared<arrow::Int64Array>(length, arrow::Buffer::FromVector(std::move(order)));
  arrow::compute::ExecContext context(pool);
  context.set_use_threads(false);
  auto taken =
      arrow::compute::Take(rows, arrow::Datum(indices), arrow::compute::TakeOptions::NoBoundsCheck(), &context);
  K2I_ASSIGN_OR_RETURN(arrow::Datum datum, FromArrow(std::move(taken)));
  return datum.record_batch();
}

}  // namespace

Result<PartitionSplitter> PartitionSplitter::Make(const iceberg::PartitionSpec& spec, const iceberg::Schema& schema) {
  K2I_RETURN_IF_ERROR(FromArrow(arrow::compute::Initialize()));
  K2I_ASSIGN_OR_RETURN(auto sources, PartitionSources(spec, schema));
  return PartitionSplitter(std::move(sources));
}

Result<std::vector<PartitionRows>> PartitionSplitter::Split(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                            arrow::MemoryPool* pool) const {
  std::vector<PartitionRows> parts;
  if (rows->num_rows() == 0) return parts;
  K2I_ASSIGN_OR_RETURN(PartitionKeys keys, ComputePartitionKeys(sources_, *rows, pool));
  if (keys.tuples.size() == 1) {
    parts.push_back({std::move(keys.tuples.front()), rows});
    return parts;
  }
  Grouping grouping = GroupRows(keys);
  K2I_ASSIGN_OR_RETURN(auto ordered, TakeRows(rows, std::move(grouping.rows), pool));
  for (size_t i = 0; i < keys.tuples.size(); ++i) {
    const int64_t begin = grouping.begins[i];
    parts.push_back({std::move(keys.tuples[i]), ordered->Slice(begin, grouping.begins[i + 1] - begin)});
  }
  return parts;
}

}  // namespace k2i::datafile
