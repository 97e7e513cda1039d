// SPDX-License-Identifier: Apache-2.0
//
// Row lineage (spec: "Row Lineage"): in tables of v3 each row has an id, and the sequence number of its last change. A
// file's columns may say them; where they do not, the row inherits them from the file.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "iceberg/model/data_file.h"
#include "iceberg/model/schema.h"

namespace k2i::datafile {

/// Neighbouring rows of a file.
struct RowRun {
  int64_t first_row = 0;  // position in the file, from 0
  int64_t row_count = 0;
};

/// `schema` and behind it the two columns, both optional.
iceberg::Schema WithRowLineage(const iceberg::Schema& schema);
/// Takes the metrics of these columns from the manifest's: they are no columns of the table.
void DropLineageMetrics(iceberg::DataFile& file);

/// What rows of one file inherit. Immutable.
class RowLineage {
 public:
  RowLineage() = default;
  /// `columns`: those that are read; with neither of the two there is nothing to fill.
  RowLineage(const iceberg::Schema& columns, std::optional<int64_t> first_row_id,
             std::optional<int64_t> sequence_number);

  /// Fills the nulls of the two columns among `columns`, whose rows stand at `positions`. A file without a first row id
  /// (from before the table was of v3) gives neither: its rows get theirs with the file that they are written to.
  Status Fill(arrow::ArrayVector& columns, const std::vector<RowRun>& positions, arrow::MemoryPool* pool) const;

 private:
  std::optional<size_t> row_id_, sequence_;  // columns
  std::optional<int64_t> first_row_id_, sequence_number_;
};

}  // namespace k2i::datafile
