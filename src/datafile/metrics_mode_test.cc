// SPDX-License-Identifier: Apache-2.0
#include "datafile/metrics_mode.h"

#include <gtest/gtest.h>

namespace k2i::datafile {
namespace {

using Kind = MetricsMode::Kind;

std::vector<LeafColumn> Leaves(size_t count) {
  std::vector<LeafColumn> leaves;
  for (size_t i = 0; i < count; ++i)
    leaves.push_back({.field_id = static_cast<int32_t>(i), .name = "c" + std::to_string(i)});
  return leaves;
}

TEST(MetricsModeTest, Parses) {
  EXPECT_EQ(MetricsMode::Parse("none"), (MetricsMode{Kind::kNone, 0}));
  EXPECT_EQ(MetricsMode::Parse("Counts"), (MetricsMode{Kind::kCounts, 0}));
  EXPECT_EQ(MetricsMode::Parse("FULL"), (MetricsMode{Kind::kFull, 0}));
  EXPECT_EQ(MetricsMode::Parse("truncate(4)"), (MetricsMode{Kind::kTruncate, 4}));
  for (const char* bad :
       {"", "truncate", "truncate()", "truncate(0)", "truncate(-1)", "truncate(4", "truncate(4x)", "all"}) {
    ASSERT_FALSE(MetricsMode::Parse(bad).has_value()) << bad;
    EXPECT_EQ(MetricsMode::Parse(bad).error().code, ErrorCode::kInvalidConfig);
  }
}

TEST(MetricsModeTest, DefaultsToTruncate16ForTheFirstHundredColumns) {
  const auto modes = MetricsModes({}, Leaves(102)).value();
  EXPECT_EQ(modes[99], (MetricsMode{Kind::kTruncate, 16}));
  EXPECT_EQ(modes[100].kind, Kind::kNone);
  const auto fewer = MetricsModes({{"write.metadata.metrics.max-inferred-column-defaults", "1"}}, Leaves(2)).value();
  EXPECT_EQ(fewer[0].kind, Kind::kTruncate);
  EXPECT_EQ(fewer[1].kind, Kind::kNone);
}

TEST(MetricsModeTest, ColumnsBeatTheDefault) {
  const auto modes =
      MetricsModes({{"write.metadata.metrics.default", "counts"}, {"write.metadata.metrics.column.c1", "full"}},
                   Leaves(102))
          .value();
  EXPECT_EQ(modes[0].kind, Kind::kCounts);
  EXPECT_EQ(modes[1].kind, Kind::kFull);
  EXPECT_EQ(modes[101].kind, Kind::kCounts);
}

TEST(MetricsModeTest, NamesThePropertyAtFault) {
  const auto modes = MetricsModes({{"write.metadata.metrics.column.c0", "some"}}, Leaves(1));
  ASSERT_FALSE(modes.has_value());
  EXPECT_NE(modes.error().message.find("write.metadata.metrics.column.c0"), std::string::npos);
  EXPECT_FALSE(MetricsModes({{"write.metadata.metrics.max-inferred-column-defaults", "x"}}, Leaves(1)).has_value());
}

}  // namespace
}  // namespace k2i::datafile
