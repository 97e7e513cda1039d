// SPDX-License-Identifier: Apache-2.0
#include "datafile/row_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace k2i::datafile {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Pairs = std::vector<std::pair<int64_t, int64_t>>;

Pairs Take(RowRuns& runs, int64_t rows) {
  Pairs pairs;
  for (const RowRun& run : runs.Take(rows)) pairs.emplace_back(run.first_row, run.row_count);
  return pairs;
}

TEST(RowRunsTest, TakesRowsAcrossNeighboursAndGaps) {
  RowRuns runs({{0, 5}, {5, 5}, {10, 0}, {20, 4}});
  EXPECT_THAT(Take(runs, 3), ElementsAre(std::pair(0, 3)));
  EXPECT_THAT(Take(runs, 4), ElementsAre(std::pair(3, 4)));
  EXPECT_THAT(Take(runs, 5), ElementsAre(std::pair(7, 3), std::pair(20, 2)));
  EXPECT_THAT(Take(runs, 0), IsEmpty());
  EXPECT_THAT(Take(runs, 9), ElementsAre(std::pair(22, 2)));
  EXPECT_THAT(Take(runs, 1), IsEmpty());
}

}  // namespace
}  // namespace k2i::datafile
