// SPDX-License-Identifier: Apache-2.0
#include "datafile/row_runs.h"

#include <algorithm>

namespace k2i::datafile {

std::vector<RowRun> RowRuns::Take(int64_t rows) {
  std::vector<RowRun> taken;
  while (rows > 0 && !left_.empty()) {
    RowRun& front = left_.front();
    const int64_t count = std::min(rows, front.row_count);
    const bool joins = !taken.empty() && taken.back().first_row + taken.back().row_count == front.first_row;
    if (joins) {
      taken.back().row_count += count;
    } else if (count > 0) {
      taken.push_back({front.first_row, count});
    }
    rows -= count;
    front.first_row += count;
    front.row_count -= count;
    if (front.row_count == 0) left_.pop_front();
  }
  return taken;
}

}  // namespace k2i::datafile
