// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <vector>

#include "datafile/data_file_reader.h"

namespace k2i::datafile {

/// Rows of a file that come one after the other but for gaps, taken from the front.
class RowRuns {
 public:
  explicit RowRuns(const std::vector<RowRun>& runs) : left_(runs.begin(), runs.end()) {}
  /// The next `rows` rows, neighbours joined; fewer where no more are left.
  std::vector<RowRun> Take(int64_t rows);

 private:
  std::deque<RowRun> left_;
};

}  // namespace k2i::datafile
