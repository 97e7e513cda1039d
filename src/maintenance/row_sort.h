// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "iceberg/model/table_metadata.h"

namespace k2i::maintenance {

/// The rows of `rows` (of ToArrowSchema(schema)) in the order that `order` says, rows that are equal as they were; in
/// batches of at most `batch_rows`. Takes a copy of the rows while it works. NaN counts as the largest number (spec
/// "Sorting"). InvalidArgument when a column of the order is not in the schema or inside a list or map; NotSupported
/// for one that cannot be sorted.
Result<arrow::RecordBatchVector> SortRows(arrow::RecordBatchVector rows, const iceberg::Schema& schema,
                                          const iceberg::SortOrder& order, int64_t batch_rows, arrow::MemoryPool* pool);

}  // namespace k2i::maintenance
