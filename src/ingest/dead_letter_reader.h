// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <optional>
#include <string>

#include "iceberg/model/table_metadata.h"
#include "ingest/row_positions.h"
#include "io/object_store.h"
#include "record/decoded_rows.h"

namespace k2i::ingest {

/// A row of a dead-letter table.
struct Letter {
  record::Rejected record;  // its `code` is not read back: error_class says it
  std::string error_class;
  std::optional<int32_t> schema_id;
};

/// Which letters are asked for.
struct LetterFilter {
  std::optional<std::string> topic;
  std::optional<int32_t> partition;
  int64_t from_offset = 0;
  std::optional<int64_t> to_offset;  // exclusive

  bool Matches(const TopicPartition& where, Offset offset) const;
};

/// The columns of a dead-letter table that say where its rows come from.
PositionColumns LetterPositionColumns();

/// Reads the branch's letters, file by file; `visit` returns false to end. NotSupported where letters have been deleted
/// by delete files, which are not read: compact the table first. Corruption for a table of another kind; errors of the
/// store and of `visit`.
Status ForEachLetter(io::ObjectStore& store, const iceberg::TableMetadata& table, const std::string& branch,
                     const LetterFilter& filter, arrow::MemoryPool& pool,
                     const std::function<Result<bool>(Letter)>& visit);

}  // namespace k2i::ingest
