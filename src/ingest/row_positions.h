// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <map>
#include <set>
#include <string>

#include "base/ids.h"
#include "iceberg/model/table_metadata.h"
#include "io/object_store.h"

namespace k2i::ingest {

/// Names of the columns that say where a row comes from. An empty topic: the table is of one topic.
struct PositionColumns {
  std::string topic;
  std::string partition;
  std::string offset;
};

using RowPositions = std::map<TopicPartition, std::set<int64_t>>;

/// Calls `visit` with the position of every row of the branch that lies in `wanted`; files whose bounds say that they
/// hold none are not read. A row that is deleted by a delete file counts as one that is there; a row whose columns are
/// null does not. InvalidConfig: the table lacks a column, or has it with another type; NotSupported: several topics,
/// and no topic column. Errors of the store.
Status ForEachPosition(io::ObjectStore& store, const iceberg::TableMetadata& table, const std::string& branch,
                       const PositionColumns& columns, const OffsetRanges& wanted, arrow::MemoryPool& pool,
                       const std::function<void(const TopicPartition&, int64_t offset)>& visit);

/// Those of `wanted` that the table has a row of. Errors as above.
Result<RowPositions> FindPositions(io::ObjectStore& store, const iceberg::TableMetadata& table,
                                   const std::string& branch, const PositionColumns& columns,
                                   const RowPositions& wanted, arrow::MemoryPool& pool);

}  // namespace k2i::ingest
