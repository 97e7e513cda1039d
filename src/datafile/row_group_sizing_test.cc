// SPDX-License-Identifier: Apache-2.0
#include "datafile/row_group_sizing.h"

#include <gtest/gtest.h>

namespace k2i::datafile {
namespace {

constexpr RowGroupSizing::Limits kLimits{
    .row_group_rows = 1000, .row_group_bytes = 50'000, .target_file_size_bytes = 30'000};

TEST(RowGroupSizingTest, RowsAndMemoryBoundARowGroup) {
  const RowGroupSizing sizing(kLimits);
  EXPECT_EQ(sizing.RowsThatFit({}, 0, {.rows = 5000, .bytes = 5000}), 1000);
  EXPECT_EQ(sizing.RowsThatFit({.rows = 900, .bytes = 900}, 0, {.rows = 5000, .bytes = 5000}), 100);
  EXPECT_EQ(sizing.RowsThatFit({}, 0, {.rows = 5000, .bytes = 500'000}), 500);
  EXPECT_EQ(sizing.RowsThatFit({.rows = 10, .bytes = 49'000}, 0, {.rows = 100, .bytes = 10'000}), 10);
  EXPECT_EQ(sizing.RowsThatFit({}, 0, {}), 0);
}

TEST(RowGroupSizingTest, OneRowAlwaysFitsAnEmptyRowGroup) {
  const RowGroupSizing sizing(kLimits);
  EXPECT_EQ(sizing.RowsThatFit({}, 0, {.rows = 2, .bytes = 2'000'000}), 1);
  EXPECT_EQ(sizing.RowsThatFit({}, 99'000, {.rows = 2, .bytes = 2'000'000}), 1);
  EXPECT_EQ(sizing.RowsThatFit({.rows = 1, .bytes = 1'000'000}, 0, {.rows = 2, .bytes = 2'000'000}), 0);
}

TEST(RowGroupSizingTest, TheFileBoundsTheLastRowGroup) {
  RowGroupSizing sizing(kLimits);
  sizing.Learn(1000, 500);
  // 5,000 bytes of file are left: 10,000 in memory, 100 rows.
  EXPECT_EQ(sizing.RowsThatFit({}, 25'000, {.rows = 500, .bytes = 50'000}), 100);
  EXPECT_FALSE(sizing.FileFull(26'000));
  EXPECT_TRUE(sizing.FileFull(27'000));
  sizing.Learn(0, 0);  // nothing to learn from
  EXPECT_EQ(sizing.RowsThatFit({}, 25'000, {.rows = 500, .bytes = 50'000}), 100);
}

TEST(RowGroupSizingTest, EncodedBytesBoundARowGroupToo) {
  RowGroupSizing::Limits limits = kLimits;
  limits.row_group_encoded_bytes = 1000;
  RowGroupSizing sizing(limits);
  sizing.Learn(1000, 500);
  EXPECT_EQ(sizing.RowsThatFit({}, 0, {.rows = 500, .bytes = 5000}), 200);
  EXPECT_FALSE(sizing.RowGroupFull({.rows = 199, .bytes = 1990}));
  EXPECT_TRUE(sizing.RowGroupFull({.rows = 200, .bytes = 2000}));
}

}  // namespace
}  // namespace k2i::datafile
