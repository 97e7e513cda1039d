// SPDX-License-Identifier: Apache-2.0
//
// A look at a column before it is encoded: what the choice of its encoding needs to know.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>
#include <vector>

#include "datafile/leaf_column.h"

namespace k2i::datafile {

struct ColumnSample {
  int64_t values = 0;       // looked at, without nulls
  int64_t column_rows = 0;  // rows of all batches
  double distinct = 0;      // estimated for the whole column (Chao's estimator)
  double entropy_bits = 0;  // a value, in the sample
  double delta_bits = 0;    // mean size of the step from one value to the next; integers only
  double mean_width = 0;    // bytes a value
  std::string plain;        // the first values' bytes, one after the other, 64 KiB at most
};

/// Looks at a few thousand values of each leaf, in short runs spread over all of `rows`.
Result<std::vector<ColumnSample>> SampleColumns(const arrow::RecordBatchVector& rows,
                                                const std::vector<LeafColumn>& leaves, arrow::MemoryPool* pool);

}  // namespace k2i::datafile
