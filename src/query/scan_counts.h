// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace k2i::query {

/// What a query has looked at, over all its tables; for logs and metrics.
struct ScanCounts {
  int64_t manifests_scanned = 0, manifests_skipped = 0;  // skipped: no row in it can match
  int64_t files_scanned = 0, files_skipped = 0;
  int64_t row_groups_scanned = 0, row_groups_skipped = 0;
  int64_t slices_scanned = 0, slices_skipped = 0;
  int64_t hot_rows = 0, cold_rows = 0;  // given to DuckDB
};

}  // namespace k2i::query
